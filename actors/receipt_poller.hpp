#pragma once

#include "actors/caf.hpp"
#include "actors/dpi_port.hpp"
#include "actors/poll_pace.hpp"
#include "actors/tenants_messages.hpp"
#include "config/log.hpp"
#include "storage/receipt_channels.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>

namespace kp::actors {

// What the poller says to its own actor. `step` is the number of the question that is answered;
// answers to older ones are void.
struct receipts_look {
  std::uint64_t epoch = 0;
};
struct receipts_listed {
  std::uint64_t step = 0;
  std::vector<polled_receipt> all;
  std::optional<error> failure;
};
struct receipt_read {
  std::uint64_t step = 0;
  std::optional<error> failure;
};

struct receipt_poller_args {
  std::shared_ptr<organisation_context> context;
  std::shared_ptr<dpi_port> port;
  caf::actor writer;
  std::chrono::milliseconds first_poll{0};
  working_mode mode = working_mode::normal;
};

// Asks corner 2 for receipts in rounds, some channels at the same time, and takes each: by its
// conversation to the message it is about, registered, and only when that is durable marked read
// (dpi.md 9.1). A receipt that cannot be believed is told of once and left where it is; pages
// beyond the first are asked for when such receipts fill one. A channel that cannot be asked holds
// up no other. A channel that was used lately is asked too, since receipts of what was sent on it
// still come there (dpi.md 14 C9). Runs in `self`; asks in the modes that receive.
class receipt_poller {
 public:
  static constexpr std::chrono::minutes longest_pause{5};     // between rounds that fail
  static constexpr std::chrono::hours longest_rest{1};        // whatever corner 2 says
  static constexpr std::size_t at_once = 4;                   // channels
  static constexpr std::size_t most_pages = 20;               // asked for of one channel in a round
  static constexpr std::size_t most_left = 10'000;            // receipts remembered as left alone
  static constexpr std::chrono::hours keep_channel{90 * 24};  // after it was used last
  static constexpr std::chrono::hours note_channel{24};       // how often its use is written down

  receipt_poller(caf::event_based_actor* self, receipt_poller_args args);

  void start();
  void use(std::shared_ptr<organisation_context>, const std::shared_ptr<service_port>&);
  void work_in(working_mode mode);
  bool idle() const { return !at_it_; }
  // A letter went, whose receipts may come: the usual pace again.
  void expect();

  void on_look(const receipts_look&);
  void on_listed(const receipts_listed&);
  void on_read(const receipt_read&);

 private:
  // A channel on its way through a round.
  struct line {
    std::string channel;  // as of channels_to_ask()
    std::size_t page = 0, pages_asked = 0;
    bool full = false;                // the page may not be the last
    std::size_t settled = 0;          // receipts of this page
    std::deque<polled_receipt> todo;  // the current one in front
  };

  // "" is for receipts of all channels.
  result<std::vector<std::string>> channels_to_ask();
  void note_channels(const std::vector<storage::receipt_channel>& known);
  void begin_lines();
  void ask(line);
  void next(line);
  void take(line);
  result<storage::batch> decide(const polled_receipt&, const storage::conversation& about) const;
  result<std::optional<storage::conversation>> find(const dpi::receipt&) const;
  void settle(line, std::string receipt);
  void leave(const line&, std::string_view why);
  void end_page(line);
  void trouble(const std::string& channel, const error& why);
  void end_round();
  // Until the answer to a question comes: it bears the number that is returned.
  std::uint64_t wait(line);
  std::optional<line> resume(std::uint64_t step);
  std::chrono::microseconds usual_pause() const;
  void look_in(std::chrono::microseconds delay);
  void say(log_level, std::string_view what, const dpi::receipt&) const;

  const organisation_context& in() const { return *args_.context; }
  time_point now() const { return in().hub->time.now(); }
  bool asks() const {
    return mode_ == working_mode::normal || mode_ == working_mode::receiving_only;
  }

  caf::event_based_actor* self_;
  receipt_poller_args args_;
  working_mode mode_;
  bool at_it_ = false;                           // a round is under way
  std::deque<std::string> channels_;             // of this round, not begun yet
  std::map<std::uint64_t, line> lines_;          // begun, by the step that they wait for
  bool asked_any_ = false;                       // a channel has come to its end in this round
  std::optional<error> trouble_;                 // of a channel in this round
  std::map<std::string, std::uint32_t> missed_;  // rounds in a row, by channel
  std::set<std::string> left_;                   // digests of what is left alone, told of once
  std::uint32_t failures_ = 0;                   // of whole rounds, in a row
  poll_pace pace_;
  std::optional<time_point> rest_until_;
  std::uint64_t step_ = 0;
  std::uint64_t epoch_ = 0;
};

}  // namespace kp::actors

KP_MESSAGE(kp::actors::receipts_look);
KP_MESSAGE(kp::actors::receipts_listed);
KP_MESSAGE(kp::actors::receipt_read);
