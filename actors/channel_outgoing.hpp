#pragma once

#include "actors/channel_decision.hpp"

// GET /api/messages/out and /api/messages/out/{messageId} (rest-api.md 6.6, 6.7).

namespace kp::actors {

judged<api_answer> list_outgoing(const channel_place&, std::string_view query);
judged<api_answer> find_outgoing(const channel_place&, std::string_view id);

}  // namespace kp::actors
