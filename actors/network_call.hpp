#pragma once

#include "actors/context.hpp"
#include "protocol/http/http_error.hpp"

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <functional>

namespace kp::actors {

inline error in_broken_code(std::exception_ptr thrown) {
  try {
    std::rethrow_exception(std::move(thrown));
  } catch (const std::exception& e) {
    return transient(http::http_errc::cancelled, std::string("unexpected: ") + e.what());
  } catch (...) {
    return transient(http::http_errc::cancelled, "unexpected failure");
  }
}

// Runs a coroutine on the network thread; whatever comes of it, `then` is called once, there.
template <class T>
void run_on_network(hub_context& hub, http::awaitable<result<T>> work,
                    std::function<void(result<T>)> then) {
  http::asio::co_spawn(hub.network, std::move(work),
                       [then = std::move(then)](std::exception_ptr thrown, result<T> value) {
                         if (thrown) return then(in_broken_code(std::move(thrown)));
                         then(std::move(value));
                       });
}

}  // namespace kp::actors
