#pragma once

#include "config/ids.hpp"

#include <cstdint>
#include <memory>
#include <random>
#include <string>

namespace kp {

// Randomness is handed in, so that a test can own it. Safe to use from several threads.
class random_source {
 public:
  virtual ~random_source() = default;
  virtual std::string bytes(std::size_t count) = 0;

  std::string uuid();                // version 4, lower case (RFC 9562 section 5.4)
  message_id new_message_id();
  conversation_id new_conversation_id();
  double unit();                     // uniform in [0, 1), for jitter
};

// The operating system's generator through OpenSSL. Terminates the process when it fails: nothing
// can be kept secret then.
std::shared_ptr<random_source> make_secure_random();

// The same bytes in every run. For tests only.
std::shared_ptr<random_source> make_seeded_random(std::uint64_t seed);

}  // namespace kp
