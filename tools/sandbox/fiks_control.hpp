#pragma once

#include "tools/sandbox/directory.hpp"
#include "tools/sandbox/fiks_http.hpp"
#include "tools/sandbox/fiks_state.hpp"

#include <boost/json/value.hpp>

namespace kp::sandbox {

// The control calls below /control/fiks-io: accounts, what was sent, and a peer that sends and
// opens. The README lists every call.
class fiks_control {
 public:
  using outcome = result<boost::json::value>;

  fiks_control(fiks_state& state, const directory& known, const certificate_authority& ca,
               const sandbox_clock& time, random_source& random)
      : state_(state), known_(known), ca_(ca), time_(time), random_(random) {}

  // `path` below /control/fiks-io, `body` of a POST. Errors: invalid_request, not_found, timeout
  // without a broker.
  outcome answer(const request&, std::string_view path, const boost::json::object& body);

 private:
  outcome settings(const boost::json::object& body);
  outcome add_account(const boost::json::object& body);
  outcome change_account(std::string_view id, const boost::json::object& body);
  outcome accounts();
  outcome sent(const request&) const;
  outcome send_as_peer(const boost::json::object& body);
  outcome deliver(const boost::json::object& body);
  outcome tell(const boost::json::object& body);
  outcome take(const boost::json::object& body);
  outcome look(std::string_view id);

  fiks_state& state_;
  const directory& known_;
  const certificate_authority& ca_;
  const sandbox_clock& time_;
  random_source& random_;
};

}  // namespace kp::sandbox
