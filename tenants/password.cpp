#include "tenants/password.hpp"

#include "config/text.hpp"

#include <openssl/evp.h>

#include <cstdint>
#include <new>
#include <optional>

namespace kp::tenants {

namespace {

// RFC 7914 section 2: N, r, p. 16 MiB and some 50 ms.
constexpr std::uint64_t cost = 1u << 14;
constexpr std::uint64_t block_size = 8;
constexpr std::uint64_t parallel = 1;
constexpr std::uint64_t memory_limit = 64u << 20;
constexpr std::string_view prefix = "$scrypt$ln=14,r=8,p=1$";
constexpr std::size_t salt_bytes = 16;
constexpr std::size_t hash_bytes = 32;

struct parts {
  std::string salt, hash;
};

// Base64 with or without padding, as different tools write it.
std::optional<std::string> decode(std::string_view text) {
  std::string padded(text);
  while (padded.size() % 4 != 0) padded += '=';
  return from_base64(padded);
}

std::optional<parts> parse(std::string_view text) {
  if (!text.starts_with(prefix)) return std::nullopt;
  text.remove_prefix(prefix.size());
  const auto dollar = text.find('$');
  if (dollar == std::string_view::npos) return std::nullopt;
  auto salt = decode(text.substr(0, dollar));
  auto hash = decode(text.substr(dollar + 1));
  if (!salt || !hash || salt->size() != salt_bytes || hash->size() != hash_bytes)
    return std::nullopt;
  return parts{*std::move(salt), *std::move(hash)};
}

std::string scrypt(std::string_view password, std::string_view salt) {
  std::string derived(hash_bytes, '\0');
  // A null pointer would ask for parameters to be checked only.
  const char* bytes = password.empty() ? "" : password.data();
  const int done =
      EVP_PBE_scrypt(bytes, password.size(), reinterpret_cast<const unsigned char*>(salt.data()),
                     salt.size(), cost, block_size, parallel, memory_limit,
                     reinterpret_cast<unsigned char*>(derived.data()), derived.size());
  // The parameters are constants, so only memory can be missing.
  if (done != 1) throw std::bad_alloc();
  return derived;
}

}  // namespace

std::string hash_password(std::string_view password, random_source& random) {
  const auto salt = random.bytes(salt_bytes);
  return std::string(prefix) + to_base64(salt) + "$" + to_base64(scrypt(password, salt));
}

bool verify_password(std::string_view password, std::string_view hash) {
  const auto stored = parse(hash);
  return stored && equals_in_constant_time(scrypt(password, stored->salt), stored->hash);
}

bool is_password_hash(std::string_view text) {
  return parse(text).has_value();
}

}  // namespace kp::tenants
