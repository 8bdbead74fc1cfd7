#include "protocol/crypto/cms_recipient.hpp"

#include "protocol/crypto/der.hpp"
#include "protocol/crypto/openssl.hpp"

#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <array>
#include <vector>

namespace kp::crypto::detail {

namespace {

using x509_name_ptr = std::unique_ptr<X509_NAME, freed_by<X509_NAME_free>>;
using asn1_integer_ptr = std::unique_ptr<ASN1_INTEGER, freed_by<ASN1_INTEGER_free>>;

// Every attempt is an RSA operation somebody else makes us do.
constexpr std::size_t max_recipients = 64;
constexpr std::size_t max_attempts = 256;

// How the content key is encrypted, as the message says it.
struct wrapping {
  bool oaep = false;
  const EVP_MD* hash = nullptr;
  const EVP_MD* mask_hash = nullptr;
  std::string label;
};

struct recipient_info {
  std::string_view issuer_and_serial;  // empty when identified by key
  std::string_view subject_key;        // empty when identified by issuer and serial
  wrapping how;
  std::string encrypted_key;
};

error malformed(const char* what) {
  return permanent(crypto_errc::bad_format, what);
}

result<const EVP_MD*> hash_of(std::string_view identifier) {
  const std::array<std::pair<std::string_view, const EVP_MD*>, 4> known{
      {{oid::sha1, EVP_sha1()},
       {oid::sha256, EVP_sha256()},
       {oid::sha384, EVP_sha384()},
       {oid::sha512, EVP_sha512()}}};
  for (const auto& [name, hash] : known)
    if (name == identifier) return hash;
  return permanent(crypto_errc::unsupported, "the content key uses an unknown hash algorithm");
}

// RSAES-OAEP-params, RFC 8017 A.2.1: what is absent is SHA-1 and an empty label.
result<wrapping> parse_oaep(der_view parameters) {
  wrapping how{true, EVP_sha1(), EVP_sha1(), {}};
  if (parameters.empty()) return how;
  KP_TRY(const auto sequence, parameters.expect(tag::sequence));
  for (auto members = sequence.inside(); !members.empty();) {
    KP_TRY(const auto member, members.next());
    auto wrapper = member.inside();
    KP_TRY(const auto algorithm, wrapper.expect(tag::sequence));
    auto fields = algorithm.inside();
    KP_TRY(const auto name, fields.expect(tag::object_identifier));
    if (member.identifier == tag::context(0, true)) {
      KP_TRY(how.hash, hash_of(name.content));
    } else if (member.identifier == tag::context(1, true)) {
      if (name.content != oid::mgf1)
        return permanent(crypto_errc::unsupported, "OAEP with an unknown mask generation");
      KP_TRY(const auto mask, fields.expect(tag::sequence));
      auto inner = mask.inside();
      KP_TRY(const auto mask_name, inner.expect(tag::object_identifier));
      KP_TRY(how.mask_hash, hash_of(mask_name.content));
    } else if (member.identifier == tag::context(2, true)) {
      if (name.content != oid::p_specified)
        return permanent(crypto_errc::unsupported, "OAEP with an unknown label source");
      KP_TRY(const auto label, fields.expect(tag::octet_string));
      how.label = label.content;
    } else {
      return malformed("the OAEP parameters are wrong");
    }
  }
  return how;
}

result<wrapping> parse_wrapping(const der_view::element& algorithm) {
  auto fields = algorithm.inside();
  KP_TRY(const auto name, fields.expect(tag::object_identifier));
  if (name.content == oid::rsa_encryption) return wrapping{};
  if (name.content == oid::rsaes_oaep) return parse_oaep(fields);
  return permanent(crypto_errc::unsupported,
                   "the content key is encrypted by neither RSAES-OAEP nor RSA PKCS#1 v1.5");
}

result<recipient_info> parse_recipient(const der_view::element& info) {
  recipient_info found;
  auto fields = info.inside();
  KP_TRY(const auto version, fields.expect(tag::integer));
  (void)version;
  KP_TRY(const auto id, fields.next());
  if (id.identifier == tag::sequence)
    found.issuer_and_serial = id.content;
  else if (id.identifier == tag::context(0, false))
    found.subject_key = id.content;
  else
    return malformed("a recipient is identified by neither certificate nor key");
  KP_TRY(const auto algorithm, fields.expect(tag::sequence));
  KP_TRY(found.how, parse_wrapping(algorithm));
  KP_TRY(const auto encrypted, fields.next());
  if ((encrypted.identifier & ~tag::constructed) != tag::octet_string)
    return malformed("a recipient has no encrypted key");
  KP_TRY(found.encrypted_key, octets_of(encrypted));
  return found;
}

bool is_for(const recipient_info& info, const certificate& cert) {
  if (!info.subject_key.empty()) {
    const auto x509 = cert.native();
    const ASN1_OCTET_STRING* id = X509_get0_subject_key_id(x509);
    return id != nullptr &&
           info.subject_key ==
               std::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(id)),
                                static_cast<std::size_t>(ASN1_STRING_length(id)));
  }
  der_view fields(info.issuer_and_serial);
  const auto issuer = fields.next();
  const auto serial = issuer ? fields.next() : issuer;
  if (!serial) return false;
  const unsigned char* at = in(issuer->whole);
  const x509_name_ptr name(d2i_X509_NAME(nullptr, &at, static_cast<long>(issuer->whole.size())));
  at = in(serial->whole);
  const asn1_integer_ptr number(
      d2i_ASN1_INTEGER(nullptr, &at, static_cast<long>(serial->whole.size())));
  return name && number && X509_NAME_cmp(name.get(), X509_get_issuer_name(cert.native())) == 0 &&
         ASN1_INTEGER_cmp(number.get(), X509_get0_serialNumber(cert.native())) == 0;
}

