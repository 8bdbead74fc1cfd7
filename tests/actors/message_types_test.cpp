#include "protocol/sbd/document.hpp"
#include "tests/actors/sending.hpp"

#include <regex>

// Every message type from document to send, with the documents and registry answers that are used
// out there.

namespace kp::test {
namespace {

struct sample {
  const char* document;
  service via;
  const char* registry = nullptr;  // none: a receiver that takes it
};

void PrintTo(const sample& s, std::ostream* out) {
  *out << s.document;
}

// Deadlines of the collection lie in the past.
json::value with_time_left(const std::string& text) {
  auto document = json::parse(text);
  auto& header = document.as_object().at("standardBusinessDocumentHeader").as_object();
  for (auto& scope : header.at("businessScope").at("scope").as_array())
    if (auto* all = scope.as_object().if_contains("scopeInformation"))
      for (auto& information : all->as_array())
        if (information.as_object().contains("expectedResponseDateTime"))
          information.as_object()["expectedResponseDateTime"] = "2026-05-10T00:31:52+01:00";
  return document;
}

// Where `given` lacks something of `wanted`; empty: nowhere.
std::string lacks(const json::value& wanted, const json::value& given, const std::string& path) {
  if (const auto* members = wanted.if_object()) {
    if (!given.is_object()) return path;
    for (const auto& member : *members) {
      const auto* found = given.as_object().if_contains(member.key());
      const auto where = path + "/" + std::string(member.key());
      if (!found) return where;
      if (auto deeper = lacks(member.value(), *found, where); !deeper.empty()) return deeper;
    }
    return "";
  }
  if (const auto* elements = wanted.if_array()) {
    if (!given.is_array() || given.as_array().size() < elements->size()) return path;
    for (std::size_t i = 0; i < elements->size(); ++i)
      if (auto deeper = lacks(elements->at(i), given.as_array()[i], path + "/" + std::to_string(i));
          !deeper.empty())
        return deeper;
    return "";
  }
  return wanted == given ? "" : path;
}

class document_of_today : public sending_test, public testing::WithParamInterface<sample> {
 protected:
  // Nothing where the collection is absent.
  std::optional<json::value> request() {
    const auto text = fixture(GetParam().document);
    if (!text) return std::nullopt;
    auto document = with_time_left(*text);
    const auto& header = document.at("standardBusinessDocumentHeader");
    const auto standard = header.at("documentIdentification").at("standard").as_string();
    offers(GetParam().via, std::string(standard));
    if (GetParam().registry)
      if (const auto recorded = fixture(GetParam().registry)) answers(*recorded);
    return document;
  }
};

TEST_P(document_of_today, is_created_for_the_service_that_the_registry_names_and_comes_back) {
  const auto document = request();
  if (!document) GTEST_SKIP() << GetParam().document << " is absent";
  const auto text = json::serialize(*document);
  const auto answer = create(sak, text);
  ASSERT_EQ(answer.status, 200u) << answer.body;
  const auto read = sbd::parse(text, system.time().now());
  ASSERT_TRUE(read);
  EXPECT_EQ(lacks(sbd::to_json(*read), parsed(answer.body), ""), "") << answer.body;
  const auto id = message_id_in(answer.body);
  EXPECT_EQ(stored("sak", id).via, GetParam().via);
  EXPECT_EQ(parsed(call(sak, endpoint::find_out, id).body), parsed(answer.body));
  const auto conversation = parsed(call(sak, endpoint::conversation_of_message, id).body);
  EXPECT_EQ(conversation.at("serviceIdentifier").as_string(), to_string(GetParam().via));
}

TEST_P(document_of_today, is_refused_when_its_service_is_off) {
  const auto document = request();
  if (!document) GTEST_SKIP() << GetParam().document << " is absent";
  set_enabled(GetParam().via, false);
  const auto answer = create(sak, json::serialize(*document));
  EXPECT_EQ(answer.status, 400u);
  EXPECT_EQ(exception_of(answer), "ServiceNotEnabledException");
  EXPECT_EQ(said(answer), fmt::format("Service {} is not enabled", to_string(GetParam().via)));
  EXPECT_EQ(total(call(sak, endpoint::list_out)), 0);
}

INSTANTIATE_TEST_SUITE_P(
    messages, document_of_today,
    testing::Values(
        sample{"messages/sbd/arkivmelding-dpo.json", service::dpo,
               "messages/service-records/910075918.json"},
        sample{"messages/sbd/arkivmelding-minimal.json", service::dpo,
               "messages/service-records/910075918.json"},
        sample{"messages/sbd/arkivmelding-on-behalf-of.json", service::dpo,
               "messages/service-records/910075918.json"},
        sample{"messages/sbd/type-capitalised-key-lowercase-accepted.json", service::dpo,
               "messages/service-records/910075918.json"},
        sample{"messages/sbd/arkivmelding-dpv.json", service::dpv,
               "messages/service-records/910075946.json"},
        sample{"messages/sbd/arkivmelding-dpf-forsendelsetype.json", service::dpf,
               "messages/service-records/910075924.json"},
        sample{"messages/sbd/arkivmelding-dpf-with-refs.json", service::dpf,
               "messages/service-records/910075924.json"},
        sample{"messages/sbd/arkivmelding_kvittering.json", service::dpo},
        sample{"messages/sbd/avtalt-dpo.json", service::dpo,
               "messages/service-records/910075918-avtalt.json"},
        sample{"messages/sbd/digital-dpi.json", service::dpi,
               "messages/service-records/09118532322.json"},
        sample{"messages/sbd/print-dpi.json", service::dpi,
               "messages/service-records/09118532322.json"},
        sample{"messages/sbd/digital_dpv.json", service::dpv,
               "messages/service-records/17912099997.json"},
        sample{"messages/sbd/innsynskrav-dpe.json", service::dpe,
               "messages/service-records/910075935.json"},
        sample{"messages/sbd/publisering.json", service::dpe},
        sample{"messages/sbd/einnsyn_kvittering-dpe.json", service::dpe,
               "dpe/serviceregistry/910075935-einnsyn_response.json"},
        sample{"messages/sbd/dialogmelding.json", service::dph},
        sample{"messages/sbd/dialogmelding_kvittering.json", service::dph},
        sample{"dpfio/sbd/send-by-orgnr.request.json", service::dpfio},
        sample{"dpfio/sbd/send-by-konto.request.json", service::dpfio},
        sample{"rest/e2e-send-avtalt.request.json", service::dpo},
        sample{"rest/e2e-send-digital_dpv.request.json", service::dpv,
               "messages/service-records/17912099997.json"},
        sample{"rest/e2e-send-dpe.request.json", service::dpe, "rest/sr-identifier-910075935.json"},
        sample{"rest/e2e-send-dpf.request.json", service::dpf,
               "messages/service-records/910075924.json"},
        sample{"rest/e2e-send-dpf-with-refs.request.json", service::dpf,
               "messages/service-records/910075924.json"},
        sample{"rest/e2e-send-dpf-multipart-sbd.json", service::dpf},
        sample{"rest/e2e-send-dpi-digital.request.json", service::dpi,
               "messages/service-records/09118532322.json"},
        sample{"rest/e2e-send-dpi-print.request.json", service::dpi,
               "messages/service-records/09118532322.json"},
        sample{"rest/e2e-send-dpo.request.json", service::dpo, "rest/sr-identifier-910075918.json"},
        sample{"rest/e2e-send-dpv-arkivmelding.request.json", service::dpv,
               "messages/service-records/910075946.json"},
        sample{"rest/e2e-send-einnsyn_kvittering.request.json", service::dpe,
               "dpe/serviceregistry/910075935-einnsyn_response.json"}));

// The published examples: what is sent, and the whole answer.
class published_example : public sending_test,
                          public testing::WithParamInterface<std::pair<const char*, service>> {};

TEST_P(published_example, is_answered_field_by_field) {
  const auto [name, via] = GetParam();
  KP_FIXTURE(asked, fmt::format("rest/create-{}.request.json", name));
  KP_FIXTURE(answered, fmt::format("rest/create-{}.response.json", name));
  const auto request = with_time_left(asked);
  auto expected = with_time_left(answered);
  auto& identification = expected.as_object()
                             .at("standardBusinessDocumentHeader")
                             .at("documentIdentification")
                             .as_object();
  identification["creationDateAndTime"] = format_timestamp(system.time().now());
  offers(via, std::string(identification.at("standard").as_string()));
  const auto answer = create(sak, json::serialize(request));
  ASSERT_EQ(answer.status, 200u) << answer.body;
  EXPECT_EQ(parsed(answer.body), expected);
}

INSTANTIATE_TEST_SUITE_P(
    rest, published_example,
    testing::Values(std::pair{"arkivmelding", service::dpo}, std::pair{"digital", service::dpi},
                    std::pair{"digital_dpv", service::dpv}, std::pair{"innsynskrav", service::dpe},
                    std::pair{"print", service::dpi}, std::pair{"publisering", service::dpe}));

using message_types = sending_test;

TEST_F(message_types, a_letter_on_paper_needs_addresses_that_can_be_printed) {
  for (const auto& [name, missing] :
       {std::pair{"no-receiver-address", "mottaker.postnummer/poststed/adresselinje1"},
        std::pair{"no-return-address", "retur.postnummer/poststed/adresselinje1"}}) {
    KP_FIXTURE(text, fmt::format("rest/e2e-send-dpi-print-{}.request.json", name));
    KP_FIXTURE(recorded, "messages/service-records/09118532322.json");
    answers(recorded);
    const auto answer = create(sak, json::serialize(with_time_left(text)));
    EXPECT_EQ(answer.status, 400u) << name;
    EXPECT_EQ(
        said(answer),
        fmt::format("--no.difi.meldingsutveksling.exceptions.MissingAddressInformationException-- "
                    "[{}]",
                    missing));
  }
}

TEST_F(message_types, a_letter_on_paper_without_receiver_must_bring_both_addresses) {
  const std::string there = R"({"adresselinje1":"Gata 1","postnummer":"0001","poststed":"OSLO"})";
  const std::string abroad = R"({"adresselinje1":"Gatan 1","land":"Sverige"})";
  const auto said_of = [&](const std::string& business) {
    auto document = of_type("print", service::dpi, business);
    document.receiver = "";
    const auto answer = create(sak, document.text());
    const auto text = said(answer);
    return answer.status == 200 ? "200" : text.substr(text.find('['));
  };
  EXPECT_EQ(said_of("{}"), "[mottaker]");
  EXPECT_EQ(said_of(R"({"mottaker":{}})"), "[mottaker.postnummer/poststed/adresselinje1]");
  EXPECT_EQ(said_of(fmt::format(R"({{"mottaker":{}}})", there)), "[retur]");
  EXPECT_EQ(said_of(fmt::format(R"({{"mottaker":{},"retur":{{}}}})", there)),
            "[retur.postnummer/poststed/adresselinje1]");
  EXPECT_EQ(said_of(fmt::format(R"({{"mottaker":{},"retur":{{"mottaker":{}}}}})", abroad, there)),
            "200");
  EXPECT_EQ(says.asked, 0u);
  // A blank country is Norway.
  EXPECT_EQ(said_of(R"({"mottaker":{"adresselinje1":"Gata 1","land":""}})"),
            "[mottaker.postnummer/poststed/adresselinje1]");
}

TEST_F(message_types, blank_addresses_of_a_letter_are_filled_in_from_the_registry) {
  auto document = of_type("print", service::dpi, R"({"mottaker":{"navn":"Ola","land":" "}})");
  auto& record = says.answer.records.front();
  record.post_address = {"OLA NORDMANN", "Fjellveien 1; C/O Kari", "3400", "FJELLET", "Norge"};
  record.return_address = {"Somdalen kommune", "Postboks 1", "7000", "SOMDALEN", "Norge"};
  const auto answer = create(sak, document.text());
  ASSERT_EQ(answer.status, 200u) << answer.body;
  EXPECT_EQ(parsed(answer.body).at("print"), json::parse(R"({
    "utskriftsfarge":"SORT_HVIT", "posttype":"B_OEKONOMI", "printinstruksjoner":{},
    "mottaker":{"navn":"Ola","adresselinje1":"Fjellveien 1","adresselinje2":"C/O Kari",
                "postnummer":"3400","poststed":"FJELLET","land":"Norge"},
    "retur":{"returhaandtering":"DIREKTE_RETUR",
             "mottaker":{"navn":"Somdalen kommune","adresselinje1":"Postboks 1",
                         "postnummer":"7000","poststed":"SOMDALEN","land":"Norge"}}})"));
}

TEST_F(message_types, how_a_letter_comes_back_is_the_clients_choice_also_without_an_address) {
  auto document =
      of_type("print", service::dpi, R"({"retur":{"returhaandtering":"MAKULERING_MED_MELDING"}})");
  const registry::address address{"Navn", "Gata 1", "0001", "OSLO", "Norge"};
  says.answer.records.front().post_address = address;
  says.answer.records.front().return_address = address;
  const auto answer = create(sak, document.text());
  ASSERT_EQ(answer.status, 200u) << answer.body;
  EXPECT_EQ(text_at(answer.body, "/print/retur/returhaandtering"), "MAKULERING_MED_MELDING");
  EXPECT_EQ(text_at(answer.body, "/print/retur/mottaker/poststed"), "OSLO");
}

TEST_F(message_types, a_dialogmelding_must_name_its_patient_and_come_from_an_own_her_id) {
  const std::string whole =
      R"({"pasient":{"fnr":"30878199614","fornavn":"Raff","etternavn":"Raffen"}})";
  auto answer = create(sak, health_message(R"({"pasient":{"fnr":"30878199614"}})"));
  EXPECT_EQ(answer.status, 400u);
  EXPECT_EQ(text_at(answer.body, "/exception"), "jakarta.validation.ConstraintViolationException");
  EXPECT_EQ(text_at(answer.body, "/errors/0/field"), "pasient.fornavn");
  EXPECT_EQ(text_at(answer.body, "/errors/0/defaultMessage"), "must not be null");
  EXPECT_EQ(text_at(answer.body, "/errors/1/field"), "pasient.etternavn");
  EXPECT_EQ(text_at(create(sak, health_message("{}")).body, "/errors/0/field"), "pasient");

  auto text = health_message(whole);
  const std::string own = "her-id:8143548";
  auto stranger = text;
  stranger.replace(stranger.find(own), own.size(), "her-id:8143549");
  EXPECT_EQ(said(create(sak, stranger)),
            "--no.difi.meldingsutveksling.exceptions.SenderException-- [Sender have to be one of "
            "the her-ids listed in the difi.move.dph.her-ids property!]");
  auto municipality = of_type("dialogmelding", service::dph, whole).text();
  EXPECT_EQ(said(create(sak, municipality)),
            "--no.difi.meldingsutveksling.exceptions.SenderException-- [Sender have to be a "
            "nhn-actorid for DPH messages!]");
  EXPECT_EQ(outcome(create(sak, text)), "200");
}

TEST_F(message_types, a_dialogmelding_to_a_gp_gets_the_patient_of_the_registry) {
  KP_FIXTURE(recorded, "messages/service-records/30878199614.json");
  const auto her_id = std::string("her-id:8143060");
  auto text = health_message(R"({"pasient":{"fnr":"x"},"metadataFiler":{}})");
  text.replace(text.find(her_id), her_id.size(), "fastlege-for:30878199614");
  answers(recorded);
  says.answer.records.front().document_types = {"urn:no:difi:x:xsd::dialogmelding"};
  const auto answer = create(sak, text);
  ASSERT_EQ(answer.status, 200u) << answer.body;
  EXPECT_EQ(parsed(answer.body).at("dialogmelding").at("pasient"),
            json::parse(R"({"fnr":"30878199614","fornavn":"Raff","etternavn":"Raffen"})"));
  // The first message of a conversation names it.
  EXPECT_EQ(text_at(answer.body,
                    "/standardBusinessDocumentHeader/businessScope/scope/0/"
                    "instanceIdentifier"),
            message_id_in(answer.body));
}

TEST_F(message_types, every_service_gives_a_day_to_what_says_nothing) {
  for (const auto via : all_services) {
    const auto id = via == service::dph
                        ? created_from(health_message("{}", "dialogmelding_kvittering"))
                    : via == service::dpfio ? created_from(of_type("fiksio", via).text())
                                            : created_from(of_type("avtalt", via).text());
    EXPECT_EQ(stored("sak", id).expires, system.time().now() + std::chrono::hours(24))
        << to_string(via);
  }
}

// ---- lists and multipart as published ----

TEST_F(message_types, the_published_list_of_outgoing_messages_is_shown_to_the_letter) {
  KP_FIXTURE(text, "rest/messages-out-list.response.json");
  auto page = parsed(text);
  for (auto& each : page.at("content").as_array()) {
    each = with_time_left(json::serialize(each));
    const auto standard = each.at("standardBusinessDocumentHeader")
                              .at("documentIdentification")
                              .at("standard")
                              .as_string();
    offers(service::dpe, std::string(standard));
    created_from(json::serialize(each));
  }
  EXPECT_EQ(parsed(call(sak, endpoint::list_out).body), page);
}

TEST_F(message_types, the_fourth_page_of_the_published_list_has_the_members_of_today) {
  KP_FIXTURE(text, "rest/messages-out-list-page3.response.json");
  for (int i = 0; i < 41; ++i) created_from(of_type("avtalt", service::dpo).text());
  auto wanted = parsed(text).as_object();
  auto given = parsed(call(sak, endpoint::list_out, {}, "page=3&size=10").body).as_object();
  EXPECT_EQ(given.at("numberOfElements"), 10);
  for (auto* page : {&wanted, &given}) {
    page->erase("content");
    page->erase("numberOfElements");
  }
  EXPECT_EQ(given, wanted);
}

TEST_F(message_types, a_multipart_request_is_created_filled_and_sent_at_once) {
  KP_FIXTURE(text, "rest/multipart-arkivmelding.response.json");
  const auto document = with_time_left(text);
  offers(service::dpo, "urn:no:difi:arkivmelding:xsd::arkivmelding");
  auto xml = arkivmelding_xml;
  xml.replace(xml.find("brev.pdf"), 8, "before_the_law.txt");
  const file first{.name = "arkivmelding.xml", .title = "x", .type = "text/xml", .bytes = xml};
  const file second{.name = "before_the_law.txt", .title = "Before The Law", .type = "text/plain"};
  const auto answer = ask(sak, parts(json::serialize(document), {first, second}));
  ASSERT_EQ(answer.status, 200u) << answer.body;
  EXPECT_EQ(parsed(answer.body), document);
  const auto id = message_id_in(answer.body);
  const auto message = stored("sak", id);
  EXPECT_TRUE(message.queued);
  ASSERT_EQ(message.files.size(), 2u);
  EXPECT_TRUE(message.files[1].primary);
  EXPECT_EQ(message.files[1].title, "Before The Law");
  EXPECT_EQ(heard.outbox, std::vector{service::dpo});
  KP_FIXTURE(got, "rest/messages-out-get.response.json");
  EXPECT_EQ(parsed(call(sak, endpoint::find_out, id).body), with_time_left(got));
}

TEST_F(message_types, bad_documents_of_the_collection_are_400_alone_and_in_multipart) {
  struct expectation {
    const char* name;
    const char* alone;
    const char* in_multipart;
    const char* text;  // begins `message` of the first
  };
  constexpr auto mismatch = "MethodArgumentTypeMismatchException";
  constexpr auto invalid = "MethodArgumentNotValidException";
  constexpr auto violation = "ConstraintViolationException";
  constexpr auto illegal = "IllegalArgumentException";
  offers(service::dpo, "urn:no:difi:avtalt:xsd::avtalt");
  for (const auto& e : {
           expectation{"header-only", illegal, mismatch,
                       "Expected token FIELD_NAME, but found END_OBJECT"},
           {"third-root-member", illegal, mismatch, "Expected token END_OBJECT, but found"},
           {"business-message-is-array", illegal, mismatch,
            "Expected token START_OBJECT, but found START_ARRAY"},
           {"key-type-mismatch-header-first", illegal, mismatch,
            "Expected to find field named arkivmelding, but found avtalt"},
           {"unknown-type", illegal, mismatch, "Unknown BusinessMessageType = ukjent. Expecting"},
           {"type-feil", illegal, mismatch, "Unknown BusinessMessageType = feil. Expecting"},
           {"missing-type-header-first", "HttpMessageNotReadableException", mismatch,
            "I/O error while reading input message"},
           {"message-id-not-uuid", invalid, violation, "Validation failed for object='standardBus"},
           {"scope-type-unknown", invalid, violation, "Validation failed for object='standardBus"},
           {"scope-empty", invalid, violation, "Validation failed for object='standardBus"},
           {"receiver-icd-9908", illegal, illegal, "Unable to parse identifier = '9908:"},
           {"standard-does-not-fit-type", "MessageTypeDoesNotFitDocumentTypeException",
            "MessageTypeDoesNotFitDocumentTypeException", "Message type arkivmelding does not"},
       }) {
    KP_FIXTURE(text, fmt::format("messages/sbd-bad/{}.json", e.name));
    static const std::regex deadline(R"(("expectedResponseDateTime"\s*:\s*")20\d\d)");
    const auto document = std::regex_replace(text, deadline,
                                             "$01"
                                             "2026");
    const auto alone = create(sak, document);
    EXPECT_EQ(alone.status, 400u) << e.name;
    EXPECT_EQ(exception_of(alone), e.alone) << e.name << alone.body;
    EXPECT_TRUE(said(alone).starts_with(e.text)) << said(alone);
    const auto multipart = ask(sak, parts(document, {}));
    EXPECT_EQ(multipart.status, 400u) << e.name;
    EXPECT_EQ(exception_of(multipart), e.in_multipart) << e.name << multipart.body;
  }
}

}  // namespace
}  // namespace kp::test
