#pragma once

#include "tools/sandbox/asic_container.hpp"
#include "tools/sandbox/service_bus_http.hpp"

#include <boost/json/value.hpp>

namespace kp::sandbox {

// The control calls below /control/servicebus: what is in the queues, and a peer (eInnsyn, or
// another agency) that puts messages into them and opens what it was sent. The README lists every
// call.
class service_bus_control {
 public:
  using outcome = result<boost::json::value>;

  service_bus_control(service_bus_state& state, service_bus_http& http, const directory& known,
                      const certificate_authority& ca, const sandbox_clock& time,
                      random_source& random)
      : state_(state), http_(http), known_(known), ca_(ca), time_(time), random_(random) {}

  // `path` below /control, `body` of a POST. Errors: sandbox_errc::invalid_request, not_found.
  outcome answer(const request&, std::string_view path, const boost::json::object& body);

 private:
  outcome settings(const boost::json::object& body);
  outcome queues();
  outcome messages(std::string_view queue);
  outcome put(const boost::json::object& body);
  outcome compose(const boost::json::object& body);
  outcome take(const boost::json::object& body);
  outcome place(const std::string& queue, const std::string& bytes, std::int64_t copies);
  result<std::string> sealed(const boost::json::object& body, const std::string& sender,
                             const std::string& receiver);

  service_bus_state& state_;
  service_bus_http& http_;
  const directory& known_;
  const certificate_authority& ca_;
  const sandbox_clock& time_;
  random_source& random_;
};

}  // namespace kp::sandbox
