#pragma once

#include "protocol/crypto/certificate.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kp::crypto {

// The certificate policies that may stand in a Norwegian organisation certificate (certificates.md
// 4.2). One that ends in .* stands for everything below it.
std::span<const std::string_view> production_policies();
std::span<const std::string_view> test_policies();

// Judges organisation certificates (virksomhetssertifikater) of those who sign receipts, by the
// rules of certificates.md 4.1: valid now, not self-signed, critical extensions known, key usage
// critical, a path through the configured certificate authorities alone, an accepted policy.
// Revocation lists are not looked at. Safe to use from several threads.
class certificate_judge {
 public:
  // `pem` holds roots and intermediates in any order. Error: bad_format when it holds none.
  static result<certificate_judge> from_pem(std::string_view pem,
                                            std::span<const std::string_view> policies);

  // Errors: not_valid_now, bad_signature (not trusted), with today's texts where there is one.
  result<void> judge(const certificate& leaf, time_point now) const;

 private:
  std::vector<certificate> roots_, intermediates_;
  std::vector<std::string> policies_;
};

}  // namespace kp::crypto
