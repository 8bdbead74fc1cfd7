#include "protocol/crypto/jws.hpp"

#include "config/text.hpp"
#include "protocol/crypto/openssl.hpp"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <boost/json/parse.hpp>

#include <array>
#include <vector>

namespace kp::crypto {

namespace {

using namespace detail;
using builder_ptr = std::unique_ptr<OSSL_PARAM_BLD, freed_by<OSSL_PARAM_BLD_free>>;
using params_ptr = std::unique_ptr<OSSL_PARAM, freed_by<OSSL_PARAM_free>>;

// What RSA keys of the network may measure; larger ones only cost time.
constexpr int min_rsa_bits = 2048;
constexpr int max_rsa_bits = 8192;

struct member {
  const char* jwk;  // RFC 7518 §6.3
  const char* openssl;
};
constexpr std::array public_members{member{"n", OSSL_PKEY_PARAM_RSA_N},
                                    member{"e", OSSL_PKEY_PARAM_RSA_E}};
constexpr member private_exponent{"d", OSSL_PKEY_PARAM_RSA_D};
// Given together or not at all.
constexpr std::array crt_members{
    member{"p", OSSL_PKEY_PARAM_RSA_FACTOR1}, member{"q", OSSL_PKEY_PARAM_RSA_FACTOR2},
    member{"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1}, member{"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2},
    member{"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1}};

error bad_jwk(std::string_view what) {
  return permanent(crypto_errc::bad_format, "RSA JWK: " + std::string(what));
}

class key_builder {
 public:
  result<void> add(const boost::json::object& jwk, const member& which) {
    const auto* value = jwk.if_contains(which.jwk);
    if (value == nullptr || !value->is_string())
      return bad_jwk("no \"" + std::string(which.jwk) + "\"");
    auto bytes = from_base64url(std::string_view(value->get_string()));
    if (!bytes || bytes->empty() || bytes->size() > max_rsa_bits / 8 + 1)
      return bad_jwk("\"" + std::string(which.jwk) + "\" is no number of an RSA key");
    bn_ptr number(BN_bin2bn(in(*bytes), static_cast<int>(bytes->size()), nullptr));
    wipe(*bytes);
    if (!number || OSSL_PARAM_BLD_push_BN(builder_.get(), which.openssl, number.get()) != 1)
      return failure(crypto_errc::internal, "RSA JWK");
    numbers_.push_back(std::move(number));  // the builder only points at it
    return {};
  }

  result<std::shared_ptr<EVP_PKEY>> make(int selection) {
    const params_ptr params(OSSL_PARAM_BLD_to_param(builder_.get()));
    const pkey_ctx_ptr context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
    EVP_PKEY* key = nullptr;
    if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, selection, params.get()) != 1)
      return failure(crypto_errc::bad_format, "RSA JWK: its numbers make no key");
    std::shared_ptr<EVP_PKEY> made(key, EVP_PKEY_free);
    const int bits = EVP_PKEY_get_bits(key);
    if (bits < min_rsa_bits || bits > max_rsa_bits)
      return permanent(crypto_errc::unsupported,
                       "RSA JWK of " + std::to_string(bits) + " bits; expected 2048 to 8192");
    return made;
  }

 private:
  builder_ptr builder_{OSSL_PARAM_BLD_new()};
  std::vector<bn_ptr> numbers_;
};

result<void> require_rsa(const boost::json::object& jwk) {
  const auto* kty = jwk.if_contains("kty");
  if (kty == nullptr || !kty->is_string()) return bad_jwk("no \"kty\"");
  if (kty->get_string() != "RSA")
    return permanent(crypto_errc::unsupported, "JWK that is no RSA key");
  return {};
}

std::string base64url_of(EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) return {};
  const bn_ptr owned(number);
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, out(bytes.data()));
  return to_base64url(bytes);
}

}  // namespace

result<std::shared_ptr<EVP_PKEY>> rsa_key_from_jwk(const boost::json::object& jwk) {
  clear_errors();
  KP_CHECK(require_rsa(jwk));
  key_builder builder;
  for (const auto& which : public_members) KP_CHECK(builder.add(jwk, which));
  return builder.make(EVP_PKEY_PUBLIC_KEY);
}

boost::json::object jwk_from_rsa_key(EVP_PKEY* key) {
  boost::json::object jwk;
  jwk["kty"] = "RSA";
  for (const auto& which : public_members) jwk[which.jwk] = base64url_of(key, which.openssl);
  return jwk;
}

result<private_jwk> private_key_from_jwk(std::string_view json) {
  clear_errors();
  boost::system::error_code failed;
  const auto value = boost::json::parse(boost::json::string_view(json.data(), json.size()), failed);
  if (failed || !value.is_object()) return bad_jwk("the file is no JSON object");
  const auto& jwk = value.get_object();
  KP_CHECK(require_rsa(jwk));
  const auto* kid = jwk.if_contains("kid");
  if (kid == nullptr || !kid->is_string() || kid->get_string().empty())
    return bad_jwk("no \"kid\", which Maskinporten finds the public key by");
  key_builder builder;
  for (const auto& which : public_members) KP_CHECK(builder.add(jwk, which));
  if (!jwk.contains("d")) return bad_jwk("no \"d\"; this is the public half");
  KP_CHECK(builder.add(jwk, private_exponent));
  if (jwk.contains("p"))
    for (const auto& which : crt_members) KP_CHECK(builder.add(jwk, which));
  KP_TRY(auto made, builder.make(EVP_PKEY_KEYPAIR));
  // Numbers that do not belong together would show first as a rejected grant.
  private_key key(made);
  auto probe = sign_jws({}, "probe", key);
  if (!probe || !verify_jws(*probe, made.get())) return bad_jwk("its numbers do not fit together");
  return private_jwk{std::move(key), std::string(kid->get_string())};
}

}  // namespace kp::crypto
