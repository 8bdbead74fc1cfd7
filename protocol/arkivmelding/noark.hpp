#pragma once

#include "config/error.hpp"

#include <pugixml.hpp>

#include <optional>
#include <string>
#include <string_view>

// How this folder reads Noark 5 XML: names count only in the Noark namespace, unknown elements are
// skipped (messages.md 9.1). For this folder alone.

namespace kp::arkivmelding {

// Parses within the bounds of a document that comes from outside. Error:
// config_errc::invalid_document with line.
result<void> load(pugi::xml_document& into, std::string_view xml);

bool is_noark(pugi::xml_node node, std::string_view local);
// Whether xsi:type names the Noark type `local`.
bool has_type(pugi::xml_node node, std::string_view local);
// The first child element of that name and, unless empty, type.
pugi::xml_node first(pugi::xml_node parent, std::string_view local, std::string_view type = {});

// All text of an element, also when comments or CDATA sections divide it.
std::string text(pugi::xml_node node);
std::string trimmed_text(pugi::xml_node node);
// A whole number as Java prints it: without leading zeros. nullopt for anything else.
std::optional<std::string> whole_number(std::string_view digits);

// Calls `use` for each child element of that name.
template <class Use>
void each(pugi::xml_node parent, std::string_view local, Use use) {
  for (const auto child : parent.children())
    if (is_noark(child, local)) use(child);
}

}  // namespace kp::arkivmelding
