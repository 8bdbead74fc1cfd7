#pragma once

#include "config/error.hpp"
#include "config/error_code.hpp"

namespace kp::sandbox {

// Errors of the sandbox itself; what its services refuse is an HTTP answer, not one of these.
enum class sandbox_errc {
  invalid_request = 1,  // a control call or an organisations file breaks its rules
  not_found = 2,        // no such organisation, transfer or control path
  file = 3,             // a file cannot be read or written
  crypto = 4,           // OpenSSL refused a key, a certificate or a keystore
  listen = 5,           // the port cannot be bound
  timeout = 6,          // the sandbox did not answer an in-process call in time
};

inline const char* to_text(sandbox_errc e) {
  switch (e) {
    case sandbox_errc::invalid_request:
      return "invalid request";
    case sandbox_errc::not_found:
      return "not found";
    case sandbox_errc::file:
      return "file";
    case sandbox_errc::crypto:
      return "crypto";
    case sandbox_errc::listen:
      return "listen";
    case sandbox_errc::timeout:
      return "timeout";
  }
  return "unknown";
}

}  // namespace kp::sandbox

KP_ERROR_ENUM(kp::sandbox, sandbox_errc, "sandbox");
