#include "tests/tools/system/api_contract.hpp"

#include "config/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/serialize.hpp>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include <algorithm>
#include <array>

namespace kp::test {

namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 8> methods{"GET",  "PUT",     "POST",  "DELETE",
                                                  "HEAD", "OPTIONS", "PATCH", "TRACE"};

struct common_answer {
  unsigned status;
  std::string_view name;
};
constexpr std::array said_to_any_method{
    common_answer{401, "Unauthorized"}, common_answer{405, "MethodNotAllowed"},
    common_answer{429, "TooManyRequests"}, common_answer{503, "Unavailable"}};

// Objects with named members take no others, except where they say what others are.
void close(json::value& schema) {
  if (auto* list = schema.if_array())
    for (auto& each : *list) close(each);
  auto* object = schema.if_object();
  if (!object) return;
  for (auto& [name, value] : *object) close(value);
  const auto* type = object->if_contains("type");
  if (type && type->is_string() && type->get_string() == "object" &&
      object->contains("properties") && !object->contains("additionalProperties"))
    (*object)["additionalProperties"] = false;
}

std::vector<std::string> segments(const std::string& path) {
  std::vector<std::string> parts(1);
  for (const char c : path.substr(0, path.find('?')))
    if (c == '/')
      parts.emplace_back();
    else
      parts.back() += c;
  return parts;
}

bool fits(const std::vector<std::string>& pattern, const std::vector<std::string>& parts) {
  if (pattern.size() != parts.size()) return false;
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (pattern[i].starts_with('{') ? parts[i].empty() : pattern[i] != parts[i]) return false;
  return true;
}

std::string media_type(const rest_answer& answer) {
  const auto found = answer.headers.find("content-type");
  if (found == answer.headers.end()) return {};
  return to_lower(trim(std::string_view(found->second).substr(0, found->second.find(';'))));
}

}  // namespace

api_contract::api_contract(json::value document)
    : document_(std::move(document)), closed_(document_.at("components")) {
  close(closed_);
}

api_contract::~api_contract() = default;

std::vector<api_contract::operation> api_contract::operations() const {
  std::vector<operation> all;
  for (const auto& [path, item] : document_.at("paths").as_object())
    for (const auto method : methods)
      if (item.as_object().contains(to_lower(method))) all.emplace_back(method, path);
  return all;
}

std::optional<std::string> api_contract::template_of(const std::string& path) const {
  const auto parts = segments(path);
  std::optional<std::string> best;
  for (const auto& [each, item] : document_.at("paths").as_object()) {
    const std::string pattern(each);
    if (!fits(segments(pattern), parts)) continue;
    if (!best || std::ranges::count(pattern, '{') < std::ranges::count(*best, '{')) best = pattern;
  }
  return best;
}

const json::value& api_contract::resolve(const json::value& value) const {
  const auto* reference = value.is_object() ? value.get_object().if_contains("$ref") : nullptr;
  if (!reference) return value;
  return document_.at_pointer(std::string_view(reference->as_string()).substr(1));
}

const json::object* api_contract::response_of(const operation& of, unsigned status) const {
  const auto& item = document_.at("paths").at(of.second).as_object();
  const auto* its = item.if_contains(to_lower(of.first));
  // What is said to methods that a path does not have is in the document once for all.
  if (!its) {
    const auto common = std::ranges::find(said_to_any_method, status, &common_answer::status);
    if (common == said_to_any_method.end()) return nullptr;
    return &document_.at("components").at("responses").at(common->name).as_object();
  }
  const auto* found = its->at("responses").as_object().if_contains(std::to_string(status));
  return found ? &resolve(*found).as_object() : nullptr;
}

std::vector<std::string> api_contract::judge(const std::string& method, const std::string& path,
                                             const rest_answer& answer) {
  const auto pattern = template_of(path);
  if (!pattern) return {fmt::format("{} is no path of the document", path)};
  const operation of{method, *pattern};
  seen_[of].insert(answer.status);
  const auto where = fmt::format("{} {} {}", method, *pattern, answer.status);
  const auto* response = response_of(of, answer.status);
  if (!response) return {fmt::format("{} is not in the document: {}", where, answer.body)};
  const auto* content = response->if_contains("content");
  if (!content || method == "HEAD")
    return answer.body.empty() ? std::vector<std::string>{}
                               : std::vector{fmt::format("{} has a body: {}", where, answer.body)};
  const auto type = media_type(answer);
  const auto* form = content->as_object().if_contains(type);
  if (!form) return {fmt::format("{} has the type \"{}\"", where, type)};
  const auto* reference = form->at("schema").as_object().if_contains("$ref");
  if (!reference) return {};
  const std::string_view name = reference->as_string();
  auto found = judge_value(std::string(name.substr(name.rfind('/') + 1)), answer.json());
  for (auto& each : found) each = fmt::format("{}: {}", where, each);
  return found;
}

std::vector<std::string> api_contract::judge_value(const std::string& name,
                                                   const json::value& value) {
  auto& schema = schemas_[name];
  if (!schema) {
    schema = std::make_unique<valijson::Schema>();
    json::object root;
    root["$ref"] = "#/components/schemas/" + name;
    root["components"] = closed_;
    const json::value whole(std::move(root));
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.populateSchema(valijson::adapters::BoostJsonAdapter(whole), *schema);
  }
  valijson::Validator validator(valijson::Validator::kStrongTypes);
  valijson::ValidationResults results;
  const valijson::adapters::BoostJsonAdapter target(value);
  if (validator.validate(*schema, target, &results)) return {};
  std::vector<std::string> lines;
  for (const auto& each : results)
    lines.push_back(fmt::format("{} {}", fmt::join(each.context, ""), each.description));
  lines.push_back("it was " + json::serialize(value).substr(0, 2000));
  return lines;
}

}  // namespace kp::test
