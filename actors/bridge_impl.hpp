#pragma once

#include "actors/bridge.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

namespace kp::actors {

namespace detail {

// What a waiting coroutine and the answering actor share. The timer belongs to the network thread.
template <class Answer>
struct pending_answer {
  explicit pending_answer(http::asio::any_io_executor executor) : timer(std::move(executor)) {}
  http::asio::steady_timer timer;
  std::optional<result<Answer>> value;
};

template <class Answer, class Message>
void ask_and_quit(caf::event_based_actor* self, const caf::actor& to, Message message,
                  http::asio::any_io_executor executor,
                  std::shared_ptr<pending_answer<Answer>> pending) {
  auto finish = [executor, pending](result<Answer> value) {
    http::asio::post(executor, [pending, value = std::move(value)]() mutable {
      if (pending->value) return;
      pending->value.emplace(std::move(value));
      pending->timer.cancel();
    });
  };
  self->request(to, caf::infinite, std::move(message))
      .then([finish](Answer& answer) { finish(std::move(answer)); },
            [finish](const caf::error&) {
              finish(transient(http::http_errc::cancelled,
                               "the part of the hub that was asked stopped"));
            });
}

}  // namespace detail

template <class Answer, class Message>
http::awaitable<result<Answer>> ask(caf::actor_system& system, caf::actor to, Message message,
                                    std::chrono::milliseconds deadline) {
  auto executor = co_await http::asio::this_coro::executor;
  auto pending = std::make_shared<detail::pending_answer<Answer>>(executor);
  pending->timer.expires_after(deadline);
  system.spawn([to = std::move(to), message = std::move(message), executor,
                pending](caf::event_based_actor* self) mutable {
    detail::ask_and_quit<Answer>(self, to, std::move(message), executor, pending);
  });
  boost::system::error_code ignored;  // cancelled means that the answer is here
  co_await pending->timer.async_wait(
      http::asio::redirect_error(http::asio::use_awaitable, ignored));
  if (!pending->value) {
    pending->value.emplace(error{});
    co_return transient(http::http_errc::timeout, "the hub did not answer in time");
  }
  co_return std::move(*pending->value);
}

}  // namespace kp::actors
