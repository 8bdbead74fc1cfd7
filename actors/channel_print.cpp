#include "actors/channel_print.hpp"

#include "config/text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/string.hpp>

#include <array>

namespace kp::actors {

namespace json = boost::json;

namespace {

std::string_view text_in(const json::object& in, std::string_view name) {
  const auto* value = in.if_contains(name);
  if (!value || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

const json::object* object_in(const json::object& in, std::string_view name) {
  const auto* value = in.if_contains(name);
  return value ? value->if_object() : nullptr;
}

// The member as an object, made when it is not there.
json::object& made_in(json::object& in, std::string_view name) {
  auto& value = in[name];
  return value.is_object() ? value.get_object() : value.emplace_object();
}

void fill(json::object& in, std::string_view name, std::string_view value) {
  if (trim(text_in(in, name)).empty() && !value.empty()) in[name] = value;
}

// "Storgata 1; C/O Hansen": the lines of a street, of which an address has room for four.
void fill_lines(json::object& address, std::string_view street) {
  constexpr std::array<std::string_view, 4> lines{"adresselinje1", "adresselinje2", "adresselinje3",
                                                  "adresselinje4"};
  if (!text_in(address, lines.front()).empty() || street.empty()) return;
  for (const auto line : lines) {
    const auto at = street.find(';');
    address[line] = trim(street.substr(0, at));
    if (at == std::string_view::npos) return;
    street.remove_prefix(at + 1);
  }
}

void fill_address(json::object& address, const std::optional<registry::address>& known) {
  if (!known) return;
  fill(address, "navn", known->name);
  fill_lines(address, known->street);
  fill(address, "postnummer", known->postal_code);
  fill(address, "poststed", known->postal_area);
  fill(address, "land", known->country);
}

// A blank country is Norway, as it is when the letter is handed over (messages.md 11 no. 6).
bool is_norwegian(const json::object& address) {
  const auto country = trim(text_in(address, "land"));
  return country.empty() || equals_ignoring_case(country, "Norge") ||
         equals_ignoring_case(country, "Norway");
}

bool is_complete(const json::object* address) {
  if (!address || text_in(*address, "adresselinje1").empty()) return false;
  return !is_norwegian(*address) ||
         (!text_in(*address, "postnummer").empty() && !text_in(*address, "poststed").empty());
}

}  // namespace

void fill_in_print(sbd::document& document, const registry::service_record* record) {
  auto& message = document.business_message;
  if (!message.contains("utskriftsfarge")) message["utskriftsfarge"] = "SORT_HVIT";
  if (!message.contains("posttype")) message["posttype"] = "B_OEKONOMI";
  if (document.header.receiver.empty()) return;
  const bool has_return = message.contains("retur");
  const auto known = record ? *record : registry::service_record{};
  fill_address(made_in(message, "mottaker"), known.post_address);
  auto& back = made_in(message, "retur");
  if (!has_return) back["returhaandtering"] = "DIREKTE_RETUR";
  fill_address(made_in(back, "mottaker"), known.return_address);
}

judged<void> check_addresses(const sbd::document& document) {
  const auto* to = object_in(document.business_message, "mottaker");
  if (!to) return api::missing_address("mottaker");
  if (!is_complete(to)) return api::missing_address("mottaker.postnummer/poststed/adresselinje1");
  const auto* back = object_in(document.business_message, "retur");
  if (!back) return api::missing_address("retur");
  if (!is_complete(object_in(*back, "mottaker")))
    return api::missing_address("retur.postnummer/poststed/adresselinje1");
  return {};
}

}  // namespace kp::actors
