#include "protocol/dpi/document.hpp"

#include "protocol/dpi/schemas.hpp"
#include "tests/support/fixtures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace kp::dpi {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

constexpr time_point when{std::chrono::seconds(1'553'513'903)};  // 2019-03-25T11:38:23Z
const proof dummy{"dummy", "DummyMaskinportenToken"};

sbd::document parsed(const std::string& text) {
  auto made = sbd::parse(text, when);
  EXPECT_TRUE(made) << made.error().message;
  return made ? *made : sbd::document{};
}

sbd::document letter(json::object message, const std::string& type = "digital",
                     const std::string& sender = "0192:910077473") {
  json::object root{
      {"standardBusinessDocumentHeader",
       json::object{
           {"headerVersion", "1.0"},
           {"sender", json::array{json::object{
                          {"identifier", json::object{{"authority", "iso6523-actorid-upis"},
                                                      {"value", sender}}}}}},
           {"documentIdentification",
            json::object{{"standard", "urn:no:difi:digitalpost:xsd:digital::" + type},
                         {"typeVersion", "2.0"},
                         {"instanceIdentifier", "ff88849c-e281-4809-8555-7cd54952b921"},
                         {"type", type}}},
           {"businessScope",
            json::object{
                {"scope", json::array{json::object{
                              {"type", "ConversationId"},
                              {"instanceIdentifier", "97efbd4c-413d-4e2c-bbc5-257ef4a61212"},
                              {"identifier", "urn:no:difi:profile:digitalpost:info:ver1.0"}}}}}}}}};
  root[type] = std::move(message);
  return parsed(json::serialize(root));
}

json::object minimal() {
  return {{"sikkerhetsnivaa", 3},
          {"hoveddokument", "brev.pdf"},
          {"tittel", "Vedtak"},
          {"spraak", "NO"},
          {"digitalPostInfo",
           json::object{{"virkningsdato", "2026-03-29"}, {"aapningskvittering", true}}}};
}

const target mailbox{"984661185", "ola.nordmann#ABCD"};

json::object made(const sbd::document& document, const target& to = mailbox,
                  const std::optional<std::string>& supplier = std::nullopt) {
  const auto from = origin_of(document, "910077473", supplier);
  EXPECT_TRUE(from) << from.error().message;
  auto out = make_business_message(document, *from, to, dummy, when);
  EXPECT_TRUE(out) << out.error().message;
  return out ? *out : json::object{};
}

json::value at(const json::object& in, const std::string& pointer) {
  return json::value(in).at_pointer("/standardBusinessDocument" + pointer);
}

// As the published sample has it, whatever the order of members.
void expect_sample(const std::string& input, const std::string& expected, const target& to) {
  auto whole = made(parsed(input), to);
  EXPECT_EQ(whole["standardBusinessDocument"], json::parse(expected));
}

}  // namespace

TEST(dpi_document, makes_the_digital_letter_of_todays_installations) {
  KP_FIXTURE(input, "messages/sbd/digital-dpi.json");
  KP_FIXTURE(expected, "messages/sbd-normalised/dpi-digital-corner2.json");
  expect_sample(input, expected, {"987464291", "dummy"});
}

TEST(dpi_document, makes_the_printed_letter_of_todays_installations) {
  KP_FIXTURE(input, "messages/sbd/print-dpi.json");
  KP_FIXTURE(expected, "messages/sbd-normalised/dpi-utskrift-corner2.json");
  expect_sample(input, expected, {"987464291", ""});
}

TEST(dpi_document, says_nothing_of_what_the_client_left_out) {
  const auto whole = made(letter(minimal()));
  const auto body = at(whole, "/digital").as_object();
  EXPECT_EQ(body.at("varsler"), json::object{});
  EXPECT_FALSE(body.at("avsender").as_object().contains("avsenderidentifikator"));
  EXPECT_FALSE(body.at("avsender").as_object().contains("fakturaReferanse"));
  EXPECT_TRUE(body.at("aapningskvittering").as_bool());
}

TEST(dpi_document, notifies_only_where_the_registry_has_an_address_and_the_client_a_text) {
  auto message = minimal();
  message["varsler"] = json::object{{"epostTekst", "Du har fått post"}, {"smsTekst", ""}};
  const target to{"984661185", "x", "ola@example.no", "+47 99999999"};
  const auto varsler = at(made(letter(message), to), "/digital/varsler").as_object();
  EXPECT_EQ(varsler.at("epostvarsel"),
            json::parse(R"({"epostadresse":"ola@example.no","varslingstekst":"Du har fått post",
                            "repetisjoner":[0,7]})"));
  EXPECT_FALSE(varsler.contains("smsvarsel"));
  message["varsler"] = json::object{{"smsTekst", "Post"}};
  EXPECT_EQ(at(made(letter(message), to), "/digital/varsler"),
            json::parse(R"({"smsvarsel":{"mobiltelefonnummer":"+47 99999999",
                            "varslingstekst":"Post","repetisjoner":[0,7]}})"));
  EXPECT_EQ(at(made(letter(message)), "/digital/varsler"), json::object{});
}

