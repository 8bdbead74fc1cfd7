#pragma once

#include "actors/bells.hpp"
#include "actors/context.hpp"
#include "protocol/api/error_body.hpp"
#include "protocol/http/server.hpp"
#include "tenants/directory.hpp"

#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <unordered_set>

// Requests that wait for something to happen in a channel: event streams and peeks that wait. They
// are counted apart from requests in flight, whose slots they would hold for ever. On the network
// thread.

namespace kp::actors {

class gateway_listeners;

// A place among those who wait, with an ear for the channel.
class listening_place {
 public:
  ~listening_place();
  listening_place(const listening_place&) = delete;
  listening_place& operator=(const listening_place&) = delete;

  // As bell_ear::wait.
  http::awaitable<bool> wait(std::chrono::milliseconds at_most) { return ear_.wait(at_most); }
  // Whoever waits should finish, and show nothing more: the hub stops, or who waits may no longer.
  bool interrupted() const { return ear_.interrupted(); }
  // What let it in does so no longer, or not to the same.
  bool revoked() const { return revoked_; }

 private:
  friend class gateway_listeners;
  struct counts;
  listening_place(std::shared_ptr<counts> in, bells& where, bells::place of,
                  tenants::directory::seat who, http::asio::any_io_executor executor);

  std::shared_ptr<counts> counts_;
  bells::place of_;
  tenants::directory::seat who_;
  bell_ear ear_;
  bool revoked_ = false;
};

class gateway_listeners {
 public:
  explicit gateway_listeners(std::shared_ptr<hub_context> hub);

  // GET /api/events, for a client that has signed in.
  http::awaitable<http::server_response> stream(tenants::directory::seat who,
                                                const http::request_head& head,
                                                http::request_body& connection);

  // How long a peek may wait, as its query says (`wait=30s` or `wait=30`); nothing when it says
  // nothing or zero.
  static constexpr std::chrono::seconds longest_wait{60};
  static std::expected<std::chrono::seconds, api::problem> wait_of(std::string_view query);

  // Looks with `peek` when something has happened in the channel, until it answers something else
  // than 204 or `at_most` has passed. Nothing is looked at, and so nothing locked, for a client
  // that has gone, or that may no longer: that one is answered 401.
  using look = std::function<http::awaitable<http::server_response>()>;
  http::awaitable<http::server_response> wait_for(tenants::directory::seat who,
                                                  std::chrono::seconds at_most,
                                                  const http::request_head& head,
                                                  http::request_body& connection, look peek);

  // Ends those whose credential is gone or is another one now, and those of channels that are
  // gone; who waits from now on must be in this directory.
  void follow(std::shared_ptr<const tenants::directory>);

  // Ends all that wait, in order, and admits nobody any more.
  void stop();
  std::size_t count() const;

 private:
  using place = std::unique_ptr<listening_place>;
  http::awaitable<std::expected<place, api::problem>> take(tenants::directory::seat who);
  http::server_response refused(const api::problem& why, const http::request_head& head) const;

  std::shared_ptr<hub_context> hub_;
  std::shared_ptr<const tenants::directory> newest_;
  std::shared_ptr<listening_place::counts> counts_;
};

}  // namespace kp::actors
