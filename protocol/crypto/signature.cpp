#include "protocol/crypto/signature.hpp"

#include "protocol/crypto/openssl.hpp"

namespace kp::crypto {

using namespace detail;

result<std::string> sign_rsa_sha256(std::string_view bytes, const private_key& key) {
  clear_errors();
  if (EVP_PKEY_get_base_id(key.native()) != EVP_PKEY_RSA)
    return permanent(crypto_errc::unsupported, "an RSA signature needs an RSA key");
  const md_ctx_ptr context(EVP_MD_CTX_new());
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key.native())), '\0');
  auto length = signature.size();
  if (!context ||
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.native()) != 1 ||
      EVP_DigestSign(context.get(), out(signature.data()), &length, in(bytes), bytes.size()) != 1)
    return failure(crypto_errc::internal, "making an RSA signature failed");
  signature.resize(length);
  return signature;
}

}  // namespace kp::crypto
