#include "tools/sandbox/fiks_control.hpp"

#include "config/text.hpp"
#include "tools/sandbox/fiks_container.hpp"
#include "tools/sandbox/jwt.hpp"
#include "tools/sandbox/sandbox_error.hpp"
#include "tools/sandbox/zip_file.hpp"

#include <fmt/format.h>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

constexpr std::int64_t most_copies = 1'000;
constexpr std::chrono::hours peer_life{24 * 3650}, peer_slack{24};

error invalid(std::string what) {
  return permanent(sandbox_errc::invalid_request, std::move(what));
}

std::string given(const json::object& body, std::string_view name, std::string otherwise) {
  auto text = text_at(body, name);
  return text.empty() ? std::move(otherwise) : text;
}

void set(bool& place, const json::object& body, std::string_view name) {
  if (const auto* value = body.if_contains(name); value && value->is_bool())
    place = value->get_bool();
}

void set(std::set<std::string>& place, const json::object& body, std::string_view name) {
  if (!body.contains(name)) return;
  place.clear();
  for (auto& each : texts_at(body, name)) place.insert(std::move(each));
}

result<named_files> files_of(const json::object& body) {
  named_files files;
  const auto* list = array_at(body, "files");
  for (std::size_t i = 0; list && i < list->size(); ++i) {
    const auto* file = list->at(i).if_object();
    if (!file || text_at(*file, "name").empty())
      return invalid("files: each is {name, text | base64}");
    std::string bytes = text_at(*file, "text");
    if (file->contains("base64")) {
      auto decoded = from_base64(text_at(*file, "base64"));
      if (!decoded) return invalid("files: this is no Base64");
      bytes = *std::move(decoded);
    }
    files.emplace_back(text_at(*file, "name"), std::move(bytes));
  }
  return files;
}

json::object shown(const fiks_account& each) {
  return {{"accountId", each.id},
          {"organisation", each.organisation},
          {"name", each.name},
          {"integrationId", each.integration},
          {"peer", each.peer.has_value()},
          {"receives", each.receives}};
}

}  // namespace

fiks_control::outcome fiks_control::answer(const request& call, std::string_view path,
                                           const json::object& body) {
  const bool get = call.method == "GET", post = call.method == "POST";
  if (path.empty() && (get || post)) return settings(body);
  if (path == "/accounts" && get) return accounts();
  if (path == "/accounts" && post) return add_account(body);
  constexpr std::string_view one = "/accounts/", queue = "/queues/";
  if (path.starts_with(one) && post) return change_account(path.substr(one.size()), body);
  if (path.starts_with(queue) && get) return look(path.substr(queue.size()));
  if (path.starts_with(queue) && call.method == "DELETE") {
    KP_CHECK(state_.broker.purge(fiks_queue_of(path.substr(queue.size()))));
    return json::value(json::object{});
  }
  if (path == "/sent" && get) return sent(call);
  if (path == "/sent" && call.method == "DELETE") {
    state_.sent.clear();
    return json::value(json::object{});
  }
  if (path == "/messages" && post) return send_as_peer(body);
  if (path == "/deliveries" && post) return deliver(body);
  if (path == "/notices" && post) return tell(body);
  if (path == "/take" && post) return take(body);
  return permanent(sandbox_errc::not_found,
                   fmt::format("{} /control/fiks-io{} is no control call", call.method, path));
}

fiks_control::outcome fiks_control::settings(const json::object& body) {
  if (body.contains("amqpUrl")) {
    state_.broker.use(text_at(body, "amqpUrl"));
    if (!state_.broker.url().empty())
      for (const auto& [id, each] : state_.accounts)
        KP_CHECK(state_.broker.declare(fiks_queue_of(id)));
  }
  if (const auto count = number_at(body, "documentFailures"))
    state_.document_failures = static_cast<std::uint64_t>(std::max<std::int64_t>(*count, 0));
  if (const auto size = number_at(body, "largestBody"))
    state_.largest_body = static_cast<std::size_t>(std::max<std::int64_t>(*size, 0));
  if (body.contains("forgetDocuments")) state_.documents.clear();
  return json::value(json::object{{"broker", !state_.broker.url().empty()},
                                  {"documentFailures", state_.document_failures},
                                  {"largestBody", state_.largest_body},
                                  {"documents", state_.documents.size()}});
}

