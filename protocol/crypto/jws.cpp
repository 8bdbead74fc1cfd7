#include "protocol/crypto/jws.hpp"

#include "config/text.hpp"
#include "protocol/crypto/openssl.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace kp::crypto {

namespace {

using namespace detail;

error malformed(std::string_view what) {
  return permanent(crypto_errc::bad_format, "not a compact JWS: " + std::string(what));
}

struct parts {
  std::string_view signed_text;  // header.payload as sent
  std::string signature;
  jws content;
};

result<parts> split(std::string_view compact) {
  compact = trim(compact);
  const auto first = compact.find('.');
  const auto second = first == compact.npos ? first : compact.find('.', first + 1);
  if (second == compact.npos || compact.find('.', second + 1) != compact.npos)
    return malformed("it does not have three parts");
  const auto header = from_base64url(compact.substr(0, first));
  auto payload = from_base64url(compact.substr(first + 1, second - first - 1));
  auto signature = from_base64url(compact.substr(second + 1));
  if (!header || !payload || !signature) return malformed("a part is no base64url");
  boost::system::error_code failed;
  auto value = boost::json::parse(*header, failed);
  if (failed || !value.is_object()) return malformed("the header is no JSON object");
  return parts{compact.substr(0, second), std::move(*signature),
               jws{std::move(value.get_object()), std::move(*payload)}};
}

}  // namespace

result<std::string> sign_jws(boost::json::object header, std::string_view payload,
                             const private_key& key) {
  clear_errors();
  if (EVP_PKEY_get_base_id(key.native()) != EVP_PKEY_RSA)
    return permanent(crypto_errc::unsupported, "RS256 needs an RSA key");
  header["alg"] = "RS256";
  std::string text = to_base64url(boost::json::serialize(header)) + '.' + to_base64url(payload);
  const md_ctx_ptr context(EVP_MD_CTX_new());
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key.native())), '\0');
  auto length = signature.size();
  if (!context ||
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.native()) != 1 ||
      EVP_DigestSign(context.get(), out(signature.data()), &length, in(text), text.size()) != 1)
    return failure(crypto_errc::internal, "signing a JWS failed");
  signature.resize(length);
  return text + '.' + to_base64url(signature);
}

result<jws> parse_jws(std::string_view compact) {
  KP_TRY(auto found, split(compact));
  return std::move(found.content);
}

result<jws> verify_jws(std::string_view compact, EVP_PKEY* public_key) {
  clear_errors();
  KP_TRY(auto found, split(compact));
  const auto* algorithm = found.content.header.if_contains("alg");
  if (algorithm == nullptr || !algorithm->is_string())
    return malformed("the header has no \"alg\"");
  if (algorithm->get_string() != "RS256")
    return permanent(crypto_errc::unsupported,
                     "JWS with alg " + boost::json::serialize(*algorithm) + ", expected RS256");
  // RFC 7515 §4.1.11: what is critical and not understood makes the JWS invalid.
  if (found.content.header.contains("crit"))
    return permanent(crypto_errc::unsupported, "JWS with critical header extensions");
  if (public_key == nullptr || EVP_PKEY_get_base_id(public_key) != EVP_PKEY_RSA)
    return permanent(crypto_errc::unsupported, "RS256 needs an RSA key");
  const md_ctx_ptr context(EVP_MD_CTX_new());
  if (!context ||
      EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, public_key) != 1)
    return failure(crypto_errc::internal, "verifying a JWS failed");
  if (EVP_DigestVerify(context.get(), in(found.signature), found.signature.size(),
                       in(found.signed_text), found.signed_text.size()) != 1)
    return failure(crypto_errc::bad_signature, "the JWS signature does not verify");
  return std::move(found.content);
}

}  // namespace kp::crypto
