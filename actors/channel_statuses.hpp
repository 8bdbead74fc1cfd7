#pragma once

#include "actors/channel_decision.hpp"

// GET /api/statuses and /api/statuses/{messageId} (rest-api.md 8).

namespace kp::actors {

judged<api_answer> list_statuses(const channel_place&, std::string_view query);
// An unknown id has an empty page.
judged<api_answer> statuses_of(const channel_place&, std::string_view message,
                               std::string_view query);

}  // namespace kp::actors
