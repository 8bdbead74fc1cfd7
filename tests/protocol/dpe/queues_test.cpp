#include "protocol/dpe/queues.hpp"

#include "protocol/dpe/dpe_error.hpp"
#include "tests/support/fixtures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kp::dpe {
namespace {

using testing::HasSubstr;

const time_point now{std::chrono::seconds(1'772'000'000)};

sbd::document read(const std::string& text) {
  auto document = sbd::parse(text, now);
  EXPECT_TRUE(document) << document.error().message;
  return *std::move(document);
}

sbd::document of_type(const std::string& type, const std::string& body = "{}",
                      const std::string& receiver = "0192:910075935") {
  return read(R"({"standardBusinessDocumentHeader":{"headerVersion":"1.0","sender":[{"identifier":)"
              R"({"value":"0192:910077473","authority":"iso6523-actorid-upis"}}],"receiver":[{)"
              R"("identifier":{"value":")" +
              receiver +
              R"(","authority":"iso6523-actorid-upis"}}],"documentIdentification":{"standard":"s",)"
              R"("typeVersion":"2.0","instanceIdentifier":"20c8849c-e281-4809-8555-7cd54952b916",)"
              R"("type":")" +
              type +
              R"("},"businessScope":{"scope":[{"type":"ConversationId","instanceIdentifier":)"
              R"("21efbd4c-413d-4e2c-bbc5-257ef4a65a91","identifier":"urn:process"}]}},")" +
              type + R"(":)" + body + "}");
}

std::string queue(const sbd::document& document, const queue_rule& rule,
                  std::string_view service_code = "") {
  const auto found = receiver_queue(document, rule, service_code);
  return found ? *found : found.error().message;
}

TEST(queues, the_own_queue_is_the_organisation_and_the_mode) {
  EXPECT_EQ(own_queue("910077473", mode::innsyn), "nextbestqueue910077473innsyn");
  EXPECT_EQ(own_queue("991825827", mode::data), "nextbestqueue991825827data");
  EXPECT_EQ(own_queue("910077473", mode::meeting), "nextbestqueue910077473meeting");
}

TEST(queues, statuses_follow_the_own_mode) {
  const auto status = of_type("status", R"({"status":"MOTTATT"})");
  EXPECT_EQ(queue(status, {mode::innsyn, "special"}), "nextbestqueue910075935special");
  EXPECT_EQ(queue(status, {mode::meeting, {}}), "nextbestqueue910075935innsyn");
  EXPECT_EQ(queue(status, {mode::innsyn, {}}), "nextbestqueue910075935data");
  EXPECT_EQ(queue(status, {mode::data, {}}), "nextbestqueue910075935innsyn");
  EXPECT_EQ(queue(status, {mode::innsyn, " "}), "nextbestqueue910075935data") << "blank is unset";
}

TEST(queues, receipts_follow_what_they_are_about) {
  const auto about = [](const char* what) {
    return of_type("einnsyn_kvittering", fmt::format(R"({{"referanseType":"{}"}})", what));
  };
  EXPECT_EQ(queue(about("innsynskrav"), {mode::innsyn, "special"}),
            "nextbestqueue910075935special");
  EXPECT_EQ(queue(about("innsynskrav"), {}), "nextbestqueue910075935data");
  EXPECT_EQ(queue(about("publisering"), {}), "nextbestqueue910075935innsyn");
  EXPECT_EQ(queue(of_type("einnsyn_kvittering"), {}), "nextbestqueue910075935innsyn");
}

TEST(queues, everything_else_goes_where_the_service_registry_says) {
  const auto publication = of_type("publisering");
  EXPECT_TRUE(needs_service_code(publication));
  EXPECT_FALSE(needs_service_code(of_type("status", R"({"status":"LEVERT"})")));
  EXPECT_EQ(queue(publication, {mode::innsyn, "special"}, "data"), "nextbestqueue910075935data");
  EXPECT_EQ(queue(of_type("innsynskrav"), {mode::data, {}}, "innsyn"),
            "nextbestqueue910075935innsyn");
  const auto lost = receiver_queue(publication, {}, " ");
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, dpe_errc::no_queue);
  EXPECT_TRUE(lost.error().retryable);
  EXPECT_THAT(lost.error().message, HasSubstr("No endpointUrl defined for process urn:process"));
}

TEST(queues, prefix_and_part_of_the_receiver_are_left_out) {
  EXPECT_EQ(queue(of_type("publisering", "{}", "0192:910075935:974760673"), {}, "data"),
            "nextbestqueue910075935data");
}

TEST(queues, the_examples_go_where_they_should) {
  for (const auto& [name, code, expected] :
       {std::tuple{"sbd-publisering.json", "data", "nextbestqueue991825827data"},
        std::tuple{"sbd-innsynskrav.json", "innsyn", "nextbestqueue910075935innsyn"},
        std::tuple{"sbd-einnsyn_kvittering.json", "", "nextbestqueue910077473innsyn"},
        std::tuple{"sbd-status-levert.json", "", "nextbestqueue910077473data"}}) {
    KP_FIXTURE(text, std::string("dpe/examples/") + name);
    EXPECT_EQ(queue(read(text), {}, code), expected);
  }
}

}  // namespace
}  // namespace kp::dpe
