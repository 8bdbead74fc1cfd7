#include "actors/alert_rules.hpp"

#include <algorithm>

namespace kp::actors {

namespace {

using storage::alert;
using storage::alert_kind;
using storage::status_name;

constexpr storage::hour_number remembered_beyond = 24 * 7;  // the silence itself

}  // namespace

storage::hour_number alert_rules::first_hour(time_point now) const {
  const auto back =
      static_cast<storage::hour_number>(settings_.nothing_delivered.count()) + remembered_beyond;
  const auto this_hour = storage::hour_of(now);
  return this_hour > back ? this_hour - back : 0;
}

void alert_rules::remember(const storage::status_counts& counted) {
  for (const auto& [key, count] : counted) follow(key);
}

void alert_rules::remember(
    const std::map<storage::alerts::silence_key, storage::hour_number>& told) {
  for (const auto& [key, since] : told) {
    auto& its = flows_[key];
    its.told = since;
    // It began before the hours that were remembered.
    if (!its.delivered || *its.delivered < since)
      its.sent_since = std::min(its.sent_since.value_or(since), since);
  }
}

// A stretch may be of several hours, and a transport may date back, so the order is not that of
// time. Where hours cross, the silence is taken to begin later than it did.
void alert_rules::follow(const storage::statistics_key& key) {
  if (key.way != direction::outgoing) return;
  const bool delivered = key.name == status_name::levert || key.name == status_name::lest;
  if (!delivered && key.name != status_name::sendt) return;
  auto& its = flows_[{key.organisation, key.via}];
  if (delivered) {
    its.delivered = std::max(its.delivered.value_or(0), key.hour);
    if (!its.sent_since || *its.sent_since > *its.delivered) return;
    its.sent_since.reset();
    if (its.sent && *its.sent > *its.delivered) its.sent_since = its.sent;
  } else {
    its.sent = std::max(its.sent.value_or(0), key.hour);
    if (!its.delivered || key.hour > *its.delivered)
      its.sent_since = std::min(its.sent_since.value_or(key.hour), key.hour);
  }
}

std::vector<alert> alert_rules::judge(storage::batch& b, const tally_part& part, time_point now) {
  for (const auto& [key, count] : part.counts) follow(key);
  std::vector<alert> out;
  judge_troubles(out, part, now);
  if (settings_.nothing_delivered.count() > 0) judge_silences(out, b, now);
  return out;
}

void alert_rules::judge_troubles(std::vector<alert>& out, const tally_part& part,
                                 time_point now) const {
  for (const auto& [key, its] : part.wrong) {
    const bool failed = key.name == status_name::feil;
    if (failed ? !settings_.failed : !settings_.expired) continue;
    alert made;
    made.kind = failed ? alert_kind::failed : alert_kind::expired;
    made.at = now;
    made.organisation = key.organisation;
    made.via = key.via;
    made.way = key.way;
    made.count = its.count;
    made.messages = its.messages;
    made.description = its.description;
    out.push_back(std::move(made));
  }
}

void alert_rules::judge_silences(std::vector<alert>& out, storage::batch& b, time_point now) {
  for (auto& [key, its] : flows_) {
    const auto tell = [&](alert_kind kind, storage::hour_number since) {
      alert made;
      made.kind = kind;
      made.at = now;
      made.organisation = key.first;
      made.via = key.second;
      made.since = storage::begin_of(since);
      out.push_back(std::move(made));
    };
    if (its.told && (!its.sent_since || *its.sent_since > *its.told)) {
      tell(alert_kind::silence_ended, *its.told);
      storage::alerts::end_silence(b, key);
      its.told.reset();
    }
    if (!its.sent_since || its.told) continue;
    // From the end of the hour in which something was sent.
    if (now < storage::begin_of(*its.sent_since + 1) + settings_.nothing_delivered) continue;
    tell(alert_kind::silence, *its.sent_since);
    storage::alerts::put_silence(b, key, *its.sent_since);
    its.told = its.sent_since;
  }
}

}  // namespace kp::actors
