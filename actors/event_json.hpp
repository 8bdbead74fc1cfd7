#pragma once

#include "storage/feed.hpp"

#include <boost/json/object.hpp>

namespace kp::actors {

// An event as clients see it. A status has the members of a webhook's status event and of a
// MessageStatus (rest-api.md 10.3, 8.1); an arrival those of a webhook event that apply, with the
// identifiers and the process that the inbox can be filtered by (7.1).
boost::json::object event_json(const storage::channel_event& event);

// "status" or "arrival".
std::string_view event_name(storage::event_kind kind);

}  // namespace kp::actors
