#include "tools/sandbox/dph_jose.hpp"

#include "config/text.hpp"
#include "tools/sandbox/freed_by.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <array>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

constexpr int tag_bytes = 16;

using key_context = std::unique_ptr<EVP_PKEY_CTX, freed_by<EVP_PKEY_CTX_free>>;
using digest_context = std::unique_ptr<EVP_MD_CTX, freed_by<EVP_MD_CTX_free>>;
using cipher_context = std::unique_ptr<EVP_CIPHER_CTX, freed_by<EVP_CIPHER_CTX_free>>;

const unsigned char* in(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* out(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

bool use_oaep(EVP_PKEY_CTX* context) {
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) > 0 &&
         EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) > 0 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) > 0;
}

bool use_pss(EVP_PKEY_CTX* context) {
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) > 0;
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto dot = text.find('.');
    parts.push_back(text.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace

std::string oaep_seal(const rsa_key& to, std::string_view key) {
  const key_context context(EVP_PKEY_CTX_new(to.raw(), nullptr));
  std::size_t size = 0;
  if (!context || EVP_PKEY_encrypt_init(context.get()) != 1 || !use_oaep(context.get()) ||
      EVP_PKEY_encrypt(context.get(), nullptr, &size, in(key), key.size()) != 1)
    return {};
  std::string sealed(size, '\0');
  if (EVP_PKEY_encrypt(context.get(), out(sealed), &size, in(key), key.size()) != 1) return {};
  sealed.resize(size);
  return sealed;
}

std::optional<std::string> oaep_open(const rsa_key& own, std::string_view sealed) {
  const key_context context(EVP_PKEY_CTX_new(own.raw(), nullptr));
  std::size_t size = 0;
  std::string key;
  bool opened = context && EVP_PKEY_decrypt_init(context.get()) == 1 && use_oaep(context.get()) &&
                EVP_PKEY_decrypt(context.get(), nullptr, &size, in(sealed), sealed.size()) == 1;
  if (opened) {
    key.resize(size);
    opened = EVP_PKEY_decrypt(context.get(), out(key), &size, in(sealed), sealed.size()) == 1;
  }
  ERR_clear_error();
  if (!opened) return {};
  key.resize(size);
  return key;
}

gcm_sealed gcm_seal(std::string_view key, std::string_view nonce, std::string_view plain,
                    std::string_view additional) {
  const cipher_context context(EVP_CIPHER_CTX_new());
  gcm_sealed made{std::string(plain.size(), '\0'), std::string(tag_bytes, '\0')};
  int length = 0, ignored = 0;
  std::string end(tag_bytes, '\0');
  EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, in(key), in(nonce));
  if (!additional.empty())
    EVP_EncryptUpdate(context.get(), nullptr, &ignored, in(additional),
                      static_cast<int>(additional.size()));
  EVP_EncryptUpdate(context.get(), out(made.bytes), &length, in(plain),
                    static_cast<int>(plain.size()));
  EVP_EncryptFinal_ex(context.get(), out(end), &ignored);
  EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, tag_bytes, out(made.tag));
  return made;
}

std::optional<std::string> gcm_open(std::string_view key, std::string_view nonce,
                                    const gcm_sealed& sealed, std::string_view additional) {
  if (key.size() != 32 || nonce.size() != 12 || sealed.tag.size() != tag_bytes) return {};
  const cipher_context context(EVP_CIPHER_CTX_new());
  std::string plain(sealed.bytes.size(), '\0'), end(tag_bytes, '\0');
  auto tag = sealed.tag;
  int length = 0, ignored = 0;
  EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, in(key), in(nonce));
  if (!additional.empty())
    EVP_DecryptUpdate(context.get(), nullptr, &ignored, in(additional),
                      static_cast<int>(additional.size()));
  EVP_DecryptUpdate(context.get(), out(plain), &length, in(sealed.bytes),
                    static_cast<int>(sealed.bytes.size()));
  EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, tag_bytes, out(tag));
  const bool genuine = EVP_DecryptFinal_ex(context.get(), out(end), &ignored) == 1;
  ERR_clear_error();
  if (!genuine) return {};
  return plain;
}

std::string make_pss_jws(const rsa_key& key, const certificate& own, std::string_view payload) {
  const json::object header{{"alg", "PS256"}, {"x5c", json::array{to_base64(own.der())}}};
  const auto input = to_base64url(json::serialize(header)) + "." + to_base64url(payload);
  const digest_context context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* how = nullptr;
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key.raw())), '\0');
  auto size = signature.size();
  if (!context || EVP_DigestSignInit(context.get(), &how, EVP_sha256(), nullptr, key.raw()) != 1 ||
      !use_pss(how) ||
      EVP_DigestSign(context.get(), out(signature), &size, in(input), input.size()) != 1)
    return {};
  signature.resize(size);
  return input + "." + to_base64url(signature);
}

bool is_pss_signed_by(const jwt& token, const rsa_key& key) {
  if (text_at(token.header, "alg") != "PS256") return false;
  const digest_context context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* how = nullptr;
  const bool genuine =
      context && EVP_DigestVerifyInit(context.get(), &how, EVP_sha256(), nullptr, key.raw()) == 1 &&
      use_pss(how) &&
      EVP_DigestVerify(context.get(), in(token.signature), token.signature.size(),
                       in(token.signing_input), token.signing_input.size()) == 1;
  ERR_clear_error();
  return genuine;
}

std::string make_jwe(const rsa_key& to, std::string_view payload, const std::string& key,
                     const std::string& nonce) {
  const auto header = to_base64url(
      json::serialize(json::object{{"alg", "RSA-OAEP-256"}, {"enc", "A256GCM"}, {"cty", "JWT"}}));
  const auto sealed = gcm_seal(key, nonce, payload, header);
  return header + "." + to_base64url(oaep_seal(to, key)) + "." + to_base64url(nonce) + "." +
         to_base64url(sealed.bytes) + "." + to_base64url(sealed.tag);
}

std::optional<std::string> open_jwe(const rsa_key& own, std::string_view compact) {
  const auto parts = split(compact);
  if (parts.size() != 5) return {};
  std::array<std::string, 5> raw;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    auto bytes = from_base64url(parts[i]);
    if (!bytes) return {};
    raw[i] = *std::move(bytes);
  }
  boost::system::error_code ec;
  const auto header = json::parse(raw[0], ec);
  if (ec || !header.is_object() || text_at(header.get_object(), "alg") != "RSA-OAEP-256" ||
      text_at(header.get_object(), "enc") != "A256GCM" ||
      text_at(header.get_object(), "cty") != "JWT")
    return {};
  const auto key = oaep_open(own, raw[1]);
  if (!key) return {};
  return gcm_open(*key, raw[2], {raw[3], raw[4]}, parts[0]);
}

}  // namespace kp::sandbox
