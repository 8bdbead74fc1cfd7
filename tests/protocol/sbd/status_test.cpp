#include "protocol/sbd/document.hpp"
#include "sample.hpp"
#include "tests/support/fixtures.hpp"

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

using namespace kp;
using namespace kp::sbd;
using namespace kp::test;

namespace json = boost::json;

namespace {

constexpr auto day = std::chrono::hours(24);

document sample() {
  auto parsed = parse(document_text(), january());
  EXPECT_TRUE(parsed) << parsed.error().message;
  return std::move(*parsed);
}

}  // namespace

TEST(status, equals_the_one_of_the_collection) {
  KP_FIXTURE(arrived, "dpo/examples/channel-sbd-arkivmelding.json");
  KP_FIXTURE(expected, "dpo/examples/channel-sbd-status-mottatt.json");
  const auto document = parse(arrived, january());
  ASSERT_TRUE(document) << document.error().message;
  const auto status = make_status(*document, "MOTTATT", january(), day, "unused");
  ASSERT_TRUE(status);
  EXPECT_EQ(json::value(to_json(*status)), json::parse(expected));
}

TEST(status, swaps_the_partners_and_keeps_the_ids) {
  auto arrived = sample();
  arrived.header.sender.at(0).contact_information.resize(1);
  const auto status = make_status(arrived, "LEVERT", january(), day, "unused");
  ASSERT_TRUE(status);
  EXPECT_EQ(status->header.sender.at(0).value, arrived.header.receiver.at(0).value);
  EXPECT_EQ(status->header.receiver.at(0).value, arrived.header.sender.at(0).value);
  EXPECT_TRUE(status->header.receiver.at(0).contact_information.empty());
  EXPECT_EQ(status->message(), arrived.message());
  EXPECT_EQ(status->conversation(), arrived.conversation());
  EXPECT_EQ(status->expires(), january() + day);
  EXPECT_EQ(status->find_scope("MessageChannel"), nullptr);
  EXPECT_TRUE(parse(to_text(*status), january()));
}

TEST(status, gives_a_channel_scope_without_an_id_the_one_offered) {
  auto arrived = sample();
  arrived.header.scopes.push_back({"MESSAGE_CHANNEL", std::nullopt, "arkiv", {}});
  const auto status = make_status(arrived, "MOTTATT", january(), day, "an-id");
  ASSERT_TRUE(status);
  EXPECT_EQ(status->message_channel(), "arkiv");
  EXPECT_EQ(status->find_scope("MessageChannel")->instance_identifier, "an-id");
}

TEST(status, answers_with_the_response_process_of_the_type) {
  const auto process_for = [](std::string_view type) {
    auto arrived = sample();
    arrived.header.identification.type = std::string(type);
    const auto status = make_status(arrived, "MOTTATT", january(), day, "unused");
    return status ? status->process() : std::nullopt;
  };
  EXPECT_EQ(process_for("Arkivmelding"), "urn:no:difi:profile:arkivmelding:response:ver1.0");
  EXPECT_EQ(process_for("arkivmelding_kvittering"),
            "urn:no:difi:profile:arkivmelding:response:ver1.0");
  EXPECT_EQ(process_for("avtalt"), "urn:no:difi:profile:avtalt:response:ver1.0");
  EXPECT_EQ(process_for("innsynskrav"), "urn:no:difi:profile:einnsyn:response:ver1.0");
  for (const auto* type : {"status", "digital", "print", "digital_dpv", "dialogmelding", "x", ""})
    EXPECT_EQ(process_for(type), std::nullopt) << type;
}

TEST(message_types, say_what_they_need) {
  EXPECT_TRUE(is_known_type("ArkivMelding"));
  EXPECT_FALSE(is_known_type("feil"));
  EXPECT_FALSE(is_known_type(""));
  EXPECT_EQ(canonical_type("Digital_DPV"), "digital_dpv");
  for (const auto* type : {"arkivmelding", "digital", "print", "digital_dpv", "innsynskrav",
                           "publisering", "dialogmelding"})
    EXPECT_TRUE(needs_file(type)) << type;
  for (const auto* type : {"arkivmelding_kvittering", "avtalt", "einnsyn_kvittering", "status",
                           "dialogmelding_kvittering", "feil"})
    EXPECT_FALSE(needs_file(type)) << type;
  EXPECT_TRUE(is_receipt_type("Einnsyn_kvittering"));
  EXPECT_FALSE(is_receipt_type("avtalt"));
}
