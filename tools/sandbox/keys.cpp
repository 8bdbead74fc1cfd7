#include "tools/sandbox/keys.hpp"

#include "config/text.hpp"
#include "tools/sandbox/freed_by.hpp"
#include "tools/sandbox/sandbox_error.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace kp::sandbox {

namespace {

using bio = std::unique_ptr<BIO, freed_by<BIO_free_all>>;
using digest_context = std::unique_ptr<EVP_MD_CTX, freed_by<EVP_MD_CTX_free>>;
using key_context = std::unique_ptr<EVP_PKEY_CTX, freed_by<EVP_PKEY_CTX_free>>;
using big_number = std::unique_ptr<BIGNUM, freed_by<BN_free>>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

bio reading(std::string_view text) {
  return bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string taken(const bio& from) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(from.get(), &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::shared_ptr<EVP_PKEY> owned(EVP_PKEY* key) {
  return {key, EVP_PKEY_free};
}

const EVP_MD* sha2(unsigned bits) {
  return bits == 512 ? EVP_sha512() : bits == 384 ? EVP_sha384() : EVP_sha256();
}

std::string number_of(EVP_PKEY* key, const char* name) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) return {};
  const big_number number(raw);
  std::string out(static_cast<std::size_t>(BN_num_bytes(raw)), '\0');
  BN_bn2bin(raw, reinterpret_cast<unsigned char*>(out.data()));
  return out;
}

bool digits(std::string_view text, std::size_t count) {
  return text.size() == count &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string subject_entry(X509* from, int nid) {
  auto* name = X509_get_subject_name(from);
  const int at = X509_NAME_get_index_by_NID(name, nid, -1);
  if (at < 0) return {};
  unsigned char* text = nullptr;
  const int size =
      ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  if (size < 0) return {};
  std::string out(reinterpret_cast<char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return out;
}

}  // namespace

result<rsa_key> rsa_key::generate(unsigned bits) {
  auto made = owned(EVP_RSA_gen(bits));
  if (!made) return permanent(sandbox_errc::crypto, "OpenSSL made no RSA key");
  return rsa_key(std::move(made));
}

result<rsa_key> rsa_key::from_private_pem(std::string_view pem) {
  const auto from = reading(pem);
  auto key = owned(PEM_read_bio_PrivateKey(from.get(), nullptr, nullptr, nullptr));
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA)
    return permanent(sandbox_errc::crypto, "this is no unencrypted RSA private key in PEM");
  return rsa_key(std::move(key));
}

std::optional<rsa_key> rsa_key::from_public_jwk(const boost::json::object& jwk) {
  const auto text = [&](std::string_view name) -> std::optional<std::string> {
    const auto* value = jwk.if_contains(name);
    if (!value || !value->is_string()) return {};
    return from_base64url(value->get_string());
  };
  const auto n = text("n"), e = text("e");
  if (!n || !e || n->empty() || e->empty()) return {};
  const big_number modulus(BN_bin2bn(bytes_of(*n), static_cast<int>(n->size()), nullptr));
  const big_number exponent(BN_bin2bn(bytes_of(*e), static_cast<int>(e->size()), nullptr));
  const std::unique_ptr<OSSL_PARAM_BLD, freed_by<OSSL_PARAM_BLD_free>> builder(
      OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
  const std::unique_ptr<OSSL_PARAM, freed_by<OSSL_PARAM_free>> parameters(
      OSSL_PARAM_BLD_to_param(builder.get()));
  const key_context context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* raw = nullptr;
  if (!parameters || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
    return {};
  return rsa_key(owned(raw));
}

std::string rsa_key::private_pem() const {
  const bio out(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(out.get(), raw(), nullptr, nullptr, 0, nullptr, nullptr);
  return taken(out);
}

boost::json::object rsa_key::public_jwk() const {
  return {{"kty", "RSA"},
          {"n", to_base64url(number_of(raw(), OSSL_PKEY_PARAM_RSA_N))},
          {"e", to_base64url(number_of(raw(), OSSL_PKEY_PARAM_RSA_E))}};
}

std::string rsa_key::thumbprint() const {
  const auto jwk = public_jwk();
  // RFC 7638 section 3.2: the required members in lexicographic order, no white space.
  const boost::json::object required{
      {"e", jwk.at("e")}, {"kty", jwk.at("kty")}, {"n", jwk.at("n")}};
  return to_base64url(sha256(boost::json::serialize(required)));
}

std::string rsa_key::sign(std::string_view bytes, unsigned bits) const {
  const digest_context context(EVP_MD_CTX_new());
  std::size_t size = 0;
  if (EVP_DigestSignInit(context.get(), nullptr, sha2(bits), nullptr, raw()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes_of(bytes), bytes.size()) != 1)
    return {};
  std::string out(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                     bytes_of(bytes), bytes.size()) != 1)
    return {};
  out.resize(size);
  return out;
}

bool rsa_key::verify(std::string_view bytes, std::string_view signature, unsigned bits) const {
  const digest_context context(EVP_MD_CTX_new());
  return EVP_DigestVerifyInit(context.get(), nullptr, sha2(bits), nullptr, raw()) == 1 &&
         EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(bytes),
                          bytes.size()) == 1;
}

std::optional<certificate> certificate::from_der(std::string_view der) {
  const unsigned char* at = bytes_of(der);
  X509* raw = d2i_X509(nullptr, &at, static_cast<long>(der.size()));
  if (!raw) return {};
  return certificate(std::shared_ptr<X509>(raw, X509_free));
}

std::optional<certificate> certificate::from_pem(std::string_view pem) {
  const auto from = reading(pem);
  X509* raw = PEM_read_bio_X509(from.get(), nullptr, nullptr, nullptr);
  if (!raw) return {};
  return certificate(std::shared_ptr<X509>(raw, X509_free));
}

std::string certificate::der() const {
  unsigned char* data = nullptr;
  const int size = i2d_X509(raw(), &data);
  if (size < 0) return {};
  std::string out(reinterpret_cast<char*>(data), static_cast<std::size_t>(size));
  OPENSSL_free(data);
  return out;
}

std::string certificate::pem() const {
  const bio out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(out.get(), raw());
  return std::string(trim(taken(out)));
}

std::optional<rsa_key> certificate::key() const {
  auto key = owned(X509_get_pubkey(raw()));
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) return {};
  return rsa_key(std::move(key));
}

bool certificate::valid_at(time_point at) const {
  auto now = std::chrono::system_clock::to_time_t(at);
  return X509_cmp_time(X509_get0_notBefore(raw()), &now) < 0 &&
         X509_cmp_time(X509_get0_notAfter(raw()), &now) > 0;
}

std::optional<std::string> certificate::organisation_number() const {
  if (auto serial = subject_entry(raw(), NID_serialNumber); digits(serial, 9)) return serial;
  const auto name = subject_entry(raw(), NID_organizationName);
  if (name.size() > 10 && name.find('-') != std::string::npos &&
      digits(std::string_view(name).substr(name.size() - 9), 9))
    return name.substr(name.size() - 9);
  auto identifier = subject_entry(raw(), NID_organizationIdentifier);
  if (identifier.starts_with("NTRNO-")) identifier.erase(0, 6);
  if (digits(identifier, 9)) return identifier;
  return {};
}

std::string sha256(std::string_view bytes) {
  std::string out(SHA256_DIGEST_LENGTH, '\0');
  SHA256(bytes_of(bytes), bytes.size(), reinterpret_cast<unsigned char*>(out.data()));
  return out;
}

}  // namespace kp::sandbox
