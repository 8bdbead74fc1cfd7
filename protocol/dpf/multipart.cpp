#include "protocol/dpf/multipart.hpp"

#include "config/text.hpp"

namespace kp::dpf {

namespace {

// boundary="…" or boundary=… of a Content-Type.
std::string boundary_in(std::string_view content_type) {
  const auto lower = to_lower(content_type);
  constexpr std::string_view name = "boundary=";
  const auto at = lower.find(name);
  if (at == std::string::npos) return {};
  auto value = content_type.substr(at + name.size());
  if (value.starts_with('"')) {
    value.remove_prefix(1);
    return std::string(value.substr(0, value.find('"')));
  }
  return std::string(trim(value.substr(0, value.find(';'))));
}

}  // namespace

multipart_writer::multipart_writer(byte_sink& to, std::string boundary)
    : to_(to), boundary_(std::move(boundary)) {}

result<void> multipart_writer::part(const std::vector<std::string>& headers) {
  std::string head = (begun_ ? "\r\n--" : "--") + boundary_ + "\r\n";
  begun_ = true;
  for (const auto& line : headers) head += line + "\r\n";
  return to_.write(head + "\r\n");
}

result<void> multipart_writer::finish() {
  return to_.write("\r\n--" + boundary_ + "--\r\n");
}

std::string quoted(std::string_view filename) {
  std::string out = "\"";
  for (const char c : filename) {
    if (c == '"')
      out += "%22";
    else if (c == '\r')
      out += "%0D";
    else if (c == '\n')
      out += "%0A";
    else
      out += c;
  }
  return out + "\"";
}

std::optional<std::string> first_part(std::string_view content_type, std::string_view body) {
  if (!to_lower(trim(content_type)).starts_with("multipart/")) return std::string(body);
  const auto boundary = boundary_in(content_type);
  if (boundary.empty()) return std::nullopt;
  const auto delimiter = "--" + boundary;
  const auto begin = body.find(delimiter);
  if (begin == std::string_view::npos) return std::nullopt;
  const auto head = body.substr(begin + delimiter.size());
  const auto blank = head.find("\r\n\r\n");
  if (blank == std::string_view::npos) return std::nullopt;
  const auto content = head.substr(blank + 4);
  const auto end = content.find("\r\n" + delimiter);
  if (end == std::string_view::npos) return std::nullopt;
  return std::string(content.substr(0, end));
}

}  // namespace kp::dpf
