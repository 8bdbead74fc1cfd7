#pragma once

#include "protocol/status_service/wire.hpp"
#include "storage/status_reports.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace kp::actors {

class upstream;

// What the status reporter asks of the network.
class report_port {
 public:
  virtual ~report_port() = default;
  // Tells the status service with the organisation's own token, and calls `done` exactly once, on
  // any thread, within the deadlines of the wire. Safe to call from any thread.
  virtual void report(std::shared_ptr<upstream> clients, organisation_id, storage::status_report,
                      std::function<void(status_service::outcome)> done) = 0;
};

// Over `to`. `scopes` of the tokens; none: those that the organisation has for the Service
// Registry.
std::shared_ptr<report_port> make_report_port(http::asio::io_context& network,
                                              std::unique_ptr<status_service::wire> to,
                                              std::vector<std::string> scopes);

}  // namespace kp::actors
