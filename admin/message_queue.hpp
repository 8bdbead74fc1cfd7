#pragma once

#include "admin/message_story.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace kp::admin {

// What operators ask of an organisation's queues.
struct queue_question {
  enum class kind {
    queued,    // all that follow
    waiting,   // for its first attempt
    retrying,  // an attempt has failed
    sending,   // somebody is at it
    parked,    // by an operator
    failed,    // outgoing messages that ended with FEIL or LEVETID_UTLOPT, newest first
  };
  kind state = kind::queued;
  std::optional<std::string> channel;
  std::optional<service> via;
  std::uint64_t page = 0, size = 50;

  static constexpr std::uint64_t max_size = 500;
  static constexpr std::uint64_t deepest = 10'000;  // entry of a list that can be shown
};
std::optional<queue_question::kind> parse_queue_state(std::string_view);

// {"state", "page", "size", "total", "messages": […]}: items of the outboxes by service and age, or
// conversations. Of outboxes at most most_counted (store_levels.hpp) items are looked at. For
// workers.
result<boost::json::object> list_messages(const storage::engine& store,
                                          organisation_id organisation, const queue_question& asked,
                                          const channel_namer& name_of, time_point now);

}  // namespace kp::admin
