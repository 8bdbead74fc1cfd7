#include "protocol/dpf/soap_xml.hpp"

#include "config/log.hpp"
#include "config/text.hpp"
#include "protocol/dpf/dates.hpp"
#include "protocol/http/http_error.hpp"

#include <fmt/format.h>

#include <pugixml.hpp>

#include <algorithm>
#include <array>
#include <sstream>

namespace kp::dpf {

namespace {

constexpr const char* service_namespace = "http://www.ks.no/svarut/servicesV9";
constexpr const char* soap_namespace = "http://www.w3.org/2003/05/soap-envelope";
constexpr const char* instance_namespace = "http://www.w3.org/2001/XMLSchema-instance";
constexpr const char* include_namespace = "http://www.w3.org/2004/08/xop/include";

// dpf.md 6.3: what repeating does not cure.
constexpr std::array<std::string_view, 5> final_faults{"Duplikat", "Forsendelse med samme mottaker",
                                                       "Ugyldig innhold", "Feil under lesing av",
                                                       "Kan ikke lagre tomt dokument"};

constexpr std::size_t shown_of_fault = 512;

void put(pugi::xml_node into, const char* name, const std::string& value) {
  into.append_child(name).text().set(value.c_str());
}
void put(pugi::xml_node into, const char* name, const std::optional<std::string>& value) {
  if (value) put(into, name, *value);
}
void put(pugi::xml_node into, const char* name, bool value) {
  into.append_child(name).text().set(value ? "true" : "false");
}
void put(pugi::xml_node into, const char* name, const std::optional<std::int64_t>& value) {
  into.append_child(name).text().set(fmt::format("{}", value.value_or(0)).c_str());
}

struct envelope {
  pugi::xml_document document;
  pugi::xml_node operation;  // in the namespace of the service; everything in it is in none

