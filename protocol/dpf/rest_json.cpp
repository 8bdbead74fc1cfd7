#include "protocol/dpf/rest_json.hpp"

#include "config/text.hpp"
#include "protocol/dpf/dates.hpp"
#include "protocol/dpf/slow_retry.hpp"
#include "protocol/http/http_error.hpp"
#include "protocol/ks/refusal.hpp"
#include "protocol/maskinporten/json.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>

namespace kp::dpf {

namespace json = boost::json;

namespace {

// Bounds of the schema forsendelse-send-api-v3.
constexpr std::size_t max_title = 1000, max_name = 100, max_line = 70, max_postal_code = 20,
                      max_mime_type = 127;
constexpr std::int64_t first_year = 1000;
constexpr std::string_view unknown_line = "Ukjent";
constexpr std::string_view unknown_postal_code = "0192", unknown_postal_area = "Oslo";

// Cut to so many characters, never inside one.
std::string cut(std::string_view text, std::size_t max) {
  std::size_t count = 0, at = 0;
  while (at < text.size()) {
    if ((static_cast<unsigned char>(text[at]) & 0xc0) != 0x80 && count++ == max) break;
    ++at;
  }
  return std::string(text.substr(0, at));
}

std::string or_else(std::string_view text, std::string_view instead) {
  return std::string(trim(text).empty() ? instead : trim(text));
}

// The schema demands adresselinje1 and poststed, and takes 70 characters a line.
json::object address_json(const correspondent& who) {
  const auto& address = who.address;
  json::object out;
  auto line = or_else(address.line, or_else(who.name, unknown_line));
  for (const auto* member : {"adresselinje1", "adresselinje2", "adresselinje3"}) {
    const auto piece = cut(line, max_line);
    if (piece.empty()) break;
    out[member] = piece;
    line.erase(0, piece.size());
  }
  if (address.known()) {
    out["poststed"] = cut(or_else(address.postal_area, unknown_line), max_line);
    if (const auto code = or_else(address.postal_code, ""); !code.empty())
      out["postnummer"] = cut(code, max_postal_code);
  } else {
    out["poststed"] = unknown_postal_area;
    out["postnummer"] = unknown_postal_code;
  }
  return out;
}

std::string name_of(const correspondent& who) {
  return cut(or_else(who.name, who.organisation), max_name);
}

// What is absent, or less than the schema allows, is left out.
void put_number(json::object& into, std::string_view name, const std::optional<std::int64_t>& value,
                std::int64_t least) {
  if (value && *value >= least) into[name] = *value;
}

json::object metadata_json(const arkivmelding::registry_entry& entry) {
  json::object out;
  put_number(out, "saksaar", entry.case_year, first_year);
  put_number(out, "sakssekvensnummer", entry.case_number, 1);
  put_number(out, "journalaar", entry.year, first_year);
  put_number(out, "journalsekvensnummer", entry.sequence_number, 1);
  put_number(out, "journalpostnummer", entry.entry_number, 1);
  out["journalposttype"] = std::string(1, entry.type);
  out["journalstatus"] = std::string(1, entry.status);
  if (entry.entered) out["journaldato"] = midnight_with_offset(*entry.entered);
  if (entry.dated) out["dokumentetsDato"] = midnight_with_offset(*entry.dated);
  out["tittel"] = cut(entry.public_title, max_title);
  if (const auto worker = case_worker(entry); worker && !worker->empty())
    out["saksbehandler"] = cut(*worker, max_name);
  json::array extra;
  for (auto each = entry.extra.begin(); each != entry.extra.end(); ++each)
    if (std::find(entry.extra.begin(), each, *each) == each && !each->value.empty())
      extra.push_back({{"key", each->key}, {"value", each->value}});
  if (!extra.empty()) out["ekstraMetadata"] = std::move(extra);
  return out;
}

error not_as_agreed(std::string_view call) {
  return transient(http::http_errc::bad_answer,
                   fmt::format("SvarUt {}: the answer is not the JSON it should be", call));
}

result<std::vector<std::string>> parse_texts(std::string_view body, std::string_view member,
                                             std::string_view call) {
  const auto value = kp::json::parse(body);
  const auto* list = value ? kp::json::list(*value, member) : nullptr;
  if (!list) return not_as_agreed(call);
  std::vector<std::string> out;
  for (const auto& each : *list)
    if (each.is_string()) out.emplace_back(each.get_string());
  return out;
}

}  // namespace

std::string to_json(const forsendelse& what) {
  json::object out;
  out["tittel"] = cut(what.title, max_title);
  out["mottaker"] = {{"navn", name_of(what.receiver)},
                     {"digitalId", what.receiver.organisation},
                     {"adresse", address_json(what.receiver)}};
  if (what.billing_code) out["konteringskode"] = *what.billing_code;
  out["kunDigitalLevering"] = what.digital_only;
  out["kryptert"] = true;
  out["utskriftskonfigurasjon"] = {{"tosidig", true}};
  out["sikkerhetsniva"] = what.level4 ? "HOYESTE" : "BETYDELIG";
  out["metadataFraAvleverendeSystem"] = metadata_json(what.entry);
  out["svarSendesTil"] = {{"navn", name_of(what.replies_go_to)},
                          {"type", "ORGANISASJON"},
                          {"digitalId", what.replies_go_to.organisation},
                          {"adresse", address_json(what.replies_go_to)}};
  if (what.reply_to) out["svarPaForsendelseId"] = *what.reply_to;
  json::array documents;
  for (const auto& each : what.documents) {
    json::object one{{"filnavn", each.filename}, {"mimeType", cut(each.mime_type, max_mime_type)}};
    if (each.not_printed) one["skalEkskluderesFraUtskrift"] = *each.not_printed;
    documents.push_back(std::move(one));
  }
  out["dokumenter"] = std::move(documents);
  if (what.type) out["forsendelsestype"] = *what.type;
  out["eksternReferanse"] = what.external_reference;
  out["kanSvareViaEdialog"] = false;
  out["taushetsbelagtPost"] = false;
  return json::serialize(out);
}

std::string status_search_body(const std::vector<std::string>& ids) {
  json::array list;
  for (const auto& id : ids) list.emplace_back(id);
  return json::serialize(json::object{{"id", std::move(list)}});
}

result<std::string> parse_sent(std::string_view body) {
  const auto value = kp::json::parse(body);
  auto id = value ? kp::json::text(*value, "id") : std::nullopt;
  if (!id || id->empty()) return not_as_agreed("send");
  return *std::move(id);
}

result<std::vector<delivery_status>> parse_statuses(std::string_view body) {
  const auto value = kp::json::parse(body);
  const auto* list = value ? kp::json::list(*value, "statuser") : nullptr;
  if (!list) return not_as_agreed("status search");
  std::vector<delivery_status> out;
  for (const auto& each : *list) {
    auto id = kp::json::text(each, "id");
    auto status = kp::json::text(each, "status");
    if (id && status) out.push_back({*std::move(id), *std::move(status)});
  }
  return out;
}

result<std::vector<std::string>> parse_found(std::string_view body) {
  return parse_texts(body, "forsendelseIds", "lookup by reference");
}

result<std::vector<std::string>> parse_types(std::string_view body) {
  return parse_texts(body, "forsendelsestyper", "types");
}

error rest_error(std::string_view what, const http::response& answer) {
  auto why = ks::refusal(what, answer);
  if (ks::is_of_credentials(answer)) return later_by_operator(std::move(why));
  return why;
}

}  // namespace kp::dpf
