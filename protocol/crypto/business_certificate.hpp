#pragma once

#include "protocol/crypto/revocation_list.hpp"

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
// critical, a path through the configured certificate authorities alone, an accepted policy, not
// revoked. Safe to use from several threads.
class certificate_judge {
 public:
  // `pem` holds roots and intermediates in any order. Error: bad_format when it holds none.
  static result<certificate_judge> from_pem(std::string_view pem,
                                            std::span<const std::string_view> policies);

  // A certificate is revoked when one of `lists` of its own issuer says so, however old that list
  // is; no list at all revokes nothing (certificates.md 4.1, 7). They have passed check().
  // Errors: not_valid_now, bad_signature (not trusted), with today's texts where there is one.
  result<void> judge(const certificate& leaf, time_point now,
                     std::span<const revocation_list> lists = {}) const;

  // Whether a list comes from one of the authorities: on its way here nothing protected it.
  // Error: bad_signature.
  result<void> check(const revocation_list& list) const;

 private:
  std::vector<certificate> roots_, intermediates_;
  std::vector<std::string> policies_;
};

}  // namespace kp::crypto
