#include "config/ids.hpp"

#include <gtest/gtest.h>

using namespace kp;

TEST(organisation_id, accepts_a_number_with_the_right_check_digit) {
  const auto id = organisation_id::parse("910077473");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->to_string(), "910077473");
  EXPECT_EQ(id->iso6523(), "0192:910077473");
}

TEST(organisation_id, refuses_a_wrong_check_digit_and_says_so) {
  const auto id = organisation_id::parse("910077474");
  ASSERT_FALSE(id);
  EXPECT_NE(id.error().message.find("check digit"), std::string::npos);
  EXPECT_FALSE(id.error().retryable);
}

TEST(organisation_id, refuses_anything_but_nine_digits) {
  for (const auto* text : {"", "91007747", "9100774733", "91007747x", " 10077473", "0192:910077473"})
    EXPECT_FALSE(organisation_id::parse(text)) << text;
}

TEST(channel_name, takes_lower_case_letters_digits_dash_and_underscore) {
  EXPECT_TRUE(channel_name::parse("arkiv-2_b"));
  for (const auto* text : {"", "Arkiv", "a b", "æ", "a/b"}) EXPECT_FALSE(channel_name::parse(text)) << text;
  EXPECT_FALSE(channel_name::parse(std::string(65, 'a')));
}

TEST(message_id, takes_what_java_takes) {
  EXPECT_TRUE(message_id::parse("ff88849c-e281-4809-8555-7cd54952b916"));
  EXPECT_TRUE(message_id::parse("1-2-3-4-5"));
  for (const auto* text : {"", "ff88849c-e281-4809-8555", "ff88849c-e281-4809-8555-7cd54952b916a",
                           "ff88849c-e281-4809-8555-7cd54952b91g", "ff88849cc-e281-4809-8555-7cd54952b91",
                           "1--3-4-5", "1-2-3-4-5-"})
    EXPECT_FALSE(message_id::parse(text)) << text;
}

TEST(service, has_a_name_that_reads_back) {
  for (const auto s : all_services) EXPECT_EQ(parse_service(to_string(s)), s);
  EXPECT_FALSE(parse_service("dpo"));
}
