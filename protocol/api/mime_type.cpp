#include "protocol/api/upload.hpp"

#include "config/text.hpp"

#include <array>
#include <utility>

namespace kp::api {

namespace {

// messages.md 8. Receivers only ever see what stands here, so the table is not extended.
constexpr std::array<std::pair<std::string_view, std::string_view>, 20> mime_types{{
    {"pdf", "application/pdf"},
    {"html", "text/html"},
    {"txt", "text/plain"},
    {"xml", "text/xml"},
    {"doc", "application/msword"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"xls", "application/vnd.ms-excel"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"xltx", "application/vnd.openxmlformats-officedocument.spreadsheetml.template"},
    {"ppt", "application/vnd.ms-powerpoint"},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {"odf", "application/vnd.oasis.opendocument.formula"},
    {"odt", "application/vnd.oasis.opendocument.text"},
    {"fods", "application/vnd.oasis.opendocument.spreadsheet"},
    {"fodp", "application/vnd.oasis.opendocument.presentation"},
    {"fodg", "application/vnd.oasis.opendocument.graphics"},
    {"gif", "image/gif"},
    {"jpeg", "image/jpeg"},
    {"png", "image/png"},
    {"zip", "application/octet-stream"},
}};

}  // namespace

std::string upload_mime_type(std::string_view content_type, std::string_view filename) {
  const auto given = trim(content_type);
  if (!given.empty() && !equals_ignoring_case(given, "application/octet-stream"))
    return std::string(content_type);
  const auto dot = filename.rfind('.');
  const auto extension = dot == std::string_view::npos ? filename : filename.substr(dot + 1);
  for (const auto& [known, type] : mime_types)
    if (equals_ignoring_case(known, extension)) return std::string(type);
  return "application/pdf";
}

}  // namespace kp::api
