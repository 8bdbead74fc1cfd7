#pragma once

#include "actors/context.hpp"
#include "actors/sign_in_guard.hpp"
#include "protocol/http/server.hpp"
#include "protocol/http/single_flight.hpp"
#include "tenants/directory.hpp"

#include <memory>
#include <optional>
#include <string>

namespace kp::jwt {
class verifier;
}
namespace kp::http {
struct basic_credentials;
}

namespace kp::actors {

// Who asks: finds the channel that a request's credentials belong to, by HTTP Basic, a bearer API
// key or token, or, when the request has no Authorization, by the client certificate of its
// connection. Denied by default. Lives on the network thread.
class sign_in {
 public:
  using seat = tenants::directory::seat;
  using scope = tenants::directory::scope;

  explicit sign_in(std::shared_ptr<hub_context> hub);
  ~sign_in();

  // Whom it knows from now on; before the first, nobody.
  void replace(std::shared_ptr<const tenants::directory> directory);

  // nullopt inside the result: nobody known, which is logged when credentials were given, and told
  // only after a while when that happens often (actors/sign_in_guard.hpp). Errors, all transient:
  // http_errc::rate_limited when this address guesses too much, http_errc::unavailable when too
  // many sign-ins are being checked, jwt_errc::no_keys when a token cannot be verified now. Both
  // references outlive the wait.
  http::awaitable<result<std::optional<seat>>> authenticate(const http::request_head& head,
                                                            const scope& within);

 private:
  // Where a request came from, for the guard and the log.
  struct origin {
    std::string address;
    std::string agent;
  };
  using found = result<std::optional<seat>>;

  http::awaitable<found> by_password(http::basic_credentials given, scope within, origin from);
  http::awaitable<found> check_password(http::basic_credentials given, scope within, origin from);
  http::awaitable<found> by_token(std::string token, scope within, origin from);
  struct refusal {
    std::string who;   // as far as it is known, and no secret
    std::string user;  // what failures are counted for; empty: for the address alone
    std::string why;
  };
  // Logs, and waits as the guard says.
  http::awaitable<found> refused(refusal what, origin from);

  std::shared_ptr<hub_context> hub_;
  std::shared_ptr<const tenants::directory> directory_;
  std::unique_ptr<jwt::verifier> tokens_;
  sign_in_guard guard_;
  std::size_t password_checks_ = 0;
  http::single_flight<std::string, std::optional<seat>> checks_;
};

}  // namespace kp::actors
