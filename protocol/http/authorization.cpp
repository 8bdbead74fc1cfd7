#include "protocol/http/authorization.hpp"

#include "config/text.hpp"

#include <algorithm>

namespace kp::http {

namespace {

// RFC 6750 2.1: b68token.
bool is_token(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~' || c == '+' || c == '/' || c == '=';
  };
  return !text.empty() && std::ranges::all_of(text, allowed);
}

authorization read_basic(std::string_view text) {
  auto decoded = from_base64(text);
  if (!decoded) return bad_credentials{};
  const auto colon = decoded->find(':');
  if (colon == std::string::npos) return bad_credentials{};
  return basic_credentials{decoded->substr(0, colon), decoded->substr(colon + 1)};
}

}  // namespace

authorization read_authorization(const headers& all) {
  const std::string* value = nullptr;
  for (const auto& [name, text] : all.fields()) {
    if (!equals_ignoring_case(name, "Authorization")) continue;
    if (value) return bad_credentials{};
    value = &text;
  }
  if (!value) return no_credentials{};
  const std::string_view text = *value;
  const auto space = text.find(' ');
  if (space == std::string_view::npos) return bad_credentials{};
  const auto scheme = text.substr(0, space);
  const auto rest = trim(text.substr(space + 1));
  if (equals_ignoring_case(scheme, "Basic")) return read_basic(rest);
  if (equals_ignoring_case(scheme, "Bearer") && is_token(rest))
    return bearer_credentials{std::string(rest)};
  return bad_credentials{};
}

}  // namespace kp::http
