#pragma once

#include "actors/caf.hpp"
#include "actors/gateway_seats.hpp"
#include "actors/gateway_transfer.hpp"
#include "actors/route.hpp"

#include <memory>
#include <optional>
#include <string>

// Carries requests that are let in to the actors of their channels, and the answers back. On the
// network thread.

namespace kp::actors {

class gateway_calls {
 public:
  gateway_calls(std::shared_ptr<hub_context> hub, caf::actor_system& system)
      : hub_(std::move(hub)), system_(system) {}

  // Has its organisation make the channel if it is at rest; whether there is one now.
  http::awaitable<bool> wake(std::shared_ptr<open_seat> seat);

  // Whatever they refer to outlives the wait.
  http::awaitable<http::server_response> call(caf::actor channel, tenants::directory::seat who,
                                              const route::call& to, const http::request_head& head,
                                              http::request_body& body);
  http::awaitable<http::server_response> upload(caf::actor channel, organisation_id organisation,
                                                const route::upload& to,
                                                const http::request_head& head,
                                                http::request_body& body);
  http::awaitable<http::server_response> multipart(caf::actor channel, organisation_id organisation,
                                                   const http::request_head& head,
                                                   http::request_body& body);

 private:
  time_point now() const { return hub_->time.now(); }

  std::shared_ptr<hub_context> hub_;
  caf::actor_system& system_;
  organisations with_data_key_;
};

// The value of a header field.
std::optional<std::string> text_of(const http::headers& headers, std::string_view name);

}  // namespace kp::actors
