#include "tools/sandbox/http_types.hpp"

#include "config/text.hpp"

namespace kp::sandbox {

namespace {

// Calls `visit` with every media range of an Accept field value, without parameters, in lower case.
template <class Visit>
bool any_range(const request& from, Visit visit) {
  for (const auto& [name, value] : from.headers) {
    if (!equals_ignoring_case(name, "accept")) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const auto comma = rest.find(',');
      auto range = rest.substr(0, comma);
      range = trim(range.substr(0, range.find(';')));
      if (visit(to_lower(range))) return true;
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return false;
}

}  // namespace

std::optional<std::string_view> request::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (equals_ignoring_case(key, name)) return value;
  return {};
}

std::optional<std::string> request::parameter(std::string_view name) const {
  for (auto& [key, value] : parse_form(query))
    if (key == name) return value;
  return {};
}

std::optional<std::string_view> request::bearer() const {
  const auto field = header("authorization");
  if (!field || field->size() < 8 || !equals_ignoring_case(field->substr(0, 7), "bearer "))
    return {};
  return trim(field->substr(7));
}

bool request::accepts(std::string_view type) const {
  if (!header("accept")) return true;
  const auto family = std::string(type.substr(0, type.find('/'))) + "/*";
  return any_range(*this, [&](const std::string& range) {
    return range == type || range == family || range == "*/*";
  });
}

bool request::asks_for(std::string_view type) const {
  return any_range(*this, [&](const std::string& range) { return range == type; });
}

std::string percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
      continue;
    }
    if (text[i] == '%' && i + 2 < text.size()) {
      if (const auto byte = from_hex(text.substr(i + 1, 2))) {
        out += *byte;
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> parse_form(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> fields;
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto field = text.substr(0, end);
    if (!field.empty()) {
      const auto equals = field.find('=');
      fields.emplace_back(percent_decode(field.substr(0, equals), true),
                          equals == std::string_view::npos
                              ? std::string()
                              : percent_decode(field.substr(equals + 1), true));
    }
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return fields;
}

}  // namespace kp::sandbox
