#include "storage/sealing.hpp"

#include "config/text.hpp"
#include "storage/storage_error.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>

namespace kp::storage {
namespace {

constexpr std::size_t largest_step = 1u << 30;  // EVP counts in int

const unsigned char* in_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* out_bytes(char* bytes) {
  return reinterpret_cast<unsigned char*>(bytes);
}

error library_failure() {
  return permanent(storage_errc::io, "OpenSSL failed at encrypting stored content");
}

error not_authentic() {
  return permanent(storage_errc::corrupt,
                   "stored content is not what was written there, or its key is another");
}

bool fits(std::string_view key, std::string_view nonce, std::size_t bytes) {
  return key.size() == cipher_key_size && nonce.size() == gcm_nonce_size && bytes <= largest_step;
}

}  // namespace

void cipher_context_free::operator()(evp_cipher_ctx_st* context) const {
  EVP_CIPHER_CTX_free(context);
}

result<void> seal(std::string_view key, std::string_view nonce, std::string_view additional,
                  std::string_view plain, std::string& out) {
  if (!fits(key, nonce, plain.size())) return library_failure();
  const cipher_context context(EVP_CIPHER_CTX_new());
  const auto front = out.size();
  out.resize(front + plain.size() + gcm_tag_size);
  auto* const to = out.data() + front;
  int length = 0;
  if (!context ||
      EVP_EncryptInit_ex2(context.get(), EVP_aes_256_gcm(), in_bytes(key), in_bytes(nonce),
                          nullptr) != 1 ||
      EVP_EncryptUpdate(context.get(), nullptr, &length, in_bytes(additional),
                        static_cast<int>(additional.size())) != 1 ||
      EVP_EncryptUpdate(context.get(), out_bytes(to), &length, in_bytes(plain),
                        static_cast<int>(plain.size())) != 1 ||
      EVP_EncryptFinal_ex(context.get(), out_bytes(to) + length, &length) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, gcm_tag_size, to + plain.size()) !=
          1)
    return library_failure();
  return {};
}

result<std::size_t> unseal(std::string_view key, std::string_view nonce,
                           std::string_view additional, std::span<char> sealed) {
  if (sealed.size() < gcm_tag_size) return not_authentic();
  const auto size = sealed.size() - gcm_tag_size;
  if (!fits(key, nonce, size)) return library_failure();
  const cipher_context context(EVP_CIPHER_CTX_new());
  auto* const bytes = out_bytes(sealed.data());
  int length = 0;
  if (!context ||
      EVP_DecryptInit_ex2(context.get(), EVP_aes_256_gcm(), in_bytes(key), in_bytes(nonce),
                          nullptr) != 1 ||
      EVP_DecryptUpdate(context.get(), nullptr, &length, in_bytes(additional),
                        static_cast<int>(additional.size())) != 1 ||
      EVP_DecryptUpdate(context.get(), bytes, &length, bytes, static_cast<int>(size)) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, gcm_tag_size, bytes + size) != 1)
    return library_failure();
  if (EVP_DecryptFinal_ex(context.get(), bytes + length, &length) != 1) return not_authentic();
  return size;
}

result<std::string> derive_key(std::string_view key, std::string_view purpose) {
  const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> kdf(
      EVP_KDF_fetch(nullptr, "HKDF", nullptr), EVP_KDF_free);
  const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(
      EVP_KDF_CTX_new(kdf.get()), EVP_KDF_CTX_free);
  std::string digest = "SHA256";
  std::string secret(key);
  std::string info(purpose);
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), digest.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret.data(), secret.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()),
      OSSL_PARAM_construct_end()};
  std::string derived(cipher_key_size, '\0');
  const bool made = context && EVP_KDF_derive(context.get(), out_bytes(derived.data()),
                                              derived.size(), parameters) == 1;
  wipe(secret);
  if (!made) return library_failure();
  return derived;
}

result<ctr_stream> ctr_stream::at(std::string_view key, std::uint64_t offset) {
  constexpr std::uint64_t block = 16;
  std::string counter(block, '\0');  // 128 bits, big endian: the number of the block
  for (std::size_t i = 0; i < 8; ++i)
    counter[block - 1 - i] = static_cast<char>((offset / block) >> (8 * i));
  cipher_context context(EVP_CIPHER_CTX_new());
  if (key.size() != cipher_key_size || !context ||
      EVP_EncryptInit_ex2(context.get(), EVP_aes_256_ctr(), in_bytes(key), in_bytes(counter),
                          nullptr) != 1)
    return library_failure();
  ctr_stream stream(std::move(context));
  std::string skipped(offset % block, '\0');
  if (!skipped.empty()) KP_CHECK(stream.apply(skipped, skipped.data()));
  return stream;
}

result<void> ctr_stream::apply(std::string_view in, char* out) {
  while (!in.empty()) {
    const auto step = in.substr(0, largest_step);
    int length = 0;
    if (EVP_EncryptUpdate(context_.get(), out_bytes(out), &length, in_bytes(step),
                          static_cast<int>(step.size())) != 1)
      return library_failure();
    out += step.size();
    in.remove_prefix(step.size());
  }
  return {};
}

sha256_digest::sha256_digest() : context_(EVP_MD_CTX_new()) {
  if (context_ != nullptr && EVP_DigestInit_ex(context_, EVP_sha256(), nullptr) != 1) {
    EVP_MD_CTX_free(context_);
    context_ = nullptr;
  }
}

sha256_digest::~sha256_digest() {
  EVP_MD_CTX_free(context_);
}

result<void> sha256_digest::update(std::string_view bytes) {
  if (context_ == nullptr || EVP_DigestUpdate(context_, bytes.data(), bytes.size()) != 1)
    return library_failure();
  return {};
}

result<std::string> sha256_digest::finish() {
  std::string digest(32, '\0');
  if (context_ == nullptr || EVP_DigestFinal_ex(context_, out_bytes(digest.data()), nullptr) != 1)
    return library_failure();
  return digest;
}

}  // namespace kp::storage
