#include "tools/sandbox/status_rsocket.hpp"

#include <fmt/format.h>

namespace kp::sandbox {

namespace {

constexpr std::string_view served_route = "log-fire";

rsocket_answer failed(std::uint32_t code, std::string text) {
  rsocket_answer out;
  out.is = rsocket_answer::what::error;
  out.code = code;
  out.text = std::move(text);
  return out;
}

// A fault of HTTP as it would be here.
rsocket_answer as_answer(const fault& struck) {
  if (struck.status == 401 || struck.status == 403)
    return failed(rsocket_code::application_error, "Access Denied");
  if (struck.status == 429 || struck.status == 503)
    return failed(rsocket_code::rejected, "Rejected");
  return failed(rsocket_code::application_error, "Injected fault");
}

}  // namespace

rsocket_troubles status_rsocket::begin() {
  auto& left = all_.statuses.troubles;
  const auto now = left;
  if (left.reject_setup > 0)
    --left.reject_setup;
  else if (left.close_after_setup > 0)
    --left.close_after_setup;
  return now;
}

rsocket_answer status_rsocket::answer(const std::string& metadata, const std::string& data) {
  const auto said = read_metadata(metadata);
  const auto claims = said && said->bearer ? all_.statuses.claims_of(*said->bearer) : std::nullopt;
  const auto organisation = claims ? organisation_of(*claims, all_.known) : std::string();
  const auto struck = all_.faults.strike(endpoint::status_rsocket, organisation, {});
  rsocket_answer out;
  const auto count = [&](unsigned status) {
    all_.counters.count(endpoint::status_rsocket, organisation,
                        claims ? text_at(*claims, "scope") : std::string(), status);
  };
  if (struck && struck->kind == fault_kind::status) {
    count(struck->status);
    out = as_answer(*struck);
  } else if (struck && struck->kind == fault_kind::cut) {
    count(0);
    out.is = rsocket_answer::what::drop;
  } else if (!said || said->route != served_route) {
    count(404);
    out = failed(rsocket_code::application_error,
                 fmt::format("No handler for destination '{}'",
                             said && said->route ? *said->route : std::string()));
  } else if (!claims) {
    count(401);
    out = failed(rsocket_code::application_error, "Access Denied");
  } else {
    count(200);
    all_.statuses.take_unchecked(data, *claims);
    if (struck && struck->kind == fault_kind::cut_after) out.is = rsocket_answer::what::drop;
  }
  if (struck) out.delay = struck->delay;
  return out;
}

}  // namespace kp::sandbox
