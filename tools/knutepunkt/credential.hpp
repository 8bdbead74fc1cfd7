#pragma once

#include "config/error.hpp"
#include "config/random.hpp"

#include <string>

namespace kp {

// A password from standard input: asked for twice without echo, or with `from_pipe` its first line.
// Errors: config_errc::invalid_value when it is empty, too long, has control characters, differs
// the second time or was broken off; config_errc::not_readable when there is no terminal to ask at.
result<std::string> ask_password(bool from_pipe);

// The lines for `credentials` of a channel; without `user`, the hash alone. Errors:
// config_errc::invalid_value when the user name has a colon or control characters.
result<std::string> credential_lines(const std::string& user, const std::string& password,
                                     random_source& random);

// A new API key and its lines for `credentials` of a channel, without the secret.
struct api_key_lines {
  std::string key;
  std::string lines;
};
api_key_lines new_api_key_lines(random_source& random);

}  // namespace kp
