#include "protocol/registry/answer.hpp"

#include "tests/support/fixtures.hpp"

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <algorithm>

using namespace kp;
using namespace kp::registry;

namespace {

// Order of records and of documentTypes does not matter to a client.
std::string sorted(const boost::json::value& v) {
  if (const auto* object = v.if_object()) {
    std::vector<std::string> parts;
    for (const auto& [key, value] : *object)
      parts.push_back(std::string(key) + ":" + sorted(value));
    std::ranges::sort(parts);
    std::string out = "{";
    for (const auto& part : parts) out += part + ",";
    return out + "}";
  }
  if (const auto* array = v.if_array()) {
    std::string out = "[";
    for (const auto& value : *array) out += sorted(value) + ",";
    return out + "]";
  }
  return boost::json::serialize(v);
}

void expect_capabilities(const std::string& identifier, const std::string& capabilities) {
  const auto parsed = parse_answer(identifier);
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(sorted(to_capabilities(*parsed)), sorted(boost::json::parse(capabilities)));
}

}  // namespace

TEST(registry_answer, reads_what_the_registry_says_of_an_organisation) {
  KP_FIXTURE(text, "platform/service-registry/upstream/identifier/910075918.json");
  const auto parsed = parse_answer(text);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->identifier, "910075918");
  EXPECT_EQ(parsed->organisation_name, "TEST - C4");
  ASSERT_FALSE(parsed->records.empty());
  EXPECT_EQ(parsed->records.front().via, service::dpo);
  ASSERT_TRUE(parsed->records.front().pem_certificate);
  EXPECT_TRUE(crypto::certificate::from_pem(*parsed->records.front().pem_certificate));
}

TEST(registry_answer, takes_an_explicit_null_certificate_for_none) {
  const auto parsed = parse_answer(
      R"({"serviceRecords":[{"pemCertificate":null,"service":{"identifier":"DPV"}}]})");
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(parsed->records.front().pem_certificate);
}

TEST(registry_answer, takes_a_service_it_does_not_know_for_unknown) {
  const auto parsed = parse_answer(R"({"serviceRecords":[{"service":{"identifier":"DPX"}}]})");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->records.front().via, service::unknown);
}

TEST(registry_answer, refuses_what_is_no_json_object) {
  for (const auto* text : {"", "[]", "<html>", "{\"serviceRecords\":"})
    EXPECT_EQ(parse_answer(text).error().code, registry_errc::bad_answer) << text;
}

TEST(registry_answer, becomes_the_capabilities_that_clients_know) {
  KP_FIXTURE(identifier, "platform/service-registry/upstream/identifier/910077473.json");
  KP_FIXTURE(capabilities, "platform/capabilities/910077473.json");
  expect_capabilities(identifier, capabilities);
}

TEST(registry_answer, shows_addresses_and_mailbox_of_a_citizen) {
  KP_FIXTURE(identifier, "platform/service-registry/constructed/citizen-digital.json");
  const auto parsed = parse_answer(identifier);
  ASSERT_TRUE(parsed);
  const auto capabilities = to_capabilities(*parsed);
  const auto& first = capabilities.at("capabilities").as_array().at(0).as_object();
  EXPECT_EQ(first.at("serviceIdentifier"), "DPI");
  EXPECT_EQ(first.at("postAddress").as_object().size(), 5u);
  EXPECT_TRUE(first.contains("digitalPostAddress"));
}

TEST(registry_answer, finds_the_registrys_words_in_both_error_shapes) {
  EXPECT_EQ(error_description(R"({"error_code":"","error_description":"Process x not found"})"),
            "Process x not found");
  EXPECT_EQ(error_description(R"({"message":"No service record found"})"),
            "No service record found");
  EXPECT_EQ(error_description("<html>"), "");
}

TEST(registry_answer, names_the_patient_of_a_gp) {
  KP_FIXTURE(text, "messages/service-records/30878199614.json");
  const auto parsed = parse_answer(text);
  ASSERT_TRUE(parsed);
  const auto& patient = parsed->records.at(0).patient;
  ASSERT_TRUE(patient);
  EXPECT_EQ(patient->number, "30878199614");
  EXPECT_EQ(patient->first_name, "Raff");
  EXPECT_EQ(patient->middle_name, std::nullopt);
  EXPECT_EQ(patient->last_name, "Raffen");
}

TEST(registry_answer, shows_documents_of_fiks_io_as_their_one_type) {
  KP_FIXTURE(text, "dpfio/serviceregistry/910075935-einnsyn_fiksio.json");
  const auto parsed = parse_answer(text);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->records.at(0).via, service::dpfio);
  const auto shown = to_capabilities(*parsed);
  EXPECT_EQ(shown.at("capabilities").at(0).at("documentTypes"), boost::json::parse(R"([
    {"type":"fiksio","standard":"no.digdir.einnsyn.v1"}])"));
}
