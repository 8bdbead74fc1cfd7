#pragma once

#include "protocol/dpe/bus.hpp"
#include "protocol/dpe/sas_keys.hpp"

#include <optional>
#include <string>

// The queues of Azure Service Bus over HTTP (dpe.md 6).

namespace kp::dpe {

// The header BrokerProperties of a peek-lock (dpe.md 6.2). Error: http_errc::bad_answer, when it is
// no JSON object or lacks MessageId or LockToken.
result<locked_message> parse_broker_properties(std::string_view header, std::string queue);

struct service_bus_settings {
  std::string base_url;  // https://efm-dpe-prod.servicebus.windows.net
  std::string key_name;  // the policy: MoveDPE-prodPolicy
};

// The REST interface: every call carries a token of its own for exactly its URL. Errors: transport
// errors; http_errc with "Service Bus <call>" and the status; those of the key. Not retryable: 400,
// and 404, which is a lost lock.
class service_bus final : public bus {
 public:
  service_bus(http::client& http, const clock& time, sas_keys& keys, service_bus_settings settings);

  http::awaitable<result<void>> send(std::string queue,
                                     std::shared_ptr<const random_access_source> body) override;
  http::awaitable<result<std::optional<locked_message>>> receive(std::string queue,
                                                                 std::chrono::seconds wait,
                                                                 std::shared_ptr<byte_sink> to,
                                                                 std::uint64_t max_bytes) override;
  http::awaitable<result<void>> complete(locked_message) override;
  http::awaitable<result<void>> unlock(locked_message) override;
  http::awaitable<result<void>> renew(locked_message) override;
  http::awaitable<result<void>> set_aside(locked_message, std::string reason) override;
  bool can_set_aside() const override { return false; }

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
