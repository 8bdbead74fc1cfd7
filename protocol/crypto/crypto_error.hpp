#pragma once

#include "config/error_code.hpp"

namespace kp::crypto {

// Errors of protocol/crypto and of what is built on it (zip, asic, dpo packages).
enum class crypto_errc {
  bad_format = 1,     // not the structure it should be (PEM, PKCS#12, CMS, JWS, ZIP, ASiC)
  bad_password = 2,   // a key store does not open with the password given
  bad_signature = 3,  // a signature or digest does not verify
  wrong_key = 4,      // encrypted to somebody else, or the key does not fit
  not_valid_now = 5,  // a certificate before or after its validity
  too_large = 6,      // beyond a named bound
  unsupported = 7,    // an algorithm or variant the network does not use
  internal = 8,       // the library failed without a reason of ours
};

inline const char* to_text(crypto_errc e) {
  switch (e) {
    case crypto_errc::bad_format:
      return "bad format";
    case crypto_errc::bad_password:
      return "bad password";
    case crypto_errc::bad_signature:
      return "bad signature";
    case crypto_errc::wrong_key:
      return "wrong key";
    case crypto_errc::not_valid_now:
      return "not valid now";
    case crypto_errc::too_large:
      return "too large";
    case crypto_errc::unsupported:
      return "unsupported";
    case crypto_errc::internal:
      return "internal error";
  }
  return "unknown";
}

}  // namespace kp::crypto

KP_ERROR_ENUM(kp::crypto, crypto_errc, "crypto");
