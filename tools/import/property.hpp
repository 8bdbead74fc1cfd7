#pragma once

#include "config/problem.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace kp::importer {

// A line of an installation's configuration, as Spring would see it.
struct property {
  std::string name;   // as written: difi.move.org.number, DIFI_MOVE_ORG_NUMBER
  std::string value;  // UTF-8, with the spaces at its end, as Java keeps them
  source_position where;
  // Files of Spring may hold several documents, the later ones for certain profiles.
  int document = 0;
};

// How the bytes of a .properties file are read. Java reads them as ISO-8859-1, whatever the editor
// wrote; `automatic` does the same, and reports each value for which it makes a difference.
enum class text_encoding { automatic, latin1, utf8 };

// More is no configuration of one installation.
inline constexpr std::size_t most_properties = 5000;

// Reads the text of a .properties file (or of NAME=value lines of an environment) by the rules of
// java.util.Properties.load: comments (#, !), =, : and space as separators, \t \n \r \f \uXXXX,
// lines continued by a backslash. "#---" begins a new document, as in Spring. What cannot be read
// is a problem and left out.
std::vector<property> parse_properties(std::string_view bytes, const std::string& path,
                                       text_encoding encoding, std::vector<problem>& problems);

// Reads application YAML of Spring: nested keys become dotted names, list items name[0], name[1].
// Several documents, anchors and aliases are taken as Spring takes them.
std::vector<property> parse_spring_yaml(std::string_view text, const std::string& path,
                                        std::vector<problem>& problems);

}  // namespace kp::importer
