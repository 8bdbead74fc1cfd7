#include "protocol/dpf/translate.hpp"

#include "protocol/dpf/rest_json.hpp"
#include "protocol/dpf/soap_xml.hpp"
#include "tests/protocol/dpf/flattened.hpp"
#include "tests/support/fixtures.hpp"
#include "tests/support/tools.hpp"

#include <gmock/gmock.h>
#include <boost/json.hpp>

namespace kp::dpf {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::Eq;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const time_point now = *parse_timestamp_with_offset("2026-03-02T08:15:30+01:00");

sbd::document document_of(std::string_view text) {
  auto parsed = sbd::parse(text, now);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed ? *std::move(parsed) : sbd::document();
}

constexpr std::string_view simple_sbd = R"({"standardBusinessDocumentHeader":{
  "headerVersion":"1.0",
  "sender":[{"identifier":{"authority":"iso6523-actorid-upis","value":"0192:910077473"}}],
  "receiver":[{"identifier":{"authority":"iso6523-actorid-upis","value":"0192:910075924"}}],
  "documentIdentification":{"standard":"urn:no:difi:arkivmelding:xsd::arkivmelding",
    "type":"arkivmelding","instanceIdentifier":"abc8849c-e281-4809-8555-7cd54952b946"},
  "businessScope":{"scope":[{"type":"ConversationId",
    "instanceIdentifier":"23efbd4c-413d-4e2c-bbc5-257ef4a65a91"},
    {"type":"SenderRef","instanceIdentifier":"no uuid"},
    {"type":"ReceiverRef","instanceIdentifier":"no uuid"}]}},
  "arkivmelding":{"sikkerhetsnivaa":4,"dpf":{"forsendelseType":" "}}})";

arkivmelding::registry_entry entry_with(std::vector<arkivmelding::described_document> documents) {
  arkivmelding::registry_entry entry;
  entry.public_title = "Tittel";
  entry.documents = std::move(documents);
  return entry;
}

const std::vector<uploaded_file> usual_files{{"arkivmelding.xml", "text/xml"},
                                             {"a.txt", "text/plain"},
                                             {"b.PDF", "application/pdf"},
                                             {"c.DOCX", "application/docx"},
                                             {"utenpunkt", "x/y"}};

result<translated> translate_simple(arkivmelding::registry_entry entry, sending_rules rules = {},
                                    std::string_view sbd = simple_sbd) {
  const auto document = document_of(sbd);
  return translate({&document,
                    std::move(entry),
                    usual_files,
                    {"Avsender kommune", {}},
                    {"Mottaker kommune", {}},
                    std::move(rules)});
}

// The fixtures' message, as the hub's own registry answers name the two.
translated of_fixture(const std::string& sbd, const std::string& xml) {
  const auto document = document_of(sbd);
  const std::vector<uploaded_file> files{{"arkivmelding.xml", "text/xml"},
                                         {"test.txt", "text/plain"}};
  auto entry = arkivmelding::read_registry_entry(xml);
  EXPECT_TRUE(entry);
  auto made = translate({&document, *entry, files, {"TEST - C4", {}}, {"TEST - C4", {}}, {}});
  EXPECT_TRUE(made) << made.error().message;
  return *std::move(made);
}

std::vector<std::string> without_data(std::vector<std::string> lines) {
  std::erase_if(lines, [](const std::string& line) {
    return line.starts_with("/forsendelse/dokumenter/data");
  });
  return lines;
}

TEST(translate, says_in_soap_what_todays_installations_say) {
  KP_FIXTURE(sbd, "rest/e2e-send-dpf-with-refs.request.json");
  KP_FIXTURE(xml, "rest/e2e-arkivmelding.xml");
  KP_FIXTURE(expected, "messages/transport/dpf-sendForsendelseMedId-with-refs.xml");
  const auto made = of_fixture(sbd, xml);
  EXPECT_THAT(made.files, ElementsAre(1U));
  EXPECT_EQ(without_data(test::flattened(send_envelope(made.what), "sendForsendelseMedId")),
            without_data(test::flattened(expected, "sendForsendelseMedId")));
}

