#include "protocol/maskinporten/maskinporten.hpp"

#include "protocol/http/http_error.hpp"
#include "tests/protocol/maskinporten/national_services.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

namespace kp::maskinporten {
namespace {

using namespace std::chrono_literals;
using test::answer;
using test::national_services;
using test::seen_request;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::shared_ptr<const crypto::keystore>& keys() {
  static const auto made = test::make_keystore();
  return made;
}

struct asking {
  explicit asking(national_services::script plays, std::optional<std::string> key_id = {})
      : services(std::move(plays)) {
    client_settings settings;
    settings.token_url = services.url("/token");
    settings.audience = "https://test.maskinporten.no/";
    settings.client_id = "MOVE_IP_910077473";
    settings.key_id = std::move(key_id);
    it.emplace(services.client(), services.workers(), time, *random, settings, keys());
  }
  result<token> get(token_request asked) { return services.on().run(it->get(std::move(asked))); }

  manual_clock time{test::noon};
  std::shared_ptr<random_source> random = make_seeded_random(1);
  national_services services;
  std::optional<client> it;
};

crypto::jws grant_of(const seen_request& seen) {
  constexpr std::string_view start =
      "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
  EXPECT_THAT(seen.body, StartsWith(std::string(start)));
  auto verified = crypto::verify_jws(seen.body.substr(start.size()), keys()->key.native());
  EXPECT_TRUE(verified);
  return verified ? *verified : crypto::jws{};
}

national_services::script granting(int seconds = 120) {
  auto count = std::make_shared<std::atomic<int>>(0);
  return [count, seconds](const seen_request&) {
    return answer(200, test::token_answer("token-" + std::to_string(++*count), seconds));
  };
}

TEST(maskinporten, asks_with_the_grant_that_is_agreed) {
  asking asking(granting());
  const auto got = asking.get({{"eformidling:dpo", "eformidling:dpv"}, std::nullopt, std::nullopt});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->value, "token-1");
  EXPECT_EQ(got->expires, test::noon + 120s);
  const auto seen = asking.services.seen();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].method, "POST");
  EXPECT_EQ(seen[0].header("Content-Type"), "application/x-www-form-urlencoded");
  const auto grant = grant_of(seen[0]);
  EXPECT_EQ(grant.header.size(), 2u);
  EXPECT_EQ(grant.header.at("alg"), "RS256");
  const boost::json::array chain{boost::json::value(to_base64(keys()->leaf.der()))};
  EXPECT_EQ(grant.header.at("x5c"), chain);
  auto claims = boost::json::parse(grant.payload).as_object();
  EXPECT_TRUE(conversation_id::parse(std::string_view(claims.at("jti").as_string())));
  claims.erase("jti");
  const auto now =
      std::chrono::duration_cast<std::chrono::seconds>(test::noon.time_since_epoch()).count();
  const boost::json::object expected{{"aud", "https://test.maskinporten.no/"},
                                     {"iss", "MOVE_IP_910077473"},
                                     {"scope", "eformidling:dpo eformidling:dpv"},
                                     {"iat", now},
                                     {"exp", now + 120}};
  EXPECT_EQ(claims, expected) << claims;
}

TEST(maskinporten, names_a_registered_key_instead_of_the_certificate) {
  asking asking(granting(), "key-7");
  ASSERT_TRUE(asking.get({{"s"}, std::nullopt, std::nullopt}));
  const auto grant = grant_of(asking.services.seen().at(0));
  const boost::json::object expected{{"alg", "RS256"}, {"kid", "key-7"}};
  EXPECT_EQ(grant.header, expected);
}

TEST(maskinporten, asks_as_a_system_user) {
  asking asking(granting());
  ASSERT_TRUE(asking.get(
      {{"altinn:broker.read"}, system_user{"0192:910077473", "user one"}, std::nullopt}));
  const auto grant = grant_of(asking.services.seen().at(0));
  const auto expected = boost::json::parse(
      R"([{"type":"urn:altinn:systemuser","externalRef":"user one",
           "systemuser_org":{"authority":"iso6523-actorid-upis","ID":"0192:910077473"}}])");
  EXPECT_EQ(boost::json::parse(grant.payload).at("authorization_details"), expected);
}

TEST(maskinporten, names_the_consumer_unless_it_is_the_organisation_itself) {
  asking asking(granting());
  ASSERT_TRUE(asking.get({{"s"}, std::nullopt, "910075918"}));
  ASSERT_TRUE(asking.get({{"s"}, std::nullopt, "910077473"}));
  const auto seen = asking.services.seen();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(boost::json::parse(grant_of(seen[0]).payload).at("consumer_org"), "910075918");
  EXPECT_FALSE(boost::json::parse(grant_of(seen[1]).payload).as_object().contains("consumer_org"));
}

TEST(maskinporten, keeps_a_token_until_ten_seconds_before_its_end) {
  asking asking(granting());
  const token_request wanted{{"a", "b"}, std::nullopt, std::nullopt};
  EXPECT_EQ(asking.get(wanted)->value, "token-1");
  asking.time.advance(109s);
  EXPECT_EQ(asking.get(wanted)->value, "token-1");
  EXPECT_EQ(asking.get({{"b", "a"}, std::nullopt, std::nullopt})->value, "token-1");
  asking.time.advance(1s);
  EXPECT_EQ(asking.get(wanted)->value, "token-2");
}

