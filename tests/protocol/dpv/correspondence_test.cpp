#include "protocol/dpv/correspondence.hpp"

#include "protocol/http/http_error.hpp"
#include "tests/protocol/maskinporten/national_services.hpp"
#include "tests/support/fixtures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

namespace kp::dpv {
namespace {

using test::answer;
using test::national_services;
using test::seen_request;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string altinn_token(int number) {
  const auto ends = std::chrono::duration_cast<std::chrono::seconds>(test::noon.time_since_epoch());
  const auto claims =
      boost::json::serialize(boost::json::object{{"exp", ends.count() + 1800}, {"n", number}});
  return to_base64url(R"({"alg":"RS256"})") + "." + to_base64url(claims) + "." + to_base64url("s");
}

const std::shared_ptr<const crypto::keystore>& keys() {
  static const auto made = test::make_keystore();
  return made;
}

// Maskinporten and the token exchange answer well; what Correspondence answers is the test's.
struct asking {
  explicit asking(national_services::script plays)
      : services([this, plays = std::move(plays)](const seen_request& seen) {
          if (seen.target == "/token") return answer(200, test::token_answer("mp", 120));
          if (seen.target == "/exchange") return answer(200, altinn_token(++tokens_made));
          return plays(seen);
        }) {
    maskinporten::client_settings settings;
    settings.token_url = services.url("/token");
    settings.audience = "https://test.maskinporten.no/";
    settings.client_id = "MOVE_IP_910077473";
    maskinporten.emplace(services.client(), services.workers(), time, *random, settings,
                         keys());
    tokens.emplace(services.client(), time, *maskinporten, services.url("/exchange"));
    it.emplace(services.client(), *tokens, services.url("/api/v1/"));
  }
  template <class T>
  T run(http::awaitable<T> coroutine) {
    return services.on().run(std::move(coroutine));
  }
  result<correspondence::uploaded> upload() {
    return run(it->upload(std::make_shared<string_random_access>("the form"), "b"));
  }

  std::atomic<int> tokens_made = 0;
  manual_clock time{test::noon};
  std::shared_ptr<random_source> random = make_seeded_random(1);
  national_services services;
  std::optional<maskinporten::client> maskinporten;
  std::optional<altinn::token_exchange> tokens;
  std::optional<correspondence> it;
};

national_services::script always(unsigned status, std::string body = "",
                                 http::headers headers = {}) {
  return [=](const seen_request&) { return answer(status, body, headers); };
}

TEST(correspondence, uploads_the_form_with_a_token_of_the_organisation_itself) {
  KP_FIXTURE(body, "dpv/examples/upload-response.json");
  asking asking(always(200, body));
  const auto made = asking.upload();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->what, correspondence::outcome::accepted);
  EXPECT_EQ(made->id, "0198408f-979c-75e0-b23e-aef6e907015f");
  const auto seen = asking.services.seen("/api/v1/correspondence/upload");
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].method, "POST");
  EXPECT_EQ(seen[0].body, "the form");
  EXPECT_EQ(seen[0].header("Content-Type"), "multipart/form-data; boundary=b");
  EXPECT_EQ(seen[0].header("Accept"), "application/json");
  EXPECT_EQ(seen[0].header("Content-Length"), "8");
  EXPECT_EQ(seen[0].header("Authorization"), "Bearer " + altinn_token(1));
  const auto grant = asking.services.seen("/token").at(0).body;
  const auto assertion = grant.substr(grant.find("assertion=") + 10);
  const auto claims = crypto::parse_jws(assertion.substr(0, assertion.find('&')));
  ASSERT_TRUE(claims);
  EXPECT_THAT(claims->payload, HasSubstr("eformidling:dpv"));
  EXPECT_THAT(claims->payload, Not(HasSubstr("authorization_details")));
  EXPECT_THAT(claims->payload, Not(HasSubstr("consumer_org")));
}

TEST(correspondence, V25_uses_a_token_until_it_is_refused_and_tries_once_with_a_new_one) {
  KP_FIXTURE(body, "dpv/examples/overview-published.json");
  asking asking([&](const seen_request& seen) {
    const bool first = seen.header("Authorization") == "Bearer " + altinn_token(1);
    return first && seen.target.ends_with("/expired") ? answer(401) : answer(200, body);
  });
  EXPECT_TRUE(asking.run(asking.it->find("a")));
  EXPECT_TRUE(asking.run(asking.it->find("a")));
  EXPECT_EQ(asking.tokens_made, 1);
  EXPECT_TRUE(asking.run(asking.it->find("expired")));
  EXPECT_EQ(asking.tokens_made, 2);
}

TEST(correspondence, tells_a_used_key_from_a_refusal) {
  KP_FIXTURE(body, "dpv/examples/problem-details-409-idempotent-key.json");
  asking asking(always(409, body));
  const auto made = asking.upload();
  ASSERT_TRUE(made);
  EXPECT_EQ(made->what, correspondence::outcome::known_before);
}

