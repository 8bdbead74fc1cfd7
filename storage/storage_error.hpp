#pragma once

#include "config/error_code.hpp"

namespace kp::storage {

// Errors of the room storage.
enum class storage_errc {
  precondition_failed = 1,  // a commit's precondition did not hold; read again and decide anew
  fenced = 2,               // a commit by an owner whose lease has gone to somebody else
  io = 3,                   // the disk refused; what was not acknowledged must be taken as not written
  corrupt = 4,              // stored bytes fail their checksum, authentication or format
  read_only = 5,            // an earlier write error closed the engine for writing until restart
  too_large = 6,            // beyond a named bound
  not_found = 7,
  unknown_format = 8,       // written by a newer version of the hub
};

inline const char* to_text(storage_errc e) {
  switch (e) {
    case storage_errc::precondition_failed: return "precondition failed";
    case storage_errc::fenced: return "fenced";
    case storage_errc::io: return "input/output error";
    case storage_errc::corrupt: return "corrupt";
    case storage_errc::read_only: return "read only";
    case storage_errc::too_large: return "too large";
    case storage_errc::not_found: return "not found";
    case storage_errc::unknown_format: return "unknown format";
  }
  return "unknown";
}

}  // namespace kp::storage

KP_ERROR_ENUM(kp::storage, storage_errc, "storage");
