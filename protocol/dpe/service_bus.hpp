#pragma once

#include "config/byte_io.hpp"
#include "protocol/dpe/sas_keys.hpp"

#include <optional>
#include <string>

// The queues of Azure Service Bus over HTTP (dpe.md 6).

namespace kp::dpe {

// A message that is locked for us. The ids are the broker's own, unrelated to eFormidling's.
struct locked_message {
  std::string queue;
  std::string message_id;
  std::string lock_token;
  std::string sequence_number;
  std::uint32_t delivery_count = 1;
};

// The header BrokerProperties of a peek-lock (dpe.md 6.2). Error: http_errc::bad_answer, when it is
// no JSON object or lacks MessageId or LockToken.
result<locked_message> parse_broker_properties(std::string_view header, std::string queue);

struct service_bus_settings {
  std::string base_url;  // https://efm-dpe-prod.servicebus.windows.net
  std::string key_name;  // the policy: MoveDPE-prodPolicy
};

// Every call carries a token of its own for exactly its URL. A 401 gives up the key, and with
// another one from the registry the call is made once more. Errors: transport errors; http_errc
// with "Service Bus <call>" and the status; those of the key. Lives on the network thread.
class service_bus {
 public:
  // A lock lasts a minute at the national queues (dpe.md 6.6).
  static constexpr std::chrono::seconds usual_lock{60};

  service_bus(http::client& http, const clock& time, sas_keys& keys, service_bus_settings settings);

  // Puts a message into a queue. A timeout or cut after the body has left means that it may be
  // there. Not retryable: 400. A queue that is full, or is not there, may be cured.
  http::awaitable<result<void>> send(std::string queue,
                                     std::shared_ptr<const random_access_source> body);
  // Locks the first message that is free; its body goes to `to`. The service waits up to `wait` for
  // one; nullopt when none came. A body beyond `max_bytes` is too_large; it stays locked.
  http::awaitable<result<std::optional<locked_message>>> receive(std::string queue,
                                                                 std::chrono::seconds wait,
                                                                 std::shared_ptr<byte_sink> to,
                                                                 std::uint64_t max_bytes);
  // Takes a locked message out of its queue. http_errc::refused when the lock is lost (404).
  http::awaitable<result<void>> complete(locked_message);
  // Lets others, and us, have it again at once.
  http::awaitable<result<void>> unlock(locked_message);
  // The lock lasts as long again.
  http::awaitable<result<void>> renew(locked_message);

 private:
  struct call;
  http::awaitable<result<http::response>> perform(call what);
  http::awaitable<result<void>> with_lock(std::string_view verb, std::string method,
                                          locked_message);

  http::client& http_;
  const clock& time_;
  sas_keys& keys_;
  service_bus_settings settings_;
};

}  // namespace kp::dpe
