#include "protocol/dpi/schemas.hpp"

#include "config/clock.hpp"
#include "protocol/dpi/schema_texts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json.hpp>
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include <array>
#include <map>
#include <set>
#include <vector>

namespace kp::dpi {

namespace json = boost::json;

namespace {

struct published {
  std::string_view name;
  std::string_view (*text)();
};
constexpr std::array shared_parts{published{"sbdh", schema_texts::sbdh},
                                  published{"commons", schema_texts::commons}};
constexpr std::array types{
    published{"digital", schema_texts::digital},
    published{"utskrift", schema_texts::utskrift},
    published{"flyttet", schema_texts::flyttet},
    published{"feil", schema_texts::feil},
    published{"leveringskvittering", schema_texts::leveringskvittering},
    published{"aapningskvittering", schema_texts::aapningskvittering},
    published{"varslingfeiletkvittering", schema_texts::varslingfeiletkvittering},
    published{"mottakskvittering", schema_texts::mottakskvittering},
    published{"returpostkvittering", schema_texts::returpostkvittering}};

constexpr std::size_t most_faults_told = 10;

// The files refer to each other by URL. All go into one document, so that nothing is ever fetched;
// the nested $id, which are no identifiers but paths, would only mislead.
std::string local_reference(std::string_view reference, std::string_view file) {
  const auto hash = reference.find('#');
  auto from = std::string(file);
  if (reference.find("sbdh.schema.json") < hash) from = "sbdh";
  if (reference.find("commons.schema.json") < hash) from = "commons";
  return fmt::format("#/files/{}{}", from, reference.substr(std::min(hash + 1, reference.size())));
}

// Formats of time are checked here in C++: the library's patterns recurse once per character.
void localise(json::value& value, std::string_view file) {
  if (auto* list = value.if_array()) {
    for (auto& each : *list) localise(each, file);
    return;
  }
  auto* object = value.if_object();
  if (!object) return;
  for (const auto* name : {"$id", "$schema", "format"})
    if (const auto* found = object->if_contains(name); found && found->is_string())
      object->erase(name);
  for (auto& [name, member] : *object) {
    if (name == "$ref" && member.is_string())
      member = local_reference(std::string_view(member.get_string()), file);
    else
      localise(member, file);
  }
}

class schema_set {
 public:
  schema_set() {
    json::object files;
    for (const auto& one : shared_parts) files[one.name] = read(one);
    for (const auto& one : types) {
      files[one.name] = read(one);
      json::object root;
      root["$ref"] = fmt::format("#/files/{}", one.name);
      root["files"] = files;
      const json::value whole(std::move(root));
      valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
      parser.populateSchema(valijson::adapters::BoostJsonAdapter(whole), schemas_[one.name]);
      files.erase(one.name);
    }
  }

  std::vector<std::string> faults(std::string_view type, const json::value& document) const {
    valijson::Validator validator(valijson::Validator::kStrongTypes);
    valijson::ValidationResults results;
    const valijson::adapters::BoostJsonAdapter target(document);
    if (validator.validate(schemas_.at(type), target, &results)) return {};
    std::vector<std::string> lines;
    for (const auto& each : results) {
      if (lines.size() == most_faults_told) break;
      lines.push_back(fmt::format("{}: {}", fmt::join(each.context, ""), each.description));
    }
    if (lines.empty()) lines.emplace_back("it does not fit");
    return lines;
  }

 private:
  static json::value read(const published& one) {
    auto value = json::parse(one.text());
    localise(value, one.name);
    return value;
  }

  std::map<std::string_view, valijson::Schema> schemas_;
};

// Members that the schemas call a date-time.
constexpr std::array<std::string_view, 3> time_members{"creationDateAndTime", "tidspunkt",
                                                       "virkningstidspunkt"};

void find_bad_times(const json::value& in, std::vector<std::string>& faults) {
  if (const auto* list = in.if_array())
    for (const auto& each : *list) find_bad_times(each, faults);
  const auto* object = in.if_object();
  if (!object) return;
  for (const auto& [name, member] : *object) {
    const std::string_view key(name.data(), name.size());
    if (std::ranges::find(time_members, key) == time_members.end())
      find_bad_times(member, faults);
    else if (member.is_string() && !parse_timestamp_with_offset(member.get_string()))
      faults.push_back(fmt::format("[{}]: it is no date-time", key));
  }
}

}  // namespace

bool has_schema(std::string_view type) {
  return std::ranges::find(types, type, &published::name) != types.end();
}

result<void> validate(std::string_view type, const json::value& document) {
  if (!has_schema(type))
    return permanent(dpi_errc::invalid_document,
                     "a DPI document of a type that has no schema cannot be checked");
  std::vector<std::string> faults;
  try {
    static const schema_set all;
    faults = all.faults(type, document);
  } catch (const std::exception& thrown) {
    faults = {thrown.what()};
  }
  if (faults.empty()) find_bad_times(document, faults);
  if (faults.empty()) return {};
  return permanent(dpi_errc::invalid_document,
                   fmt::format("the DPI document does not fit the schema of its type {}: {}", type,
                               fmt::join(faults, "; ")));
}

}  // namespace kp::dpi