TEST(maskinporten, keeps_a_short_token_for_three_quarters_of_its_life) {
  asking asking(granting(4));
  const token_request wanted{{"a"}, std::nullopt, std::nullopt};
  EXPECT_EQ(asking.get(wanted)->value, "token-1");
  asking.time.advance(2999ms);
  EXPECT_EQ(asking.get(wanted)->value, "token-1");
  asking.time.advance(1ms);
  EXPECT_EQ(asking.get(wanted)->value, "token-2");
}

TEST(maskinporten, keeps_tokens_of_different_scopes_users_and_consumers_apart) {
  asking asking(granting());
  EXPECT_EQ(asking.get({{"a"}, std::nullopt, std::nullopt})->value, "token-1");
  EXPECT_EQ(asking.get({{"b"}, std::nullopt, std::nullopt})->value, "token-2");
  EXPECT_EQ(asking.get({{"a"}, system_user{"0192:1", "x"}, std::nullopt})->value, "token-3");
  EXPECT_EQ(asking.get({{"a"}, system_user{"0192:2", "x"}, std::nullopt})->value, "token-4");
  EXPECT_EQ(asking.get({{"a"}, std::nullopt, "910075918"})->value, "token-5");
  EXPECT_EQ(asking.get({{"a"}, std::nullopt, std::nullopt})->value, "token-1");
}

TEST(maskinporten, asks_anew_after_a_token_is_forgotten) {
  asking asking(granting());
  const token_request wanted{{"a"}, std::nullopt, std::nullopt};
  EXPECT_EQ(asking.get(wanted)->value, "token-1");
  asking.services.on().call([&] { asking.it->forget(wanted); });
  EXPECT_EQ(asking.get(wanted)->value, "token-2");
}

TEST(maskinporten, simultaneous_callers_share_one_request_and_its_failure) {
  for (const unsigned status : {200u, 400u}) {
    asking asking([status](const seen_request&) {
      return status == 200 ? answer(200, test::token_answer("shared", 120))
                           : answer(400, R"({"error":"invalid_scope"})");
    });
    std::vector<std::future<result<token>>> callers;
    for (int i = 0; i < 20; ++i)
      callers.push_back(boost::asio::co_spawn(asking.services.on().context(),
                                              asking.it->get({{"a"}, std::nullopt, std::nullopt}),
                                              boost::asio::use_future));
    for (auto& each : callers) EXPECT_EQ(each.get().has_value(), status == 200);
    EXPECT_EQ(asking.services.seen().size(), 1u);
  }
}

TEST(maskinporten, tells_an_operator_what_to_do_and_never_shows_the_grant) {
  const auto refusal = [](std::string description) {
    asking asking([description](const seen_request& seen) {
      return answer(400, boost::json::serialize(boost::json::object{
                             {"error", "invalid_grant"},
                             {"error_description", description + " " + seen.body}}));
    });
    const auto got = asking.get({{"eformidling:dpo"}, std::nullopt, std::nullopt});
    EXPECT_FALSE(got);
    EXPECT_THAT(got.error().message, Not(HasSubstr("eyJ")));
    EXPECT_EQ(got.error().code, http::http_errc::refused);
    return got.error();
  };
  const auto scope = refusal("Invalid scope (MP-200, trace_id: 1)");
  EXPECT_FALSE(scope.retryable);
  EXPECT_THAT(scope.message, HasSubstr("MOVE_IP_910077473"));
  EXPECT_THAT(scope.message, HasSubstr("eformidling:dpo"));
  EXPECT_THAT(scope.message, HasSubstr("one missing scope fails the whole request"));
  EXPECT_THAT(refusal("(MP-122, trace_id: 1)").message, HasSubstr("another organisation"));
  EXPECT_THAT(refusal("(MP-303)").message, HasSubstr("no approved system user"));
  EXPECT_TRUE(refusal("JWT is expired (MP-130)").retryable);
  EXPECT_THAT(refusal("something new").message, HasSubstr("something new"));
}

TEST(maskinporten, an_outage_is_worth_a_retry_and_is_not_remembered) {
  std::atomic<unsigned> status = 503;
  asking asking([&](const seen_request& seen) {
    return status == 200 ? answer(200, test::token_answer("t", 120))
                         : answer(status, "<html>" + seen.body, {{"Retry-After", "3"}});
  });
  const token_request wanted{{"a"}, std::nullopt, std::nullopt};
  const auto down = asking.get(wanted);
  ASSERT_FALSE(down);
  EXPECT_EQ(down.error().code, http::http_errc::unavailable);
  EXPECT_EQ(down.error().retry_after, 3s);
  EXPECT_THAT(down.error().message, Not(HasSubstr("eyJ")));
  status = 200;
  EXPECT_TRUE(asking.get(wanted));
}

TEST(maskinporten, does_not_take_anything_else_for_a_token) {
  for (const std::string body :
       {"", "<html>", "[]", "{}", R"({"access_token":7})", R"({"access_token":""})",
        R"({"access_token":"a\r\nX: b","expires_in":120})"}) {
    asking asking([body](const seen_request&) { return answer(200, body); });
    const auto got = asking.get({{"a"}, std::nullopt, std::nullopt});
    ASSERT_FALSE(got) << body;
    EXPECT_EQ(got.error().code, http::http_errc::bad_answer);
  }
}

TEST(maskinporten, without_a_scope_nothing_is_asked) {
  asking asking(granting());
  EXPECT_FALSE(asking.get({}));
  EXPECT_TRUE(asking.services.seen().empty());
}

}  // namespace
}  // namespace kp::maskinporten
