#pragma once

#include "storage/blobs.hpp"

#include <memory>

namespace kp::storage {

// Stored content whose files stay as long as somebody holds them, so that a backup finds every file
// that its copy of the engine speaks of. Thread safe.
class held_files final : public blobs {
 public:
  // As many releases are remembered while files are held; what is more is left to collect().
  static constexpr std::size_t most_waiting = 1'000'000;

  explicit held_files(std::unique_ptr<blobs> files);
  ~held_files() override;

  // Until the hold is let go, release() and collect() remove nothing; then what was released
  // meanwhile is removed, on the thread that lets go. The hold outlives neither this nor its blobs.
  std::shared_ptr<void> hold();

  result<std::unique_ptr<writer>> create(organisation_id, const committer& write) override;
  result<std::shared_ptr<random_access_source>> open(organisation_id, const blob_ref&) override;
  void remove(batch& b, organisation_id, const blob_ref&) override;
  void release(organisation_id, const blob_ref&) override;
  result<std::size_t> collect(std::chrono::seconds age) override;

 private:
  void let_go();

  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace kp::storage
