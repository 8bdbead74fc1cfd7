#pragma once

#include "config/clock.hpp"
#include "config/error.hpp"
#include "config/ids.hpp"

#include <openssl/types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kp::crypto {

namespace detail {
template <class T>
class parsed_when_used;
}

// An object of OpenSSL for the expression that asks for it, or for as long as this is kept.
template <class T>
class held {
 public:
  explicit held(std::shared_ptr<T> object) : object_(std::move(object)) {}
  operator T*() const { return object_.get(); }

 private:
  std::shared_ptr<T> object_;
};

// An X.509 certificate; cheap to copy, and small: it rests as DER.
class certificate {
 public:
  static result<certificate> from_pem(std::string_view pem);  // the first one in the text
  static result<certificate> from_der(std::string_view der);
  explicit certificate(std::shared_ptr<X509> x509);

  std::string pem() const;
  std::string der() const;
  std::string subject() const;  // RFC 2253
  std::string serial_decimal() const;
  time_point not_before() const;
  time_point not_after() const;
  bool valid_at(time_point) const;
  // By subject serialNumber, else O, else organizationIdentifier (certificates.md 1.4).
  std::optional<organisation_id> organisation() const;
  held<X509> native() const;
  // The same certificate, sharing memory with all who ask for it: for those of authorities, which
  // are few and in the key store of every organisation.
  certificate shared() const;

 private:
  using state = const detail::parsed_when_used<X509>;
  explicit certificate(std::shared_ptr<state> of) : state_(std::move(of)) {}

  std::shared_ptr<state> state_;
};

// Cheap to copy, and small as a certificate is; wiped when the last copy goes.
class private_key {
 public:
  static result<private_key> from_pem(std::string_view pem);
  explicit private_key(std::shared_ptr<EVP_PKEY> key);
  held<EVP_PKEY> native() const;

 private:
  std::shared_ptr<const detail::parsed_when_used<EVP_PKEY>> state_;
};

// A key with its certificate and the rest of the chain. Safe to use from several threads.
struct keystore {
  private_key key;
  certificate leaf;
  std::vector<certificate> chain;  // without the leaf, may be empty

  // PKCS#12 with integrity and encryption password `password`. With `alias`, the entry of that
  // friendly name, case-sensitive. Errors: bad_password, bad_format (also for JKS, with the keytool
  // line that converts it), unsupported (RC2/3DES files that need OpenSSL's legacy provider are
  // opened with it when it is there).
  static result<keystore> open_pkcs12(std::string_view bytes, std::string_view password,
                                      const std::optional<std::string>& alias);
};

}  // namespace kp::crypto
