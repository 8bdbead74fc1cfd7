#pragma once

#include "config/byte_io.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// The receiving half of FIKS IO: AMQP 0.9.1 from the queues of accounts (dpfio.md 6). librabbitmq
// blocks, so it has threads of its own: a few that connect, and one that reads all connections.

namespace kp::dpfio {

struct broker_address {
  std::string host;
  std::uint16_t port = 5671;
  bool tls = true;
};
// amqps://io.fiks.ks.no, amqp://127.0.0.1:5672; without user, path or anything else. Errors:
// bad_address.
result<broker_address> parse_broker_url(std::string_view url);

struct broker_options {
  broker_address at;
  std::string ca_file;              // PEM; empty: the system's roots
  std::string user, password;       // dpfio.md 6.1; the password holds a token: never log it
  std::string name;                 // of the connection, for those who look after the broker
  std::vector<std::string> queues;  // at most `most_queues`
  std::uint16_t prefetch = 10;      // unacknowledged deliveries of one queue
  std::chrono::seconds heartbeat{30};
  std::chrono::seconds deadline{5};  // of each step of connecting
};
inline constexpr std::size_t most_queues = 200;

// One delivery, as it came.
struct delivery {
  std::uint16_t channel = 0;
  std::uint64_t tag = 0;
  std::string routing_key;
  bool redelivered = false;
  std::map<std::string, std::string> headers;  // those that are text
  std::string expiration;                      // "" when there is none
  std::uint64_t size = 0;                      // of the body
  std::shared_ptr<spool> body;                 // nullptr when empty, or larger than `most_body`
};
inline constexpr std::uint64_t most_body = 64ull << 20;  // what is larger comes another way

// What becomes of a connection; called on the threads of broker_io, one call at a time. It must
// return soon.
class broker_listener {
 public:
  virtual ~broker_listener() = default;
  // It receives now. `refused`: queues that the broker does not let it read, with the reason.
  virtual void opened(std::map<std::string, std::string> refused) = 0;
  virtual void arrived(delivery) = 0;
  // It is over, or never began: broker_refused, broker_lost, and what the spool said. The last
  // call; not made when broker_io ends. Everything that was not acknowledged comes again.
  virtual void closed(error why) = 0;
};

class broker_connection {
 public:
  virtual ~broker_connection() = default;  // closes it, too
  // `then` is called once, on a thread of broker_io. broker_lost when the connection is over.
  virtual void acknowledge(std::uint16_t channel, std::uint64_t tag,
                           std::function<void(result<void>)> then) = 0;
};

struct broker_threads {
  std::size_t connecting = 4;
};

// The connections of all organisations.
class broker_io {
 public:
  // Threads start with the first connection. `spools` takes the bodies and must outlive it.
  explicit broker_io(spool_factory& spools, broker_threads threads = {});
  ~broker_io();  // ends all connections; within a few seconds
  broker_io(const broker_io&) = delete;
  broker_io& operator=(const broker_io&) = delete;

  // Returns at once. Nothing is told to `listener` any more soon after the connection has been let
  // go of; a call that is under way ends.
  std::unique_ptr<broker_connection> open(broker_options, std::shared_ptr<broker_listener>);

 private:
  struct parts;
  std::shared_ptr<parts> parts_;
};

}  // namespace kp::dpfio
