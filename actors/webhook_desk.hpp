#pragma once

#include "actors/channel_decision.hpp"
#include "actors/webhook_line.hpp"
#include "actors/webhook_messages.hpp"

#include <deque>

// The API of subscriptions (rest-api.md 10.1) and their dead letters.

namespace kp::actors {

inline constexpr std::size_t max_subscriptions = 100;  // of one channel
// A secret that has been replaced goes on signing beside the new one, so that receivers can follow.
inline constexpr std::chrono::hours old_secret_signs_for{24};

// The bytes that sign now, the present secret first. Errors: those of secret_box::open.
result<std::vector<std::string>> open_secrets(const organisation_context&, const webhook_means&,
                                              const storage::subscription&, time_point now);

// An id in a path. Problem: MethodArgumentTypeMismatchException.
judged<std::uint64_t> path_number(std::string_view name, std::string_view text);

// Answers webhook_calls; a part of the webhook dispatcher. Changes happen one after the other.
class webhook_desk {
 public:
  using answer_to = std::function<void(api_answer)>;
  struct surroundings {
    std::shared_ptr<organisation_context> context;
    std::shared_ptr<webhook_means> means;
    // Commits; `done` runs in the actor.
    std::function<void(storage::batch, std::function<void(std::optional<error>)> done)> commit;
    // Posts; `done` runs in the actor.
    std::function<void(webhook_push, std::function<void(webhook_outcome)> done)> post;
    std::function<webhook_line*(storage::row_id)> line;
    // The stored subscription is new, has changed (then `line` still has the old one) or is gone.
    std::function<void(const storage::subscription&)> added, changed, removed;
    std::function<void()> replayed;
  };
  explicit webhook_desk(surroundings with);

  void call(const webhook_call&, const answer_to&);

 private:
  // What a change leads to. Without changes the answer holds at once.
  struct outcome {
    api_answer answer;
    storage::batch changes;
    std::function<void()> durable = {};  // afterwards, before the answer
    bool again = false;                  // once durable, decide once more instead of answering
  };
  using decide = std::function<judged<outcome>()>;

  const organisation_context& in() const { return *with_.context; }
  time_point now() const { return in().hub->time.now(); }
  judged<api_answer> list(const webhook_call&) const;
  judged<api_answer> find(const webhook_call&) const;
  judged<api_answer> dead_letters(const webhook_call&) const;
  void create(const webhook_call&, const answer_to&);
  void update(const webhook_call&, const answer_to&);
  judged<outcome> remove(const webhook_call&) const;
  judged<outcome> remove_all(const webhook_call&) const;
  judged<outcome> replay_one(const webhook_call&) const;
  judged<outcome> replay_all(const webhook_call&, const std::shared_ptr<std::size_t>& count) const;
  judged<outcome> remove_letter(const webhook_call&) const;
  judged<outcome> remove_letters(const webhook_call&) const;

  // Of another part of the inbox than the request's credential is shown: not found.
  judged<storage::subscription> subscription_of(const webhook_call&, std::string_view id) const;
  std::optional<api::problem> collision(const webhook_call&, const std::optional<std::string>& name,
                                        const std::optional<std::string>& endpoint,
                                        storage::row_id except) const;
  judged<std::string> seal(storage::row_id, const std::string& secret) const;
  // Tells the endpoint that it is subscribed; `then` runs whatever comes of it (rest-api.md 10.3).
  void ping(const std::string& endpoint, std::vector<std::string> secrets,
            std::function<void()> then);

  void change(std::string path, decide, answer_to);
  void next_change();
  void finish(api_answer);

  surroundings with_;
  storage::subscriptions kept_;
  struct waiting {
    std::string path;
    decide how;
    answer_to answer;
  };
  std::deque<waiting> changes_;  // bounded by the requests that the gateway lets in
  bool changing_ = false;
  std::size_t pings_ = 0;
};

}  // namespace kp::actors
