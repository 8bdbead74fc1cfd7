#pragma once

#include <pugixml.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace kp::test {

// "path/to/element=text" for every element without child elements, in document order, without
// prefixes: what two documents say, whatever their prefixes.
inline void flatten_into(pugi::xml_node node, const std::string& path,
                         std::vector<std::string>& out) {
  bool leaf = true;
  for (const auto child : node.children()) {
    if (child.type() != pugi::node_element) continue;
    leaf = false;
    const std::string name = child.name();
    flatten_into(child, path + "/" + name.substr(name.find(':') + 1), out);
  }
  if (leaf) out.push_back(path + "=" + node.text().get());
}

inline std::vector<std::string> flattened(std::string_view xml, std::string_view from) {
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size())) return {"not XML"};
  const auto start = document.find_node([&](pugi::xml_node node) {
    const std::string_view name = node.name();
    return name == from || name.ends_with(":" + std::string(from));
  });
  std::vector<std::string> out;
  flatten_into(start, "", out);
  return out;
}

}  // namespace kp::test
