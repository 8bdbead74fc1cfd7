#include "protocol/dph/adapter.hpp"

#include "protocol/http/http_error.hpp"
#include "tests/protocol/maskinporten/national_services.hpp"
#include "tests/support/fixtures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

namespace kp::dph {
namespace {

using test::answer;
using test::national_services;
using test::seen_request;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const std::string reference = "3ef83023-3532-4f9c-9b9a-0ebfba6de4c5";
const std::string owner = "910075918";

struct asking {
  explicit asking(national_services::script plays)
      : services([this, plays = std::move(plays)](const seen_request& seen) {
          if (seen.target == "/token") {
            grants.push_back(seen.body);
            return answer(200, test::token_answer("t" + std::to_string(++tokens_made), 120));
          }
          return plays(seen);
        }) {
    static const auto keys = test::make_keystore();
    maskinporten::client_settings settings;
    settings.token_url = services.url("/token");
    settings.audience = "https://test.maskinporten.no/";
    settings.client_id = "MOVE_IP_910077473";
    tokens.emplace(services.client(), services.workers(), time, *random, settings, keys);
    it.emplace(services.client(), services.workers(), *tokens, *spools, services.url("/api/"));
  }
  template <class T>
  T run(http::awaitable<T> coroutine) {
    return services.on().run(std::move(coroutine));
  }
  std::vector<seen_request> calls() { return services.seen("/api"); }

