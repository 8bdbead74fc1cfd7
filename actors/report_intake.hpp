#pragma once

#include "config/clock.hpp"
#include "config/ids.hpp"
#include "storage/status_reports.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

namespace kp::actors {

class report_port;
class upstream;

// Where organisations and the status reporter meet: the queues' gates, and by whose key an
// organisation's reports are sent. Exists when statuses are reported at all. Thread safe. No CAF
// here.
class report_intake {
 public:
  report_intake(const clock& time, std::uint64_t most_waiting, std::shared_ptr<report_port> port);

  // The gate of an organisation's queue; the same one every time.
  std::shared_ptr<storage::report_gate> gate_of(organisation_id);

  // From an organisation that works: who it is now. It counts until `clients` is gone.
  void attach(organisation_id, const std::shared_ptr<upstream>& clients);
  std::shared_ptr<upstream> clients_of(organisation_id) const;  // nullptr: it does not work now

  // Organisations whose queues may have got something since the last call; all that there are, for
  // who begins.
  std::vector<organisation_id> take_woken();
  void wake_all();

  const std::shared_ptr<report_port>& port() const { return port_; }

 private:
  void wake(organisation_id);

  const clock& time_;
  const std::uint64_t most_waiting_;
  const std::shared_ptr<report_port> port_;
  mutable std::mutex mutex_;
  std::map<organisation_id, std::shared_ptr<storage::report_gate>> gates_;
  std::map<organisation_id, std::weak_ptr<upstream>> clients_;
  std::set<organisation_id> woken_;
};

}  // namespace kp::actors
