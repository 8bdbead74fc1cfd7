#include "tools/sandbox/dph_http.hpp"

#include "config/text.hpp"
#include "tools/sandbox/answers.hpp"
#include "tools/sandbox/dph_jose.hpp"
#include "tools/sandbox/dph_package.hpp"
#include "tools/sandbox/dph_schema.hpp"
#include "tools/sandbox/dpi_form.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <charconv>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

constexpr std::string_view altinn = "https://tt02.altinn.no/";
constexpr std::size_t most_attachment = 18'000'000;

std::string text_in(const json::value& in, std::string_view pointer) {
  boost::system::error_code ec;
  const auto* found = in.find_pointer(pointer, ec);
  return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::int64_t number_of(std::string_view text) {
  std::int64_t number = 0;
  const auto done = std::from_chars(text.data(), text.data() + text.size(), number);
  return done.ec == std::errc() && done.ptr == text.data() + text.size() ? number : 0;
}

// "her-id:8093" of sender or receiver.
std::int64_t her_id_in(const json::value& sbd, std::string_view role) {
  const auto at = fmt::format("/standardBusinessDocumentHeader/{}/0/identifier/", role);
  const auto value = text_in(sbd, at + "value");
  constexpr std::string_view prefix = "her-id:";
  if (text_in(sbd, at + "authority") != "nhn-actorid" || !value.starts_with(prefix)) return 0;
  return number_of(std::string_view(value).substr(prefix.size()));
}

bool may(const json::object& claims) {
  const auto scopes = words(text_at(claims, "scope"));
  return std::ranges::any_of(scopes, [](const std::string& each) {
    return each == "eformidling:dph" || each == "move/dph.read";
  });
}

std::string extension_of(const std::string& name) {
  for (const std::string_view known : {"pdf", "jpg", "png", "txt"})
    if (to_lower(name).ends_with("." + std::string(known))) return std::string(known);
  return to_lower(name).ends_with(".jpeg") ? "jpg" : "bin";
}

response text_answer(std::string body) {
  response out;
  out.headers.emplace_back("Content-Type", "text/plain;charset=UTF-8");
  out.body = std::move(body);
  return out;
}

}  // namespace

response dph_http::handle(const route& to, const request& call) {
  const auto bearer = call.bearer();
  const auto claims = bearer ? verified_claims(*bearer, maskinporten_, time_.now()) : std::nullopt;
  if (!claims) {
    auto out = empty_answer(401);
    out.headers.emplace_back("WWW-Authenticate", "Bearer");
    return out;
  }
  if (!may(*claims)) return empty_answer(403);
  json::value content;
  auto done = answer(to, call, *claims, content);
  response out;
  if (done) {
    out = *std::move(done);
  } else {
    const auto& why = done.error();
    constexpr std::string_view prefix = "/nhn-adapter";
    out = json_answer(why.status,
                      {{"status", why.status},
                       {"reason", why.status < 500 ? "Bad Request" : "Error"},
                       {"errorCode", why.code},
                       {"message", why.text},
                       {"path", call.path.substr(std::min(prefix.size(), call.path.size()))},
                       {"requestId", state_.uuid().substr(0, 8) + "-1"},
                       {"timestamp", state_.timestamp()}});
  }
  state_.write({call.method, call.path, iso6523_at(*claims, "consumer").value_or(""), out.status,
                std::move(content)});
  return out;
}

dph_http::judged<response> dph_http::answer(const route& to, const request& call,
                                            const json::object& claims, json::value& content) {
  switch (to.where) {
    case endpoint::dph_send:
      return send(call, claims, content);
    case endpoint::dph_statuses:
      return statuses(to.id);
    case endpoint::dph_list:
      return list(call, claims);
    case endpoint::dph_receive:
      return receive(call, claims, content);
    case endpoint::dph_read:
      return read(to.id, call, claims);
    default:
      return lookup(to.id);
  }
}

