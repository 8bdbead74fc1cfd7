#pragma once

#include "config/error_code.hpp"

namespace kp::dpe {

// What can be wrong with what came out of a queue, or with where a message is to go.
enum class dpe_errc {
  bad_payload = 1,  // no JSON object with an SBD, or an asic that is no base64
  no_queue = 2,     // nothing tells which queue of the receiver it belongs in
  no_key = 3,       // the Service Registry has no key for the Service Bus
};

inline const char* to_text(dpe_errc e) {
  switch (e) {
    case dpe_errc::bad_payload:
      return "bad payload";
    case dpe_errc::no_queue:
      return "no queue";
    case dpe_errc::no_key:
      return "no key";
  }
  return "unknown";
}

}  // namespace kp::dpe

KP_ERROR_ENUM(kp::dpe, dpe_errc, "dpe");
