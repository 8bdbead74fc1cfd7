#include "protocol/http/http_error.hpp"
#include "protocol/registry/registry.hpp"
#include "tests/protocol/maskinporten/national_services.hpp"
#include "tests/support/fixtures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

namespace kp::registry {
namespace {

using namespace std::chrono_literals;
using test::answer;
using test::national_services;
using test::seen_request;
using testing::HasSubstr;

std::shared_ptr<EVP_PKEY> make_key() {
  return {EVP_RSA_gen(2048), EVP_PKEY_free};
}

const std::shared_ptr<EVP_PKEY>& first_key() {
  static const auto made = make_key();
  return made;
}
const std::shared_ptr<EVP_PKEY>& second_key() {
  static const auto made = make_key();
  return made;
}

// A registry that signs with `key` and publishes `published`.
struct asking {
  explicit asking(national_services::script plays)
      : services([this, plays = std::move(plays)](const seen_request& seen) {
          if (seen.target == "/token") return answer(200, test::token_answer("mp", 120));
          if (seen.target != "/jwk") return plays(seen);
          auto jwk = crypto::jwk_from_rsa_key(published.get());
          jwk["kid"] = published_id;
          return answer(keys_status, boost::json::serialize(boost::json::object{
                                         {"keys", boost::json::array{std::move(jwk)}}}));
        }) {
    maskinporten::client_settings for_tokens;
    for_tokens.token_url = services.url("/token");
    for_tokens.audience = "https://test.maskinporten.no/";
    for_tokens.client_id = "MOVE_IP_910077473";
    static const auto keystore = test::make_keystore();
    maskinporten.emplace(services.client(), services.workers(), time, *random, for_tokens,
                         keystore);
    keys.emplace(services.client(), time, services.url("/jwk"));
    client_settings settings;
    settings.base_url = services.url("/adressetjeneste");
    settings.scopes = {"eformidling:dpo"};
    settings.max_entries = 3;
    settings.beta = true;
    it.emplace(services.client(), time, *maskinporten, *keys, settings);
  }
  result<kp::registry::answer> find(lookup what) {
    return services.on().run(it->find(std::move(what)));
  }
  result<kp::registry::answer> find(const std::string& identifier) {
    return find(lookup{identifier, std::nullopt, std::nullopt, std::nullopt});
  }
  std::size_t lookups() { return services.seen("/adressetjeneste").size(); }
  std::size_t key_fetches() { return services.seen("/jwk").size(); }

  std::shared_ptr<EVP_PKEY> published = first_key();
  std::string published_id = "one";
  std::atomic<unsigned> keys_status = 200;
  manual_clock time{test::noon};
  std::shared_ptr<random_source> random = make_seeded_random(1);
  national_services services;
  std::optional<maskinporten::client> maskinporten;
  std::optional<signing_keys> keys;
  std::optional<client> it;
};

http::server_response signed_answer(const std::string& payload,
                                    const std::shared_ptr<EVP_PKEY>& key = first_key(),
                                    const std::string& id = "one") {
  return answer(200, *crypto::sign_jws({{"kid", id}}, payload, crypto::private_key(key)),
                {{"Content-Type", "application/jose"}});
}

std::string organisation(const std::string& name = "TEST") {
  return boost::json::serialize(boost::json::object{
      {"infoRecord", boost::json::object{{"identifier", "910075918"}, {"organizationName", name}}},
      {"serviceRecords", boost::json::array{}}});
}

TEST(registry_client, asks_with_token_path_and_query_and_takes_a_signed_answer) {
  asking asking([](const seen_request&) { return signed_answer(organisation()); });
  const auto found = asking.find({"910075918", "urn:no:difi:profile:avtalt:avtalt:ver1.0", 4,
                                  "37efbd4c-413d-4e2c-bbc5-257ef4a65a45"});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->organisation_name, "TEST");
  EXPECT_FALSE(found->stale);
  const auto seen = asking.services.seen("/adressetjeneste").at(0);
  EXPECT_EQ(seen.target,
            "/adressetjeneste/identifier/910075918/process/urn:no:difi:profile:avtalt:avtalt:ver1.0"
            "?securityLevel=4&conversationId=37efbd4c-413d-4e2c-bbc5-257ef4a65a45");
  EXPECT_EQ(seen.header("Authorization"), "Bearer mp");
  EXPECT_THAT(seen.header("Accept"), HasSubstr("application/jose"));
}

TEST(registry_client, keeps_an_answer_five_minutes_whatever_the_conversation) {
  asking asking([](const seen_request&) { return signed_answer(organisation()); });
  EXPECT_TRUE(asking.find({"910075918", std::nullopt, std::nullopt, "a"}));
  asking.time.advance(5min - 1s);
  EXPECT_TRUE(asking.find({"910075918", std::nullopt, std::nullopt, "b"}));
  EXPECT_EQ(asking.lookups(), 1u);
  EXPECT_TRUE(asking.find({"910075918", std::nullopt, 4, std::nullopt}));
  EXPECT_EQ(asking.lookups(), 2u);
  asking.time.advance(1s);
  EXPECT_TRUE(asking.find("910075918"));
  EXPECT_EQ(asking.lookups(), 3u);
}

TEST(registry_client, lets_the_least_recently_used_answer_leave) {
  asking asking([](const seen_request&) { return signed_answer(organisation()); });
  for (const std::string each : {"1", "2", "3", "1", "4"}) EXPECT_TRUE(asking.find(each));
  EXPECT_EQ(asking.lookups(), 4u);
  EXPECT_TRUE(asking.find("1"));
  EXPECT_EQ(asking.lookups(), 4u);
  EXPECT_TRUE(asking.find("2"));
  EXPECT_EQ(asking.lookups(), 5u);
}

TEST(registry_client, serves_an_old_answer_when_the_registry_is_down_for_a_day) {
  std::atomic<unsigned> status = 200;
  asking asking([&](const seen_request&) {
    return status == 200 ? signed_answer(organisation()) : answer(status);
  });
  EXPECT_TRUE(asking.find("910075918"));
  status = 503;
  asking.time.advance(6min);
  const auto old = asking.find("910075918");
  ASSERT_TRUE(old);
  EXPECT_TRUE(old->stale);
  EXPECT_EQ(asking.find("910075946").error().code, http::http_errc::unavailable);
  asking.time.advance(24h);
  EXPECT_FALSE(asking.find("910075918"));
}

TEST(registry_client, never_remembers_or_outlives_a_404) {
  KP_FIXTURE(body, "platform/service-registry/errors/404-entity.json");
  std::atomic<unsigned> status = 200;
  asking asking([&](const seen_request&) {
    if (status == 200) return signed_answer(organisation());
    return answer(status, status == 404 ? body : "");
  });
  EXPECT_TRUE(asking.find("910075918"));
  status = 404;
  asking.time.advance(6min);
  for (int i = 0; i < 2; ++i) {
    const auto gone = asking.find("910075918");
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().code, registry_errc::not_found);
    EXPECT_FALSE(gone.error().retryable);
  }
  EXPECT_EQ(asking.lookups(), 3u);
  status = 503;
  EXPECT_FALSE(asking.find("910075918"));
}

