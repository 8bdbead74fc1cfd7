#include "tools/sandbox/dpi_schemas.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json.hpp>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include <map>
#include <memory>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

using published = std::map<std::string, json::value, std::less<>>;

// Only the identifier of a whole file is one; those inside are paths.
void drop_inner_ids(json::value& in, bool outermost) {
  if (auto* list = in.if_array())
    for (auto& each : *list) drop_inner_ids(each, false);
  auto* object = in.if_object();
  if (!object) return;
  if (!outermost) object->erase("$id");
  for (auto& [name, member] : *object) drop_inner_ids(member, false);
}

json::value read(std::string_view text) {
  auto value = json::parse(text);
  drop_inner_ids(value, true);
  return value;
}

const published& shared_files() {
  static const published all{
      {"https://docs.digdir.no/schemas/common/sbdh.schema.json", read(dpi_schema_texts::sbdh())},
      {"https://docs.digdir.no/schemas/dpi/commons.schema.json",
       read(dpi_schema_texts::commons())}};
  return all;
}

const json::value* fetch(const std::string& url) {
  const auto at = shared_files().find(url);
  return at == shared_files().end() ? nullptr : &at->second;
}

std::unique_ptr<valijson::Schema> compile(std::string_view text) {
  auto made = std::make_unique<valijson::Schema>();
  const auto document = read(text);
  valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
  parser.populateSchema(valijson::adapters::BoostJsonAdapter(document), *made, &fetch,
                        [](const json::value*) {});
  return made;
}

}  // namespace

std::vector<std::string> judge_document(std::string_view type, const json::value& document) {
  static const std::map<std::string_view, std::unique_ptr<valijson::Schema>> schemas = [] {
    std::map<std::string_view, std::unique_ptr<valijson::Schema>> all;
    all["digital"] = compile(dpi_schema_texts::digital());
    all["utskrift"] = compile(dpi_schema_texts::utskrift());
    return all;
  }();
  const auto schema = schemas.find(type);
  if (schema == schemas.end()) return {"the type is neither digital nor utskrift"};
  valijson::Validator validator(valijson::Validator::kStrongTypes);
  valijson::ValidationResults results;
  const valijson::adapters::BoostJsonAdapter target(document);
  if (validator.validate(*schema->second, target, &results)) return {};
  std::vector<std::string> faults;
  for (const auto& each : results)
    faults.push_back(fmt::format("{}: {}", fmt::join(each.context, ""), each.description));
  if (faults.empty()) faults.emplace_back("the document does not fit its schema");
  return faults;
}

}  // namespace kp::sandbox
