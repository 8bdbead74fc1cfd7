#include "protocol/sbd/document.hpp"
#include "sample.hpp"
#include "tests/support/fixtures.hpp"

#include <boost/json/parse.hpp>

#include <gmock/gmock.h>

using namespace kp;
using namespace kp::sbd;
using namespace kp::test;
using testing::ElementsAre;
using testing::IsEmpty;

namespace json = boost::json;

namespace {

const std::string below = "standardBusinessDocumentHeader.";

document sample() {
  auto parsed = parse(document_text(), january());
  EXPECT_TRUE(parsed) << parsed.error().message;
  return std::move(*parsed);
}

// "path: Constraint" of each.
std::vector<std::string> found_in(const document& d) {
  std::vector<std::string> out;
  for (const auto& v : validate_for_create(d, january()))
    out.push_back(v.path + ": " + v.constraint);
  return out;
}

violation only_one_of(const document& d) {
  auto all = validate_for_create(d, january());
  EXPECT_EQ(all.size(), 1u);
  return all.empty() ? violation() : all.front();
}

}  // namespace

TEST(sbd_validation, finds_nothing_in_an_ordinary_document) {
  EXPECT_THAT(found_in(sample()), IsEmpty());
}

TEST(sbd_validation, lets_generated_members_be_missing) {
  auto d = sample();
  d.header.sender.clear();
  d.header.receiver.clear();
  d.header.identification.instance_identifier.reset();
  d.header.identification.creation.reset();
  d.header.scopes.at(0).instance_identifier.reset();
  d.header.scopes.at(0).information.clear();
  EXPECT_THAT(found_in(d), IsEmpty());
}

TEST(sbd_validation, reports_everything_that_is_missing_together) {
  document d;
  d.header.sender.resize(1);
  d.header.sender[0].contact_information.resize(1);
  d.header.receiver = {{"", "0192:910075918", {}}};
  EXPECT_THAT(found_in(d),
              ElementsAre(below + "headerVersion: NotNull", below + "sender[].identifier: NotNull",
                          below + "sender[].contactInformation[].contact: NotNull",
                          below + "receiver[].identifier.authority: NotNull",
                          below + "documentIdentification.standard: NotNull",
                          below + "documentIdentification.typeVersion: NotNull",
                          below + "documentIdentification.type: NotNull",
                          below + "businessScope: NotNull"));
  for (const auto& v : validate_for_create(d, january())) {
    EXPECT_EQ(v.text, "must not be null");
    EXPECT_FALSE(v.rejected);
  }
}

TEST(sbd_validation, allows_one_sender_and_one_receiver) {
  auto d = sample();
  d.header.receiver.push_back(d.header.receiver.front());
  const auto v = only_one_of(d);
  EXPECT_EQ(v.path, below + "receiver");
  EXPECT_EQ(v.constraint, "Size");
  EXPECT_EQ(v.text, "size must be between 0 and 1");
  EXPECT_EQ(v.attributes, (std::vector<json::value>{1, 0}));
  EXPECT_EQ(v.rejected->as_array().size(), 2u);
}

TEST(sbd_validation, wants_a_sender_that_can_be_read_but_any_receiver) {
  auto d = sample();
  d.header.sender.at(0).value = "9908:910077473";
  d.header.receiver.at(0).value = "9908:910077473";
  const auto v = only_one_of(d);
  EXPECT_EQ(v.path, below + "sender[].identifier.value");
  EXPECT_EQ(v.constraint, "SenderValue");
  EXPECT_EQ(v.text, "{no.difi.meldingsutveksling.validation.IntegrasjonspunktOrganization}");
  EXPECT_EQ(v.rejected, json::value("9908:910077473"));
}

TEST(sbd_validation, wants_a_message_id_that_is_a_uuid) {
  KP_FIXTURE(text, "messages/sbd-bad/message-id-not-uuid.json");
  const auto parsed = parse(text, january());
  ASSERT_TRUE(parsed) << parsed.error().message;
  const auto v = only_one_of(*parsed);
  EXPECT_EQ(v.path, below + "documentIdentification.instanceIdentifier");
  EXPECT_EQ(v.constraint, "UUID");
  EXPECT_EQ(v.text, "'not-a-uuid' is not a UUID.");
  EXPECT_EQ(v.rejected, json::value("not-a-uuid"));
  EXPECT_EQ(v.java_type, "java.lang.String");
}

