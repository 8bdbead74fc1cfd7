#include "protocol/sbd/document.hpp"
#include "protocol/sbd/json_text.hpp"
#include "protocol/sbd/sbd_error.hpp"
#include "sample.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <random>

using namespace kp;
using namespace kp::sbd;
using namespace kp::test;
using testing::HasSubstr;

namespace json = boost::json;

namespace {

json::object message_of(std::string_view text) {
  const auto document = parse(text, january());
  EXPECT_TRUE(document) << document.error().message;
  return document ? document->business_message : json::object();
}

void expect_refused(std::string_view text, sbd_errc code, std::string_view message) {
  const auto document = parse(text, january());
  ASSERT_FALSE(document) << text;
  EXPECT_EQ(document.error().code, code) << document.error().message;
  EXPECT_THAT(document.error().message, HasSubstr(std::string(message)));
}

std::string typed(std::string_view type, std::string_view message) {
  return document_text("\"" + std::string(type) + "\": " + std::string(message),
                       R"("type": "arkivmelding")", R"("type": ")" + std::string(type) + "\"");
}

}  // namespace

TEST(sbd_parse, reads_what_the_header_says) {
  const auto document =
      parse(document_text(R"("arkivmelding": {"hoveddokument": "a.pdf"})"), january());
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(document->header.header_version, "1.0");
  EXPECT_EQ(document->header.sender.at(0).value, "0192:910077473");
  EXPECT_EQ(document->header.receiver.at(0).authority, "iso6523-actorid-upis");
  EXPECT_EQ(document->message()->to_string(), "ff88849c-e281-4809-8555-7cd54952b916");
  EXPECT_EQ(document->conversation()->to_string(), "37efbd4c-413d-4e2c-bbc5-257ef4a65a56");
  EXPECT_EQ(document->process(), "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0");
  EXPECT_EQ(document->expires(), january() + std::chrono::hours(24));
  EXPECT_EQ(document->type(), "arkivmelding");
  EXPECT_EQ(document->main_document(), "a.pdf");
  EXPECT_EQ(document->message_channel(), std::nullopt);
}

TEST(sbd_parse, takes_the_message_before_the_header) {
  EXPECT_TRUE(parse("{\"arkivmelding\": {}, " + std::string(header_member) + "}", january()));
}

TEST(sbd_parse, complains_about_the_root_as_today) {
  const auto bad = sbd_errc::bad_structure;
  const auto header = std::string(header_member);
  expect_refused("{}", bad, "Expected token FIELD_NAME, but found END_OBJECT");
  expect_refused("[]", bad, "Expected token START_OBJECT, but found START_ARRAY");
  expect_refused("{" + header + "}", bad, "Expected token FIELD_NAME, but found END_OBJECT");
  expect_refused("{\"arkivmelding\": {}}", bad, "Expected token FIELD_NAME, but found END_OBJECT");
  expect_refused("{" + header + ", \"arkivmelding\": {}, \"x\": 1}", bad,
                 "Expected token END_OBJECT, but found FIELD_NAME");
  expect_refused("{" + header + ", \"arkivmelding\": []}", bad,
                 "Expected token START_OBJECT, but found START_ARRAY");
  expect_refused("{" + header + ", \"arkivmelding\": null}", bad,
                 "Expected token START_OBJECT, but found VALUE_NULL");
  expect_refused("{" + header + ", \"avtalt\": {}}", bad,
                 "Expected to find field named arkivmelding, but found avtalt");
  expect_refused("{" + header + ", \"Arkivmelding\": {}}", bad,
                 "Expected to find field named arkivmelding, but found Arkivmelding");
  expect_refused("{\"arkivmelding\": {}, \"x\": {}}", bad,
                 "Expected to find field named standardBusinessDocumentHeader, but found x");
  expect_refused("{\"standardBusinessDocumentHeader\": null, \"arkivmelding\": {}}", bad,
                 "Expected token START_OBJECT, but found VALUE_NULL");
}

TEST(sbd_parse, complains_about_a_key_that_is_not_the_type_in_either_order) {
  expect_refused("{\"avtalt\": {}, " + std::string(header_member) + "}", sbd_errc::bad_structure,
                 "Expected to find field named arkivmelding, but found avtalt");
}