// The parent's organisation must be the consumer; a supplier needs the delegation of Altinn.
dph_http::judged<void> dph_http::check_owner(const json::object& claims,
                                             std::int64_t her_id) const {
  const auto* party = state_.find(her_id);
  if (!party)
    return std::unexpected(refusal{400, "X99", fmt::format("HerId {} not found", her_id)});
  const auto consumer = iso6523_at(claims, "consumer").value_or("");
  const auto supplier = iso6523_at(claims, "supplier").value_or(consumer);
  const bool delegated = supplier == consumer || text_at(claims, "delegation_source") == altinn;
  if (consumer == party->owner && delegated) return {};
  if (state_.strict) return std::unexpected(refusal{403, "X99", "Access denied"});
  return std::unexpected(refusal{});
}

dph_http::judged<dph_http::signed_json> dph_http::opened(const std::string& jwe) {
  const auto own = state_.own();
  if (!own) return std::unexpected(refusal{});
  const auto jws = open_jwe((*own)->key, trim(jwe));
  const auto token = jws ? parse_jwt(*jws) : std::nullopt;
  if (!token) return std::unexpected(refusal{});
  const auto chain = texts_at(token->header, "x5c");
  const auto der = chain.size() == 1 ? from_base64(chain[0]) : std::nullopt;
  const auto leaf = der ? certificate::from_der(*der) : std::nullopt;
  const auto key = leaf ? leaf->key() : std::nullopt;
  if (!key || !is_pss_signed_by(*token, *key)) return std::unexpected(refusal{});
  if (!ca_.trusts(*leaf, time_.now()) && !known_.pinned(*leaf)) return std::unexpected(refusal{});
  return signed_json{token->claims, *leaf};
}

dph_http::judged<response> dph_http::send(const request& call, const json::object& claims,
                                          json::value& content) {
  const auto parts = read_form(call);
  if (!parts || parts->empty() || parts->size() > 2 ||
      !check_part(parts->front(), "forretningsmelding", "sbd.jwe", "application/jose"))
    return std::unexpected(refusal{});
  auto message = opened(parts->front().body);
  if (!message) return std::unexpected(message.error());
  content = message->content;
  const auto type = text_in(content, "/standardBusinessDocumentHeader/documentIdentification/type");
  if (type == "dialogmelding_kvittering") {
    auto taken = take_receipt(message->content);
    if (!taken) return std::unexpected(taken.error());
    return text_answer(*std::move(taken));
  }
  if (type != "dialogmelding")
    return std::unexpected(refusal{400, "X99", "Unsupported message type: " + type});
  if (parts->size() != 2 ||
      !check_part(parts->back(), "dokumentpakke", "asic.zip", "application/vnd.etsi.asic-e+zip"))
    return std::unexpected(refusal{});
  auto taken = take_message(message->content, parts->back().body, claims);
  if (!taken) return std::unexpected(taken.error());
  return text_answer(*std::move(taken));
}

