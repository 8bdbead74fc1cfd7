#pragma once

#include "config/error_code.hpp"

namespace kp::jwt {

enum class jwt_errc {
  malformed = 1,         // no signed JWT, or without the claims that are needed
  untrusted_issuer = 2,  // of nobody that the hub trusts
  bad_signature = 3,     // or an algorithm that is not accepted, or a key that the issuer has not
  not_valid_now = 4,     // expired, or not yet valid
  wrong_audience = 5,    // meant for somebody else
  no_keys = 6,           // the issuer's keys cannot be had now
};

inline const char* to_text(jwt_errc e) {
  switch (e) {
    case jwt_errc::malformed:
      return "malformed token";
    case jwt_errc::untrusted_issuer:
      return "untrusted issuer";
    case jwt_errc::bad_signature:
      return "bad signature";
    case jwt_errc::not_valid_now:
      return "not valid now";
    case jwt_errc::wrong_audience:
      return "wrong audience";
    case jwt_errc::no_keys:
      return "no keys";
  }
  return "unknown";
}

}  // namespace kp::jwt

KP_ERROR_ENUM(kp::jwt, jwt_errc, "jwt");
