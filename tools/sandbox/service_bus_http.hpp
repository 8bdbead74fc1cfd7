#pragma once

#include "tools/sandbox/endpoint.hpp"
#include "tools/sandbox/http_types.hpp"
#include "tools/sandbox/service_bus_state.hpp"

#include <boost/json/array.hpp>

namespace kp::sandbox {

inline constexpr std::size_t max_bus_body = 32 * 1024 * 1024;  // before the broker's own limit
inline constexpr std::size_t max_journal = 10'000;
inline constexpr std::chrono::seconds longest_bus_wait{60};

// Azure Service Bus over HTTP: send, peek-lock, complete, unlock, renew, each with a token of its
// own (dpe.md 5, 6).
class service_bus_http {
 public:
  service_bus_http(service_bus_state& state, const sandbox_clock& time)
      : state_(state), time_(time) {}

  response handle(const route&, const request&);
  // How long a receive is kept waiting because its queue is empty.
  std::chrono::milliseconds wait(const route&, const request&);

  // Every request in order: method, path, queue, status.
  const boost::json::array& journal() const { return journal_; }
  void clear_journal() { journal_.clear(); }
  void note(boost::json::object entry);
  // Why a token ("SharedAccessSignature …") is refused for what is asked ("host/path"); empty when
  // it is good.
  std::string refuse_token(std::string_view token, const std::string& asked) const;

  // Where AMQP listens, when it does.
  std::string amqp_url, amqp_tls_url;

 private:
  response answer(const route&, const request&);
  // Why the token is refused; empty when it is good.
  std::string refuse(const request&) const;
  response receive(const std::string& queue, const request&);
  response refusal(bus_refusal) const;

  service_bus_state& state_;
  const sandbox_clock& time_;
  boost::json::array journal_;
};

}  // namespace kp::sandbox
