#pragma once

#include "protocol/amqp/bell.hpp"
#include "protocol/amqp/client.hpp"

#include <proton/engine.h>
#include <proton/event.h>

#include <map>

namespace kp::amqp {

class session;

// A session of AMQP with one link, or one in each direction: so that each has a window of its own.
// A connection has as many as it has links. Inside the room only.
class channel {
 public:
  explicit channel(session& in);
  virtual ~channel() = default;
  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;

  bool usable() const { return !failed_; }
  const std::optional<error>& failure() const { return failed_; }
  moment last_used() const { return last_used_; }
  virtual bool busy() const = 0;

  // Ends it, and everybody's waiting for it.
  void fail(error why);
  // Once a while.
  virtual void look_after(moment) {}

  // What proton says of its links.
  void happened(pn_event_type_t, pn_link_t*);
  virtual void delivered(pn_delivery_t*) = 0;

 protected:
  // `what` begins the name of the link; `own_end` is what our end of it is called.
  pn_link_t* open_sender(const std::string& what, const std::string& node);
  pn_link_t* open_receiver(const std::string& what, const std::string& node,
                           const std::string& own_end);
  // Until both sides have opened all links. Errors: why it failed; timeout, after which it has.
  http::awaitable<result<void>> attached(moment until);
  // Waits for the next change; `what`, a literal, is what is waited for. Error: as above.
  http::awaitable<result<void>> changed(moment until, std::string_view what);
  void used() { last_used_ = std::chrono::steady_clock::now(); }
  void ring() { bell_.ring(); }
  session& in() { return in_; }
  virtual void failed() {}

 private:
  session& in_;
  pn_session_t* own_;  // nullptr after the end
  std::vector<pn_link_t*> links_;
  std::size_t open_ = 0;
  bell bell_;
  std::optional<error> failed_;
  moment last_used_;
};

// Sends to one node, many messages at a time.
class outlet final : public channel {
 public:
  outlet(session& in, const std::string& node);
  bool busy() const override { return !under_way_.empty(); }
  http::awaitable<result<void>> send(std::string message, moment until);
  void delivered(pn_delivery_t*) override;

 private:
  void failed() override { under_way_.clear(); }

  std::string node_;
  pn_link_t* link_;
  std::uint64_t last_tag_ = 0;
  std::map<std::string, std::optional<result<void>>> under_way_;  // by tag
};

// Receives from one node, one message at a time, and holds the locks of those that came.
class inlet final : public channel {
 public:
  // Locks that nobody has ended for so long are nobody's any more.
  static constexpr std::chrono::hours longest_held{4};
  static constexpr std::size_t most_held = 256;

  inlet(session& in, const std::string& node);
  bool busy() const override { return receiving_ || !held_.empty(); }
  // The first byte, or the word that there is no message, by `begun_by`, the last byte by `until`.
  http::awaitable<result<std::optional<delivery>>> receive(std::size_t max_bytes, moment begun_by,
                                                           moment until);
  http::awaitable<result<void>> settle(std::string tag, outcome how, std::string reason,
                                       moment until);
  void delivered(pn_delivery_t*) override;
  void look_after(moment) override;

 private:
  struct held {
    pn_delivery_t* handle = nullptr;
    moment since{};
    bool asked = false;
    std::optional<result<void>> settled{};
  };
  void take(pn_delivery_t*);
  void settled(pn_delivery_t*);
  void failed() override { held_.clear(); }

  std::string node_;
  pn_link_t* link_;
  bool receiving_ = false;
  std::size_t max_bytes_ = 0;
  std::string coming_;
  std::optional<delivery> came_;
  std::map<std::string, held> held_;  // by tag
};

// Asks one node, and reads its answers.
class desk final : public channel {
 public:
  static constexpr std::size_t longest_answer = 64 * 1024;

  desk(session& in, const std::string& node);
  bool busy() const override { return !waiting_.empty(); }
  http::awaitable<result<answer>> ask(question what, moment until);
  void delivered(pn_delivery_t*) override;

 private:
  void failed() override { waiting_.clear(); }

  std::string node_, own_end_;
  pn_link_t *out_, *in_link_;
  std::uint64_t last_id_ = 0;
  std::map<std::string, std::optional<result<answer>>> waiting_;  // by id
};

}  // namespace kp::amqp
