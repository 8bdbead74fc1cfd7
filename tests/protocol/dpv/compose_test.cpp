#include "protocol/dpv/compose.hpp"

#include "config/config_error.hpp"
#include "protocol/dpv/form.hpp"
#include "protocol/sbd/sbd_error.hpp"
#include "tests/support/fixtures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <map>

namespace kp::dpv {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Key;
using testing::Not;
using testing::Pair;
namespace json = boost::json;
using fields = std::map<std::string, std::string>;

// 2019-03-25T12:38:23+01:00, the clock of the fixtures.
constexpr time_point noon{std::chrono::seconds(1'553'513'903)};
constexpr std::string_view usual_text =
    "$correspondenceRecipientName$: Du har mottatt en melding fra $reporterName$.";

usage usual() {
  usage u;
  u.own_number = "910077473";
  u.sensitive_resource = "eformidling-dpv-taushetsbelagt";
  u.notification_text = usual_text;
  u.sensitive_notification_text = "Taushetsbelagt fra $reporterName$";
  u.email_subject = "Melding mottatt i Altinn";
  return u;
}

sbd::document document_of(const std::string& text) {
  auto parsed = sbd::parse(text, noon);
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
  return *std::move(parsed);
}

// A digital_dpv to an organisation, with what the test says in its `dpv`.
sbd::document letter_with(const std::string& wishes, const std::string& more = "") {
  return document_of(R"({"standardBusinessDocumentHeader": {"headerVersion": "1.0",
    "sender": [{"identifier": {"authority": "iso6523-actorid-upis", "value": "0192:910077473"}}],
    "receiver": [{"identifier": {"authority": "iso6523-actorid-upis", "value": "0192:910075946"}}],
    "documentIdentification": {"standard": "urn:no:difi:digitalpost:xsd:digital::digital_dpv",
      "typeVersion": "2.0", "type": "digital_dpv",
      "instanceIdentifier": "ff88849c-e281-4809-8555-7cd54952b922"},
    "businessScope": {"scope": [{"type": "ConversationId",
      "instanceIdentifier": "97efbd4c-413d-4e2c-bbc5-257ef4a61212",
      "identifier": "urn:no:difi:profile:digitalpost:vedtak:ver1.0"}]}},
    "digital_dpv": {"tittel": "foo", "sammendrag": "bar")" +
                     more + (wishes.empty() ? "" : R"(, "dpv": )" + wishes) + "}}");
}

const std::vector<uploaded_file> one_file{{"test.txt", "Test", 15}};

fields fields_of(const sbd::document& document, const usage& use,
                 const std::string& resource = "eformidling-dpv-administrasjon",
                 const std::optional<arkivmelding::summary>& summary = {},
                 const std::vector<uploaded_file>& files = one_file) {
  const auto made = compose(document, files, summary, resource, "TEST - C4", use, noon);
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  const auto list = form_fields(*made);
  fields all(list.begin(), list.end());
  EXPECT_EQ(all.size(), list.size());  // no name twice
  return all;
}

fields expected_fields(const std::string& text) {
  fields all;
  for (const auto& [name, value] : json::parse(text).as_object())
    all.emplace(name, value.as_string());
  return all;
}

TEST(dpv_letter, V1_of_an_arkivmelding_is_what_upstream_sends) {
  KP_FIXTURE(sbd, "dpv/examples/api-create-arkivmelding.json");
  KP_FIXTURE(xml, "dpv/examples/arkivmelding.xml");
  KP_FIXTURE(expected, "dpv/examples/upload-form-fields-arkivmelding.json");
  const auto summary = arkivmelding::summarise(xml);
  ASSERT_TRUE(summary);
  // V9: neither the XML nor a file that it does not name is sent.
  const std::vector<uploaded_file> files{
      {"arkivmelding.xml", "", 500}, {"test.txt", "Test", 15}, {"notat.txt", "Notat", 5}};
  EXPECT_EQ(fields_of(document_of(sbd), usual(), "eformidling-dpv-administrasjon", *summary, files),
            expected_fields(expected));
}

TEST(dpv_letter, V2_of_a_digital_dpv_to_a_person_is_what_upstream_sends) {
  KP_FIXTURE(sbd, "dpv/examples/api-create-digital_dpv.json");
  KP_FIXTURE(expected, "dpv/examples/upload-form-fields-digital_dpv.json");
  EXPECT_EQ(fields_of(document_of(sbd), usual()), expected_fields(expected));
}

TEST(dpv_letter, V3_of_another_process_respects_reservations) {
  EXPECT_THAT(fields_of(letter_with(""), usual()),
              Contains(Pair("correspondence.ignoreReservation", "false")));
}

TEST(dpv_letter, V4_without_content_says_so) {
  EXPECT_THAT(fields_of(letter_with(""), usual()),
              Contains(Pair("correspondence.content.messageBody", "Ingen innhold")));
  EXPECT_THAT(fields_of(letter_with("", R"(, "innhold": "  ")"), usual()),
              Contains(Pair("correspondence.content.messageBody", "Ingen innhold")));
}

TEST(dpv_letter, V5_the_message_chooses_channel_reminder_and_text) {
  auto sent = fields_of(letter_with(R"({"varselTransportType": "SMS",
      "varselType": "VarselDPVUtenRevarsel", "varselTekst": "Brev fra $reporterName$!"})"),
                        usual());
  EXPECT_EQ(sent["correspondence.notification.notificationChannel"], "Sms");
  EXPECT_EQ(sent["correspondence.notification.smsBody"], "Brev fra TEST - C4!");
  EXPECT_EQ(sent["correspondence.notification.emailBody"], "Brev fra TEST - C4!");
  EXPECT_EQ(sent["correspondence.notification.sendReminder"], "false");
  EXPECT_THAT(sent, Not(Contains(Key("correspondence.notification.reminderSmsBody"))));
  sent = fields_of(letter_with(R"({"varselTransportType": "Epost", "varselTekst": ""})"), usual());
  EXPECT_EQ(sent["correspondence.notification.notificationChannel"], "Email");
  EXPECT_EQ(sent["correspondence.notification.reminderNotificationChannel"], "Email");
  EXPECT_THAT(sent["correspondence.notification.smsBody"], testing::HasSubstr("fra TEST - C4."));
}

TEST(dpv_letter, V5_settings_choose_the_channel_where_the_message_does_not) {
  auto use = usual();
  const auto channel = [&] {
    return fields_of(letter_with(""), use)["correspondence.notification.notificationChannel"];
  };
  use.notify_sms = false;
  EXPECT_EQ(channel(), "Email");
  use.notify_email = false;
  EXPECT_EQ(channel(), "EmailAndSms");  // notifications cannot be switched off
  use.notify_sms = true;
  EXPECT_EQ(channel(), "Sms");
}

TEST(dpv_letter, V6_the_due_date_is_what_message_and_settings_say) {
  auto use = usual();
  const auto due = [&](const std::string& wishes) {
    const auto all = fields_of(letter_with(wishes), use);
    const auto found = all.find("correspondence.dueDateTime");
    return found == all.end() ? "none" : found->second;
  };
  EXPECT_EQ(due(R"({"dagerTilSvarfrist": 3})"), "2019-03-28T12:38:23+01:00");
  EXPECT_EQ(due(R"({"dagerTilSvarfrist": 0})"), "none");
  EXPECT_EQ(due(R"({"dagerTilSvarfrist": -1})"), "none");
  EXPECT_EQ(due(""), "2019-04-01T12:38:23+01:00");
  use.due_date = false;
  EXPECT_EQ(due(""), "none");
  EXPECT_EQ(due(R"({"dagerTilSvarfrist": 3})"), "2019-03-28T12:38:23+01:00");
}

TEST(dpv_letter, V7_of_the_confidential_resource_has_the_flag_and_its_own_text) {
  auto sent = fields_of(letter_with(R"({"varselTekst": "Ikke denne"})"), usual(),
                        "eformidling-dpv-taushetsbelagt");
  EXPECT_EQ(sent["correspondence.isConfidential"], "true");
  EXPECT_EQ(sent["correspondence.notification.smsBody"], "Taushetsbelagt fra TEST - C4");
  sent = fields_of(letter_with(R"({"taushetsbelagtVarselTekst": "Denne"})"), usual(),
                   "eformidling-dpv-taushetsbelagt");
  EXPECT_EQ(sent["correspondence.notification.smsBody"], "Denne");
}

TEST(dpv_letter, V8_on_behalf_of_another_keeps_both_in_the_sender) {
  auto document = letter_with("");
  document.header.sender.front().value = "0192:910077473:974760673";
  auto sent = fields_of(document, usual());
  EXPECT_EQ(sent["correspondence.sender"], "0192:910077473:974760673");
  EXPECT_EQ(sent["correspondence.propertyList.senderOrgNumber"], "974760673");
  EXPECT_EQ(*sender_number(document, usual()), "974760673");
  EXPECT_EQ(*sender_number(letter_with(""), usual()), "910077473");
}

TEST(dpv_letter, N2_N4_carries_no_message_channel) {
  auto document = letter_with("");
  document.header.scopes.push_back({"MessageChannel", "id", "foo-42", {}});
  for (const auto& [name, value] : fields_of(document, usual()))
    EXPECT_THAT(value, Not(testing::HasSubstr("foo-42"))) << name;
}

TEST(dpv_letter, is_not_made_of_an_empty_file_or_another_type) {
  const std::vector<uploaded_file> empty{{"tom.txt", "Tom", 0}};
  const auto refused = compose(letter_with(""), empty, {}, "r", "n", usual(), noon);
  ASSERT_FALSE(refused);
  EXPECT_FALSE(refused.error().retryable);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("tom.txt"));
  auto other = letter_with("");
  other.header.identification.type = "avtalt";
  const auto wrong = compose(other, {}, {}, "r", "n", usual(), noon);
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, testing::HasSubstr("avtalt"));
}

TEST(dpv_letter, the_recipient_is_a_person_or_an_organisation) {
  EXPECT_EQ(recipient_urn("17912099997"), "urn:altinn:person:identifier-no:17912099997");
  EXPECT_EQ(recipient_urn("910075946"), "urn:altinn:organization:identifier-no:910075946");
}

}  // namespace
}  // namespace kp::dpv
