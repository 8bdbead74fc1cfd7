#include "actors/status_tally.hpp"

#include "config/log.hpp"

#include <algorithm>
#include <utility>

namespace kp::actors {

namespace {

constexpr std::size_t longest_description = 300;

bool is_trouble(storage::status_name name) {
  return name == storage::status_name::feil || name == storage::status_name::levetid_utlopt;
}

void note(troubles& all, organisation_id organisation, const storage::channel_event& event) {
  auto& its = all[{organisation, event.via, event.way, event.name}];
  ++its.count;
  if (its.messages.size() < tally_part::most_messages)
    its.messages.push_back(event.message.to_string());
  if (its.description.empty() && event.description)
    its.description = mask_person_numbers(event.description->substr(0, longest_description));
}

}  // namespace

void tally_part::count(organisation_id organisation, const storage::channel_event& event) {
  if (event.kind != storage::event_kind::status) return;
  storage::count(counts, organisation, event);
  if (is_trouble(event.name)) note(wrong, organisation, event);
}

void tally_part::include(tally_part other) {
  for (const auto& [key, count] : other.counts) counts[key] += count;
  for (auto& [key, more] : other.wrong) {
    auto& its = wrong[key];
    its.count += more.count;
    for (auto& id : more.messages)
      if (its.messages.size() < most_messages) its.messages.push_back(std::move(id));
    if (its.description.empty()) its.description = std::move(more.description);
  }
}

void status_tally::count(organisation_id organisation, const storage::channel_event& event) {
  if (event.kind != storage::event_kind::status) return;
  packed key;
  key.place = std::uint64_t{organisation.number()} << 32 | storage::hour_of(event.at);
  key.what = std::uint64_t{static_cast<std::uint8_t>(event.via)} << 16 |
             std::uint64_t{static_cast<std::uint8_t>(event.way)} << 8 |
             static_cast<std::uint8_t>(event.name);
  const std::scoped_lock lock(mutex_);
  ++open_[key];
  if (is_trouble(event.name)) note(open_troubles_.wrong, organisation, event);
}

void status_tally::close() {
  const std::scoped_lock lock(mutex_);
  for (const auto& [key, count] : open_) {
    storage::statistics_key full;
    full.organisation = organisation_id::from_number(static_cast<std::uint32_t>(key.place >> 32));
    full.hour = static_cast<storage::hour_number>(key.place & UINT32_MAX);
    full.via = static_cast<service>(key.what >> 16);
    full.way = static_cast<direction>(key.what >> 8 & 0xff);
    full.name = static_cast<storage::status_name>(key.what & 0xff);
    open_troubles_.counts[full] += count;
  }
  open_.clear();
  closed_.include(std::exchange(open_troubles_, {}));
}

bool status_tally::idle() const {
  const std::scoped_lock lock(mutex_);
  return open_.empty() && closed_.empty();
}

tally_part status_tally::take_closed() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(closed_, {});
}

}  // namespace kp::actors
