#pragma once

#include "config/error.hpp"
#include "config/error_code.hpp"

namespace kp::rsocket {

enum class rsocket_errc {
  bad_frame = 1,      // what came is no RSocket
  too_large = 2,      // a frame beyond its bound
  setup_refused = 3,  // the other side does not want this connection
  closed = 4,         // the connection ended; the request may have been accepted
  timeout = 5,        // no answer in time; the request may have been accepted
  application = 6,    // the handler of the request failed, or the caller may not
  rejected = 7,       // not processed
  canceled = 8,
  invalid = 9,  // the request is wrong
};

inline const char* to_text(rsocket_errc e) {
  switch (e) {
    case rsocket_errc::bad_frame:
      return "bad frame";
    case rsocket_errc::too_large:
      return "too large";
    case rsocket_errc::setup_refused:
      return "setup refused";
    case rsocket_errc::closed:
      return "connection closed";
    case rsocket_errc::timeout:
      return "timeout";
    case rsocket_errc::application:
      return "application error";
    case rsocket_errc::rejected:
      return "rejected";
    case rsocket_errc::canceled:
      return "canceled";
    case rsocket_errc::invalid:
      return "invalid";
  }
  return "unknown";
}

}  // namespace kp::rsocket

KP_ERROR_ENUM(kp::rsocket, rsocket_errc, "rsocket");
