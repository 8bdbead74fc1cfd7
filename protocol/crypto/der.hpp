#pragma once

#include "config/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// The few structures of CMS that have to be built or taken apart while the content streams by,
// which OpenSSL's own functions cannot do. DER, X.690 §10. Not for other rooms.

namespace kp::crypto::detail {

namespace tag {
inline constexpr unsigned char integer = 0x02;
inline constexpr unsigned char octet_string = 0x04;
inline constexpr unsigned char object_identifier = 0x06;
inline constexpr unsigned char sequence = 0x30;
inline constexpr unsigned char set = 0x31;
inline constexpr unsigned char constructed = 0x20;
inline constexpr unsigned char context(unsigned number, bool is_constructed) {
  return static_cast<unsigned char>(0x80u | (is_constructed ? constructed : 0u) | number);
}
}  // namespace tag

// Content octets of the object identifiers that CMS messages of the network have.
namespace oid {
inline constexpr std::string_view data{"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01", 9};
inline constexpr std::string_view enveloped_data{"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03", 9};
inline constexpr std::string_view rsa_encryption{"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 9};
inline constexpr std::string_view rsaes_oaep{"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x07", 9};
inline constexpr std::string_view mgf1{"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08", 9};
inline constexpr std::string_view p_specified{"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x09", 9};
inline constexpr std::string_view sha1{"\x2b\x0e\x03\x02\x1a", 5};
inline constexpr std::string_view sha256{"\x60\x86\x48\x01\x65\x03\x04\x02\x01", 9};
inline constexpr std::string_view sha384{"\x60\x86\x48\x01\x65\x03\x04\x02\x02", 9};
inline constexpr std::string_view sha512{"\x60\x86\x48\x01\x65\x03\x04\x02\x03", 9};
inline constexpr std::string_view aes_128_cbc{"\x60\x86\x48\x01\x65\x03\x04\x01\x02", 9};
inline constexpr std::string_view aes_192_cbc{"\x60\x86\x48\x01\x65\x03\x04\x01\x16", 9};
inline constexpr std::string_view aes_256_cbc{"\x60\x86\x48\x01\x65\x03\x04\x01\x2a", 9};
inline constexpr std::string_view aes_128_gcm{"\x60\x86\x48\x01\x65\x03\x04\x01\x06", 9};
inline constexpr std::string_view aes_192_gcm{"\x60\x86\x48\x01\x65\x03\x04\x01\x1a", 9};
inline constexpr std::string_view aes_256_gcm{"\x60\x86\x48\x01\x65\x03\x04\x01\x2e", 9};
}  // namespace oid

// One element; the content is taken as it is.
std::string der(unsigned char identifier, std::string_view content);
// A length octet run alone.
std::string der_length(std::uint64_t length);

// Walks over elements that follow each other in memory. Definite lengths only.
class der_view {
 public:
  explicit der_view(std::string_view bytes) : rest_(bytes) {}

  struct element {
    unsigned char identifier = 0;
    std::string_view content;
    std::string_view whole;
    der_view inside() const { return der_view(content); }
  };

  bool empty() const { return rest_.empty(); }
  // The identifier of the next element, 0 at the end.
  unsigned char peek() const {
    return rest_.empty() ? 0 : static_cast<unsigned char>(rest_.front());
  }
  // bad_format when what follows is no element.
  result<element> next();
  // bad_format when the next element is another one.
  result<element> expect(unsigned char identifier);

 private:
  std::string_view rest_;
};

// What an OCTET STRING, or one with an implicit tag, holds: in one piece or in segments.
result<std::string> octets_of(const der_view::element& string);

}  // namespace kp::crypto::detail
