#include "protocol/http/http_error.hpp"
#include "protocol/status_service/reporter.hpp"
#include "tests/protocol/maskinporten/national_services.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

namespace kp::status_service {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using test::answer;
using test::national_services;
using test::seen_request;
using testing::HasSubstr;

constexpr auto path = "/logging/api/status";

const std::shared_ptr<const crypto::keystore>& keys() {
  static const auto made = test::make_keystore();
  return made;
}

// Maskinporten gives tokens t1, t2, ...; what the status service answers is the test's.
struct reporting {
  explicit reporting(national_services::script status_plays)
      : services([this, status_plays = std::move(status_plays)](const seen_request& seen) {
          if (seen.target != "/token") return status_plays(seen);
          if (refuses_tokens)
            return answer(400, R"j({"error":"invalid_scope","error_description":"(MP-200)"})j");
          return answer(200, test::token_answer("t" + std::to_string(++tokens_made), 120));
        }) {
    maskinporten::client_settings settings;
    settings.token_url = services.url("/token");
    settings.audience = "https://test.maskinporten.no/";
    settings.client_id = "MOVE_IP_910077473";
    tokens.emplace(services.client(), services.workers(), time, *random, settings, keys());
    to = make_http_wire(services.client(), services.url(path));
  }
  outcome send() {
    return services.on().run(report(*to, *tokens, {"move/dpo.read"}, R"({"status":"SENDT"})"));
  }

  std::atomic<int> tokens_made = 0;
  std::atomic<bool> refuses_tokens = false;
  manual_clock time{test::noon};
  std::shared_ptr<random_source> random = make_seeded_random(1);
  national_services services;
  std::optional<maskinporten::client> tokens;
  std::unique_ptr<wire> to;
};

national_services::script always(unsigned status, http::headers headers = {}) {
  return [=](const seen_request&) { return answer(status, "", headers); };
}

}  // namespace

TEST(status_wire, posts_one_document_with_the_token_of_the_organisation) {
  reporting it(always(200));
  EXPECT_TRUE(it.send().taken());
  const auto seen = it.services.seen(path);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].method, "POST");
  EXPECT_EQ(seen[0].header("Authorization"), "Bearer t1");
  EXPECT_EQ(seen[0].header("Content-Type"), "application/json");
  EXPECT_EQ(seen[0].body, R"({"status":"SENDT"})");
}

TEST(status_wire, asks_maskinporten_once_for_many_documents) {
  reporting it(always(200));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(it.send().taken());
  EXPECT_EQ(it.tokens_made, 1);
}

TEST(status_wire, replaces_a_token_that_is_not_accepted_once) {
  std::atomic<int> calls = 0;
  reporting it([&](const seen_request&) { return answer(++calls == 1 ? 401 : 200); });
  EXPECT_TRUE(it.send().taken());
  const auto seen = it.services.seen(path);
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[1].header("Authorization"), "Bearer t2");
}

TEST(status_wire, gives_up_on_tokens_that_are_refused_twice_and_keeps_none) {
  reporting it(always(401));
  EXPECT_EQ(it.send().what, verdict::unauthorized);
  EXPECT_EQ(it.services.seen(path).size(), 2U);
  it.send();
  EXPECT_EQ(it.tokens_made, 4) << "a refused token was used again";
}

TEST(status_wire, judges_answers_as_the_page_says) {
  const std::vector<std::pair<unsigned, verdict>> expected{
      {400, verdict::refused},       {415, verdict::refused},       {422, verdict::refused},
      {403, verdict::misconfigured}, {404, verdict::misconfigured}, {302, verdict::misconfigured},
      {408, verdict::unavailable},   {429, verdict::unavailable},   {500, verdict::unavailable},
      {503, verdict::unavailable}};
  for (const auto& [status, what] : expected) {
    reporting it(always(status));
    const auto made = it.send();
    EXPECT_EQ(made.what, what) << status;
    EXPECT_THAT(made.why, HasSubstr(std::to_string(status)));
  }
}

TEST(status_wire, says_how_long_the_service_wants_rest) {
  reporting it(always(429, {{"Retry-After", "17"}}));
  EXPECT_EQ(it.send().retry_after, std::optional(17s));
}

TEST(status_wire, repeats_at_once_what_was_cut_off_without_an_answer) {
  reporting it(always(200));
  // A peer that takes a connection and closes it, then one that answers.
  asio::io_context here;
  asio::ip::tcp::acceptor acceptor(here, {asio::ip::make_address("127.0.0.1"), 0});
  it.to = make_http_wire(it.services.client(),
                         "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()));
  auto sent = std::async(std::launch::async, [&] { return it.send(); });
  test::raw_peer first(acceptor.accept());
  EXPECT_THAT(first.hear_until(R"({"status":"SENDT"})"), HasSubstr("POST"));
  first.reset();
  test::raw_peer second(acceptor.accept());
  EXPECT_THAT(second.hear_until(R"({"status":"SENDT"})"), HasSubstr("POST"));
  second.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(sent.get().taken());
}

TEST(status_wire, tells_a_dead_service_from_a_client_that_lacks_a_scope) {
  reporting it(always(200));
  it.refuses_tokens = true;
  const auto made = it.send();
  EXPECT_EQ(made.what, verdict::misconfigured);
  EXPECT_THAT(made.why, HasSubstr("MP-200"));
  it.refuses_tokens = false;
  it.to = make_http_wire(it.services.client(), "http://127.0.0.1:1/logging/api/status");
  EXPECT_EQ(it.send().what, verdict::unavailable);
}

}  // namespace kp::status_service