fiks_control::outcome fiks_control::add_account(const json::object& body) {
  if (state_.accounts.size() >= max_fiks_accounts) return invalid("there are too many accounts");
  fiks_account made;
  made.organisation = text_at(body, "organisation");
  if (made.organisation.empty()) return invalid("organisation: nine digits are needed");
  made.id = to_lower(given(body, "accountId", random_.uuid()));
  const auto* known = known_.find(made.organisation);
  made.name = given(body, "name", known ? known->name : "Konto " + made.organisation);
  if (const auto* peer = body.if_contains("peer"); peer && peer->is_bool() && peer->get_bool()) {
    const auto now = time_.now();
    KP_TRY(made.peer, ca_.issue({made.organisation, made.name, seid_profile::v2}, now - peer_slack,
                                now + peer_life));
    made.key = made.peer->certificate;
  } else if (known) {
    made.key = known->certificate;
  }
  if (body.contains("certificate")) {
    made.key = certificate::from_pem(text_at(body, "certificate"));
    if (!made.key) return invalid("certificate: this is no PEM");
  }
  set(made.receives, body, "receives");
  set(made.types, body, "types");
  set(made.accepted, body, "accepted");
  fiks_integration integration;
  integration.id = to_lower(given(body, "integrationId", random_.uuid()));
  if (const auto before = state_.integrations.find(integration.id);
      before != state_.integrations.end())
    integration = before->second;
  else
    integration.password = given(body, "integrationPassword", random_.uuid());
  integration.organisation = made.organisation;
  made.integration = integration.id;
  if (!state_.broker.url().empty()) KP_CHECK(state_.broker.declare(fiks_queue_of(made.id)));
  auto answer = shown(made);
  answer["integrationPassword"] = integration.password;
  state_.integrations.insert_or_assign(integration.id, integration);
  const auto id = made.id;
  state_.accounts.insert_or_assign(id, std::move(made));
  return json::value(std::move(answer));
}

fiks_control::outcome fiks_control::change_account(std::string_view id, const json::object& body) {
  auto* found = state_.find(id);
  if (!found) return permanent(sandbox_errc::not_found, "no such account");
  set(found->receives, body, "receives");
  set(found->sends, body, "sends");
  set(found->key_is_valid, body, "keyIsValid");
  set(found->types, body, "types");
  set(found->accepted, body, "accepted");
  if (body.contains("integrationPassword"))
    state_.integrations[found->integration].password = text_at(body, "integrationPassword");
  if (const auto* fresh = body.if_contains("newKey"); fresh && found->peer) {
    const auto now = time_.now();
    KP_TRY(found->peer, ca_.issue({found->organisation, found->name, seid_profile::v2},
                                  now - peer_slack, now + peer_life));
    found->key = found->peer->certificate;
  }
  if (body.contains("certificate"))
    found->key = certificate::from_pem(text_at(body, "certificate"));
  return json::value(shown(*found));
}

fiks_control::outcome fiks_control::accounts() {
  json::array out;
  for (const auto& [id, each] : state_.accounts) out.push_back(shown(each));
  return json::value(std::move(out));
}

fiks_control::outcome fiks_control::look(std::string_view id) {
  KP_TRY(const auto found, state_.broker.look(fiks_queue_of(id)));
  return json::value(json::object{{"messages", found.messages}, {"consumers", found.consumers}});
}

// What was sent, opened where the receiver is a peer.
fiks_control::outcome fiks_control::sent(const request& call) const {
  const auto client = call.parameter("klientMeldingId");
  json::array out;
  for (const auto& each : state_.sent) {
    const auto* headers = object_at(each.metadata, "headere");
    if (client && (!headers || text_at(*headers, "klientMeldingId") != *client)) continue;
    json::object one{{"id", each.id},
                     {"metadata", each.metadata},
                     {"bytes", each.payload.size()},
                     {"at", format_timestamp(each.at)}};
    const auto* to = state_.find(to_lower(text_at(each.metadata, "mottakerKontoId")));
    if (to && to->peer && !each.payload.empty()) {
      const auto opened = open_fiks_content(each.payload, *to->peer);
      if (!opened) {
        one["problem"] = opened.error().message;
      } else {
        json::array files, entries;
        for (const auto& [name, bytes] : opened->files)
          files.push_back(
              {{"name", name}, {"size", bytes.size()}, {"sha256", to_hex(sha256(bytes))}});
        for (const auto& name : opened->entries) entries.emplace_back(name);
        one["files"] = std::move(files);
        one["entries"] = std::move(entries);
        one["signer"] = opened->signer.value_or("");
        one["root"] = opened->root;
      }
    }
    out.push_back(std::move(one));
  }
  return json::value(std::move(out));
}

