#pragma once

#include "config/error.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace kp::status_service {

// What became of one document, and so what to do next (status-service.md 4.3).
enum class verdict {
  taken,          // done
  refused,        // the service does not want this document, and never will
  unauthorized,   // the token was not accepted, not even a fresh one; long back-off
  misconfigured,  // address, scope or client are wrong: somebody must act; try slowly
  unavailable,    // the service or the way to it; back-off
};
std::string_view to_string(verdict);

struct outcome {
  verdict what = verdict::unavailable;
  std::string why = {};  // for a person; empty when taken
  std::optional<std::chrono::seconds> retry_after = {};

  bool taken() const { return what == verdict::taken; }
};

// What an HTTP status says (4.3). Answers that the page does not know (a redirect, 405, 410) are
// those of another service at this address, so nothing is given up for them.
verdict judge_status(unsigned status);

// What a failure of the transport or of getting a token says: what repeating may cure is
// `unavailable`, the rest `misconfigured`.
outcome judge_failure(const error& why);

}  // namespace kp::status_service
