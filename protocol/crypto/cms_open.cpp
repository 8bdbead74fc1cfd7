#include "protocol/crypto/cms.hpp"

#include "protocol/crypto/ber_input.hpp"
#include "protocol/crypto/cms_recipient.hpp"
#include "protocol/crypto/der.hpp"
#include "protocol/crypto/openssl.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace kp::crypto {

namespace {

using namespace detail;

// Parts of the message that are held in memory. Certificates may travel with the originator.
constexpr std::size_t max_small_element_bytes = 1024;
constexpr std::size_t max_recipients_bytes = 256 * 1024;
constexpr std::size_t max_skipped_bytes = 1024 * 1024;

constexpr std::size_t max_tag_bytes = 16;

struct cipher_choice {
  std::string_view identifier;
  const EVP_CIPHER* (*cipher)();
  bool gcm;
};
constexpr std::array ciphers{
    cipher_choice{oid::aes_256_cbc, EVP_aes_256_cbc, false},
    cipher_choice{oid::aes_256_gcm, EVP_aes_256_gcm, true},
    cipher_choice{oid::aes_192_cbc, EVP_aes_192_cbc, false},
    cipher_choice{oid::aes_192_gcm, EVP_aes_192_gcm, true},
    cipher_choice{oid::aes_128_cbc, EVP_aes_128_cbc, false},
    cipher_choice{oid::aes_128_gcm, EVP_aes_128_gcm, true},
};

struct content_algorithm {
  const EVP_CIPHER* cipher = nullptr;
  std::string iv;
  std::size_t tag_bytes = 0;  // 0: not authenticated
};

error malformed(const char* what) {
  return permanent(crypto_errc::bad_format, what);
}

// The nonce and tag length of GCM (RFC 5084 §3.2); absent means 12.
result<content_algorithm> parse_gcm(der_view parameters, const EVP_CIPHER* cipher) {
  KP_TRY(const auto sequence, parameters.expect(tag::sequence));
  auto fields = sequence.inside();
  KP_TRY(const auto nonce, fields.expect(tag::octet_string));
  content_algorithm found{cipher, std::string(nonce.content), 12};
  if (!fields.empty()) {
    KP_TRY(const auto length, fields.expect(tag::integer));
    if (length.content.size() != 1) return malformed("the tag length is wrong");
    found.tag_bytes = static_cast<unsigned char>(length.content[0]);
  }
  if (found.tag_bytes < 12 || found.tag_bytes > max_tag_bytes || found.iv.size() < 12 ||
      found.iv.size() > 16)
    return permanent(crypto_errc::unsupported, "AES-GCM with an unusual nonce or tag length");
  return found;
}

result<content_algorithm> parse_algorithm(std::string_view element) {
  der_view outer(element);
  KP_TRY(const auto algorithm, outer.expect(tag::sequence));
  auto fields = algorithm.inside();
  KP_TRY(const auto name, fields.expect(tag::object_identifier));
  const auto known = std::ranges::find(ciphers, name.content, &cipher_choice::identifier);
  if (known == ciphers.end())
    return permanent(crypto_errc::unsupported,
                     "the content is encrypted by another cipher than "
                     "AES-CBC or AES-GCM");
  if (known->gcm) return parse_gcm(fields, known->cipher());
  KP_TRY(const auto iv, fields.expect(tag::octet_string));
  if (iv.content.size() != 16) return malformed("the initialisation vector is not 16 bytes");
  return content_algorithm{known->cipher(), std::string(iv.content), 0};
}

class opening_source final : public byte_source {
 public:
  explicit opening_source(byte_source& cms) : input_(cms) {}

  // Reads up to the first encrypted byte.
  result<void> begin(std::span<const keystore> keys) {
    KP_TRY(const auto first, input_.peek());
    if (first != tag::sequence) return malformed("this is no CMS message");
    KP_CHECK(input_.enter(tag::sequence));
    KP_TRY(const auto type, take_identifier());
    if (type != oid::enveloped_data)
      return permanent(crypto_errc::unsupported, "this is a CMS message, but no EnvelopedData");
    KP_CHECK(input_.enter(tag::context(0, true)));
    KP_CHECK(input_.enter(tag::sequence));
    KP_TRY(const auto version, input_.take(max_small_element_bytes));
    if (static_cast<unsigned char>(version[0]) != tag::integer)
      return malformed("the version is missing");
    KP_TRY(const auto next, input_.peek());
    if (next == tag::context(0, true)) {  // originatorInfo
      KP_TRY(const auto skipped, input_.take(max_skipped_bytes));
      (void)skipped;
    }
    KP_TRY(const auto recipients, input_.take(max_recipients_bytes));
    KP_CHECK(input_.enter(tag::sequence));
    KP_TRY(const auto content_type, take_identifier());
    (void)content_type;
    KP_TRY(const auto algorithm, input_.take(max_small_element_bytes));
    KP_TRY(algorithm_, parse_algorithm(algorithm));
    KP_TRY(auto key,
           unwrap_key(recipients, keys,
                      static_cast<std::size_t>(EVP_CIPHER_get_key_length(algorithm_.cipher))));
    addressed_to_us_ = key.addressed_to_us;
    const bool started = start(key.key);
    OPENSSL_cleanse(key.key.data(), key.key.size());
    if (!started) return failure(crypto_errc::internal, "decrypting failed");
    KP_TRY(const bool empty, input_.at_end());
    if (empty) return malformed("there is no encrypted content");
    return input_.enter_octets(tag::context(0, false), tag::context(0, true));
  }

