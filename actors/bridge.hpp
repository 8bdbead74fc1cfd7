#pragma once

#include "actors/caf.hpp"
#include "actors/context.hpp"
#include "protocol/http/http_error.hpp"

#include <boost/asio/detached.hpp>

// Between coroutines on the network thread and actors.

namespace kp::actors {

// From an actor: runs `work` (makes an awaitable<T>; T movable) on the network thread; afterwards
// `self` receives `wrap(T)` as a message. Exceptions of the coroutine end up in `failed(text)`, also a
// message. The actor may be gone by then; that is fine.
template <class Message, class Work>
void start(caf::event_based_actor* self, http::asio::io_context& network, Work work) {
  auto addr = caf::actor_cast<caf::actor_addr>(self);
  auto task = [](caf::actor_addr to, Work run) -> http::awaitable<void> {
    Message message = co_await run();
    if (auto target = caf::actor_cast<caf::actor>(to)) caf::anon_send(target, std::move(message));
  };
  http::asio::co_spawn(network, task(std::move(addr), std::move(work)), http::asio::detached);
}

// From a coroutine on the network thread: sends `message` to `to` and waits for its `Answer`.
// Errors: http_errc::timeout, http_errc::cancelled when the actor is gone.
// The answer is carried by a small actor of its own, so that actors never wait.
template <class Answer, class Message>
http::awaitable<result<Answer>> ask(caf::actor_system& system, caf::actor to, Message message,
                                    std::chrono::milliseconds deadline);

}  // namespace kp::actors

#include "actors/bridge_impl.hpp"
