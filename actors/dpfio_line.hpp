#pragma once

#include "actors/dpfio_letterbox.hpp"
#include "actors/upstream.hpp"
#include "config/log.hpp"
#include "protocol/dpfio/fiks_io.hpp"

#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <mutex>

namespace kp::actors {

// One organisation's connection to KS FIKS IO: its REST client, and while somebody receives, the
// AMQP connection by which its accounts' queues are read. It is kept across changes of the settings
// that do not concern it, since every lost connection counts as a failed delivery of what was held
// (dpfio.md 6.4). Lives on the network thread but for receive() and when_arrived().
class dpfio_line : public std::enable_shared_from_this<dpfio_line> {
 public:
  // Between attempts to connect; with a new token each (dpfio.md 6.1).
  static constexpr std::chrono::seconds first_pause{2};
  static constexpr std::chrono::seconds longest_pause{300};
  // Somebody else may take over the receiving, as at a change of settings.
  static constexpr std::chrono::seconds grace{1};
  // A queue that was refused is asked for again by connecting anew when nothing is held.
  static constexpr std::chrono::minutes ask_again_for_refused{10};

  dpfio_line(std::shared_ptr<hub_context> hub,
             std::shared_ptr<const tenants::organisation> settings);
  ~dpfio_line();

  // Awaited before anything below. Errors are for an operator to cure, and retryable.
  http::awaitable<result<void>> ready(std::shared_ptr<upstream> clients);
  dpfio::fiks_io& fiks() { return *fiks_; }
  dpfio_letterbox& box() { return box_; }
  // nullopt while it is connected, or has only just begun to.
  std::optional<error> trouble() const;
  // Acknowledges what the box holds under this id, and drops it. Errors: transient when it is held
  // no more: it comes again.
  http::awaitable<result<void>> acknowledge(std::string id);

  // While any of these is held, deliveries come.
  std::shared_ptr<void> receive(std::shared_ptr<upstream> clients);
  // `ring` is called on the network thread whenever something has come into the box.
  void when_arrived(std::function<void()> ring);

 private:
  class listener;
  static http::awaitable<void> keep_open(std::weak_ptr<dpfio_line> of, std::weak_ptr<upstream> with,
                                         std::shared_ptr<hub_context> hub);
  http::awaitable<result<void>> connect(std::shared_ptr<upstream> clients);
  void opened(std::uint64_t connection, const std::map<std::string, std::string>& refused);
  void arrived(std::uint64_t connection, dpfio::delivery one);
  void closed(std::uint64_t connection, const error& why);
  void failed(const error& why);
  void close();
  bool is_wanted();
  void wake();
  void begin(std::weak_ptr<upstream> with);
  std::chrono::milliseconds next_look();
  void say(log_level, std::string_view what, std::string_view detail) const;

  std::shared_ptr<hub_context> hub_;
  std::shared_ptr<const tenants::organisation> settings_;
  std::unique_ptr<maskinporten::client> tokens_;
  std::unique_ptr<dpfio::fiks_io> fiks_;
  std::string password_;
  dpfio_letterbox box_;

  std::mutex mutex_;  // of the next three
  std::weak_ptr<void> wanted_;
  bool looking_after_ = false;  // keep_open() runs
  std::function<void()> ring_;

  using clock = std::chrono::steady_clock;
  std::unique_ptr<dpfio::broker_connection> connection_;
  std::uint64_t number_ = 0;  // of the connection
  bool open_ = false;
  std::optional<error> last_failure_;
  std::uint32_t failures_ = 0;  // in a row
  clock::time_point next_try_{};
  std::optional<clock::time_point> reopen_at_;  // since a queue was refused
  std::optional<clock::time_point> unwanted_since_;
  std::unique_ptr<http::asio::steady_timer> timer_;
};

}  // namespace kp::actors
