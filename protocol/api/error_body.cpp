#include "protocol/api/error_body.hpp"

#include <boost/json/array.hpp>

namespace kp::api {

namespace json = boost::json;

json::object to_json(const problem& in, std::string_view path, time_point now) {
  json::object out;
  out["timestamp"] = format_timestamp(now);
  if (in.exception) out["exception"] = *in.exception;
  out["message"] = in.message.empty() ? "No message available" : in.message;
  if (!in.errors.empty()) out["errors"] = json::array(in.errors.begin(), in.errors.end());
  if (in.description) out["description"] = *in.description;
  out["status"] = in.status;
  out["error"] = reason_phrase(in.status);
  out["path"] = path;
  return out;
}

std::string_view reason_phrase(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 413:
      return "Payload Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Entity";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 507:
      return "Insufficient Storage";
  }
  return status < 500 ? "Client Error" : "Server Error";
}

}  // namespace kp::api
