#pragma once

#include "config/error.hpp"

// For this folder alone.

namespace kp::dpf {

// How long to leave alone what only an operator can put right: credentials that are refused.
inline constexpr std::chrono::hours after_refused_credentials{1};

inline error later_by_operator(error why) {
  why.retryable = true;
  why.retry_after = after_refused_credentials;
  why.message += "; have the credentials of this organisation for KS SvarUt corrected";
  return why;
}

}  // namespace kp::dpf
