#include "tests/tools/sandbox/support.hpp"

#include "config/text.hpp"
#include "tests/support/fixtures.hpp"

#include <set>

namespace kp::sandbox::test {

namespace {

constexpr auto own_number = "910077473", other_number = "910075918";
const std::string base = "/adressetjeneste";
const std::string administration = "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0";

class sandbox_registry : public with_sandbox {
 protected:
  void SetUp() override {
    with_sandbox::SetUp();
    own = add(own_number);
    other = add(other_number);
    as = bearer(token(own, "eformidling:dpo"));
  }
  static std::string payload_of(const std::string& jws) {
    const auto first = jws.find('.'), last = jws.rfind('.');
    return from_base64url(jws.substr(first + 1, last - first - 1)).value();
  }
  // Against the first key of the JWK set, as a hub verifies.
  bool verifies(const std::string& jws) {
    const auto jwk = get(base + "/jwk").json().at("keys").as_array().at(0);
    const auto der = from_base64(jwk.at("x5c").as_array().at(0).as_string()).value();
    const auto last = jws.rfind('.');
    return verify_rs256(key_of_certificate(der).get(), jws.substr(0, last),
                        from_base64url(jws.substr(last + 1)).value());
  }
  fields signed_() const {
    auto out = as;
    out["Accept"] = "application/jose, application/json";
    return out;
  }
  member own, other;
  fields as;
};

}  // namespace

TEST_F(sandbox_registry, a_registered_organisation_has_dpo_records_in_the_shape_of_the_server) {
  const auto answer = get(base + "/identifier/910075918/process/" + administration, as);
  ASSERT_EQ(answer.status, 200U) << answer.body;
  EXPECT_EQ(answer.headers.at("content-type"), "application/json");
  const auto& record = answer.json().at("serviceRecords").as_array().at(0);
  EXPECT_EQ(record.at("service").at("identifier").as_string(), "DPO");
  EXPECT_TRUE(record.at("service").at("securityLevel").is_null());
  EXPECT_THAT(std::string(record.at("pemCertificate").as_string()),
              ::testing::StartsWith("-----BEGIN CERTIFICATE-----"));
  KP_FIXTURE(real, "platform/service-registry/constructed/org-dpo-current-server-shape.json");
  const auto members = [](const json::value& of) {
    std::set<std::string> out;
    for (const auto& each : of.as_object()) out.emplace(each.key());
    return out;
  };
  const auto expected = json::parse(real).at("serviceRecords").as_array().at(0);
  EXPECT_EQ(members(record), members(expected));
  EXPECT_EQ(members(record.at("service")), members(expected.at("service")));
  EXPECT_EQ(members(answer.json().at("infoRecord")), members(json::parse(real).at("infoRecord")));
}

TEST_F(sandbox_registry, all_processes_are_there_with_their_document_types) {
  const auto answer = get(base + "/identifier/0192:910075918", as);
  ASSERT_EQ(answer.status, 200U);
  std::map<std::string, std::string> first_type;
  for (const auto& record : answer.json().at("serviceRecords").as_array())
    first_type[std::string(record.at("process").as_string())] =
        std::string(record.at("documentTypes").as_array().at(0).as_string());
  EXPECT_EQ(first_type.size(), 14U);
  EXPECT_EQ(first_type.at("urn:no:difi:profile:arkivmelding:response:ver1.0"),
            "urn:no:difi:arkivmelding:xsd::arkivmelding_kvittering");
  EXPECT_EQ(first_type.at("urn:no:difi:profile:avtalt:avtalt:ver1.0"),
            "urn:no:difi:avtalt:xsd::avtalt");
}

TEST_F(sandbox_registry, answers_are_signed_when_jose_is_asked_for) {
  const auto plain = get(base + "/identifier/910075918", as);
  const auto answer = get(base + "/identifier/910075918", signed_());
  ASSERT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.headers.at("content-type"), "application/jose");
  EXPECT_EQ(payload_of(answer.body), plain.body);
  EXPECT_TRUE(verifies(answer.body));
  const auto header =
      json::parse(from_base64url(answer.body.substr(0, answer.body.find('.'))).value());
  EXPECT_EQ(header.at("alg").as_string(), "RS256");
  EXPECT_EQ(header.at("kid").as_string(),
            get(base + "/jwk").json().at("keys").as_array().at(0).at("kid").as_string());
}

TEST_F(sandbox_registry, a_rotated_key_signs_from_then_on) {
  const auto before = get(base + "/identifier/910075918", signed_()).body;
  control("POST", "/control/registry/rotate");
  EXPECT_FALSE(verifies(before));
  EXPECT_TRUE(verifies(get(base + "/identifier/910075918", signed_()).body));
}

