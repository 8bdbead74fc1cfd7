#pragma once

#include "config/error.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

// Streams of bytes between rooms. All calls block (disk, cipher); they run on a worker thread,
// never in an actor and never on a network thread. Bytes are held in std::string, as the libraries
// below do.

namespace kp {

// What streams move at a time when nothing asks for another size.
inline constexpr std::size_t stream_chunk = 256 * 1024;

// Something to read from front to back.
class byte_source {
 public:
  virtual ~byte_source() = default;
  // Fills the front of `out` (never empty) and returns how many bytes; 0 at the end.
  virtual result<std::size_t> read(std::span<char> out) = 0;
};

// Something to write from front to back. Nothing is promised before finish() has succeeded.
class byte_sink {
 public:
  virtual ~byte_sink() = default;
  virtual result<void> write(std::string_view bytes) = 0;
  virtual result<void> finish() { return {}; }
};

// Something whose bytes can be read at any offset. read_at may be called from several threads.
class random_access_source {
 public:
  virtual ~random_access_source() = default;
  virtual std::uint64_t size() const = 0;
  // Fills the front of `out` from `offset` and returns how many bytes; fewer than asked only at
  // the end, 0 beyond it.
  virtual result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) const = 0;
};

// A file of this process alone that can be read and written at any offset and leaves nothing
// readable behind (storage/spool.hpp makes them).
class spool : public random_access_source {
 public:
  virtual result<void> write_at(std::uint64_t offset, std::string_view bytes) = 0;
};

// Makes empty spools.
class spool_factory {
 public:
  virtual ~spool_factory() = default;
  virtual result<std::shared_ptr<spool>> make() = 0;
};

// Adapters.
class string_source final : public byte_source {
 public:
  explicit string_source(std::string bytes) : bytes_(std::move(bytes)) {}
  result<std::size_t> read(std::span<char> out) override;

 private:
  std::string bytes_;
  std::size_t at_ = 0;
};

class string_sink final : public byte_sink {
 public:
  // Refuses (config_errc::invalid_value) to grow beyond `limit` bytes.
  explicit string_sink(std::size_t limit) : limit_(limit) {}
  result<void> write(std::string_view bytes) override;
  std::string& bytes() { return bytes_; }

 private:
  std::size_t limit_;
  std::string bytes_;
};

class string_random_access final : public random_access_source {
 public:
  explicit string_random_access(std::string bytes) : bytes_(std::move(bytes)) {}
  std::uint64_t size() const override { return bytes_.size(); }
  result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) const override;

 private:
  std::string bytes_;
};

// Reads a random access source from front to back; shares ownership.
class sequential_source final : public byte_source {
 public:
  explicit sequential_source(std::shared_ptr<const random_access_source> from)
      : from_(std::move(from)) {}
  result<std::size_t> read(std::span<char> out) override;

 private:
  std::shared_ptr<const random_access_source> from_;
  std::uint64_t at_ = 0;
};

// Appends to a spool; shares ownership.
class spool_sink final : public byte_sink {
 public:
  explicit spool_sink(std::shared_ptr<spool> to) : to_(std::move(to)) {}
  result<void> write(std::string_view bytes) override;

 private:
  std::shared_ptr<spool> to_;
  std::uint64_t at_ = 0;
};

// A spool in memory, for tests. Refuses to grow beyond `limit` bytes.
std::shared_ptr<spool_factory> make_memory_spools(std::size_t limit);

// Moves everything; returns the number of bytes. Does not call finish().
result<std::uint64_t> copy(byte_source& from, byte_sink& to);

// Everything as one string; config_errc::invalid_value when there is more than `limit`.
result<std::string> read_all(byte_source& from, std::size_t limit);

}  // namespace kp
