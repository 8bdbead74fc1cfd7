#include "config/text.hpp"
#include "tools/sandbox/answers.hpp"
#include "tools/sandbox/directory.hpp"
#include "tools/sandbox/sandbox_error.hpp"
#include "tools/sandbox/svarut.hpp"
#include "tools/sandbox/svarut_parts.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>

// The REST API of SvarUt (dpf.md 7.2; forsendelse-send-api-v3, forsendelse-status-api-v3).

namespace kp::sandbox {

namespace json = boost::json;

namespace {

// A member that is there has between 1 and `most` characters.
void check_text(const json::object& in, std::string_view name, std::size_t most, bool required,
                std::string& wrong) {
  const auto* value = in.if_contains(name);
  if (!value || value->is_null()) {
    if (required && wrong.empty()) wrong = fmt::format("{} mangler", name);
    return;
  }
  const auto size =
      value->is_string()
          ? std::ranges::count_if(value->get_string(), [](char c) { return (c & 0xc0) != 0x80; })
          : 0;
  if ((size < 1 || static_cast<std::size_t>(size) > most) && wrong.empty())
    wrong = fmt::format("{} har ugyldig lengde", name);
}

void check_number(const json::object& in, std::string_view name, std::int64_t least,
                  std::string& wrong) {
  if (!in.contains(name)) return;
  const auto number = number_at(in, name);
  if ((!number || *number < least) && wrong.empty()) wrong = fmt::format("{} er ugyldig", name);
}

void check_address(const json::object& of, bool required, std::string& wrong) {
  const auto* address = object_at(of, "adresse");
  if (!address) {
    if (required && wrong.empty()) wrong = "adresse mangler";
    return;
  }
  check_text(*address, "adresselinje1", 70, true, wrong);
  check_text(*address, "adresselinje2", 70, false, wrong);
  check_text(*address, "adresselinje3", 70, false, wrong);
  check_text(*address, "poststed", 70, true, wrong);
  check_text(*address, "postnummer", 20, false, wrong);
}

void check_metadata(const json::object& from, std::string& wrong) {
  for (const auto* year : {"saksaar", "journalaar"}) check_number(from, year, 1000, wrong);
  for (const auto* number : {"sakssekvensnummer", "journalsekvensnummer", "journalpostnummer"})
    check_number(from, number, 1, wrong);
  check_text(from, "tittel", 1000, false, wrong);
  check_text(from, "saksbehandler", 100, false, wrong);
  for (const auto* name : {"journaldato", "dokumentetsDato"})
    if (from.contains(name) && !parse_timestamp_with_offset(text_at(from, name)) && wrong.empty())
      wrong = fmt::format("{} er ugyldig", name);
  const auto* extra = array_at(from, "ekstraMetadata");
  if (!extra) return;
  if (extra->size() > 20 && wrong.empty()) wrong = "ekstraMetadata har for mange elementer";
  for (auto each = extra->begin(); each != extra->end(); ++each) {
    if (!each->is_object() || std::find(extra->begin(), each, *each) != each) {
      if (wrong.empty()) wrong = "ekstraMetadata er ikke unik";
      continue;
    }
    check_text(each->get_object(), "key", 100, true, wrong);
    check_text(each->get_object(), "value", 500, true, wrong);
  }
}

// Why the schema refuses it; "" when it does not.
std::string check_schema(const json::object& said) {
  std::string wrong;
  check_text(said, "tittel", 1000, true, wrong);
  check_text(said, "eksternReferanse", 100, false, wrong);
  check_text(said, "forsendelsestype", 100, false, wrong);
  check_text(said, "konteringskode", 20, false, wrong);
  const auto* to = object_at(said, "mottaker");
  if (!to) return "mottaker mangler";
  check_text(*to, "navn", 100, true, wrong);
  check_text(*to, "digitalId", 11, true, wrong);
  check_address(*to, false, wrong);
  if (const auto* replies = object_at(said, "svarSendesTil")) {
    check_text(*replies, "navn", 100, true, wrong);
    check_text(*replies, "digitalId", 11, true, wrong);
    check_address(*replies, true, wrong);
    if (text_at(*replies, "type") != "ORGANISASJON" && wrong.empty()) wrong = "type er ugyldig";
  }
  if (const auto* metadata = object_at(said, "metadataFraAvleverendeSystem"))
    check_metadata(*metadata, wrong);
  if (const auto level = text_at(said, "sikkerhetsniva");
      level != "BETYDELIG" && level != "HOYESTE" && wrong.empty())
    wrong = "sikkerhetsniva er ugyldig";
  return wrong;
}

json::value epoch_of(const json::object& from, std::string_view name) {
  const auto at = parse_timestamp_with_offset(text_at(from, name));
  if (!at) return nullptr;
  return std::chrono::floor<std::chrono::milliseconds>(at->time_since_epoch()).count();
}

json::value member_or_null(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  return value ? *value : json::value(nullptr);
}

// As SvarInn lists it to the receiver.
json::object listed_metadata(const json::object& said) {
  static const json::object nothing;
  const auto* found = object_at(said, "metadataFraAvleverendeSystem");
  const auto& from = found ? *found : nothing;
  return {{"saksaar", number_at(from, "saksaar").value_or(0)},
          {"sakssekvensnummer", number_at(from, "sakssekvensnummer").value_or(0)},
          {"journalaar", number_at(from, "journalaar").value_or(0)},
          {"journalsekvensnummer", number_at(from, "journalsekvensnummer").value_or(0)},
          {"journalpostnummer", number_at(from, "journalpostnummer").value_or(0)},
          {"journalposttype", member_or_null(from, "journalposttype")},
          {"journalstatus", member_or_null(from, "journalstatus")},
          {"journaldato", epoch_of(from, "journaldato")},
          {"dokumentetsDato", epoch_of(from, "dokumentetsDato")},
          {"tittel", member_or_null(from, "tittel")},
          {"saksBehandler", member_or_null(from, "saksbehandler")},
          {"ekstraMetadata", from.contains("ekstraMetadata") ? from.at("ekstraMetadata")
                                                             : json::value(json::array())}};
}

json::object listed_party(const json::object* from) {
  if (!from) return {};
  const auto* address = object_at(*from, "adresse");
  static const json::object nothing;
  const auto& at = address ? *address : nothing;
  return {{"orgnr", text_at(*from, "digitalId")},
          {"navn", text_at(*from, "navn")},
          {"adresse1", member_or_null(at, "adresselinje1")},
          {"adresse2", member_or_null(at, "adresselinje2")},
          {"adresse3", member_or_null(at, "adresselinje3")},
          {"postnr", member_or_null(at, "postnummer")},
          {"poststed", member_or_null(at, "poststed")},
          {"land", "Norge"},
          {"fnr", nullptr}};
}

// The documents in the order of both lists, decrypted; or why not.
result<std::vector<svarut_document>> read_documents(const svarut_state& state,
                                                    const json::object& said,
                                                    const std::vector<mime_part>& parts) {
  const auto wrong = [](std::string why) {
    return permanent(sandbox_errc::invalid_request, std::move(why));
  };
  const auto* list = array_at(said, "dokumenter");
  const std::size_t count = list ? list->size() : 0;
  if (parts.size() != count + 1) return wrong("antall dokumenter stemmer ikke");
  const auto* encrypted = said.if_contains("kryptert");
  std::vector<svarut_document> out;
  for (std::size_t i = 0; i < count; ++i) {
    const auto* one = list->at(i).if_object();
    const auto& part = parts[i + 1];
    svarut_document made;
    made.filename = one ? text_at(*one, "filnavn") : "";
    made.mime_type = one ? text_at(*one, "mimeType") : "";
    if (made.filename.empty() || made.mime_type.empty() || made.mime_type.size() > 127)
      return wrong("filnavn eller mimeType mangler");
    // RFC 7578: what a name may not hold is percent-encoded.
    const auto name =
        percent_decode(parameter_of(part.header("content-disposition"), "filename"), false);
    if (name != made.filename) return wrong("filename stemmer ikke med dokumenter");
    if (const auto* excluded = one->if_contains("skalEkskluderesFraUtskrift"))
      made.not_printed = excluded->is_bool() && excluded->get_bool();
    made.content = part.body;
    if (encrypted && encrypted->is_bool() && encrypted->get_bool()) {
      auto plain = state.decrypt(part.body);
      if (!plain) return wrong("Feil under lesing av " + made.filename);
      made.content = *std::move(plain);
    }
    out.push_back(std::move(made));
  }
  return out;
}

}  // namespace

response svarut::rest_error(const request& call, unsigned status, std::string_view message) const {
  return json_answer(
      status,
      {{"timestamp",
        std::chrono::floor<std::chrono::milliseconds>(time_.now().time_since_epoch()).count()},
       {"status", status},
       {"error", status == 400   ? "Bad Request"
                 : status == 403 ? "Forbidden"
                                 : "Error"},
       {"errorId", random_.uuid()},
       {"path", call.path},
       {"originalPath", call.path},
       {"message", message},
       {"errorCode", nullptr},
       {"errorJson", nullptr}});
}

response svarut::rest(const route& to, const request& call) {
  const auto bearer = call.bearer();
  const auto claims = bearer ? verified_claims(*bearer, maskinporten_, time_.now()) : std::nullopt;
  if (!claims) return rest_error(call, 401, "Full authentication is required");
  const auto scopes = words(text_at(*claims, "scope"));
  if (std::ranges::find(scopes, "ks:fiks") == scopes.end())
    return rest_error(call, 401, "Token mangler scope ks:fiks");
  const auto consumer = iso6523_at(*claims, "consumer").value_or("");
  const svarut_sender* sender = nullptr;
  for (const auto& [number, each] : state_.senders)
    if (each.integration == call.header("integrasjonid").value_or("") &&
        each.integration_password == call.header("integrasjonpassord").value_or(""))
      sender = &each;
  // An integration belongs to the organisation that the token speaks for.
  if (!sender || sender->organisation != consumer)
    return rest_error(call, 401, "Ukjent integrasjon for denne organisasjonen");
  if (to.where == endpoint::svarut_types) {
    json::array list;
    for (const auto& type : state_.types) list.emplace_back(type);
    return json_answer(200, {{"forsendelsestyper", std::move(list)}});
  }
  if (to.where == endpoint::svarut_receivers) {
    json::array list;
    const auto number = call.parameter("organisasjonsnummer").value_or("");
    for (const auto& [name, each] : state_.receivers)
      if (each.organisations.contains(number))
        list.push_back({{"id", name},
                        {"navn", name},
                        {"organisasjonsnummer", number},
                        {"forsendelseType", each.type},
                        {"niva", each.level}});
    return json_answer(200, {{"mottakersystemer", std::move(list)}});
  }
  if (to.id != sender->account)
    return rest_error(call, 403, "Integrasjonen har ikke tilgang til kontoen");
  if (to.where == endpoint::svarut_send) return send_rest(*sender, call);
  if (to.where == endpoint::svarut_status) return status_search(*sender, call);
  json::array ids;
  const auto wanted = call.parameter("eksternRef").value_or("");
  for (const auto& sent : state_.all())
    if (sent.sender == sender->organisation && sent.external_reference == wanted)
      ids.emplace_back(sent.id);
  return json_answer(200, {{"forsendelseIds", std::move(ids)}});
}

response svarut::send_rest(const svarut_sender& sender, const request& call) {
  const auto parts = parse_multipart(call.header("content-type").value_or(""), call.body);
  if (!parts || parts->empty()) return rest_error(call, 400, "Ikke en gyldig multipart");
  const auto& first = parts->front();
  if (parameter_of(first.header("content-disposition"), "name") != "forsendelse" ||
      type_of(first.header("content-type")) != "application/json")
    return rest_error(call, 400, "Første del skal være forsendelse");
  boost::system::error_code ec;
  const auto value = json::parse(first.body, ec);
  if (ec || !value.is_object()) return rest_error(call, 400, "forsendelse er ikke gyldig JSON");
  const auto& said = value.get_object();
  if (const auto wrong = check_schema(said); !wrong.empty())
    return rest_error(call, 400, "Ugyldig innhold: " + wrong);
  auto documents = read_documents(state_, said, *parts);
  if (!documents) return rest_error(call, 400, documents.error().message);
  svarut_forsendelse made;
  made.id = random_.uuid();
  made.external_reference = text_at(said, "eksternReferanse");
  made.sender = sender.organisation;
  made.receiver = text_at(said.at("mottaker").as_object(), "digitalId");
  made.title = text_at(said, "tittel");
  made.type = text_at(said, "forsendelsestype");
  made.reply_to = text_at(said, "svarPaForsendelseId");
  made.level4 = text_at(said, "sikkerhetsniva") == "HOYESTE";
  if (const auto* digital = said.if_contains("kunDigitalLevering"))
    made.digital_only = digital->is_bool() && digital->get_bool();
  made.metadata = listed_metadata(said);
  made.replies_go_to = listed_party(object_at(said, "svarSendesTil"));
  made.to = listed_party(object_at(said, "mottaker"));
  made.documents = *std::move(documents);
  made.over = "rest";
  made.said = first.body;
  const auto id = made.id;
  if (const auto kept = state_.accept(std::move(made)); !kept)
    return rest_error(call, 400, kept.error().message);
  return json_answer(200, {{"id", id}});
}

response svarut::status_search(const svarut_sender& sender, const request& call) {
  boost::system::error_code ec;
  const auto value = json::parse(call.body, ec);
  const auto* said = ec ? nullptr : value.if_object();
  if (!said || !array_at(*said, "id")) return rest_error(call, 400, "id mangler");
  json::array list;
  for (const auto& id : texts_at(*said, "id")) {
    const auto* sent = state_.find(id);
    if (!sent || sent->sender != sender.organisation) continue;
    list.push_back({{"id", sent->id},
                    {"sisteStatusEndring", format_timestamp(sent->changed)},
                    {"status", sent->status}});
  }
  return json_answer(200, {{"statuser", std::move(list)}});
}

}  // namespace kp::sandbox
