#pragma once

#include "config/byte_io.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

// ZIP by libzip. Writes to a spool (local headers carry sizes and checksums, so that readers that go
// front to back can read it), reads from anything with random access. zip64 when needed.

namespace kp::zip {

struct entry {
  std::string name;                              // raw UTF-8
  bool stored = false;                           // no compression
  std::function<result<std::unique_ptr<byte_source>>()> open;  // called once, when its turn comes
};

// Writes all entries in order. No extra fields, no directory entries. The archive comment and the
// first entry's comment are set to `comment` when it is not empty. Memory does not grow with the
// content.
result<void> write(const std::shared_ptr<spool>& to, std::vector<entry> entries,
                   const std::string& comment = {});

// Bounds against archives made to hurt.
struct limits {
  std::size_t max_entries = 10'000;
  std::uint64_t max_entry_bytes = 16ull << 30;   // unpacked
  std::uint64_t max_total_bytes = 32ull << 30;   // unpacked
};

class reader {
 public:
  // Errors: crypto_errc::bad_format ("not a zip: …"), too_large.
  static result<std::unique_ptr<reader>> open(std::shared_ptr<const random_access_source> from,
                                              limits bounds = {});
  virtual ~reader() = default;
  struct item {
    std::string name;
    std::uint64_t size = 0;   // unpacked, as the directory claims
    bool stored = false;
  };
  virtual const std::vector<item>& items() const = 0;    // in directory order
  // Reads one entry; fails with bad_format when checksum or size do not hold, too_large beyond the
  // bounds. One entry at a time.
  virtual result<std::unique_ptr<byte_source>> read(std::size_t index) = 0;
  // Index of the last entry of that exact name.
  virtual std::optional<std::size_t> find(std::string_view name) const = 0;
};

}  // namespace kp::zip