  result<std::size_t> read(std::span<char> out) override {
    while (used_ == plain_.size()) {
      if (ended_) return std::size_t{0};
      if (failed_) return *failed_;
      plain_.clear();
      used_ = 0;
      if (auto more = decrypt_more(); !more) {
        failed_ = std::move(more).error();
        OPENSSL_cleanse(plain_.data(), plain_.size());
        plain_.clear();
        return *failed_;
      }
    }
    const auto count = std::min(out.size(), plain_.size() - used_);
    std::memcpy(out.data(), plain_.data() + used_, count);
    used_ += count;
    return count;
  }

 private:
  result<std::string> take_identifier() {
    KP_TRY(const auto element, input_.take(max_small_element_bytes));
    der_view view(element);
    KP_TRY(const auto name, view.expect(tag::object_identifier));
    return std::string(name.content);
  }

  bool start(const std::string& key) {
    cipher_.reset(EVP_CIPHER_CTX_new());
    if (!cipher_ ||
        EVP_DecryptInit_ex(cipher_.get(), algorithm_.cipher, nullptr, nullptr, nullptr) != 1)
      return false;
    if (algorithm_.tag_bytes > 0 &&
        EVP_CIPHER_CTX_ctrl(cipher_.get(), EVP_CTRL_AEAD_SET_IVLEN,
                            static_cast<int>(algorithm_.iv.size()), nullptr) != 1)
      return false;
    return EVP_DecryptInit_ex(cipher_.get(), nullptr, nullptr, in(key), in(algorithm_.iv)) == 1;
  }

  // Fills plain_, or ends. encrypted_ keeps back the bytes that may turn out to be the tag.
  result<void> decrypt_more() {
    const auto kept = encrypted_.size();
    encrypted_.resize(kept + stream_chunk);
    KP_TRY(const auto count, input_.octets(std::span(encrypted_).subspan(kept)));
    encrypted_.resize(kept + count);
    if (count == 0) return end();
    if (encrypted_.size() <= algorithm_.tag_bytes) return {};
    const auto ready = encrypted_.size() - algorithm_.tag_bytes;
    plain_.resize(ready + EVP_MAX_BLOCK_LENGTH);
    int length = 0;
    if (EVP_DecryptUpdate(cipher_.get(), detail::out(plain_.data()), &length, in(encrypted_),
                          static_cast<int>(ready)) != 1)
      return failure(crypto_errc::internal, "decrypting failed");
    plain_.resize(static_cast<std::size_t>(length));
    encrypted_.erase(0, ready);
    return {};
  }

  result<void> end() {
    KP_CHECK(input_.leave());  // EncryptedContentInfo
    KP_TRY(const bool last, input_.at_end());
    if (!last) {  // unprotectedAttrs
      KP_TRY(const auto skipped, input_.take(max_skipped_bytes));
      (void)skipped;
    }
    for (int i = 0; i < 3; ++i) KP_CHECK(input_.leave());
    if (algorithm_.tag_bytes > 0) {
      if (encrypted_.size() != algorithm_.tag_bytes) return malformed("the content is cut off");
      if (EVP_CIPHER_CTX_ctrl(cipher_.get(), EVP_CTRL_AEAD_SET_TAG,
                              static_cast<int>(encrypted_.size()), encrypted_.data()) != 1)
        return failure(crypto_errc::internal, "decrypting failed");
    }
    plain_.resize(EVP_MAX_BLOCK_LENGTH);
    int length = 0;
    const bool right = EVP_DecryptFinal_ex(cipher_.get(), detail::out(plain_.data()), &length) == 1;
    clear_errors();
    if (!right && !addressed_to_us_)
      return permanent(crypto_errc::wrong_key,
                       "the content is encrypted to another certificate than the organisation's, "
                       "or damaged");
    if (!right && algorithm_.tag_bytes > 0)
      return permanent(crypto_errc::bad_signature, "the encrypted content was changed");
    if (!right) return malformed("the encrypted content is damaged");
    plain_.resize(static_cast<std::size_t>(length));
    ended_ = true;
    return {};
  }

  ber_input input_;
  content_algorithm algorithm_;
  cipher_ctx_ptr cipher_;
  bool addressed_to_us_ = true;
  std::string encrypted_;
  std::string plain_;
  std::size_t used_ = 0;
  bool ended_ = false;
  std::optional<error> failed_;
};

}  // namespace

result<std::unique_ptr<byte_source>> open_envelope(byte_source& cms,
                                                   std::span<const keystore> keys) {
  clear_errors();
  auto opening = std::make_unique<opening_source>(cms);
  KP_CHECK(opening->begin(keys));
  return opening;
}

}  // namespace kp::crypto
