#pragma once

#include "config/ids.hpp"
#include "storage/engine.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace kp::actors {

// What clients have put into the hub and the hub still keeps: messages created and not out yet, and
// the bytes of their attachments.
struct stored_usage {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
};

// Running counts of the organisations that have a quota on what is stored. They follow the commits,
// so a request costs no look into the store; at the start, and when an organisation gets its first
// such quota, what is there already is counted once in the background. Any thread.
class quota_usage {
 public:
  // Begins to follow an organisation. True when it was not followed: rebuild() has to run then.
  bool follow(organisation_id);
  void forget(organisation_id);
  // Counts what the store has. Commits may happen meanwhile. Errors: those of the store; the
  // organisation is then not followed any more.
  result<void> rebuild(const storage::engine&, organisation_id);

  // nullopt: not followed, or still being counted.
  std::optional<stored_usage> of(organisation_id) const;
  std::optional<stored_usage> of(organisation_id, const channel_name&) const;

  // Changes that have become durable.
  void committed(const storage::batch&);

 private:
  struct kept {
    std::uint32_t channel = 0;
    std::uint64_t bytes = 0;
  };
  struct house {
    bool counting = true;
    std::unordered_map<std::string, kept> messages;  // by channel and message id, as in the key
    std::unordered_set<std::string> touched;         // changed while counting
    std::map<std::uint32_t, stored_usage> channels;
    std::map<std::string, std::uint32_t, std::less<>> numbers;  // of channels, by name
    stored_usage all;
    void put(std::string_view key, std::string_view record);
    void erase(std::string_view key);
  };

  mutable std::mutex mutex_;
  std::atomic<bool> follows_any_ = false;
  std::unordered_map<std::uint32_t, house> houses_;
};

// A store that tells of what it has made durable.
class quota_store final : public storage::engine {
 public:
  quota_store(std::unique_ptr<storage::engine> below, std::shared_ptr<quota_usage> usage)
      : below_(std::move(below)), usage_(std::move(usage)) {}

  result<std::optional<std::string>> get(std::string_view key) const override {
    return below_->get(key);
  }
  result<void> scan(std::string_view begin, std::string_view end, storage::scan_order order,
                    const visitor& visit) const override {
    return below_->scan(begin, end, order, visit);
  }
  std::vector<result<void>> commit(std::span<const storage::batch> group) override;
  result<void> erase_range(std::string_view begin, std::string_view end) override {
    return below_->erase_range(begin, end);
  }

 private:
  std::unique_ptr<storage::engine> below_;
  std::shared_ptr<quota_usage> usage_;
};

}  // namespace kp::actors
