#pragma once

#include "tools/sandbox/keys.hpp"

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace kp::sandbox {

enum class seid_profile { v1, v2 };  // where the organisation number stands, certificates.md 1.4

struct certificate_subject {
  std::string organisation_number;
  std::string name;
  seid_profile profile = seid_profile::v2;
};

struct issued_certificate {
  kp::sandbox::certificate certificate;
  rsa_key key;
};

inline constexpr std::size_t max_revoked = 10'000;

// A small test CA: one self-signed root that signs organisation certificates directly.
class certificate_authority {
 public:
  static result<certificate_authority> make(time_point now);
  static result<certificate_authority> load(std::string_view root_pem, std::string_view key_pem);

  // An RSA organisation certificate, valid from `from` to `to`. v1 has the number as subject
  // serialNumber, v2 as organizationIdentifier NTRNO-<number>.
  result<issued_certificate> issue(const certificate_subject&, time_point from,
                                   time_point to) const;
  // A certificate with nothing but a common name, for a signing service.
  result<certificate> issue_for(const rsa_key&, const std::string& common_name, time_point from,
                                time_point to) const;

  // A certificate of a server at an IP address.
  result<certificate> issue_server(const rsa_key&, const std::string& address, time_point from,
                                   time_point to) const;

  // From now on issue() makes no more than `most` key pairs and gives them in turns: making a pair
  // takes a tenth of a second, which many thousand organisations cannot wait for. 0: each its own.
  void share_keys(std::size_t most) { most_keys_ = most; }

  // Certificates of issue() say from now on that the list of revoked ones is at this address.
  void publish_list_at(std::string url) { list_url_ = std::move(url); }
  // Takes one back that was issued here. Errors: sandbox_errc::invalid_request.
  result<void> revoke(const certificate&, time_point now);
  void restore_all() { revoked_.clear(); }
  std::vector<std::string> revoked() const;  // serial numbers, hexadecimal
  // The list in DER, made at `now`; the next one comes `lasts` later, which may be negative.
  result<std::string> revocation_list(time_point now, std::chrono::seconds lasts) const;

  // Chains to this root and is valid at `now`; revoked or not.
  bool trusts(const certificate&, time_point now) const;
  const certificate& root() const { return root_; }
  std::string key_pem() const { return key_.private_pem(); }

 private:
  certificate_authority(certificate root, rsa_key key)
      : root_(std::move(root)), key_(std::move(key)) {}
  result<rsa_key> next_key() const;

  certificate root_;
  rsa_key key_;
  std::size_t most_keys_ = 0;
  mutable std::vector<std::string> keys_;  // PEM, while they are shared
  mutable std::size_t given_ = 0;
  std::string list_url_;
  std::map<std::string, time_point> revoked_;  // by serial number, hexadecimal
};

// PKCS#12 in DER with the certificate, its key and the root, AES-256, `alias` as friendly name.
result<std::string> make_keystore(const issued_certificate&, const certificate& root,
                                  const std::string& alias, const std::string& password);

}  // namespace kp::sandbox