TEST(sbd_parse, names_the_types_it_knows_when_it_meets_another) {
  expect_refused(typed("ukjent", "{}"), sbd_errc::bad_structure,
                 "Unknown BusinessMessageType = ukjent. Expecting one of status,arkivmelding,"
                 "arkivmelding_kvittering,avtalt,digital,digital_dpv,print,dialogmelding,"
                 "dialogmelding_kvittering,innsynskrav,publisering,einnsyn_kvittering");
  expect_refused(typed("feil", "{}"), sbd_errc::bad_structure,
                 "Unknown BusinessMessageType = feil.");
  expect_refused("{\"x\": {}}", sbd_errc::bad_structure, "Unknown BusinessMessageType = x.");
}

TEST(sbd_parse, says_when_the_type_is_missing) {
  expect_refused(document_text(R"("arkivmelding": {})", R"(, "type": "arkivmelding")", ""),
                 sbd_errc::missing_type, "Missing type!");
  expect_refused(R"({"standardBusinessDocumentHeader": {}, "arkivmelding": {}})",
                 sbd_errc::missing_type, "Missing type!");
}

TEST(sbd_parse, matches_the_type_ignoring_case_and_writes_it_canonically) {
  const auto document = parse(document_text(R"("arkivmelding": {})", R"("type": "arkivmelding")",
                                            R"("type": "Arkivmelding")"),
                              january());
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(document->type(), "Arkivmelding");
  const auto written = to_json(*document);
  EXPECT_TRUE(written.contains("arkivmelding"));
  EXPECT_TRUE(parse(json::serialize(written), january()));
}

TEST(sbd_parse, refuses_what_is_no_json) {
  for (const auto* text : {"", "{", "{\"a\":}", "{} x", "\xff\xfe", "{\"a\": \"\\q\"}"})
    expect_refused(text, sbd_errc::malformed_json, "");
  std::string deep(40, '[');
  expect_refused(deep + std::string(40, ']'), sbd_errc::malformed_json, "");
  expect_refused(std::string(5 * 1024 * 1024, ' ') + "{}", sbd_errc::malformed_json, "larger than");
}

TEST(sbd_parse, accepts_raw_control_characters_inside_strings) {
  const auto message =
      message_of(document_text("\"arkivmelding\": {\"hoveddokument\": \"a\tb\nc \\\" d\x01\"}"));
  EXPECT_EQ(message.at("hoveddokument").as_string(), "a\tb\nc \" d\x01");
}

TEST(sbd_parse, coerces_scalars_as_jackson_does) {
  const auto digital = message_of(typed("digital", R"({
    "sikkerhetsnivaa": "3", "tittel": 7, "spraak": true,
    "digitalPostInfo": {"virkningsdato": "2019-05-12", "aapningskvittering": "false"}})"));
  EXPECT_EQ(digital.at("sikkerhetsnivaa"), 3);
  EXPECT_EQ(digital.at("tittel"), "7");
  EXPECT_EQ(digital.at("spraak"), "true");
  EXPECT_EQ(digital.at("digitalPostInfo").at("aapningskvittering"), false);
  EXPECT_EQ(digital.at("metadataFiler"), json::object());
  EXPECT_EQ(message_of(document_text(R"("arkivmelding": {"sikkerhetsnivaa": 3.7})"))
                .at("sikkerhetsnivaa"),
            3);
  EXPECT_FALSE(message_of(document_text(R"("arkivmelding": {"sikkerhetsnivaa": ""})"))
                   .contains("sikkerhetsnivaa"));
}

