#pragma once

#include "actors/channel_decision.hpp"

// /api/statuses (rest-api.md 8), as far as the place's view of the inbox goes (inbox_scope.hpp).

namespace kp::actors {

judged<api_answer> list_statuses(const channel_place&, std::string_view query);
// An unknown id has an empty page.
judged<api_answer> statuses_of(const channel_place&, std::string_view message,
                               std::string_view query);

// The oldest status in the channel's queue, which stays there; 204 when there is none, as always
// where the queue is off (8.4).
judged<api_answer> peek_status(const channel_place&);
// Takes it off the queue, not out of the statuses. 404 without a body when it is not queued.
judged<decision> remove_queued_status(const channel_place&, std::string_view id);

}  // namespace kp::actors
