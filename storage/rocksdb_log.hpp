#pragma once

#include <memory>

namespace rocksdb {
class Logger;
}

namespace kp::storage {

// Takes RocksDB's warnings and errors to the hub's log: a table that could not be written in the
// background, or bytes at the end of the write-ahead log that an opening had to leave out.
std::shared_ptr<rocksdb::Logger> make_rocksdb_log();

}  // namespace kp::storage
