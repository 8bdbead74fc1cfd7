#pragma once

#include "storage/repositories.hpp"

namespace kp::storage {

// The last key of a message service that the Service Registry gave to an organisation, for when the
// registry does not answer. Sealed (storage/secret_box.hpp); what seals it is the caller's.
struct service_key {
  std::string sealed;
  time_point received{};
};
std::string encode(const service_key&);
result<service_key> decode_service_key(std::string_view bytes);  // corrupt, unknown_format

// Of one organisation.
class service_keys {
 public:
  service_keys(const engine& store, organisation_id organisation);
  result<std::optional<service_key>> find(service) const;
  void put(batch&, service, const service_key&) const;

 private:
  const engine& store_;
  organisation_id organisation_;
};

}  // namespace kp::storage
