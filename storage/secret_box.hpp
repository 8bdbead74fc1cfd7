#pragma once

#include "config/ids.hpp"
#include "config/random.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace kp::storage {

// Keeps small secrets of organisations unreadable in the store: AES-256-GCM under a key per
// organisation that is derived from the hub's master key. Quick enough for an actor. Thread safe.
class secret_box {
 public:
  // `master_key`: 32 bytes.
  secret_box(std::string master_key, std::shared_ptr<random_source> random);
  ~secret_box();
  secret_box(const secret_box&) = delete;
  secret_box& operator=(const secret_box&) = delete;

  // `bound_to`: what the secret belongs to; it opens only with the same words. Errors: io.
  result<std::string> seal(organisation_id, std::string_view bound_to,
                           std::string_view secret) const;
  // Errors: corrupt (also with another master key), unknown_format.
  result<std::string> open(organisation_id, std::string_view bound_to,
                           std::string_view sealed) const;

 private:
  std::string master_;
  std::shared_ptr<random_source> random_;
};

}  // namespace kp::storage
