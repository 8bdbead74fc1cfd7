#pragma once

#include "config/clock.hpp"
#include "config/random.hpp"
#include "protocol/registry/registry.hpp"
#include "tools/probe/probe.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kp::probes {

// What the probes of one organisation share. Lives on the network thread.
class desk {
 public:
  using keystore = std::shared_ptr<const crypto::keystore>;

  desk(const hub_settings& settings, const tenants::organisation& organisation,
       const environment& values, http::asio::io_context& on, http::client& client,
       http::asio::thread_pool& pool, report& to);

  const hub_settings& hub;
  const tenants::organisation& who;
  const environment& variables;
  http::asio::io_context& network;
  http::client& http;
  http::asio::thread_pool& workers;
  const wall_clock time;
  const std::shared_ptr<random_source> random = make_secure_random();

  // Filled as they are found: the organisation's own first, then the previous ones.
  std::vector<keystore> keys;
  // Of the Service Registry; the client is there once Maskinporten has given a token for it.
  registry::signing_keys signers;
  std::unique_ptr<maskinporten::client> registry_tokens = nullptr;
  std::unique_ptr<registry::client> registry = nullptr;

  void good(std::string_view part, std::string text, std::string hint = {});
  void missing(std::string_view part, std::string text, std::string remedy);
  void not_asked(std::string_view part, std::string why);
  // What an error means: its own advice where it has one; what to do about the network or an outage
  // of `url` where it is that; else `otherwise`, since the service has answered and said no.
  void refused(std::string_view part, const error& why, const std::string& url,
               std::string otherwise);

  // After the key store is open. Tokens of `client_id`, or the organisation's own client.
  std::unique_ptr<maskinporten::client> tokens_of(const std::optional<std::string>& client_id,
                                                  bool sends_own_consumer = false) const;
  const std::string& client_of(const std::optional<std::string>& client_id) const;
  // Whether there is a token; says what is missing when there is none.
  http::awaitable<bool> has_token(std::string part, maskinporten::client& tokens,
                                  maskinporten::token_request wanted, std::string remedy);
  // The value of a secret; nullopt, and said, when it cannot be read.
  std::optional<std::string> read(std::string_view part, const secret& from);

 private:
  report& into_;
};

// "See that the client MOVE_IP_910077473 has the scope eformidling:dpv."
std::string see_scope(std::string_view client_id, std::string_view scope);

}  // namespace kp::probes
