#include "actors/bridge.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

namespace kp::actors {

struct ping {
  int number = 0;
};
struct pong {
  int number = 0;
};

}  // namespace kp::actors

KP_MESSAGE(kp::actors::ping);
KP_MESSAGE(kp::actors::pong);

namespace kp::actors {
namespace {

using std::chrono::milliseconds;

class asking : public testing::Test {
 protected:
  // Asks from a coroutine of a network thread, and waits for the outcome.
  result<pong> ask_for_pong(const caf::actor& to, int number, milliseconds deadline) {
    result<pong> outcome = error{};
    auto task = [&]() -> http::awaitable<void> {
      outcome = co_await ask<pong>(system_, to, ping{number}, deadline);
    };
    http::asio::co_spawn(network_, task(), http::asio::detached);
    network_.restart();
    network_.run();
    return outcome;
  }

  caf::actor_system_config config_;
  caf::actor_system system_{config_};
  http::asio::io_context network_;
};

constexpr milliseconds long_enough{20'000};

TEST_F(asking, brings_the_answer_of_the_actor) {
  const auto echo = system_.spawn([](caf::event_based_actor*) -> caf::behavior {
    return {[](const ping& asked) { return pong{asked.number}; }};
  });
  for (int number = 1; number <= 100; ++number) {
    const auto outcome = ask_for_pong(echo, number, long_enough);
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->number, number);
  }
  caf::anon_send_exit(echo, caf::exit_reason::user_shutdown);
}

TEST_F(asking, many_at_once_gives_each_its_own_answer) {
  const auto echo = system_.spawn([](caf::event_based_actor*) -> caf::behavior {
    return {[](const ping& asked) { return pong{asked.number}; }};
  });
  int right = 0;
  auto task = [&](int number) -> http::awaitable<void> {
    const auto outcome = co_await ask<pong>(system_, echo, ping{number}, long_enough);
    if (outcome && outcome->number == number) ++right;
  };
  for (int number = 0; number < 500; ++number)
    http::asio::co_spawn(network_, task(number), http::asio::detached);
  network_.run();
  EXPECT_EQ(right, 500);
  caf::anon_send_exit(echo, caf::exit_reason::user_shutdown);
}

TEST_F(asking, says_so_at_once_when_the_actor_has_stopped) {
  const auto gone = system_.spawn([](caf::event_based_actor* self) { self->quit(); });
  const auto outcome = ask_for_pong(gone, 1, long_enough);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, http::http_errc::cancelled);
}

TEST_F(asking, says_so_at_once_when_the_actor_stops_with_the_question_unanswered) {
  const auto quitter = system_.spawn([](caf::event_based_actor* self) -> caf::behavior {
    return {[self](const ping&) -> caf::result<pong> {
      self->quit();
      return caf::delegated<pong>();
    }};
  });
  const auto first = ask_for_pong(quitter, 1, milliseconds(200));
  EXPECT_FALSE(first);
  const auto second = ask_for_pong(quitter, 2, long_enough);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, http::http_errc::cancelled);
}

TEST_F(asking, gives_up_at_the_deadline_and_ignores_what_comes_later) {
  std::vector<caf::response_promise> kept;
  const auto slow = system_.spawn([&kept](caf::event_based_actor* self) -> caf::behavior {
    return {[self, &kept](const ping& asked) -> caf::result<pong> {
      for (auto& late : kept) late.deliver(pong{-1});
      kept.clear();
      auto promise = self->make_response_promise();
      if (asked.number == 1)
        kept.push_back(promise);
      else
        promise.deliver(pong{asked.number});
      return promise;
    }};
  });
  const auto never = ask_for_pong(slow, 1, milliseconds(50));
  ASSERT_FALSE(never);
  EXPECT_EQ(never.error().code, http::http_errc::timeout);
  const auto next = ask_for_pong(slow, 2, long_enough);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->number, 2);
  caf::anon_send_exit(slow, caf::exit_reason::user_shutdown);
}

}  // namespace
}  // namespace kp::actors
