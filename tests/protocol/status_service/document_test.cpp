#include "protocol/status_service/document.hpp"

#include "tests/support/fixtures.hpp"

#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace kp::status_service {
namespace {

document example() {
  document told;
  told.status = "LEVERT";
  told.message = *message_id::parse("65f237bc-7d64-45cb-8f4d-3d81345b4668");
  told.conversation = *conversation_id::parse("3233d263-30d0-4cd4-9e38-ff62a978d58e");
  told.organisation = organisation_id::from_number(971203420);
  told.via = service::dpe;
  told.process = "urn:no:difi:profile:einnsyn:journalpost:ver1.0";
  told.document_type = "urn:no:difi:einnsyn:xsd::publisering";
  told.sender = "0192:971203420";
  told.receiver = "0192:991825827";
  told.at = *parse_timestamp("2022-08-10T00:11:27.246Z", {});
  return told;
}

boost::json::object parsed(const document& told) {
  return boost::json::parse(to_json(told)).as_object();
}

std::string text(const boost::json::object& from, std::string_view name) {
  return from.contains(name) ? std::string(from.at(name).as_string()) : "<none>";
}

}  // namespace

TEST(status_document, holds_every_field_of_the_published_example_with_its_value) {
  KP_FIXTURE(published, "platform/status/documented-example.json");
  const auto ours = parsed(example());
  for (const auto& [name, value] : boost::json::parse(published).as_object()) {
    ASSERT_TRUE(ours.contains(name)) << name;
    EXPECT_EQ(ours.at(name), value) << name;
  }
}

TEST(status_document, is_what_the_http_service_knows_and_the_time_with_its_zone) {
  KP_FIXTURE(full, "platform/status/http-full-statusmessage.json");
  auto ours = parsed(example());
  EXPECT_EQ(text(ours, "@timestamp"), "2022-08-10T00:11:27.246Z");
  ours.erase("@timestamp");
  EXPECT_EQ(ours, boost::json::parse(full).as_object());
}

TEST(status_document, hides_a_person_as_installations_do) {
  KP_FIXTURE(line, "platform/status/logstash-tcp-status-line-citizen.json");
  const auto theirs = boost::json::parse(line).as_object();
  auto told = example();
  told.receiver = "17912099997";
  const auto ours = parsed(told);
  EXPECT_EQ(text(ours, "receiver"), text(theirs, "receiver"));
  EXPECT_EQ(text(ours, "receiver_org_number"), text(theirs, "receiver_org_number"));
  EXPECT_EQ(to_json(told).find("17912099997"), std::string::npos);
}

TEST(status_document, hashes_the_whole_identifier_around_a_person_number) {
  EXPECT_EQ(hide_person("fastlege-for:17912099997").size(), 64U);
  EXPECT_NE(hide_person("fastlege-for:17912099997"), hide_person("17912099997"));
  EXPECT_EQ(hide_person("179120999971234").size(), 64U);
  EXPECT_EQ(hide_person("0192:991825827"), "0192:991825827");
  EXPECT_EQ(hide_person("1791209999-7"), "1791209999-7");
}

TEST(status_document, names_the_part_of_a_sender_and_the_main_unit_of_a_receiver) {
  auto told = example();
  told.sender = "0192:971203420:991825827";
  told.receiver = "0192:910077473:910075918";
  const auto ours = parsed(told);
  EXPECT_EQ(text(ours, "sender_org_number"), "991825827");
  EXPECT_EQ(text(ours, "receiver_org_number"), "910077473");
  EXPECT_EQ(text(ours, "receiver"), "0192:910077473:910075918");
}

TEST(status_document, gives_a_bare_organisation_number_the_authority_that_is_asked_for) {
  auto told = example();
  told.sender = "971203420";
  const auto ours = parsed(told);
  EXPECT_EQ(text(ours, "sender"), "0192:971203420");
  EXPECT_EQ(text(ours, "sender_org_number"), "971203420");
}

TEST(status_document, leaves_out_what_a_message_does_not_have) {
  auto told = example();
  told.receiver.reset();
  told.document_type.clear();
  const auto ours = parsed(told);
  EXPECT_FALSE(ours.contains("receiver"));
  EXPECT_FALSE(ours.contains("receiver_org_number"));
  EXPECT_FALSE(ours.contains("document_identifier"));
}

TEST(status_document, keeps_an_identifier_that_is_no_organisation_as_it_is) {
  auto told = example();
  told.via = service::dph;
  told.receiver = "her-id:8143060";
  const auto ours = parsed(told);
  EXPECT_EQ(text(ours, "receiver"), "her-id:8143060");
  EXPECT_EQ(text(ours, "receiver_org_number"), "her-id:8143060");
}

}  // namespace kp::status_service
