#pragma once

#include "actors/answer_desk.hpp"
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

template <class Answer>
answer_desk::taker take_to(http::asio::any_io_executor executor,
                           std::shared_ptr<pending_answer<Answer>> pending) {
  return [executor = std::move(executor),
          pending = std::move(pending)](caf::type_erased_tuple& answer) {
    result<Answer> value =
        transient(http::http_errc::cancelled, "the part of the hub that was asked stopped");
    if (answer.match_elements<Answer>()) value = answer.move_if_unshared<Answer>(0);
    http::asio::post(executor, [pending, value = std::move(value)]() mutable {
      if (pending->value) return;
      pending->value.emplace(std::move(value));
      pending->timer.cancel();
    });
  };
}

}  // namespace detail

template <class Answer, class Message>
http::awaitable<result<Answer>> ask(caf::actor_system& system, caf::actor to, Message message,
                                    std::chrono::milliseconds deadline) {
  auto executor = co_await http::asio::this_coro::executor;
  auto pending = std::make_shared<detail::pending_answer<Answer>>(executor);
  pending->timer.expires_after(deadline);
  const auto desk = answer_desk::of(system);
  const auto asked = desk->ask(to, caf::make_message(std::move(message)),
                               detail::take_to<Answer>(executor, pending));
  boost::system::error_code ignored;  // cancelled means that the answer is here
  co_await pending->timer.async_wait(
      http::asio::redirect_error(http::asio::use_awaitable, ignored));
  if (!pending->value) {
    desk->forget(asked);
    pending->value.emplace(error{});
    co_return transient(http::http_errc::timeout, "the hub did not answer in time");
  }
  co_return std::move(*pending->value);
}

}  // namespace kp::actors
