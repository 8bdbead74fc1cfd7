#include "protocol/crypto/parsed_when_used.hpp"

#include "protocol/crypto/signature.hpp"
#include "test_keys.hpp"

#include <gtest/gtest.h>

namespace kp::crypto {
namespace {

using number = detail::parsed_when_used<int>;

int parsed = 0;
std::shared_ptr<int> parse(const std::string& der) {
  ++parsed;
  return std::make_shared<int>(std::stoi(der));
}
void use_a_thousand_others() {
  for (int i = 0; i < 1000; ++i) detail::keep_a_while(std::make_shared<int>(i));
}

TEST(parsed_when_used, what_was_used_lately_is_not_parsed_again) {
  parsed = 0;
  const number seven("7", std::make_shared<int>(7), parse);
  EXPECT_EQ(*seven.get(), 7);
  EXPECT_EQ(seven.get(), seven.get());
  EXPECT_EQ(parsed, 0);
}

TEST(parsed_when_used, what_rested_long_is_parsed_once_more) {
  parsed = 0;
  const number seven("7", std::make_shared<int>(7), parse);
  use_a_thousand_others();
  EXPECT_EQ(*seven.get(), 7);
  EXPECT_EQ(*seven.get(), 7);
  EXPECT_EQ(parsed, 1);
}

TEST(parsed_when_used, what_somebody_holds_outlives_a_thousand_others) {
  parsed = 0;
  const number seven("7", std::make_shared<int>(7), parse);
  const auto holding = seven.get();
  use_a_thousand_others();
  EXPECT_EQ(seven.get(), holding);
  EXPECT_EQ(parsed, 0);
}

TEST(parsed_when_used, what_cannot_be_written_as_der_is_kept) {
  parsed = 0;
  const number seven("", std::make_shared<int>(7), parse);
  use_a_thousand_others();
  EXPECT_EQ(*seven.get(), 7);
  EXPECT_EQ(parsed, 0);
}

TEST(parsed_when_used, keys_and_certificates_are_the_same_after_a_rest) {
  const auto& sender = test::sender();
  const auto signed_before = sign_rsa_sha256("text", sender.key);
  const auto subject = sender.leaf.subject();
  use_a_thousand_others();
  const auto signed_now = sign_rsa_sha256("text", sender.key);
  ASSERT_TRUE(signed_before && signed_now);
  EXPECT_EQ(*signed_now, *signed_before);
  EXPECT_EQ(sender.leaf.subject(), subject);
}

}  // namespace
}  // namespace kp::crypto
