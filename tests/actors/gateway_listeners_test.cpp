#include "tests/actors/listening.hpp"

using namespace kp;
using namespace kp::actors;
using namespace kp::test;
using namespace std::chrono_literals;

namespace {

class waiting_peek : public listening_test {
 protected:
  // A peek that finds something once there is something.
  gateway_listeners::look peek() {
    return [this]() -> http::awaitable<http::server_response> {
      ++looks;
      http::server_response response;
      response.status = there ? 200 : 204;
      co_return response;
    };
  }
  http::awaitable<http::server_response> wait(std::chrono::seconds at_most) {
    return listeners.wait_for(somdalen, *channel_name::parse("arkiv"), at_most, head, connection,
                              peek());
  }
  // Begins to wait; the status of the answer will be in `status`.
  void begin(std::chrono::seconds at_most = 60s) {
    later<http::server_response>(
        wait(at_most), [this](const http::server_response& answer) { status = answer.status; });
    settle();
  }
  bool there = false;
  int looks = 0;
  unsigned status = 0;
};

std::string said(const std::expected<std::chrono::seconds, api::problem>& outcome) {
  return outcome ? std::to_string(outcome->count()) + " s"
                 : std::to_string(outcome.error().status) + " " + outcome.error().message;
}

}  // namespace

TEST_F(waiting_peek, is_answered_at_once_when_something_is_there) {
  there = true;
  EXPECT_EQ(ask(wait(60s)).status, 200u);
  EXPECT_EQ(looks, 1);
  EXPECT_EQ(listeners.count(), 0u);
}

TEST_F(waiting_peek, is_answered_as_soon_as_something_has_come) {
  begin();
  EXPECT_EQ(looks, 1);
  EXPECT_EQ(status, 0u);
  EXPECT_EQ(listeners.count(), 1u);
  there = true;
  const auto came = std::chrono::steady_clock::now();
  arrives();
  run_until([&] { return status != 0; });
  EXPECT_LT(std::chrono::steady_clock::now() - came, 900ms);
  EXPECT_EQ(status, 200u);
  EXPECT_EQ(looks, 2);
}

TEST_F(waiting_peek, goes_on_waiting_when_what_came_was_not_for_it) {
  begin();
  arrives();
  run_until([&] { return looks == 2; });
  EXPECT_EQ(status, 0u);
  there = true;
  arrives();
  run_until([&] { return status == 200; });
}

TEST_F(waiting_peek, hears_nothing_of_another_channel) {
  begin();
  happens("theirs", fag);
  settle();
  EXPECT_EQ(looks, 1);
}

TEST_F(waiting_peek, ends_with_204_at_its_deadline) {
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(ask(wait(1s)).status, 204u);
  EXPECT_GE(std::chrono::steady_clock::now() - began, 1s);
}

TEST_F(waiting_peek, does_not_look_and_so_not_lock_for_a_client_that_has_gone) {
  begin();
  connection.gone = true;
  there = true;
  arrives();
  run_until([&] { return status != 0; });
  EXPECT_EQ(status, 204u);
  EXPECT_EQ(looks, 1);
  EXPECT_EQ(listeners.count(), 0u);
}

TEST_F(waiting_peek, ends_when_the_hub_stops) {
  begin();
  listeners.stop();
  run_until([&] { return status == 204; });
}

TEST_F(waiting_peek, is_one_of_a_bounded_number_in_its_channel) {
  hub->settings.max_listeners_per_channel = 2;
  begin();
  begin();
  const auto third = ask(wait(60s));
  EXPECT_EQ(third.status, 429u);
  EXPECT_TRUE(third.headers.find("Retry-After"));
  EXPECT_NE(third.body.find("The channel has 2 event streams"), std::string::npos);
  const auto elsewhere =
      ask(listeners.wait_for(somdalen, *channel_name::parse("fag"), 0s, head, connection, peek()));
  EXPECT_EQ(elsewhere.status, 204u);
  there = true;
  arrives();
  run_until([&] { return listeners.count() == 0; });
  EXPECT_EQ(ask(wait(60s)).status, 200u);
}

TEST_F(waiting_peek, is_one_of_a_bounded_number_in_all) {
  hub->settings.max_listeners = 1;
  begin();
  const auto second =
      ask(listeners.wait_for(somdalen, *channel_name::parse("fag"), 1s, head, connection, peek()));
  EXPECT_EQ(second.status, 503u);
  EXPECT_TRUE(second.headers.find("Retry-After"));
}

TEST(wait_of_a_peek, is_given_in_seconds_with_or_without_their_unit) {
  EXPECT_EQ(said(gateway_listeners::wait_of("")), "0 s");
  EXPECT_EQ(said(gateway_listeners::wait_of("process=x")), "0 s");
  EXPECT_EQ(said(gateway_listeners::wait_of("wait=30s")), "30 s");
  EXPECT_EQ(said(gateway_listeners::wait_of("process=x&wait=30")), "30 s");
  EXPECT_EQ(said(gateway_listeners::wait_of("wait=0")), "0 s");
  EXPECT_EQ(said(gateway_listeners::wait_of("wait=60s")), "60 s");
}

TEST(wait_of_a_peek, is_refused_when_it_is_no_number_of_seconds_up_to_a_minute) {
  for (const auto* query : {"wait=", "wait=s", "wait=61", "wait=-1", "wait=1m", "wait=1.5",
                            "wait=99999999999999999999"})
    EXPECT_TRUE(said(gateway_listeners::wait_of(query)).starts_with("400 wait cannot be this"))
        << query;
}
