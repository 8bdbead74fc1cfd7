#pragma once

#include "actors/caf.hpp"
#include "actors/context.hpp"
#include "config/log.hpp"
#include "protocol/http/http_error.hpp"

#include <boost/asio/detached.hpp>

// Between coroutines on the network thread and actors.

namespace kp::actors {

// From an actor: runs `work` (a callable that makes an awaitable<Message>) on the network thread;
// afterwards `self` receives the message. The actor may be gone by then; that is fine. A coroutine
// that throws is a bug: it is logged, and nothing is received.
template <class Message, class Work>
void start(caf::event_based_actor* self, http::asio::io_context& network, Work work) {
  auto task = [](caf::actor_addr to, Work run) -> http::awaitable<void> {
    try {
      Message message = co_await run();
      if (auto target = caf::actor_cast<caf::actor>(to)) caf::anon_send(target, std::move(message));
    } catch (const std::exception& e) {
      log(log_level::error, std::string("a task on the network thread failed: ") + e.what());
    }
  };
  http::asio::co_spawn(network, task(caf::actor_cast<caf::actor_addr>(self), std::move(work)),
                       http::asio::detached);
}

// From a coroutine on the network thread: sends `message` to `to` and waits for its `Answer`.
// Errors: http_errc::timeout, http_errc::cancelled when the actor is gone.
// Actors never wait for the answer to be taken.
template <class Answer, class Message>
http::awaitable<result<Answer>> ask(caf::actor_system& system, caf::actor to, Message message,
                                    std::chrono::milliseconds deadline);

}  // namespace kp::actors

#include "actors/bridge_impl.hpp"
