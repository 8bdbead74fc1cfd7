#include "actors/quota_usage.hpp"

#include "storage/big_endian.hpp"
#include "storage/codec.hpp"
#include "storage/keys.hpp"

#include <algorithm>

namespace kp::actors {

namespace {

using storage::key_builder;
using storage::key_reader;
using storage::record_kind;

std::uint64_t bytes_of(const storage::outgoing_message& m) {
  std::uint64_t sum = 0;
  for (const auto& file : m.files) sum += file.content.size;
  return sum;
}

std::optional<std::uint32_t> organisation_of(std::string_view key) {
  return key.size() < key_reader::header
             ? std::nullopt
             : storage::from_big_endian<std::uint32_t>(key.substr(0, 4));
}

bool is(std::string_view key, record_kind kind) {
  return static_cast<std::uint8_t>(key[4]) == static_cast<std::uint8_t>(kind);
}

}  // namespace

void quota_usage::house::put(std::string_view key, std::string_view record) {
  const auto message = storage::decode<storage::outgoing_message>(record);
  if (!message) return;  // who reads it says so
  erase(key);
  const kept now{static_cast<std::uint32_t>(message->channel), bytes_of(*message)};
  messages.emplace(key, now);
  auto& channel = channels[now.channel];
  for (auto* sum : {&all, &channel}) {
    ++sum->messages;
    sum->bytes += now.bytes;
  }
}

void quota_usage::house::erase(std::string_view key) {
  const auto found = messages.find(std::string(key));
  if (found == messages.end()) return;
  auto& channel = channels[found->second.channel];
  for (auto* sum : {&all, &channel}) {
    --sum->messages;
    sum->bytes -= found->second.bytes;
  }
  messages.erase(found);
}

bool quota_usage::follow(organisation_id organisation) {
  const std::scoped_lock lock(mutex_);
  follows_any_ = true;
  return houses_.try_emplace(organisation.number()).second;
}

void quota_usage::forget(organisation_id organisation) {
  const std::scoped_lock lock(mutex_);
  houses_.erase(organisation.number());
  follows_any_ = !houses_.empty();
}

result<void> quota_usage::rebuild(const storage::engine& store, organisation_id organisation) {
  const auto number = organisation.number();
  const auto each = [&](record_kind kind, auto take) {
    const auto begin = key_builder(organisation, kind).str();
    return store.scan(begin, storage::prefix_end(begin), storage::scan_order::ascending,
                      [&](std::string_view key, std::string_view value) {
                        const std::scoped_lock lock(mutex_);
                        const auto found = houses_.find(number);
                        if (found == houses_.end()) return false;  // forgotten meanwhile
                        take(found->second, key, value);
                        return true;
                      });
  };
  auto done = each(record_kind::channel_registry, [](house& h, auto key, auto value) {
    if (const auto its = storage::from_big_endian<std::uint32_t>(value))
      h.numbers.emplace(key_reader(key).rest(), *its);
  });
  // The scan shows one moment; what has changed since, the commits have told.
  if (done)
    done = each(record_kind::outgoing_message, [](house& h, auto key, auto value) {
      if (!h.touched.contains(std::string(key))) h.put(key, value);
    });
  if (!done) {
    forget(organisation);
    return done;
  }
  const std::scoped_lock lock(mutex_);
  if (const auto found = houses_.find(number); found != houses_.end()) {
    found->second.counting = false;
    found->second.touched.clear();
  }
  return {};
}

std::optional<stored_usage> quota_usage::of(organisation_id organisation) const {
  const std::scoped_lock lock(mutex_);
  const auto found = houses_.find(organisation.number());
  if (found == houses_.end() || found->second.counting) return std::nullopt;
  return found->second.all;
}

std::optional<stored_usage> quota_usage::of(organisation_id organisation,
                                            const channel_name& channel) const {
  const std::scoped_lock lock(mutex_);
  const auto found = houses_.find(organisation.number());
  if (found == houses_.end() || found->second.counting) return std::nullopt;
  const auto& h = found->second;
  const auto number = h.numbers.find(channel.to_string());
  if (number == h.numbers.end()) return stored_usage{};
  const auto its = h.channels.find(number->second);
  return its == h.channels.end() ? stored_usage{} : its->second;
}

void quota_usage::committed(const storage::batch& changes) {
  if (!follows_any_) return;
  const std::scoped_lock lock(mutex_);
  for (const auto& change : changes.changes()) {
    const auto number = organisation_of(change.key);
    if (!number) continue;
    const bool message = is(change.key, record_kind::outgoing_message);
    if (!message && !is(change.key, record_kind::channel_registry)) continue;
    const auto found = houses_.find(*number);
    if (found == houses_.end()) continue;
    auto& h = found->second;
    if (!message) {
      const auto its =
          change.value ? storage::from_big_endian<std::uint32_t>(*change.value) : std::nullopt;
      if (its) h.numbers.insert_or_assign(std::string(key_reader(change.key).rest()), *its);
      continue;
    }
    if (h.counting) h.touched.insert(change.key);
    if (change.value)
      h.put(change.key, *change.value);
    else
      h.erase(change.key);
  }
}

std::vector<result<void>> quota_store::commit(std::span<const storage::batch> group) {
  auto outcomes = below_->commit(group);
  for (std::size_t i = 0; i < group.size() && i < outcomes.size(); ++i)
    if (outcomes[i]) usage_->committed(group[i]);
  return outcomes;
}

}  // namespace kp::actors
