#include "tenants/referenced_files.hpp"

#include "config/files.hpp"
#include "config/text.hpp"
#include "tenants/api_key.hpp"

#include <algorithm>

namespace kp::tenants {

namespace {

constexpr std::size_t largest_keystore = 1024 * 1024;

// Empty when it cannot be read now.
std::string content_of(const keystore_settings& store, const environment& variables) {
  auto bytes = read_file(store.path, largest_keystore);
  auto password = store.password.read(variables);
  if (!bytes || !password) return {};
  std::string both = *std::move(bytes) + '\n' + *password;
  auto content = sha256_hex_of(both);
  wipe(both);
  wipe(*password);
  return content;
}

}  // namespace

reference_stamps read_references(organisation& owner, const environment& variables) {
  reference_stamps stamps;
  std::string all;
  bool readable = true;
  const auto read = [&](const keystore_settings& store) {
    stamps.emplace(store.path, stamp_of(store.path));
    const auto content = content_of(store, variables);
    readable = readable && !content.empty();
    all += content;
  };
  read(owner.keystore);
  for (const auto& previous : owner.previous_keystores) read(previous);
  owner.fingerprint += '.';
  if (readable) owner.fingerprint += sha256_hex_of(all);
  return stamps;
}

std::string_view key_fingerprint(std::string_view fingerprint) {
  const auto stop = fingerprint.find('.');
  return stop == std::string_view::npos ? std::string_view() : fingerprint.substr(stop + 1);
}

void referenced_files::follow(const std::string& file, const reference_stamps& read) {
  forget(file);
  auto& mine = of_file_[file];
  for (const auto& [path, stamp] : read) {
    const auto [at, is_new] = references_.try_emplace(path);
    auto& its = at->second;
    // Others may have been read when it was another one; then they are still to be told.
    if (is_new) its.read = stamp;
    its.seen = stamp;
    its.files.insert(file);
    mine.push_back(path);
  }
}

void referenced_files::forget(const std::string& file) {
  const auto mine = of_file_.find(file);
  if (mine == of_file_.end()) return;
  for (const auto& path : mine->second) {
    const auto at = references_.find(path);
    at->second.files.erase(file);
    if (!at->second.files.empty()) continue;
    restless_.erase(path);
    references_.erase(at);
  }
  of_file_.erase(mine);
}

std::set<std::string> referenced_files::look() {
  std::set<std::string> changed;
  const auto restless = restless_;
  for (const auto& path : restless) look_at(path, references_.at(path), changed);
  auto at = references_.lower_bound(next_);
  for (std::size_t seen = 0; seen < std::min(at_once, references_.size()); ++seen) {
    if (at == references_.end()) at = references_.begin();
    if (!restless.contains(at->first)) look_at(at->first, at->second, changed);
    ++at;
  }
  next_ = at == references_.end() ? std::string() : at->first;
  return changed;
}

void referenced_files::look_at(const std::string& path, reference& its,
                               std::set<std::string>& changed) {
  const auto now = stamp_of(path);
  const bool at_rest = now == its.seen;
  its.seen = now;
  if (now == its.read || !now) {
    restless_.erase(path);
  } else if (!at_rest) {
    restless_.insert(path);
  } else {
    restless_.erase(path);
    its.read = now;
    changed.insert(its.files.begin(), its.files.end());
  }
}

}  // namespace kp::tenants
