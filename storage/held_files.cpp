#include "storage/held_files.hpp"

#include <mutex>
#include <utility>
#include <vector>

namespace kp::storage {

struct held_files::state {
  std::unique_ptr<blobs> files;
  std::mutex collecting;  // taken before the other one
  std::mutex mutex;
  std::size_t holds = 0;
  std::vector<std::pair<organisation_id, blob_ref>> waiting;
};

held_files::held_files(std::unique_ptr<blobs> files)
    : state_(new state{std::move(files), {}, {}, 0, {}}) {}

held_files::~held_files() = default;

std::shared_ptr<void> held_files::hold() {
  const std::scoped_lock lock(state_->collecting, state_->mutex);
  ++state_->holds;
  return {this, [](held_files* of) { of->let_go(); }};
}

void held_files::let_go() {
  std::vector<std::pair<organisation_id, blob_ref>> released;
  {
    const std::scoped_lock lock(state_->mutex);
    if (--state_->holds > 0) return;
    released.swap(state_->waiting);
  }
  for (const auto& [organisation, ref] : released) state_->files->release(organisation, ref);
}

result<std::unique_ptr<blobs::writer>> held_files::create(organisation_id organisation,
                                                          const committer& write) {
  return state_->files->create(organisation, write);
}

result<std::shared_ptr<random_access_source>> held_files::open(organisation_id organisation,
                                                               const blob_ref& ref) {
  return state_->files->open(organisation, ref);
}

void held_files::remove(batch& b, organisation_id organisation, const blob_ref& ref) {
  state_->files->remove(b, organisation, ref);
}

void held_files::release(organisation_id organisation, const blob_ref& ref) {
  {
    const std::scoped_lock lock(state_->mutex);
    if (state_->holds > 0) {
      if (state_->waiting.size() < most_waiting) state_->waiting.emplace_back(organisation, ref);
      return;
    }
  }
  state_->files->release(organisation, ref);
}

result<std::size_t> held_files::collect(std::chrono::seconds age) {
  const std::scoped_lock nobody_begins_to_hold(state_->collecting);
  {
    const std::scoped_lock lock(state_->mutex);
    if (state_->holds > 0) return std::size_t{0};
  }
  return state_->files->collect(age);
}

}  // namespace kp::storage
