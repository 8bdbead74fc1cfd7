#pragma once

#include "protocol/crypto/certificate.hpp"
#include "tests/protocol/crypto/test_keys.hpp"

#include <openssl/conf.h>

#include <chrono>
#include <ctime>

// Authorities, organisation certificates and revocation lists as tests want them.

namespace kp::test {

struct extension {
  int kind;
  std::string value;  // as OpenSSL's configuration has it
};

inline const std::vector<extension> usual_leaf{
    {NID_key_usage, "critical,digitalSignature"},
    {NID_basic_constraints, "critical,CA:FALSE"},
    {NID_certificate_policies, "2.16.578.1.29.913.200.1.0"}};
inline const std::vector<extension> usual_authority{{NID_key_usage, "critical,keyCertSign,cRLSign"},
                                                    {NID_basic_constraints, "critical,CA:TRUE"}};

// Valid from an hour ago for a day; signed by itself without an issuer.
inline crypto::keystore issue(const std::string& name, const std::vector<extension>& extensions,
                              const crypto::keystore* issuer, long serial = 7) {
  auto key = make_rsa_key();
  std::shared_ptr<X509> x509(X509_new(), X509_free);
  X509_set_version(x509.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(x509.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x509.get()), 86'400);
  auto* subject = X509_get_subject_name(x509.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(x509.get(), issuer ? X509_get_subject_name(issuer->leaf.native()) : subject);
  X509_set_pubkey(x509.get(), key.native());
  for (const auto& [kind, value] : extensions) {
    X509V3_CTX context;
    // Policies are read only in the presence of a configuration, be it an empty one.
    const std::unique_ptr<CONF, decltype(&NCONF_free)> none(NCONF_new(nullptr), NCONF_free);
    X509V3_set_ctx(&context, x509.get(), x509.get(), nullptr, nullptr, 0);
    X509V3_set_nconf(&context, none.get());
    auto* made = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    if (!made) std::abort();
    X509_add_ext(x509.get(), made, -1);
    X509_EXTENSION_free(made);
  }
  X509_sign(x509.get(), issuer ? issuer->key.native() : key.native(), EVP_sha256());
  return {std::move(key), crypto::certificate(x509), {}};
}

// The issuer's list of the certificates with these numbers, DER; made `age` ago, the next one to
// come in `lasts`.
inline std::string list_of_revoked(const crypto::keystore& issuer, const std::vector<long>& serials,
                                   std::chrono::seconds lasts = std::chrono::hours(1),
                                   std::chrono::seconds age = std::chrono::hours(2)) {
  const std::shared_ptr<X509_CRL> crl(X509_CRL_new(), X509_CRL_free);
  X509_CRL_set_version(crl.get(), 1);
  X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(issuer.leaf.native()));
  const std::shared_ptr<ASN1_TIME> made(ASN1_TIME_set(nullptr, std::time(nullptr) - age.count()),
                                        ASN1_TIME_free);
  const std::shared_ptr<ASN1_TIME> next(ASN1_TIME_set(nullptr, std::time(nullptr) + lasts.count()),
                                        ASN1_TIME_free);
  X509_CRL_set1_lastUpdate(crl.get(), made.get());
  X509_CRL_set1_nextUpdate(crl.get(), next.get());
  for (const auto serial : serials) {
    const std::shared_ptr<ASN1_INTEGER> number(ASN1_INTEGER_new(), ASN1_INTEGER_free);
    ASN1_INTEGER_set(number.get(), serial);
    auto* one = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(one, number.get());
    X509_REVOKED_set_revocationDate(one, made.get());
    X509_CRL_add0_revoked(crl.get(), one);
  }
  X509_CRL_sort(crl.get());
  X509_CRL_sign(crl.get(), issuer.key.native(), EVP_sha256());
  unsigned char* bytes = nullptr;
  const int length = i2d_X509_CRL(crl.get(), &bytes);
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
  OPENSSL_free(bytes);
  return der;
}

}  // namespace kp::test
