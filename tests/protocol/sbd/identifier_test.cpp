#include "protocol/sbd/identifier.hpp"

#include "protocol/sbd/sbd_error.hpp"

#include <gtest/gtest.h>

using namespace kp;
using namespace kp::sbd;

namespace {

constexpr auto iso = "iso6523-actorid-upis";
constexpr auto nhn = "nhn-actorid";

}  // namespace

TEST(identifier, reads_an_organisation_with_country_code) {
  const auto id = parse_identifier(iso, "0192:910077473");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->kind, identifier::form::iso6523);
  EXPECT_EQ(id->icd, "0192");
  EXPECT_EQ(id->primary, "910077473");
  EXPECT_EQ(id->part, std::nullopt);
  EXPECT_EQ(id->part_or_primary(), "910077473");
  EXPECT_EQ(id->value, "0192:910077473");
}

TEST(identifier, reads_the_part_that_the_sender_acts_for) {
  const auto id = parse_identifier(iso, "0192:910077473:910075918");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->primary, "910077473");
  EXPECT_EQ(id->part_or_primary(), "910075918");
}

TEST(identifier, takes_nine_digits_as_a_norwegian_organisation) {
  const auto id = parse_identifier(iso, "910077473");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->kind, identifier::form::iso6523);
  EXPECT_EQ(id->icd, "0192");
  EXPECT_EQ(id->primary, "910077473");
}

TEST(identifier, takes_persons_by_check_digits_whatever_the_date) {
  for (const auto* value : {"09118532322", "17912099997", "30878199614"}) {
    const auto id = parse_identifier(iso, value);
    ASSERT_TRUE(id) << value;
    EXPECT_EQ(id->kind, identifier::form::person);
    EXPECT_EQ(id->primary, value);
  }
  EXPECT_FALSE(parse_identifier(iso, "09118532323"));
  EXPECT_FALSE(parse_identifier(iso, "09118532312"));
}

TEST(identifier, takes_a_fiks_io_account) {
  const auto id = parse_identifier(iso, "7c4dd94c-7d2c-4f2b-8e5c-2a3a26c6b0a1");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->kind, identifier::form::fiks_io);
}

TEST(identifier, refuses_country_codes_outside_the_table) {
  EXPECT_FALSE(parse_identifier(iso, "9908:910077473"));
  EXPECT_FALSE(parse_identifier(iso, "9911:910077473"));
  EXPECT_FALSE(parse_identifier(iso, "0001:910077473"));
  EXPECT_TRUE(parse_identifier(iso, "9912:x"));
  EXPECT_TRUE(parse_identifier(iso, "9958:x"));
  EXPECT_FALSE(parse_identifier(iso, "9959:x"));
}

TEST(identifier, follows_the_grammar_of_parts_and_sources) {
  EXPECT_TRUE(parse_identifier(iso, "0192:910077473:1:2"));
  EXPECT_TRUE(parse_identifier(iso, "0192:910077473:0"));
  EXPECT_FALSE(parse_identifier(iso, "0192:910077473:0:0"));
  EXPECT_FALSE(parse_identifier(iso, "0192:910077473:1:22"));
  EXPECT_FALSE(parse_identifier(iso, "0192:910077473:a b"));
  EXPECT_FALSE(parse_identifier(iso, "0192:910077473:"));
  EXPECT_FALSE(parse_identifier(iso, "0192:"));
  EXPECT_FALSE(parse_identifier(iso, "192:910077473"));
  EXPECT_FALSE(parse_identifier(iso, "0192:a:b:1:2"));
  EXPECT_TRUE(parse_identifier(iso, "0192:" + std::string(35, 'x')));
  EXPECT_FALSE(parse_identifier(iso, "0192:" + std::string(36, 'x')));
}

TEST(identifier, takes_health_identifiers_under_their_own_authority) {
  const auto id = parse_identifier(nhn, "her-id:8143548");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->kind, identifier::form::nhn);
  EXPECT_EQ(id->primary, "her-id:8143548");
  EXPECT_TRUE(parse_identifier(nhn, "fastlege-for:17912099997"));
  EXPECT_FALSE(parse_identifier(nhn, "fastlege-for:17912099998"));
  EXPECT_FALSE(parse_identifier(nhn, "her-id:0"));
  EXPECT_FALSE(parse_identifier(nhn, "her-id:-1"));
  EXPECT_FALSE(parse_identifier(nhn, "her-id:99999999999"));
  EXPECT_FALSE(parse_identifier(nhn, "0192:910077473"));
  EXPECT_FALSE(parse_identifier(iso, "her-id:8143548"));
}

TEST(identifier, errors_have_the_known_texts_and_no_person_number) {
  const auto authority = parse_identifier("x-actorid", "0192:910077473");
  ASSERT_FALSE(authority);
  EXPECT_EQ(authority.error().code, sbd_errc::invalid_identifier);
  EXPECT_EQ(authority.error().message, "Unknown authority = x-actorid");
  const auto value = parse_identifier(iso, "9908:910077473");
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().message, "Unable to parse identifier = '9908:910077473'");
  const auto person = parse_identifier(iso, "09118532323");
  ASSERT_FALSE(person);
  EXPECT_EQ(person.error().message, "Unable to parse identifier = '***********'");
}

TEST(identifier, makes_one_of_an_organisation) {
  const auto id = organisation_identifier(organisation_id::from_number(910077473));
  EXPECT_EQ(id.authority, iso);
  EXPECT_EQ(id.value, "0192:910077473");
  EXPECT_EQ(id.primary, "910077473");
}

TEST(sender_value, is_any_of_the_four_forms_whatever_the_authority) {
  for (const auto* value : {"0192:910077473", "910077473", "09118532322", "her-id:1",
                            "7c4dd94c-7d2c-4f2b-8e5c-2a3a26c6b0a1"})
    EXPECT_TRUE(is_sender_value(value)) << value;
  for (const auto* value : {"", "9908:910077473", "ola", "her-id:x"})
    EXPECT_FALSE(is_sender_value(value)) << value;
}
