#include "protocol/api/content_disposition.hpp"

#include "config/config_error.hpp"
#include "config/text.hpp"
#include "protocol/api/upload.hpp"

namespace kp::api {

namespace {

error malformed(const char* message) {
  return permanent(config_errc::invalid_value, message);
}

std::string from_latin1(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xc0 | byte >> 6);
      out += static_cast<char>(0x80 | (byte & 0x3f));
    }
  }
  return out;
}

// Headers are ISO-8859-1 by the book and UTF-8 by habit.
std::string to_utf8(std::string_view text) {
  return is_utf8(text) ? std::string(text) : from_latin1(text);
}

// charset'language'percent-encoded, RFC 5987 section 3.2.
result<std::string> decode_extended(std::string_view value) {
  const auto first = value.find('\'');
  const auto second = first == std::string_view::npos ? first : value.find('\'', first + 1);
  if (second == std::string_view::npos) return to_utf8(value);
  const auto charset = value.substr(0, first);
  const bool utf8 = equals_ignoring_case(charset, "UTF-8");
  if (!utf8 && !equals_ignoring_case(charset, "ISO-8859-1"))
    return malformed("Charset should be UTF-8 or ISO-8859-1");
  std::string bytes;
  for (auto rest = value.substr(second + 1); !rest.empty();) {
    if (rest.front() != '%') {
      bytes += rest.front();
      rest.remove_prefix(1);
      continue;
    }
    const auto byte = rest.size() < 3 ? std::nullopt : from_hex(rest.substr(1, 2));
    if (!byte) return malformed("Invalid header field parameter format (as defined in RFC 5987)");
    bytes += *byte;
    rest.remove_prefix(3);
  }
  return utf8 ? to_utf8(bytes) : from_latin1(bytes);
}

std::string without_backslashes(std::string_view quoted) {
  std::string out;
  for (std::size_t at = 0; at < quoted.size(); ++at) {
    if (quoted[at] == '\\' && at + 1 < quoted.size()) ++at;
    out += quoted[at];
  }
  return out;
}

}  // namespace

result<std::vector<std::string_view>> split_parameters(std::string_view header) {
  std::vector<std::string_view> parts;
  auto at = header.find(';');
  parts.push_back(trim(header.substr(0, at)));
  if (parts.front().empty()) return malformed("Content-Disposition header must not be empty");
  while (at < header.size()) {
    auto end = at + 1;
    bool quoted = false;
    bool escaped = false;
    for (; end < header.size(); ++end) {
      const char c = header[end];
      if (c == ';' && !quoted) break;
      if (c == '"' && !escaped) quoted = !quoted;
      escaped = !escaped && c == '\\';
    }
    const auto part = trim(header.substr(at + 1, end - at - 1));
    if (!part.empty()) parts.push_back(part);
    at = end;
  }
  return parts;
}

result<content_disposition> parse_disposition(std::string_view header, disposition_rules rules) {
  KP_TRY(const auto parts, split_parameters(header));
  content_disposition out;
  std::optional<std::string> extended_name, extended_filename;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const auto part = parts[i];
    const auto equals = part.find('=');
    if (equals == std::string_view::npos) return malformed("Invalid content disposition format");
    auto attribute = std::string(part.substr(0, equals));
    auto value = part.substr(equals + 1);
    if (rules == disposition_rules::form_data) {
      attribute = to_lower(trim(attribute));
      value = trim(value);
    }
    const bool quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
    if (quoted) value = value.substr(1, value.size() - 2);
    if (attribute == "name*") {
      KP_TRY(extended_name, decode_extended(value));
    } else if (attribute == "filename*") {
      KP_TRY(extended_filename, decode_extended(value));
    } else if (attribute == "name" || attribute == "filename") {
      auto& target = attribute == "name" ? out.name : out.filename;
      if (target) continue;
      target = to_utf8(value);
      if (quoted && rules == disposition_rules::form_data) target = without_backslashes(*target);
    }
  }
  if (extended_name) out.name = std::move(extended_name);
  if (extended_filename) out.filename = std::move(extended_filename);
  return out;
}

result<content_disposition> parse_content_disposition(std::string_view header) {
  return parse_disposition(header, disposition_rules::upload);
}

}  // namespace kp::api
