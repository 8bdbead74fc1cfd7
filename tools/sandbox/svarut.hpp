#pragma once

#include "tools/sandbox/directory.hpp"
#include "tools/sandbox/endpoint.hpp"
#include "tools/sandbox/http_types.hpp"
#include "tools/sandbox/jwt.hpp"
#include "tools/sandbox/svarut_state.hpp"

#include <boost/json/value.hpp>

namespace kp::sandbox {

// No forsendelse may be larger: 350 MB of documents, with room for their envelopes (dpf.md 5.5).
inline constexpr std::size_t max_forsendelse_bytes = 370ULL * 1024 * 1024;

// KS SvarUt (REST v3 and v2, SOAP V9) and SvarInn behind one set of paths (dpf.md 6, 7, 9 and 12).
class svarut {
 public:
  svarut(svarut_state state, const directory& known, const issuer& maskinporten,
         const sandbox_clock& time, random_source& random)
      : state_(std::move(state)),
        known_(known),
        maskinporten_(maskinporten),
        time_(time),
        random_(random) {}

  response handle(const route&, const request&);
  // Below /control/svarut and /control/svarinn, as the README lists them.
  result<boost::json::value> control(const request&, const boost::json::object& body);
  // Whose call it is, as its credentials say: nine digits; "" when they say nothing.
  std::string caller(const route&, const request&) const;

  const svarut_state& state() const { return state_; }
  void serve_at(std::string base_url) { state_.base_url = std::move(base_url); }

 private:
  // REST
  response rest(const route&, const request&);
  response send_rest(const svarut_sender&, const request&);
  response status_search(const svarut_sender&, const request&);
  response rest_error(const request&, unsigned status, std::string_view message) const;
  // SOAP
  response soap(const request&);
  // SvarInn
  response svarinn(const route&, const request&);
  // Control
  using answer = result<boost::json::value>;
  answer add_sender(const boost::json::object& body);
  answer add_receiver(const boost::json::object& body);
  answer add_item(const boost::json::object& body);
  answer set_status(const boost::json::object& body);
  boost::json::value list_sent() const;
  boost::json::value list_items() const;

  svarut_state state_;
  const directory& known_;
  const issuer& maskinporten_;
  const sandbox_clock& time_;
  random_source& random_;
};

// user and password of Authorization: Basic.
std::optional<std::pair<std::string, std::string>> basic_of(const request&);

// What one operation of the SOAP service means, without HTTP: the envelope of the answer.
struct soap_answer {
  unsigned status = 200;
  std::string envelope;
};
soap_answer answer_soap(svarut_state&, const svarut_sender&, const request&, time_point now);

}  // namespace kp::sandbox
