#pragma once

#include "actors/context.hpp"
#include "protocol/altinn/broker.hpp"
#include "protocol/registry/registry.hpp"

#include <functional>
#include <map>
#include <span>

namespace kp::actors {

// One organisation's clients of the national services. Made cheaply; key stores are opened at first
// use, on a worker. Lives on the network thread, shared by its users.
class upstream : public std::enable_shared_from_this<upstream> {
 public:
  // Waits for a turn under the national limits: (client id, endpoint).
  using turn = std::function<http::awaitable<result<void>>(std::string client, std::string endpoint)>;

  upstream(std::shared_ptr<hub_context> hub, std::shared_ptr<const tenants::organisation> settings,
           turn wait_for_turn);
  ~upstream();

  // Opens the key stores and makes the clients; a failure is kept for 60 s, then tried again. Every
  // user awaits this before anything below.
  http::awaitable<result<void>> ready();

  const crypto::keystore& keys() const;                       // signs and authenticates
  std::span<const crypto::keystore> decryption_keys() const;  // current first
  registry::client& registry();
  // Broker as `as` sees it; the reference stays valid.
  altinn::broker& broker(const maskinporten::system_user& as);
  const std::string& dpo_client_id() const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace kp::actors
