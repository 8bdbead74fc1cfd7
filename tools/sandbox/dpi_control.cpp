#include "tools/sandbox/dpi_control.hpp"

#include "config/text.hpp"
#include "tools/sandbox/answers.hpp"
#include "tools/sandbox/sandbox_error.hpp"

#include <algorithm>
#include <array>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 3> statuses{"OPPRETTET", "SENDT", "FEILET"};
constexpr std::array<std::string_view, 6> receipt_types{
    "leveringskvittering", "aapningskvittering",  "varslingfeiletkvittering",
    "mottakskvittering",   "returpostkvittering", "feil"};

error invalid(std::string what) {
  return permanent(sandbox_errc::invalid_request, std::move(what));
}

bool flag(const json::object& body, std::string_view name, bool otherwise = false) {
  const auto* value = body.if_contains(name);
  return value && value->is_bool() ? value->get_bool() : otherwise;
}

template <class All>
result<void> check(const std::vector<std::string>& list, const All& known, const char* what) {
  for (const auto& each : list)
    if (std::ranges::find(known, each) == known.end())
      return invalid(std::string(what) + ": \"" + each + "\" is not known");
  return {};
}

json::value describe(const shipment& one) {
  json::array files, events, faults;
  for (const auto& [name, size] : one.files)
    files.push_back(json::object{{"name", name}, {"size", size}});
  for (const auto& event : one.statuses) events.emplace_back(event.status);
  for (const auto& fault : one.faults) faults.emplace_back(fault);
  return json::object{{"id", one.id},
                      {"conversationId", one.conversation},
                      {"type", one.type},
                      {"account", one.account},
                      {"consumer", one.consumer},
                      {"channel", one.channel},
                      {"receiver", one.receiver},
                      {"mailbox", one.mailbox},
                      {"document", one.document},
                      {"manifest", one.manifest},
                      {"files", std::move(files)},
                      {"faults", std::move(faults)},
                      {"statuses", std::move(events)}};
}

json::value describe(const dpi_receipt& one) {
  return json::object{{"id", one.id},           {"type", one.type},
                      {"account", one.account}, {"conversationId", one.conversation},
                      {"channel", one.channel}, {"read", one.read}};
}

result<json::value> add_receipts(dpi_state& state, const json::object& body) {
  const auto* of = state.find(text_at(body, "messageId"));
  if (!of) return permanent(sandbox_errc::not_found, "messageId: no such shipment");
  receipt_form form;
  if (body.contains("type")) form.type = text_at(body, "type");
  KP_CHECK(check({form.type}, receipt_types, "type"));
  const auto bits = number_at(body, "bits").value_or(512);
  if (bits != 256 && bits != 384 && bits != 512) return invalid("bits: 256, 384 or 512");
  form.bits = static_cast<unsigned>(bits);
  form.stray = flag(body, "stray");
  form.second = flag(body, "secondCertificate");
  form.wrong_signature = flag(body, "wrongSignature");
  form.invalid = flag(body, "invalid");
  form.conversation = text_at(body, "conversationId");
  form.text = text_at(body, "text");
  json::array ids;
  std::string signer;
  const auto copies = std::clamp<std::int64_t>(number_at(body, "copies").value_or(1), 1, 1000);
  for (std::int64_t i = 0; i < copies; ++i) {
    KP_TRY(const auto* made, state.add_receipt(*of, form));
    ids.emplace_back(made->id);
    signer = made->signer;
  }
  return json::value(json::object{{"ids", std::move(ids)}, {"signer", signer}});
}

result<json::value> add_status(dpi_state& state, const sandbox_clock& time,
                               const json::object& body) {
  auto* of = state.find(text_at(body, "messageId"));
  if (!of) return permanent(sandbox_errc::not_found, "messageId: no such shipment");
  const auto status = text_at(body, "status");
  KP_CHECK(check({status}, statuses, "status"));
  of->statuses.push_back({status, time.now(), text_at(body, "text")});
  return describe(*of);
}

result<json::value> add_rule(dpi_state& state, const json::object& body) {
  dpi_rule made;
  made.mailbox = text_at(body, "mailbox");
  made.title = text_at(body, "title");
  if (body.contains("statuses")) made.statuses = texts_at(body, "statuses");
  made.receipts = texts_at(body, "receipts");
  KP_CHECK(check(made.statuses, statuses, "statuses"));
  KP_CHECK(check(made.receipts, receipt_types, "receipts"));
  state.rules.push_back(std::move(made));
  return json::value(json::object{});
}

result<json::value> settings(dpi_state& state, const json::object& body) {
  state.enforce_channel_length = flag(body, "enforceChannelLength", state.enforce_channel_length);
  const auto unknown = number_at(body, "unknownStatus").value_or(state.unknown_status);
  if (unknown != 200 && unknown != 204 && unknown != 404)
    return invalid("unknownStatus: 200, 204 or 404");
  state.unknown_status = static_cast<unsigned>(unknown);
  return json::value(json::object{{"enforceChannelLength", state.enforce_channel_length},
                                  {"unknownStatus", state.unknown_status}});
}

}  // namespace

result<json::value> control_dpi(dpi_state& state, const sandbox_clock& time, const request& call,
                                std::string_view path, const json::object& body) {
  const bool get = call.method == "GET", post = call.method == "POST";
  if (path.empty() && (get || post)) return settings(state, body);
  if (path.empty() && call.method == "DELETE") {
    state.clear();
    return json::value(json::object{});
  }
  if (path == "/shipments" && get) {
    json::array list;
    for (const auto* each : state.shipments()) list.push_back(describe(*each));
    return json::value(std::move(list));
  }
  if (path == "/receipts" && get) {
    json::array list;
    for (const auto& each : state.receipts()) list.push_back(describe(each));
    return json::value(std::move(list));
  }
  if (path == "/receipts" && post) return add_receipts(state, body);
  if (path == "/statuses" && post) return add_status(state, time, body);
  if (path == "/rules" && post) return add_rule(state, body);
  return permanent(sandbox_errc::not_found, "no such control path: /dpi" + std::string(path));
}

}  // namespace kp::sandbox
