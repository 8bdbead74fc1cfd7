#include "admin/message_queue.hpp"

#include "admin/store_levels.hpp"
#include "config/log.hpp"
#include "storage/codec.hpp"
#include "storage/keys.hpp"
#include "storage/operator_marks.hpp"
#include "storage/repositories.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>

namespace kp::admin {

namespace {

namespace json = boost::json;
using storage::status_name;
using kind = queue_question::kind;

constexpr std::array<std::pair<std::string_view, kind>, 6> states{{{"queued", kind::queued},
                                                                   {"waiting", kind::waiting},
                                                                   {"retrying", kind::retrying},
                                                                   {"sending", kind::sending},
                                                                   {"parked", kind::parked},
                                                                   {"failed", kind::failed}}};

std::string_view to_string(kind which) {
  for (const auto& [name, its] : states)
    if (its == which) return name;
  return "queued";
}

constexpr std::size_t most_shown = 500;  // characters of an error

constexpr std::uint32_t bit(status_name name) {
  return 1u << static_cast<unsigned>(name);
}
constexpr auto failures = bit(status_name::feil) | bit(status_name::levetid_utlopt);

json::object frame(const queue_question& asked, std::uint64_t total, json::array messages) {
  json::object out{{"state", to_string(asked.state)},
                   {"page", asked.page},
                   {"size", asked.size},
                   {"total", total}};
  out["messages"] = std::move(messages);
  return out;
}

result<json::object> list_queued(const storage::engine& store, organisation_id organisation,
                                 const queue_question& asked, const channel_namer& name_of,
                                 time_point now) {
  std::vector<storage::outbox_item> items;
  std::uint64_t seen = 0;
  const auto prefix = storage::key_builder(organisation, storage::record_kind::outbox_item).str();
  KP_CHECK(store.scan(prefix, storage::prefix_end(prefix), storage::scan_order::ascending,
                      [&](std::string_view, std::string_view value) {
                        auto item = storage::decode<storage::outbox_item>(value);
                        if (item && (!asked.via || item->via == *asked.via) &&
                            (!asked.channel || name_of(item->channel) == *asked.channel))
                          items.push_back(*std::move(item));
                        return ++seen < most_counted;
                      }));
  const auto first = asked.page * asked.size;
  std::uint64_t total = 0;
  json::array shown;
  for (const auto& item : items) {
    const bool on_page = total >= first && total < first + asked.size;
    if (asked.state == kind::queued && !on_page) {
      ++total;
      continue;
    }
    KP_TRY(auto told, tell(store, organisation, item, name_of, now));
    if (asked.state != kind::queued && told.at("state").as_string() != to_string(asked.state))
      continue;
    if (on_page) shown.push_back(std::move(told));
    ++total;
  }
  return frame(asked, total, std::move(shown));
}

result<json::object> list_failed(const storage::engine& store, organisation_id organisation,
                                 const queue_question& asked, const channel_namer& name_of) {
  const storage::channel_registry registry(store, organisation);
  const storage::conversations talks(store, organisation);
  const storage::statuses rows(store, organisation);
  const auto first = asked.page * asked.size;
  const storage::page_request newest{0, first + asked.size, storage::scan_order::descending};
  std::vector<storage::conversation> all;
  std::uint64_t total = 0;
  KP_TRY(const auto channels, registry.all());
  for (const auto& channel : channels) {
    if (asked.channel && channel.name.to_string() != *asked.channel) continue;
    KP_TRY(auto page, talks.by_update(channel.number, storage::conversations::set::all, newest,
                                      [&](const storage::conversation& c) {
                                        return c.way == direction::outgoing &&
                                               (c.statuses & failures) != 0 &&
                                               (!asked.via || c.via == *asked.via);
                                      }));
    total += page.total;
    all.insert(all.end(), page.items.begin(), page.items.end());
  }
  std::ranges::sort(all, std::ranges::greater{}, &storage::conversation::last_update);
  json::array shown;
  for (auto i = first; i < all.size() && i < first + asked.size; ++i) {
    const auto& c = all[i];
    json::object one{{"messageId", c.message.to_string()},
                     {"kind", "message"},
                     {"state", "failed"},
                     {"service", kp::to_string(c.via)},
                     {"channel", name_of(c.channel)},
                     {"ended", format_timestamp(c.last_update)}};
    KP_TRY(const auto history, rows.of_conversation(c));
    for (const auto& row : history) {
      if ((bit(row.name) & failures) == 0) continue;
      one["status"] = storage::to_string(row.name);
      one["lastError"] = mask_person_numbers(
          row.raw_receipt.value_or(row.description.value_or("")).substr(0, most_shown));
    }
    shown.push_back(std::move(one));
  }
  return frame(asked, total, std::move(shown));
}

}  // namespace

std::optional<queue_question::kind> parse_queue_state(std::string_view text) {
  for (const auto& [name, its] : states)
    if (name == text) return its;
  return std::nullopt;
}

result<json::object> list_messages(const storage::engine& store, organisation_id organisation,
                                   const queue_question& asked, const channel_namer& name_of,
                                   time_point now) {
  if (asked.state == kind::failed) return list_failed(store, organisation, asked, name_of);
  return list_queued(store, organisation, asked, name_of, now);
}

}  // namespace kp::admin