bool set_padding(EVP_PKEY_CTX* context, const wrapping& how) {
  if (!how.oaep) return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0;
  if (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) <= 0 ||
      EVP_PKEY_CTX_set_rsa_oaep_md(context, how.hash) <= 0 ||
      EVP_PKEY_CTX_set_rsa_mgf1_md(context, how.mask_hash) <= 0)
    return false;
  if (how.label.empty()) return true;
  void* label = OPENSSL_memdup(how.label.data(), how.label.size());
  if (label != nullptr &&
      EVP_PKEY_CTX_set0_rsa_oaep_label(context, label, static_cast<int>(how.label.size())) > 0)
    return true;
  OPENSSL_free(label);
  return false;
}

// The decrypted key, empty when it does not decrypt to `length` bytes.
std::string decrypt(const recipient_info& info, const private_key& key, std::size_t length) {
  const pkey_ctx_ptr context(EVP_PKEY_CTX_new(key.native(), nullptr));
  std::string plain(static_cast<std::size_t>(EVP_PKEY_get_size(key.native())), '\0');
  auto size = plain.size();
  const bool opened = context && EVP_PKEY_decrypt_init(context.get()) > 0 &&
                      set_padding(context.get(), info.how) &&
                      EVP_PKEY_decrypt(context.get(), out(plain.data()), &size,
                                       in(info.encrypted_key), info.encrypted_key.size()) > 0;
  ERR_clear_error();
  if (opened && size == length) {
    OPENSSL_cleanse(plain.data() + size, plain.size() - size);
    plain.resize(size);
    return plain;
  }
  OPENSSL_cleanse(plain.data(), plain.size());
  return {};
}

std::string made_up(std::size_t length) {
  std::string key(length, '\0');
  if (RAND_bytes(out(key.data()), static_cast<int>(length)) != 1) std::abort();
  return key;
}

result<std::vector<recipient_info>> parse_recipients(std::string_view recipient_infos) {
  std::vector<recipient_info> found;
  std::optional<error> unusable;
  der_view outer(recipient_infos);
  KP_TRY(const auto set, outer.expect(tag::set));
  std::size_t seen = 0;
  for (auto infos = set.inside(); !infos.empty();) {
    if (++seen > max_recipients)
      return permanent(crypto_errc::too_large, "the content has too many recipients");
    KP_TRY(const auto info, infos.next());
    if (info.identifier != tag::sequence) continue;  // key agreement, password and the like
    auto recipient = parse_recipient(info);
    if (recipient)
      found.push_back(*std::move(recipient));
    else if (recipient.error().code == crypto_errc::unsupported)
      unusable = std::move(recipient).error();
    else
      return std::move(recipient).error();
  }
  if (!found.empty()) return found;
  if (unusable) return *std::move(unusable);
  return permanent(crypto_errc::unsupported, "the content has no recipient with an RSA key");
}

