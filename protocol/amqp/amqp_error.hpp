#pragma once

#include "config/error.hpp"
#include "config/error_code.hpp"

namespace kp::amqp {

enum class amqp_errc {
  closed = 1,        // the connection or the link ended; what was under way may have been accepted
  timeout = 2,       // no answer in time; it may have been accepted
  unauthorized = 3,  // the other side wants another token
  not_found = 4,     // there is no such node
  refused = 5,       // what was sent or asked is wrong, and stays so
  too_large = 6,     // a message beyond its bound
  busy = 7,          // the other side, or this one, has too much to do
  bad_answer = 8,    // what came is not what was to come
  lock_lost = 9,     // somebody else may have the message by now
  no_link = 10,      // the link that a message came by is gone; nothing was said about it
};

inline const char* to_text(amqp_errc e) {
  switch (e) {
    case amqp_errc::closed:
      return "connection closed";
    case amqp_errc::timeout:
      return "timeout";
    case amqp_errc::unauthorized:
      return "unauthorized";
    case amqp_errc::not_found:
      return "not found";
    case amqp_errc::refused:
      return "refused";
    case amqp_errc::too_large:
      return "too large";
    case amqp_errc::busy:
      return "busy";
    case amqp_errc::bad_answer:
      return "bad answer";
    case amqp_errc::lock_lost:
      return "lock lost";
    case amqp_errc::no_link:
      return "no link";
  }
  return "unknown";
}

}  // namespace kp::amqp

KP_ERROR_ENUM(kp::amqp, amqp_errc, "amqp");

namespace kp::amqp {

// The error that a condition of AMQP (its symbol and description) means. Retryable unless it says
// that the message itself is wrong, or that its lock is lost.
error of_condition(std::string_view what, std::string_view name, std::string_view description);

}  // namespace kp::amqp
