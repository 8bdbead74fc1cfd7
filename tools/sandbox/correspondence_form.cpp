#include "tools/sandbox/correspondence_form.hpp"

#include "config/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::sandbox {

namespace {

// The value of a parameter of a header: name="value" or name=value.
std::optional<std::string> parameter(std::string_view header, std::string_view name) {
  for (auto at = header.find(';'); at != std::string_view::npos;) {
    header.remove_prefix(at + 1);
    const auto equals = header.find('=');
    if (equals == std::string_view::npos) return {};
    const auto called = trim(header.substr(0, equals));
    auto rest = header.substr(equals + 1);
    std::string value;
    if (rest.starts_with('"')) {
      const auto end = rest.find('"', 1);
      if (end == std::string_view::npos) return {};
      value = rest.substr(1, end - 1);
      header = rest.substr(end + 1);
    } else {
      const auto end = std::min(rest.find(';'), rest.size());
      value = trim(rest.substr(0, end));
      header = rest.substr(end);
    }
    if (equals_ignoring_case(called, name)) return value;
    at = header.find(';');
  }
  return {};
}

std::optional<uploaded_part> parse_part(std::string_view text) {
  const auto end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return {};
  uploaded_part part;
  part.bytes = text.substr(end + 4);
  bool named = false;
  for (auto headers = text.substr(0, end); !headers.empty();) {
    const auto line_end = std::min(headers.find("\r\n"), headers.size());
    const auto line = headers.substr(0, line_end);
    headers.remove_prefix(std::min(line_end + 2, headers.size()));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return {};
    const auto name = line.substr(0, colon);
    const auto value = trim(line.substr(colon + 1));
    if (equals_ignoring_case(name, "Content-Type")) part.content_type = value;
    if (!equals_ignoring_case(name, "Content-Disposition")) continue;
    if (!value.starts_with("form-data")) return {};
    const auto called = parameter(value, "name");
    if (!called) return {};
    part.name = *called;
    named = true;
    if (const auto file = parameter(value, "filename")) {
      part.filename = *file;
      part.is_file = true;
    }
  }
  if (!named) return {};
  return part;
}

}  // namespace

std::optional<std::vector<uploaded_part>> parse_upload(std::string_view content_type,
                                                       std::string_view body) {
  const auto boundary = parameter(content_type, "boundary");
  if (!boundary || boundary->empty()) return {};
  const auto first = "--" + *boundary + "\r\n";
  const auto between = "\r\n--" + *boundary;
  if (!body.starts_with(first)) return {};
  body.remove_prefix(first.size());
  std::vector<uploaded_part> parts;
  for (;;) {
    const auto end = body.find(between);
    if (end == std::string_view::npos) return {};
    auto part = parse_part(body.substr(0, end));
    if (!part || (!part->is_file && !is_utf8(part->bytes))) return {};
    parts.push_back(*std::move(part));
    body.remove_prefix(end + between.size());
    if (body.starts_with("--")) return parts;
    if (!body.starts_with("\r\n")) return {};
    body.remove_prefix(2);
  }
}

form_fields::form_fields(const std::vector<uploaded_part>& parts) {
  for (const auto& part : parts)
    if (!part.is_file) fields_.emplace(to_lower(part.name), part.bytes);
}

std::optional<std::string> form_fields::find(std::string_view name) const {
  const auto found = fields_.find(to_lower(name));
  return found == fields_.end() ? std::nullopt : std::optional(found->second);
}

std::size_t form_fields::count(std::string_view name) const {
  std::size_t many = 0;
  for (;; ++many) {
    const auto element = fmt::format("{}[{}]", to_lower(name), many);
    const auto at = fields_.lower_bound(element);
    if (at == fields_.end() || !at->first.starts_with(element)) return many;
  }
}

std::size_t form_fields::members(std::string_view name) const {
  const auto prefix = to_lower(name) + ".";
  return static_cast<std::size_t>(std::ranges::count_if(
      fields_, [&](const auto& field) { return field.first.starts_with(prefix); }));
}

}  // namespace kp::sandbox