TEST(dpi_document, takes_effect_at_midnight_in_oslo_whatever_the_season) {
  const auto text = [](const char* date) {
    auto message = minimal();
    message["digitalPostInfo"].as_object()["virkningsdato"] = date;
    return at(made(letter(message)), "/digital/virkningstidspunkt").as_string();
  };
  EXPECT_EQ(text("2019-05-12"), "2019-05-11T22:00:00Z");
  EXPECT_EQ(text("2026-01-15"), "2026-01-14T23:00:00Z");
  EXPECT_EQ(text("2026-03-29"), "2026-03-28T23:00:00Z");  // the clock is moved later that day
  EXPECT_EQ(text("2026-03-30"), "2026-03-29T22:00:00Z");
  EXPECT_EQ(text("2026-10-25"), "2026-10-24T22:00:00Z");
  EXPECT_EQ(text("2026-10-26"), "2026-10-25T23:00:00Z");
}

TEST(dpi_document, names_supplier_and_customer_when_sent_on_behalf) {
  const auto whole = made(letter(minimal(), "digital", "0192:910077473:910075918"));
  EXPECT_EQ(at(whole, "/standardBusinessDocumentHeader/sender/0/identifier/value"),
            "0192:910077473");
  EXPECT_EQ(at(whole, "/digital/avsender/virksomhetsidentifikator/value"), "0192:910075918");
  const auto supplied = made(letter(minimal()), mailbox, "991825827");
  EXPECT_EQ(at(supplied, "/standardBusinessDocumentHeader/sender/0/identifier/value"),
            "0192:991825827");
  EXPECT_EQ(at(supplied, "/digital/avsender/virksomhetsidentifikator/value"), "0192:910077473");
}

TEST(dpi_document, refuses_what_the_schema_does_not_allow_and_names_the_place) {
  auto message = minimal();
  message["sikkerhetsnivaa"] = 5;
  const auto document = letter(message);
  const auto refused =
      make_business_message(document, {"910077473", "910077473"}, mailbox, dummy, when);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, dpi_errc::invalid_document);
  EXPECT_FALSE(refused.error().retryable);
  EXPECT_THAT(refused.error().message, HasSubstr("sikkerhetsnivaa"));
  message["sikkerhetsnivaa"] = 4;
  message["tittel"] = "";
  EXPECT_FALSE(
      make_business_message(letter(message), {"910077473", "910077473"}, mailbox, dummy, when));
}

TEST(dpi_address, of_norway_has_no_country) {
  for (const auto* land : {"", "Norge", "norway", " NORGE "}) {
    json::object address{{"navn", "Ola"},
                         {"adresselinje1", "Veien 1"},
                         {"postnummer", "0195"},
                         {"poststed", "Oslo"},
                         {"land", land}};
    EXPECT_EQ(to_address(address),
              json::parse(R"({"navn":"Ola","adresselinje1":"Veien 1","postnummer":"0195",
                              "poststed":"Oslo"})"))
        << land;
  }
}

