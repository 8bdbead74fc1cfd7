#include "storage/big_endian.hpp"
#include "storage/conditions.hpp"
#include "storage/engine.hpp"

#include <map>
#include <mutex>
#include <shared_mutex>

namespace kp::storage {
namespace {

// std::string compares as unsigned bytes (char_traits<char>), which is the order of the contract.
class memory_engine final : public engine {
 public:
  result<std::optional<std::string>> get(std::string_view key) const override {
    const std::shared_lock lock(mutex_);
    const auto found = entries_.find(key);
    if (found == entries_.end()) return std::optional<std::string>{};
    return std::optional<std::string>{found->second};
  }

  result<void> scan(std::string_view begin, std::string_view end, scan_order order,
                    const visitor& visit) const override {
    if (begin >= end) return {};
    const std::shared_lock lock(mutex_);
    const auto first = entries_.lower_bound(begin);
    auto last = entries_.lower_bound(end);
    if (order == scan_order::ascending) {
      for (auto at = first; at != last; ++at)
        if (!visit(at->first, at->second)) break;
    } else {
      while (last != first) {
        --last;
        if (!visit(last->first, last->second)) break;
      }
    }
    return {};
  }

  std::vector<result<void>> commit(std::span<const batch> group) override {
    std::vector<result<void>> answers;
    answers.reserve(group.size());
    const std::unique_lock lock(mutex_);
    for (const auto& each : group) answers.push_back(apply(each));
    return answers;
  }

  result<void> erase_range(std::string_view begin, std::string_view end) override {
    if (begin >= end) return {};
    const std::unique_lock lock(mutex_);
    entries_.erase(entries_.lower_bound(begin), entries_.lower_bound(end));
    return {};
  }

 private:
  result<void> apply(const batch& b) {
    for (const auto& wanted : b.conditions()) {
      const auto found = entries_.find(wanted.key);
      KP_CHECK(judge(wanted, found == entries_.end()
                                 ? std::nullopt
                                 : std::optional<std::string_view>(found->second)));
    }
    for (const auto& change : b.changes()) {
      if (change.value)
        entries_.insert_or_assign(change.key, *change.value);
      else
        entries_.erase(change.key);
    }
    for (const auto& each : b.appended())
      entries_.insert_or_assign(each.key_prefix + to_big_endian(next_sequence_++), each.value);
    return {};
  }

  mutable std::shared_mutex mutex_;
  std::map<std::string, std::string, std::less<>> entries_;
  std::uint64_t next_sequence_ = 1;
};

}  // namespace

std::unique_ptr<engine> make_memory_engine() {
  return std::make_unique<memory_engine>();
}

}  // namespace kp::storage
