#pragma once

#include "config/random.hpp"
#include "protocol/amqp/client.hpp"
#include "protocol/dpe/bus.hpp"
#include "protocol/dpe/sas_keys.hpp"

#include <map>

namespace kp::dpe {

struct amqp_bus_settings {
  std::string host;      // efm-dpe-prod.servicebus.windows.net
  std::string key_name;  // the policy: MoveDPE-prodPolicy
};

// The queues over AMQP 1.0 (dpe.md 11), by a connection that others use too. Before a queue is
// used, a token for it is put on "$cbs", anew before it runs out and after the connection was lost.
// Locks are ended on the link that a message came by, and by "<queue>/$management" when it is gone.
// A message is known by its number in its queue too: ids are the sender's to choose. Bodies are
// encoded and decoded on workers. Errors: those of amqp::client; of the key.
class amqp_bus final : public bus {
 public:
  // How long a token is good for, and how long before its end it is replaced.
  static constexpr std::chrono::minutes token_life{20};
  static constexpr std::chrono::minutes renew_before{5};

  amqp_bus(amqp::client& over, http::asio::thread_pool& workers, const clock& time,
           random_source& random, sas_keys& keys, amqp_bus_settings settings);

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
  bool can_set_aside() const override { return true; }

 private:
  struct grant {
    std::uint64_t connection = 0;
    time_point until{};
  };
  // Makes sure that the connection has a good token for the node.
  http::awaitable<result<void>> claim(std::string node);
  http::awaitable<result<void>> put_token(std::string node, std::uint64_t connection);
  http::awaitable<result<void>> settle(locked_message, amqp::outcome how, std::string disposition,
                                       std::string reason);
  http::awaitable<result<void>> manage(std::string queue, amqp::question asked);
  // A refused token is put anew next time.
  error noted(const std::string& node, error why);

  amqp::client& over_;
  http::asio::thread_pool& workers_;
  const clock& time_;
  random_source& random_;
  sas_keys& keys_;
  const amqp_bus_settings settings_;
  std::map<std::string, grant> grants_;  // by node
};

}  // namespace kp::dpe