// A message of a peer, as its client would send it.
fiks_control::outcome fiks_control::send_as_peer(const json::object& body) {
  const auto* from = state_.find(to_lower(text_at(body, "from")));
  const auto* to = state_.find(to_lower(text_at(body, "to")));
  if (!from || !from->peer) return invalid("from: an account of a peer is needed");
  if (!to) return invalid("to: an account is needed");
  const auto style = parse_fiks_style(text_at(body, "style"));
  if (!style) return invalid("style: java, dotnet or dotnet-unsigned");
  fiks_state::mail mail;
  mail.type = text_at(body, "type");
  if (mail.type.empty()) return invalid("type is needed");
  mail.from = from->id;
  mail.from_name = from->name;
  mail.to = to->id;
  if (body.contains("replyTo")) mail.reply_to = text_at(body, "replyTo");
  if (body.contains("replyToType")) mail.reply_to_type = text_at(body, "replyToType");
  if (const auto* headers = object_at(body, "headers")) mail.headers = *headers;
  if (const auto ttl = number_at(body, "ttl")) mail.ttl = std::chrono::milliseconds(*ttl);
  set(mail.as_document, body, "asDocument");
  if (body.contains("content")) {
    auto bytes = from_base64(text_at(body, "content"));
    if (!bytes) return invalid("content: this is no Base64");
    mail.body = *std::move(bytes);
  } else {
    KP_TRY(const auto files, files_of(body));
    auto recipient = to->key;
    if (body.contains("encryptTo")) recipient = certificate::from_pem(text_at(body, "encryptTo"));
    if (!files.empty()) {
      if (!recipient) return invalid("to: the account has no key");
      KP_TRY(auto plain, make_fiks_container(files, *style, *from->peer, random_.uuid()));
      if (body.contains("tampered")) {
        KP_TRY(auto entries, read_zip(plain, max_container));
        for (auto& [name, bytes] : entries)
          if (name == files.front().first) bytes += "!";
        KP_TRY(plain, make_zip(entries));
      }
      KP_TRY(mail.body, seal_for_account(plain, *style, *recipient));
    }
  }
  const auto copies = number_at(body, "copies").value_or(1);
  if (copies < 1 || copies > most_copies) return invalid("copies: 1 to 1000");
  json::array ids;
  for (std::int64_t i = 0; i < copies; ++i) {
    mail.id = copies == 1 ? given(body, "id", random_.uuid()) : random_.uuid();
    const auto posted = state_.post(mail);
    if (!posted) return posted.error();
    ids.emplace_back(mail.id);
  }
  const auto first = ids.front();
  return json::value(json::object{{"id", first}, {"ids", std::move(ids)}});
}

// Anything at all.
fiks_control::outcome fiks_control::deliver(const json::object& body) {
  fiks_delivery raw;
  raw.queue = fiks_queue_of(text_at(body, "to"));
  if (const auto* headers = object_at(body, "headers")) raw.headers = *headers;
  raw.expiration = text_at(body, "expiration");
  if (body.contains("base64")) {
    auto bytes = from_base64(text_at(body, "base64"));
    if (!bytes) return invalid("base64: this is none");
    raw.body = *std::move(bytes);
  }
  KP_CHECK(state_.broker.publish(raw));
  return json::value(json::object{});
}

// What FIKS IO tells the sender of a message.
fiks_control::outcome fiks_control::tell(const json::object& body) {
  const auto about = text_at(body, "about"), kind = text_at(body, "kind");
  if (kind != "expired" && kind != "failed") return invalid("kind: expired or failed");
  for (const auto& each : state_.sent) {
    if (each.id != about) continue;
    const auto sender = to_lower(text_at(each.metadata, "avsenderKontoId"));
    fiks_delivery notice;
    notice.queue = fiks_queue_of(sender);
    const auto id = random_.uuid();
    notice.headers = {{"melding-id", id},
                      {"type", kind == "expired" ? "no.ks.fiks.kvittering.tidsavbrudd"
                                                 : "no.ks.fiks.kvittering.serverfeil.v1"},
                      {"avsender-id", sender},
                      {"svar-til", each.id},
                      {"svar-til-type", text_at(each.metadata, "meldingType")}};
    KP_CHECK(state_.broker.publish(notice));
    return json::value(json::object{{"id", id}});
  }
  return permanent(sandbox_errc::not_found, "about: nothing was sent with this id");
}

// Takes what waits for a peer, so that its queue is empty again.
fiks_control::outcome fiks_control::take(const json::object& body) {
  KP_TRY(const auto taken, state_.broker.take(fiks_queue_of(text_at(body, "account"))));
  if (!taken) return json::value(nullptr);
  return json::value(json::object{{"headers", taken->headers},
                                  {"expiration", taken->expiration},
                                  {"bytes", taken->body.size()},
                                 {"redelivered", taken->redelivered}});
}

}  // namespace kp::sandbox
