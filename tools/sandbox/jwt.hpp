#pragma once

#include "tools/sandbox/keys.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>

// Compact JWS (RFC 7515) with RSASSA-PKCS1-v1_5, and the JWTs in it.

namespace kp::sandbox {

struct jwt {
  boost::json::object header;
  boost::json::object claims;
  std::string signing_input;
  std::string signature;
};

// Three base64url parts, the first two JSON objects; the signature is not looked at.
std::optional<jwt> parse_jwt(std::string_view compact);

// RS256, RS384 or RS512, as the header says; false for any other algorithm.
bool is_signed_by(const jwt&, const rsa_key&);

// `header` is completed with alg RS256.
std::string make_jws(const rsa_key&, boost::json::object header, std::string_view payload);
std::string make_jwt(const rsa_key&, boost::json::object header, const boost::json::object& claims);

// Someone who signs: a name for iss and a key with its id.
struct issuer {
  std::string name;
  rsa_key key;
  std::string key_id() const { return key.thumbprint(); }
};

// The claims when `compact` is signed by `from`, has its name as iss, and is valid at `now` without
// any clock skew; nullopt otherwise.
std::optional<boost::json::object> verified_claims(std::string_view compact, const issuer& from,
                                                   time_point now);

// Seconds since 1970, as iat and exp carry them.
std::int64_t epoch_seconds(time_point);

// "" when the member is absent or no string.
std::string text_at(const boost::json::object&, std::string_view name);
std::optional<std::int64_t> number_at(const boost::json::object&, std::string_view name);
const boost::json::object* object_at(const boost::json::object&, std::string_view name);
const boost::json::array* array_at(const boost::json::object&, std::string_view name);
// The strings of an array member; empty when absent.
std::vector<std::string> texts_at(const boost::json::object&, std::string_view name);

// Words of a space separated list (scope).
std::vector<std::string> words(std::string_view text);

// "910077473" of {"authority":…,"ID":"0192:910077473"} in member `name`.
std::optional<std::string> iso6523_at(const boost::json::object&, std::string_view name);
boost::json::object iso6523(std::string_view organisation_number);

}  // namespace kp::sandbox
