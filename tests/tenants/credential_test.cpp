#include "tenants/credential.hpp"

#include "tenants/api_key.hpp"
#include "tenants/directory.hpp"
#include "tenants/loader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace kp;
using namespace kp::tenants;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

const std::string print(64, 'a');

credential token(const std::string& scope, const std::string& consumer,
                 const std::string& client = {}) {
  return {.issuer = "maskinporten", .scope = scope, .consumer = consumer, .client_id = client};
}

std::shared_ptr<const organisation> make(const char* number,
                                         std::vector<std::vector<credential>> channels) {
  organisation made{organisation_id::parse(number).value(), "x", {}, {}, "", {}, {}, "", ""};
  int count = 0;
  for (auto& credentials : channels) {
    channel_settings one{
        channel_name::parse("c" + std::to_string(count++)).value(), {}, {}, {}, {}, {}, {}};
    one.credentials = std::move(credentials);
    made.channels.push_back(std::move(one));
  }
  return std::make_shared<const organisation>(std::move(made));
}

std::string problems(const credential& one) {
  std::string all;
  for (const auto& each : check_credential(one)) all += each.rule + ". " + each.remedy + "\n";
  return all;
}

std::string name_of(const std::optional<directory::seat>& seat) {
  return seat ? seat->owner->id.to_string() + "/" + seat->channel->name.to_string() : "nobody";
}

}  // namespace

TEST(credential, is_of_exactly_one_kind) {
  EXPECT_THAT(problems({}), HasSubstr("nothing to be known by"));
  EXPECT_THAT(problems({.user = "u", .certificate_sha256 = print}),
              HasSubstr("is user and password and a certificate at once"));
  EXPECT_EQ(problems({.certificate_sha256 = print}), "");
  EXPECT_EQ(problems({.certificate_subject = "CN=x"}), "");
  EXPECT_EQ(problems(token("s", "0192:910077473")), "");
}

TEST(credential, of_a_token_must_say_whose) {
  EXPECT_THAT(problems(token("s", "")), HasSubstr("anybody with the scope would be let in"));
  EXPECT_THAT(problems(token("", "0192:910077473")), HasSubstr("without `scope`"));
  EXPECT_THAT(problems(token("a b", "0192:910077473")), HasSubstr("more than one"));
  EXPECT_THAT(problems(token("s", "910077473")), HasSubstr("Write 0192:"));
}

TEST(credential, never_repeats_an_api_key_that_was_written_where_its_public_part_belongs) {
  const auto key = make_api_key(*make_seeded_random(1));
  const auto said = problems({.api_key = key.key, .api_key_hash = key.hash});
  EXPECT_THAT(said, HasSubstr("public part"));
  EXPECT_THAT(said, testing::Not(HasSubstr(key.key)));
  EXPECT_EQ(problems({.api_key = key.id, .api_key_hash = key.hash}), "");
}

TEST(credential, fingerprints_are_read_as_openssl_prints_them) {
  std::string with_colons = "AB", plain = "ab";
  for (int i = 1; i < 32; ++i) {
    with_colons += ":AB";
    plain += "ab";
  }
  EXPECT_EQ(normal_fingerprint(with_colons), plain);
  EXPECT_EQ(normal_fingerprint("ab"), "");
  EXPECT_EQ(normal_fingerprint(std::string(64, 'g')), "");
}

TEST(api_key, is_found_by_its_public_part_and_kept_as_a_hash) {
  const auto key = make_api_key(*make_secure_random());
  EXPECT_EQ(api_key_id(key.key), key.id);
  EXPECT_EQ(key.hash, sha256_hex_of(key.key));
  EXPECT_EQ(key.hash.find(key.key.substr(16)), std::string::npos);
  EXPECT_NE(make_api_key(*make_secure_random()).key, key.key);
  for (const auto* other : {"", "kp_", "kp_0123456789ab", "eyJ.eyJ.x"})
    EXPECT_FALSE(api_key_id(other)) << other;
}

TEST(directory, lets_an_api_key_into_its_channel_only) {
  const auto key = make_api_key(*make_secure_random());
  const auto other = make_api_key(*make_secure_random());
  const directory all({make("910077473", {{{.api_key = key.id, .api_key_hash = key.hash}}}),
                       make("910076787", {{{.api_key = other.id, .api_key_hash = other.hash}}})});
  EXPECT_EQ(name_of(all.with_api_key(key.key, {})), "910077473/c0");
  EXPECT_EQ(name_of(all.with_api_key(other.key, {})), "910076787/c0");
  // The public part of one with the secret of another.
  EXPECT_FALSE(all.with_api_key(key.id + other.key.substr(key.id.size()), {}));
  EXPECT_FALSE(all.with_api_key(key.id, {}));
  const auto elsewhere = organisation_id::parse("910076787").value();
  EXPECT_FALSE(all.with_api_key(key.key, {elsewhere, {}}));
}

