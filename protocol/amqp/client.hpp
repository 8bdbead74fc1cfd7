#pragma once

#include "protocol/amqp/message.hpp"
#include "protocol/http/async.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace kp::amqp {

struct client_options {
  std::string host;
  std::string port = "5671";
  bool tls = true;
  std::string ca_file = {};              // PEM; empty: the system's roots
  std::string proxy = {};                // http://host:port, empty: none; only with TLS (CONNECT)
  std::string container = "Knutepunkt";  // our name towards the other side
  std::chrono::milliseconds connect_deadline{10'000};        // name lookup, TCP, TLS and AMQP each
  std::chrono::milliseconds answer_deadline{30'000};         // of whatever is small
  std::chrono::milliseconds body_deadline{120'000};          // of a message, out or in
  std::chrono::milliseconds idle_timeout{60'000};            // without a byte from the other side
  std::chrono::milliseconds close_links_after{120'000};      // of idleness
  std::chrono::milliseconds close_connection_after{60'000};  // without links
  // Between attempts to connect that fail, doubling from the first to the last.
  std::chrono::milliseconds first_pause{1'000}, longest_pause{60'000};
  std::size_t most_links = 1000;                         // open at a time
  std::size_t most_bytes_under_way = 256 * 1024 * 1024;  // of messages
};

// A message that came, still locked for us.
struct delivery {
  std::string tag;
  std::string bytes;  // decode()
};

enum class outcome {
  accepted,  // taken out of its queue
  released,  // others, and we, may have it again (modified, as Azure's own clients say it)
  rejected,  // set aside in the queue of dead letters
};

// Everything that goes over AMQP 1.0 to one host, over one connection for all who use it: made when
// it is needed, and again, with growing pauses, after it has ended; links are opened as they are
// needed and closed when they are idle. SASL ANONYMOUS: who we are is said by claims. Lives on the
// network thread; every call may be made at the same time as others.
//
// Errors: those of http::dial (nothing was sent); amqp_errc. All but `refused`, `too_large` and
// `lock_lost` are worth a retry.
class client {
 public:
  // Errors: http_errc::tls when the trusted certificates cannot be read, bad_url of the proxy.
  static result<std::unique_ptr<client>> make(http::asio::io_context& network, client_options);
  virtual ~client() = default;

  virtual const client_options& options() const = 0;

  // The number of the connection, which is made when there is none. What was claimed on an earlier
  // one does not hold on this.
  virtual http::awaitable<result<std::uint64_t>> connect() = 0;
  // One request to a node ("$cbs", "<queue>/$management") and its answer, whatever that says.
  virtual http::awaitable<result<answer>> ask(std::string node, question what) = 0;
  // Hands over what encode() made; returns when the other side has accepted it, durably. After
  // `closed` and `timeout` it may have been accepted.
  virtual http::awaitable<result<void>> send(std::string address, std::string message) = 0;
  // The next message that is free, locked; nullopt when there is none now. Beyond `max_bytes` it is
  // too_large, and stays locked until its lock runs out. One caller at a time for each address:
  // busy.
  virtual http::awaitable<result<std::optional<delivery>>> receive(std::string address,
                                                                   std::size_t max_bytes) = 0;
  // Ends the lock. `reason` goes with a rejection. Errors: no_link when the link that it came by is
  // gone; lock_lost.
  virtual http::awaitable<result<void>> settle(std::string address, std::string tag, outcome how,
                                               std::string reason = {}) = 0;
};

}  // namespace kp::amqp
