#pragma once

#include "config/clock.hpp"
#include "storage/engine.hpp"

namespace kp::storage {

// Peek locks, inbound seats and outbox claims are one thing: an owner, an expiry and a fencing
// number that rises with every change of hands and never falls, checked inside the commit.
struct lease {
  std::string owner;
  time_point expires{};
  std::uint64_t fence = 0;

  bool held_at(time_point now) const { return !owner.empty() && now < expires; }
};

std::string encode(const lease&);
result<lease> decode_lease(std::string_view bytes);  // storage_errc::corrupt, unknown_format

// nullopt when nobody has ever held it.
result<std::optional<lease>> read_lease(const engine&, std::string_view key);

// Adds taking the lease to `b`. When `current` (what read_lease said) is free at `now` or already
// belongs to `owner`, returns the lease as it will be: same fence for the same live owner (a
// renewal), fence + 1 otherwise. When another owner holds it: storage_errc::fenced. The commit fails
// with precondition_failed when somebody was faster.
result<lease> take_lease(batch& b, std::string key, const std::optional<lease>& current,
                         std::string_view owner, time_point now, std::chrono::microseconds ttl);

// Adds giving it back: the owner becomes empty, the fence stays. Requires the fence of `held`.
void release_lease(batch& b, std::string key, const lease& held);

}  // namespace kp::storage
