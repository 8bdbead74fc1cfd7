#pragma once

#include "actors/service_port.hpp"
#include "actors/upstream.hpp"
#include "protocol/dpi/receipt.hpp"

namespace kp::actors {

// A receipt that waits at corner 2, and what it turned out to be.
struct polled_receipt {
  std::string jws;
  result<dpi::receipt> opened;  // dpi_errc::bad_receipt: it may not be believed
};

// DPI beside what every service can: receipts, which are no messages (dpi.md 9.1).
class dpi_port : public service_port {
 public:
  // Of one page; larger ones are no use to a hub that polls often.
  static constexpr std::size_t page_size = 100;

  service which() const final { return service::dpi; }

  // One page of unread receipts under a channel, as it is sent; without, of all channels. `page`
  // is absent for the first.
  virtual void receipts(std::optional<std::string> channel, std::optional<std::size_t> page,
                        done<result<std::vector<polled_receipt>>> then) = 0;
  // Corner 2 lists it no more. Also for one that has been read.
  virtual void mark_read(std::string receipt, done<result<void>> then) = 0;
};

// The real network.
std::shared_ptr<dpi_port> make_dpi_port(std::shared_ptr<organisation_context> context,
                                        std::shared_ptr<upstream> clients);

}  // namespace kp::actors