  std::atomic<int> tokens_made = 0;
  std::vector<std::string> grants;
  manual_clock time{test::noon};
  std::shared_ptr<random_source> random = make_seeded_random(1);
  std::shared_ptr<spool_factory> spools = make_memory_spools(1 << 20);
  national_services services;
  std::optional<maskinporten::client> tokens;
  std::optional<adapter> it;
};

national_services::script always(unsigned status, std::string body = "",
                                 http::headers headers = {}) {
  return [=](const seen_request&) { return answer(status, body, headers); };
}
// `failures` times 500, then what the script says.
national_services::script after(int failures, national_services::script then) {
  const auto left = std::make_shared<std::atomic<int>>(failures);
  return [=](const seen_request& seen) { return (*left)-- > 0 ? answer(500) : then(seen); };
}

outgoing message(bool with_package = true) {
  outgoing made{owner, "a.b.c.d.e", {}, "edge"};
  if (with_package) made.package = std::make_shared<string_random_access>("cms");
  return made;
}

TEST(dph_adapter, sends_both_parts_as_the_adapter_names_them) {
  asking asking(always(200, reference + "\n"));
  const auto sent = asking.run(asking.it->send(message()));
  ASSERT_TRUE(sent) << sent.error().message;
  EXPECT_EQ(*sent, reference);
  ASSERT_THAT(asking.calls(), SizeIs(1));
  const auto seen = asking.calls()[0];
  EXPECT_EQ(seen.method + " " + seen.target, "POST /api/messages/out");
  EXPECT_EQ(seen.header("Accept"), "text/plain");
  EXPECT_EQ(seen.header("Authorization"), "Bearer t1");
  EXPECT_EQ(seen.header("Content-Type"), "multipart/form-data; boundary=edge");
  EXPECT_THAT(seen.body, HasSubstr("name=\"forretningsmelding\"; filename=\"sbd.jwe\""));
  EXPECT_THAT(seen.body, HasSubstr("Content-Type: application/jose\r\n\r\na.b.c.d.e\r\n"));
  EXPECT_THAT(seen.body, HasSubstr("name=\"dokumentpakke\"; filename=\"asic.zip\""));
  EXPECT_THAT(seen.body, HasSubstr("application/vnd.etsi.asic-e+zip\r\n\r\ncms\r\n--edge--"));
}

TEST(dph_adapter, a_receipt_is_sent_without_a_package) {
  asking asking(always(200, reference));
  EXPECT_TRUE(asking.run(asking.it->send(message(false))));
  EXPECT_THAT(asking.calls()[0].body, Not(HasSubstr("dokumentpakke")));
}

TEST(dph_adapter, an_accepted_message_without_a_reference_is_accepted_still) {
  for (const auto* body : {"", "accepted", "<html>"}) {
    asking asking(always(200, body));
    const auto sent = asking.run(asking.it->send(message()));
    ASSERT_TRUE(sent) << body;
    EXPECT_FALSE(*sent) << body;
  }
}

TEST(dph_adapter, tries_to_send_once_and_asks_four_times) {
  const auto tries = [](auto ask) {
    asking asking(always(503));
    const auto done = ask(asking);
    EXPECT_FALSE(done);
    EXPECT_EQ(done.error().code, http::http_errc::unavailable);
    EXPECT_TRUE(done.error().retryable);
    return asking.calls().size();
  };
  EXPECT_EQ(tries([](asking& a) { return a.run(a.it->send(message())); }), 1u);
  EXPECT_EQ(tries([](asking& a) { return a.run(a.it->statuses(owner, reference)); }), 4u);
  EXPECT_EQ(tries([](asking& a) { return a.run(a.it->list(owner, 8093)); }), 4u);
  EXPECT_EQ(tries([](asking& a) { return a.run(a.it->receive(owner, "a.b.c.d.e")); }), 4u);
  EXPECT_EQ(tries([](asking& a) { return a.run(a.it->mark_read(owner, reference, 8093)); }), 4u);
}

TEST(dph_adapter, takes_the_fourth_answer) {
  asking asking(after(3, always(200, "[]")));
  const auto list = asking.run(asking.it->list(owner, 8093));
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_THAT(*list, IsEmpty());
}

TEST(dph_adapter, tells_refusals_from_what_may_succeed_later) {
  const auto failure = [](unsigned status) {
    asking asking(always(status, R"({"errorCode":"X99","message":"no such thing"})"));
    const auto why = asking.run(asking.it->send(message())).error();
    EXPECT_LE(asking.calls().size(), 2u) << status;
    return why;
  };
  for (const unsigned status : {400u, 404u, 409u, 413u}) {
    EXPECT_EQ(failure(status).code, http::http_errc::refused) << status;
    EXPECT_FALSE(failure(status).retryable) << status;
  }
  EXPECT_THAT(failure(400).message, HasSubstr("no such thing"));
  for (const unsigned status : {401u, 403u})
    EXPECT_EQ(failure(status).code, http::http_errc::unauthorized) << status;
  EXPECT_EQ(failure(429).code, http::http_errc::rate_limited);
  for (const unsigned status : {500u, 502u, 503u}) EXPECT_TRUE(failure(status).retryable) << status;
}

TEST(dph_adapter, a_refused_token_is_replaced_once) {
  asking asking([](const seen_request& seen) {
    return seen.header("Authorization") == "Bearer t1" ? answer(401) : answer(200, "[]");
  });
  EXPECT_TRUE(asking.run(asking.it->list(owner, 8093)));
  EXPECT_EQ(asking.tokens_made, 2);
  asking.time.advance(std::chrono::hours(1));
  EXPECT_TRUE(asking.run(asking.it->list(owner, 8093)));
}

// dph.md 14 C7.
TEST(dph_adapter, every_owner_has_a_token_of_its_own) {
  asking asking(always(200, "[]"));
  EXPECT_TRUE(asking.run(asking.it->list("910075918", 1)));
  EXPECT_TRUE(asking.run(asking.it->list("910076787", 2)));
  EXPECT_TRUE(asking.run(asking.it->list("910075918", 3)));
  ASSERT_THAT(asking.calls(), SizeIs(3));
  EXPECT_EQ(asking.calls()[0].header("Authorization"), "Bearer t1");
  EXPECT_EQ(asking.calls()[1].header("Authorization"), "Bearer t2");
  EXPECT_EQ(asking.calls()[2].header("Authorization"), "Bearer t1");
}

TEST(dph_adapter, asks_for_one_her_id_and_reads_what_waits) {
  KP_FIXTURE(body, "dph/examples/incoming-list.json");
  asking asking(always(200, body));
  const auto list = asking.run(asking.it->list(owner, 8143154));
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_THAT(*list, SizeIs(2));
  EXPECT_EQ(asking.calls()[0].target, "/api/messages/in?receiverHerId=8143154");
}

TEST(dph_adapter, asks_how_a_message_fares) {
  KP_FIXTURE(body, "dph/examples/statuses-acknowledged-ok.json");
  asking asking(always(200, body));
  const auto statuses = asking.run(asking.it->statuses(owner, reference));
  ASSERT_TRUE(statuses) << statuses.error().message;
  EXPECT_THAT(*statuses, SizeIs(1));
  EXPECT_EQ(asking.calls()[0].target, "/api/messages/out/" + reference + "/statuses");
}

TEST(dph_adapter, receives_the_parts_of_a_message) {
  const std::string body =
      "--x\r\nContent-Disposition: form-data; name=\"forretningsmelding\"; filename=\"sbd.jwe\"\r\n"
      "Content-Type: application/jose\r\n\r\na.b.c.d.e\r\n--x--\r\n";
  asking asking(always(200, body, {{"Content-Type", "multipart/mixed;boundary=x"}}));
  const auto got = asking.run(asking.it->receive(owner, "f.g.h.i.j"));
  ASSERT_TRUE(got) << got.error().message;
  ASSERT_TRUE(got->parts);
  EXPECT_EQ(got->parts->message, "a.b.c.d.e");
  const auto seen = asking.calls()[0];
  EXPECT_EQ(seen.method + " " + seen.target, "POST /api/messages/in");
  EXPECT_EQ(seen.header("Content-Type"), "application/jose");
  EXPECT_EQ(seen.header("Accept"), "multipart/mixed");
  EXPECT_EQ(seen.body, "f.g.h.i.j");
}

TEST(dph_adapter, hands_on_what_the_adapter_says_of_a_message) {
  asking asking(always(400, R"({"errorCode":"T02","message":"XML does not validate"})"));
  const auto got = asking.run(asking.it->receive(owner, "f.g.h.i.j"));
  ASSERT_TRUE(got) << got.error().message;
  ASSERT_TRUE(got->refusal);
  EXPECT_EQ(got->refusal->code, "T02");
  EXPECT_EQ(got->refusal->text, "XML does not validate");
  EXPECT_THAT(asking.calls(), SizeIs(1));
}

TEST(dph_adapter, no_authority_or_too_many_calls_say_nothing_of_the_message) {
  for (const unsigned status : {401u, 403u, 408u, 429u}) {
    asking asking(always(status));
    EXPECT_FALSE(asking.run(asking.it->receive(owner, "x"))) << status;
  }
}

TEST(dph_adapter, what_has_been_read_before_is_read) {
  for (const unsigned status : {200u, 404u}) {
    asking asking(always(status));
    EXPECT_TRUE(asking.run(asking.it->mark_read(owner, reference, 8093))) << status;
    EXPECT_EQ(asking.calls()[0].target,
              "/api/messages/in/" + reference + "/read?receiverHerId=8093");
  }
  asking refused(always(400));
  EXPECT_FALSE(refused.run(refused.it->mark_read(owner, reference, 8093)));
}

}  // namespace
}  // namespace kp::dph
