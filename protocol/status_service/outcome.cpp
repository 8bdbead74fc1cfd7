#include "protocol/status_service/outcome.hpp"

namespace kp::status_service {

std::string_view to_string(verdict what) {
  switch (what) {
    case verdict::taken:
      return "taken";
    case verdict::refused:
      return "refused";
    case verdict::unauthorized:
      return "unauthorized";
    case verdict::misconfigured:
      return "misconfigured";
    case verdict::unavailable:
      return "unavailable";
  }
  return "unknown";
}

verdict judge_status(unsigned status) {
  if (status / 100 == 2) return verdict::taken;
  switch (status) {
    case 400:
    case 413:
    case 415:
    case 422:
      return verdict::refused;
    case 401:
      return verdict::unauthorized;
    case 408:
    case 425:
    case 429:
      return verdict::unavailable;
    default:
      return status >= 500 ? verdict::unavailable : verdict::misconfigured;
  }
}

outcome judge_failure(const error& why) {
  return {why.retryable ? verdict::unavailable : verdict::misconfigured, why.message,
          why.retry_after};
}

}  // namespace kp::status_service