TEST(registry_client, refuses_with_the_registrys_words) {
  KP_FIXTURE(body, "platform/service-registry/errors/400-security-level.json");
  asking asking([&](const seen_request&) { return answer(400, body); });
  const auto refused = asking.find("910075918");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, registry_errc::refused);
  EXPECT_THAT(refused.error().message,
              HasSubstr("can not receive messages with security level '4'"));
}

TEST(registry_client, holds_no_person_number_in_errors_but_shows_it_to_who_asked) {
  std::atomic<unsigned> status = 404;
  asking asking([&](const seen_request&) {
    return answer(status, R"({"error_description":"no 26079412345 here"})");
  });
  const lookup what{"26079412345", "p", 3, "c"};
  const std::string asked =
      "SRParameter(identifier=26079412345, process=p, securityLevel=3, print=null, infoOnly=false, "
      "conversationId=c)";
  EXPECT_EQ(describe(what), asked);
  const auto gone = asking.services.on().run(asking.it->find(what)).error();
  EXPECT_THAT(gone.message, Not(HasSubstr("26079412345")));
  EXPECT_EQ(text_for_client(gone, what), "Service record not found for parameters: " + asked);
  status = 400;
  const auto refused = asking.services.on().run(asking.it->find(what)).error();
  EXPECT_EQ(refused.code, registry_errc::refused);
  EXPECT_THAT(refused.message, Not(HasSubstr("26079412345")));
  EXPECT_THAT(text_for_client(refused, what), HasSubstr("service record with " + asked));
  const auto certificate =
      asking.services.on().run(asking.it->published_certificate("26079412345")).error();
  EXPECT_THAT(certificate.message, Not(HasSubstr("26079412345")));
}

TEST(registry_client, gets_a_new_token_once_after_a_401) {
  std::atomic<int> refusals = 1;
  asking asking([&](const seen_request&) {
    return refusals-- > 0 ? answer(401) : signed_answer(organisation());
  });
  EXPECT_TRUE(asking.find("910075918"));
  EXPECT_EQ(asking.services.seen("/token").size(), 2u);
  refusals = 5;
  EXPECT_FALSE(asking.find("910075946"));
  EXPECT_EQ(asking.lookups(), 4u);
}

TEST(registry_client, simultaneous_callers_share_one_lookup) {
  asking asking([](const seen_request&) { return signed_answer(organisation()); });
  std::vector<std::future<result<kp::registry::answer>>> callers;
  for (int i = 0; i < 20; ++i)
    callers.push_back(boost::asio::co_spawn(
        asking.services.on().context(),
        asking.it->find(lookup{"910075918", std::nullopt, std::nullopt, std::to_string(i)}),
        boost::asio::use_future));
  for (auto& each : callers) EXPECT_TRUE(each.get());
  EXPECT_EQ(asking.lookups(), 1u);
}

