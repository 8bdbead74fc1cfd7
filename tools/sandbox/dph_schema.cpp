#include "tools/sandbox/dph_schema.hpp"

#include "config/text.hpp"
#include "tools/sandbox/freed_by.hpp"

#include <libxml/parser.h>
#include <libxml/xmlIO.h>
#include <libxml/xmlschemas.h>

#include <cstdarg>
#include <cstdio>
#include <memory>

namespace kp::sandbox {

namespace {

using document_ptr = std::unique_ptr<xmlDoc, freed_by<xmlFreeDoc>>;
using parser_ptr = std::unique_ptr<xmlSchemaParserCtxt, freed_by<xmlSchemaFreeParserCtxt>>;
using schema_ptr = std::unique_ptr<xmlSchema, freed_by<xmlSchemaFree>>;
using judge_ptr = std::unique_ptr<xmlSchemaValidCtxt, freed_by<xmlSchemaFreeValidCtxt>>;

// Where the schemas import each other from.
constexpr std::string_view place = "sandbox-dph:/";
constexpr int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;

struct reading {
  std::string_view rest;
};
int is_ours(const char* name) {
  return std::string_view(name).starts_with(place);
}
void* open_text(const char* name) {
  const auto file = std::string_view(name).substr(place.size());
  if (file == "kith.xsd") return new reading{dph_schema_texts::kith()};
  if (file == "felleskomponent1.xsd") return new reading{dph_schema_texts::felleskomponent()};
  return nullptr;
}
int read_text(void* from, char* to, int most) {
  auto& rest = static_cast<reading*>(from)->rest;
  const auto count = rest.copy(to, static_cast<std::size_t>(most));
  rest.remove_prefix(count);
  return static_cast<int>(count);
}
int close_text(void* from) {
  delete static_cast<reading*>(from);
  return 0;
}

struct known_schema {
  known_schema() {
    xmlInitParser();
    xmlRegisterInputCallbacks(&is_ours, &open_text, &read_text, &close_text);
    const auto text = dph_schema_texts::dialogmelding();
    const auto name = std::string(place) + "dialogmelding.xsd";
    document.reset(
        xmlReadMemory(text.data(), static_cast<int>(text.size()), name.c_str(), nullptr, options));
    const parser_ptr parser(document ? xmlSchemaNewDocParserCtxt(document.get()) : nullptr);
    if (parser) schema.reset(xmlSchemaParse(parser.get()));
  }
  document_ptr document;
  schema_ptr schema;
};

void keep_first(void* to, const char* format, ...) {
  auto& kept = *static_cast<std::string*>(to);
  if (!kept.empty()) return;
  va_list arguments;
  va_start(arguments, format);
  char line[512];
  std::vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  kept = trim(line);
}

}  // namespace

std::string judge_dialogmelding(std::string_view xml) {
  static const known_schema known;
  if (!known.schema) return "T99 the schema cannot be read";
  const document_ptr document(
      xmlReadMemory(xml.data(), static_cast<int>(xml.size()), nullptr, nullptr, options));
  if (!document) return "T01 it is no XML";
  const judge_ptr judge(xmlSchemaNewValidCtxt(known.schema.get()));
  std::string fault;
  if (judge) xmlSchemaSetValidErrors(judge.get(), &keep_first, &keep_first, &fault);
  if (judge && xmlSchemaValidateDoc(judge.get(), document.get()) == 0) return {};
  return "T02 " + (fault.empty() ? std::string("it does not validate") : fault);
}

}  // namespace kp::sandbox
