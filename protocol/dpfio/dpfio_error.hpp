#pragma once

#include "config/error_code.hpp"

namespace kp::dpfio {

// Errors of FIKS IO itself; those of the way to it are http::http_errc.
enum class dpfio_errc {
  bad_delivery = 1,     // headers that make no message; the same at every delivery
  unknown_account = 2,  // the catalogue knows no such account
  not_a_receiver = 3,   // the account takes no messages
  no_key = 4,           // the account has no key that can be encrypted to now
  broker_refused = 5,   // the AMQP broker refuses credentials or queue
  broker_lost = 6,      // no connection to the AMQP broker, or not any more
  bad_address = 7,      // an amqp:// or amqps:// address that is none
};

inline const char* to_text(dpfio_errc e) {
  switch (e) {
    case dpfio_errc::bad_delivery:
      return "bad delivery";
    case dpfio_errc::unknown_account:
      return "unknown account";
    case dpfio_errc::not_a_receiver:
      return "not a receiver";
    case dpfio_errc::no_key:
      return "no key";
    case dpfio_errc::broker_refused:
      return "broker refused";
    case dpfio_errc::broker_lost:
      return "broker lost";
    case dpfio_errc::bad_address:
      return "bad address";
  }
  return "unknown";
}

}  // namespace kp::dpfio

KP_ERROR_ENUM(kp::dpfio, dpfio_errc, "dpfio");
