#pragma once

#include "actors/context.hpp"
#include "protocol/altinn/broker.hpp"
#include "protocol/dpv/correspondence.hpp"
#include "protocol/registry/registry.hpp"

#include <functional>
#include <map>
#include <span>

namespace kp::actors {

class dpfio_line;

// One organisation's clients of the national services. Made cheaply; key stores are opened at first
// use, on a worker. Lives on the network thread, shared by its users.
class upstream : public std::enable_shared_from_this<upstream> {
 public:
  // Waits for a turn under the national limits: (client id, endpoint).
  using turn =
      std::function<http::awaitable<result<void>>(std::string client, std::string endpoint)>;

  // Says that the national service wants rest from a client at an endpoint, so that everybody who
  // shares them rests: (client id, endpoint, how long).
  using rest = std::function<void(std::string client, std::string endpoint, std::chrono::seconds)>;
  struct limits {
    turn wait_for_turn;
    rest back_off;
  };
  // How long to rest when the service does not say: the limits are counted per minute.
  static constexpr std::chrono::seconds usual_rest{60};
  static constexpr std::chrono::hours longest_rest{1};  // whatever Retry-After says

  upstream(std::shared_ptr<hub_context> hub, std::shared_ptr<const tenants::organisation> settings,
           limits shared);
  ~upstream();

  // Opens the key stores and makes the clients; a failure is kept for 60 s, then tried again. Every
  // user awaits this before anything below.
  http::awaitable<result<void>> ready();

  const crypto::keystore& keys() const;                       // signs and authenticates
  std::span<const crypto::keystore> decryption_keys() const;  // current first
  registry::client& registry();
  // The tokens of the organisation itself (MOVE_IP_<number>), and the scopes that its services
  // need.
  maskinporten::client& own_tokens();
  std::vector<std::string> own_scopes() const;
  // Broker as `as` sees it; the reference stays valid.
  altinn::broker& broker(const maskinporten::system_user& as);
  dpv::correspondence& correspondence();
  const std::string& dpo_client_id() const;
  // What DPFIO keeps for as long as these clients are used; its port makes it.
  std::shared_ptr<dpfio_line>& fiks_io();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace kp::actors
