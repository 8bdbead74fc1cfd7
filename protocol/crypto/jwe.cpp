#include "protocol/crypto/jwe.hpp"

#include "config/text.hpp"
#include "protocol/crypto/openssl.hpp"

#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <boost/json.hpp>

#include <array>

namespace kp::crypto {

namespace {

using namespace detail;

constexpr std::size_t key_bytes = 32;
constexpr std::size_t nonce_bytes = 12;
constexpr std::size_t tag_bytes = 16;
constexpr std::size_t longest = 64 * 1024 * 1024;

struct parts {
  std::string_view head;  // as sent: what is authenticated with the content
  std::string key, nonce, content, tag;
};

error malformed(std::string_view what) {
  return permanent(crypto_errc::bad_format, "not a compact JWE: " + std::string(what));
}

result<parts> split(std::string_view compact) {
  if (compact.size() > longest) return malformed("it is too long");
  std::array<std::string_view, 5> texts;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto dot = compact.find('.');
    const bool last = i + 1 == texts.size();
    if ((dot == std::string_view::npos) != last) return malformed("it does not have five parts");
    texts[i] = compact.substr(0, dot);
    compact.remove_prefix(last ? compact.size() : dot + 1);
  }
  parts out{texts[0], {}, {}, {}, {}};
  for (auto [from, to] : {std::pair{texts[1], &out.key}, std::pair{texts[2], &out.nonce},
                          std::pair{texts[3], &out.content}, std::pair{texts[4], &out.tag}}) {
    auto bytes = from_base64url(from);
    if (!bytes) return malformed("a part is no base64url");
    *to = *std::move(bytes);
  }
  return out;
}

// Only what the network uses may choose the code that runs.
result<void> check_head(std::string_view head) {
  const auto text = from_base64url(head);
  if (!text) return malformed("the header is no base64url");
  boost::system::error_code failed;
  const auto value = boost::json::parse(*text, failed);
  const auto* object = failed ? nullptr : value.if_object();
  if (!object) return malformed("the header is no JSON object");
  const auto is = [&](std::string_view name, std::string_view wanted) {
    const auto* found = object->if_contains(name);
    return found && found->is_string() && found->get_string() == wanted;
  };
  if (!is("alg", "RSA-OAEP-256") || !is("enc", "A256GCM"))
    return permanent(crypto_errc::unsupported, "a JWE that is not RSA-OAEP-256 with A256GCM");
  // RFC 7516 4.1.3, 4.1.13: compressed, or with extensions that are not understood.
  if (object->contains("zip") || object->contains("crit"))
    return permanent(crypto_errc::unsupported, "a JWE that is compressed or extended");
  return {};
}

// RSAES-OAEP with SHA-256, also in MGF1.
bool use_oaep(EVP_PKEY_CTX* context) {
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) > 0 &&
         EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) > 0 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) > 0;
}

result<pkey_ctx_ptr> context_of(EVP_PKEY* key) {
  if (!key || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
    return permanent(crypto_errc::unsupported, "RSA-OAEP-256 needs an RSA key");
  return pkey_ctx_ptr(EVP_PKEY_CTX_new(key, nullptr));
}

result<std::string> wrap(std::string_view key, EVP_PKEY* to) {
  KP_TRY(const auto context, context_of(to));
  std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(to));
  std::string wrapped(size, '\0');
  if (!context || EVP_PKEY_encrypt_init(context.get()) != 1 || !use_oaep(context.get()) ||
      EVP_PKEY_encrypt(context.get(), out(wrapped.data()), &size, in(key), key.size()) != 1)
    return failure(crypto_errc::internal, "sealing a JWE failed");
  wrapped.resize(size);
  return wrapped;
}

result<std::string> unwrap(std::string_view wrapped, EVP_PKEY* own) {
  KP_TRY(const auto context, context_of(own));
  std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(own));
  std::string key(size, '\0');
  const bool opened =
      context && EVP_PKEY_decrypt_init(context.get()) == 1 && use_oaep(context.get()) &&
      EVP_PKEY_decrypt(context.get(), out(key.data()), &size, in(wrapped), wrapped.size()) == 1;
  key.resize(opened ? size : 0);
  if (key.size() != key_bytes)
    return failure(crypto_errc::wrong_key, "a JWE that does not open with this key");
  return key;
}

}  // namespace

result<std::string> make_jwe(std::string_view jwt, const certificate& recipient) {
  clear_errors();
  std::string key(key_bytes, '\0'), nonce(nonce_bytes, '\0'), tag(tag_bytes, '\0');
  if (RAND_bytes(out(key.data()), static_cast<int>(key.size())) != 1 ||
      RAND_bytes(out(nonce.data()), static_cast<int>(nonce.size())) != 1)
    return failure(crypto_errc::internal, "no random bytes");
  KP_TRY(const auto wrapped, wrap(key, X509_get0_pubkey(recipient.native())));
  const auto head = to_base64url(boost::json::serialize(
      boost::json::object{{"alg", "RSA-OAEP-256"}, {"enc", "A256GCM"}, {"cty", "JWT"}}));
  std::string content(jwt.size(), '\0');
  const cipher_ctx_ptr cipher(EVP_CIPHER_CTX_new());
  int length = 0;
  const bool sealed =
      cipher && jwt.size() <= longest &&
      EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, in(key), in(nonce)) == 1 &&
      EVP_EncryptUpdate(cipher.get(), nullptr, &length, in(head), static_cast<int>(head.size())) ==
          1 &&
      EVP_EncryptUpdate(cipher.get(), out(content.data()), &length, in(jwt),
                        static_cast<int>(jwt.size())) == 1 &&
      EVP_EncryptFinal_ex(cipher.get(), out(content.data()) + length, &length) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag_bytes),
                          tag.data()) == 1;
  wipe(key);
  if (!sealed) return failure(crypto_errc::internal, "sealing a JWE failed");
  return head + '.' + to_base64url(wrapped) + '.' + to_base64url(nonce) + '.' +
         to_base64url(content) + '.' + to_base64url(tag);
}

result<std::string> open_jwe(std::string_view compact, const private_key& own) {
  clear_errors();
  KP_TRY(auto sealed, split(trim(compact)));
  KP_CHECK(check_head(sealed.head));
  if (sealed.nonce.size() != nonce_bytes || sealed.tag.size() != tag_bytes)
    return malformed("nonce or tag has another length");
  KP_TRY(auto key, unwrap(sealed.key, own.native()));
  std::string plain(sealed.content.size(), '\0');
  const cipher_ctx_ptr cipher(EVP_CIPHER_CTX_new());
  int length = 0;
  const bool genuine =
      cipher &&
      EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, in(key), in(sealed.nonce)) ==
          1 &&
      EVP_DecryptUpdate(cipher.get(), nullptr, &length, in(sealed.head),
                        static_cast<int>(sealed.head.size())) == 1 &&
      EVP_DecryptUpdate(cipher.get(), out(plain.data()), &length, in(sealed.content),
                        static_cast<int>(sealed.content.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag_bytes),
                          sealed.tag.data()) == 1 &&
      EVP_DecryptFinal_ex(cipher.get(), out(plain.data()) + length, &length) == 1;
  wipe(key);
  if (!genuine) {
    wipe(plain);
    return failure(crypto_errc::bad_signature, "a JWE that was changed on its way");
  }
  return plain;
}

}  // namespace kp::crypto