dph_http::judged<std::string> dph_http::take_message(const json::object& sbd,
                                                     const std::string& package,
                                                     const json::object& claims) {
  const auto bad = [](std::string why) {
    return std::unexpected(refusal{400, "X99", std::move(why)});
  };
  const json::value whole(sbd);
  health_message made;
  made.sender = her_id_in(whole, "sender");
  made.receiver = her_id_in(whole, "receiver");
  if (auto owner = check_owner(claims, made.sender); !owner) return std::unexpected(owner.error());
  const auto* to = state_.find(made.receiver);
  if (!to) return bad("the receiver's HerId is not found");
  const std::string head = "/standardBusinessDocumentHeader";
  made.document = text_in(whole, head + "/documentIdentification/instanceIdentifier");
  if (made.document.empty()) return bad("instanceIdentifier is missing");
  const auto own = state_.own();
  if (!own) return std::unexpected(refusal{});
  const auto zip = open_gcm_cms(package, (*own)->key);
  const auto container = zip ? read_container(*zip) : result<opened_container>(zip.error());
  if (!container) return std::unexpected(refusal{});
  const auto& files = container->files;
  const auto has = [&](std::string_view name) {
    return std::ranges::find(files, name, &named_files::value_type::first) != files.end();
  };
  if (has("manifest.xml")) return bad("manifest.xml does not belong into the package");
  const auto* business = object_at(sbd, "dialogmelding");
  if (!business || !object_at(*business, "pasient")) return bad("pasient cannot be null");
  const auto main = text_at(*business, "hoveddokument");
  if (!has(main)) return bad("Main document not found in package");
  const auto* described = object_at(*business, "metadataFiler");
  json::object attachments;
  std::size_t index = 0;
  for (const auto& [name, bytes] : files) {
    if (name == main) {
      if (const auto fault = judge_dialogmelding(bytes); !fault.empty())
        return std::unexpected(refusal{400, fault.substr(0, 3), fault.substr(4)});
      made.files.emplace_back("dialogmelding.xml", bytes);
      continue;
    }
    const auto* about = described ? described->if_contains(name) : nullptr;
    if (!about) return bad("no metadata for " + name);
    if (bytes.size() > most_attachment) return bad("an attachment is too large");
    const auto renamed = fmt::format("vedlegg{}.{}", index++, extension_of(name));
    attachments[renamed] = *about;
    made.files.emplace_back(renamed, bytes);
  }
  if (described && described->size() != attachments.size())
    return bad("metadataFiler names files that are not there");
  made.sent_sbd = sbd;
  made.sent_files = files;
  auto body = *business;
  body["hoveddokument"] = "dialogmelding.xml";
  body["metadataFiler"] = std::move(attachments);
  made.sbd = sbd;
  made.sbd["dialogmelding"] = std::move(body);
  auto id = state_.accept(std::move(made));
  if (!id) return std::unexpected(refusal{500, "X99", id.error().message});
  return *std::move(id);
}

// An AppRec goes to whoever has sent what it is about.
dph_http::judged<std::string> dph_http::take_receipt(const json::object& sbd) {
  const auto* business = object_at(sbd, "dialogmelding_kvittering");
  const auto status = business ? text_at(*business, "status") : std::string();
  if (status != "OK" && status != "REJECTED" && status != "OK_ERROR_IN_MESSAGE_PART")
    return std::unexpected(refusal{400, "X99", "unknown status: " + status});
  const auto about = text_at(*business, "relatedToMessageId");
  auto* message = state_.find_message(about);
  if (!message || message->is_receipt)
    return std::unexpected(refusal{404, "X99", "no message " + about});
  const json::value whole(sbd);
  state_.receipts.push_back(
      {about, her_id_in(whole, "sender"), her_id_in(whole, "receiver"), *business});
  if (!message->sent_here) return state_.uuid();
  const auto* remarks = array_at(*business, "messages");
  auto id = state_.answer(*message, status, remarks ? *remarks : json::array{}, {});
  if (!id) return std::unexpected(refusal{500, "X99", id.error().message});
  return *std::move(id);
}

dph_http::judged<response> dph_http::statuses(const std::string& reference) {
  const auto* found = state_.find_message(reference);
  if (!found || !found->sent_here)
    return std::unexpected(refusal{404, "X99", "no message " + reference});
  // dph.md 12 D3.
  if (found->receipt == "OK_ERROR_IN_MESSAGE_PART")
    return std::unexpected(refusal{400, "X99", "Unknown enum value"});
  json::object one{{"receiverHerId", found->receiver}, {"transportStatus", found->transport}};
  if (!found->receipt.empty()) one["apprecStatus"] = found->receipt;
  return json_answer(200, json::array{std::move(one)});
}

dph_http::judged<std::int64_t> dph_http::asked_her_id(const request& call) const {
  const auto number = number_of(call.parameter("receiverHerId").value_or(""));
  if (number > 0) return number;
  return std::unexpected(refusal{400, "X99", "receiverHerId cannot be null"});
}

dph_http::judged<response> dph_http::list(const request& call, const json::object& claims) {
  const auto whose = asked_her_id(call);
  if (!whose) return std::unexpected(whose.error());
  if (auto owner = check_owner(claims, *whose); !owner) return std::unexpected(owner.error());
  json::array all;
  for (const auto* each : state_.unread(*whose))
    all.push_back(json::object{{"id", each->id},
                               {"receiverHerId", each->receiver},
                               {"senderHerId", each->sender},
                               {"businessDocumentId", each->document},
                               {"businessDocumentDate", nullptr},
                               {"isAppRec", each->is_receipt}});
  return json_answer(200, all);
}

