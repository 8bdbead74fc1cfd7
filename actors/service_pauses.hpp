#pragma once

#include "actors/context.hpp"
#include "actors/tenants_messages.hpp"
#include "storage/keys.hpp"
#include "storage/operator_marks.hpp"

#include <map>

namespace kp::actors {

// What operators have paused of one organisation, as its adapters are to work. Every change is
// reported to vital_signs.
class service_pauses {
 public:
  void open(const organisation_context&);  // as the store has it
  void set(service, const storage::service_pause&);
  // How an adapter works that would work in `mode`.
  working_mode within(service, working_mode mode) const;

 private:
  std::shared_ptr<hub_context> hub_;
  organisation_id id_ = storage::hub_itself;  // until open()
  std::map<service, storage::service_pause> all_;
};

}  // namespace kp::actors
