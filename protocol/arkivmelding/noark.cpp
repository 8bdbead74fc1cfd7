#include "protocol/arkivmelding/noark.hpp"

#include "config/config_error.hpp"
#include "config/text.hpp"
#include "protocol/arkivmelding/arkivmelding.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::arkivmelding {

namespace {

constexpr std::string_view noark = "http://www.arkivverket.no/standarder/noark5/arkivmelding";
constexpr std::string_view instance = "http://www.w3.org/2001/XMLSchema-instance";

// The tree that the parser builds is many times the text; these keep it within some 100 MB.
constexpr std::ptrdiff_t max_tags = 1'000'000;
constexpr std::ptrdiff_t max_equal_signs = 1'000'000;
constexpr int max_depth = 100;
constexpr std::ptrdiff_t max_attributes = 32;  // of one element; names are looked up in them

error invalid(std::string_view xml, std::ptrdiff_t offset, std::string_view why) {
  const auto before = xml.substr(0, static_cast<std::size_t>(std::max<std::ptrdiff_t>(offset, 0)));
  return permanent(
      config_errc::invalid_document,
      fmt::format("arkivmelding.xml:{}: {}", std::ranges::count(before, '\n') + 1, why));
}

struct qualified_name {
  std::string_view prefix, local;
};

qualified_name split(std::string_view name) {
  const auto colon = name.find(':');
  if (colon == std::string_view::npos) return {{}, name};
  return {name.substr(0, colon), name.substr(colon + 1)};
}

// The namespace a prefix means at a node; the empty prefix is the default namespace.
std::string_view namespace_of(std::string_view prefix, pugi::xml_node at) {
  const auto declaration = prefix.empty() ? std::string("xmlns") : fmt::format("xmlns:{}", prefix);
  for (; at; at = at.parent())
    if (const auto found = at.attribute(declaration.c_str())) return found.value();
  return {};
}

// Walks without recursion and answers the first node that is not allowed.
struct verdict {
  pugi::xml_node node;
  std::string_view why;
};
std::optional<verdict> find_forbidden(const pugi::xml_document& document) {
  int depth = 0;
  for (auto node = document.first_child(); node;) {
    if (node.type() == pugi::node_doctype)
      return verdict{node, "a document type declaration is not allowed"};
    if (depth > max_depth) return verdict{node, "the elements are nested too deeply"};
    if (std::ranges::distance(node.attributes()) > max_attributes)
      return verdict{node, "an element has too many attributes"};
    if (node.first_child()) {
      node = node.first_child();
      ++depth;
      continue;
    }
    while (node && !node.next_sibling()) {
      node = node.parent();
      --depth;
    }
    node = node.next_sibling();
  }
  return std::nullopt;
}

}  // namespace

bool is_noark(pugi::xml_node node, std::string_view local) {
  const auto name = split(node.name());
  return name.local == local && namespace_of(name.prefix, node) == noark;
}

bool has_type(pugi::xml_node node, std::string_view local) {
  for (const auto attribute : node.attributes()) {
    const auto name = split(attribute.name());
    if (name.local != "type" || name.prefix.empty()) continue;
    if (namespace_of(name.prefix, node) != instance) continue;
    const auto type = split(trim(attribute.value()));
    return type.local == local && namespace_of(type.prefix, node) == noark;
  }
  return false;
}

pugi::xml_node first(pugi::xml_node parent, std::string_view local, std::string_view type) {
  for (const auto child : parent.children())
    if (is_noark(child, local) && (type.empty() || has_type(child, type))) return child;
  return {};
}

std::string text(pugi::xml_node node) {
  std::string out;
  for (const auto child : node.children())
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) out += child.value();
  return out;
}

std::string trimmed_text(pugi::xml_node node) {
  return std::string(trim(text(node)));
}

std::optional<std::string> whole_number(std::string_view digits) {
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.empty() || !std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  return (negative && digits != "0" ? "-" : "") + std::string(digits);
}

result<void> load(pugi::xml_document& into, std::string_view xml) {
  if (xml.size() > max_bytes)
    return invalid({}, 0, fmt::format("the document is larger than {} bytes", max_bytes));
  if (std::ranges::count(xml, '<') > max_tags || std::ranges::count(xml, '=') > max_equal_signs)
    return invalid({}, 0, "the document has too many elements or attributes");
  const auto parsed = into.load_buffer(xml.data(), xml.size(),
                                       pugi::parse_cdata | pugi::parse_escapes | pugi::parse_eol |
                                           pugi::parse_wconv_attribute | pugi::parse_doctype,
                                       pugi::encoding_auto);
  if (!parsed) return invalid(xml, parsed.offset, parsed.description());
  if (const auto forbidden = find_forbidden(into))
    return invalid(xml, forbidden->node.offset_debug(), forbidden->why);
  return {};
}

}  // namespace kp::arkivmelding
