#pragma once

#include "protocol/http/headers.hpp"

#include <string>
#include <variant>

namespace kp::http {

// What a request says of who sends it (RFC 9110 11.6.2).
struct no_credentials {};   // nothing said
struct bad_credentials {};  // a scheme or form that is not spoken here, or several fields
struct basic_credentials {  // RFC 7617
  std::string user;
  std::string password;
};
struct bearer_credentials {  // RFC 6750
  std::string token;
};
using authorization =
    std::variant<no_credentials, bad_credentials, basic_credentials, bearer_credentials>;

// Of several Authorization fields none is believed: a proxy before us might have looked at another.
authorization read_authorization(const headers&);

}  // namespace kp::http
