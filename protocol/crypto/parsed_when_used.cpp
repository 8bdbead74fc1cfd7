#include "protocol/crypto/parsed_when_used.hpp"

#include <array>
#include <cstddef>

namespace kp::crypto::detail {

void keep_a_while(std::shared_ptr<const void> parsed) {
  static std::mutex guard;
  static std::array<std::shared_ptr<const void>, 1000> last;
  static std::size_t oldest = 0;
  const std::scoped_lock lock(guard);
  last[oldest].swap(parsed);  // what leaves is freed by the caller, after the lock
  oldest = (oldest + 1) % last.size();
}

}  // namespace kp::crypto::detail
