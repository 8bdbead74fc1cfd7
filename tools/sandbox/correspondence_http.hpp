#pragma once

#include "tools/sandbox/correspondence_state.hpp"
#include "tools/sandbox/directory.hpp"
#include "tools/sandbox/endpoint.hpp"
#include "tools/sandbox/jwt.hpp"

namespace kp::sandbox {

inline constexpr std::size_t max_correspondence_body = 300u << 20;

// The proxy of eFormidling and Altinn 3 Correspondence behind it (dpv.md 10), and the control calls
// below /control/correspondence (README).
class correspondence_http {
 public:
  correspondence_http(correspondence_state& state, const issuer& altinn, const directory& known,
                      const sandbox_clock& time)
      : state_(state), altinn_(altinn), known_(known), time_(time) {}

  response handle(const route&, const request&);
  result<boost::json::value> control(const request&, std::string_view path,
                                     const boost::json::object& body);

 private:
  std::optional<response> refuse_caller(const request&, bool writes, std::string& caller) const;
  response upload(const request&, const std::string& caller);
  response overview(const correspondence&) const;
  response search(const request&) const;
  std::string timestamp(time_point) const;
  result<void> set(const boost::json::object& body);
  boost::json::object describe_settings() const;
  boost::json::object describe(const correspondence&) const;

  correspondence_state& state_;
  const issuer& altinn_;
  const directory& known_;
  const sandbox_clock& time_;
};

}  // namespace kp::sandbox
