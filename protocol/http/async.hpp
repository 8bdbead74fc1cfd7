#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <optional>
#include <utility>

// Coroutines run on the one network thread; what blocks (disk, cipher, signatures) runs on workers.
//
// g++ 12 copies a temporary lambda with captures bitwise when it is written inside a co_await
// expression. Never do that: name the lambda first, as below.

namespace kp::http {

namespace asio = boost::asio;
template <class T>
using awaitable = asio::awaitable<T>;

// Runs `work` (a callable without arguments) on `workers` and resumes on the caller's executor with
// what it returned. `work` must not throw. The result type must be movable.
template <class Work>
awaitable<std::invoke_result_t<Work&>> on_workers(asio::thread_pool& workers, Work work) {
  using value = std::invoke_result_t<Work&>;
  auto slot = std::make_shared<std::optional<value>>();
  auto executor = co_await asio::this_coro::executor;
  auto task = std::make_shared<Work>(std::move(work));
  auto initiation = [slot, executor, task, pool = &workers](auto handler) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    auto guard = asio::make_work_guard(executor);
    asio::post(*pool, [slot, executor, task, shared, guard]() mutable {
      slot->emplace((*task)());
      task.reset();
      asio::post(executor, [shared]() mutable { std::move (*shared)(); });
    });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(std::move(initiation),
                                                                       asio::use_awaitable);
  co_return std::move(**slot);
}

}  // namespace kp::http
