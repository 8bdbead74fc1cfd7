#include "tools/sandbox/initialize_body.hpp"

#include "config/text.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include <algorithm>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

constexpr std::string_view resource_prefix = "urn:altinn:resource:";
constexpr std::string_view organisation_prefix = "urn:altinn:organization:identifier-no:";
constexpr std::size_t max_properties = 10, max_key = 50, max_value = 3000;

bool digits(std::string_view text, std::size_t count) {
  return text.size() == count &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

class reader {
 public:
  explicit reader(const json::object& from) : from_(from) {}
  json::object errors;

  void complain(std::string_view field, std::string sentence) {
    auto& list = errors[field];
    if (!list.is_array()) list = json::array();
    list.as_array().emplace_back(std::move(sentence));
  }

  // A required text of 1 to `longest` characters. `name` is the JSON name, `field` the model's.
  std::string text(std::string_view name, std::string_view field, std::size_t longest) {
    const auto* value = from_.if_contains(name);
    if (!value || value->is_null()) {
      complain(field, fmt::format("The {} field is required.", field));
    } else if (!value->is_string()) {
      complain(fmt::format("$.{}", name),
               "The JSON value could not be converted to System.String.");
    } else {
      std::string found(value->get_string());
      if (!found.empty() && found.size() <= longest) return found;
      complain(field, fmt::format("The field {} must be a string with a minimum length of 1 and a "
                                  "maximum length of {}.",
                                  field, longest));
    }
    return {};
  }

  void recipients(transfer& to) {
    const auto* value = from_.if_contains("recipients");
    const auto* list = value ? value->if_array() : nullptr;
    if (!list) return complain("Recipients", "The Recipients field is required.");
    if (list->empty()) return complain("Recipients", "One or more recipients are required");
    for (const auto& each : *list) {
      const auto number = each.is_string() ? organisation_in(each.get_string()) : std::nullopt;
      if (!number)
        return complain(
            "Recipients",
            "Each recipient should be on the form countrycode:organizationnumber (e.g. "
            "0192:910753614) or urn:altinn:organization:identifier-no:organizationnumber");
      if (to.find(*number)) continue;
      recipient added;
      added.organisation = *number;
      to.recipients.push_back(std::move(added));
    }
  }

  void properties(transfer& to) {
    const auto* value = from_.if_contains("propertyList");
    if (!value) return;
    if (value->is_null()) return complain("PropertyList", "The PropertyList field is required.");
    const auto* map = value->if_object();
    if (!map) return complain("PropertyList", "PropertyList Object is not of proper type");
    if (map->size() > max_properties)
      return complain("PropertyList", "PropertyList can contain at most 10 properties");
    for (const auto& property : *map) {
      if (!property.value().is_string())
        return complain("$.propertyList",
                        "The JSON value could not be converted to System.String.");
      if (property.key().size() > max_key || property.value().get_string().size() > max_value)
        return complain("PropertyList",
                        "PropertyList Key can not be longer than 50, nor Value "
                        "longer than 3000");
    }
    to.properties = *map;
  }

  void checksum(transfer& to) {
    const auto* value = from_.if_contains("checksum");
    if (!value || value->is_null()) return;
    if (!value->is_string())
      return complain("$.checksum", "The JSON value could not be converted to System.String.");
    const std::string found(value->get_string());
    if (trim(found).empty()) return;
    if (found.size() != 32)
      return complain("Checksum",
                      "The checksum, if used, must be a MD5 hash with a length of 32 characters");
    if (to_lower(found) != found)
      return complain("Checksum", "The checksum, if used, must be a MD5 hash in lower case");
    to.checksum = found;
  }

  void virus_scan(transfer& to) {
    const auto* value = from_.if_contains("disableVirusScan");
    if (!value || value->is_null()) return;
    if (!value->is_bool())
      return complain("$.disableVirusScan",
                      "The JSON value could not be converted to System.Boolean.");
    to.virus_scan = !value->get_bool();
  }

 private:
  const json::object& from_;
};

}  // namespace

initialize_reading read_initialize(std::string_view body) {
  initialize_reading out;
  boost::system::error_code ec;
  auto value = json::parse(body, ec);
  if (ec || !value.is_object()) {
    out.errors["$"] = json::array{"The JSON value could not be converted to a file transfer."};
    return out;
  }
  reader from(value.get_object());
  auto& made = out.made;
  made.file_name = from.text("fileName", "FileName", 255);
  const auto resource = from.text("resourceId", "ResourceId", 255);
  made.resource = resource_in(resource);
  if (!resource.empty() && (made.resource.empty() || made.resource.find(':') != std::string::npos))
    from.complain("ResourceId", "Invalid Resource identifier format");
  made.reference = from.text("sendersFileTransferReference", "SendersFileTransferReference", 4096);
  if (const auto sender = from.text("sender", "Sender", 255); !sender.empty()) {
    if (auto number = organisation_in(sender))
      made.sender = *std::move(number);
    else
      from.complain(
          "Sender",
          "Organization numbers should be on the form countrycode:organizationnumber (e.g. "
          "0192:910753614) or urn:altinn:organization:identifier-no:organizationnumber");
  }
  from.recipients(made);
  from.properties(made);
  from.checksum(made);
  from.virus_scan(made);
  out.errors = std::move(from.errors);
  made.initialize_body = std::move(value);
  return out;
}

std::optional<std::string> organisation_in(std::string_view identifier) {
  if (identifier.starts_with(organisation_prefix))
    identifier.remove_prefix(organisation_prefix.size());
  else if (identifier.size() == 14 && digits(identifier.substr(0, 4), 4) && identifier[4] == ':')
    identifier.remove_prefix(5);
  else
    return {};
  if (!digits(identifier, 9)) return {};
  return std::string(identifier);
}

std::string resource_in(std::string_view identifier) {
  if (identifier.starts_with(resource_prefix)) identifier.remove_prefix(resource_prefix.size());
  return std::string(identifier);
}

}  // namespace kp::sandbox
