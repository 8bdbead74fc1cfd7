#include "tools/sandbox/jwt.hpp"

#include "config/text.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

std::optional<json::object> object_in(std::string_view base64url) {
  const auto text = from_base64url(base64url);
  if (!text) return {};
  boost::system::error_code ec;
  auto value = json::parse(*text, ec);
  if (ec || !value.is_object()) return {};
  return std::move(value.as_object());
}

}  // namespace

std::optional<jwt> parse_jwt(std::string_view compact) {
  const auto first = compact.find('.');
  const auto last = compact.rfind('.');
  if (first == std::string_view::npos || first == last || compact.find('.', first + 1) != last)
    return {};
  auto header = object_in(compact.substr(0, first));
  auto claims = object_in(compact.substr(first + 1, last - first - 1));
  auto signature = from_base64url(compact.substr(last + 1));
  if (!header || !claims || !signature) return {};
  return jwt{std::move(*header), std::move(*claims), std::string(compact.substr(0, last)),
             std::move(*signature)};
}

bool is_signed_by(const jwt& token, const rsa_key& key) {
  const auto algorithm = text_at(token.header, "alg");
  constexpr std::array<std::pair<std::string_view, unsigned>, 3> known{
      {{"RS256", 256}, {"RS384", 384}, {"RS512", 512}}};
  for (const auto& [name, bits] : known)
    if (algorithm == name) return key.verify(token.signing_input, token.signature, bits);
  return false;
}

std::string make_jws(const rsa_key& key, json::object header, std::string_view payload) {
  header["alg"] = "RS256";
  auto input = to_base64url(json::serialize(header)) + "." + to_base64url(payload);
  const auto signature = key.sign(input);
  return input + "." + to_base64url(signature);
}

std::string make_jwt(const rsa_key& key, json::object header, const json::object& claims) {
  return make_jws(key, std::move(header), json::serialize(claims));
}

std::optional<json::object> verified_claims(std::string_view compact, const issuer& from,
                                            time_point now) {
  auto token = parse_jwt(compact);
  if (!token || text_at(token->header, "alg") != "RS256" || !is_signed_by(*token, from.key) ||
      text_at(token->claims, "iss") != from.name)
    return {};
  const auto expires = number_at(token->claims, "exp");
  const auto not_before = number_at(token->claims, "nbf");
  const auto seconds = epoch_seconds(now);
  if (!expires || *expires <= seconds || (not_before && *not_before > seconds)) return {};
  return std::move(token->claims);
}

std::int64_t epoch_seconds(time_point at) {
  return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
}

std::string text_at(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::optional<std::int64_t> number_at(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  if (!value || !value->is_number()) return {};
  boost::system::error_code ec;
  const auto number = value->to_number<std::int64_t>(ec);
  if (ec) return {};
  return number;
}

const json::object* object_at(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  return value ? value->if_object() : nullptr;
}

const json::array* array_at(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  return value ? value->if_array() : nullptr;
}

std::vector<std::string> texts_at(const json::object& from, std::string_view name) {
  std::vector<std::string> out;
  if (const auto* list = array_at(from, name))
    for (const auto& value : *list)
      if (value.is_string()) out.emplace_back(value.get_string());
  return out;
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  while (!(text = trim(text)).empty()) {
    const auto end = std::min(text.find(' '), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return out;
}

std::optional<std::string> iso6523_at(const json::object& from, std::string_view name) {
  const auto* actor = object_at(from, name);
  if (!actor) return {};
  const auto id = text_at(*actor, "ID");
  if (text_at(*actor, "authority") != "iso6523-actorid-upis" || id.size() != 14 ||
      !id.starts_with("0192:") || id.find_first_not_of("0123456789", 5) != std::string::npos)
    return {};
  return id.substr(5);
}

json::object iso6523(std::string_view organisation_number) {
  return {{"authority", "iso6523-actorid-upis"},
          {"ID", "0192:" + std::string(organisation_number)}};
}

}  // namespace kp::sandbox
