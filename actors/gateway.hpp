#pragma once

#include "actors/organisation.hpp"
#include "actors/quotas.hpp"
#include "protocol/http/server.hpp"
#include "tenants/directory.hpp"

#include <functional>
#include <memory>

namespace kp::actors {

// The REST listener and what it needs to find a channel: lives on the network thread.
class gateway_desk : public std::enable_shared_from_this<gateway_desk> {
 public:
  // `usage` follows the commits of the store (quota_store).
  gateway_desk(std::shared_ptr<hub_context> hub, caf::actor_system& system,
               std::shared_ptr<quota_usage> usage = std::make_shared<quota_usage>());
  ~gateway_desk();

  // Opens the listener. Before the network thread runs, or on it.
  result<std::uint16_t> listen();

  // On the network thread.
  void replace(std::shared_ptr<const tenants::directory> directory);
  std::shared_ptr<const tenants::directory> directory() const;  // nullptr before the first
  void replace(const directory_changed& now);
  void seat(const seat_opened& opened);
  // Calls `then` once, when `count` different seats have been opened; at once for none.
  void when_seated(std::size_t count, std::function<void()> then);
  http::awaitable<void> stop(std::chrono::milliseconds deadline);

  // How often quotas were exceeded since the start. On the network thread.
  const quotas::excesses& quotas_exceeded() const;

  // Requests that are being handled now.
  std::size_t in_flight() const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

// The gateway as the other actors see it. Understands seat_opened, directory_changed.
caf::behavior gateway(caf::event_based_actor* self, std::shared_ptr<hub_context> hub,
                      std::shared_ptr<gateway_desk> desk);

}  // namespace kp::actors
