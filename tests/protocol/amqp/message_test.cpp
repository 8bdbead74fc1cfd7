#include "protocol/amqp/message.hpp"

#include "tests/protocol/amqp/small_broker.hpp"

#include <gtest/gtest.h>

#include <random>

namespace kp::amqp {
namespace {

TEST(amqp_message, what_is_written_is_read_with_all_its_bytes) {
  std::string body(300'000, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 7);
  const auto read = decode(encode(body, "an id"));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->body, body);
  EXPECT_EQ(read->id, "an id");
  EXPECT_EQ(read->sequence_number, std::nullopt);
  EXPECT_EQ(read->delivery_count, 1u);
}

TEST(amqp_message, an_empty_body_is_a_body) {
  EXPECT_EQ(decode(encode("", "x"))->body, "");
}

TEST(amqp_message, the_number_in_the_queue_and_the_deliveries_are_found) {
  const auto read = decode(test::message_bytes("{}", "m", 4711, 2));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->sequence_number, 4711u);
  EXPECT_EQ(read->delivery_count, 3u) << "two before this one";
  EXPECT_EQ(read->body, "{}");
}

TEST(amqp_message, what_is_no_message_is_an_error) {
  EXPECT_EQ(decode("").error().code, amqp_errc::bad_answer);
  EXPECT_EQ(decode("no message")->body, std::nullopt);
  EXPECT_EQ(decode_answer("").error().code, amqp_errc::bad_answer);
  EXPECT_EQ(decode_answer("no message").error().code, amqp_errc::bad_answer);
}

// Whatever comes: an error or a message, and never the end of the process.
TEST(amqp_message, broken_bytes_are_borne) {
  std::mt19937 dice(4711);
  const auto good = test::message_bytes(R"({"sbd": {}})", "m", 4711, 2);
  for (int round = 0; round < 200'000; ++round) {
    auto bytes = good;
    for (auto changes = 1 + dice() % 4; changes > 0; --changes)
      bytes[dice() % bytes.size()] = static_cast<char>(dice());
    if (dice() % 3 == 0) bytes.resize(dice() % bytes.size());
    const auto read = decode(bytes);
    if (read && read->body) {
      EXPECT_LE(read->body->size(), bytes.size());
    }
    static_cast<void>(decode_answer(bytes).has_value());
  }
}

TEST(amqp_message, a_message_is_no_answer) {
  EXPECT_EQ(decode_answer(encode("x", "y")).error().code, amqp_errc::bad_answer);
}

// A Guid of .NET: {00112233-4455-6677-8899-aabbccddeeff} is 33 22 11 00 55 44 77 66 88 99 …
TEST(amqp_message, lock_tokens_stand_in_tags_in_the_order_of_dotnet) {
  const std::string tag("\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16);
  EXPECT_EQ(tag_of("00112233-4455-6677-8899-aabbccddeeff"), tag);
  EXPECT_EQ(tag_of("00112233-4455-6677-8899-AABBCCDDEEFF"), tag);
  EXPECT_EQ(lock_token_of(tag), "00112233-4455-6677-8899-aabbccddeeff");
  EXPECT_EQ(tag_of("no token"), std::nullopt);
  EXPECT_EQ(tag_of("0011223g-4455-6677-8899-aabbccddeeff"), std::nullopt);
  EXPECT_EQ(lock_token_of("short"), std::nullopt);
}

TEST(amqp_message, a_lock_token_that_is_none_cannot_be_asked_about) {
  lock_arguments body;
  body.lock_tokens = {"1234"};
  question what;
  what.operation = "com.microsoft:renew-lock";
  what.body = body;
  EXPECT_EQ(encode(what, "1", "me").error().code, amqp_errc::bad_answer);
}

TEST(amqp_error, conditions_say_what_can_be_tried_again) {
  EXPECT_EQ(of_condition("x", "amqp:unauthorized-access", "").code, amqp_errc::unauthorized);
  EXPECT_TRUE(of_condition("x", "amqp:unauthorized-access", "").retryable);
  EXPECT_FALSE(of_condition("x", "amqp:link:message-size-exceeded", "").retryable);
  EXPECT_FALSE(of_condition("x", "com.microsoft:message-lock-lost", "").retryable);
  EXPECT_TRUE(of_condition("x", "com.microsoft:server-busy", "").retry_after);
  EXPECT_TRUE(of_condition("x", "nobody:knows", "").retryable);
  EXPECT_EQ(of_condition("x", "a:b", "one\ntwo").message, "x: a:b (one two)");
}

}  // namespace
}  // namespace kp::amqp