dph_http::judged<std::string> dph_http::sealed(const health_message& of, const certificate& to) {
  const auto own = state_.own();
  const auto stray = of.spoilt == "stray" ? state_.stray() : own;
  const auto key = (of.spoilt == "recipient" && own ? (*own)->certificate : to).key();
  if (!own || !stray || !key) return std::unexpected(refusal{});
  auto jws = make_pss_jws((*stray)->key, (*stray)->certificate, json::serialize(of.sbd));
  if (of.spoilt == "signature") jws[jws.size() / 2] = jws[jws.size() / 2] == 'A' ? 'B' : 'A';
  return make_jwe(*key, jws, state_.random_bytes(32), state_.random_bytes(12));
}

dph_http::judged<std::string> dph_http::packed(const health_message& of, const certificate& to) {
  const auto own = state_.own();
  if (!own) return std::unexpected(refusal{});
  const auto zip = sign_files(of.files, **own, state_.uuid());
  auto cms = zip ? make_gcm_cms(*zip, to, state_.random_bytes(32), state_.random_bytes(12),
                                of.spoilt == "tag")
                 : zip;
  if (!cms) return std::unexpected(refusal{});
  return *std::move(cms);
}

dph_http::judged<response> dph_http::receive(const request& call, const json::object& claims,
                                             json::value& content) {
  const auto asked = opened(call.body);
  if (!asked) return std::unexpected(asked.error());
  content = asked->content;
  auto* found = state_.find_message(text_at(asked->content, "id"));
  if (!found || found->read) return std::unexpected(refusal{404, "X99", "no such message"});
  if (auto owner = check_owner(claims, found->receiver); !owner)
    return std::unexpected(owner.error());
  ++found->downloads;
  if (found->refused != 0)
    return std::unexpected(refusal{found->refused, found->code, found->text});
  const auto message = sealed(*found, asked->signer);
  if (!message) return std::unexpected(message.error());
  const auto boundary = "nhn" + state_.uuid();
  const auto part = [&](std::string_view name, std::string_view file, std::string_view type,
                        const std::string& body) {
    return fmt::format(
        "--{}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\n"
        "Content-Type: {}\r\nContent-Length: {}\r\n\r\n{}\r\n",
        boundary, name, file, type, body.size(), body);
  };
  response out;
  out.headers.emplace_back("Content-Type", "multipart/mixed;boundary=\"" + boundary + "\"");
  out.body = part("forretningsmelding", "sbd.jwe", "application/jose", *message);
  if (!found->is_receipt) {
    const auto package = packed(*found, asked->signer);
    if (!package) return std::unexpected(package.error());
    out.body += part("dokumentpakke", "asic.zip", "application/vnd.etsi.asic-e+zip", *package);
  }
  out.body += "--" + boundary + "--\r\n";
  return out;
}

dph_http::judged<response> dph_http::read(const std::string& id, const request& call,
                                          const json::object& claims) {
  const auto whose = asked_her_id(call);
  if (!whose) return std::unexpected(whose.error());
  if (auto owner = check_owner(claims, *whose); !owner) return std::unexpected(owner.error());
  auto* found = state_.find_message(id);
  if (!found || found->receiver != *whose || (found->read && state_.read_again == 404))
    return std::unexpected(refusal{404, "X99", "no message " + id});
  found->read = true;
  return text_answer("Message deleted");
}

dph_http::judged<response> dph_http::lookup(const std::string& identifier) {
  const auto* found = state_.resolve(identifier);
  const auto own = state_.own();
  // dph.md 4.2: the intended 404 never comes.
  if (!found || !own) return std::unexpected(refusal{400, "X99", "not found: " + identifier});
  return json_answer(200, {{"parentHerId", found->parent},
                           {"parentName", found->parent_name},
                           {"orgNumber", found->owner},
                           {"herId", found->number},
                           {"name", found->name},
                           {"derCertificate", to_base64((*own)->certificate.der())}});
}

}  // namespace kp::sandbox
