#include "tests/tools/sandbox/support.hpp"

#include "config/text.hpp"

namespace kp::sandbox::test {

namespace {

constexpr auto org = "910077473", other = "910075918";

class sandbox_maskinporten : public with_sandbox {
 protected:
  void SetUp() override {
    with_sandbox::SetUp();
    own = add(org);
  }
  // The MP code, or the description without one.
  static std::string refusal(const http_answer& answer) {
    EXPECT_EQ(answer.status, 400U) << answer.body;
    const std::string text(answer.json().at("error_description").as_string());
    const auto at = text.find("(MP-");
    return at == std::string::npos ? text : text.substr(at + 1, 6);
  }
  member own;
};

}  // namespace

TEST_F(sandbox_maskinporten, a_grant_signed_by_the_organisation_certificate_gives_a_token) {
  const auto answer = ask_token(own, grant_claims(own, "eformidling:dpo altinn:broker.read"));
  ASSERT_EQ(answer.status, 200U) << answer.body;
  EXPECT_EQ(answer.headers.at("cache-control"), "no-store");
  EXPECT_EQ(answer.json().at("expires_in").as_int64(), 120);
  EXPECT_EQ(answer.json().at("token_type").as_string(), "Bearer");
  const auto claims = claims_of(std::string(answer.json().at("access_token").as_string()));
  EXPECT_EQ(claims.at("scope").as_string(), "eformidling:dpo altinn:broker.read");
  EXPECT_EQ(claims.at("iss").as_string(), box->url() + "/");
  EXPECT_EQ(claims.at("client_id").as_string(), "MOVE_IP_910077473");
  EXPECT_EQ(claims.at("client_amr").as_string(), "virksomhetssertifikat");
  EXPECT_EQ(claims.at("consumer").at("ID").as_string(), "0192:910077473");
  EXPECT_EQ(claims.at("exp").as_int64() - claims.at("iat").as_int64(), 120);
  EXPECT_FALSE(claims.contains("authorization_details"));
}

TEST_F(sandbox_maskinporten, a_system_user_is_answered_with_its_id_and_system) {
  auto claims = grant_claims(own, "altinn:broker.write");
  claims["authorization_details"] =
      system_user(org, "910077473_integrasjonspunkt_systembruker_910077473");
  const auto answer = ask_token(own, claims);
  ASSERT_EQ(answer.status, 200U) << answer.body;
  const auto got = claims_of(std::string(answer.json().at("access_token").as_string()));
  const auto& user = got.at("authorization_details").as_array().at(0);
  EXPECT_EQ(user.at("type").as_string(), "urn:altinn:systemuser");
  EXPECT_EQ(user.at("systemuser_org").at("ID").as_string(), "0192:910077473");
  EXPECT_EQ(user.at("systemuser_id").as_array().size(), 1U);
  EXPECT_EQ(user.at("system_id").as_string(), "910077473_integrasjonspunkt");
}

TEST_F(sandbox_maskinporten, an_unknown_client_is_refused) {
  auto claims = grant_claims(own, "eformidling:dpo");
  claims["iss"] = "MOVE_IP_999999999";
  EXPECT_EQ(refusal(ask_token(own, claims)), "MP-100");
}

TEST_F(sandbox_maskinporten, another_audience_is_refused) {
  auto claims = grant_claims(own, "eformidling:dpo");
  claims["aud"] = "https://maskinporten.no/";
  EXPECT_EQ(refusal(ask_token(own, claims)), "MP-110");
}

TEST_F(sandbox_maskinporten, an_audience_in_an_array_of_one_is_accepted) {
  auto claims = grant_claims(own, "eformidling:dpo");
  json::array list;
  list.emplace_back(box->url() + "/");
  claims["aud"] = list;
  EXPECT_EQ(ask_token(own, claims).status, 200U);
  list.emplace_back("https://maskinporten.no/");
  claims["jti"] = "another";
  claims["aud"] = list;
  EXPECT_EQ(refusal(ask_token(own, claims)), "MP-110");
}

TEST_F(sandbox_maskinporten, times_outside_the_limits_are_refused) {
  auto expired = grant_claims(own, "eformidling:dpo");
  expired["iat"] = now() - 120;
  expired["exp"] = now();
  EXPECT_EQ(refusal(ask_token(own, expired)), "MP-130");
  auto lasting = grant_claims(own, "eformidling:dpo");
  lasting["exp"] = now() + 121;
  EXPECT_THAT(refusal(ask_token(own, lasting)).c_str(),
              ::testing::HasSubstr("exceeds 120 seconds"));
  auto ahead = grant_claims(own, "eformidling:dpo");
  ahead["iat"] = now() + 11;
  ahead["exp"] = now() + 60;
  EXPECT_THAT(refusal(ask_token(own, ahead)).c_str(),
              ::testing::HasSubstr("Issue time is after now"));
  auto skewed = grant_claims(own, "eformidling:dpo");
  skewed["iat"] = now() + 10;
  skewed["exp"] = now() + 60;
  EXPECT_EQ(ask_token(own, skewed).status, 200U);
}

TEST_F(sandbox_maskinporten, a_grant_is_good_for_one_token_only) {
  const auto claims = grant_claims(own, "eformidling:dpo");
  EXPECT_EQ(ask_token(own, claims).status, 200U);
  EXPECT_EQ(refusal(ask_token(own, claims)), "MP-012");
}

TEST_F(sandbox_maskinporten, a_scope_that_is_not_on_the_client_fails_the_whole_request) {
  const auto answer = ask_token(own, grant_claims(own, "eformidling:dpo eformidling:dpv"));
  EXPECT_EQ(refusal(answer), "MP-200");
  EXPECT_EQ(answer.json().at("error").as_string(), "invalid_scope");
  EXPECT_EQ(refusal(ask_token(own, grant_claims(own, ""))), "MP-200");
}

TEST_F(sandbox_maskinporten, a_signature_by_another_key_is_refused) {
  const auto stranger = new_key();
  EXPECT_EQ(refusal(send_grant(
                compact(grant_header(own), grant_claims(own, "eformidling:dpo"), stranger.get()))),
            "MP-124");
  auto bent = compact(grant_header(own), grant_claims(own, "eformidling:dpo"), own.key.get());
  bent[bent.size() - 10] = bent[bent.size() - 10] == 'A' ? 'B' : 'A';
  EXPECT_EQ(refusal(send_grant(bent)), "MP-124");
}

TEST_F(sandbox_maskinporten, a_certificate_of_another_organisation_is_refused) {
  const auto neighbour = add(other);
  EXPECT_EQ(refusal(send_grant(compact(grant_header(neighbour),
                                       grant_claims(own, "eformidling:dpo"), neighbour.key.get()))),
            "MP-122");
}

TEST_F(sandbox_maskinporten, an_expired_certificate_and_one_of_another_ca_are_refused) {
  const auto old = add(other, {{"validForDays", -1}});
  EXPECT_EQ(refusal(ask_token(old, grant_claims(old, "eformidling:dpo"))), "MP-120");
  options elsewhere;
  elsewhere.port = 0;
  elsewhere.time = time;
  auto second = sandbox::start(elsewhere);
  ASSERT_TRUE(second);
  json::object body{{"number", org}, {"name", "Testkommune"}};
  const auto foreign =
      open_keystore((*second)->control("POST", "/control/organisations", body)->as_object());
  EXPECT_EQ(refusal(ask_token(foreign, grant_claims(own, "eformidling:dpo"))), "MP-120");
}

TEST_F(sandbox_maskinporten, the_header_needs_exactly_one_of_x5c_and_kid) {
  const auto claims = grant_claims(own, "eformidling:dpo");
  auto both = grant_header(own);
  both["kid"] = "k";
  EXPECT_EQ(refusal(send_grant(compact(both, claims, own.key.get()))), "MP-011");
  EXPECT_EQ(refusal(send_grant(compact({{"alg", "RS256"}}, claims, own.key.get()))), "MP-011");
  auto text = grant_header(own);
  text["x5c"] = own.leaf_base64;
  EXPECT_EQ(refusal(send_grant(compact(text, claims, own.key.get()))), "MP-123");
  auto unsigned_ = grant_header(own);
  unsigned_["alg"] = "none";
  EXPECT_EQ(refusal(send_grant(compact(unsigned_, claims, own.key.get()))), "MP-124");
}

TEST_F(sandbox_maskinporten, a_registered_key_works_until_it_expires) {
  const auto registered = new_key(), stranger = new_key();
  auto jwk = public_jwk_of(registered.get());
  jwk["kid"] = "key-1";
  jwk["expires"] = now() + 3600;
  json::array keys;
  keys.emplace_back(jwk);
  const auto second = add(other, {{"keys", keys}});
  const auto ask = [&](const char* kid, evp_pkey_st* key) {
    return send_grant(
        compact({{"alg", "RS256"}, {"kid", kid}}, grant_claims(second, "eformidling:dpo"), key));
  };
  const auto answer = ask("key-1", registered.get());
  ASSERT_EQ(answer.status, 200U) << answer.body;
  EXPECT_EQ(claims_of(std::string(answer.json().at("access_token").as_string()))
                .at("client_amr")
                .as_string(),
            "private_key_jwt");
  EXPECT_EQ(refusal(ask("key-2", registered.get())), "MP-124");
  EXPECT_EQ(refusal(ask("key-1", stranger.get())), "MP-124");
  time->advance(std::chrono::hours(1));
  EXPECT_EQ(refusal(ask("key-1", registered.get())), "MP-121");
}

TEST_F(sandbox_maskinporten, a_request_that_is_no_form_or_no_jwt_is_refused) {
  const auto whole =
      compact(grant_header(own), grant_claims(own, "eformidling:dpo"), own.key.get());
  EXPECT_EQ(post("/token", {{"Content-Type", "application/json"}}, "{}").status, 400U);
  const auto wrong = post("/token", {{"Content-Type", "application/x-www-form-urlencoded"}},
                          "grant_type=client_credentials&assertion=" + whole);
  EXPECT_EQ(wrong.status, 400U);
  EXPECT_EQ(wrong.json().at("error").as_string(), "unsupported_grant_type");
  EXPECT_EQ(refusal(send_grant("a.b")), "MP-011");
  EXPECT_EQ(refusal(send_grant(whole + "%0A")), "MP-011");
}

TEST_F(sandbox_maskinporten, authorization_details_are_checked) {
  auto claims = grant_claims(own, "altinn:broker.read");
  auto details = system_user(org);
  details[0].as_object()["type"] = "urn:altinn:other";
  claims["authorization_details"] = details;
  EXPECT_EQ(refusal(ask_token(own, claims)), "MP-301");
  details = system_user(org);
  details[0].as_object()["systemuser_name"] = "x";
  claims = grant_claims(own, "altinn:broker.read");
  claims["authorization_details"] = details;
  EXPECT_EQ(refusal(ask_token(own, claims)), "MP-302");
  for (const auto& wrong : {system_user(org, "unknown"), system_user(other)}) {
    claims = grant_claims(own, "altinn:broker.read");
    claims["authorization_details"] = wrong;
    EXPECT_EQ(refusal(ask_token(own, claims)), "MP-303");
  }
}

TEST_F(sandbox_maskinporten, a_supplier_acts_for_another_organisation_by_its_approved_system_user) {
  const auto ask = [&] {
    auto claims = grant_claims(own, "altinn:broker.read");
    claims["authorization_details"] = system_user(other, "leverandoer");
    return ask_token(own, claims);
  };
  json::object user{{"client", own.client_id},
                    {"organisation", other},
                    {"name", "leverandoer"},
                    {"approved", false}};
  control("POST", "/control/systemusers", user);
  EXPECT_EQ(refusal(ask()), "MP-303");
  user["approved"] = true;
  control("POST", "/control/systemusers", user);
  const auto answer = ask();
  ASSERT_EQ(answer.status, 200U) << answer.body;
  const auto claims = claims_of(std::string(answer.json().at("access_token").as_string()));
  EXPECT_EQ(claims.at("consumer").at("ID").as_string(), "0192:910077473");
  EXPECT_EQ(
      claims.at("authorization_details").as_array().at(0).at("systemuser_org").at("ID").as_string(),
      "0192:910075918");
}

TEST_F(sandbox_maskinporten, consumer_org_needs_a_delegation) {
  const auto ask = [&](const std::string& consumer) {
    auto claims = grant_claims(own, "eformidling:dpo");
    claims["consumer_org"] = consumer;
    return ask_token(own, claims);
  };
  EXPECT_EQ(ask(org).json().at("error").as_string(), "invalid_request");
  const auto refused = ask(other);
  EXPECT_EQ(refused.status, 403U);
  EXPECT_THAT(std::string(refused.json().at("error_description").as_string()),
              ::testing::HasSubstr("MP-251"));
  json::array scopes;
  scopes.emplace_back("eformidling:dpo");
  control("POST", "/control/delegations",
          {{"client", own.client_id}, {"consumer", other}, {"scopes", scopes}});
  const auto answer = ask(other);
  ASSERT_EQ(answer.status, 200U) << answer.body;
  const auto claims = claims_of(std::string(answer.json().at("access_token").as_string()));
  EXPECT_EQ(claims.at("consumer").at("ID").as_string(), "0192:910075918");
  EXPECT_EQ(claims.at("supplier").at("ID").as_string(), "0192:910077473");
}

TEST_F(sandbox_maskinporten, the_exchange_gives_an_altinn_token_with_the_claims_carried_over) {
  const auto answer = get("/authentication/api/v1/exchange/maskinporten",
                          {{"Authorization", "Bearer " + token(own, "altinn:broker.read", true)}});
  ASSERT_EQ(answer.status, 200U);
  EXPECT_THAT(answer.headers.at("content-type"), ::testing::StartsWith("text/plain"));
  const auto claims = claims_of(answer.body);
  EXPECT_EQ(claims.at("exp").as_int64() - claims.at("iat").as_int64(), 1800);
  EXPECT_EQ(claims.at("urn:altinn:orgNumber").as_string(), org);
  EXPECT_EQ(claims.at("urn:altinn:authlevel").as_int64(), 3);
  EXPECT_EQ(claims.at("scope").as_string(), "altinn:broker.read");
  EXPECT_TRUE(claims.contains("authorization_details"));
  EXPECT_FALSE(claims.contains("client_amr"));
  EXPECT_THAT(std::string(claims.at("iss").as_string()),
              ::testing::EndsWith("/authentication/api/v1/openid/"));
}

TEST_F(sandbox_maskinporten, the_exchange_refuses_a_missing_a_bent_and_an_expired_token) {
  const std::string url = "/authentication/api/v1/exchange/maskinporten";
  EXPECT_EQ(get(url).status, 401U);
  auto good = token(own, "altinn:broker.read");
  auto bent = good;
  bent[bent.size() - 10] = bent[bent.size() - 10] == 'A' ? 'B' : 'A';
  EXPECT_EQ(get(url, bearer(bent)).status, 401U);
  EXPECT_EQ(get(url, bearer(good)).status, 200U);
  time->advance(std::chrono::seconds(120));
  EXPECT_EQ(get(url, bearer(good)).status, 401U);
}

TEST_F(sandbox_maskinporten, the_token_verifies_with_the_published_key) {
  const auto jwt = token(own, "eformidling:dpo");
  const auto jwk = get("/jwk").json().at("keys").as_array().at(0).as_object();
  EXPECT_EQ(jwk.at("alg").as_string(), "RS256");
  const auto header = json::parse(from_base64url(jwt.substr(0, jwt.find('.'))).value());
  EXPECT_EQ(header.at("kid").as_string(), jwk.at("kid").as_string());
  const auto metadata = get("/.well-known/oauth-authorization-server").json();
  EXPECT_EQ(metadata.at("issuer").as_string(), box->url() + "/");
}

TEST(sandbox_certificates, carry_the_organisation_number_where_their_profile_says) {
  options wanted;
  wanted.port = 0;
  auto box = sandbox::start(wanted);
  ASSERT_TRUE(box);
  const auto subject = [&](int seid) {
    json::object body{{"number", org}, {"name", "Testkommune"}, {"seid", seid}};
    const auto made = (*box)->control("POST", "/control/organisations", body);
    return subject_of(open_keystore(made->as_object()).certificate.get());
  };
  EXPECT_THAT(subject(1), ::testing::HasSubstr("serialNumber=910077473"));
  EXPECT_THAT(subject(1), ::testing::Not(::testing::HasSubstr("NTRNO")));
  EXPECT_THAT(subject(2), ::testing::HasSubstr("organizationIdentifier=NTRNO-910077473"));
  EXPECT_THAT(subject(2), ::testing::Not(::testing::HasSubstr("serialNumber")));
}

}  // namespace kp::sandbox::test
