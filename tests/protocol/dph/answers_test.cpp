#include "protocol/dph/answers.hpp"

#include "tests/support/fixtures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kp::dph {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

TEST(dph_answers, reads_statuses_with_and_without_a_receipt) {
  KP_FIXTURE(acknowledged, "dph/examples/statuses-acknowledged-ok.json");
  KP_FIXTURE(rejected, "dph/examples/statuses-rejected.json");
  KP_FIXTURE(unconfirmed, "dph/examples/statuses-unconfirmed.json");
  const auto first = parse_statuses(acknowledged);
  ASSERT_TRUE(first && first->size() == 1);
  EXPECT_EQ(first->front().transport, transport_state::acknowledged);
  EXPECT_EQ(first->front().receipt, receipt_state::ok);
  EXPECT_EQ(parse_statuses(rejected)->front().transport, transport_state::rejected);
  EXPECT_FALSE(parse_statuses(rejected)->front().receipt);
  EXPECT_EQ(parse_statuses(unconfirmed)->front().transport, transport_state::unconfirmed);
}

TEST(dph_answers, a_state_that_nobody_told_of_says_nothing) {
  const auto statuses = parse_statuses(
      R"([{"transportStatus":"LOST"},{"transportStatus":"ACKNOWLEDGED","apprecStatus":"NEW"}])");
  ASSERT_TRUE(statuses);
  ASSERT_THAT(*statuses, SizeIs(1));
  EXPECT_FALSE(statuses->front().receipt);
}

TEST(dph_answers, reads_what_waits) {
  KP_FIXTURE(list, "dph/examples/incoming-list.json");
  const auto waiting = parse_incoming(list);
  ASSERT_TRUE(waiting);
  ASSERT_THAT(*waiting, SizeIs(2));
  EXPECT_EQ(waiting->front().id, "3ef83023-3532-4f9c-9b9a-0ebfba6de4c5");
  EXPECT_EQ(waiting->front().receiver, 8143154);
  EXPECT_EQ(waiting->front().sender, 8144796);
  EXPECT_EQ(waiting->front().document, "8baf0255-2687-49e3-9398-bbdf32bfccfc");
  EXPECT_FALSE(waiting->front().is_receipt);
  EXPECT_TRUE(waiting->back().is_receipt);
}

TEST(dph_answers, half_an_answer_is_worth_a_retry) {
  for (const auto* text : {"", "{", "{}", "[1]", "[{\"id\":", "<html>"}) {
    EXPECT_EQ(parse_incoming(text).error().code, dph_errc::bad_answer) << text;
    EXPECT_TRUE(parse_incoming(text).error().retryable);
    EXPECT_TRUE(parse_statuses(text).error().retryable) << text;
  }
  EXPECT_THAT(*parse_incoming("[]"), IsEmpty());
}

TEST(dph_answers, tells_the_adapters_words_without_persons) {
  KP_FIXTURE(refused, "dph/examples/api-error-400.json");
  EXPECT_EQ(parse_api_error(refused).code, "X99");
  EXPECT_EQ(parse_api_error(refused).text, "receiverHerId cannot be null");
  EXPECT_EQ(parse_api_error(R"({"errorCode":"T02","message":"17912099997 is wrong"})").code, "T02");
  EXPECT_EQ(parse_api_error(R"({"errorCode":"T02","message":"17912099997 is wrong"})")
                .text.find("17912099997"),
            std::string::npos);
  for (const auto* body : {"", "<html>", "[]", "{\"status\":400}"})
    EXPECT_EQ(parse_api_error(body).code, "X99") << body;
}

TEST(dph_answers, knows_which_codes_are_about_the_message) {
  for (const auto* code : {"T01", "T02", "T10", "E21", "E30"}) EXPECT_TRUE(is_about_content(code));
  for (const auto* code : {"X99", "Ukjent", "", "S01", "S02", "S03", "T0"})
    EXPECT_FALSE(is_about_content(code)) << code;
}

TEST(dph_answers, asks_for_a_document_as_the_adapter_expects_it) {
  KP_FIXTURE(vector, "dph/vectors/get-document.payload.json");
  EXPECT_EQ(document_request("3ef83023-3532-4f9c-9b9a-0ebfba6de4c5"), vector);
}

}  // namespace
}  // namespace kp::dph