TEST(dpi_address, from_abroad_has_its_place_in_the_first_free_line) {
  json::object address{{"navn", "Ola"},
                       {"adresselinje1", "Vägen 1"},
                       {"postnummer", "111 22"},
                       {"poststed", "Stockholm"},
                       {"land", "Sverige"}};
  for (const auto* line : {"adresselinje2", "adresselinje3", "adresselinje4"}) {
    auto expected = address;
    expected.erase("postnummer");
    expected.erase("poststed");
    expected[line] = "111 22 Stockholm";
    EXPECT_EQ(to_address(address), expected);
    address[line] = "full";
  }
  EXPECT_EQ(to_address(address).at("adresselinje4"), "full 111 22 Stockholm");
  address.erase("postnummer");
  EXPECT_EQ(to_address(address).at("adresselinje4"), "full Stockholm");
  address.erase("poststed");
  EXPECT_EQ(to_address(address).at("adresselinje4"), "full");
}

TEST(dpi_document, prints_a_letter_abroad_by_the_schema) {
  const json::object abroad{{"navn", "Ola"},
                            {"adresselinje1", "Vägen 1"},
                            {"postnummer", "111 22"},
                            {"poststed", "Stockholm"},
                            {"land", "Sverige"}};
  const json::object home{{"navn", "Kommunen"},
                          {"adresselinje1", "Torget 1"},
                          {"postnummer", "0195"},
                          {"poststed", "Oslo"}};
  const auto whole = made(
      letter({{"hoveddokument", "brev.pdf"},
              {"mottaker", abroad},
              {"posttype", "A_PRIORITERT"},
              {"utskriftsfarge", "FARGE"},
              {"retur",
               json::object{{"mottaker", home}, {"returhaandtering", "MAKULERING_MED_MELDING"}}}},
             "print"),
      {"974761076", ""});
  EXPECT_EQ(at(whole, "/utskrift/posttype"), "A");
  EXPECT_EQ(at(whole, "/utskrift/utskriftstype"), "FARGE");
  EXPECT_EQ(at(whole, "/utskrift/retur/returposthaandtering"), "MAKULERING_MED_MELDING");
  EXPECT_EQ(at(whole, "/utskrift/mottaker/adresselinje2"), "111 22 Stockholm");
}

TEST(dpi_schemas, accept_what_has_been_published) {
  for (const auto* name :
       {"digital-forretningsmelding", "digital-pa-vegne-av-forretningsmelding",
        "digital-avsenderidentifikator-forretningsmelding", "utskrift-forretningsmelding"}) {
    KP_FIXTURE(text, std::string("dpi/complete/") + name + ".json");
    const auto document = json::parse(text);
    const auto type = std::string_view(name).starts_with("utskrift") ? "utskrift" : "digital";
    const auto fits = validate(type, document);
    EXPECT_TRUE(fits) << name << ": " << fits.error().message;
    EXPECT_FALSE(validate(type == std::string_view("digital") ? "utskrift" : "digital", document));
  }
  for (const auto* name : {"digital", "utskrift"}) {
    KP_FIXTURE(text, std::string("dpi/examples/") + name + "_ready_for_send-sbd.json");
    const auto fits = validate(name, json::parse(text));
    EXPECT_TRUE(fits) << name << ": " << fits.error().message;
  }
}

TEST(dpi_schemas, refuse_the_malformed_examples) {
  KP_FIXTURE(wrong_member, "dpi/examples/feil-sbd.json");
  EXPECT_FALSE(validate("feil", json::parse(wrong_member)));
  KP_FIXTURE(with_token, "dpi/examples/innbyggerpost_dpi_lerveringskvittering_1_0.json");
  EXPECT_FALSE(validate("leveringskvittering", json::parse(with_token)));
}

TEST(dpi_schemas, refuse_a_time_that_is_none) {
  KP_FIXTURE(text, "dpi/complete/digital-forretningsmelding.json");
  auto document = json::parse(text);
  document.at_pointer("/standardBusinessDocument/digital/virkningstidspunkt") = "2022-03-16";
  const auto refused = validate("digital", document);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("virkningstidspunkt"));
  EXPECT_THAT(refused.error().message, testing::Not(HasSubstr("2022-03-16")));
}

}  // namespace kp::dpi
