#pragma once

#include "actors/channel_decision.hpp"

// /api/conversations (rest-api.md 9). Single look-ups find outgoing conversations only; removal
// finds both directions; incoming ones only as far as the place's view of the inbox goes
// (inbox_scope.hpp).

namespace kp::actors {

judged<api_answer> list_conversations(const channel_place&, std::string_view query);
// Those that are being polled for statuses; pages and order, no filters.
judged<api_answer> list_polled_conversations(const channel_place&, std::string_view query);
judged<api_answer> find_conversation(const channel_place&, std::string_view row);
judged<api_answer> conversation_of(const channel_place&, std::string_view message);

// With their statuses; nothing to remove is no failure. Frees the message id for reuse.
judged<decision> remove_conversation(const channel_place&, std::string_view row);
judged<decision> remove_conversation_of(const channel_place&, std::string_view message);

}  // namespace kp::actors
