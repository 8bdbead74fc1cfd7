#pragma once

#include "storage/alerts.hpp"

#include <string>
#include <vector>

// How operators read alerts.

namespace kp::actors {

// One line for a person: "910077473 DPO: 2 messages got the status FEIL (…)".
std::string sentence_of(const storage::alert&);

// What is posted: JSON with `createdTs`, `event` "alert" and the list `alerts`.
std::string alert_body(const std::vector<storage::alerts::entry>&, time_point created);

// What is mailed.
std::string alert_subject(const std::vector<storage::alerts::entry>&);
std::string alert_text(const std::vector<storage::alerts::entry>&);

}  // namespace kp::actors
