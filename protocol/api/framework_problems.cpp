#include "protocol/api/error_body.hpp"
#include "protocol/api/message_codes.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>

// What the frameworks below upstream answer (rest-api.md 11.2, 6.3, 4.5), and the hub's own.

namespace kp::api {

namespace json = boost::json;

namespace {

problem framework(unsigned status, std::string_view exception, std::string message) {
  problem out;
  out.status = status;
  out.exception = std::string(exception);
  out.message = std::move(message);
  return out;
}

// The end of a conversion failure's text, which depends on what the text was to become.
std::string conversion_reason(std::string_view value, std::string_view java_type) {
  if (java_type == "java.lang.Long" || java_type == "java.lang.Integer")
    return fmt::format("For input string: \"{}\"", value);
  return fmt::format("Failed to convert from type [java.lang.String] to type [{}] for value [{}]",
                     java_type, value);
}

}  // namespace

problem sbd_missing_process() {
  return framework(400, "java.lang.IllegalStateException", "SBD missing process");
}

problem unauthorized() {
  problem out;
  out.status = 401;
  out.message = "Unauthorized";
  return out;
}

problem no_resource(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  return framework(404, "org.springframework.web.servlet.resource.NoResourceFoundException",
                   fmt::format("No static resource {}.", path));
}

problem method_not_allowed(std::string_view method) {
  return framework(405, "org.springframework.web.HttpRequestMethodNotSupportedException",
                   fmt::format("Method '{}' is not supported.", method));
}

problem unsupported_media_type(std::string_view content_type) {
  return framework(415, "org.springframework.web.HttpMediaTypeNotSupportedException",
                   fmt::format("Content-Type '{}' is not supported.", content_type));
}

problem payload_too_large() {
  return framework(413, "org.springframework.web.multipart.MaxUploadSizeExceededException",
                   "Maximum upload size exceeded");
}

problem document_too_large(std::uint64_t limit) {
  auto out = payload_too_large();
  out.message = fmt::format("{}: a document may have {} bytes", out.message, limit);
  return out;
}

problem malformed_multipart(std::string_view why) {
  return framework(400, "org.springframework.web.multipart.MultipartException", std::string(why));
}

problem missing_header(std::string_view name) {
  return framework(400, "org.springframework.web.bind.MissingRequestHeaderException",
                   fmt::format("Required header '{}' is not present.", name));
}

problem missing_parameter(std::string_view name) {
  return framework(400, "org.springframework.web.bind.MissingServletRequestParameterException",
                   fmt::format("Required parameter '{}' is not present.", name));
}

problem missing_body() {
  return framework(400, "org.springframework.http.converter.HttpMessageNotReadableException",
                   "Required request body is missing: a Standard Business Document is expected");
}

problem bad_path_value(std::string_view parameter, std::string_view value,
                       std::string_view java_type) {
  return framework(
      400, "org.springframework.web.method.annotation.MethodArgumentTypeMismatchException",
      fmt::format("Method parameter '{}': Failed to convert value of type 'java.lang.String' to "
                  "required type '{}'; {}",
                  parameter, java_type, conversion_reason(value, java_type)));
}

problem bad_query_value(std::string_view object, std::string_view field, std::string_view value,
                        std::string_view java_type) {
  auto out = framework(400, "org.springframework.web.bind.MethodArgumentNotValidException",
                       fmt::format("Validation failed for object='{}'. Error count: 1", object));
  json::object element;
  element["codes"] = message_codes("typeMismatch", object, field, java_type);
  element["arguments"] = json::array{field_argument(object, field)};
  element["defaultMessage"] = fmt::format(
      "Failed to convert property value of type 'java.lang.String' to required type "
      "'{}' for property '{}'; {}",
      java_type, field, conversion_reason(value, java_type));
  element["objectName"] = object;
  element["field"] = field;
  element["rejectedValue"] = value;
  element["bindingFailure"] = true;
  element["code"] = "typeMismatch";
  out.errors.push_back(std::move(element));
  return out;
}

problem bad_query_values(std::string_view object, const std::vector<problem>& each) {
  auto out = each.front();
  out.errors.clear();
  for (const auto& one : each)
    out.errors.insert(out.errors.end(), one.errors.begin(), one.errors.end());
  out.message =
      fmt::format("Validation failed for object='{}'. Error count: {}", object, out.errors.size());
  return out;
}

problem not_acceptable() {
  return framework(406, "org.springframework.web.HttpMediaTypeNotAcceptableException",
                   "Acceptable representations: [application/json, application/*+json].");
}

problem bad_content_disposition(std::string_view reason) {
  return framework(400, "java.lang.IllegalArgumentException", std::string(reason));
}

problem bad_sort_property(std::string_view name) {
  return framework(400, "org.springframework.data.mapping.PropertyReferenceException",
                   fmt::format("No property '{}' found", name));
}

problem try_later(unsigned status, std::string_view message) {
  problem out;
  out.status = status;
  out.message = std::string(message);
  return out;
}

problem internal(std::string_view message) {
  return framework(500, "no.difi.meldingsutveksling.nextmove.NextMoveRuntimeException",
                   std::string(message));
}

}  // namespace kp::api
