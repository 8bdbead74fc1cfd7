#include "tenants/api_key.hpp"

#include "config/text.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <new>

namespace kp::tenants {

namespace {

constexpr std::string_view prefix = "kp_";
constexpr std::size_t id_bytes = 6;
constexpr std::size_t id_length = prefix.size() + 2 * id_bytes;
constexpr std::size_t secret_bytes = 32;
constexpr std::size_t secret_length = 43;  // of base64url without padding

}  // namespace

new_api_key make_api_key(random_source& random) {
  new_api_key made;
  made.id = std::string(prefix) + to_hex(random.bytes(id_bytes));
  made.key = made.id + '_' + to_base64url(random.bytes(secret_bytes));
  made.hash = sha256_hex_of(made.key);
  return made;
}

bool is_api_key_id(std::string_view text) {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == id_length && text.starts_with(prefix) &&
         std::ranges::all_of(text.substr(prefix.size()), is_digit);
}

std::optional<std::string_view> api_key_id(std::string_view key) {
  if (key.size() != id_length + 1 + secret_length || key[id_length] != '_') return std::nullopt;
  const auto id = key.substr(0, id_length);
  if (!is_api_key_id(id)) return std::nullopt;
  return id;
}

std::string sha256_hex_of(std::string_view text) {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                 EVP_sha256(), nullptr) != 1)
    throw std::bad_alloc();  // SHA-256 is always there
  digest.resize(size);
  return to_hex(digest);
}

}  // namespace kp::tenants