// Identifier and parameters as the Java hub writes them: hashes with NULL parameters.
std::string oaep_algorithm() {
  const auto null = der(0x05, {});
  const auto hash = der(tag::sequence, der(tag::object_identifier, oid::sha256) + null);
  const auto mask = der(tag::sequence, der(tag::object_identifier, oid::mgf1) + hash);
  return der(tag::sequence, der(tag::object_identifier, oid::rsaes_oaep) +
                                der(tag::sequence, der(tag::context(0, true), hash) +
                                                       der(tag::context(1, true), mask)));
}

std::string pkcs1_algorithm() {
  return der(tag::sequence, der(tag::object_identifier, oid::rsa_encryption) + der(0x05, {}));
}

}  // namespace

result<std::string> wrap_key(std::string_view content_key, const certificate& recipient,
                             key_transport transport) {
  clear_errors();
  const auto x509 = recipient.native();
  EVP_PKEY* key = X509_get0_pubkey(x509);
  if (key == nullptr || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
    return permanent(crypto_errc::unsupported, "the recipient's certificate has no RSA key");
  const bool oaep = transport == key_transport::oaep_sha256;
  const wrapping how{oaep, EVP_sha256(), EVP_sha256(), {}};
  const pkey_ctx_ptr context(EVP_PKEY_CTX_new(key, nullptr));
  std::string encrypted(static_cast<std::size_t>(EVP_PKEY_get_size(key)), '\0');
  auto size = encrypted.size();
  if (!context || EVP_PKEY_encrypt_init(context.get()) <= 0 || !set_padding(context.get(), how) ||
      EVP_PKEY_encrypt(context.get(), out(encrypted.data()), &size, in(content_key),
                       content_key.size()) <= 0)
    return failure(crypto_errc::internal, "encrypting the content key failed");
  encrypted.resize(size);
  const auto id = der(tag::sequence, to_der<i2d_X509_NAME>(X509_get_issuer_name(x509)) +
                                         to_der<i2d_ASN1_INTEGER>(X509_get0_serialNumber(x509)));
  return der(tag::sequence, der(tag::integer, std::string_view("\0", 1)) + id +
                                (oaep ? oaep_algorithm() : pkcs1_algorithm()) +
                                der(tag::octet_string, encrypted));
}

result<unwrapped_key> unwrap_key(std::string_view recipient_infos, std::span<const keystore> keys,
                                 std::size_t key_length) {
  clear_errors();
  KP_TRY(const auto recipients, parse_recipients(recipient_infos));
  // By the rules of the padding nobody may learn whether a PKCS#1 v1.5 key fitted. So a message
  // that names us is opened with what came out, and with a random key when nothing did.
  bool guessed = false;
  for (const auto& info : recipients)
    for (const auto& own : keys) {
      if (!is_for(info, own.leaf)) continue;
      auto key = decrypt(info, own.key, key_length);
      if (!key.empty()) return unwrapped_key{std::move(key), true};
      if (!info.how.oaep) return unwrapped_key{made_up(key_length), true};
    }
  // Certificates are renewed with the same key, and some senders name another one than they used.
  std::size_t attempts = 0;
  std::string found;
  for (const auto& info : recipients)
    for (const auto& own : keys) {
      if (is_for(info, own.leaf)) continue;
      if (++attempts > max_attempts)
        return permanent(crypto_errc::too_large, "the content has too many recipients");
      guessed = guessed || !info.how.oaep;
      auto key = decrypt(info, own.key, key_length);
      if (found.empty()) found = std::move(key);
    }
  if (found.empty() && guessed) found = made_up(key_length);
  if (found.empty())
    return permanent(crypto_errc::wrong_key,
                     "the content is encrypted to another certificate than the organisation's");
  return unwrapped_key{std::move(found), !guessed};
}

}  // namespace kp::crypto::detail