TEST(sbd_parse, refuses_values_of_the_wrong_type_and_says_where) {
  const auto bad = sbd_errc::malformed_json;
  expect_refused(document_text(R"("arkivmelding": {"sikkerhetsnivaa": "tre"})"), bad,
                 "arkivmelding.sikkerhetsnivaa");
  expect_refused(document_text(R"("arkivmelding": {"sikkerhetsnivaa": 99999999999})"), bad, "");
  expect_refused(document_text(R"("arkivmelding": {"sikkerhetsnivaa": true})"), bad, "VALUE_TRUE");
  expect_refused(document_text(R"("arkivmelding": {"hoveddokument": {}})"), bad, "START_OBJECT");
  expect_refused(document_text(R"("arkivmelding": {"dpv": []})"), bad, "arkivmelding.dpv");
  expect_refused(document_text(R"("arkivmelding": {"dpv": {"varselType": "X"}})"), bad,
                 "[VarselDPVUtenRevarsel, VarselDPVMedRevarsel]");
  expect_refused(typed("status", R"({"status": "levert"})"), bad, "OPPRETTET");
  expect_refused(typed("digital", R"({"digitalPostInfo": {"virkningsdato": "12.05.2019"}})"), bad,
                 "java.time.LocalDate");
  expect_refused(document_text(R"("arkivmelding": {})", R"("headerVersion": "1.0")",
                               R"("headerVersion": ["1.0"])"),
                 bad, "headerVersion");
}

TEST(sbd_parse, takes_no_single_value_for_an_array) {
  expect_refused(typed("arkivmelding_kvittering", R"({"messages": {"code": "1"}})"),
                 sbd_errc::malformed_json, "arkivmelding_kvittering.messages");
}

TEST(sbd_parse, drops_unknown_members_and_nulls) {
  const auto message = message_of(document_text(
      R"("arkivmelding": {"hoveddokument": null, "extra": 1, "dpv": {"x": 2, "varselTekst": "t"}})"));
  EXPECT_EQ(message, (json::object{{"dpv", {{"varselTekst", "t"}}}}));
}

TEST(sbd_parse, keeps_agreed_content_whatever_it_is) {
  const auto message =
      message_of(typed("avtalt", R"({"identifier": "x", "content": [1, {"a": null}]})"));
  EXPECT_EQ(message.at("content"), json::parse(R"([1, {"a": null}])"));
}

TEST(sbd_parse, collapses_equal_receipt_messages) {
  const auto message = message_of(typed(
      "arkivmelding_kvittering",
      R"({"receiptType": "OK", "messages": [{"code": "1"}, {"code": "1", "x": 2}, {"code": "2"}]})"));
  EXPECT_EQ(message.at("messages"), json::parse(R"([{"code": "1"}, {"code": "2"}])"));
}

TEST(sbd_parse, keeps_the_text_of_a_date_time_and_adds_a_missing_offset) {
  const auto kept = parse(document_text(R"("arkivmelding": {})", "2026-01-16T10:00:00+01:00",
                                        "2026-01-16T09:00:00.5000Z"),
                          january());
  ASSERT_TRUE(kept) << kept.error().message;
  const auto& expected = kept->find_scope("ConversationId")->information.at(0).expected_response;
  EXPECT_EQ(expected->text, "2026-01-16T09:00:00.5000Z");
  EXPECT_EQ(expected->at, january() + std::chrono::hours(24) + std::chrono::milliseconds(500));

  const auto bare =
      parse(document_text(R"("arkivmelding": {})", "2026-01-16T10:00:00+01:00", "2026-07-16T10:00"),
            january());
  ASSERT_TRUE(bare) << bare.error().message;
  EXPECT_EQ(bare->find_scope("ConversationId")->information.at(0).expected_response->text,
            "2026-07-16T10:00+01:00");

  expect_refused(document_text(R"("arkivmelding": {})", "2026-01-16T10:00:00+01:00", "tomorrow"),
                 sbd_errc::malformed_json, "expectedResponseDateTime");
}

TEST(sbd_parse, never_repeats_a_person_number_in_an_error) {
  const auto document =
      parse(document_text(R"("arkivmelding": {"sikkerhetsnivaa": "x 09118532322"})"), january());
  ASSERT_FALSE(document);
  EXPECT_EQ(document.error().message.find("09118532322"), std::string::npos);
}

TEST(sbd_parse, keeps_numbers_of_agreed_content_and_refuses_infinite_ones) {
  const auto document =
      parse(typed("avtalt", R"({"content": [1e300, 18446744073709551615, 0.1, 3.0]})"), january());
  ASSERT_TRUE(document) << document.error().message;
  const auto again = parse(to_text(*document), january());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->business_message, document->business_message);
  expect_refused(typed("avtalt", R"({"content": {"a": [-1e400]}})"), sbd_errc::malformed_json,
                 "too large");
}

