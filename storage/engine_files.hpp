#pragma once

#include "storage/engine.hpp"

namespace rocksdb {
class Env;
}

namespace kp::storage {

// The engine on files that somebody else provides, for tests of disks that fail. `files` outlives
// the engine.
result<std::unique_ptr<engine>> open_rocksdb_engine(const rocksdb_options& options,
                                                    rocksdb::Env& files);

}  // namespace kp::storage
