#pragma once

#include "config/error_code.hpp"

namespace kp::load {

enum class load_errc {
  refused = 1,  // the hub answered something else than success
  network = 2,  // the connection failed
};

inline const char* to_text(load_errc e) {
  return e == load_errc::refused ? "refused" : "network";
}

}  // namespace kp::load

KP_ERROR_ENUM(kp::load, load_errc, "load");