TEST(correspondence, V21_V22_judges_refusals_by_whether_repeating_may_cure_them) {
  KP_FIXTURE(forbidden, "dpv/examples/problem-details-proxy-403.json");
  for (const unsigned status : {400u, 404u, 413u, 415u, 422u}) {
    asking asking(always(status, R"({"detail": "26079412345 is wrong"})"));
    const auto why = asking.upload().error();
    EXPECT_FALSE(why.retryable) << status;
    EXPECT_THAT(why.message, testing::StartsWith("Correspondence api error: "));
    EXPECT_THAT(why.message, HasSubstr(" [/api/v1/correspondence/upload]: "));
    EXPECT_THAT(why.message, Not(HasSubstr("26079412345")));
  }
  for (const unsigned status : {401u, 408u, 425u, 429u, 500u, 502u, 503u}) {
    asking asking(always(status));
    const auto why = asking.upload().error();
    EXPECT_TRUE(why.retryable) << status;
    EXPECT_THAT(why.message, HasSubstr("No body returned"));
  }
  asking asking(always(403, forbidden));
  const auto why = asking.upload().error();
  EXPECT_TRUE(why.retryable);
  EXPECT_EQ(why.retry_after, std::chrono::minutes(30));
  EXPECT_THAT(why.message, HasSubstr("Proxy AuthZ error : Access Denied"));
}

TEST(correspondence, an_upload_that_is_answered_with_nothing_is_tried_again) {
  for (const auto* body : {"", "{}", R"({"correspondences": []})", "<html>"}) {
    asking asking(always(200, body));
    const auto made = asking.upload();
    ASSERT_FALSE(made) << body;
    EXPECT_TRUE(made.error().retryable);
  }
}

TEST(correspondence, reads_how_a_letter_fares) {
  KP_FIXTURE(body, "dpv/examples/overview-read.json");
  asking asking(always(200, body));
  const auto seen = asking.run(asking.it->find("0198408f-979c-75e0-b23e-aef6e907015f"));
  ASSERT_TRUE(seen && *seen);
  EXPECT_EQ((*seen)->status, "Read");
  EXPECT_EQ((*seen)->senders_reference, "abc8849c-e281-4809-8555-7cd54952b926");
  EXPECT_EQ((*seen)->recipient, "urn:altinn:organization:identifier-no:910075946");
  EXPECT_EQ((*seen)->sender_number, "910077473");
  EXPECT_TRUE((*seen)->published);
  EXPECT_TRUE((*seen)->read);
}

TEST(correspondence, V18_reads_times_without_zone_as_utc_and_statuses_that_it_does_not_know) {
  KP_FIXTURE(body, "dpv/examples/overview-published-zoneless-timestamps.json");
  const auto seen = parse_overview(body);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->published, parse_timestamp_with_offset("2026-01-15T09:00:20.29788Z"));
  EXPECT_FALSE(seen->read);
  const auto other = parse_overview(
      R"({"correspondenceId": "a", "status": "Forwarded", "published": "2026-01-15T09:00:20"})");
  ASSERT_TRUE(other);
  EXPECT_EQ(other->status, "Forwarded");
  EXPECT_TRUE(other->published);
}

TEST(correspondence, V16_a_purged_letter_is_gone) {
  for (const unsigned status : {404u, 410u}) {
    asking asking(always(status, "{}"));
    const auto seen = asking.run(asking.it->find("a"));
    ASSERT_TRUE(seen);
    EXPECT_FALSE(*seen);
  }
}

TEST(correspondence, waits_for_its_turn_at_each_endpoint_and_calls_nobody_without_one) {
  asking asking(always(404, "{}"));
  std::vector<std::string> turns;
  bool is_late = false;
  const permit may = [&](endpoint where) -> http::awaitable<result<void>> {
    turns.emplace_back(to_string(where));
    if (is_late) co_return transient(http::http_errc::rate_limited, "too late");
    co_return result<void>{};
  };
  correspondence limited(asking.services.client(), *asking.tokens,
                         asking.services.url("/api/v1/"), may);
  EXPECT_TRUE(asking.run(limited.find("a")));
  EXPECT_FALSE(asking.run(limited.search("res", "key")));
  EXPECT_FALSE(
      asking.run(limited.upload(std::make_shared<string_random_access>("the form"), "b")));
  EXPECT_THAT(turns, ElementsAre("correspondence overview", "correspondence search",
                                 "correspondence search", "correspondence upload"));
  is_late = true;
  const auto calls = asking.services.seen("/api/v1/correspondence/a").size();
  const auto refused = asking.run(limited.find("a"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, http::http_errc::rate_limited);
  EXPECT_EQ(asking.services.seen("/api/v1/correspondence/a").size(), calls);
}

TEST(correspondence, tells_when_it_is_to_rest) {
  asking asking(always(429, "{}", {{"Retry-After", "17"}}));
  std::vector<std::pair<endpoint, std::optional<std::chrono::seconds>>> told;
  correspondence limited(asking.services.client(), *asking.tokens,
                         asking.services.url("/api/v1/"), {},
                         [&](endpoint where, std::optional<std::chrono::seconds> rest) {
                           told.emplace_back(where, rest);
                         });
  EXPECT_FALSE(asking.run(limited.find("a")));
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].first, endpoint::overview);
  EXPECT_EQ(told[0].second, std::chrono::seconds(17));
}

TEST(correspondence, searches_by_key_and_by_reference_where_that_is_refused) {
  KP_FIXTURE(body, "dpv/examples/search-response.json");
  asking strict(always(200, body));
  const auto found = strict.run(strict.it->search("res", "key"));
  ASSERT_TRUE(found);
  EXPECT_THAT(*found, ElementsAre("0198408f-979c-75e0-b23e-aef6e907015f"));
  EXPECT_EQ(strict.services.seen("/api/v1/correspondence").at(0).target,
            "/api/v1/correspondence?resourceId=res&role=Sender&idempotentKey=key");
  asking lenient([&](const seen_request& seen) {
    return seen.target.ends_with("?sendersReference=key") ? answer(200, body) : answer(400, "{}");
  });
  const auto again = lenient.run(lenient.it->search("res", "key"));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->size(), 1u);
}

}  // namespace
}  // namespace kp::dpv
