#pragma once

#include "actors/caf.hpp"
#include "tenants/live_folder.hpp"
#include "tenants/tenants_state.hpp"

#include <memory>
#include <thread>

namespace kp::actors {

// The thread that follows the tenants folder: reads and validates what has changed, tells the hub
// (tenants_changed), and keeps `state` and the log true about files that are broken.
class tenants_watcher {
 public:
  // Also without a sign that something has changed, every file is looked at this often; more often
  // where the folder cannot be watched.
  static constexpr std::chrono::seconds rescan{60};
  static constexpr std::chrono::milliseconds rescan_unwatched{500};

  // `initial` is what load_folder said of `folder`.
  tenants_watcher(std::string folder, const tenants::loaded& initial, caf::actor hub,
                  std::shared_ptr<tenants::tenants_state> state);
  ~tenants_watcher();
  tenants_watcher(const tenants_watcher&) = delete;
  tenants_watcher& operator=(const tenants_watcher&) = delete;

 private:
  void run(const std::stop_token& stop);
  void report(tenants::folder_changes& changes);
  void report_watch();

  std::unique_ptr<tenants::folder_watch> watch_;
  tenants::live_folder folder_;
  caf::actor_addr hub_;
  std::shared_ptr<tenants::tenants_state> state_;
  std::string watch_problem_;
  std::jthread thread_;
};

}  // namespace kp::actors
