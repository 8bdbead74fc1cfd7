#pragma once

#include "tools/sandbox/amqp_listener.hpp"
#include "tools/sandbox/services.hpp"

namespace kp::sandbox {

// The queues of Azure Service Bus over AMQP 1.0 (dpe.md 11): the same queues, tokens, settings,
// journal and faults as over HTTP. A fault of a status is the condition that Azure has for it; cut
// and cut_after close the connection; other kinds do nothing here.
class service_bus_amqp final : public amqp_broker {
 public:
  explicit service_bus_amqp(services& all) : all_(all) {}

  claim put_token(const std::string& host, const std::string& name,
                  const std::string& token) override;
  amqp_verdict may_attach(const std::string& queue) override;
  std::size_t max_bytes() override;
  amqp_verdict send(const std::string& queue, std::string body, std::string content_type) override;
  received receive(const std::string& queue) override;
  amqp_verdict end_lock(const std::string& queue, const std::string& lock, amqp_end how,
                        const std::string& reason) override;
  amqp_verdict renew(const std::string& queue, const std::string& lock,
                     std::int64_t& until_ms) override;

 private:
  amqp_verdict struck(endpoint where, const std::string& queue);
  // Counts and notes what became of a call.
  amqp_verdict done(endpoint where, std::string_view what, const std::string& queue,
                    amqp_verdict verdict, std::size_t bytes = 0);

  services& all_;
};

}  // namespace kp::sandbox
