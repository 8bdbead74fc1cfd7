#pragma once

#include "actors/channel_decision.hpp"
#include "storage/idempotent_answers.hpp"

#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

// A create that its client marks with a header Idempotency-Key can be repeated: the second request
// with the same key and content gets the first one's answer and does nothing. Keys belong to a
// channel and are remembered, durably, as long as the message lives.

namespace kp::actors {

// A request that came with a key. While it lives it is running: others with its key are told so.
class marked_request {
 public:
  using running_keys = std::unordered_set<std::string>;

  marked_request(std::shared_ptr<running_keys> running, std::string key, std::string content);
  ~marked_request();
  marked_request(const marked_request&) = delete;
  marked_request& operator=(const marked_request&) = delete;

  const std::string& key() const { return key_; }          // SHA-256 of the client's
  const std::string& content() const { return content_; }  // SHA-256 of what is asked

 private:
  std::shared_ptr<running_keys> running_;
  std::string key_, content_;
};

// How long a key is remembered at most, however long its message lives.
inline constexpr std::chrono::hours longest_memory{30 * 24};
inline constexpr std::size_t max_idempotency_key = 255;  // bytes

// One channel's.
class idempotency {
 public:
  struct admission {
    std::shared_ptr<const marked_request> marked;  // nothing: without a key, as ever
    std::optional<api_answer> again;               // the answer that was given before
  };
  // `header`: the field as sent. Refuses (problem): 400 a key that is none, 409 one whose first
  // request is still running, 422 one that was used for other content.
  judged<admission> admit(const channel_place&, const std::optional<std::string>& header,
                          const std::string& content);

 private:
  std::shared_ptr<marked_request::running_keys> running_ =
      std::make_shared<marked_request::running_keys>();
};

// What was answered to a request with this key, if it was and is still remembered. 422 as above.
judged<std::optional<api_answer>> answered_before(const channel_place&, const marked_request&);
// Puts the answer of `d` beside its changes. When somebody else was first, the commit fails.
judged<void> remember_answer(decision& d, const channel_place&, const marked_request&,
                             const message_id&, time_point message_expires);

// What is asked, in few bytes.
std::string content_of(const api_call&);
std::string content_of(const multipart_send&);

}  // namespace kp::actors
