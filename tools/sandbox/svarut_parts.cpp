#include "tools/sandbox/svarut_parts.hpp"

#include "config/text.hpp"

namespace kp::sandbox {

std::string mime_part::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return {};
}

std::string type_of(std::string_view field) {
  return to_lower(trim(field.substr(0, field.find(';'))));
}

std::string parameter_of(std::string_view field, std::string_view name) {
  for (auto at = field.find(';'); at != std::string_view::npos;) {
    field = trim(field.substr(at + 1));
    const auto equal = field.find('=');
    if (equal == std::string_view::npos) return {};
    const auto key = to_lower(trim(field.substr(0, equal)));
    auto rest = trim(field.substr(equal + 1));
    std::string value;
    if (rest.starts_with('"')) {
      std::size_t i = 1;
      for (; i < rest.size() && rest[i] != '"'; ++i) {
        if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
        value += rest[i];
      }
      at = rest.find(';', i);
    } else {
      at = rest.find(';');
      value = std::string(trim(rest.substr(0, at)));
    }
    if (key == name) return value;
    field = rest;
  }
  return {};
}

std::optional<std::vector<mime_part>> parse_multipart(std::string_view content_type,
                                                      std::string_view body) {
  const auto boundary = parameter_of(content_type, "boundary");
  if (!type_of(content_type).starts_with("multipart/") || boundary.empty()) return {};
  const auto delimiter = "--" + boundary;
  if (!body.starts_with(delimiter)) return {};
  body.remove_prefix(delimiter.size());
  std::vector<mime_part> out;
  while (!body.starts_with("--")) {
    if (!body.starts_with("\r\n")) return {};
    body.remove_prefix(2);
    mime_part part;
    for (;;) {
      const auto end = body.find("\r\n");
      if (end == std::string_view::npos) return {};
      const auto line = body.substr(0, end);
      body.remove_prefix(end + 2);
      if (line.empty()) break;
      const auto colon = line.find(':');
      if (colon == std::string_view::npos) return {};
      part.headers.emplace_back(to_lower(trim(line.substr(0, colon))),
                                std::string(trim(line.substr(colon + 1))));
    }
    const auto end = body.find("\r\n" + delimiter);
    if (end == std::string_view::npos) return {};
    part.body = std::string(body.substr(0, end));
    body.remove_prefix(end + 2 + delimiter.size());
    out.push_back(std::move(part));
  }
  return out;
}

}  // namespace kp::sandbox
