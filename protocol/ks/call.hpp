#pragma once

#include "protocol/http/client.hpp"
#include "protocol/maskinporten/maskinporten.hpp"

#include <string>

namespace kp::ks {

// Calls of one integration at KS: each carries a token and the integration's credentials. A 401
// evicts the token and is tried once more. The answer, whatever its status, is a value. Errors:
// transport errors, after the name of the call; those of tokens as `without_token` makes them.
// `http` and `tokens` must outlive it. Lives on the network thread.
class caller {
 public:
  struct settings {
    maskinporten::token_request token;
    std::string integration_id, integration_password;
    error (*without_token)(error);  // nothing has been sent then
  };
  caller(http::client& http, maskinporten::client& tokens, settings how)
      : http_(http), tokens_(tokens), how_(std::move(how)) {}

  http::awaitable<result<http::response>> send(std::string named, http::request asked);
  // As http::client::download().
  http::awaitable<result<http::response>> download(std::string named, http::request asked,
                                                   std::shared_ptr<byte_sink> to,
                                                   std::uint64_t most);

 private:
  http::client& http_;
  maskinporten::client& tokens_;
  const settings how_;
};

}  // namespace kp::ks