TEST(translate, makes_soap_that_the_schema_of_svarut_accepts) {
  if (!test::has_tool("xmllint")) GTEST_SKIP() << "xmllint is not here";
  KP_FIXTURE(sbd, "rest/e2e-send-dpf.request.json");
  KP_FIXTURE(xml, "rest/e2e-arkivmelding.xml");
  KP_FIXTURE(wsdl, "dpf/wsdl/ForsendelsesServiceV9.wsdl");
  // The schema out of the WSDL, without the import of a schema that is not here.
  const auto begin = wsdl.find("<xs:schema");
  auto schema = wsdl.substr(begin, wsdl.find("</xs:schema>") + 12 - begin);
  const auto import = schema.find("<xs:import");
  schema.erase(import, schema.find("/>", import) + 2 - import);
  for (std::size_t at; (at = schema.find(" xmime:")) != std::string::npos;)
    schema.erase(at, schema.find('"', schema.find('"', at) + 1) + 1 - at);
  auto made = of_fixture(sbd, xml);
  made.what.type = "forsendelsetype-1";
  made.what.billing_code = "K-1";
  made.what.reply_to = "27991054-77b4-48ed-bf9b-ae36bb1b41d1";
  made.what.entry.dated = arkivmelding::date{"2017-05-22", "Z"};
  pugi::xml_document envelope;
  ASSERT_TRUE(envelope.load_string(send_envelope(made.what).c_str()));
  for (auto include : envelope.select_nodes("//xop:Include")) {
    auto data = include.node().parent();
    data.remove_children();
    data.text().set("AAAA");  // what the attachment stands for
  }
  test::temporary_folder folder;
  folder.write("v9.xsd", schema);
  std::ostringstream body;
  envelope.document_element().first_child().first_child().print(body);
  folder.write("body.xml", body.str());
  const auto judged = test::run("xmllint --noout --schema " + folder.path("v9.xsd") + " " +
                                folder.path("body.xml"));
  EXPECT_EQ(judged.status, 0) << judged.output;
}

TEST(translate, says_in_rest_what_the_published_schema_asks_for) {
  KP_FIXTURE(sbd, "rest/e2e-send-dpf-with-refs.request.json");
  KP_FIXTURE(xml, "rest/e2e-arkivmelding.xml");
  auto what = of_fixture(sbd, xml).what;
  what.receiver.address = {"Storgata 1", "", "Bergen", ""};
  const auto made = json::parse(to_json(what));
  EXPECT_EQ(made.at("mottaker"), json::parse(R"({"navn":"TEST - C4","digitalId":"910075924",
                "adresse":{"adresselinje1":"Storgata 1","poststed":"Bergen"}})"));
  EXPECT_EQ(made.at("svarSendesTil"),
            json::parse(R"({"navn":"TEST - C4","type":"ORGANISASJON","digitalId":"910077473",
                "adresse":{"adresselinje1":"TEST - C4","poststed":"Oslo","postnummer":"0192"}})"));
  EXPECT_EQ(made.at("metadataFraAvleverendeSystem").at("journaldato"), "2017-05-23T00:00:00+02:00");
  EXPECT_FALSE(made.at("metadataFraAvleverendeSystem").as_object().contains("saksaar"));
  EXPECT_EQ(made.at("sikkerhetsniva"), "BETYDELIG");
  EXPECT_EQ(made.at("eksternReferanse"), "abc8849c-e281-4809-8555-7cd54952b936");
  EXPECT_EQ(made.at("svarPaForsendelseId"), "27991054-77b4-48ed-bf9b-ae36bb1b41d1");
  EXPECT_EQ(made.at("kryptert"), true);
  EXPECT_FALSE(made.as_object().contains("konteringskode"));
  EXPECT_EQ(made.at("dokumenter"),
            json::parse(R"([{"filnavn":"test.txt","mimeType":"text/plain"}])"));
}

