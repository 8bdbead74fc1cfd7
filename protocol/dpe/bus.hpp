#pragma once

#include "config/byte_io.hpp"
#include "protocol/http/async.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace kp::dpe {

// A message that is locked for us. The ids are the broker's own, unrelated to eFormidling's.
struct locked_message {
  std::string queue;
  std::string message_id;  // what it is known by as long as it is in its queue
  std::string lock_token;
  std::string sequence_number;
  std::uint32_t delivery_count = 1;
};

// The queues of Azure Service Bus, by one way or another. Every call shows a token; a refusal of it
// gives up the key, and with another one from the registry the call is made once more. Lives on the
// network thread.
class bus {
 public:
  // A lock lasts a minute at the national queues (dpe.md 6.6).
  static constexpr std::chrono::seconds usual_lock{60};

  virtual ~bus() = default;

  // Puts a message into a queue. A timeout or cut after the body has left means that it may be
  // there. Not retryable: what is malformed. A queue that is full, or is not there, may be cured.
  virtual http::awaitable<result<void>> send(std::string queue,
                                             std::shared_ptr<const random_access_source> body) = 0;
  // Locks the first message that is free; its body goes to `to`. nullopt when there is none, also
  // after the service has waited up to `wait` for one, where it can. A body beyond `max_bytes` is
  // http_errc::too_large; it stays locked.
  virtual http::awaitable<result<std::optional<locked_message>>> receive(
      std::string queue, std::chrono::seconds wait, std::shared_ptr<byte_sink> to,
      std::uint64_t max_bytes) = 0;
  // Takes a locked message out of its queue. Not retryable when the lock is lost.
  virtual http::awaitable<result<void>> complete(locked_message) = 0;
  // Lets others, and us, have it again at once.
  virtual http::awaitable<result<void>> unlock(locked_message) = 0;
  // The lock lasts as long again.
  virtual http::awaitable<result<void>> renew(locked_message) = 0;
  // Puts a locked message into the queue of dead letters, with a reason. Only where
  // can_set_aside(); elsewhere the broker does it when there were too many deliveries, and this is
  // http_errc::refused.
  virtual http::awaitable<result<void>> set_aside(locked_message, std::string reason) = 0;
  virtual bool can_set_aside() const = 0;
};

}  // namespace kp::dpe
