#include "protocol/dph/main_document.hpp"

#include "protocol/dph/schema_texts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <libxml/parser.h>
#include <libxml/xmlIO.h>
#include <libxml/xmlschemas.h>

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace kp::dph {

namespace {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* it) const {
    Free(it);
  }
};
using document_ptr = std::unique_ptr<xmlDoc, freed_by<xmlFreeDoc>>;
using schema_parser = std::unique_ptr<xmlSchemaParserCtxt, freed_by<xmlSchemaFreeParserCtxt>>;
using schema_ptr = std::unique_ptr<xmlSchema, freed_by<xmlSchemaFree>>;
using judge_ptr = std::unique_ptr<xmlSchemaValidCtxt, freed_by<xmlSchemaFreeValidCtxt>>;

constexpr std::size_t most_faults = 5;
constexpr int quiet = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;

// The schemas import each other by name; they are read from memory under addresses that nothing
// else has.
constexpr std::string_view own_address = "kp-dph:/";
struct published {
  std::string_view name;
  std::string_view (*text)();
};
constexpr std::array imported{published{"felleskomponent1.xsd", &schema_texts::felleskomponent},
                              published{"kith.xsd", &schema_texts::kith}};

int matches(const char* name) {
  return std::string_view(name).starts_with(own_address) ? 1 : 0;
}
void* open_schema(const char* name) {
  const auto wanted = std::string_view(name).substr(own_address.size());
  const auto found = std::ranges::find(imported, wanted, &published::name);
  if (found == imported.end()) return nullptr;
  return new std::string_view(found->text());
}
int read_schema(void* context, char* to, int length) {
  auto& rest = *static_cast<std::string_view*>(context);
  const auto count = rest.copy(to, static_cast<std::size_t>(length));
  rest.remove_prefix(count);
  return static_cast<int>(count);
}
int close_schema(void* context) {
  delete static_cast<std::string_view*>(context);
  return 0;
}

// Of one program; read once, and shared by threads as libxml2 allows.
struct read_once {
  document_ptr document;  // the schema refers to it
  schema_ptr schema;
};
const schema_ptr& schema() {
  static const read_once made = [] {
    xmlInitParser();
    read_once all;
    if (xmlRegisterInputCallbacks(&matches, &open_schema, &read_schema, &close_schema) < 0)
      return all;
    const auto text = schema_texts::dialogmelding();
    const auto address = std::string(own_address) + "dialogmelding-v1.1.xsd";
    all.document.reset(
        xmlReadMemory(text.data(), static_cast<int>(text.size()), address.c_str(), nullptr, quiet));
    const schema_parser parser(all.document ? xmlSchemaNewDocParserCtxt(all.document.get())
                                            : nullptr);
    if (parser) all.schema.reset(xmlSchemaParse(parser.get()));
    return all;
  }();
  return made.schema;
}

error invalid(std::string why) {
  return permanent(dph_errc::invalid_document,
                   fmt::format("the main document is no Dialogmelding 1.1: {}", why));
}

// libxml2's words, without the values that some of them repeat.
std::string without_values(std::string_view message) {
  for (const std::string_view mark : {"The value '", "' is not a valid value"}) {
    const auto at = message.find(mark);
    if (at == std::string_view::npos) continue;
    const auto end = message.rfind(": ", at);
    return fmt::format("{}its value is not allowed",
                       end == std::string_view::npos ? "" : message.substr(0, end + 2));
  }
  while (message.ends_with('\n')) message.remove_suffix(1);
  return std::string(message);
}

void collect(void* context, xmlErrorPtr found) {
  auto& faults = *static_cast<std::vector<std::string>*>(context);
  if (faults.size() < most_faults && found && found->message)
    faults.push_back(fmt::format("line {}: {}", found->line, without_values(found->message)));
}

}  // namespace

result<void> check_main_document(std::string_view xml) {
  if (xml.size() > longest_main_document) return invalid("it is too large");
  if (!schema())
    return permanent(dph_errc::invalid_document, "the schema of Dialogmelding cannot be read");
  const document_ptr document(
      xmlReadMemory(xml.data(), static_cast<int>(xml.size()), nullptr, nullptr, quiet));
  if (!document) return invalid("it is no well-formed XML");
  if (document->intSubset) return invalid("it has a document type declaration");
  const judge_ptr judge(xmlSchemaNewValidCtxt(schema().get()));
  std::vector<std::string> faults;
  if (!judge) return invalid("it cannot be checked");
  xmlSchemaSetValidStructuredErrors(judge.get(), &collect, &faults);
  if (xmlSchemaValidateDoc(judge.get(), document.get()) == 0) return {};
  if (faults.empty()) return invalid("it does not fit the schema");
  return invalid(fmt::format("{}", fmt::join(faults, "; ")));
}

}  // namespace kp::dph