  explicit envelope(const char* name) {
    auto root = document.append_child("env:Envelope");
    root.append_attribute("xmlns:env") = soap_namespace;
    operation = root.append_child("env:Body").append_child(fmt::format("v9:{}", name).c_str());
    operation.append_attribute("xmlns:v9") = service_namespace;
    operation.append_attribute("xmlns:xsi") = instance_namespace;
  }
  std::string text() const {
    std::ostringstream out;
    document.save(out, "", pugi::format_raw, pugi::encoding_utf8);
    return std::move(out).str();
  }
};

void put_nil(pugi::xml_node into, const char* name) {
  into.append_child(name).append_attribute("xsi:nil") = "true";
}

// The order of the elements is that of the schema everywhere below (dpf.md 6.2).

void put_document(pugi::xml_node into, const outgoing_document& document, std::size_t number) {
  auto node = into.append_child("dokumenter");
  auto include = node.append_child("data").append_child("xop:Include");
  include.append_attribute("xmlns:xop") = include_namespace;
  include.append_attribute("href") = ("cid:" + content_id(number)).c_str();
  put(node, "ekskluderesFraPrint", document.not_printed.value_or(false));
  put(node, "filnavn", document.filename);
  put(node, "mimetype", document.mime_type);
  put(node, "skalSigneres", false);
}

void put_metadata(pugi::xml_node into, const arkivmelding::registry_entry& entry) {
  auto node = into.append_child("metadataFraAvleverendeSystem");
  if (entry.dated) put(node, "dokumentetsDato", midnight_as_written(*entry.dated));
  for (const auto& each : entry.extra) {
    auto extra = node.append_child("ekstraMetadata");
    put(extra, "key", each.key);
    put(extra, "value", each.value);
  }
  put(node, "journalaar", entry.year);
  if (entry.entered) put(node, "journaldato", midnight_as_written(*entry.entered));
  put(node, "journalpostnummer", entry.entry_number);
  put(node, "journalposttype", std::string(1, entry.type));
  put(node, "journalsekvensnummer", entry.sequence_number);
  put(node, "journalstatus", std::string(1, entry.status));
  put(node, "saksaar", entry.case_year);
  put(node, "saksbehandler", case_worker(entry));
  put(node, "sakssekvensnummer", entry.case_number);
  put(node, "tittel", entry.public_title);
}

// Where the registry knows no address, a place in Norway (dpf.md 5.2).
void put_correspondent(pugi::xml_node into, const char* name, const correspondent& who) {
  auto node = into.append_child(name);
  auto digital = node.append_child("digitalAdresse");
  digital.append_attribute("xsi:type") = "v9:organisasjonDigitalAdresse";
  put(digital, "orgnr", who.organisation);
  auto postal = node.append_child("postAdresse");
  const auto& at = who.address;
  const bool known = at.known();
  if (!at.line.empty()) put(postal, "adresse1", at.line);
  put(postal, "land", known && !at.country.empty() ? at.country : std::string("Norge"));
  put(postal, "navn", who.name);
  put(postal, "postnr", known ? at.postal_code : std::string("0192"));
  put(postal, "poststed", known ? at.postal_area : std::string("Oslo"));
}

std::string_view local_name(pugi::xml_node node) {
  const std::string_view name = node.name();
  const auto colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

pugi::xml_node child(pugi::xml_node parent, std::string_view name) {
  for (const auto node : parent.children())
    if (node.type() == pugi::node_element && local_name(node) == name) return node;
  return {};
}

std::string text_of(pugi::xml_node parent, std::string_view name) {
  return std::string(trim(child(parent, name).text().get()));
}

error not_as_agreed(std::string_view what) {
  return transient(http::http_errc::bad_answer,
                   fmt::format("SvarUt {}: the answer is not the SOAP it should be", what));
}

error to_error(pugi::xml_node fault) {
  std::ostringstream out;
  fault.print(out, "", pugi::format_raw);
  const auto whole = std::move(out).str();
  auto reason = text_of(child(fault, "Reason"), "Text");
  if (reason.empty()) reason = whole;
  if (reason.size() > shown_of_fault) reason.resize(shown_of_fault);
  while (!reason.empty() && !is_utf8(reason)) reason.pop_back();
  const auto message = "SvarUt: " + mask_person_numbers(reason);
  for (const auto known : final_faults)
    if (whole.find(known) != std::string::npos) {
      // The word that decided is kept when the reason leaves it out.
      const bool told = message.find(known) != std::string::npos;
      return permanent(http::http_errc::refused,
                       told ? message : fmt::format("{} ({})", message, known));
    }
  return transient(http::http_errc::unavailable, message);
}

// The body of an answer. The parser skips document types and knows no entities of their own.
result<pugi::xml_node> body_of(pugi::xml_document& document, std::string_view envelope,
                               std::string_view what) {
  if (!document.load_buffer(envelope.data(), envelope.size())) return not_as_agreed(what);
  const auto body = child(document.document_element(), "Body");
  if (local_name(document.document_element()) != "Envelope" || !body) return not_as_agreed(what);
  if (const auto fault = child(body, "Fault")) return to_error(fault);
  return body;
}

result<pugi::xml_node> response_in(pugi::xml_document& document, std::string_view envelope,
                                   std::string_view operation) {
  KP_TRY(const auto body, body_of(document, envelope, operation));
  const auto response = child(body, fmt::format("{}Response", operation));
  if (!response) return not_as_agreed(operation);
  return response;
}

}  // namespace

std::string content_id(std::size_t document) {
  return fmt::format("dokument-{}@knutepunkt", document);
}

std::string send_envelope(const forsendelse& what) {
  envelope made("sendForsendelseMedId");
  auto node = made.operation.append_child("forsendelse");
  put(node, "avgivendeSystem", std::string());
  for (std::size_t i = 0; i < what.documents.size(); ++i) put_document(node, what.documents[i], i);
  put(node, "eksternref", what.external_reference);
  put(node, "forsendelseType", what.type);
  put(node, "konteringskode", what.billing_code);
  put(node, "krevNiva4Innlogging", what.level4);
  put(node, "kryptert", true);
  put(node, "kunDigitalLevering", what.digital_only);
  put_metadata(node, what.entry);
  put_correspondent(node, "mottaker", what.receiver);
  auto print = node.append_child("printkonfigurasjon");
  put(print, "brevtype", std::string("BPOST"));
  put(print, "fargePrint", false);
  put(print, "tosidig", true);
  put_nil(node, "signaturtype");
  put_nil(node, "signeringUtloper");
  put(node, "svarPaForsendelse", what.reply_to);
  put(node, "svarPaForsendelseLink", false);
  put_correspondent(node, "svarSendesTil", what.replies_go_to);
  put(node, "tittel", what.title);
  put(made.operation, "forsendelsesid", what.id);
  return made.text();
}

std::string statuses_envelope(const std::vector<std::string>& ids) {
  envelope made("retrieveForsendelseStatuser");
  for (const auto& id : ids) put(made.operation, "forsendelseider", id);
  return made.text();
}

std::string find_envelope(const std::string& external_reference) {
  envelope made("retrieveForsendelseIdByEksternRef");
  put(made.operation, "eksternRef", external_reference);
  return made.text();
}

std::string types_envelope() {
  return envelope("retreiveForsendelseTyper").text();
}

result<std::string> parse_sent_xml(std::string_view text) {
  pugi::xml_document document;
  KP_TRY(const auto response, response_in(document, text, "sendForsendelseMedId"));
  return text_of(response, "return");
}

result<std::vector<delivery_status>> parse_statuses_xml(std::string_view text) {
  pugi::xml_document document;
  KP_TRY(const auto response, response_in(document, text, "retrieveForsendelseStatuser"));
  std::vector<delivery_status> out;
  for (const auto node : response.children()) {
    if (local_name(node) != "return") continue;
    delivery_status one{text_of(node, "forsendelsesid"), text_of(node, "forsendelseStatus")};
    if (!one.id.empty() && !one.status.empty()) out.push_back(std::move(one));
  }
  return out;
}

result<std::vector<std::string>> parse_texts_xml(std::string_view text,
                                                 std::string_view operation) {
  pugi::xml_document document;
  KP_TRY(const auto response, response_in(document, text, operation));
  std::vector<std::string> out;
  for (const auto node : response.children())
    if (local_name(node) == "return")
      if (std::string value(trim(node.text().get())); !value.empty())
        out.push_back(std::move(value));
  return out;
}

std::optional<error> fault_in(std::string_view text) {
  pugi::xml_document document;
  if (!document.load_buffer(text.data(), text.size())) return std::nullopt;
  const auto fault = child(child(document.document_element(), "Body"), "Fault");
  if (!fault) return std::nullopt;
  return to_error(fault);
}

}  // namespace kp::dpf