TEST(sbd_validation,
     wants_a_conversation_id_that_is_a_uuid_and_takes_other_references_as_they_are) {
  auto d = sample();
  d.header.scopes.at(0).instance_identifier = "x";
  d.header.scopes.push_back({"SenderRef", "anything", std::nullopt, {}});
  const auto v = only_one_of(d);
  EXPECT_EQ(v.path, below + "businessScope.scope[]");
  EXPECT_EQ(v.constraint, "SbdScopeConditionalInstanceIdentifierUuid");
  EXPECT_EQ(v.text,
            "'Scope(type=ConversationId, instanceIdentifier=x, "
            "identifier=urn:no:difi:profile:arkivmelding:administrasjon:ver1.0, "
            "scopeInformation=[])' is not a UUID.");
}

TEST(sbd_validation, wants_known_scopes_and_at_least_one) {
  KP_FIXTURE(unknown, "messages/sbd-bad/scope-type-unknown.json");
  const auto strange = parse(unknown, january());
  ASSERT_TRUE(strange) << strange.error().message;
  auto v = only_one_of(*strange);
  EXPECT_EQ(v.path, below + "businessScope.scope[].type");
  EXPECT_EQ(v.constraint, "OneOf");
  EXPECT_EQ(v.text,
            "'Unknown' is not expected. Allowed values are: [ConversationId, ParentId, SenderRef, "
            "ReceiverRef, MessageChannel, JournalpostId]");
  EXPECT_EQ(v.rejected, json::value("Unknown"));

  KP_FIXTURE(empty, "messages/sbd-bad/scope-empty.json");
  const auto none = parse(empty, january());
  ASSERT_TRUE(none) << none.error().message;
  v = only_one_of(*none);
  EXPECT_EQ(v.path, below + "businessScope.scope");
  EXPECT_EQ(v.constraint, "Size");
  EXPECT_EQ(v.text, "size must be between 1 and 2147483647");
}

TEST(sbd_validation, refuses_the_java_spelling_of_a_scope) {
  auto d = sample();
  d.header.scopes.at(0).type = "CONVERSATION_ID";
  EXPECT_TRUE(d.conversation());
  EXPECT_EQ(only_one_of(d).constraint, "OneOf");
}

TEST(sbd_validation, wants_deadlines_in_the_future) {
  auto d = sample();
  auto& expected = *d.header.scopes.at(0).information.at(0).expected_response;
  expected = {"2026-01-15T10:00:00+01:00", january()};
  const auto v = only_one_of(d);
  EXPECT_EQ(v.path, below + "businessScope.scope[].scopeInformation[].expectedResponseDateTime");
  EXPECT_EQ(v.constraint, "Future");
  EXPECT_EQ(v.text, "must be a future date");
  EXPECT_EQ(v.rejected, json::value("2026-01-15T10:00:00+01:00"));
  EXPECT_EQ(v.java_type, "java.time.OffsetDateTime");
  expected.at += std::chrono::microseconds(1);
  EXPECT_THAT(found_in(d), IsEmpty());
}

TEST(sbd_validation, knows_the_name_without_a_model) {
  auto d = sample();
  d.header.identification.type = "feil";
  EXPECT_THAT(found_in(d), IsEmpty());
  d.header.identification.type = "strange";
  EXPECT_EQ(only_one_of(d).text, "Must be a NextMove message type");
}

TEST(sbd_validation, looks_into_a_manifest) {
  const auto parsed =
      parse(document_text(R"("arkivmelding": {})", R"("headerVersion")",
                          R"("manifest": {"manifestItem": [{"mimeTypeQualifierCode": "a/b"}]},
                       "headerVersion")"),
            january());
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(only_one_of(*parsed).path, below + "manifest.manifestItem[].uniformResourceIdentifier");
  EXPECT_EQ(
      to_json(*parsed).at("standardBusinessDocumentHeader").at("manifest"),
      json::parse(R"({"numberOfItems": 1, "manifestItem": [{"mimeTypeQualifierCode": "a/b"}]})"));
}
