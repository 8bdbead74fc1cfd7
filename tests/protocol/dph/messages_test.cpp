#include "protocol/dph/messages.hpp"

#include "tests/support/fixtures.hpp"

#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace kp::dph {
namespace {

constexpr time_point noon{std::chrono::seconds(1'768'467'600)};
constexpr std::chrono::hours ttl{24};

TEST(dph_messages, a_her_id_is_a_positive_number_behind_its_prefix) {
  EXPECT_EQ(parse_her_id("her-id:8093"), 8093);
  EXPECT_EQ(her_id(8093), "her-id:8093");
  for (const auto* text :
       {"8093", "her-id:", "her-id:0", "her-id:-1", "her-id:8093x", "fastlege-for:17912099997", ""})
    EXPECT_FALSE(parse_her_id(text)) << text;
}

TEST(dph_messages, a_document_without_scopes_begins_a_conversation_of_its_own) {
  KP_FIXTURE(text, "dph/examples/sbd-dialogmelding-in-no-conversation-scope.json");
  auto document = sbd::parse(text, noon);
  ASSERT_TRUE(document) << document.error().message;
  ASSERT_TRUE(complete(*document, noon, ttl));
  EXPECT_EQ(document->conversation()->to_string(), document->message()->to_string());
  EXPECT_EQ(document->process(), "urn:no:difi:profile:helse:helse:ver1.0");
  EXPECT_EQ(document->expires(), noon + ttl);
  const auto again = sbd::parse(sbd::to_text(*document), noon);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->conversation(), document->conversation());
}

TEST(dph_messages, what_the_adapter_says_of_conversation_and_deadline_stays) {
  KP_FIXTURE(text, "dph/examples/sbd-dialogmelding-in-reply.json");
  auto document = sbd::parse(text, noon);
  ASSERT_TRUE(document);
  ASSERT_TRUE(complete(*document, noon, ttl));
  EXPECT_EQ(document->conversation()->to_string(), "1c62e13e-e05b-431b-81f9-197cb794fabc");
  EXPECT_GT(*document->expires(), noon + ttl);
  ASSERT_TRUE(document->find_scope("ParentId"));
}

// NHN has given it out: nobody else will deliver it.
TEST(dph_messages, a_deadline_that_has_passed_becomes_a_new_one) {
  KP_FIXTURE(text, "dph/examples/sbd-dialogmelding-in-reply.json");
  constexpr time_point late{std::chrono::seconds(4'000'000'000)};
  auto document = sbd::parse(text, late);
  ASSERT_TRUE(document);
  ASSERT_TRUE(complete(*document, late, ttl));
  EXPECT_EQ(document->expires(), late + ttl);
}

TEST(dph_messages, a_document_without_an_id_cannot_be_kept) {
  auto document = sbd::parse(R"({"standardBusinessDocumentHeader":{"documentIdentification":{
      "type":"dialogmelding"}},"dialogmelding":{}})",
                             noon);
  ASSERT_TRUE(document);
  EXPECT_EQ(complete(*document, noon, ttl).error().code, dph_errc::invalid_document);
}

TEST(dph_messages, reads_receipts_with_their_remarks) {
  KP_FIXTURE(good, "dph/examples/sbd-kvittering-in-ok.json");
  KP_FIXTURE(bad, "dph/examples/sbd-kvittering-in-rejected.json");
  const auto ok = parse_receipt(*sbd::parse(good, noon));
  ASSERT_TRUE(ok) << ok.error().message;
  EXPECT_EQ(ok->state, receipt_state::ok);
  EXPECT_EQ(ok->about, "1c62e13e-e05b-431b-81f9-197cb794fabc");
  EXPECT_EQ(ok->raw, "<AppRec/>");
  const auto rejected = parse_receipt(*sbd::parse(bad, noon));
  ASSERT_TRUE(rejected);
  EXPECT_EQ(rejected->state, receipt_state::rejected);
  ASSERT_EQ(rejected->remarks.size(), 1u);
  EXPECT_EQ(rejected->remarks[0].code, "E21");
  EXPECT_EQ(rejected->remarks[0].text, "Mottaker finnes ikke");
}

TEST(dph_messages, makes_the_receipt_that_the_adapter_takes) {
  KP_FIXTURE(text, "dph/examples/sbd-kvittering-out-rejected.json");
  const receipt_header header{"5a9f5c5d-8f6e-4d5f-9a75-1f0d8f1b2c33",
                              "8baf0255-2687-49e3-9398-bbdf32bfccfc",
                              "her-id:8143154",
                              "her-id:8144796",
                              noon,
                              ttl};
  receipt what;
  what.about = "3ef83023-3532-4f9c-9b9a-0ebfba6de4c5";
  what.state = receipt_state::rejected;
  what.remarks = {{"X99", "Annen feil"}};
  const auto made = make_receipt(header, what);
  ASSERT_TRUE(made) << made.error().message;
  auto ours = sbd::to_json(*made);
  auto theirs = boost::json::parse(text).as_object();
  // But for the times, which are our own.
  for (auto* each : {&ours, &theirs}) {
    auto& head = each->at("standardBusinessDocumentHeader").as_object();
    head["documentIdentification"].as_object().erase("creationDateAndTime");
    head["businessScope"].as_object()["scope"].as_array()[0].as_object().erase("scopeInformation");
  }
  EXPECT_EQ(ours, theirs);
}

}  // namespace
}  // namespace kp::dph
