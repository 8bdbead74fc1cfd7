#include "tools/sandbox/dpi_http.hpp"

#include "config/text.hpp"
#include "tools/sandbox/answers.hpp"
#include "tools/sandbox/dpi_form.hpp"
#include "tools/sandbox/dpi_package.hpp"
#include "tools/sandbox/dpi_schemas.hpp"
#include "tools/sandbox/sandbox_error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json.hpp>

#include <algorithm>
#include <charconv>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

constexpr std::string_view needed_scope = "digitalpostinnbygger:send";
constexpr std::size_t longest_channel = 28;
constexpr std::size_t longest_page = 1000;

error invalid(std::string what) {
  return permanent(sandbox_errc::invalid_request, std::move(what));
}

response problem(unsigned status, std::string_view title, std::string_view detail) {
  return json_answer(status,
                     {{"type", "about:blank"},
                      {"title", title},
                      {"status", status},
                      {"detail", detail},
                      {"instance", "/messages"}},
                     "application/problem+json");
}

std::string text_in(const json::value& in, std::string_view pointer) {
  boost::system::error_code ec;
  const auto* found = in.find_pointer(pointer, ec);
  return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::string number_in(const json::value& in, std::string_view pointer) {
  const auto text = text_in(in, pointer);
  return text.starts_with("0192:") ? text.substr(5) : std::string();
}

bool is_channel(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

std::optional<std::size_t> number_of(const std::optional<std::string>& text) {
  if (!text) return {};
  std::size_t out = 0;
  const auto done = std::from_chars(text->data(), text->data() + text->size(), out);
  if (done.ec != std::errc() || done.ptr != text->data() + text->size()) return {};
  return out;
}

}  // namespace

response dpi_http::handle(const route& to, const request& call) {
  if (to.where == endpoint::print_certificate) return print_certificate();
  const auto bearer = call.bearer();
  const auto claims = bearer ? verified_claims(*bearer, maskinporten_, time_.now()) : std::nullopt;
  if (!claims) return problem(401, "Unauthorized", "the token is missing, expired or not genuine");
  const auto scopes = words(text_at(*claims, "scope"));
  const auto consumer = iso6523_at(*claims, "consumer");
  if (!consumer || std::ranges::find(scopes, needed_scope) == scopes.end())
    return problem(403, "Forbidden", "the token lacks the scope digitalpostinnbygger:send");
  const caller who{*consumer, iso6523_at(*claims, "supplier").value_or(*consumer),
                   std::string(*bearer)};
  switch (to.where) {
    case endpoint::dpi_send:
      return send(who, call);
    case endpoint::dpi_statuses:
      return statuses(who, to.id);
    case endpoint::dpi_inbox:
      return inbox(who, call);
    case endpoint::dpi_read:
      return read(who, to.id);
    default:
      // Receipts carry no document package.
      return problem(404, "Not Found", "there is no document package");
  }
}

response dpi_http::send(const caller& who, const request& call) {
  if (state_.full()) return problem(500, "Internal Server Error", "there are too many shipments");
  shipment made;
  if (auto fine = judge(who, call, made); !fine)
    return problem(400, "Bad Request", fine.error().message);
  if (auto kept = state_.accept(std::move(made)); !kept)
    return problem(500, "Internal Server Error", kept.error().message);
  return empty_answer(201);
}

result<json::value> dpi_http::verified_document(const std::string& jws, std::string& signer) const {
  const auto token = parse_jwt(jws);
  if (!token) return invalid("forretningsmelding is no compact JWS");
  const auto chain = texts_at(token->header, "x5c");
  const auto der = chain.size() == 1 ? from_base64(chain[0]) : std::nullopt;
  const auto leaf = der ? certificate::from_der(*der) : std::nullopt;
  const auto key = leaf ? leaf->key() : std::nullopt;
  if (!key) return invalid("forretningsmelding has no x5c with the leaf alone");
  if (text_at(token->header, "alg") != "RS256" || !is_signed_by(*token, *key))
    return invalid("the signature of forretningsmelding does not verify");
  if (!ca_.trusts(*leaf, time_.now()) && !known_.pinned(*leaf))
    return invalid("forretningsmelding is signed with a certificate that is not trusted");
  signer = leaf->organisation_number().value_or("");
  json::value document(token->claims);
  const auto type = text_in(document,
                            "/standardBusinessDocument/standardBusinessDocumentHeader/"
                            "documentIdentification/type");
  if (const auto faults = judge_document(type, document); !faults.empty())
    return invalid(fmt::format("forretningsmelding: {}", fmt::join(faults, "; ")));
  return document;
}

result<void> dpi_http::judge(const caller& who, const request& call, shipment& made) {
  const auto channel = call.parameter("kanal");
  if (channel && !is_channel(*channel)) return invalid("kanal: a-z, A-Z, 0-9, _ and - only");
  if (channel && state_.enforce_channel_length && channel->size() > longest_channel)
    return invalid("kanal: 28 characters at most");
  KP_TRY(const auto form, read_dpi_form(call));
  std::string signer;
  KP_TRY(made.document, verified_document(form.jws, signer));
  const json::value whole = made.document.at("standardBusinessDocument");
  const std::string head = "/standardBusinessDocumentHeader";
  made.type = text_in(whole, head + "/documentIdentification/type");
  const auto body = "/" + made.type;
  if (text_in(whole, body + "/maskinportentoken") != who.token)
    return invalid("maskinportentoken is not the token of the call");
  if (number_in(whole, body + "/avsender/virksomhetsidentifikator/value") != who.consumer)
    return invalid("avsender is not the consumer of the token");
  if (number_in(whole, head + "/sender/0/identifier/value") != who.account)
    return invalid("the sender is not the account of the token");
  if (text_in(whole, body + "/dokumentpakkefingeravtrykk/digestMethod") !=
          "http://www.w3.org/2001/04/xmlenc#sha256" ||
      text_in(whole, body + "/dokumentpakkefingeravtrykk/digestValue") !=
          to_base64(sha256(form.package)))
    return invalid("dokumentpakkefingeravtrykk is of another package");
  made.id = text_in(whole, head + "/documentIdentification/instanceIdentifier");
  made.conversation = text_in(whole, head + "/businessScope/scope/0/instanceIdentifier");
  if (made.id.empty() || made.conversation.empty())
    return invalid("the message or its conversation has no identifier");
  if (state_.knows(made.id)) return invalid("a message with this id has been sent before");
  made.account = who.account;
  made.consumer = who.consumer;
  made.channel = to_lower(channel.value_or(""));
  made.sender_id = text_in(whole, body + "/avsender/avsenderidentifikator");
  made.mailbox = text_in(whole, body + "/mottaker/postkasseadresse");
  made.title = text_in(whole, body + "/ikkesensitivtittel");
  made.receiver = number_in(whole, head + "/receiver/0/identifier/value");
  return open(made, form.package, signer);
}

// What the provider finds does not stop the shipment; the sender hears of it in a receipt.
result<void> dpi_http::open(shipment& made, const std::string& package,
                            const std::string& jws_signer) {
  const bool print = made.type == "utskrift";
  KP_TRY(const auto* own, print ? state_.printer() : state_.mailbox());
  auto opened = open_package(package, own->key, own->certificate);
  made.faults = std::move(opened.faults);
  made.manifest = std::move(opened.manifest);
  for (const auto& [name, bytes] : opened.entries) made.files.emplace_back(name, bytes.size());
  if (opened.signer.value_or("") != made.account)
    made.faults.emplace_back("the package is signed by another than supplier or consumer");
  if (jws_signer != made.account)
    made.faults.emplace_back("the message is signed by another than supplier or consumer");
  const auto receiver = print ? std::string(dpi_state::printer_number) : std::string("984661185");
  if (made.receiver != receiver)
    made.faults.push_back(fmt::format("the receiver is {} instead of {}", made.receiver, receiver));
  return {};
}

response dpi_http::statuses(const caller& who, const std::string& id) {
  const auto* found = state_.find(id);
  if (!found || found->account != who.account) {
    if (state_.unknown_status == 200) return json_answer(200, json::array{});
    if (state_.unknown_status == 204) return empty_answer(204);
    return problem(404, "Not Found", "no such shipment");
  }
  json::array list;
  for (const auto& event : found->statuses) {
    json::object one{{"status", event.status}, {"timestamp", utc_timestamp(event.at)}};
    if (!event.text.empty()) one["beskrivelse"] = event.text;
    list.push_back(std::move(one));
  }
  return json_answer(200, list);
}

response dpi_http::inbox(const caller& who, const request& call) {
  inbox_filter wanted;
  wanted.account = who.account;
  wanted.channel = call.parameter("kanal");
  wanted.sender_id = call.parameter("avsenderidentifikator");
  wanted.page_size = std::clamp<std::size_t>(number_of(call.parameter("page_size")).value_or(100),
                                             1, longest_page);
  // The specification does not say where counting begins; here it is 1.
  const auto page = number_of(call.parameter("page")).value_or(1);
  wanted.page = page == 0 ? 0 : page - 1;
  const auto found = state_.inbox(wanted);
  if (found.empty()) return empty_answer(204);
  json::array list;
  for (const auto* each : found)
    list.push_back(json::object{
        {"forretningsmelding", each->jws},
        {"downloadurl", fmt::format("http://localhost/dpi/messages/in/{}", each->id)}});
  return json_answer(200, list);
}

response dpi_http::read(const caller& who, const std::string& id) {
  auto* found = state_.unread(id, who.account);
  if (!found) return problem(404, "Not Found", "no such unread message");
  found->read = true;
  return empty_answer(200);
}

response dpi_http::print_certificate() {
  const auto printer = state_.printer();
  if (!printer) return empty_answer(500);
  return json_answer(200, {{"postkasseleverandoerAdresse", dpi_state::printer_number},
                           {"x509Sertifikat", to_base64((*printer)->certificate.der())}});
}

}  // namespace kp::sandbox
