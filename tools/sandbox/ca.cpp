#include "tools/sandbox/ca.hpp"

#include "tools/sandbox/sandbox_error.hpp"

#include <openssl/bn.h>
#include <openssl/conf.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace kp::sandbox {

namespace {

constexpr auto day = std::chrono::hours(24);

error refused(const char* what) {
  return permanent(sandbox_errc::crypto, std::string("OpenSSL refused ") + what);
}

bool add_name(X509_NAME* name, int nid, std::string_view value) {
  return X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0) == 1;
}

bool set_time(ASN1_TIME* field, time_point at) {
  return ASN1_TIME_set(field, std::chrono::system_clock::to_time_t(at)) != nullptr;
}

// A certificate with serial number, validity and public key, but no names and no signature.
std::shared_ptr<X509> blank(const rsa_key& key, time_point from, time_point to) {
  std::shared_ptr<X509> made(X509_new(), X509_free);
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> serial(BN_new(), BN_free);
  const bool fine =
      made && serial && BN_rand(serial.get(), 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
      BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(made.get())) &&
      X509_set_version(made.get(), X509_VERSION_3) == 1 &&
      set_time(X509_getm_notBefore(made.get()), from) &&
      set_time(X509_getm_notAfter(made.get()), to) && X509_set_pubkey(made.get(), key.raw()) == 1;
  return fine ? made : nullptr;
}

bool extend(X509* to, X509* signer, int nid, const char* value) {
  // Policies are read only in the presence of a configuration, be it an empty one.
  const std::unique_ptr<CONF, decltype(&NCONF_free)> none(NCONF_new(nullptr), NCONF_free);
  X509V3_CTX context;
  X509V3_set_ctx(&context, signer, to, nullptr, nullptr, 0);
  X509V3_set_nconf(&context, none.get());
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value), X509_EXTENSION_free);
  return extension && X509_add_ext(to, extension.get(), -1) == 1;
}

bool finish(X509* leaf, const certificate& root, const rsa_key& key, const char* usage) {
  return X509_set_issuer_name(leaf, X509_get_subject_name(root.raw())) == 1 &&
         extend(leaf, root.raw(), NID_basic_constraints, "critical,CA:FALSE") &&
         extend(leaf, root.raw(), NID_key_usage, usage) &&
         extend(leaf, root.raw(), NID_subject_key_identifier, "hash") &&
         extend(leaf, root.raw(), NID_authority_key_identifier, "keyid") &&
         X509_sign(leaf, key.raw(), EVP_sha256()) > 0;
}

using asn1_time = std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)>;
using big_number = std::unique_ptr<BIGNUM, decltype(&BN_free)>;

std::string serial_of(const certificate& leaf) {
  const big_number number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(leaf.raw()), nullptr), BN_free);
  char* text = number ? BN_bn2hex(number.get()) : nullptr;
  std::string out(text ? text : "");
  OPENSSL_free(text);
  return out;
}

bool add_revoked(X509_CRL* to, const std::string& serial, time_point at) {
  BIGNUM* parsed = nullptr;
  BN_hex2bn(&parsed, serial.c_str());
  const big_number number(parsed, BN_free);
  const std::unique_ptr<ASN1_INTEGER, decltype(&ASN1_INTEGER_free)> wanted(
      number ? BN_to_ASN1_INTEGER(number.get(), nullptr) : nullptr, ASN1_INTEGER_free);
  const asn1_time when(ASN1_TIME_new(), ASN1_TIME_free);
  std::unique_ptr<X509_REVOKED, decltype(&X509_REVOKED_free)> one(X509_REVOKED_new(),
                                                                  X509_REVOKED_free);
  if (!wanted || !when || !one || !set_time(when.get(), at) ||
      X509_REVOKED_set_serialNumber(one.get(), wanted.get()) != 1 ||
      X509_REVOKED_set_revocationDate(one.get(), when.get()) != 1 ||
      X509_CRL_add0_revoked(to, one.get()) != 1)
    return false;
  static_cast<void>(one.release());  // the list has it now
  return true;
}

}  // namespace

