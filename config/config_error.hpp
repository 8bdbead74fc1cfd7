#pragma once

#include "config/error_code.hpp"

namespace kp {

// Errors of the room config: values and files that people write.
enum class config_errc {
  invalid_value = 1,   // a value breaks its rule
  not_readable = 2,    // a file or an environment variable cannot be read
  invalid_document = 3,// not YAML, or a document with problems
};

inline const char* to_text(config_errc e) {
  switch (e) {
    case config_errc::invalid_value: return "invalid value";
    case config_errc::not_readable: return "not readable";
    case config_errc::invalid_document: return "invalid document";
  }
  return "unknown";
}

}  // namespace kp

KP_ERROR_ENUM(kp, config_errc, "config");
