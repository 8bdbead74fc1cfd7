#include "tools/sandbox/fiks_http.hpp"

#include "config/ids.hpp"
#include "config/text.hpp"
#include "tools/sandbox/answers.hpp"
#include "tools/sandbox/jwt.hpp"
#include "tools/sandbox/sandbox_error.hpp"
#include "tools/sandbox/svarut_parts.hpp"

#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/x509.h>
#include <boost/json.hpp>

#include <algorithm>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

constexpr std::int64_t least_ttl = 1000;
constexpr std::string_view scope = "ks:fiks";

bool is_uuid(std::string_view text) {
  return text.size() == 36 && message_id::parse(text).has_value();
}

std::string name_of(const X509_NAME* name) {
  char text[512];
  X509_NAME_oneline(name, text, sizeof text);
  return text;
}

std::string time_of(const ASN1_TIME* from) {
  tm parts{};
  ASN1_TIME_to_tm(from, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

// What is wrong with the metadata; "" when nothing is.
std::string check_metadata(const json::object& said) {
  for (const auto* name : {"avsenderKontoId", "mottakerKontoId"})
    if (!is_uuid(text_at(said, name))) return fmt::format("{} er ikke en UUID", name);
  if (text_at(said, "meldingType").empty()) return "meldingType mangler";
  if (const auto* reply = said.if_contains("svarPaMelding"); reply && !reply->is_null())
    if (!reply->is_string() || !is_uuid(reply->get_string())) return "svarPaMelding er ugyldig";
  if (const auto* ttl = said.if_contains("ttl"); ttl && !ttl->is_null())
    if (!ttl->is_int64() || ttl->get_int64() < least_ttl) return "ttl er ugyldig";
  if (const auto* headers = said.if_contains("headere"); headers && !headers->is_null()) {
    if (!headers->is_object()) return "headere er ugyldig";
    for (const auto& [name, value] : headers->get_object())
      if (!value.is_string()) return "headere er ugyldig";
  }
  return {};
}

}  // namespace

response fiks_http::error_answer(const request& call, unsigned status,
                                 std::string_view message) const {
  const auto* name = status == 400   ? "Bad Request"
                     : status == 401 ? "Unauthorized"
                     : status == 403 ? "Forbidden"
                     : status == 404 ? "Not Found"
                                     : "Error";
  return json_answer(
      status,
      {{"timestamp",
        std::chrono::floor<std::chrono::milliseconds>(time_.now().time_since_epoch()).count()},
       {"status", status},
       {"error", name},
       {"errorId", random_.uuid()},
       {"path", call.path},
       {"originalPath", call.path},
       {"message", message},
       {"errorCode", nullptr},
       {"errorJson", nullptr}});
}

fiks_http::caller fiks_http::identify(const request& call) const {
  const auto bearer = call.bearer();
  const auto claims = bearer ? verified_claims(*bearer, maskinporten_, time_.now()) : std::nullopt;
  if (!claims) return {nullptr, error_answer(call, 401, "Klarte ikke å validere access_token")};
  const auto scopes = words(text_at(*claims, "scope"));
  if (std::ranges::find(scopes, scope) == scopes.end())
    return {nullptr, error_answer(call, 401, "access_token mangler scope ks:fiks")};
  const std::string id(call.header("integrasjonid").value_or(""));
  const auto found = state_.integrations.find(id);
  if (found == state_.integrations.end() ||
      found->second.password != call.header("integrasjonpassord").value_or("") ||
      found->second.organisation != iso6523_at(*claims, "consumer").value_or(""))
    return {nullptr, error_answer(call, 401, "Autentisering feilet for integrasjon med id " + id)};
  return {&found->second, {}};
}

response fiks_http::handle(const route& to, const request& call) {
  if (to.where == endpoint::fiks_authorize) return authorize(to.id, call);
  if (to.where == endpoint::fiks_key) return key(call, to.id);
  auto who = identify(call);
  if (who.refusal) return *std::move(who.refusal);
  switch (to.where) {
    case endpoint::fiks_send:
      return send(*who.who, call);
    case endpoint::fiks_lookup:
      return lookup(call);
    case endpoint::fiks_account:
      return account(call, to.id, false);
    case endpoint::fiks_account_status:
      return account(call, to.id, true);
    case endpoint::fiks_put_key:
      return put_key(*who.who, call, to.id);
    default:
      return document(*who.who, call, to.id);
  }
}

response fiks_http::send(const fiks_integration& who, const request& call) {
  const auto parts = parse_multipart(call.header("content-type").value_or(""), call.body);
  if (!parts) return error_answer(call, 400, "Ikke en gyldig multipart");
  const mime_part *metadata = nullptr, *data = nullptr;
  for (const auto& part : *parts) {
    const auto name = parameter_of(part.header("content-disposition"), "name");
    auto*& place = name == "metadata" ? metadata : data;
    if ((name != "metadata" && name != "data") || place)
      return error_answer(call, 400, "Ukjent eller gjentatt del: " + name);
    place = &part;
  }
  if (!metadata || type_of(metadata->header("content-type")) != "application/json")
    return error_answer(call, 400, "metadata mangler");
  if (data && data->body.empty()) return error_answer(call, 400, "data er tom");
  boost::system::error_code ec;
  const auto value = json::parse(metadata->body, ec);
  if (ec || !value.is_object()) return error_answer(call, 400, "metadata er ikke gyldig JSON");
  const auto& said = value.get_object();
  if (const auto wrong = check_metadata(said); !wrong.empty())
    return error_answer(call, 400, wrong);
  const auto* from = state_.find(to_lower(text_at(said, "avsenderKontoId")));
  if (!from || from->integration != who.id || !from->sends)
    return error_answer(call, 403, "Integrasjonen har ikke tilgang til kontoen");
  const auto* to = state_.find(to_lower(text_at(said, "mottakerKontoId")));
  if (!to) return error_answer(call, 404, "Fant ingen konto");
  if (!to->receives || !to->key) return error_answer(call, 400, "Kontoen er ikke gyldig mottaker");
  if (!to->accepted.empty() && !to->accepted.contains(from->id))
    return error_answer(call, 403, "Kontoen aksepterer ikke meldinger fra avsender");

  fiks_state::mail mail;
  mail.id = random_.uuid();
  mail.type = text_at(said, "meldingType");
  mail.from = from->id;
  mail.from_name = from->name;
  mail.to = to->id;
  mail.ttl =
      number_at(said, "ttl") ? std::chrono::milliseconds(*number_at(said, "ttl")) : usual_fiks_ttl;
  if (const auto reply = text_at(said, "svarPaMelding"); !reply.empty()) {
    mail.reply_to = reply;
    for (const auto& earlier : state_.sent)
      if (earlier.id == reply) mail.reply_to_type = text_at(earlier.metadata, "meldingType");
  }
  if (const auto* headers = object_at(said, "headere")) mail.headers = *headers;
  if (data) mail.body = data->body;
  const auto posted = state_.post(mail);
  if (!posted) return error_answer(call, 503, posted.error().message);

  fiks_sent kept;
  kept.id = mail.id;
  kept.metadata = said;
  kept.payload = mail.body;
  kept.at = time_.now();
  kept.answer = {{"meldingId", mail.id},         {"meldingType", mail.type},
                 {"avsenderKontoId", mail.from}, {"mottakerKontoId", mail.to},
                 {"ttl", mail.ttl.count()},      {"dokumentlagerId", nullptr},
                 {"svarPaMelding", nullptr},     {"headere", mail.headers}};
  if (*posted) kept.answer["dokumentlagerId"] = **posted;
  if (mail.reply_to) kept.answer["svarPaMelding"] = *mail.reply_to;
  auto answer = json_answer(202, kept.answer);
  if (state_.sent.size() >= max_fiks_sent) state_.sent.pop_front();
  state_.sent.push_back(std::move(kept));
  return answer;
}

json::object fiks_http::shown(const fiks_account& each) const {
  return {{"fiksOrgId", each.integration},
          {"fiksOrgNavn", each.name},
          {"organisasjonsnummer", each.organisation},
          {"kommunenummer", "0301"},
          {"kontoId", each.id},
          {"kontoNavn", each.name},
          {"status",
           {{"gyldigAvsender", each.sends},
            {"gyldigMottaker", each.receives && each.key.has_value()},
            {"melding", each.key ? "OK" : "Mangler offentlig nøkkel"},
            {"antallKonsumenter", 0},
            {"antallUavhentedeMeldinger", 0}}}};
}

response fiks_http::lookup(const request& call) const {
  constexpr std::string_view prefix = "ORG_NO.";
  const auto asked = call.parameter("identifikator").value_or("");
  const auto type = call.parameter("meldingProtokoll").value_or("");
  const auto level = call.parameter("sikkerhetsniva").value_or("");
  if (type.empty() || level.size() != 1 || level < "1" || level > "4")
    return error_answer(call, 400, "Ugyldig oppslag");
  if (asked.starts_with(prefix))
    for (const auto& [id, each] : state_.accounts)
      if (each.organisation == asked.substr(prefix.size()) &&
          (each.types.empty() || each.types.contains(type)))
        return json_answer(200, shown(each));
  return error_answer(call, 404, "Fant ingen konto");
}

response fiks_http::account(const request& call, std::string_view id, bool status_alone) const {
  const auto* found = state_.find(id);
  if (!found) return error_answer(call, 404, "Fant ingen konto");
  auto out = shown(*found);
  return json_answer(200, status_alone ? out.at("status") : json::value(std::move(out)));
}

response fiks_http::key(const request& call, std::string_view id) const {
  const auto* found = state_.find(id);
  if (!found || !found->key) return error_answer(call, 404, "Fant ingen offentlig nøkkel");
  const auto& key = *found->key;
  const bool valid = found->key_is_valid && key.valid_at(time_.now());
  return json_answer(200, {{"nokkel", key.pem() + "\n"},
                           {"validFrom", time_of(X509_get0_notBefore(key.raw()))},
                           {"validTo", time_of(X509_get0_notAfter(key.raw()))},
                           {"serial", "1"},
                           {"subjectDN", name_of(X509_get_subject_name(key.raw()))},
                           {"issuerDN", name_of(X509_get_issuer_name(key.raw()))},
                           {"valid", valid},
                           {"statusMessage", valid ? "OK" : "Sertifikatet er ikke gyldig"}});
}

response fiks_http::put_key(const fiks_integration& who, const request& call, std::string_view id) {
  auto* found = state_.find(id);
  if (!found || found->integration != who.id)
    return error_answer(call, 403, "Integrasjonen har ikke tilgang til kontoen");
  boost::system::error_code ec;
  const auto value = json::parse(call.body, ec);
  const auto* said = ec ? nullptr : value.if_object();
  auto given = said ? certificate::from_pem(text_at(*said, "pem")) : std::nullopt;
  if (!given) return error_answer(call, 400, "pem er ugyldig");
  found->key = *std::move(given);
  return empty_answer(201);
}

response fiks_http::document(const fiks_integration& who, const request& call,
                             std::string_view id) {
  if (state_.document_failures > 0) {
    --state_.document_failures;
    return error_answer(call, 503, "Dokumentlager er ikke tilgjengelig");
  }
  const auto found = state_.documents.find(id);
  const auto* owner =
      found == state_.documents.end() ? nullptr : state_.find(found->second.account);
  if (!owner || owner->integration != who.id || found->second.expires <= time_.now())
    return error_answer(call, 404, "Fant ikke dokumentet");
  response out;
  out.headers.emplace_back("Content-Type", "application/octet-stream");
  out.body = found->second.bytes;
  return out;
}

// Forms of rabbitmq_auth_backend_http; the password holds a token, so it is judged as a call is.
response fiks_http::authorize(std::string_view what, const request& call) const {
  std::map<std::string, std::string> form;
  for (auto& [name, value] : parse_form(call.body)) form.emplace(name, value);
  const auto said = [](bool allowed) {
    response out;
    out.headers.emplace_back("Content-Type", "text/plain");
    out.body = allowed ? "allow" : "deny";
    return out;
  };
  const auto known = state_.integrations.find(form["username"]);
  if (known == state_.integrations.end()) return said(false);
  if (what == "vhost") return said(form["vhost"] == "/");
  if (what == "resource") {
    constexpr std::string_view prefix = "fiksio.konto.";
    const auto& name = form["name"];
    if (form["resource"] != "queue" || form["permission"] != "read" || !name.starts_with(prefix))
      return said(false);
    const auto* account = state_.find(name.substr(prefix.size()));
    return said(account && account->integration == known->first);
  }
  if (what != "user") return said(false);
  const auto& password = form["password"];
  const auto space = password.find(' ');
  if (space == std::string::npos || password.substr(0, space) != known->second.password)
    return said(false);
  const auto claims = verified_claims(password.substr(space + 1), maskinporten_, time_.now());
  const auto scopes = claims ? words(text_at(*claims, "scope")) : std::vector<std::string>();
  return said(claims && std::ranges::find(scopes, scope) != scopes.end() &&
              iso6523_at(*claims, "consumer").value_or("") == known->second.organisation);
}

}  // namespace kp::sandbox
