#pragma once

#include "config/clock.hpp"
#include "config/random.hpp"
#include "protocol/crypto/certificate.hpp"
#include "protocol/http/client.hpp"

#include <string>
#include <vector>

namespace kp::maskinporten {

struct system_user {             // RFC 9396 authorization_details for DPO (dpo.md 2.1)
  std::string organisation;      // "0192:910077473"
  std::string name;              // externalRef
  friend auto operator<=>(const system_user&, const system_user&) = default;
};

struct client_settings {
  std::string token_url;
  std::string audience;
  std::string client_id;
  std::optional<std::string> key_id;   // JWK mode: kid instead of x5c
  // Sends consumer_org also when it is the organisation of the certificate (maskinporten.md 2.2 advises
  // against it).
  bool sends_own_consumer = false;
};

struct token_request {
  std::vector<std::string> scopes;
  std::optional<system_user> on_behalf_of;
  std::optional<std::string> consumer_org;
};

struct token { std::string value; time_point expires; };

// Tokens of one client (one organisation's or supplier's key) from Maskinporten: RFC 7523 grant,
// RS256, x5c with the leaf (maskinporten.md 2). Signing runs on workers. A token is cached per scope
// list, system user and consumer until 10 s (or a quarter of its life, if less) before it expires;
// simultaneous callers share one request. Lives on the network thread. Errors: transport errors;
// refused with Maskinporten's error, description and, for known codes, what an operator should do.
class client {
 public:
  client(http::client& http, http::asio::thread_pool& workers, const clock& time, random_source& random,
         client_settings settings, std::shared_ptr<const crypto::keystore> keys);
  ~client();
  http::awaitable<result<token>> get(token_request);
  void forget(const token_request&);   // after a 401

 private:
  struct state;
  static http::awaitable<result<token>> fetch(std::shared_ptr<state> own, token_request asked);
  std::shared_ptr<state> state_;
};

}  // namespace kp::maskinporten
