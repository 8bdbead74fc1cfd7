#pragma once

#include "config/error_code.hpp"

namespace kp::sbd {

// What can be wrong with a Standard Business Document. The REST API answers differ by these
// (rest-api.md 4.5), and so does what happens to an arrival (dpo.md 5.3).
enum class sbd_errc {
  malformed_json = 1,      // no JSON, wrong value type, unknown enum literal, bad nested value
  missing_type = 2,        // header present, documentIdentification.type missing
  bad_structure = 3,       // JSON, but not header + one matching business message; unknown type
  invalid_identifier = 4,
};

inline const char* to_text(sbd_errc e) {
  switch (e) {
    case sbd_errc::malformed_json: return "malformed JSON";
    case sbd_errc::missing_type: return "missing type";
    case sbd_errc::bad_structure: return "bad structure";
    case sbd_errc::invalid_identifier: return "invalid identifier";
  }
  return "unknown";
}

}  // namespace kp::sbd

KP_ERROR_ENUM(kp::sbd, sbd_errc, "sbd");
