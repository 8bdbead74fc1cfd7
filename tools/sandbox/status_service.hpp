#pragma once

#include "config/error.hpp"
#include "tools/sandbox/http_types.hpp"
#include "tools/sandbox/jwt.hpp"
#include "tools/sandbox/rsocket_listener.hpp"
#include "tools/sandbox/sandbox_clock.hpp"

#include <deque>
#include <set>

namespace kp::sandbox {

inline constexpr std::size_t max_receptions = 100'000;  // of statuses; the oldest leave

// The national status service (status-service.md, simulator contract). What arrives over any
// transport ends here.
class status_service {
 public:
  status_service(const issuer& maskinporten, const sandbox_clock& time)
      : maskinporten_(maskinporten), time_(time) {}

  response post_status(const request&);  // POST /logging/api/status, POST /api/status
  response post_any(const request&);     // POST /logging/api, POST /api

  // Who a token says it is; nullopt: it is not valid.
  std::optional<boost::json::object> claims_of(std::string_view token) const;
  // Over a transport that validates nothing: kept as a status where its logger_name says so, else
  // counted as dropped.
  void take_unchecked(std::string_view body, const boost::json::object& claims);

  // GET (?messageId=), POST {requireScopeAnyOf, bindOrgnr, rejectSetup, closeAfterSetup,
  // muteKeepalives} and DELETE /control/status-service.
  result<boost::json::value> control(const request&, const boost::json::object& body);

  rsocket_troubles troubles;
  std::string rsocket_url, rsocket_tls_url;  // where it can be reached; empty: not

 private:
  struct reception {
    std::string message, status, transport, raw;
    boost::json::object claims;
    time_point at;
  };
  std::optional<response> refuse_caller(const request&, boost::json::object& claims) const;
  std::optional<response> refuse_owner(const boost::json::object& document,
                                       const boost::json::object& claims) const;
  void keep(reception);

  const issuer& maskinporten_;
  const sandbox_clock& time_;
  std::set<std::string> required_scopes_;  // one of them is needed; empty: none
  bool bind_organisation_ = false;
  std::deque<reception> kept_;
  std::uint64_t other_events_ = 0;  // log events that are no statuses
  std::uint64_t dropped_ = 0;       // events without a logger_name
};

}  // namespace kp::sandbox
