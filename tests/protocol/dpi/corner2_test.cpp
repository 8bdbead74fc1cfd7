#include "protocol/dpi/corner2.hpp"

#include "protocol/dpi/print_certificate.hpp"
#include "protocol/http/http_error.hpp"
#include "tests/protocol/maskinporten/national_services.hpp"
#include "tests/support/fixtures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

namespace kp::dpi {
namespace {

using namespace std::chrono_literals;
using test::answer;
using test::national_services;
using test::seen_request;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::shared_ptr<const crypto::keystore>& keys() {
  static const auto made = test::make_keystore();
  return made;
}

struct asking {
  explicit asking(national_services::script plays)
      : services([this, plays = std::move(plays)](const seen_request& seen) {
          if (seen.target == "/token")
            return answer(200, test::token_answer("t" + std::to_string(++tokens_made), 120));
          return plays(seen);
        }) {
    maskinporten::client_settings settings;
    settings.token_url = services.url("/token");
    settings.audience = "https://test.maskinporten.no/";
    settings.client_id = "MOVE_IP_910077473";
    tokens.emplace(services.client(), services.workers(), time, *random, settings, keys());
    it.emplace(services.client(), *tokens, services.url("/dpi/"));
  }
  template <class T>
  T run(http::awaitable<T> coroutine) {
    return services.on().run(std::move(coroutine));
  }

