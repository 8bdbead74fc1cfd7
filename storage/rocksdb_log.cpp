#include "storage/rocksdb_log.hpp"

#include "config/log.hpp"

#include <rocksdb/env.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <string_view>

namespace kp::storage {
namespace {

constexpr std::size_t longest_line = 1024;

class hub_log final : public rocksdb::Logger {
 public:
  hub_log() : rocksdb::Logger(rocksdb::WARN_LEVEL) {}

  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}  // of no level: the beginning of a log file
  void LogHeader(const char*, va_list) override {}
  void Logv(rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
    if (level < rocksdb::WARN_LEVEL || level > rocksdb::FATAL_LEVEL) return;
    // RocksDB warns of its own doing when it writes a checkpoint.
    if (std::string_view(format).find("File Deletions ") != std::string_view::npos) return;
    std::array<char, longest_line> line{};
    std::vsnprintf(line.data(), line.size(), format, arguments);
    log(level == rocksdb::WARN_LEVEL ? log_level::warning : log_level::error,
        "the store's engine reports", {{"detail", line.data()}});
  }
};

}  // namespace

std::shared_ptr<rocksdb::Logger> make_rocksdb_log() {
  return std::make_shared<hub_log>();
}

}  // namespace kp::storage
