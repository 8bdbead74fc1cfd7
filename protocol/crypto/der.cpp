#include "protocol/crypto/der.hpp"

#include "protocol/crypto/crypto_error.hpp"

namespace kp::crypto::detail {

namespace {

error malformed(const char* what) {
  return permanent(crypto_errc::bad_format, what);
}

}  // namespace

std::string der_length(std::uint64_t length) {
  if (length < 0x80) return std::string(1, static_cast<char>(length));
  std::string octets;
  for (; length != 0; length >>= 8) octets.insert(octets.begin(), static_cast<char>(length & 0xff));
  return static_cast<char>(0x80 | octets.size()) + octets;
}

std::string der(unsigned char identifier, std::string_view content) {
  std::string element(1, static_cast<char>(identifier));
  element += der_length(content.size());
  element += content;
  return element;
}

result<der_view::element> der_view::next() {
  if (rest_.size() < 2) return malformed("an ASN.1 element is cut off");
  std::size_t at = 2;
  std::uint64_t length = static_cast<unsigned char>(rest_[1]);
  if ((rest_[0] & 0x1f) == 0x1f) return malformed("an ASN.1 tag is too large");
  if (length >= 0x80) {
    const auto octets = static_cast<std::size_t>(length & 0x7f);
    if (octets == 0 || octets > 8 || rest_.size() < at + octets)
      return malformed("an ASN.1 length is wrong");
    length = 0;
    for (std::size_t i = 0; i < octets; ++i)
      length = length << 8 | static_cast<unsigned char>(rest_[at++]);
  }
  if (length > rest_.size() - at) return malformed("an ASN.1 element is cut off");
  const auto size = static_cast<std::size_t>(length);
  const element found{static_cast<unsigned char>(rest_[0]), rest_.substr(at, size),
                      rest_.substr(0, at + size)};
  rest_.remove_prefix(at + size);
  return found;
}

result<der_view::element> der_view::expect(unsigned char identifier) {
  if (peek() != identifier) return malformed("an ASN.1 element is not the expected one");
  return next();
}

result<std::string> octets_of(const der_view::element& string) {
  if ((string.identifier & tag::constructed) == 0) return std::string(string.content);
  std::string all;
  for (auto segments = string.inside(); !segments.empty();) {
    KP_TRY(const auto segment, segments.expect(tag::octet_string));
    all += segment.content;
  }
  return all;
}

}  // namespace kp::crypto::detail
