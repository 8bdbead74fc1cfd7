#pragma once

#include "config/clock.hpp"
#include "config/error.hpp"

#include <openssl/types.h>
#include <boost/json/object.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

// RSA keys and certificates through OpenSSL, for the sandbox alone.

namespace kp::sandbox {

// An RSA key, with or without its private half. Copies share it.
class rsa_key {
 public:
  static result<rsa_key> generate(unsigned bits = 2048);
  static result<rsa_key> from_private_pem(std::string_view pem);
  static std::optional<rsa_key> from_public_jwk(const boost::json::object& jwk);  // kty, n, e
  explicit rsa_key(std::shared_ptr<EVP_PKEY> key) : key_(std::move(key)) {}

  EVP_PKEY* raw() const { return key_.get(); }
  std::string private_pem() const;
  // kty, n and e (RFC 7518 section 6.3.1).
  boost::json::object public_jwk() const;
  std::string thumbprint() const;  // RFC 7638, base64url of SHA-256

  // RSASSA-PKCS1-v1_5; `bits` is 256, 384 or 512 of SHA-2.
  std::string sign(std::string_view bytes, unsigned bits = 256) const;
  bool verify(std::string_view bytes, std::string_view signature, unsigned bits) const;

 private:
  std::shared_ptr<EVP_PKEY> key_;
};

class certificate {
 public:
  static std::optional<certificate> from_der(std::string_view der);
  static std::optional<certificate> from_pem(std::string_view pem);
  explicit certificate(std::shared_ptr<X509> raw) : raw_(std::move(raw)) {}

  X509* raw() const { return raw_.get(); }
  std::string der() const;
  std::string pem() const;  // without a line break at the end
  std::optional<rsa_key> key() const;
  bool valid_at(time_point) const;
  // certificates.md 1.4: serialNumber of nine digits, O ending in nine digits,
  // organizationIdentifier.
  std::optional<std::string> organisation_number() const;
  friend bool operator==(const certificate& a, const certificate& b) { return a.der() == b.der(); }

 private:
  std::shared_ptr<X509> raw_;
};

std::string sha256(std::string_view bytes);

}  // namespace kp::sandbox
