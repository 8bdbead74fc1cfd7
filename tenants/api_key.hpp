#pragma once

#include "config/random.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace kp::tenants {

// An API key is "kp_<12 hex digits>_<256 random bits as base64url>". What stands before the last
// underscore finds it and is no secret; only a SHA-256 of the whole is kept. A plain hash is enough
// here, where passwords need scrypt: nobody can try 2^256 keys, so there is nothing to slow down,
// and every request can be checked without cost.
struct new_api_key {
  std::string key;   // for its owner, shown once
  std::string id;    // "kp_<12 hex digits>"
  std::string hash;  // SHA-256 of `key`, lower-case hex
};
new_api_key make_api_key(random_source& random);

bool is_api_key_id(std::string_view text);
// The id of what has the form of an API key, else nullopt.
std::optional<std::string_view> api_key_id(std::string_view key);

// SHA-256 in lower-case hex.
std::string sha256_hex_of(std::string_view text);

}  // namespace kp::tenants
