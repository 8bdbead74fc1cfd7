#pragma once

#include "config/error.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct evp_cipher_ctx_st;
struct evp_md_ctx_st;

// The ciphers of stored content, over OpenSSL's EVP.

namespace kp::storage {

inline constexpr std::size_t cipher_key_size = 32;
inline constexpr std::size_t gcm_nonce_size = 12;
inline constexpr std::size_t gcm_tag_size = 16;

struct cipher_context_free {
  void operator()(evp_cipher_ctx_st*) const;
};
using cipher_context = std::unique_ptr<evp_cipher_ctx_st, cipher_context_free>;

// AES-256-GCM. Appends ciphertext and tag to `out`. A nonce must never be used twice with one key.
// Errors: io, when the library fails.
result<void> seal(std::string_view key, std::string_view nonce, std::string_view additional,
                  std::string_view plain, std::string& out);

// Decrypts `sealed` (ciphertext and tag) in place and returns how many bytes of plaintext are at
// its front. After an error nothing of it may be used. Errors: corrupt.
result<std::size_t> unseal(std::string_view key, std::string_view nonce,
                           std::string_view additional, std::span<char> sealed);

// 32 bytes for one purpose from a key (HKDF-SHA256, RFC 5869). Errors: io, when the library fails.
result<std::string> derive_key(std::string_view key, std::string_view purpose);

// AES-256-CTR over bytes that stand at `offset` of a stream; encrypting and decrypting are the
// same.
class ctr_stream {
 public:
  static result<ctr_stream> at(std::string_view key, std::uint64_t offset);
  // `out` has the size of `in` and may be the same bytes.
  result<void> apply(std::string_view in, char* out);

 private:
  explicit ctr_stream(cipher_context context) : context_(std::move(context)) {}
  cipher_context context_;
};

class sha256_digest {
 public:
  sha256_digest();
  ~sha256_digest();
  sha256_digest(const sha256_digest&) = delete;
  sha256_digest& operator=(const sha256_digest&) = delete;
  result<void> update(std::string_view bytes);
  result<std::string> finish();  // 32 bytes; once

 private:
  evp_md_ctx_st* context_;
};

}  // namespace kp::storage
