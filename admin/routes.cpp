#include "admin/routes.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace kp::admin {

namespace {

namespace json = boost::json;

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> parts;
  if (path.starts_with('/')) path.remove_prefix(1);
  for (;;) {
    const auto slash = path.find('/');
    parts.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

std::optional<std::vector<std::string>> match(const std::vector<std::string>& pattern,
                                              const std::vector<std::string>& parts) {
  if (pattern.size() != parts.size()) return std::nullopt;
  std::vector<std::string> variables;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (pattern[i] == "{}" && !parts[i].empty())
      variables.push_back(parts[i]);
    else if (pattern[i] != parts[i])
      return std::nullopt;
  }
  return variables;
}

std::string_view phrase(unsigned status) {
  switch (status) {
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
    case 409:
      return "Conflict";
    case 413:
      return "Payload Too Large";
    case 503:
      return "Service Unavailable";
    default:
      return "Error";
  }
}

}  // namespace

std::string request::by() const {
  return (user ? user->user : std::string("nobody")) + " from " + address;
}

void routes::add(route one) {
  auto pattern = split(one.path);
  all_.push_back({std::move(one), std::move(pattern)});
}

routes::found routes::find(std::string_view method, std::string_view path) const {
  found out;
  const auto parts = split(path);
  for (const auto& one : all_) {
    auto variables = match(one.pattern, parts);
    if (!variables) continue;
    if (one.what.method == method || (method == "HEAD" && one.what.method == "GET")) {
      out.to = &one.what;
      out.variables = *std::move(variables);
      return out;
    }
    out.allow += (out.allow.empty() ? "" : ", ") + one.what.method;
  }
  return out;
}

answer json_answer(const json::value& body, unsigned status, std::string_view type) {
  answer out;
  out.status = status;
  out.headers.add("Content-Type", std::string(type));
  out.body = json::serialize(body);
  return out;
}

answer problem_answer(unsigned status, std::string message) {
  const json::object body{
      {"status", status}, {"error", phrase(status)}, {"message", std::move(message)}};
  return json_answer(body, status);
}

}  // namespace kp::admin