TEST(directory, lets_a_certificate_in_by_fingerprint_or_subject) {
  const directory all({make("910077473", {{{.certificate_sha256 = print}},
                                          {{.certificate_subject = "CN=sak,O=Bergvik"}}})});
  EXPECT_EQ(name_of(all.with_certificate(print, "CN=other", {})), "910077473/c0");
  EXPECT_EQ(name_of(all.with_certificate(std::string(64, 'b'), "CN=sak,O=Bergvik", {})),
            "910077473/c1");
  EXPECT_FALSE(all.with_certificate(std::string(64, 'b'), "CN=sak", {}));
  EXPECT_FALSE(all.with_certificate("", "", {}));
}

TEST(directory, lets_a_token_in_that_has_scope_and_holder) {
  const directory all({make("910077473", {{token("arkiv", "0192:910077473")},
                                          {token("barn", "0192:910077473", "client")}})});
  const auto found = [&](directory::token_holder holder, directory::scope within = {}) {
    std::vector<std::string> names;
    for (const auto& seat : all.with_token(holder, within)) names.push_back(name_of(seat));
    return names;
  };
  EXPECT_THAT(found({"maskinporten", {"arkiv"}, "0192:910077473", "any"}),
              ElementsAre("910077473/c0"));
  EXPECT_THAT(found({"maskinporten", {"barn"}, "0192:910077473", "client"}),
              ElementsAre("910077473/c1"));
  EXPECT_THAT(found({"maskinporten", {"barn"}, "0192:910077473", "other"}), IsEmpty());
  EXPECT_THAT(found({"maskinporten", {"arkiv"}, "0192:910076787", "client"}), IsEmpty());
  EXPECT_THAT(found({"other", {"arkiv"}, "0192:910077473", "any"}), IsEmpty());
  EXPECT_THAT(found({"maskinporten", {}, "0192:910077473", "client"}), IsEmpty());
  // Good for both: only the path can say which.
  const directory::token_holder both{"maskinporten", {"arkiv", "barn"}, "0192:910077473", "client"};
  EXPECT_EQ(found(both).size(), 2U);
  EXPECT_THAT(found(both, {{}, channel_name::parse("c0").value()}), ElementsAre("910077473/c0"));
}

TEST(directory, shows_only_the_part_of_the_inbox_that_a_credential_names) {
  const directory all({make(
      "910077473", {{{.certificate_sha256 = print,
                      .inbox = {{service::dpo}, {"urn:no:difi:profile:arkivmelding:plan:ver1.0"}}},
                     {.certificate_subject = "CN=all"}}})});
  const auto some = all.with_certificate(print, "", {})->view();
  ASSERT_TRUE(some);
  EXPECT_TRUE(some->shows(service::dpo, "urn:no:difi:profile:arkivmelding:plan:ver1.0"));
  EXPECT_FALSE(some->shows(service::dpo, "urn:no:difi:profile:arkivmelding:helse:ver1.0"));
  EXPECT_FALSE(some->shows(service::dpv, "urn:no:difi:profile:arkivmelding:plan:ver1.0"));
  EXPECT_FALSE(all.with_certificate("", "CN=all", {})->view());
}

TEST(hub_rules, a_credential_that_lets_nobody_in_is_a_problem) {
  loaded tenants;
  tenants.organisations.push_back(
      make("910077473", {{token("arkiv", "0192:910077473"), {.certificate_sha256 = print}}}));
  hub_settings hub;
  hub.token_issuers.emplace_back().name = "maskinportn";
  const auto problems = check_against_hub(tenants, hub);
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_THAT(problems[0].remedy + problems[1].remedy, HasSubstr("Did you mean \"maskinportn\"?"));
  EXPECT_THAT(problems[0].remedy + problems[1].remedy, HasSubstr("listener.client_ca"));
  hub.token_issuers[0].name = "maskinporten";
  hub.api.client_ca_file = "ca.pem";
  EXPECT_THAT(check_against_hub(tenants, hub), IsEmpty());
}
