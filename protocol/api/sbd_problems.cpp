#include "protocol/api/error_body.hpp"
#include "protocol/api/message_codes.hpp"
#include "protocol/sbd/sbd_error.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>

// What is answered about a Standard Business Document (rest-api.md 4.5, 11.3).

namespace kp::api {

namespace json = boost::json;

namespace {

constexpr std::string_view object_name = "standardBusinessDocument";
constexpr std::string_view multipart_prefix = "createAndSendMessage.sbd.";

problem bad_request(std::string_view exception, std::string message) {
  problem out;
  out.status = 400;
  out.exception = std::string(exception);
  out.message = std::move(message);
  return out;
}

// Shape A: a JSON body.
json::object body_element(const sbd::violation& v) {
  json::array arguments{field_argument(object_name, v.path)};
  for (const auto& attribute : v.attributes) arguments.push_back(attribute);
  json::object out;
  out["codes"] = message_codes(v.constraint, object_name, v.path, v.java_type);
  out["arguments"] = std::move(arguments);
  out["defaultMessage"] = v.text;
  out["objectName"] = object_name;
  out["field"] = v.path;
  if (v.rejected) out["rejectedValue"] = *v.rejected;
  out["bindingFailure"] = false;
  out["code"] = v.constraint;
  return out;
}

// Shape B: a part of a multipart request.
json::object part_element(const sbd::violation& v, const std::string& path) {
  json::object out;
  out["codes"] = json::array{v.constraint};
  out["defaultMessage"] = v.text;
  out["objectName"] = path;
  out["field"] = path;
  if (v.rejected) out["rejectedValue"] = *v.rejected;
  out["bindingFailure"] = false;
  out["code"] = v.constraint;
  return out;
}

}  // namespace

problem sbd_unreadable(const error& from_parse, bool multipart) {
  const bool is_structure = from_parse.code == sbd::sbd_errc::bad_structure;
  if (from_parse.code == sbd::sbd_errc::invalid_identifier || (is_structure && !multipart))
    return bad_request("java.lang.IllegalArgumentException", from_parse.message);
  if (multipart)
    return bad_request(
        "org.springframework.web.method.annotation.MethodArgumentTypeMismatchException",
        fmt::format("Method parameter 'sbd': Failed to convert value of type 'java.lang.String' "
                    "to required type "
                    "'no.difi.meldingsutveksling.domain.sbdh.StandardBusinessDocument'; {}",
                    from_parse.message));
  constexpr std::string_view not_readable =
      "org.springframework.http.converter.HttpMessageNotReadableException";
  if (from_parse.code == sbd::sbd_errc::missing_type)
    return bad_request(not_readable, "I/O error while reading input message");
  return bad_request(not_readable, fmt::format("JSON parse error: {}", from_parse.message));
}

problem sbd_invalid(const std::vector<sbd::violation>& violations, bool multipart) {
  problem out;
  out.status = 400;
  if (!multipart) {
    out.exception = "org.springframework.web.bind.MethodArgumentNotValidException";
    out.message = fmt::format("Validation failed for object='{}'. Error count: {}", object_name,
                              violations.size());
    for (const auto& violation : violations) out.errors.push_back(body_element(violation));
    return out;
  }
  out.exception = "jakarta.validation.ConstraintViolationException";
  for (const auto& violation : violations) {
    const auto path = fmt::format("{}{}", multipart_prefix, violation.path);
    if (!out.message.empty()) out.message += ", ";
    out.message += fmt::format("{}: {}", path, violation.text);
    out.errors.push_back(part_element(violation, path));
  }
  return out;
}

// Upstream prints the whole message and every violation as Java objects; the hub names them, and
// spares logs and screens what the message says about a patient.
problem business_message_invalid(std::string_view type,
                                 const std::vector<sbd::violation>& violations) {
  problem out;
  out.status = 400;
  out.exception = "jakarta.validation.ConstraintViolationException";
  std::string all;
  for (const auto& violation : violations) {
    all += fmt::format("{}{}: {}", all.empty() ? "" : ", ", violation.path, violation.text);
    out.errors.push_back(part_element(violation, violation.path));
  }
  out.message =
      fmt::format("The following violations where found when validating '{}':\n [{}]", type, all);
  return out;
}

}  // namespace kp::api