result<certificate_authority> certificate_authority::make(time_point now) {
  KP_TRY(auto key, rsa_key::generate());
  auto root = blank(key, now - day, now + 3650 * day);
  if (!root) return refused("a root certificate");
  auto* name = X509_get_subject_name(root.get());
  const bool fine = add_name(name, NID_countryName, "NO") &&
                    add_name(name, NID_organizationName, "Sandbox") &&
                    add_name(name, NID_commonName, "Sandbox root for organisation certificates") &&
                    X509_set_issuer_name(root.get(), name) == 1 &&
                    extend(root.get(), root.get(), NID_basic_constraints, "critical,CA:TRUE") &&
                    extend(root.get(), root.get(), NID_key_usage, "critical,keyCertSign,cRLSign") &&
                    extend(root.get(), root.get(), NID_subject_key_identifier, "hash") &&
                    X509_sign(root.get(), key.raw(), EVP_sha256()) > 0;
  if (!fine) return refused("a root certificate");
  return certificate_authority(certificate(std::move(root)), std::move(key));
}

result<certificate_authority> certificate_authority::load(std::string_view root_pem,
                                                          std::string_view key_pem) {
  auto root = certificate::from_pem(root_pem);
  if (!root) return permanent(sandbox_errc::crypto, "the root certificate is no PEM");
  KP_TRY(auto key, rsa_key::from_private_pem(key_pem));
  if (X509_check_private_key(root->raw(), key.raw()) != 1)
    return permanent(sandbox_errc::crypto, "the root key does not belong to the root certificate");
  return certificate_authority(std::move(*root), std::move(key));
}

result<rsa_key> certificate_authority::next_key() const {
  if (most_keys_ > 0 && keys_.size() == most_keys_)
    return rsa_key::from_private_pem(keys_[given_++ % most_keys_]);
  KP_TRY(auto made, rsa_key::generate());
  if (most_keys_ > 0) keys_.push_back(made.private_pem());
  return made;
}

result<issued_certificate> certificate_authority::issue(const certificate_subject& subject,
                                                        time_point from, time_point to) const {
  KP_TRY(auto key, next_key());
  auto leaf = blank(key, from, to);
  if (!leaf) return refused("an organisation certificate");
  auto* name = X509_get_subject_name(leaf.get());
  bool fine = add_name(name, NID_countryName, "NO") &&
              add_name(name, NID_organizationName, subject.name) &&
              add_name(name, NID_commonName, subject.name);
  if (subject.profile == seid_profile::v1)
    fine = fine && add_name(name, NID_serialNumber, subject.organisation_number);
  else
    fine =
        fine && add_name(name, NID_organizationIdentifier, "NTRNO-" + subject.organisation_number);
  // The policy of Buypass' test certificates, so that a policy check has something to accept.
  fine =
      fine && extend(leaf.get(), root_.raw(), NID_certificate_policies, "2.16.578.1.26.1.0.3.2") &&
      (list_url_.empty() || extend(leaf.get(), root_.raw(), NID_crl_distribution_points,
                                   ("URI:" + list_url_).c_str())) &&
      finish(leaf.get(), root_, key_, "critical,digitalSignature,keyEncipherment,dataEncipherment");
  if (!fine) return refused("an organisation certificate");
  return issued_certificate{certificate(std::move(leaf)), std::move(key)};
}

result<certificate> certificate_authority::issue_for(const rsa_key& key,
                                                     const std::string& common_name,
                                                     time_point from, time_point to) const {
  auto leaf = blank(key, from, to);
  if (!leaf || !add_name(X509_get_subject_name(leaf.get()), NID_commonName, common_name) ||
      !finish(leaf.get(), root_, key_, "critical,digitalSignature"))
    return refused("a service certificate");
  return certificate(std::move(leaf));
}

