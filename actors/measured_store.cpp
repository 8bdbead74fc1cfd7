#include "actors/measured_store.hpp"

#include "storage/blob_format.hpp"
#include "storage/codec.hpp"
#include "storage/feed.hpp"
#include "storage/keys.hpp"
#include "storage/storage_error.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <unordered_map>

namespace kp::actors {

namespace {

using storage::batch;
using storage::record_kind;
using storage::status_name;

constexpr std::size_t service_count = all_services.size() + 1;
constexpr std::size_t status_count = static_cast<std::size_t>(status_name::innkommende_levert) + 1;
constexpr std::size_t direction_count = 2;

// What an operator calls it; nullptr: of no interest by itself.
const char* event_of(direction way, status_name name) {
  const bool out = way == direction::outgoing;
  switch (name) {
    case status_name::opprettet:
      return out ? "created" : nullptr;
    case status_name::sendt:
      return out ? "sent" : nullptr;
    case status_name::levert:
      return out ? "delivered" : nullptr;
    case status_name::lest:
      return out ? "read" : nullptr;
    case status_name::feil:
      return "failed";
    case status_name::levetid_utlopt:
      return "expired";
    case status_name::innkommende_mottatt:
      return "received";
    case status_name::innkommende_levert:
      return "collected";
    case status_name::mottatt:
    case status_name::annet:
      return nullptr;
  }
  return nullptr;
}

std::size_t index_of(direction way) {
  return way == direction::outgoing ? 0 : 1;
}

// Handles that are looked up once each.
struct tally {
  std::string label;
  std::array<std::array<std::array<metrics::counter, status_count>, direction_count>, service_count>
      events;
  std::array<metrics::counter, service_count> retries;
};

record_kind kind_of(std::string_view key) {
  return static_cast<record_kind>(static_cast<unsigned char>(key[4]));
}

std::uint32_t organisation_of(std::string_view key) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8 | static_cast<unsigned char>(key[i]);
  return number;
}

bool is_inserted(const batch& b, std::string_view key) {
  return std::ranges::any_of(b.conditions(), [&](const batch::condition& one) {
    return one.kind == batch::condition_kind::absent && one.key == key;
  });
}

// Reads a committed batch as a journal. Only ever used by the one writer of the store.
class journal {
 public:
  journal(std::shared_ptr<metrics::hub_meters> meters, std::shared_ptr<status_tally> tally)
      : meters_(std::move(meters)), tally_(std::move(tally)) {}

  void read(const batch& done) {
    meters_->store_bytes.add(static_cast<double>(done.byte_size()));
    for (const auto& change : done.changes()) {
      if (!change.value || change.key.size() < storage::key_reader::header) continue;
      switch (kind_of(change.key)) {
        case record_kind::outbox_item:
          // What is there already is put anew by a failed attempt alone.
          if (!is_inserted(done, change.key)) count_retry(change);
          break;
        case record_kind::blob:
          count_content(*change.value);
          break;
        default:
          break;
      }
    }
    for (const auto& event : done.appended()) count_status(event);
  }

 private:
  // What is registered is told to the channel's feed in the same commit, once; the status itself
  // may move from channel to channel later.
  void count_status(const batch::appendage& event) {
    const auto place = storage::feed_of_prefix(event.key_prefix);
    if (!place) {
      if (tally_ && storage::statistics::is_mark(event.key_prefix)) tally_->close();
      return;
    }
    const auto told = storage::decode_event(event.value);
    if (!told || told->kind != storage::event_kind::status) return;
    if (tally_) tally_->count(place->first, *told);
    count_event(tally_of(place->first.number()), told->via, told->way, told->name);
  }

  void count_event(tally& of, service via, direction way, status_name name) {
    const auto v = static_cast<std::size_t>(via);
    const auto w = index_of(way);
    const auto n = static_cast<std::size_t>(name);
    const std::string service_label(to_string(via));
    auto& status = statuses_[v][w][n];
    if (!status)
      status = meters_->statuses.with({{"service", service_label},
                                       {"direction", std::string(to_string(way))},
                                       {"status", std::string(to_string(name))}});
    status.add();
    const auto* event = event_of(way, name);
    if (!event) return;
    auto& counter = of.events[v][w][n];
    if (!counter)
      counter = meters_->messages.with(
          {{"organisation", of.label}, {"service", service_label}, {"event", event}});
    counter.add();
  }

