#pragma once

#include "storage/engine.hpp"

namespace kp::storage {

// An engine that can be copied while it is used.
class checkpointed {
 public:
  virtual ~checkpointed() = default;

  // Copies the state of one moment into `folder`, which must not exist while its parent does;
  // everything acknowledged before the call is in it. On the same file system what does not change
  // any more is linked. Safe to call from any thread. Errors: io.
  virtual result<void> checkpoint(const std::string& folder) = 0;
};

// Opens a store that nobody writes to, and changes nothing in it. Every commit to it is refused
// with storage_errc::read_only. Errors: io, corrupt (also without a format version),
// unknown_format.
result<std::unique_ptr<engine>> open_rocksdb_engine_to_read(const rocksdb_options& options);

}  // namespace kp::storage
