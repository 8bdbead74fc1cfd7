#include "storage/engine.hpp"

#include "storage/conditions.hpp"
#include "storage/lease.hpp"
#include "storage/storage_error.hpp"

namespace kp::storage {

void batch::put(std::string key, std::string value) {
  byte_size_ += key.size() + value.size();
  changes_.push_back({std::move(key), std::move(value)});
}

void batch::erase(std::string key) {
  byte_size_ += key.size();
  changes_.push_back({std::move(key), std::nullopt});
}

void batch::append(std::string key_prefix, std::string value) {
  byte_size_ += key_prefix.size() + sizeof(std::uint64_t) + value.size();
  appended_.push_back({std::move(key_prefix), std::move(value)});
}

void batch::include(const batch& other) {
  changes_.insert(changes_.end(), other.changes_.begin(), other.changes_.end());
  appended_.insert(appended_.end(), other.appended_.begin(), other.appended_.end());
  conditions_.insert(conditions_.end(), other.conditions_.begin(), other.conditions_.end());
  byte_size_ += other.byte_size_;
}

void batch::require_absent(std::string key) {
  conditions_.push_back({condition_kind::absent, std::move(key), {}});
}

void batch::require_present(std::string key) {
  conditions_.push_back({condition_kind::present, std::move(key), {}});
}

void batch::require_value(std::string key, std::string value) {
  conditions_.push_back({condition_kind::value, std::move(key), std::move(value)});
}

void batch::require_fence(std::string lease_key, std::uint64_t fence) {
  conditions_.push_back({condition_kind::fence, std::move(lease_key), {}, fence});
}

result<void> judge(const batch::condition& wanted, std::optional<std::string_view> stored) {
  const auto refused = [] {
    return transient(storage_errc::precondition_failed,
                     "somebody else changed this at the same time; read it again and decide anew");
  };
  switch (wanted.kind) {
    case batch::condition_kind::absent:
      if (stored) return refused();
      return {};
    case batch::condition_kind::present:
      if (!stored) return refused();
      return {};
    case batch::condition_kind::value:
      if (!stored || *stored != wanted.value) return refused();
      return {};
    case batch::condition_kind::fence: {
      if (!stored) return permanent(storage_errc::fenced, "the lease is gone");
      KP_TRY(const auto held, decode_lease(*stored));
      if (held.fence != wanted.fence)
        return permanent(storage_errc::fenced, "the lease has gone to somebody else");
      return {};
    }
  }
  return permanent(storage_errc::corrupt, "unknown kind of precondition");
}

}  // namespace kp::storage