  void count_retry(const batch::change& change) {
    const auto item = storage::decode<storage::outbox_item>(*change.value);
    if (!item) return;
    auto& of = tally_of(organisation_of(change.key));
    auto& counter = of.retries[static_cast<std::size_t>(item->via)];
    if (!counter)
      counter = meters_->send_retries.with(
          {{"organisation", of.label}, {"service", std::string(to_string(item->via))}});
    counter.add();
  }

  void count_content(std::string_view value) {
    const auto record = storage::decode_blob_record(value);
    if (!record) return;
    meters_->contents.add();
    meters_->content_bytes.add(static_cast<double>(record->size));
  }

  tally& tally_of(std::uint32_t number) {
    if (const auto found = by_organisation_.find(number); found != by_organisation_.end())
      return *found->second;
    auto label = meters_->organisations.of(organisation_id::from_number(number));
    auto& its = by_label_[label];
    if (!its) {
      its = std::make_unique<tally>();
      its->label = std::move(label);
    }
    by_organisation_.emplace(number, its.get());
    return *its;
  }

  std::shared_ptr<metrics::hub_meters> meters_;
  std::shared_ptr<status_tally> tally_;
  std::array<std::array<std::array<metrics::counter, status_count>, direction_count>, service_count>
      statuses_;
  std::unordered_map<std::string, std::unique_ptr<tally>> by_label_;
  std::unordered_map<std::uint32_t, tally*> by_organisation_;
};

class measured_engine final : public storage::engine {
 public:
  measured_engine(std::unique_ptr<storage::engine> store,
                  std::shared_ptr<metrics::hub_meters> meters, std::shared_ptr<vital_signs> signs,
                  std::shared_ptr<status_tally> tally)
      : store_(std::move(store)),
        meters_(meters),
        signs_(std::move(signs)),
        journal_(meters, std::move(tally)),
        committed_(meters->store_commits.with({{"outcome", "committed"}})),
        conflicts_(meters->store_commits.with({{"outcome", "conflict"}})),
        failed_(meters->store_commits.with({{"outcome", "failed"}})) {}

  result<std::optional<std::string>> get(std::string_view key) const override {
    return store_->get(key);
  }

  result<void> scan(std::string_view begin, std::string_view end, storage::scan_order order,
                    const visitor& visit) const override {
    return store_->scan(begin, end, order, visit);
  }

  std::vector<result<void>> commit(std::span<const batch> group) override {
    const auto begun = std::chrono::steady_clock::now();
    auto outcomes = store_->commit(group);
    meters_->store_commit_time.observe(std::chrono::steady_clock::now() - begun);
    meters_->store_group_size.observe(static_cast<double>(group.size()));
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      if (outcomes[i]) {
        committed_.add();
        journal_.read(group[i]);
      } else {
        report(outcomes[i].error());
      }
    }
    return outcomes;
  }

  result<void> erase_range(std::string_view begin, std::string_view end) override {
    return store_->erase_range(begin, end);
  }

 private:
  void report(const error& why) {
    using storage::storage_errc;
    if (why.code == make_error_code(storage_errc::precondition_failed) ||
        why.code == make_error_code(storage_errc::fenced))
      return conflicts_.add();
    failed_.add();
    signs_->store_failed(why.message);
  }

  std::unique_ptr<storage::engine> store_;
  std::shared_ptr<metrics::hub_meters> meters_;
  std::shared_ptr<vital_signs> signs_;
  journal journal_;
  metrics::counter committed_, conflicts_, failed_;
};

}  // namespace

std::unique_ptr<storage::engine> measure(std::unique_ptr<storage::engine> store,
                                         std::shared_ptr<metrics::hub_meters> meters,
                                         std::shared_ptr<vital_signs> signs,
                                         std::shared_ptr<status_tally> tally) {
  return std::make_unique<measured_engine>(std::move(store), std::move(meters), std::move(signs),
                                           std::move(tally));
}

}  // namespace kp::actors
