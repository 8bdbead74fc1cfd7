#pragma once

#include "config/problem.hpp"
#include "tenants/organisation.hpp"

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace kp::tenants {

// What no two files of a hub may have in common: an organisation, a credential, and what the
// channel rules say of the whole hub.
class claims {
 public:
  // Why this organisation cannot run beside those that were added; empty: it can.
  std::vector<problem> clashes(const organisation&) const;
  // One that does not clash.
  void add(const std::shared_ptr<const organisation>&);
  void remove(const organisation&);

 private:
  std::unordered_map<organisation_id, std::shared_ptr<const organisation>> organisations_;
  std::unordered_map<std::string, const credential*> credentials_;  // by identity_of
  struct holder {
    const organisation* owner;
    const channel_settings* channel;
  };
  std::unordered_map<std::string, holder> addresses_;  // in organisations_; by hub_claim::key
};

}  // namespace kp::tenants
