#include "protocol/dpi/document.hpp"

#include "config/text.hpp"
#include "protocol/dpi/schemas.hpp"
#include "protocol/sbd/identifier.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include <array>

namespace kp::dpi {

namespace json = boost::json;

namespace {

constexpr std::string_view authority = "iso6523-actorid-upis";
constexpr std::string_view sha256_method = "http://www.w3.org/2001/04/xmlenc#sha256";
constexpr std::array<std::string_view, 4> lines{"adresselinje1", "adresselinje2", "adresselinje3",
                                                "adresselinje4"};

error invalid(std::string why) {
  return permanent(dpi_errc::invalid_document, std::move(why));
}

std::string text_in(const json::object& in, std::string_view name) {
  const auto* value = in.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

const json::object& object_in(const json::object& in, std::string_view name) {
  static const json::object none;
  const auto* value = in.if_contains(name);
  return value && value->is_object() ? value->get_object() : none;
}

bool flag_in(const json::object& in, std::string_view name) {
  const auto* value = in.if_contains(name);
  return value && value->is_bool() && value->get_bool();
}

// As Java writes an instant: UTC, milliseconds when there are any.
std::string utc(time_point at) {
  const auto milli = std::chrono::floor<std::chrono::milliseconds>(at);
  const auto day = std::chrono::floor<std::chrono::days>(milli);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(milli - day);
  auto out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                         static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                         time.hours().count(), time.minutes().count(), time.seconds().count());
  if (const auto rest = time.subseconds().count(); rest != 0) out += fmt::format(".{:03}", rest);
  return out + "Z";
}

json::object organisation(const std::string& number) {
  return {{"authority", authority}, {"value", "0192:" + number}};
}

json::array party(const std::string& number) {
  json::array out;
  out.push_back(json::object{{"identifier", organisation(number)}});
  return out;
}

json::object header_of(const sbd::document& document, const origin& from, const target& to,
                       time_point now) {
  const auto type = wire_type(document);
  json::object identification{
      {"standard",
       fmt::format(
           "urn:fdc:digdir.no:2020:innbyggerpost:xsd::innbyggerpost##urn:fdc:digdir.no:2020:"
           "innbyggerpost:schema:{}::1.0",
           type)},
      {"typeVersion", "1.0"},
      {"instanceIdentifier", document.message() ? document.message()->to_string() : ""},
      {"type", type},
      {"creationDateAndTime", utc(now)}};
  json::object scope{
      {"type", "ConversationId"},
      {"instanceIdentifier", document.conversation() ? document.conversation()->to_string() : ""},
      {"identifier",
       fmt::format("urn:fdc:digdir.no:2020:profile:egovernment:innbyggerpost:{}:ver1.0", type)}};
  json::array information;
  if (const auto expires = document.expires())
    information.push_back(json::object{{"expectedResponseDateTime", utc(*expires)}});
  scope["scopeInformation"] = std::move(information);
  json::array scopes;
  scopes.push_back(std::move(scope));
  return {{"headerVersion", "1.0"},
          {"sender", party(from.account)},
          {"receiver", party(to.organisation)},
          {"documentIdentification", std::move(identification)},
          {"businessScope", json::object{{"scope", std::move(scopes)}}}};
}

void set_if(json::object& to, std::string_view name, const std::string& value) {
  if (!value.empty()) to[name] = value;
}

json::object sender_of(const json::object& message, const origin& from) {
  json::object sender{{"virksomhetsidentifikator", organisation(from.sender)}};
  set_if(sender, "avsenderidentifikator", text_in(message, "avsenderId"));
  set_if(sender, "fakturaReferanse", text_in(message, "fakturaReferanse"));
  return sender;
}

json::object fingerprint(const proof& of) {
  return {{"digestMethod", sha256_method}, {"digestValue", of.package_digest}};
}

// Only where the registry knows an address and the document has a text (dpi.md 4.3).
json::object notifications(const json::object& texts, const target& to) {
  json::object out;
  const auto add = [&](const char* name, const char* address_name,
                       const std::optional<std::string>& address, std::string_view text_name) {
    const auto text = text_in(texts, text_name);
    if (!address || trim(*address).empty() || text.empty()) return;
    out[name] = json::object{
        {address_name, *address}, {"varslingstekst", text}, {"repetisjoner", json::array{0, 7}}};
  };
  add("epostvarsel", "epostadresse", to.email, "epostTekst");
  add("smsvarsel", "mobiltelefonnummer", to.mobile, "smsTekst");
  return out;
}

result<json::object> digital(const json::object& message, const origin& from, const target& to,
                             const proof& of) {
  json::object out{{"avsender", sender_of(message, from)},
                   {"mottaker", json::object{{"postkasseadresse", to.mailbox}}},
                   {"dokumentpakkefingeravtrykk", fingerprint(of)},
                   {"maskinportentoken", of.token}};
  if (const auto* level = message.if_contains("sikkerhetsnivaa")) out["sikkerhetsnivaa"] = *level;
  const auto& info = object_in(message, "digitalPostInfo");
  if (const auto date = text_in(info, "virkningsdato"); !date.empty()) {
    const auto at = start_of_day(date);
    if (!at) return invalid("digitalPostInfo.virkningsdato is no date (yyyy-mm-dd)");
    out["virkningstidspunkt"] = utc(*at);
  }
  out["aapningskvittering"] = flag_in(info, "aapningskvittering");
  out["ikkesensitivtittel"] = text_in(message, "tittel");
  out["spraak"] = text_in(message, "spraak");
  out["varsler"] = notifications(object_in(message, "varsler"), to);
  return out;
}

json::object print(const json::object& message, const origin& from, const proof& of) {
  const auto& back = object_in(message, "retur");
  const auto colour = text_in(message, "utskriftsfarge");
  const auto handling = text_in(back, "returhaandtering");
  return {{"avsender", sender_of(message, from)},
          {"mottaker", to_address(object_in(message, "mottaker"))},
          {"dokumentpakkefingeravtrykk", fingerprint(of)},
          {"maskinportentoken", of.token},
          {"utskriftstype", colour.empty() ? "SORT_HVIT" : colour},
          {"retur",
           json::object{{"mottaker", to_address(object_in(back, "mottaker"))},
                        {"returposthaandtering", handling.empty() ? "DIREKTE_RETUR" : handling}}},
          {"posttype", text_in(message, "posttype") == "A_PRIORITERT" ? "A" : "B"}};
}

bool is_norway(std::string_view country) {
  country = trim(country);
  return country.empty() || equals_ignoring_case(country, "Norge") ||
         equals_ignoring_case(country, "Norway");
}

}  // namespace

result<origin> origin_of(const sbd::document& document, const std::string& owner,
                         const std::optional<std::string>& supplier) {
  if (document.header.sender.empty()) return origin{supplier.value_or(owner), owner};
  const auto& said = document.header.sender.front();
  KP_TRY(const auto sender, sbd::parse_identifier(said.authority, said.value));
  if (sender.kind != sbd::identifier::form::iso6523 || sender.icd != "0192")
    return invalid("the sender of digital post is no Norwegian organisation (0192:…)");
  return origin{supplier.value_or(sender.primary), sender.part_or_primary()};
}

bool is_print(const sbd::document& document) {
  return sbd::canonical_type(document.type()) == "print";
}

std::string_view wire_type(const sbd::document& document) {
  return is_print(document) ? "utskrift" : "digital";
}

result<json::object> make_business_message(const sbd::document& document, const origin& from,
                                           const target& to, const proof& of, time_point now) {
  const auto type = wire_type(document);
  json::object inner{{"standardBusinessDocumentHeader", header_of(document, from, to, now)}};
  if (is_print(document)) {
    inner[type] = print(document.business_message, from, of);
  } else {
    KP_TRY(inner[type], digital(document.business_message, from, to, of));
  }
  json::value whole{{"standardBusinessDocument", std::move(inner)}};
  KP_CHECK(validate(type, whole));
  return std::move(whole.get_object());
}

json::object to_address(const json::object& address) {
  json::object out;
  set_if(out, "navn", text_in(address, "navn"));
  for (const auto line : lines) set_if(out, line, text_in(address, line));
  const auto number = text_in(address, "postnummer"), area = text_in(address, "poststed");
  const auto country = text_in(address, "land");
  if (is_norway(country)) {
    set_if(out, "postnummer", number);
    set_if(out, "poststed", area);
    return out;
  }
  const auto place = std::string(trim(number + " " + area));
  if (!place.empty()) {
    bool placed = false;
    for (const auto line : std::array{lines[1], lines[2], lines[3]}) {
      if (placed || out.contains(line)) continue;
      out[line] = place;
      placed = true;
    }
    if (!placed) out[lines[3]] = text_in(out, lines[3]) + " " + place;
  }
  out["land"] = country;
  return out;
}

std::optional<time_point> start_of_day(std::string_view date) {
  if (date.size() != 10) return std::nullopt;
  const auto midnight = parse_timestamp_with_offset(std::string(date) + "T00:00:00Z");
  if (!midnight) return std::nullopt;
  // Oslo changes its offset at 01:00 UTC, so the hour before UTC midnight has the one of midnight.
  return *midnight - oslo_offset(*midnight - std::chrono::hours(1));
}

}  // namespace kp::dpi