TEST(translate, keeps_within_the_bounds_of_the_rest_schema) {
  auto what = translate_simple(entry_with({}))->what;
  what.title = std::string(1100, 'x');
  what.entry.year = 0;
  what.entry.entry_number = 0;
  what.entry.case_year = 2026;
  what.entry.extra = {{"a", "1"}, {"a", "1"}, {"b", ""}};
  what.receiver.address.line = std::string(69, 'a') + "øb" + std::string(200, 'c');
  const auto made = json::parse(to_json(what));
  EXPECT_EQ(made.at("tittel").as_string().size(), 1000U);
  const auto& metadata = made.at("metadataFraAvleverendeSystem").as_object();
  EXPECT_FALSE(metadata.contains("journalaar"));
  EXPECT_FALSE(metadata.contains("journalpostnummer"));
  EXPECT_EQ(metadata.at("saksaar"), 2026);
  EXPECT_EQ(metadata.at("ekstraMetadata"), json::parse(R"([{"key":"a","value":"1"}])"));
  const auto& address = made.at("mottaker").at("adresse");
  EXPECT_EQ(address.at("adresselinje1"), json::value(std::string(69, 'a') + "ø"));
  EXPECT_EQ(address.at("adresselinje2"), json::value("b" + std::string(69, 'c')));
  EXPECT_EQ(address.at("adresselinje3").as_string().size(), 70U);
}

TEST(translate, takes_only_uuids_as_references) {
  const auto made = translate_simple(entry_with({}));
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->what.id, "abc8849c-e281-4809-8555-7cd54952b946");
  EXPECT_FALSE(made->what.reply_to);
  EXPECT_TRUE(made->what.level4);
  EXPECT_FALSE(made->what.type) << "a blank type is none";
}

TEST(translate, sends_the_main_document_first_and_only_what_is_described) {
  const auto made = translate_simple(entry_with({{false, {"a.txt"}}, {true, {"b.PDF", "c.DOCX"}}}),
                                     {false, "K", {"DOCX"}});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_THAT(made->files, ElementsAre(2U, 3U, 1U));
  EXPECT_EQ(made->what.documents[0].not_printed, false);
  EXPECT_EQ(made->what.documents[1].not_printed, true);
  EXPECT_EQ(made->what.documents[2].not_printed, std::nullopt);
}

TEST(translate, keeps_everything_but_pdf_from_print_with_a_star_and_compares_extensions_exactly) {
  const auto star =
      translate_simple(entry_with({{false, {"utenpunkt", "b.PDF"}}}), {false, {}, {"*"}});
  EXPECT_EQ(star->what.documents[0].not_printed, true);
  EXPECT_EQ(star->what.documents[1].not_printed, false);
  const auto other = translate_simple(entry_with({{false, {"c.DOCX"}}}), {false, {}, {"docx"}});
  EXPECT_EQ(other->what.documents[0].not_printed, std::nullopt);
}

TEST(translate, answers_go_to_the_sender_among_the_parties_under_the_number_of_the_sbd) {
  auto entry = entry_with({});
  entry.parties = {{"Mottaker", "M", {}, {}, {}, {}, {}},
                   {"Avsender", "Kontoret", {"Linje 1", "Linje 2"}, "9951", "VARDØ", "Norge", "S"}};
  const auto made = translate_simple(entry);
  EXPECT_EQ(made->what.replies_go_to.name, "Kontoret");
  EXPECT_EQ(made->what.replies_go_to.organisation, "910077473");
  EXPECT_EQ(made->what.replies_go_to.address.line, "Linje 1 Linje 2");
  EXPECT_EQ(case_worker(made->what.entry), "S");
  entry.parties.push_back({std::nullopt, "ukjent", {}, {}, {}, {}, {}});
  const auto voided = translate_simple(entry);
  EXPECT_EQ(voided->what.replies_go_to.name, "Avsender kommune");
  EXPECT_FALSE(case_worker(voided->what.entry));
}

TEST(translate, is_refused_with_a_reason_where_svarut_would_refuse) {
  auto untitled = entry_with({});
  untitled.public_title = " ";
  EXPECT_THAT(translate_simple(untitled).error().message, HasSubstr("offentligTittel"));
  auto large = entry_with({});
  large.sequence_number = 1ll << 40;
  EXPECT_THAT(translate_simple(large).error().message, HasSubstr("journalsekvensnummer"));
  EXPECT_THAT(translate_simple(entry_with({{true, {"borte.pdf"}}})).error().message,
              HasSubstr("borte.pdf"));
  EXPECT_THAT(translate_simple(entry_with({{true, {"a.txt", "a.txt"}}})).error().message,
              HasSubstr("twice"));
  EXPECT_FALSE(translate_simple(untitled).error().retryable);
  EXPECT_TRUE(why_not_a_filename("a/b.pdf"));
  EXPECT_TRUE(why_not_a_filename("a?.pdf"));
  EXPECT_TRUE(why_not_a_filename(std::string(227, 'x')));
  std::string wide;
  for (int i = 0; i < 226; ++i) wide += "ø";
  EXPECT_FALSE(why_not_a_filename(wide));
}

