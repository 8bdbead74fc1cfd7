#pragma once

#include "protocol/crypto/certificate.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kp::crypto {

// A list of the certificates that an authority has revoked (CRL, RFC 5280 5). Cheap to copy; safe
// to use from several threads.
class revocation_list {
 public:
  // DER, as authorities publish it, or PEM. Error: bad_format.
  static result<revocation_list> parse(std::string_view bytes);
  explicit revocation_list(std::shared_ptr<X509_CRL> crl) : crl_(std::move(crl)) {}

  time_point made() const;                       // thisUpdate
  std::optional<time_point> next_comes() const;  // nextUpdate
  X509_CRL* native() const { return crl_.get(); }

 private:
  std::shared_ptr<X509_CRL> crl_;
};

// Of one certificate; further ones are not looked at.
inline constexpr std::size_t most_revocation_addresses = 4;

// Where the list that would name `leaf` is published: the http and https addresses of its CRL
// distribution points (RFC 5280 4.2.1.13), in their order.
std::vector<std::string> revocation_addresses(const certificate& leaf);

}  // namespace kp::crypto
