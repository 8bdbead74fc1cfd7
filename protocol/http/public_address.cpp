#include "protocol/http/public_address.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace kp::http {

namespace {

namespace ip = boost::asio::ip;

struct range4 {
  std::uint32_t network;
  unsigned bits;
};

constexpr std::uint32_t v4(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

// RFC 6890 and the IANA IPv4 Special-Purpose Address Registry.
constexpr std::array not_public4{
    range4{v4(0, 0, 0, 0), 8},        // this network
    range4{v4(10, 0, 0, 0), 8},       // private
    range4{v4(100, 64, 0, 0), 10},    // carrier-grade NAT
    range4{v4(127, 0, 0, 0), 8},      // loopback
    range4{v4(169, 254, 0, 0), 16},   // link-local, cloud metadata
    range4{v4(172, 16, 0, 0), 12},    // private
    range4{v4(192, 0, 0, 0), 24},     // protocol assignments
    range4{v4(192, 0, 2, 0), 24},     // documentation
    range4{v4(192, 88, 99, 0), 24},   // 6to4 relays, deprecated
    range4{v4(192, 168, 0, 0), 16},   // private
    range4{v4(198, 18, 0, 0), 15},    // benchmarks
    range4{v4(198, 51, 100, 0), 24},  // documentation
    range4{v4(203, 0, 113, 0), 24},   // documentation
    range4{v4(224, 0, 0, 0), 4},      // multicast
    range4{v4(240, 0, 0, 0), 4},      // reserved, broadcast
};

bool is_public4(std::uint32_t address) {
  return std::ranges::none_of(not_public4, [&](const range4& each) {
    return (address ^ each.network) >> (32 - each.bits) == 0;
  });
}

using bytes6 = ip::address_v6::bytes_type;

std::uint32_t embedded(const bytes6& bytes, std::size_t at) {
  return v4(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]);
}

bool begins(const bytes6& bytes, std::span<const std::uint8_t> with) {
  return std::equal(with.begin(), with.end(), bytes.begin());
}

bool is_public6(const ip::address_v6& address) {
  static constexpr std::uint8_t mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  static constexpr std::uint8_t nat64[] = {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};
  static constexpr std::uint8_t sixtofour[] = {0x20, 0x02};
  static constexpr std::uint8_t documentation[] = {0x20, 0x01, 0x0d, 0xb8};
  static constexpr std::uint8_t assignments[] = {0x20, 0x01};
  static constexpr std::uint8_t documentation2[] = {0x3f, 0xff};
  const auto bytes = address.to_bytes();
  if (begins(bytes, mapped) || begins(bytes, nat64)) return is_public4(embedded(bytes, 12));
  if (begins(bytes, sixtofour)) return is_public4(embedded(bytes, 2));
  if (begins(bytes, assignments) && bytes[2] < 0x02) return false;     // 2001::/23, Teredo is there
  if (begins(bytes, documentation)) return false;                      // 2001:db8::/32
  if (begins(bytes, documentation2) && bytes[2] < 0x10) return false;  // 3fff::/20
  return (bytes[0] & 0xe0) == 0x20;  // 2000::/3 is all that is routed globally
}

}  // namespace

bool is_public(const ip::address& address) {
  return address.is_v4() ? is_public4(address.to_v4().to_uint()) : is_public6(address.to_v6());
}

}  // namespace kp::http
