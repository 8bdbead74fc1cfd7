#pragma once

#include "protocol/maskinporten/maskinporten.hpp"

namespace kp::altinn {

// Altinn tokens for one Maskinporten client (dpo.md 2.2, 2.3): exchanged, cached per system user and
// scope for 25 minutes or until their exp, whichever is first. A system user without organisation is
// none: the token is the client's own (dpv.md 2.1). Lives on the network thread.
class token_exchange {
 public:
  token_exchange(http::client& http, const clock& time, maskinporten::client& maskinporten,
                 std::string exchange_url);
  ~token_exchange();
  http::awaitable<result<std::string>> get(const maskinporten::system_user&, std::string scope);
  void forget(const maskinporten::system_user&, std::string_view scope);

 private:
  struct state;
  static http::awaitable<result<std::string>> fetch(std::shared_ptr<state> own,
                                                    maskinporten::system_user user, std::string scope);
  std::shared_ptr<state> state_;
};

}  // namespace kp::altinn