TEST_F(sandbox_registry, virksert_is_the_certificate_of_the_keystore) {
  const auto answer = get(base + "/virksert/910077473", as);
  ASSERT_EQ(answer.status, 200U);
  EXPECT_THAT(answer.headers.at("content-type"), ::testing::StartsWith("text/plain"));
  std::string bare;
  for (std::size_t at = 0; at < answer.body.size();) {
    const auto end = std::min(answer.body.find('\n', at), answer.body.size());
    const auto line = answer.body.substr(at, end - at);
    if (!line.starts_with("-----")) bare += line;
    at = end + 1;
  }
  EXPECT_EQ(bare, own.leaf_base64);
  const auto jose = get(base + "/virksert/910077473", signed_());
  EXPECT_EQ(payload_of(jose.body), answer.body);
  EXPECT_TRUE(verifies(jose.body));
}

TEST_F(sandbox_registry, info_has_the_name_and_no_records) {
  const auto answer = get(base + "/info/910075918", as);
  ASSERT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.json().at("infoRecord").at("organizationName").as_string(),
            "Testkommune 910075918");
  EXPECT_TRUE(answer.json().at("serviceRecords").as_array().empty());
}

TEST_F(sandbox_registry, what_it_does_not_know_is_refused_in_the_documented_shapes) {
  const auto entity = get(base + "/identifier/991825827", signed_());
  EXPECT_EQ(entity.status, 404U);
  EXPECT_EQ(entity.json().at("error_description").as_string(),
            "Entity with identifier '0192:991825827' not found.");
  EXPECT_EQ(entity.json().at("error_code").as_string(), "");
  const auto info = get(base + "/info/991825827", as);
  EXPECT_EQ(info.status, 404U);
  EXPECT_TRUE(info.body.empty());
  const auto process = get(base + "/identifier/910075918/process/urn:x", as);
  EXPECT_EQ(process.status, 404U);
  EXPECT_EQ(process.json().at("error_description").as_string(),
            "Process urn:x not found for receiver 0192:910075918");
  const auto virksert = get(base + "/virksert/910076787", as);
  EXPECT_EQ(virksert.json().at("error_description").as_string(),
            "Unable to find DPO certificate for: 910076787");
  EXPECT_EQ(get(base + "/identifier/abc", as).status, 400U);
}

TEST_F(sandbox_registry, a_bearer_token_with_an_eformidling_scope_is_required) {
  EXPECT_EQ(get(base + "/identifier/910075918").status, 401U);
  EXPECT_EQ(get(base + "/identifier/910075918", bearer("a.b.c")).status, 401U);
  const auto wrong = get(base + "/identifier/910075918", bearer(token(own, "altinn:broker.read")));
  EXPECT_EQ(wrong.status, 401U);
  EXPECT_EQ(wrong.json().at("error_description").as_string(), "Access Denied");
  EXPECT_EQ(get(base + "/identifier/17912099997", as).status, 401U);  // citizens need dpi
  EXPECT_EQ(
      get(base + "/identifier/910075918", bearer(altinn_token(own, "altinn:broker.read"))).status,
      401U);
  time->advance(std::chrono::seconds(121));
  EXPECT_EQ(get(base + "/identifier/910075918", as).status, 401U);
}

TEST_F(sandbox_registry, whoever_is_not_registered_for_dpo_gets_dpv) {
  json::array none, one;
  one.emplace_back(administration);
  add(other_number, {{"services", none}});
  const auto fallback = get(base + "/identifier/910075918/process/" + administration, as);
  ASSERT_EQ(fallback.status, 200U);
  const auto& record = fallback.json().at("serviceRecords").as_array().at(0);
  EXPECT_EQ(record.at("service").at("identifier").as_string(), "DPV");
  EXPECT_EQ(record.at("service").at("resource").as_string(), "eformidling-dpv-administrasjon");
  EXPECT_TRUE(record.at("pemCertificate").is_null());
  const auto level4 =
      get(base + "/identifier/910075918/process/" + administration + "?securityLevel=4", as);
  EXPECT_EQ(level4.status, 400U);
  add(other_number, {{"processes", one}});
  const auto other_area = base +
                          "/identifier/910075918/process/"
                          "urn:no:difi:profile:arkivmelding:taushetsbelagt:ver1.0";
  EXPECT_EQ(get(other_area, as).status, 200U);
  EXPECT_EQ(get(other_area + "?securityLevel=4", as).status, 404U);
  EXPECT_EQ(get(base + "/identifier/910075918/process/urn:no:difi:profile:avtalt:avtalt:ver1.0", as)
                .status,
            404U);
}

}  // namespace kp::sandbox::test
