#pragma once

#include "config/random.hpp"

#include <string>
#include <string_view>

namespace kp::tenants {

// "$scrypt$ln=14,r=8,p=1$<salt base64>$<hash base64>" of a password, for YAML files. Blocks for
// some 50 ms and uses 16 MiB meanwhile.
std::string hash_password(std::string_view password, random_source& random);

// Blocks as hash_password does; false for a hash of another form.
bool verify_password(std::string_view password, std::string_view hash);

// Whether verify_password can use it: exactly the parameters above, so that every check costs the
// same, and 16 bytes of salt and 32 of hash.
bool is_password_hash(std::string_view text);

}  // namespace kp::tenants
