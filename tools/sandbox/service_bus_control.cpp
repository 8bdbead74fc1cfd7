#include "tools/sandbox/service_bus_control.hpp"

#include "config/text.hpp"
#include "tools/sandbox/answers.hpp"
#include "tools/sandbox/jwt.hpp"
#include "tools/sandbox/sandbox_error.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

constexpr std::int64_t most_copies = 1'000;
constexpr std::string_view default_type = "application/octet-stream";

error invalid(std::string what) {
  return permanent(sandbox_errc::invalid_request, std::move(what));
}

struct message_kind {
  std::string_view type, standard, process;
};
constexpr message_kind kinds[]{
    {"publisering", "urn:no:difi:einnsyn:xsd::publisering",
     "urn:no:difi:profile:einnsyn:journalpost:ver1.0"},
    {"innsynskrav", "urn:no:difi:einnsyn:xsd::innsynskrav",
     "urn:no:difi:profile:einnsyn:innsynskrav:ver1.0"},
    {"einnsyn_kvittering", "urn:no:difi:einnsyn:xsd::einnsyn_kvittering",
     "urn:no:difi:profile:einnsyn:response:ver1.0"},
    {"status", "urn:no:difi:eformidling:xsd::status",
     "urn:no:difi:profile:einnsyn:response:ver1.0"},
};

json::array partner(const std::string& number) {
  return {json::object{
      {"identifier", {{"value", "0192:" + number}, {"authority", "iso6523-actorid-upis"}}}}};
}

std::string given(const json::object& body, std::string_view name, std::string otherwise) {
  return body.contains(name) ? text_at(body, name) : std::move(otherwise);
}

json::object shown(const bus_message& message, time_point now) {
  json::object out{{"messageId", message.id},
                   {"sequence", message.sequence},
                   {"contentType", message.content_type},
                   {"deliveries", message.deliveries},
                   {"locked", !message.lock.empty() && message.locked_until > now},
                   {"bytes", message.body->size()}};
  if (!message.reason.empty()) out["reason"] = message.reason;
  boost::system::error_code failed;
  const auto value = json::parse(*message.body, failed);
  if (!failed && value.is_object())
    if (const auto* sbd = value.get_object().if_contains("sbd")) out["sbd"] = *sbd;
  return out;
}

result<issued_certificate> keys_of(const json::object& body) {
  const auto* store = object_at(body, "keystore");
  if (!store) return invalid("keystore: {base64, password}, as registering answered it");
  const auto der = from_base64(text_at(*store, "base64"));
  if (!der) return invalid("keystore: base64 is none");
  return open_keystore_file(*der, text_at(*store, "password"));
}

}  // namespace

service_bus_control::outcome service_bus_control::answer(const request& call, std::string_view path,
                                                         const json::object& body) {
  constexpr std::string_view prefix = "/servicebus";
  path.remove_prefix(prefix.size());
  const bool get = call.method == "GET", post = call.method == "POST";
  if (path.empty() && (get || post)) return settings(body);
  if (path == "/rotate" && post) {
    state_.rotate_key();
    return json::value(json::object{{"key", state_.key()}});
  }
  if (path == "/queues" && get) return queues();
  constexpr std::string_view one = "/queues/";
  if (path.starts_with(one) && get) return messages(path.substr(one.size()));
  if (path == "/queues" && post) {
    const auto name = text_at(body, "name");
    if (name.empty()) return invalid("name: of the queue");
    state_.declare(name);
    return json::value(json::object{});
  }
  if (path == "/messages" && post) return put(body);
  if (path == "/compose" && post) return compose(body);
  if (path == "/take" && post) return take(body);
  if (path == "/journal" && get) return json::value(http_.journal());
  if (path == "/journal" && call.method == "DELETE") {
    http_.clear_journal();
    return json::value(json::object{});
  }
  return permanent(sandbox_errc::not_found,
                   fmt::format("{} /control/servicebus{} is no control call", call.method, path));
}