TEST(soap_answers, are_read_whatever_their_prefix) {
  KP_FIXTURE(statuses, "dpf/soap/retrieveForsendelseStatuser.response.xml");
  const auto read = parse_statuses_xml(statuses);
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ((*read)[0].id, "abc8849c-e281-4809-8555-7cd54952b946");
  EXPECT_EQ((*read)[0].status, "LEST");
  EXPECT_EQ((*read)[1].status, "AVVIST");
  KP_FIXTURE(found, "dpf/soap/retrieveForsendelseIdByEksternRef.response.xml");
  EXPECT_THAT(*parse_texts_xml(found, "retrieveForsendelseIdByEksternRef"),
              ElementsAre("abc8849c-e281-4809-8555-7cd54952b946"));
  KP_FIXTURE(none, "dpf/soap/retrieveForsendelseIdByEksternRef-empty.response.xml");
  EXPECT_THAT(*parse_texts_xml(none, "retrieveForsendelseIdByEksternRef"), IsEmpty());
  KP_FIXTURE(types, "dpf/soap/retreiveForsendelseTyper.response.xml");
  EXPECT_THAT(*parse_texts_xml(types, "retreiveForsendelseTyper"),
              ElementsAre("forsendelsetype-1", "Byggesøknad"));
  KP_FIXTURE(sent, "dpf/soap/sendForsendelseMedId.response.xml");
  EXPECT_THAT(*parse_sent_xml(sent), Not(IsEmpty()));
}

TEST(soap_answers, tell_final_faults_from_those_worth_a_retry) {
  for (const auto* name : {"duplikat", "feil-under-lesing", "samme-mottaker", "tomt-dokument",
                           "ugyldig-innhold", "transient"}) {
    const auto xml = test::fixture(std::string("dpf/soap/fault-") + name + ".response.xml");
    if (!xml) GTEST_SKIP() << "no fixtures here";
    const auto fault = fault_in(*xml);
    ASSERT_TRUE(fault) << name;
    EXPECT_EQ(fault->retryable, std::string_view(name) == "transient") << name;
    EXPECT_FALSE(parse_sent_xml(*xml)) << name;
  }
  EXPECT_EQ(parse_sent_xml("<html/>").error().retryable, true);
}

TEST(rest_answers, are_read_and_their_errors_judged) {
  KP_FIXTURE(sent, "dpf/rest/send.response.json");
  EXPECT_EQ(*parse_sent(sent), "d6b23522-ddf3-462a-8140-16e59e1f476d");
  KP_FIXTURE(statuses, "dpf/rest/status-sok.response.json");
  EXPECT_EQ(parse_statuses(statuses)->at(0).status, "LEST");
  KP_FIXTURE(empty, "dpf/rest/eksternref-empty.response.json");
  EXPECT_THAT(*parse_found(empty), IsEmpty());
  KP_FIXTURE(types, "dpf/rest/forsendelsestyper.response.json");
  EXPECT_EQ(parse_types(types)->size(), 6U);
  KP_FIXTURE(refusal, "dpf/rest/error.response.json");
  const auto why = rest_error("SvarUt send", {400, {}, refusal});
  EXPECT_EQ(why.message, "SvarUt send: HTTP 400: Ugyldig innhold");
  EXPECT_FALSE(why.retryable);
  for (const unsigned status : {404U, 413U, 422U})
    EXPECT_FALSE(rest_error("x", {status, {}, ""}).retryable);
  for (const unsigned status : {408U, 429U, 500U, 503U})
    EXPECT_TRUE(rest_error("x", {status, {}, ""}).retryable);
  EXPECT_EQ(rest_error("x", {403, {}, ""}).retry_after, std::chrono::seconds(3600));
  EXPECT_TRUE(rest_error("x", {401, {}, ""}).retryable);
}

}  // namespace
}  // namespace kp::dpf
