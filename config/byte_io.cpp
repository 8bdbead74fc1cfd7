#include "config/byte_io.hpp"

#include "config/config_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <vector>

namespace kp {

namespace {

std::size_t copy_at(std::string_view from, std::uint64_t offset, std::span<char> out) {
  if (offset >= from.size()) return 0;
  const auto count = std::min<std::size_t>(out.size(), from.size() - offset);
  std::memcpy(out.data(), from.data() + offset, count);
  return count;
}

error too_large(std::size_t limit) {
  return permanent(config_errc::invalid_value, fmt::format("more than {} bytes", limit));
}

class memory_spool final : public spool {
 public:
  explicit memory_spool(std::size_t limit) : limit_(limit) {}
  std::uint64_t size() const override {
    const std::scoped_lock lock(mutex_);
    return bytes_.size();
  }
  result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) const override {
    const std::scoped_lock lock(mutex_);
    return copy_at(bytes_, offset, out);
  }
  result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    const std::scoped_lock lock(mutex_);
    if (offset + bytes.size() > limit_) return too_large(limit_);
    if (offset + bytes.size() > bytes_.size()) bytes_.resize(offset + bytes.size());
    std::memcpy(bytes_.data() + offset, bytes.data(), bytes.size());
    return {};
  }

 private:
  std::size_t limit_;
  mutable std::mutex mutex_;
  std::string bytes_;
};

class memory_spools final : public spool_factory {
 public:
  explicit memory_spools(std::size_t limit) : limit_(limit) {}
  result<std::shared_ptr<spool>> make() override {
    return std::shared_ptr<spool>(std::make_shared<memory_spool>(limit_));
  }

 private:
  std::size_t limit_;
};

}  // namespace

result<std::size_t> string_source::read(std::span<char> out) {
  const auto count = copy_at(bytes_, at_, out);
  at_ += count;
  return count;
}

result<void> string_sink::write(std::string_view bytes) {
  if (bytes_.size() + bytes.size() > limit_) return too_large(limit_);
  bytes_.append(bytes);
  return {};
}

result<std::size_t> string_random_access::read_at(std::uint64_t offset, std::span<char> out) const {
  return copy_at(bytes_, offset, out);
}

result<std::size_t> sequential_source::read(std::span<char> out) {
  KP_TRY(const auto count, from_->read_at(at_, out));
  at_ += count;
  return count;
}

result<void> spool_sink::write(std::string_view bytes) {
  KP_CHECK(to_->write_at(at_, bytes));
  at_ += bytes.size();
  return {};
}

std::shared_ptr<spool_factory> make_memory_spools(std::size_t limit) {
  return std::make_shared<memory_spools>(limit);
}

result<std::uint64_t> copy(byte_source& from, byte_sink& to) {
  std::vector<char> buffer(stream_chunk);
  std::uint64_t total = 0;
  for (;;) {
    KP_TRY(const auto count, from.read(buffer));
    if (count == 0) return total;
    KP_CHECK(to.write({buffer.data(), count}));
    total += count;
  }
}

result<std::string> read_all(byte_source& from, std::size_t limit) {
  string_sink sink(limit);
  KP_TRY([[maybe_unused]] const auto count, copy(from, sink));
  return std::move(sink.bytes());
}

}  // namespace kp