TEST(registry_client, trusts_no_answer_that_does_not_verify) {
  asking forged([](const seen_request&) { return signed_answer(organisation(), second_key()); });
  const auto found = forged.find("910075918");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, registry_errc::bad_signature);
  asking unsigned_one([](const seen_request&) { return answer(200, organisation()); });
  EXPECT_FALSE(unsigned_one.find("910075918"));
  asking no_json([](const seen_request&) { return signed_answer("<html>"); });
  EXPECT_EQ(no_json.find("910075918").error().code, registry_errc::bad_answer);
}

TEST(registry_client, follows_a_change_of_key_but_asks_for_keys_at_most_every_30_seconds) {
  std::atomic<bool> rotated = false;
  asking asking([&](const seen_request&) {
    return rotated ? signed_answer(organisation("NEW"), second_key(), "two")
                   : signed_answer(organisation());
  });
  EXPECT_TRUE(asking.find("1"));
  EXPECT_TRUE(asking.find("2"));
  EXPECT_EQ(asking.key_fetches(), 1u);
  rotated = true;
  asking.time.advance(29s);
  EXPECT_EQ(asking.find("3").error().code, registry_errc::bad_signature);
  EXPECT_EQ(asking.key_fetches(), 1u);
  asking.services.on().call([&] {
    asking.published = second_key();
    asking.published_id = "two";
  });
  asking.time.advance(1s);
  const auto found = asking.find("3");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->organisation_name, "NEW");
  EXPECT_EQ(asking.key_fetches(), 2u);
}

TEST(registry_client, uses_the_keys_it_has_while_new_ones_cannot_be_fetched) {
  asking asking([](const seen_request&) { return signed_answer(organisation()); });
  EXPECT_TRUE(asking.find("1"));
  asking.keys_status = 503;
  asking.time.advance(11min);
  EXPECT_TRUE(asking.find("1"));
  EXPECT_EQ(asking.key_fetches(), 2u);
  EXPECT_TRUE(asking.find("2"));
  EXPECT_EQ(asking.key_fetches(), 2u);
}

TEST(registry_client, hides_no_forged_answer_behind_an_old_one) {
  std::atomic<bool> forged = false;
  asking asking([&](const seen_request&) {
    return signed_answer(organisation(), forged ? second_key() : first_key());
  });
  EXPECT_TRUE(asking.find("1"));
  forged = true;
  asking.time.advance(6min);
  EXPECT_EQ(asking.find("1").error().code, registry_errc::bad_signature);
}

TEST(registry_client, finds_a_published_certificate_and_keeps_it) {
  KP_FIXTURE(pem, "platform/service-registry/upstream/virksert/910077473.pem");
  asking asking([&](const seen_request&) { return signed_answer(pem); });
  for (int i = 0; i < 2; ++i) {
    const auto found = asking.services.on().run(asking.it->published_certificate("910077473"));
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(*found, pem);
  }
  ASSERT_EQ(asking.lookups(), 1u);
  EXPECT_EQ(asking.services.seen("/adressetjeneste").at(0).target,
            "/adressetjeneste/virksert/910077473");
}

TEST(registry_client, asks_who_a_health_address_is_with_the_beta_header) {
  asking asking([](const seen_request&) {
    return signed_answer(R"({"infoRecord":{"identifier":"fastlege-for:17912099997",
        "parentHerId":8143541,"herId":8143548,"organizationNumber":"910077473"},
        "serviceRecords":[]})");
  });
  const auto ask = [&] {
    return asking.services.on().run(asking.it->find_health_party("fastlege-for:17912099997"));
  };
  const auto found = ask();
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->her_id, 8143548);
  EXPECT_EQ(found->organisation, "910077473");
  EXPECT_TRUE(ask());
  const auto seen = asking.services.seen("/adressetjeneste");
  ASSERT_EQ(seen.size(), 1u) << "the second is answered from the cache";
  EXPECT_EQ(seen[0].target, "/adressetjeneste/info/fastlege-for:17912099997");
  EXPECT_EQ(seen[0].header("X-Enable-Beta-Features"), "true");
}

TEST(registry_client, names_no_person_when_a_health_address_is_unknown) {
  asking asking([](const seen_request&) { return answer(404); });
  const auto found =
      asking.services.on().run(asking.it->find_health_party("fastlege-for:17912099997"));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, registry_errc::not_found);
  EXPECT_EQ(found.error().message.find("17912099997"), std::string::npos) << found.error().message;
}

TEST(registry_client, a_health_address_without_an_owner_is_a_bad_answer) {
  for (const auto* info : {R"({"herId":0,"organizationNumber":"910077473"})",
                           R"({"herId":8093,"organizationNumber":"12"})", R"({"herId":8093})"}) {
    asking asking([info](const seen_request&) {
      return signed_answer(std::string(R"({"infoRecord":)") + info + "}");
    });
    const auto found = asking.services.on().run(asking.it->find_health_party("her-id:8093"));
    ASSERT_FALSE(found) << info;
    EXPECT_EQ(found.error().code, registry_errc::bad_answer) << info;
  }
}

}  // namespace
}  // namespace kp::registry