result<certificate> certificate_authority::issue_server(const rsa_key& key,
                                                        const std::string& address, time_point from,
                                                        time_point to) const {
  auto leaf = blank(key, from, to);
  if (!leaf || !add_name(X509_get_subject_name(leaf.get()), NID_commonName, address) ||
      !extend(leaf.get(), root_.raw(), NID_subject_alt_name, ("IP:" + address).c_str()) ||
      !finish(leaf.get(), root_, key_, "critical,digitalSignature,keyEncipherment"))
    return refused("a server certificate");
  return certificate(std::move(leaf));
}

result<void> certificate_authority::revoke(const certificate& leaf, time_point now) {
  if (X509_verify(leaf.raw(), key_.raw()) != 1)
    return permanent(sandbox_errc::invalid_request, "the certificate was not issued here");
  if (revoked_.size() >= max_revoked)
    return permanent(sandbox_errc::invalid_request, "too many certificates are revoked already");
  revoked_[serial_of(leaf)] = now;
  return {};
}

std::vector<std::string> certificate_authority::revoked() const {
  std::vector<std::string> out;
  for (const auto& [serial, at] : revoked_) out.push_back(serial);
  return out;
}

result<std::string> certificate_authority::revocation_list(time_point now,
                                                           std::chrono::seconds lasts) const {
  const std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)> list(X509_CRL_new(), X509_CRL_free);
  const asn1_time made(ASN1_TIME_new(), ASN1_TIME_free), next(ASN1_TIME_new(), ASN1_TIME_free);
  bool fine = list && made && next && set_time(made.get(), now) &&
              set_time(next.get(), now + lasts) &&
              X509_CRL_set_version(list.get(), X509_CRL_VERSION_2) == 1 &&
              X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(root_.raw())) == 1 &&
              X509_CRL_set1_lastUpdate(list.get(), made.get()) == 1 &&
              X509_CRL_set1_nextUpdate(list.get(), next.get()) == 1;
  for (const auto& [serial, at] : revoked_) fine = fine && add_revoked(list.get(), serial, at);
  if (!fine || X509_CRL_sort(list.get()) != 1 ||
      X509_CRL_sign(list.get(), key_.raw(), EVP_sha256()) <= 0)
    return refused("a revocation list");
  unsigned char* data = nullptr;
  const int size = i2d_X509_CRL(list.get(), &data);
  if (size < 0) return refused("a revocation list");
  std::string out(reinterpret_cast<char*>(data), static_cast<std::size_t>(size));
  OPENSSL_free(data);
  return out;
}

bool certificate_authority::trusts(const certificate& leaf, time_point now) const {
  const std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> store(X509_STORE_new(),
                                                                      X509_STORE_free);
  const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> context(
      X509_STORE_CTX_new(), X509_STORE_CTX_free);
  if (!store || !context || X509_STORE_add_cert(store.get(), root_.raw()) != 1 ||
      X509_STORE_CTX_init(context.get(), store.get(), leaf.raw(), nullptr) != 1)
    return false;
  X509_STORE_CTX_set_time(context.get(), 0, std::chrono::system_clock::to_time_t(now));
  return X509_verify_cert(context.get()) == 1;
}

result<std::string> make_keystore(const issued_certificate& issued, const certificate& root,
                                  const std::string& alias, const std::string& password) {
  STACK_OF(X509)* others = sk_X509_new_null();
  if (!others) return refused("a keystore");
  sk_X509_push(others, root.raw());
  const std::unique_ptr<PKCS12, decltype(&PKCS12_free)> store(
      PKCS12_create(password.c_str(), alias.c_str(), issued.key.raw(), issued.certificate.raw(),
                    others, 0, 0, 0, 0, 0),
      PKCS12_free);
  sk_X509_free(others);
  unsigned char* data = nullptr;
  const int size = store ? i2d_PKCS12(store.get(), &data) : -1;
  if (size < 0) return refused("a keystore");
  std::string out(reinterpret_cast<char*>(data), static_cast<std::size_t>(size));
  OPENSSL_free(data);
  return out;
}

}  // namespace kp::sandbox