service_bus_control::outcome service_bus_control::settings(const json::object& body) {
  auto& now = state_.settings;
  const auto at_least = [](std::int64_t value, std::int64_t least) {
    return std::max(value, least);
  };
  if (const auto ms = number_at(body, "lockMs"))
    now.lock = std::chrono::milliseconds(at_least(*ms, 1));
  if (const auto count = number_at(body, "maxDeliveryCount"))
    now.max_deliveries = static_cast<std::uint32_t>(std::clamp<std::int64_t>(*count, 1, 1000));
  if (const auto bytes = number_at(body, "maxBytes"))
    now.max_bytes = static_cast<std::size_t>(at_least(*bytes, 0));
  if (const auto seconds = number_at(body, "skewSeconds"))
    now.skew = std::chrono::seconds(at_least(*seconds, 0));
  if (const auto ms = number_at(body, "waitMs"))
    now.wait = std::chrono::milliseconds(std::clamp<std::int64_t>(*ms, 0, 60'000));
  if (const auto status = number_at(body, "undeclared")) {
    if (*status != 404 && *status != 410) return invalid("undeclared: 404 or 410");
    now.undeclared = static_cast<unsigned>(*status);
  }
  return json::value(json::object{{"keyName", state_.key_name()},
                                  {"key", state_.key()},
                                  {"lockMs", now.lock.count()},
                                  {"maxDeliveryCount", now.max_deliveries},
                                  {"maxBytes", now.max_bytes},
                                  {"skewSeconds", now.skew.count()},
                                  {"waitMs", now.wait.count()},
                                  {"undeclared", now.undeclared},
                                  {"amqp", http_.amqp_url},
                                  {"amqps", http_.amqp_tls_url}});
}

service_bus_control::outcome service_bus_control::queues() {
  json::array out;
  for (const auto& [name, queue] : state_.queues())
    out.push_back(
        {{"name", name}, {"messages", queue.messages.size()}, {"dead", queue.dead.size()}});
  return json::value(std::move(out));
}

service_bus_control::outcome service_bus_control::messages(std::string_view name) {
  const auto queue = to_lower(name);
  if (!state_.is_there(queue))
    return permanent(sandbox_errc::not_found, fmt::format("there is no queue {}", queue));
  json::array waiting, dead;
  if (const auto found = state_.queues().find(queue); found != state_.queues().end()) {
    for (const auto& each : found->second.messages) waiting.push_back(shown(each, time_.now()));
    for (const auto& each : found->second.dead) dead.push_back(shown(each, time_.now()));
  }
  return json::value(json::object{{"messages", std::move(waiting)}, {"dead", std::move(dead)}});
}

service_bus_control::outcome service_bus_control::place(const std::string& queue,
                                                        const std::string& bytes,
                                                        std::int64_t copies) {
  if (copies < 1 || copies > most_copies)
    return invalid(fmt::format("copies: 1 to {}", most_copies));
  json::array ids;
  for (std::int64_t i = 0; i < copies; ++i) {
    const auto sent = state_.send(queue, bytes, std::string(default_type));
    if (!sent) return invalid(fmt::format("the queue {} does not take it", queue));
    ids.emplace_back((*sent)->id);
  }
  return json::value(json::object{{"queue", queue}, {"messageIds", std::move(ids)}});
}

service_bus_control::outcome service_bus_control::put(const json::object& body) {
  std::string bytes = text_at(body, "text");
  if (const auto* value = body.if_contains("json")) bytes = json::serialize(*value);
  if (body.contains("base64")) {
    const auto decoded = from_base64(text_at(body, "base64"));
    if (!decoded) return invalid("base64: this is none");
    bytes = *decoded;
  }
  return place(to_lower(text_at(body, "queue")), bytes, number_at(body, "copies").value_or(1));
}

result<std::string> service_bus_control::sealed(const json::object& body, const std::string& sender,
                                                const std::string& receiver) {
  const auto* list = array_at(body, "files");
  if (!list || list->empty()) return std::string();
  named_files files;
  for (const auto& each : *list) {
    const auto* file = each.if_object();
    if (!file) return invalid("files: each is an object");
    if (!file->contains("base64")) {
      files.emplace_back(text_at(*file, "name"), text_at(*file, "text"));
      continue;
    }
    auto bytes = from_base64(text_at(*file, "base64"));
    if (!bytes) return invalid("files: base64 is none");
    files.emplace_back(text_at(*file, "name"), *std::move(bytes));
  }
  const auto* to = known_.find(receiver);
  if (!to) return invalid("receiver: its certificate is not known; register it");
  const auto now = time_.now();
  KP_TRY(const auto signer, ca_.issue({sender, "Sandbox peer"}, now - std::chrono::hours(1),
                                      now + std::chrono::hours(24)));
  KP_TRY(const auto cms,
         seal_files(files, sender, receiver, signer, *to->certificate, random_.uuid()));
  return to_base64(to_base64(cms));
}

service_bus_control::outcome service_bus_control::compose(const json::object& body) {
  const auto type = text_at(body, "type");
  const auto kind = std::ranges::find(kinds, type, &message_kind::type);
  if (kind == std::end(kinds))
    return invalid("type: publisering, innsynskrav, einnsyn_kvittering or status");
  const auto sender = text_at(body, "sender"), receiver = text_at(body, "receiver");
  const auto* message = object_at(body, "body");
  if (sender.empty() || receiver.empty() || !message)
    return invalid("sender, receiver (nine digits) and body are needed");
  const auto lives = std::chrono::seconds(number_at(body, "livesSeconds").value_or(24 * 3600));
  const auto id = given(body, "messageId", random_.uuid());
  json::object scope{
      {"type", "ConversationId"},
      {"instanceIdentifier", given(body, "conversationId", id)},
      {"identifier", given(body, "process", std::string(kind->process))},
      {"scopeInformation", json::array{json::object{
                               {"expectedResponseDateTime", utc_timestamp(time_.now() + lives)}}}}};
  json::array scopes;
  scopes.emplace_back(std::move(scope));
  if (const auto channel = text_at(body, "messageChannel"); !channel.empty())
    scopes.push_back({{"type", "MessageChannel"}, {"identifier", channel}});
  json::object header{{"headerVersion", "1.0"},
                      {"sender", partner(sender)},
                      {"receiver", partner(receiver)},
                      {"documentIdentification",
                       {{"standard", given(body, "standard", std::string(kind->standard))},
                        {"typeVersion", "2.0"},
                        {"instanceIdentifier", id},
                        {"type", type},
                        {"creationDateAndTime", utc_timestamp(time_.now())}}},
                      {"businessScope", {{"scope", std::move(scopes)}}}};
  json::object sbd;
  sbd["standardBusinessDocumentHeader"] = std::move(header);
  sbd[type] = *message;
  json::object payload;
  payload["sbd"] = std::move(sbd);
  KP_TRY(const auto asic, sealed(body, sender, receiver));
  if (!asic.empty()) payload["asic"] = asic;
  const auto queue = given(body, "queue", "nextbestqueue" + receiver + "innsyn");
  KP_TRY(auto placed,
         place(to_lower(queue), json::serialize(payload), number_at(body, "copies").value_or(1)));
  placed.get_object()["messageId"] = id;
  return placed;
}

// Reads one message as its receiver does: out of the queue, decrypted and verified.
service_bus_control::outcome service_bus_control::take(const json::object& body) {
  const auto queue = to_lower(text_at(body, "queue"));
  const auto* found = state_.find(queue, text_at(body, "brokerId"));
  if (!found) return permanent(sandbox_errc::not_found, "there is no such message in " + queue);
  boost::system::error_code failed;
  const auto value = json::parse(*found->body, failed);
  if (failed || !value.is_object()) return invalid("the message is no JSON object");
  json::object out{{"sbd", value.get_object().contains("sbd") ? value.at("sbd") : nullptr},
                   {"members", value.get_object().size()}};
  if (const auto* asic = value.get_object().if_contains("asic"); asic && asic->is_string()) {
    const auto once = from_base64(std::string_view(asic->get_string()));
    const auto cms = once ? from_base64(*once) : std::nullopt;
    if (!cms) return invalid("asic is no base64 of base64");
    KP_TRY(const auto keys, keys_of(body));
    KP_TRY(const auto opened, open_container(*cms, keys));
    json::array files;
    for (const auto& [name, bytes] : opened.files)
      files.push_back({{"name", name}, {"base64", to_base64(bytes)}});
    out["files"] = std::move(files);
    out["signer"] = opened.signer.value_or("");
    out["keyTransport"] = opened.key_transport;
  }
  const auto taken = state_.receive(queue);
  if (taken && *taken && *taken == found) {
    const auto id = found->id, lock = found->lock;
    [[maybe_unused]] const auto gone = state_.complete(queue, id, lock);
  }
  return json::value(std::move(out));
}

}  // namespace kp::sandbox
