#include "tenants/live_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

namespace kp::tenants {

namespace {

// From so many organisations on, all of them going at once is taken for a folder that has been
// emptied or unmounted by mistake.
constexpr std::size_t many = 3;
constexpr std::chrono::seconds look_at_empty_folder{5};

// One entry per organisation, its last; a file that moved is not a removal.
void join(std::vector<folder_changes::tenant>& all) {
  std::map<organisation_id, std::shared_ptr<const organisation>> last;
  for (auto& one : all) last.insert_or_assign(one.organisation, std::move(one.now));
  all.clear();
  for (auto& [id, now] : last) all.push_back({id, std::move(now)});
}

}  // namespace

live_folder::live_folder(std::string folder, environment variables, const loaded& initial)
    : folder_(std::move(folder)), variables_(std::move(variables)) {
  for (const auto& [path, stamp] : initial.files) files_[path].stamp = stamp;
  for (const auto& one : initial.organisations) {
    files_[one->file].running = one;
    claims_.add(one);
    if (const auto its = initial.references.find(one->file); its != initial.references.end())
      references_.follow(one->file, its->second);
    ++running_;
  }
  for (const auto& problem : initial.problems)
    if (const auto at = files_.find(problem.where.file); at != files_.end())
      at->second.broken = true;
  for (const auto& path : initial.clashing) files_[path].clashing = true;
}

std::string live_folder::path_of(const std::string& name) const {
  return (std::filesystem::path(folder_) / name).string();
}

folder_changes live_folder::look(const folder_events& seen, time_point now) {
  folder_changes out;
  if (seen.everything) notice_all(now, out);
  for (const auto& [name, open] : seen.names) notice(path_of(name), open, now);
  if (all_are_gone()) {
    report_folder("every file of the tenants folder is gone at once; the organisations run on",
                  "Put the files back, or restart the hub when they are meant to go.", out);
    for (auto& [path, file] : restless_) file.due = now + look_at_empty_folder;
  }
  for (bool again = true; again;) {
    again = false;
    std::vector<std::string> due;
    for (const auto& [path, file] : restless_)
      if (file.due <= now) due.push_back(path);
    for (const auto& path : due) {
      const auto at = restless_.find(path);
      if (at != restless_.end() && settled(path, at->second, now, out)) restless_.erase(path);
    }
    if (released_) {
      released_ = false;
      check_clashing_again(now);
      again = true;
    }
  }
  if (folder_broken_ && !seen.names.empty() && !all_are_gone()) folder_is_well(out);
  join(out.tenants);
  return out;
}

void live_folder::look_at_references(time_point now) {
  for (const auto& path : references_.look())
    if (const auto known = files_.find(path); known != files_.end())
      restless_.try_emplace(path, restless_file{known->second.stamp, now, now, false, false});
}

std::optional<time_point> live_folder::next_look() const {
  std::optional<time_point> next;
  for (const auto& [path, file] : restless_)
    if (!next || file.due < *next) next = file.due;
  return next;
}

void live_folder::notice(const std::string& path, std::optional<bool> open, time_point now) {
  const auto stamp = stamp_of(path);
  auto at = restless_.find(path);
  if (at == restless_.end()) {
    const auto known = files_.find(path);
    const bool as_read = known == files_.end() ? !stamp : known->second.stamp == stamp;
    if (as_read && !open.value_or(false)) return;
    at = restless_.emplace(path, restless_file{stamp, now, {}, false, false}).first;
  } else if (at->second.stamp != stamp) {
    at->second.stamp = stamp;
    at->second.since = now;
  }
  auto& file = at->second;
  file.checked_again = false;
  if (open) file.open = *open;
  if (file.open) file.since = now;
  const std::chrono::milliseconds rest = !stamp ? gone_after : file.open ? open_for : settle;
  file.due = file.since + rest;
}

void live_folder::notice_all(time_point now, folder_changes& out) {
  const auto paths = tenants_files(folder_);
  if (!paths)
    return report_folder(paths.error().message,
                         "Check tenants.folder and permissions; the organisations run on.", out);
  std::set<std::string> all(paths->begin(), paths->end());
  for (const auto& [path, known] : files_) all.insert(path);
  for (const auto& path : all) notice(path, {}, now);
  if (folder_broken_ && !all_are_gone()) folder_is_well(out);
}

bool live_folder::all_are_gone() const {
  if (running_ < many || restless_.size() < running_) return false;
  std::size_t gone = 0;
  for (const auto& [path, file] : restless_) {
    const auto known = files_.find(path);
    if (!file.stamp && known != files_.end() && known->second.running) ++gone;
  }
  return gone >= running_;
}

void live_folder::report_folder(const std::string& rule, std::string remedy, folder_changes& out) {
  if (folder_broken_) return;
  folder_broken_ = true;
  out.broken.push_back({folder_, {{{folder_, 0, 0}, rule, std::move(remedy)}}, {}});
}

void live_folder::folder_is_well(folder_changes& out) {
  folder_broken_ = false;
  out.mended.push_back(folder_);
}

bool live_folder::settled(const std::string& path, restless_file& file, time_point now,
                          folder_changes& out) {
  if (const auto stamp = stamp_of(path); stamp != file.stamp) {
    file.stamp = stamp;
    file.since = now;
    file.due = now + (stamp ? settle : gone_after);
    return false;
  }
  if (file.stamp) return read(path, file, now, out);
  gone(path, out);
  return true;
}

bool live_folder::read(const std::string& path, restless_file& file, time_point now,
                       folder_changes& out) {
  auto content = load_file(path, variables_);
  if (stamp_of(path) != file.stamp) {  // it changed while it was read
    file.since = now;
    file.due = now + settle;
    return false;
  }
  auto& known = files_[path];
  auto problems = std::move(content.problems);
  const bool good = !content.organisations.empty();
  if (good) problems = clashes(known, *content.organisations.front(), out);
  if (!problems.empty() && !file.checked_again && now < file.since + broken_after) {
    file.due = file.since + broken_after;
    return false;
  }
  known.stamp = file.stamp;
  known.clashing = good && !problems.empty();
  if (problems.empty()) {
    references_.follow(path, content.references[path]);
    accept(path, content.organisations.front(), out);
  } else if (!file.checked_again) {
    reject(path, std::move(problems), out);
  }
  return true;
}

// Beside all the others. A file that is gone, though that has not been noticed yet, keeps nobody
// out: it may have been renamed to this one.
std::vector<problem> live_folder::clashes(const known_file& known, const organisation& wanted,
                                          folder_changes& out) {
  if (known.running) claims_.remove(*known.running);
  auto found = claims_.clashes(wanted);
  if (!found.empty()) {
    const auto other = std::ranges::find_if(files_, [&](const auto& each) {
      const auto& its = each.second.running;
      return its && its != known.running && its->id == wanted.id;
    });
    if (other != files_.end() && !stamp_of(other->first)) {
      gone(std::string(other->first), out);
      found = claims_.clashes(wanted);
    }
  }
  if (known.running) claims_.add(known.running);
  return found;
}

void live_folder::gone(const std::string& path, folder_changes& out) {
  const auto known = files_.find(path);
  if (known == files_.end()) return;
  if (known->second.broken) out.mended.push_back(path);
  references_.forget(path);
  if (const auto& was = known->second.running) {
    claims_.remove(*was);
    --running_;
    released_ = true;
    out.tenants.push_back({was->id, nullptr});
  }
  files_.erase(known);
}

void live_folder::accept(const std::string& path, std::shared_ptr<const organisation> now,
                         folder_changes& out) {
  auto& known = files_[path];
  if (known.broken) out.mended.push_back(path);
  known.broken = known.clashing = false;
  const auto before = std::exchange(known.running, now);
  if (before) {
    claims_.remove(*before);
    released_ = true;
    if (before->id != now->id) out.tenants.push_back({before->id, nullptr});
  } else {
    ++running_;
  }
  claims_.add(now);
  if (!before || before->id != now->id || before->fingerprint != now->fingerprint)
    out.tenants.push_back({now->id, std::move(now)});
}

void live_folder::reject(const std::string& path, std::vector<problem> problems,
                         folder_changes& out) {
  auto& known = files_[path];
  known.broken = true;
  std::optional<organisation_id> running;
  if (known.running) running = known.running->id;
  out.broken.push_back({path, std::move(problems), running});
}

void live_folder::check_clashing_again(time_point now) {
  for (const auto& [path, known] : files_)
    if (known.clashing && !restless_.contains(path))
      restless_.emplace(path, restless_file{known.stamp, now, now, false, true});
}

}  // namespace kp::tenants
