#include "protocol/rsocket/composite_metadata.hpp"

#include <cstdint>

namespace kp::rsocket {

namespace {

// message/x.rsocket.routing.v0 and message/x.rsocket.authentication.v0, with the bit that says that
// a number stands for the text.
constexpr std::uint8_t routing = 0x80 | 0x7e;
constexpr std::uint8_t authentication = 0x80 | 0x7c;
constexpr std::uint8_t bearer = 0x80 | 0x01;

void add_entry(std::string& to, std::uint8_t type, std::uint8_t first, std::string_view rest) {
  const auto size = rest.size() + 1;
  to.push_back(static_cast<char>(type));
  for (const unsigned shift : {16u, 8u, 0u}) to.push_back(static_cast<char>(size >> shift & 0xff));
  to.push_back(static_cast<char>(first));
  to += rest;
}

}  // namespace

std::string route_and_bearer(std::string_view route, std::string_view token) {
  std::string out;
  add_entry(out, routing, static_cast<std::uint8_t>(route.size()), route);
  add_entry(out, authentication, bearer, token);
  return out;
}

}  // namespace kp::rsocket
