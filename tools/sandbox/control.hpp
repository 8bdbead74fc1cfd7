#pragma once

#include "tools/sandbox/http_types.hpp"
#include "tools/sandbox/services.hpp"

#include <functional>

namespace kp::sandbox {

// The control API below /control: what tests and demonstrations steer and look at. JSON in and out;
// the README lists every call. Errors are {"error": sentence} with 400, 404, 405 or 500.
class control_api {
 public:
  // `changed` is called after what is known about organisations has changed.
  control_api(services& all, std::function<result<void>()> changed)
      : all_(all), changed_(std::move(changed)) {}

  response handle(const request&);

 private:
  using answer = result<boost::json::value>;
  answer answer_json(const request&, std::string_view path);

  answer register_organisation(const boost::json::object&);
  answer organisations() const;
  answer inject(const boost::json::object&);
  answer transfers(const request&);
  answer move_clock(const boost::json::object&);
  answer set_broker(const boost::json::object&);
  answer set_maskinporten(const boost::json::object&);
  response content(std::string_view id);

  services& all_;
  std::function<result<void>()> changed_;
};

}  // namespace kp::sandbox
