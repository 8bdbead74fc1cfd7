#pragma once

#include "tools/sandbox/ca.hpp"
#include "tools/sandbox/http_types.hpp"
#include "tools/sandbox/sandbox_clock.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

// Whom the authority of the sandbox has taken its certificates back from, and who asks for that.

namespace kp::sandbox {

class authority_control {
 public:
  authority_control(certificate_authority& ca, const sandbox_clock& time) : ca_(ca), time_(time) {}

  // GET of the list that certificates name.
  response list() const;
  // /control/ca: GET; POST {certificate | listLastsSeconds}; DELETE.
  result<boost::json::value> answer(const request&, const boost::json::object& body);

 private:
  boost::json::value describe() const;

  static constexpr std::chrono::hours usually_lasts{1};

  certificate_authority& ca_;
  const sandbox_clock& time_;
  std::chrono::seconds lasts_ = usually_lasts;
};

}  // namespace kp::sandbox
