#include "protocol/crypto/jws_any.hpp"

#include "config/text.hpp"
#include "protocol/crypto/openssl.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <boost/json/serialize.hpp>

#include <array>

namespace kp::crypto {

namespace {

using namespace detail;
using builder_ptr = std::unique_ptr<OSSL_PARAM_BLD, freed_by<OSSL_PARAM_BLD_free>>;
using params_ptr = std::unique_ptr<OSSL_PARAM, freed_by<OSSL_PARAM_free>>;
using signature_ptr = std::unique_ptr<ECDSA_SIG, freed_by<ECDSA_SIG_free>>;

struct curve {
  std::string_view jwk;  // RFC 7518 6.2.1.1
  const char* openssl;
  std::size_t bytes;  // of a coordinate
};
constexpr std::array curves{curve{"P-256", "prime256v1", 32}, curve{"P-384", "secp384r1", 48},
                            curve{"P-521", "secp521r1", 66}};

struct algorithm {
  std::string_view name;
  const EVP_MD* (*digest)();
  bool pss;
  std::size_t curve_bytes;  // 0: RSA
};
constexpr std::array algorithms{
    algorithm{"RS256", EVP_sha256, false, 0},  algorithm{"RS384", EVP_sha384, false, 0},
    algorithm{"RS512", EVP_sha512, false, 0},  algorithm{"PS256", EVP_sha256, true, 0},
    algorithm{"PS384", EVP_sha384, true, 0},   algorithm{"PS512", EVP_sha512, true, 0},
    algorithm{"ES256", EVP_sha256, false, 32}, algorithm{"ES384", EVP_sha384, false, 48},
    algorithm{"ES512", EVP_sha512, false, 66}};

std::string_view text_of(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

error bad_jwk(std::string_view what) {
  return permanent(crypto_errc::bad_format, "EC JWK: " + std::string(what));
}

result<std::shared_ptr<EVP_PKEY>> ec_key(const boost::json::object& jwk) {
  const auto name = text_of(jwk, "crv");
  const auto found = std::ranges::find(curves, name, &curve::jwk);
  if (found == curves.end())
    return permanent(crypto_errc::unsupported, "EC JWK that is not on P-256, P-384 or P-521");
  const auto x = from_base64url(text_of(jwk, "x"));
  const auto y = from_base64url(text_of(jwk, "y"));
  if (!x || !y || x->size() != found->bytes || y->size() != found->bytes)
    return bad_jwk("its coordinates are none of " + std::string(name));
  const std::string point = '\x04' + *x + *y;  // SEC 1 2.3.3, uncompressed
  const builder_ptr builder(OSSL_PARAM_BLD_new());
  if (!builder ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, found->openssl,
                                      0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1)
    return failure(crypto_errc::internal, "EC JWK");
  const params_ptr params(OSSL_PARAM_BLD_to_param(builder.get()));
  const pkey_ctx_ptr context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  // Refuses what is no point of the curve.
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
    return failure(crypto_errc::bad_format, "EC JWK: its numbers make no key");
  return std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free);
}

// JWS has r and s as two numbers of the curve's length behind each other, OpenSSL has them in DER.
std::string der_of_signature(std::string_view raw, std::size_t bytes) {
  if (raw.size() != 2 * bytes) return {};
  const signature_ptr both(ECDSA_SIG_new());
  bn_ptr r(BN_bin2bn(in(raw), static_cast<int>(bytes), nullptr));
  bn_ptr s(BN_bin2bn(in(raw.substr(bytes)), static_cast<int>(bytes), nullptr));
  if (!both || !r || !s || ECDSA_SIG_set0(both.get(), r.get(), s.get()) != 1) return {};
  static_cast<void>(r.release());  // both has them now
  static_cast<void>(s.release());
  return to_der<i2d_ECDSA_SIG>(both.get());
}

// RFC 7518 3.5: the salt is as long as the digest.
bool use_pss(EVP_PKEY_CTX* options) {
  return EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1;
}

bool fits(const algorithm& how, EVP_PKEY* key) {
  if (!key) return false;
  if (how.curve_bytes == 0) return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
  const auto bits = static_cast<std::size_t>(EVP_PKEY_get_bits(key));
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC && (bits + 7) / 8 == how.curve_bytes;
}

}  // namespace

result<std::shared_ptr<EVP_PKEY>> public_key_from_jwk(const boost::json::object& jwk) {
  clear_errors();
  if (text_of(jwk, "kty") == "EC") return ec_key(jwk);
  return rsa_key_from_jwk(jwk);
}

result<jws> verify_any_jws(std::string_view compact, EVP_PKEY* public_key) {
  clear_errors();
  KP_TRY(auto content, parse_jws(compact));
  const auto name = text_of(content.header, "alg");
  const auto how = std::ranges::find(algorithms, name, &algorithm::name);
  if (how == algorithms.end())
    return permanent(crypto_errc::unsupported, "a JWS with an algorithm that is not accepted");
  // RFC 7515 4.1.11: what is critical and not understood makes the JWS invalid.
  if (content.header.contains("crit"))
    return permanent(crypto_errc::unsupported, "JWS with critical header extensions");
  if (!fits(*how, public_key))
    return permanent(crypto_errc::unsupported, "a JWS whose algorithm does not fit the key");
  compact = trim(compact);
  const auto dot = compact.rfind('.');
  const auto signed_text = compact.substr(0, dot);
  auto signature = from_base64url(compact.substr(dot + 1)).value_or("");
  if (how->curve_bytes != 0) signature = der_of_signature(signature, how->curve_bytes);
  const md_ctx_ptr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* options = nullptr;
  if (!context ||
      EVP_DigestVerifyInit(context.get(), &options, how->digest(), nullptr, public_key) != 1)
    return failure(crypto_errc::internal, "verifying a JWS failed");
  if (how->pss && !use_pss(options))
    return failure(crypto_errc::internal, "verifying a JWS failed");
  if (signature.empty() || EVP_DigestVerify(context.get(), in(signature), signature.size(),
                                            in(signed_text), signed_text.size()) != 1)
    return failure(crypto_errc::bad_signature, "the JWS signature does not verify");
  return content;
}

result<std::string> sign_pss_jws(boost::json::object header, std::string_view payload,
                                 const private_key& key) {
  clear_errors();
  if (EVP_PKEY_get_base_id(key.native()) != EVP_PKEY_RSA)
    return permanent(crypto_errc::unsupported, "PS256 needs an RSA key");
  header["alg"] = "PS256";
  const auto text = to_base64url(boost::json::serialize(header)) + '.' + to_base64url(payload);
  const md_ctx_ptr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* options = nullptr;
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key.native())), '\0');
  auto length = signature.size();
  if (!context ||
      EVP_DigestSignInit(context.get(), &options, EVP_sha256(), nullptr, key.native()) != 1 ||
      !use_pss(options) ||
      EVP_DigestSign(context.get(), out(signature.data()), &length, in(text), text.size()) != 1)
    return failure(crypto_errc::internal, "signing a JWS failed");
  signature.resize(length);
  return text + '.' + to_base64url(signature);
}

}  // namespace kp::crypto
