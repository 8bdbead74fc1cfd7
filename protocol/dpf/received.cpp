#include "protocol/dpf/received.hpp"

#include "config/config_error.hpp"
#include "config/text.hpp"
#include "protocol/dpf/dates.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <pugixml.hpp>

#include <algorithm>
#include <set>
#include <sstream>

namespace kp::dpf {

namespace json = boost::json;

namespace {

constexpr const char* noark = "http://www.arkivverket.no/standarder/noark5/arkivmelding";
constexpr std::chrono::seconds backdated{5};  // upstream's creation time, dpf.md 9.5

json::array participant(std::string_view organisation) {
  return {
      {{"identifier",
        {{"value", fmt::format("0192:{}", organisation)}, {"authority", "iso6523-actorid-upis"}}}}};
}

std::int64_t epoch_milliseconds(time_point at) {
  return std::chrono::floor<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

void put(pugi::xml_node into, const char* name, const std::string& value) {
  into.append_child(name).text().set(value.c_str());
}
void put(pugi::xml_node into, const char* name, const std::optional<std::string>& value) {
  if (value) put(into, name, *value);
}
void put(pugi::xml_node into, const char* name, std::int64_t value) {
  put(into, name, std::to_string(value));
}

// A Name of XML 1.0 as far as ASCII goes; beyond it everything is taken for a letter.
bool is_name(std::string_view text) {
  const auto starts = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  const auto continues = [&](char c) {
    return starts(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  return !text.empty() && starts(text.front()) && std::ranges::all_of(text, continues) &&
         is_utf8(text);
}

// A prefix, which SvarUt's own senders may have sent, is kept and declared: undeclared, nobody
// could read the document.
result<void> put_extra(pugi::xml_node into, const arkivmelding::extra_metadata& extra) {
  const std::string_view key = extra.key;
  const auto colon = key.find(':');
  const bool prefixed = colon != std::string_view::npos;
  const bool legal =
      prefixed ? is_name(key.substr(0, colon)) && is_name(key.substr(colon + 1)) : is_name(key);
  if (!legal)
    return permanent(config_errc::invalid_document,
                     fmt::format("Unable to build XML for virksomhetsspesifikkeMetadata, cant "
                                 "create key from ekstraMetadata value: {}",
                                 extra.key));
  auto node = into.append_child(extra.key.c_str());
  if (prefixed) {
    const auto prefix = std::string(key.substr(0, colon));
    if (prefix.starts_with("xml"))
      return permanent(config_errc::invalid_document,
                       fmt::format("ekstraMetadata: the prefix of {} is reserved", extra.key));
    node.append_attribute(fmt::format("xmlns:{}", prefix).c_str()) =
        fmt::format("urn:svarut:ekstrametadata:{}", prefix).c_str();
  }
  node.text().set(extra.value.c_str());
  return {};
}

std::string title_of(const received& from) {
  auto title = from.metadata.title.value_or(from.title);
  // A private person who answers through eDialog: who it was is said nowhere else.
  if (from.sender.person) title += fmt::format(" (eDialog fra {})", *from.sender.person);
  return title;
}

void put_files(pugi::xml_node entry, const std::vector<std::string>& filenames,
               random_source& random) {
  for (const auto& name : filenames) {
    auto description = entry.append_child("dokumentbeskrivelse");
    put(description, "systemID", random.uuid());
    put(description, "tittel", name);
    put(description.append_child("dokumentobjekt"), "referanseDokumentfil", name);
  }
}

void put_sender(pugi::xml_node entry, const received& from) {
  auto part = entry.append_child("korrespondansepart");
  put(part, "korrespondanseparttype", std::string("Avsender"));
  put(part, "korrespondansepartNavn", from.sender.name);
  put(part, "postadresse", from.sender.line);
  put(part, "postnummer", from.sender.postal_code);
  put(part, "poststed", from.sender.postal_area);
  put(part, "land", from.sender.country);
}

}  // namespace

std::string to_sbd(const received& from, const receiving_rules& rules, time_point now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  const auto organisation = trim(from.sender.organisation.value_or(""));
  json::array scopes{
      {{"type", "ConversationId"},
       {"instanceIdentifier", from.id},
       {"identifier", rules.process},
       {"scopeInformation",
        json::array{{{"expectedResponseDateTime", format_timestamp(seconds + rules.ttl)}}}}}};
  if (!from.reply_to.empty())
    scopes.push_back({{"type", "ReceiverRef"}, {"instanceIdentifier", from.reply_to}});
  const json::object document{
      {"standardBusinessDocumentHeader",
       {{"headerVersion", "1.0"},
        {"sender", participant(organisation.empty() ? rules.fallback_sender : organisation)},
        {"receiver", participant(from.receiver)},
        {"documentIdentification",
         {{"standard", rules.document_type},
          {"typeVersion", "2.0"},
          {"instanceIdentifier", from.id},
          {"type", "arkivmelding"},
          {"creationDateAndTime", format_timestamp(seconds - backdated)}}},
        {"businessScope", {{"scope", std::move(scopes)}}}}},
      {"arkivmelding", json::object{}}};
  return json::serialize(document);
}

result<std::string> to_arkivmelding(const received& from, const std::vector<std::string>& filenames,
                                    time_point now, random_source& random) {
  const auto& metadata = from.metadata;
  const auto today = epoch_milliseconds(now);
  pugi::xml_document document;
  auto declaration = document.append_child(pugi::node_declaration);
  declaration.append_attribute("version") = "1.0";
  declaration.append_attribute("encoding") = "UTF-8";
  auto root = document.append_child("arkivmelding");
  root.append_attribute("xmlns") = noark;
  root.append_attribute("xmlns:xsi") = "http://www.w3.org/2001/XMLSchema-instance";
  put(root, "system", std::string("Integrasjonspunkt"));
  put(root, "meldingId", from.id);
  put(root, "tidspunkt",
      metadata.dated ? midnight_of_epoch(*metadata.dated) : format_timestamp(now));
  put(root, "antallFiler", std::int64_t{0});
  auto folder = root.append_child("mappe");
  folder.append_attribute("xsi:type") = "saksmappe";
  put(folder, "systemID", random.uuid());
  auto entry = folder.append_child("basisregistrering");
  entry.append_attribute("xsi:type") = "journalpost";
  put(entry, "systemID", random.uuid());
  put_files(entry, filenames, random);
  put(entry, "tittel", title_of(from));
  put(entry, "offentligTittel", from.title);
  if (!metadata.extra.empty()) {
    auto extra = entry.append_child("virksomhetsspesifikkeMetadata");
    for (const auto& each : metadata.extra) KP_CHECK(put_extra(extra, each));
  }
  const auto this_year = date_of_epoch(today).substr(0, 4);
  put(entry, "journalaar", metadata.year ? std::to_string(*metadata.year) : this_year);
  put(entry, "journalsekvensnummer", metadata.sequence_number.value_or(0));
  put(entry, "journalpostnummer", metadata.entry_number.value_or(0));
  put(entry, "journalposttype", std::string(arkivmelding::entry_type_text(metadata.type)));
  put(entry, "journalstatus", std::string(arkivmelding::entry_status_text(metadata.status)));
  put(entry, "journaldato", date_of_epoch(metadata.entered.value_or(today)));
  if (metadata.dated) put(entry, "dokumentetsDato", date_of_epoch(*metadata.dated));
  put_sender(entry, from);
  put(folder, "saksaar", metadata.case_year);
  put(folder, "sakssekvensnummer", metadata.case_number);
  put(folder, "saksansvarlig", metadata.case_worker);
  std::ostringstream out;
  document.save(out, "  ", pugi::format_default, pugi::encoding_utf8);
  return std::move(out).str();
}

}  // namespace kp::dpf
