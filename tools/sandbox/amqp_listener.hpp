#pragma once

#include "config/error.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace kp::sandbox {

// Why something is refused, as AMQP says it; an empty condition: it is not.
struct amqp_verdict {
  std::string condition;
  std::string description;
  enum class cut { no, before, after } connection = cut::no;  // closed instead of an answer
  bool refused() const { return !condition.empty(); }
};

struct amqp_message {
  std::string body, id, content_type;
  std::uint64_t sequence = 0;
  std::uint32_t deliveries = 1;                       // with this one
  std::string lock;                                   // UUID
  std::int64_t enqueued_ms = 0, locked_until_ms = 0;  // since 1970
};

enum class amqp_end { complete, unlock, set_aside };

// The broker behind the listener; all on the thread of the services. Names of queues as they came.
class amqp_broker {
 public:
  virtual ~amqp_broker() = default;
  // A token for `name` ("amqps://host/queue") on a connection that was opened to `host`. Refused by
  // status: 0 is good, and `description` says why not. What it is good for then: a node.
  struct claim {
    int status = 200;
    std::string description;
    std::string node;
    bool cut = false;
  };
  virtual claim put_token(const std::string& host, const std::string& name,
                          const std::string& token) = 0;
  virtual amqp_verdict may_attach(const std::string& queue) = 0;
  virtual std::size_t max_bytes() = 0;
  virtual amqp_verdict send(const std::string& queue, std::string body,
                            std::string content_type) = 0;
  // `message` is absent when there is none.
  struct received {
    amqp_verdict verdict;
    std::optional<amqp_message> message;
  };
  virtual received receive(const std::string& queue) = 0;
  virtual amqp_verdict end_lock(const std::string& queue, const std::string& lock, amqp_end how,
                                const std::string& reason) = 0;
  virtual amqp_verdict renew(const std::string& queue, const std::string& lock,
                             std::int64_t& until_ms) = 0;
};

// AMQP 1.0 with a thread of its own (qpid-proton's proactor): SASL ANONYMOUS, "$cbs", links to
// queues, "<queue>/$management".
class amqp_listener {
 public:
  struct options {
    std::string address;
    std::uint16_t port = 0;  // 0: a free one
    // Both or none: TLS. PEM files.
    std::string certificate_file, key_file;
  };
  // `on_services` runs work on the thread of the services; it must do so until stop(). Errors:
  // sandbox_errc::listen, crypto.
  static result<std::unique_ptr<amqp_listener>> open(
      const options&, amqp_broker&, std::function<void(std::function<void()>)> on_services);
  virtual ~amqp_listener() = default;
  virtual std::uint16_t port() const = 0;
  // Closes every connection and joins the thread. Safe to call twice.
  virtual void stop() = 0;
};

}  // namespace kp::sandbox
