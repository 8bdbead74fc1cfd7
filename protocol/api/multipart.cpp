#include "protocol/api/content_disposition.hpp"
#include "protocol/api/upload.hpp"

#include "config/config_error.hpp"
#include "config/text.hpp"

#include <fmt/format.h>

namespace kp::api {

namespace {

constexpr std::size_t max_boundary = 70;  // RFC 2046 section 5.1.1
constexpr std::size_t max_padding = 64;   // white space after a boundary
constexpr std::string_view line_end = "\r\n";

error refused(std::string message) {
  return permanent(config_errc::invalid_document, std::move(message));
}

}  // namespace

std::optional<std::string> multipart_parser::boundary_of(std::string_view content_type) {
  const auto parts = split_parameters(content_type);
  if (!parts || !equals_ignoring_case(parts->front(), "multipart/form-data")) return std::nullopt;
  for (std::size_t i = 1; i < parts->size(); ++i) {
    const auto part = (*parts)[i];
    const auto equals = part.find('=');
    if (!equals_ignoring_case(trim(part.substr(0, equals)), "boundary")) continue;
    if (equals == std::string_view::npos) return std::nullopt;
    auto value = trim(part.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    if (value.empty() || value.size() > max_boundary) return std::nullopt;
    return std::string(value);
  }
  return std::nullopt;
}

// The line break before a delimiter belongs to the delimiter. One is put in front of the whole, so
// that a delimiter on the very first line is found like any other.
multipart_parser::multipart_parser(std::string boundary, events& to)
    : delimiter_("\r\n--" + std::move(boundary)), to_(to), buffer_(line_end) {}

result<void> multipart_parser::feed(std::string_view bytes) {
  if (failed_) return *failed_;
  buffer_ += bytes;
  for (bool progressed = true; progressed;) {
    progressed = false;
    if (auto stepped = step(progressed); !stepped) {
      failed_ = stepped.error();
      return stepped;
    }
  }
  return {};
}

result<void> multipart_parser::finish() {
  if (failed_) return *failed_;
  if (phase_ != phase::epilogue)
    return refused("the multipart body ends before its closing boundary");
  return {};
}

result<void> multipart_parser::step(bool& progressed) {
  switch (phase_) {
    case phase::preamble:
    case phase::data:
      return step_to_delimiter(progressed);
    case phase::after_boundary:
      return step_after_boundary(progressed);
    case phase::headers:
      return step_headers(progressed);
    case phase::epilogue:
      buffer_.clear();
      return {};
  }
  return {};
}

result<void> multipart_parser::step_to_delimiter(bool& progressed) {
  const bool is_data = phase_ == phase::data;
  const auto at = buffer_.find(delimiter_);
  if (at == std::string::npos) {
    // All but what may be the beginning of a delimiter.
    if (buffer_.size() < delimiter_.size()) return {};
    const auto safe = buffer_.size() - (delimiter_.size() - 1);
    if (is_data) KP_CHECK(to_.data(std::string_view(buffer_).substr(0, safe)));
    buffer_.erase(0, safe);
    return {};
  }
  if (is_data) {
    if (at > 0) KP_CHECK(to_.data(std::string_view(buffer_).substr(0, at)));
    KP_CHECK(to_.end());
  }
  buffer_.erase(0, at + delimiter_.size());
  phase_ = phase::after_boundary;
  progressed = true;
  return {};
}

result<void> multipart_parser::step_after_boundary(bool& progressed) {
  if (buffer_.size() < 2) return {};
  if (buffer_.starts_with("--")) {
    phase_ = phase::epilogue;
    progressed = true;
    return {};
  }
  const auto text = buffer_.find_first_not_of(" \t");
  if (text == std::string::npos || text > max_padding) {
    if (buffer_.size() > max_padding)
      return refused("too much white space follows a multipart boundary");
    return {};
  }
  if (buffer_.size() - text < line_end.size()) return {};
  if (buffer_.compare(text, line_end.size(), line_end) != 0)
    return refused("unexpected characters follow a multipart boundary");
  if (++parts_ > max_parts)
    return refused(fmt::format("the multipart body has more than {} parts", max_parts));
  // Keeps the line break: a part without headers begins with an empty line.
  buffer_.erase(0, text);
  phase_ = phase::headers;
  progressed = true;
  return {};
}

result<void> multipart_parser::step_headers(bool& progressed) {
  // "\r\n" of the boundary's line, the headers, "\r\n\r\n".
  constexpr std::string_view end = "\r\n\r\n";
  constexpr auto most = line_end.size() + max_part_header;
  const auto at = buffer_.find(end);
  if (at == std::string::npos ? buffer_.size() >= most + end.size() : at > most)
    return refused(fmt::format("the headers of a part are larger than {} bytes", max_part_header));
  if (at == std::string::npos) return {};
  const auto block = buffer_.substr(0, at);
  buffer_.erase(0, at + end.size());
  KP_CHECK(parse_headers(block));
  phase_ = phase::data;
  progressed = true;
  return {};
}

result<void> multipart_parser::parse_headers(std::string_view block) {
  part found;
  bool has_name = false;
  while (!block.empty()) {
    const auto end = block.find(line_end);
    const auto line = block.substr(0, end);
    block.remove_prefix(end == std::string_view::npos ? block.size() : end + line_end.size());
    if (line.empty()) continue;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos)
      return refused("a header of a multipart part has no colon");
    const auto name = trim(line.substr(0, colon));
    const auto value = trim(line.substr(colon + 1));
    if (equals_ignoring_case(name, "Content-Type")) {
      found.content_type = std::string(value);
    } else if (equals_ignoring_case(name, "Content-Disposition")) {
      auto disposition = parse_disposition(value, disposition_rules::form_data);
      if (!disposition) return refused(std::move(disposition).error().message);
      has_name = disposition->name.has_value();
      found.name = std::move(disposition->name).value_or("");
      found.filename = std::move(disposition->filename);
    }
  }
  if (!has_name) return refused("a multipart part has no name");
  return to_.begin(found);
}

}  // namespace kp::api
