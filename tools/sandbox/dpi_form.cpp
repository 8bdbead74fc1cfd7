#include "tools/sandbox/dpi_form.hpp"

#include "config/text.hpp"
#include "tools/sandbox/sandbox_error.hpp"

#include <fmt/format.h>

#include <vector>

namespace kp::sandbox {

namespace {

error invalid(std::string what) {
  return permanent(sandbox_errc::invalid_request, std::move(what));
}

result<std::vector<form_part>> split(const std::string& body, const std::string& boundary) {
  const auto line = "--" + boundary;
  std::vector<form_part> parts;
  if (!body.starts_with(line)) return invalid("the body does not begin with its boundary");
  auto at = line.size();
  while (body.compare(at, 2, "--") != 0) {
    if (body.compare(at, 2, "\r\n") != 0) return invalid("a boundary does not end its line");
    const auto begin = at + 2;
    const auto end = body.find("\r\n" + line, begin);
    const auto header_end = body.find("\r\n\r\n", begin);
    if (end == std::string::npos || header_end == std::string::npos || header_end > end)
      return invalid("a part does not end");
    form_part part;
    auto head = std::string_view(body).substr(begin, header_end - begin);
    while (!head.empty()) {
      const auto stop = std::min(head.find("\r\n"), head.size());
      const auto field = head.substr(0, stop);
      const auto colon = field.find(':');
      if (colon == field.npos) return invalid("a part has a header that is none");
      const auto name = field.substr(0, colon), value = trim(field.substr(colon + 1));
      if (equals_ignoring_case(name, "Content-Disposition")) part.disposition = value;
      if (equals_ignoring_case(name, "Content-Type")) part.type = value;
      head.remove_prefix(std::min(stop + 2, head.size()));
    }
    part.body = body.substr(header_end + 4, end - header_end - 4);
    parts.push_back(std::move(part));
    at = end + 2 + line.size();
  }
  return parts;
}

}  // namespace

result<void> check_part(const form_part& part, std::string_view name, std::string_view file,
                        std::string_view type) {
  const auto wanted = fmt::format("form-data; name=\"{}\"; filename=\"{}\"", name, file);
  if (part.disposition != wanted)
    return invalid(
        fmt::format("Content-Disposition is {} instead of {}", part.disposition, wanted));
  if (part.type != type)
    return invalid(fmt::format("{} is {} instead of {}", name, part.type, type));
  return {};
}

result<std::vector<form_part>> read_form(const request& call) {
  constexpr std::string_view prefix = "multipart/form-data; boundary=";
  const auto type = call.header("Content-Type").value_or("");
  if (!type.starts_with(prefix)) return invalid("the body is no multipart/form-data");
  auto boundary = std::string(type.substr(prefix.size()));
  if (boundary.size() > 1 && boundary.front() == '"')
    boundary = boundary.substr(1, boundary.size() - 2);
  return split(call.body, boundary);
}

result<dpi_form> read_dpi_form(const request& call) {
  KP_TRY(auto parts, read_form(call));
  if (parts.size() != 2)
    return invalid(fmt::format("there are {} parts instead of 2", parts.size()));
  KP_CHECK(check_part(parts[0], "forretningsmelding", "sbd.jwt", "application/jwt"));
  KP_CHECK(check_part(parts[1], "dokumentpakke", "asic.cms", "application/cms"));
  return dpi_form{std::move(parts[0].body), std::move(parts[1].body)};
}

}  // namespace kp::sandbox
