#pragma once

#include "protocol/crypto/certificate.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

// Keys and certificates made when the tests run; nothing to leak, nothing to expire.

namespace kp::test {

struct subject_part {
  const char* name;  // "CN", "serialNumber", "O", "organizationIdentifier"
  std::string value;
};

inline crypto::private_key make_rsa_key(unsigned bits = 2048) {
  return crypto::private_key(std::shared_ptr<EVP_PKEY>(EVP_RSA_gen(bits), EVP_PKEY_free));
}

// A certificate of `key`; self-signed, or signed by `issuer`. Valid from an hour ago for a day.
inline crypto::certificate make_certificate(const crypto::private_key& key,
                                            const std::vector<subject_part>& subject,
                                            long serial = 4711,
                                            const crypto::keystore* issuer = nullptr) {
  std::shared_ptr<X509> x509(X509_new(), X509_free);
  X509_set_version(x509.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(x509.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x509.get()), 86'400);
  X509_NAME* name = X509_get_subject_name(x509.get());
  for (const auto& part : subject)
    X509_NAME_add_entry_by_txt(name, part.name, MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(part.value.data()),
                               static_cast<int>(part.value.size()), -1, 0);
  X509_set_issuer_name(x509.get(), issuer ? X509_get_subject_name(issuer->leaf.native()) : name);
  X509_set_pubkey(x509.get(), key.native());
  if (X509_sign(x509.get(), issuer ? issuer->key.native() : key.native(), EVP_sha256()) == 0)
    std::abort();
  return crypto::certificate(std::move(x509));
}

inline crypto::keystore make_identity(const std::vector<subject_part>& subject,
                                      long serial = 4711) {
  auto key = make_rsa_key();
  auto leaf = make_certificate(key, subject, serial);
  return crypto::keystore{std::move(key), std::move(leaf), {}};
}

// Shared by the tests of one program, because making RSA keys takes a while.
inline const crypto::keystore& sender() {
  static const auto it = make_identity({{"CN", "SENDER"}, {"serialNumber", "910077473"}}, 1001);
  return it;
}
inline const crypto::keystore& recipient() {
  static const auto it = make_identity({{"CN", "RECIPIENT"}, {"serialNumber", "910075918"}}, 1002);
  return it;
}
inline const crypto::keystore& stranger() {
  static const auto it = make_identity({{"CN", "STRANGER"}, {"serialNumber", "910076787"}}, 1003);
  return it;
}

inline std::string to_pem(const crypto::private_key& key) {
  std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PrivateKey(bio.get(), key.native(), nullptr, nullptr, 0, nullptr, nullptr);
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &bytes);
  return std::string(bytes, static_cast<std::size_t>(length));
}

}  // namespace kp::test
