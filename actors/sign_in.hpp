#pragma once

#include "actors/context.hpp"
#include "protocol/http/server.hpp"
#include "protocol/http/single_flight.hpp"
#include "tenants/directory.hpp"

#include <memory>
#include <optional>
#include <string>

namespace kp::actors {

// Who asks: finds the channel that a request's credentials belong to. Lives on the network thread.
class sign_in {
 public:
  using seat = tenants::directory::seat;
  using scope = tenants::directory::scope;

  explicit sign_in(std::shared_ptr<hub_context> hub) : hub_(std::move(hub)) {}

  // Whom it knows from now on; before the first, nobody.
  void replace(std::shared_ptr<const tenants::directory> directory);

  // nullopt inside the result: nobody known, which is logged when credentials were given. Errors:
  // http_errc::unavailable (transient) when too many sign-ins are being checked. Both references
  // outlive the wait.
  http::awaitable<result<std::optional<seat>>> authenticate(const http::request_head& head,
                                                            const scope& within);

 private:
  struct credentials;
  static std::optional<credentials> basic_credentials(const http::headers& headers);
  static std::string key_of(const credentials& given, const scope& within);
  http::awaitable<result<std::optional<seat>>> check_password(credentials given, scope within);

  std::shared_ptr<hub_context> hub_;
  std::shared_ptr<const tenants::directory> directory_;
  std::size_t password_checks_ = 0;
  http::single_flight<std::string, std::optional<seat>> checks_;
};

}  // namespace kp::actors
