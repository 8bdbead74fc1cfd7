#pragma once

#include "actors/channel_decision.hpp"

#include <unordered_set>

// The inbox: GET /api/messages/in, peek, pop and DELETE (rest-api.md 7).

namespace kp::actors {

// What a channel remembers between two peeks. Nothing of it needs to survive.
struct peek_memory {
  std::uint64_t from = 0;                       // see storage::inbox::peek
  std::unordered_set<message_id> being_locked;  // by commits under way: not for another peek
};

judged<api_answer> list_incoming(const channel_place&, std::string_view query);

// Locks the oldest unlocked message that matches. Overdue locks are freed first, in a commit of
// their own. 204 when there is none. `memory` must outlive the commit.
judged<decision> peek_incoming(const channel_place&, const std::shared_ptr<peek_memory>& memory,
                               std::string_view query);

// Frees overdue locks, at most `sweep_limit`; nothing to commit when there are none.
inline constexpr std::size_t sweep_limit = 100;
judged<decision> sweep_overdue(const channel_place&);

// The content of a locked message. Unreadable content is a 500 each time and FEIL once; the message
// stays, for DELETE.
judged<decision> pop_incoming(const channel_place&, std::string_view path, std::string_view id);

// Removes a locked message with its content, registers INNKOMMENDE_LEVERT, and queues the status
// message LEVERT for the sender (dpo.md 5.6), in one commit.
judged<decision> remove_incoming(const channel_place&, std::string_view id);

}  // namespace kp::actors
