#include "actors/webhook_transport.hpp"

#include "protocol/http/client.hpp"
#include "tests/protocol/http/loopback.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

namespace kp::actors {
namespace {

using testing::HasSubstr;

class webhook_transport_test : public testing::Test {
 protected:
  // What comes of posting to that target of a subscriber that answers by its path.
  webhook_outcome post(const std::string& host, const std::string& target) {
    auto transport = make_webhook_transport(on.context(), *client(), settings);
    webhook_push push;
    push.url = "http://" + host + ":" + std::to_string(server.port()) + target;
    push.headers.add("Content-Type", "application/json");
    push.headers.add("Knutepunkt-Attempt", "1");
    push.body = R"({"event":"ping"})";
    std::promise<webhook_outcome> done;
    transport->post(push, [&](webhook_outcome outcome) { done.set_value(std::move(outcome)); });
    return done.get_future().get();
  }
  ~webhook_transport_test() override {
    on.call([&] { client_.reset(); });
    workers.join();
  }
  http::client* client() {
    if (!client_)
      client_ = on.call(
          [&] { return std::move(*webhook_client(on.context(), workers, settings, {}, {})); });
    return client_.get();
  }

  webhook_settings settings{.to_private = webhook_settings::private_targets::allow};
  std::atomic<int> calls{0};
  std::string seen;
  http::asio::thread_pool workers{1};
  test::network on;
  test::test_server server{
      on,
      [this](const http::request_head& head,
             http::request_body& body) -> http::awaitable<http::server_response> {
        ++calls;
        auto text = co_await http::read_all(body, 1000);
        seen = std::string(head.headers.find("Knutepunkt-Attempt").value_or("")) + " " +
               std::string(head.headers.find("User-Agent").value_or("")) + " " + *text;
        http::server_response answer;
        if (head.path == "/moved") {
          answer.status = 307;
          answer.headers.add("Location", "/taken");
        } else if (head.path == "/busy") {
          answer.status = 503;
          answer.headers.add("Retry-After", "17");
        } else if (head.path == "/long") {
          answer.body = std::string(1'000'000, 'x');
        }
        co_return answer;
      }};
  std::unique_ptr<http::client> client_;
};

TEST_F(webhook_transport_test, posts_and_tells_the_status) {
  EXPECT_TRUE(post("127.0.0.1", "/taken").taken());
  EXPECT_THAT(seen, HasSubstr("1 Knutepunkt/"));
  EXPECT_THAT(seen, HasSubstr(R"({"event":"ping"})"));
  EXPECT_TRUE(post("127.0.0.1", "/long").taken());
  const auto busy = post("127.0.0.1", "/busy");
  EXPECT_EQ(busy.why(), "HTTP 503");
  EXPECT_EQ(busy.retry_after, std::chrono::seconds(17));
}

TEST_F(webhook_transport_test, follows_no_redirect) {
  EXPECT_EQ(post("127.0.0.1", "/moved").status, 307u);
  EXPECT_EQ(calls, 1);
}

TEST_F(webhook_transport_test, reaches_no_private_address_by_any_name_when_that_is_forbidden) {
  settings.to_private = webhook_settings::private_targets::forbid;
  for (const auto* host : {"127.0.0.1", "localhost", "2130706433", "[::1]", "[::ffff:127.0.0.1]"}) {
    const auto outcome = post(host, "/taken");
    EXPECT_EQ(outcome.status, 0u) << host;
    EXPECT_FALSE(outcome.problem.empty()) << host;
  }
  EXPECT_EQ(calls, 0);
}

TEST_F(webhook_transport_test, posts_to_https_only_when_told_so) {
  settings.https_only = true;
  EXPECT_THAT(post("127.0.0.1", "/taken").problem, HasSubstr("https://"));
  EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace kp::actors
