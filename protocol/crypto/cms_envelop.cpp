#include "protocol/crypto/cms.hpp"

#include "protocol/crypto/cms_recipient.hpp"
#include "protocol/crypto/der.hpp"
#include "protocol/crypto/openssl.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <cstring>

namespace kp::crypto {

namespace {

using namespace detail;

constexpr std::size_t key_bytes = 32;
constexpr std::size_t cbc_iv_bytes = 16;
constexpr std::size_t gcm_nonce_bytes = 12;
constexpr std::size_t gcm_tag_bytes = 16;
// Java's default is 1000; longer ones cost less and are read by everybody.
constexpr std::size_t segment_bytes = 16 * 1024;

const std::string indefinite_end(2, '\0');

// The beginning of an element of indefinite length.
std::string open_element(unsigned char identifier) {
  return {static_cast<char>(identifier), static_cast<char>(0x80)};
}

std::string algorithm(content_cipher cipher, const std::string& iv) {
  if (cipher == content_cipher::aes_256_cbc)
    return der(tag::sequence,
               der(tag::object_identifier, oid::aes_256_cbc) + der(tag::octet_string, iv));
  const auto length = der(tag::integer, std::string(1, static_cast<char>(gcm_tag_bytes)));
  return der(tag::sequence, der(tag::object_identifier, oid::aes_256_gcm) +
                                der(tag::sequence, der(tag::octet_string, iv) + length));
}

// Everything before the first segment (RFC 5652 §6.1).
std::string head(const std::string& recipient, const std::string& cipher) {
  return open_element(tag::sequence) + der(tag::object_identifier, oid::enveloped_data) +
         open_element(tag::context(0, true)) + open_element(tag::sequence) +
         der(tag::integer, std::string_view("\0", 1)) + der(tag::set, recipient) +
         open_element(tag::sequence) + der(tag::object_identifier, oid::data) + cipher +
         open_element(tag::context(0, true));
}

// Everything after the last one: five elements are open.
std::string tail() {
  std::string ends;
  for (int i = 0; i < 5; ++i) ends += indefinite_end;
  return ends;
}

class enveloping_source final : public byte_source {
 public:
  enveloping_source(byte_source& plain, cipher_ctx_ptr cipher, bool authenticated, std::string head)
      : plain_(plain),
        cipher_(std::move(cipher)),
        authenticated_(authenticated),
        ready_(std::move(head)),
        chunk_(stream_chunk, '\0') {}

  result<std::size_t> read(std::span<char> out) override {
    while (used_ == ready_.size()) {
      if (ended_) return std::size_t{0};
      ready_.clear();
      used_ = 0;
      KP_CHECK(encrypt_more());
    }
    const auto count = std::min(out.size(), ready_.size() - used_);
    std::memcpy(out.data(), ready_.data() + used_, count);
    used_ += count;
    return count;
  }

 private:
  result<void> encrypt_more() {
    KP_TRY(const auto count, plain_.read(chunk_));
    encrypted_.resize(count + EVP_MAX_BLOCK_LENGTH + gcm_tag_bytes);
    int length = 0;
    if (count > 0) {
      if (EVP_EncryptUpdate(cipher_.get(), detail::out(encrypted_.data()), &length, in(chunk_),
                            static_cast<int>(count)) != 1)
        return failure(crypto_errc::internal, "encrypting failed");
      add_segments(static_cast<std::size_t>(length));
      return {};
    }
    if (EVP_EncryptFinal_ex(cipher_.get(), detail::out(encrypted_.data()), &length) != 1)
      return failure(crypto_errc::internal, "encrypting failed");
    auto size = static_cast<std::size_t>(length);
    if (authenticated_) {  // the tag is the end of the content (asic-and-crypto.md 6.3)
      if (EVP_CIPHER_CTX_ctrl(cipher_.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(gcm_tag_bytes),
                              encrypted_.data() + size) != 1)
        return failure(crypto_errc::internal, "encrypting failed");
      size += gcm_tag_bytes;
    }
    add_segments(size);
    ready_ += tail();
    ended_ = true;
    return {};
  }

  void add_segments(std::size_t size) {
    for (std::size_t at = 0; at < size; at += segment_bytes)
      ready_ += der(tag::octet_string,
                    std::string_view(encrypted_).substr(at, std::min(segment_bytes, size - at)));
  }

  byte_source& plain_;
  cipher_ctx_ptr cipher_;
  bool authenticated_;
  std::string ready_;  // made and not yet read
  std::size_t used_ = 0;
  std::string chunk_;
  std::string encrypted_;
  bool ended_ = false;
};

}  // namespace

result<std::unique_ptr<byte_source>> envelop(byte_source& plain, const certificate& recipient,
                                             key_transport transport, content_cipher cipher) {
  clear_errors();
  const bool gcm = cipher == content_cipher::aes_256_gcm;
  std::string key(key_bytes, '\0');
  std::string iv(gcm ? gcm_nonce_bytes : cbc_iv_bytes, '\0');
  if (RAND_bytes(out(key.data()), static_cast<int>(key.size())) != 1 ||
      RAND_bytes(out(iv.data()), static_cast<int>(iv.size())) != 1)
    return failure(crypto_errc::internal, "no random bytes");
  KP_TRY(const auto info, wrap_key(key, recipient, transport));
  cipher_ctx_ptr context(EVP_CIPHER_CTX_new());
  const bool started =
      context && EVP_EncryptInit_ex(context.get(), gcm ? EVP_aes_256_gcm() : EVP_aes_256_cbc(),
                                    nullptr, in(key), in(iv)) == 1;
  OPENSSL_cleanse(key.data(), key.size());
  if (!started) return failure(crypto_errc::internal, "encrypting failed");
  return std::make_unique<enveloping_source>(plain, std::move(context), gcm,
                                             head(info, algorithm(cipher, iv)));
}

}  // namespace kp::crypto
