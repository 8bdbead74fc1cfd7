#pragma once

#include "config/error_code.hpp"

namespace kp::load {

enum class load_errc {
  refused = 1,     // the hub answered something else than success
  network = 2,     // the connection failed
  over_quota = 3,  // the hub answered 429
};

inline const char* to_text(load_errc e) {
  switch (e) {
    case load_errc::refused:
      return "refused";
    case load_errc::network:
      return "network";
    case load_errc::over_quota:
      return "over quota";
  }
  return "unknown";
}

}  // namespace kp::load

KP_ERROR_ENUM(kp::load, load_errc, "load");
