#pragma once

#include "config/error_code.hpp"

namespace kp::dpi {

enum class dpi_errc {
  invalid_document = 1,  // not what the published JSON schema of its type says
  missing_address = 2,   // no mailbox, certificate or postal address to send to
  bad_file = 3,          // a file that a shipment cannot hold
  bad_receipt = 4,       // a JWS that is no receipt, or that nobody trusted has signed
};

inline const char* to_text(dpi_errc e) {
  switch (e) {
    case dpi_errc::invalid_document:
      return "invalid document";
    case dpi_errc::missing_address:
      return "missing address";
    case dpi_errc::bad_file:
      return "bad file";
    case dpi_errc::bad_receipt:
      return "bad receipt";
  }
  return "unknown";
}

}  // namespace kp::dpi

KP_ERROR_ENUM(kp::dpi, dpi_errc, "dpi");
