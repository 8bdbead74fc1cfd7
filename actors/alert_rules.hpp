#pragma once

#include "actors/status_tally.hpp"
#include "config/alert_settings.hpp"
#include "storage/alerts.hpp"

#include <map>
#include <optional>
#include <vector>

namespace kp::actors {

// What operators are told of: messages that failed or expired, and services over which an
// organisation sends and nothing is delivered. Plain state of the statistics keeper; it looks at
// outgoing messages by the hour.
class alert_rules {
 public:
  explicit alert_rules(alert_settings settings) : settings_(std::move(settings)) {}

  // Of hours that were counted earlier, in any order, and then of silences that operators know of.
  void remember(const storage::status_counts& counted);
  void remember(const std::map<storage::alerts::silence_key, storage::hour_number>& told);

  // The alerts of a stretch, and what there is to be noted with them. `now` is its end.
  std::vector<storage::alert> judge(storage::batch& b, const tally_part& part, time_point now);

  // How far back remember() has to go.
  storage::hour_number first_hour(time_point now) const;

 private:
  struct flow {
    // The first hour with messages sent after the last hour with one delivered.
    std::optional<storage::hour_number> sent_since;
    std::optional<storage::hour_number> sent, delivered;  // the last hours
    std::optional<storage::hour_number> told;             // since when, when operators know
  };
  void follow(const storage::statistics_key& key);
  void judge_troubles(std::vector<storage::alert>& out, const tally_part& part,
                      time_point now) const;
  void judge_silences(std::vector<storage::alert>& out, storage::batch& b, time_point now);

  alert_settings settings_;
  std::map<storage::alerts::silence_key, flow> flows_;
};

}  // namespace kp::actors
