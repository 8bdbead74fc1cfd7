#pragma once

#include "config/clock.hpp"
#include "tenants/claims.hpp"
#include "tenants/folder_watch.hpp"
#include "tenants/loader.hpp"
#include "tenants/tenants_folder.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kp::tenants {

// What a look at the folder led to. Files that are as before are not in it.
struct folder_changes {
  struct tenant {
    organisation_id organisation;
    std::shared_ptr<const tenants::organisation> now;  // nullptr: its file is gone
  };
  struct broken_file {
    std::string file;
    std::vector<problem> problems;
    std::optional<organisation_id> running;  // goes on with what the file said before
  };
  std::vector<tenant> tenants;
  std::vector<broken_file> broken;
  std::vector<std::string> mended;  // also: broken and now gone
  bool empty() const { return tenants.empty() && broken.empty() && mended.empty(); }
};

// Follows the files of a folder while people, editors and programs change them: says what the
// organisations are now, and keeps the last good version of a file that is broken. Files are
// written in steps (half, in place, over a temporary name, removed and made anew), so that nothing
// is believed before it has been at rest. Of two files with the same organisation or API user, the
// one that runs wins and stays. One thread; blocks while it reads. Time is handed in.
class live_folder {
 public:
  static constexpr std::chrono::milliseconds settle{100};         // at rest: whole
  static constexpr std::chrono::milliseconds gone_after{400};     // really removed
  static constexpr std::chrono::milliseconds broken_after{1000};  // really broken
  // Somebody has it open for writing: not whole, though what is there reads well.
  static constexpr std::chrono::seconds open_for{5};

  // Begins with what load_folder said of that folder.
  live_folder(std::string folder, environment variables, const loaded& initial);

  folder_changes look(const folder_events& seen, time_point now);
  // Every referenced_files::every: a key store or secret that was replaced makes its organisation
  // new at the next look.
  void look_at_references(time_point now);
  // When to look again although nothing more is seen; nullopt: no need.
  std::optional<time_point> next_look() const;

  std::size_t running() const { return running_; }

 private:
  struct known_file {
    std::optional<file_stamp> stamp;              // of what was read last
    std::shared_ptr<const organisation> running;  // what it keeps running
    bool broken = false;                          // has been reported
    bool clashing = false;                        // good in itself, but another file has the same
  };
  struct restless_file {
    std::optional<file_stamp> stamp;  // nullopt: gone
    time_point since{};               // when it was last seen to change
    time_point due{};                 // when it will be looked into
    bool open = false;
    bool checked_again = false;  // as it was, since another file has changed
  };

  std::string path_of(const std::string& name) const;
  void notice(const std::string& path, std::optional<bool> open, time_point now);
  void notice_all(time_point now, folder_changes&);
  bool all_are_gone() const;
  void report_folder(const std::string& rule, std::string remedy, folder_changes&);
  void folder_is_well(folder_changes&);
  // Whether it has come to rest and been dealt with.
  bool settled(const std::string& path, restless_file&, time_point now, folder_changes&);
  bool read(const std::string& path, restless_file&, time_point now, folder_changes&);
  void gone(const std::string& path, folder_changes&);
  void accept(const std::string& path, std::shared_ptr<const organisation>, folder_changes&);
  void reject(const std::string& path, std::vector<problem>, folder_changes&);
  std::vector<problem> clashes(const known_file&, const organisation&, folder_changes&);
  void check_clashing_again(time_point now);

  std::string folder_;
  environment variables_;
  std::map<std::string, known_file> files_;
  std::map<std::string, restless_file> restless_;
  claims claims_;
  referenced_files references_;
  std::size_t running_ = 0;
  bool folder_broken_ = false;
  bool released_ = false;  // an organisation or user is free that was taken
};

}  // namespace kp::tenants
