#include "protocol/dph/answers.hpp"

#include "config/log.hpp"
#include "config/text.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <array>

namespace kp::dph {

namespace json = boost::json;

namespace {

constexpr std::size_t longest_text = 500;

// Code list 8221 but for X99 and Ukjent, which tell nothing, and S01 to S03: what does not open or
// verify may be cured by another key (dph.md 4.2).
constexpr std::array<std::string_view, 14> content_codes{"E10", "E20", "E21", "E30", "E31",
                                                         "E32", "E35", "E36", "E53", "E54",
                                                         "T01", "T02", "T10", "T99"};

constexpr std::array receipt_names{
    std::pair{receipt_state::ok, std::string_view("OK")},
    std::pair{receipt_state::rejected, std::string_view("REJECTED")},
    std::pair{receipt_state::error_in_part, std::string_view("OK_ERROR_IN_MESSAGE_PART")}};

error bad_answer(std::string_view what) {
  return transient(dph_errc::bad_answer,
                   fmt::format("DPH {}: the answer is not the JSON it should be", what));
}

std::optional<json::array> list_in(std::string_view text) {
  boost::system::error_code failed;
  auto value = json::parse(text, failed);
  if (failed || !value.is_array()) return std::nullopt;
  return std::move(value.get_array());
}

std::string text_in(const json::object& of, std::string_view name) {
  const auto* found = of.if_contains(name);
  return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::int64_t number_in(const json::object& of, std::string_view name) {
  const auto* found = of.if_contains(name);
  return found && found->is_int64() ? found->get_int64() : 0;
}

std::optional<transport_state> parse_transport(std::string_view text) {
  if (text == "UNCONFIRMED") return transport_state::unconfirmed;
  if (text == "ACKNOWLEDGED") return transport_state::acknowledged;
  if (text == "REJECTED") return transport_state::rejected;
  return std::nullopt;
}

}  // namespace

std::optional<receipt_state> parse_receipt_state(std::string_view text) {
  for (const auto& [state, name] : receipt_names)
    if (name == text) return state;
  return std::nullopt;
}

std::string_view to_string(receipt_state state) {
  for (const auto& [each, name] : receipt_names)
    if (each == state) return name;
  return "";
}

result<std::vector<transport_status>> parse_statuses(std::string_view text) {
  const auto list = list_in(text);
  if (!list) return bad_answer("statuses");
  std::vector<transport_status> out;
  for (const auto& each : *list) {
    const auto* object = each.if_object();
    if (!object) return bad_answer("statuses");
    const auto transport = parse_transport(text_in(*object, "transportStatus"));
    if (!transport) continue;
    out.push_back({*transport, parse_receipt_state(text_in(*object, "apprecStatus"))});
  }
  return out;
}

result<std::vector<incoming>> parse_incoming(std::string_view text) {
  const auto list = list_in(text);
  if (!list) return bad_answer("list");
  std::vector<incoming> out;
  for (const auto& each : *list) {
    const auto* object = each.if_object();
    if (!object) return bad_answer("list");
    incoming one;
    one.id = text_in(*object, "id");
    one.receiver = number_in(*object, "receiverHerId");
    one.sender = number_in(*object, "senderHerId");
    one.document = text_in(*object, "businessDocumentId");
    const auto* receipt = object->if_contains("isAppRec");
    one.is_receipt = receipt && receipt->is_bool() && receipt->get_bool();
    if (!one.id.empty()) out.push_back(std::move(one));
  }
  return out;
}

api_error parse_api_error(std::string_view body) {
  api_error out;
  boost::system::error_code failed;
  const auto value = json::parse(body, failed);
  if (const auto* object = failed ? nullptr : value.if_object()) {
    if (auto code = text_in(*object, "errorCode"); !code.empty()) out.code = std::move(code);
    out.text = text_in(*object, "message");
  }
  if (out.text.size() > longest_text) out.text.resize(longest_text);
  while (!is_utf8(out.text)) out.text.pop_back();
  out.text = mask_person_numbers(out.text);
  return out;
}

bool is_about_content(std::string_view code) {
  return std::ranges::find(content_codes, code) != content_codes.end();
}

std::string document_request(std::string_view id) {
  return json::serialize(json::object{{"id", id}});
}

}  // namespace kp::dph
