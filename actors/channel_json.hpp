#pragma once

#include "config/clock.hpp"
#include "storage/records.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <string_view>
#include <vector>

// Records as the REST API shows them.

namespace kp::actors {

// MessageStatus of the statuses API, rest-api.md 8.1.
boost::json::object status_json(const storage::status&);

// Conversation with its statuses in reduced form, rest-api.md 9.1.
boost::json::object conversation_json(const storage::conversation&,
                                      const std::vector<storage::status>& statuses);

// A stored SBD, normalised as every answer is. Text that can no longer be parsed is shown as the
// JSON it is, or as a JSON string.
boost::json::value sbd_json(std::string_view stored, time_point now);

}  // namespace kp::actors