  std::atomic<int> tokens_made = 0;
  manual_clock time{test::noon};
  std::shared_ptr<random_source> random = make_seeded_random(1);
  national_services services;
  std::optional<maskinporten::client> tokens;
  std::optional<corner2> it;
};

national_services::script always(unsigned status, std::string body = "") {
  return [=](const seen_request&) { return answer(status, body); };
}

shipment letter(std::optional<std::string> channel = "post_1") {
  return {"a.b.c", std::make_shared<string_random_access>("cms"), std::move(channel), "the-token",
          "edge"};
}

TEST(dpi_corner2, sends_the_token_that_it_is_given_and_names_the_channel) {
  asking asking(always(201));
  EXPECT_TRUE(asking.run(asking.it->send(letter())));
  EXPECT_TRUE(asking.run(asking.it->send(letter(std::nullopt))));
  const auto seen = asking.services.seen("/dpi");
  ASSERT_THAT(seen, SizeIs(2));
  EXPECT_EQ(seen[0].method + " " + seen[0].target, "POST /dpi/messages/out?kanal=post_1");
  EXPECT_EQ(seen[0].header("Authorization"), "Bearer the-token");
  EXPECT_EQ(seen[0].header("Content-Type"), "multipart/form-data; boundary=edge");
  EXPECT_THAT(seen[0].body, HasSubstr("\r\n\r\ncms\r\n--edge--\r\n"));
  EXPECT_EQ(seen[1].target, "/dpi/messages/out");
  EXPECT_EQ(asking.tokens_made, 0);
}

TEST(dpi_corner2, tells_refusals_from_what_may_succeed_later) {
  const auto failure = [](unsigned status) {
    asking asking(always(status, R"({"title":"Bad","detail":"no such mailbox"})"));
    return asking.run(asking.it->send(letter())).error();
  };
  EXPECT_EQ(failure(400).code, http::http_errc::refused);
  EXPECT_FALSE(failure(400).retryable);
  EXPECT_THAT(failure(400).message, HasSubstr("no such mailbox"));
  EXPECT_EQ(failure(401).code, http::http_errc::unauthorized);
  EXPECT_TRUE(failure(503).retryable);
}

TEST(dpi_corner2, gets_a_fresh_token_for_a_shipment_that_takes_long) {
  asking asking(always(201));
  EXPECT_EQ(*asking.run(asking.it->sending_token("910075918", asking.time, 60s)), "t1");
  EXPECT_EQ(*asking.run(asking.it->sending_token("910075918", asking.time, 60s)), "t1");
  EXPECT_EQ(*asking.run(asking.it->sending_token("910075935", asking.time, 60s)), "t2");
  asking.time.advance(70s);
  EXPECT_EQ(*asking.run(asking.it->sending_token("910075918", asking.time, 40s)), "t1");
  EXPECT_EQ(*asking.run(asking.it->sending_token("910075918", asking.time, 60s)), "t3");
  asking.it->forget_sending_token("910075918");
  EXPECT_EQ(*asking.run(asking.it->sending_token("910075918", asking.time, 60s)), "t4");
}

TEST(dpi_corner2, reads_the_published_statuses) {
  KP_FIXTURE(body, "dpi/examples/message_statuses.json");
  asking asking(always(200, body));
  const auto statuses = asking.run(asking.it->statuses("id-1"));
  ASSERT_TRUE(statuses) << statuses.error().message;
  ASSERT_THAT(*statuses, SizeIs(2));
  EXPECT_EQ((*statuses)[0].state, transport_state::created);
  EXPECT_EQ((*statuses)[1].state, transport_state::sent);
  EXPECT_EQ(format_timestamp(*(*statuses)[1].at), "2021-06-29T09:12:40+02:00");
  EXPECT_EQ(asking.services.seen("/dpi")[0].target, "/dpi/messages/out/id-1/statuses");
}

TEST(dpi_corner2, takes_statuses_of_an_unknown_shipment_for_none) {
  for (const unsigned status : {204u, 404u}) {
    asking asking(always(status));
    const auto statuses = asking.run(asking.it->statuses("id-1"));
    ASSERT_TRUE(statuses) << statuses.error().message;
    EXPECT_THAT(*statuses, IsEmpty());
  }
  asking told(
      always(200, R"([{"status":"NYTT"},{"status":"FEILET","beskrivelse":"C3 svarer ikke"}])"));
  const auto statuses = told.run(told.it->statuses("id-1"));
  ASSERT_THAT(*statuses, SizeIs(1));
  EXPECT_EQ((*statuses)[0].detail, "C3 svarer ikke");
  asking broken(always(200, "{"));
  EXPECT_EQ(broken.run(broken.it->statuses("id-1")).error().code, http::http_errc::bad_answer);
}

TEST(dpi_corner2, lists_receipts_of_a_channel_by_pages) {
  asking asking(always(200, R"([{"forretningsmelding":"a.b.c","downloadurl":"http://x"},
                                {"forretningsmelding":"d.e.f"}])"));
  EXPECT_THAT(*asking.run(asking.it->inbox({"post_1", 100, std::nullopt})),
              ElementsAre("a.b.c", "d.e.f"));
  EXPECT_THAT(*asking.run(asking.it->inbox({std::nullopt, 10, 2})), SizeIs(2));
  const auto seen = asking.services.seen("/dpi");
  EXPECT_EQ(seen[0].target, "/dpi/messages/in?page_size=100&kanal=post_1");
  EXPECT_EQ(seen[1].target, "/dpi/messages/in?page_size=10&page=2");
  EXPECT_EQ(seen[0].header("Authorization"), "Bearer t1");
}

TEST(dpi_corner2, tolerates_an_inbox_that_is_empty_or_one_alone) {
  asking empty(always(204));
  EXPECT_THAT(*empty.run(empty.it->inbox({})), IsEmpty());
  asking one(always(200, R"({"forretningsmelding":"a.b.c"})"));
  EXPECT_THAT(*one.run(one.it->inbox({})), ElementsAre("a.b.c"));
}

TEST(dpi_corner2, gets_a_new_token_once_when_it_is_refused) {
  asking asking([](const seen_request& seen) {
    return answer(seen.header("Authorization") == "Bearer t1" ? 401 : 204);
  });
  EXPECT_TRUE(asking.run(asking.it->inbox({})));
  EXPECT_EQ(asking.tokens_made, 2);
  struct asking refused(always(401));
  EXPECT_EQ(refused.run(refused.it->inbox({})).error().code, http::http_errc::unauthorized);
  EXPECT_EQ(refused.tokens_made, 2);
}

TEST(dpi_corner2, marks_read_also_what_has_been_read) {
  for (const unsigned status : {200u, 404u}) {
    asking asking(always(status));
    EXPECT_TRUE(asking.run(asking.it->mark_read("id-1")));
    const auto seen = asking.services.seen("/dpi");
    EXPECT_EQ(seen[0].method + " " + seen[0].target, "POST /dpi/messages/in/id-1/read");
  }
  asking asking(always(500));
  EXPECT_TRUE(asking.run(asking.it->mark_read("id-1")).error().retryable);
}

TEST(dpi_print_certificate, is_asked_for_every_five_minutes_at_most) {
  asking asking(always(200, boost::json::serialize(boost::json::object{
                                {"postkasseleverandoerAdresse", "974761076"},
                                {"x509Sertifikat", to_base64(keys()->leaf.der())}})));
  print_certificates certificates(asking.services.client(), asking.time,
                                  asking.services.url("/print"));
  const auto got = asking.run(certificates.get());
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->organisation, "974761076");
  EXPECT_EQ(got->certificate.der(), keys()->leaf.der());
  asking.time.advance(299s);
  EXPECT_TRUE(asking.run(certificates.get()));
  EXPECT_THAT(asking.services.seen("/print"), SizeIs(1));
  asking.time.advance(1s);
  EXPECT_TRUE(asking.run(certificates.get()));
  EXPECT_THAT(asking.services.seen("/print"), SizeIs(2));
}

TEST(dpi_print_certificate, is_refused_when_it_is_none) {
  EXPECT_FALSE(parse_print_supplier("{}"));
  EXPECT_FALSE(
      parse_print_supplier(R"({"postkasseleverandoerAdresse":"974761076","x509Sertifikat":"?"})"));
  EXPECT_FALSE(parse_print_supplier("<html>"));
}

}  // namespace
}  // namespace kp::dpi
