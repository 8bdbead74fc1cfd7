#include "actors/tenants_watcher.hpp"

#include "actors/tenants_messages.hpp"
#include "config/log.hpp"

#include <algorithm>

namespace kp::actors {

namespace {

using std::chrono::milliseconds;

std::map<std::string, std::vector<problem>> by_file(const std::vector<problem>& problems) {
  std::map<std::string, std::vector<problem>> files;
  for (const auto& one : problems) files[one.where.file].push_back(one);
  return files;
}

}  // namespace

tenants_watcher::tenants_watcher(std::string folder, const tenants::loaded& initial, caf::actor hub,
                                 std::shared_ptr<tenants::tenants_state> state)
    // Watched before it is compared with what was read, so that nothing falls in between.
    : watch_(tenants::watch_folder(folder)),
      folder_(std::move(folder), process_environment(), initial),
      hub_(caf::actor_cast<caf::actor_addr>(hub)),
      state_(std::move(state)) {
  const auto now = wall_clock().now();
  for (auto& [file, problems] : by_file(initial.problems))
    state_->broken(file, std::move(problems), now, {});
  thread_ = std::jthread([this](const std::stop_token& stop) {
    try {
      run(stop);
    } catch (const std::exception& e) {
      log(log_level::error, std::string("the tenants folder is not watched any more: ") + e.what());
      state_->watching(e.what());
    }
  });
}

tenants_watcher::~tenants_watcher() {
  thread_.request_stop();
  watch_->wake();
}

void tenants_watcher::run(const std::stop_token& stop) {
  const wall_clock time;
  tenants::folder_events seen{true, {}};
  auto scanned = time.now();
  auto referenced = scanned;
  while (!stop.stop_requested()) {
    auto changes = folder_.look(seen, time.now());
    report(changes);
    report_watch();
    const milliseconds every = watch_problem_.empty() ? milliseconds(rescan) : rescan_unwatched;
    auto next = std::min(scanned + every, referenced + tenants::referenced_files::every);
    if (const auto due = folder_.next_look()) next = std::min(next, *due);
    const auto left = std::chrono::ceil<milliseconds>(next - time.now());
    seen = watch_->wait(std::clamp(left, milliseconds(1), every));
    if (time.now() >= scanned + every) seen.everything = true;
    if (seen.everything) scanned = time.now();
    if (time.now() < referenced + tenants::referenced_files::every) continue;
    referenced = time.now();
    folder_.look_at_references(referenced);
  }
}

void tenants_watcher::report(tenants::folder_changes& changes) {
  for (const auto& file : changes.mended) {
    state_->mended(file);
    log(log_level::info, "file of tenants is mended or gone", {{"file", file}});
  }
  for (auto& [file, problems, running] : changes.broken) {
    for (const auto& one : problems)
      log(log_level::error,
          to_string(one) + (running ? " Until then it runs as the file was before." : ""),
          {{"file", file}, {"organisation", running ? running->to_string() : ""}});
    state_->broken(file, std::move(problems), wall_clock().now(), running);
  }
  if (changes.tenants.empty()) return;
  if (const auto hub = caf::actor_cast<caf::actor>(hub_))
    caf::anon_send(hub, tenants_changed{std::move(changes.tenants)});
}

void tenants_watcher::report_watch() {
  auto problem = watch_->problem();
  if (problem == watch_problem_) return;
  watch_problem_ = std::move(problem);
  if (watch_problem_.empty()) {
    log(log_level::info, "the tenants folder is watched again");
    return state_->watching({});
  }
  log(log_level::warning,
      watch_problem_ + "; changes are found by looking at every file from time to time");
  state_->watching(watch_problem_);
}

}  // namespace kp::actors
