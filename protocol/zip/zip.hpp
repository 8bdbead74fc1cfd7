#pragma once

#include "config/byte_io.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

// ZIP by libzip. Writes to a spool (local headers carry sizes and checksums, so that readers that
// go front to back can read it), reads from anything with random access. zip64 when needed.

namespace kp::zip {

struct entry {
  std::string name;                                            // raw UTF-8
  bool stored = false;                                         // no compression
  std::function<result<std::unique_ptr<byte_source>>()> open;  // called once, when its turn comes
  // About how many bytes there are. It decides alone whether the entry gets the zip64 form, which
  // entries longer than `peek_bytes` have when nobody says. Wrong by gigabytes is an error.
  std::optional<std::uint64_t> size_hint{};
  bool incompressible = false;  // deflated, but without effort
};

// How much of an entry without size_hint is read ahead to learn its size.
inline constexpr std::size_t peek_bytes = stream_chunk;

// Writes all entries in order. No extra fields, no directory entries. The archive comment and the
// first entry's comment are set to `comment` when it is not empty. Memory does not grow with the
// content. Errors: those of the sources and of the spool; bad_format for no entries, two of one
// name, or a name that is no UTF-8; internal.
result<void> write(const std::shared_ptr<spool>& to, std::vector<entry> entries,
                   const std::string& comment = {});

// Bounds against archives made to hurt.
struct limits {
  std::size_t max_entries = 10'000;
  std::uint64_t max_entry_bytes = 16ull << 30;  // unpacked
  std::uint64_t max_total_bytes = 32ull << 30;  // unpacked
  std::size_t max_entry_record_bytes = 1024;    // of the directory, on average
};

class reader {
 public:
  // Errors: crypto_errc::bad_format ("not a zip: …"), too_large; those of `from`.
  static result<std::unique_ptr<reader>> open(std::shared_ptr<const random_access_source> from,
                                              limits bounds = {});
  virtual ~reader() = default;
  struct item {
    std::string name;
    std::uint64_t size = 0;  // unpacked, as the directory claims
    bool stored = false;
  };
  virtual const std::vector<item>& items() const = 0;  // in directory order
  // Reads one entry; fails with bad_format when checksum or size do not hold, too_large beyond the
  // bounds, unsupported when encrypted or neither stored nor deflated. One entry at a time, by one
  // thread; the source may outlive the reader.
  virtual result<std::unique_ptr<byte_source>> read(std::size_t index) = 0;
  // Index of the last entry of that exact name.
  virtual std::optional<std::size_t> find(std::string_view name) const = 0;
};

}  // namespace kp::zip
