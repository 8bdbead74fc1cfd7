#include "tools/crash/contents.hpp"

#include "tests/tools/system/documents.hpp"

#include <fmt/format.h>

namespace kp::crash {

namespace json = boost::json;

namespace {

constexpr std::size_t mark_every = 4096;

// Random bytes, with the mark at the beginning and every so often.
std::string content(const std::string& mark, dice& d, std::size_t size) {
  auto bytes = d.bytes(size);
  for (std::size_t at = 0; at + mark.size() <= size; at += mark_every)
    bytes.replace(at, mark.size(), mark);
  return bytes;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  return text.replace(text.find(what), what.size(), by);
}

std::string arkivmelding(const std::string& mark) {
  const std::string title = "<offentligTittel>Vedtak";
  return replaced(replaced(test::arkivmelding_xml(), "Vedtak i sak 2026/42", mark), title,
                  title + " " + mark);
}

std::string dialogmelding(const std::string& mark) {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
         "<Dialogmelding xmlns=\"http://www.kith.no/xmlstds/dialog/2013-01-23\"><Notat>"
         "<TemaKodet V=\"6\" S=\"2.16.578.1.12.4.1.1.7322\" DN=\"Henvendelse om pasient\"/>"
         "<TekstNotatInnhold>" +
         mark + "</TekstNotatInnhold></Notat></Dialogmelding>";
}

void add_files(letter& made, dice& d) {
  const auto& plan = made.plan;
  const auto first = content(made.mark, d, plan.sizes.front());
  switch (plan.via) {
    case service::dpe:
      made.files[plan.incoming ? "krav.xml" : "post.xml"] = first;
      return;
    case service::dph:
      made.files["dialogmelding.xml"] = dialogmelding(made.mark);
      made.files["svar.pdf"] = "%PDF-1.7 " + first;
      return;
    case service::dpi:
      made.files["brev.pdf"] = first;
      return;
    default:
      made.files["arkivmelding.xml"] = arkivmelding(made.mark);
      made.files["brev.pdf"] = first;
      for (std::size_t i = 1; i < plan.sizes.size(); ++i)
        made.files[fmt::format("{}-{}.pdf", made.mark, i)] = content(made.mark, d, plan.sizes[i]);
  }
}

json::array party(const char* authority, const std::string& value) {
  return json::array{
      json::object{{"identifier", json::object{{"authority", authority}, {"value", value}}}}};
}

json::object& header_of(json::object& document) {
  return document["standardBusinessDocumentHeader"].as_object();
}

void set_standard(json::object& document, const char* standard) {
  header_of(document)["documentIdentification"].as_object()["standard"] = standard;
}

json::object receipt_of(const letter& what, const char* to) {
  return test::new_document(
      to, test::answers, "arkivmelding_kvittering",
      {{"relatedToMessageId", what.about->id}, {"receiptType", "OK"}, {"messages", json::array{}}});
}

json::object publication_of(const char* publisher) {
  auto made = test::new_document(einnsyn, "urn:no:difi:profile:einnsyn:journalpost:ver1.0",
                                 "publisering", {{"orgnr", publisher}});
  set_standard(made, "urn:no:difi:einnsyn:xsd::publisering");
  return made;
}

json::object digital_post_of(const letter& what) {
  auto made = test::new_document(
      {}, "urn:no:difi:profile:digitalpost:info:ver1.0", "digital",
      {{"sikkerhetsnivaa", 3},
       {"hoveddokument", "brev.pdf"},
       {"tittel", "Vedtak " + what.mark},
       {"spraak", "NO"},
       {"digitalPostInfo", {{"virkningsdato", "2026-01-15"}, {"aapningskvittering", true}}}});
  header_of(made)["receiver"] = party("iso6523-actorid-upis", resident);
  set_standard(made, "urn:no:difi:digitalpost:xsd:digital::digital");
  return made;
}

json::object health_message_of(std::size_t organisation) {
  const json::object described{{"issueDate", "2026-01-02T03:04:05Z"}, {"description", "Svar"}};
  auto made = test::new_document(
      {}, "urn:no:difi:profile:helse:helse:ver1.0", "dialogmelding",
      {{"hoveddokument", "dialogmelding.xml"},
       {"pasient", {{"fnr", resident}, {"fornavn", "Ola"}, {"etternavn", "Nordmann"}}},
       {"metadataFiler", json::object{{"svar.pdf", described}}}});
  header_of(made)["sender"] =
      party("nhn-actorid", fmt::format("her-id:{}", her_id_of(organisation)));
  header_of(made)["receiver"] = party("nhn-actorid", fmt::format("her-id:{}", practice_her_id));
  set_standard(made, "urn:no:difi:helse:xsd:schema::dialogmelding");
  return made;
}

json::object unnamed_document(const letter& what) {
  const auto owner = channels[what.plan.from].owner;
  switch (what.plan.via) {
    case service::dpv:
      return test::arkivmelding_to(company);
    case service::dpe:
      return publication_of(organisations[owner].number);
    case service::dpi:
      return digital_post_of(what);
    case service::dph:
      return health_message_of(owner);
    default:
      break;
  }
  const auto* to = organisations[what.plan.to].number;
  return what.about ? receipt_of(what, to) : test::arkivmelding_to(to);
}

}  // namespace

std::shared_ptr<letter> make_letter(const letter_plan& plan, std::string name) {
  auto made = std::make_shared<letter>();
  dice d(plan.seed);
  made->plan = plan;
  made->name = std::move(name);
  made->mark = mark_of(channels[plan.from].owner, plan.to);
  made->conversation = marked_uuid(made->mark, d);
  const auto id = marked_uuid(made->mark, d);
  if (plan.own_id) made->id = id;
  made->key = marked_uuid(made->mark, d);
  add_files(*made, d);
  return made;
}

json::object document_of(const letter& what) {
  auto document = unnamed_document(what);
  auto& header = header_of(document);
  header["businessScope"].at("scope").at(0).as_object()["instanceIdentifier"] = what.conversation;
  if (what.plan.own_id)
    header["documentIdentification"].as_object()["instanceIdentifier"] = what.id;
  return document;
}

std::string content_type_of(const std::string& file) {
  return file.ends_with(".xml") ? "application/xml" : "application/pdf";
}

}  // namespace kp::crash
