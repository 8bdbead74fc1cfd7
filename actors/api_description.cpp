#include "actors/api_description.hpp"

#include "config/text.hpp"
#include "protocol/api/description.hpp"
#include "protocol/crypto/digest.hpp"

#include <fmt/format.h>

namespace kp::actors {

namespace {

constexpr std::size_t tag_digits = 32;

const std::string& entity_tag() {
  static const auto tag =
      fmt::format("\"{}\"", to_hex(crypto::sha256(api::description())).substr(0, tag_digits));
  return tag;
}

// RFC 9110 13.1.2: one of a list, compared without regard to W/, or "*". No tag of ours has a
// comma.
bool names(std::string_view list, std::string_view tag) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    auto one = trim(list.substr(0, comma));
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == tag || one == "*") return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
  return false;
}

}  // namespace

http::server_response describe_api(const http::request_head& head) {
  http::server_response response;
  response.headers.add("ETag", entity_tag());
  response.headers.add("Cache-Control", "public, max-age=3600");
  response.headers.add("Pragma", "");
  response.headers.add("Expires", "");
  const auto known = head.headers.find("If-None-Match");
  if (known && names(*known, entity_tag())) {
    response.status = 304;
    return response;
  }
  response.headers.add("Content-Type", "application/json");
  response.body = std::string(api::description());
  return response;
}

}  // namespace kp::actors
