#pragma once

#include "actors/service_port.hpp"
#include "actors/upstream.hpp"

namespace kp::actors {

// DPFIO beside what every service can: deliveries come by themselves while they are received.
class dpfio_port : public service_port {
 public:
  service which() const final { return service::dpfio; }

  // Whether it receives from now on: the queues of the accounts are read.
  virtual void receive(bool on) = 0;
  // `ring` is called, on any thread, when there is something more to list. One at a time.
  virtual void when_arrived(std::function<void()> ring) = 0;
};

// The real network. KS FIKS IO cannot be asked whether it has a message, so one whose answer was
// lost is sent again, with the same klientMeldingId (dpfio.md 5.1).
std::shared_ptr<dpfio_port> make_dpfio_port(std::shared_ptr<organisation_context> context,
                                            std::shared_ptr<upstream> clients);

}  // namespace kp::actors