TEST(sbd_parse, accepts_nothing_that_it_could_not_read_again) {
  const auto sample =
      typed("arkivmelding_kvittering",
            R"({"receiptType": "OK", "messages": [{"code": "1", "text": "a\tb"}]})");
  std::mt19937 random(1);  // the same bytes in every run
  const auto below = [&](std::size_t limit) { return random() % limit; };
  std::size_t accepted = 0;
  for (int round = 0; round < 4000; ++round) {
    auto text = sample;
    for (auto changes = 1 + below(3); changes > 0; --changes) {
      const auto at = below(text.size());
      switch (below(3)) {
        case 0:
          text[at] = static_cast<char>(below(256));
          break;
        case 1:
          text.erase(at, 1 + below(8));
          break;
        default:
          text.insert(at, text.substr(below(text.size()), below(12)));
      }
    }
    const auto document = parse(text, january());
    if (!document) continue;
    ++accepted;
    const auto written = to_text(*document);
    const auto again = parse(written, january());
    ASSERT_TRUE(again) << text << again.error().message;
    ASSERT_EQ(to_text(*again), written);
    validate_for_create(*document, january());
  }
  EXPECT_GT(accepted, 100u);
}

TEST(sbd_parse, refuses_a_member_that_stands_twice_wherever_it_is) {
  for (const auto& text :
       {document_text(R"("arkivmelding": {}, "arkivmelding": {})"),
        document_text(R"("arkivmelding": {"hoveddokument":"a", "hoveddokument":"b"})"),
        document_text(R"("arkivmelding": {"x": [{"y": {"\u007a":1, "z":2}}]})")}) {
    const auto document = parse(text, january());
    ASSERT_FALSE(document) << text;
    EXPECT_EQ(document.error().code, sbd_errc::malformed_json);
    EXPECT_NE(document.error().message.find("Duplicate field '"), std::string::npos);
  }
  EXPECT_TRUE(
      parse(document_text(R"("arkivmelding": {"x": [{"y":1}, {"y":2}], "y":3})"), january()));
}

TEST(sbd_parse, refuses_numbers_that_it_cannot_keep) {
  for (const auto* number : {"123456789012345678901234567890", "-123456789012345678901", "1e999",
                             "18446744073709551616"})
    EXPECT_FALSE(parse_json(fmt::format("[{}]", number))) << number;
  for (const auto* number : {"18446744073709551615", "-9223372036854775808", "1e30", "0.1",
                             "123456789012345678901234.5"})
    EXPECT_TRUE(parse_json(fmt::format("[1, {}]", number))) << number;
}

TEST(sbd_parse, bounds_depth_size_elements_and_encoding) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(parse_json(nested(max_json_depth)));
  for (const std::size_t depth : {max_json_depth + 1, std::size_t{100'000}})
    EXPECT_EQ(parse_json(nested(depth)).error().code, sbd_errc::malformed_json);
  EXPECT_FALSE(parse_json('"' + std::string(max_json_bytes, 'a') + '"'));
  for (const auto* bytes : {"\"\xff\"", "\"\xc3\"", "\"\xed\xa0\x80\"", "\"\xc0\xaf\""})
    EXPECT_FALSE(parse_json(bytes)) << bytes;
  std::string scopes;
  for (int i = 0; i < 1001; ++i) scopes += fmt::format(R"({{"type":"x{}"}},)", i);
  const auto text =
      document_text(R"("arkivmelding": {})", R"("scope": [ )", R"("scope": [ )" + scopes);
  const auto document = parse(text, january());
  ASSERT_FALSE(document);
  EXPECT_NE(document.error().message.find("has more than 1000 elements"), std::string::npos);
}

TEST(sbd_parse, knows_fiksio_which_the_list_of_types_does_not_name) {
  auto text = document_text(R"("fiksio": {"hoveddokument":"a.pdf"})", R"("type": "arkivmelding")",
                            R"("type": "fiksio")");
  const auto document = parse(text, january());
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(document->main_document(), "a.pdf");
  EXPECT_TRUE(needs_file("fiksio"));
}
