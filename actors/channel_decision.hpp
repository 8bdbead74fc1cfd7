#pragma once

#include "actors/context.hpp"
#include "actors/messages.hpp"
#include "protocol/api/error_body.hpp"

#include <boost/json/value.hpp>

#include <expected>
#include <functional>

// What the parts of a channel share: whose seat it is, what a step may end in, and how an answer
// looks. Plain values; no actor is needed to use or test them.

namespace kp::actors {

// One channel of one organisation.
struct channel_place {
  std::shared_ptr<organisation_context> context;
  channel_number number{};
  std::shared_ptr<const tenants::inbox_view> view = {};  // what of the inbox is shown; null: all

  const organisation_context& organisation() const { return *context; }
  const hub_context& hub() const { return *context->hub; }
  time_point now() const { return context->hub->time.now(); }
  // As configured, and the organisation has enabled the service; a channel that is no longer
  // configured may do nothing.
  bool sends(service) const;
  bool has_her_id(std::int64_t) const;
  std::optional<std::string> message_channel() const;
  std::chrono::minutes lock_timeout() const;
  // A random UUID for ids that the hub makes.
  std::string uuid() const { return context->hub->random.uuid(); }
};

// What a client is told when a room of the hub failed: 503 when the same call may succeed later or
// the disk refused, 500 otherwise.
api::problem problem_of(const error&);

// A value, or what the client is told instead. Takes errors of other rooms, so KP_TRY works.
template <class T>
class [[nodiscard]] judged : public std::expected<T, api::problem> {
 public:
  using std::expected<T, api::problem>::expected;
  judged(api::problem p)
      : std::expected<T, api::problem>(std::unexpect, std::move(p)) {
  }  // NOLINT: implicit on purpose
  judged(const kp::error& e)
      : std::expected<T, api::problem>(std::unexpect, problem_of(e)) {
  }  // NOLINT: implicit on purpose
};

template <>
class [[nodiscard]] judged<void> : public std::expected<void, api::problem> {
 public:
  using std::expected<void, api::problem>::expected;
  judged(api::problem p)
      : std::expected<void, api::problem>(std::unexpect, std::move(p)) {
  }  // NOLINT: implicit on purpose
  judged(const kp::error& e)
      : std::expected<void, api::problem>(std::unexpect, problem_of(e)) {
  }  // NOLINT: implicit on purpose
};

// What one look at the store led to: changes that belong together, what the client is told when
// they are durable, and who else must hear of it then. Without changes the answer holds at once.
struct decision {
  api_answer answer;
  storage::batch changes;
  bool again = false;                              // once durable, decide anew instead of answering
  std::optional<service> outbox;                   // something new is due for this service
  bool expiry = false;                             // a conversation with an expiry has been added
  std::vector<storage::blob_ref> released;         // nothing points to these any more
  std::function<void(bool durable)> settled = {};  // after the commit, whatever came of it
};
// Called again, with nothing remembered, when a precondition of its changes failed.
using decider = std::function<judged<decision>()>;

inline constexpr std::string_view json_type = "application/json";

api_answer empty_answer(unsigned status = 200);
api_answer json_answer(const boost::json::value&, std::string_view content_type = json_type);
api_answer refusal(const api::problem&, std::string_view path, time_point now);

// The message id in a path, or nullopt for text that is no id of anything.
inline std::optional<message_id> to_message_id(std::string_view text) {
  return message_id::parse(text);
}

}  // namespace kp::actors
