#include "tenants/loader.hpp"

#include "tenants/claims.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

namespace kp::tenants {

namespace {

std::vector<loaded> load_all(const std::vector<std::string>& paths, const environment& variables) {
  std::vector<loaded> each(paths.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (auto i = next.fetch_add(1); i < paths.size(); i = next.fetch_add(1))
      each[i] = load_file(paths[i], variables);
  };
  const auto wanted = std::min<std::size_t>(std::thread::hardware_concurrency(), paths.size() / 8);
  std::vector<std::jthread> helpers;
  for (std::size_t i = 1; i < wanted; ++i) helpers.emplace_back(work);
  work();
  return each;
}

}  // namespace

loaded load_folder(const std::string& folder, const environment& variables) {
  loaded out;
  const auto paths = tenants_files(folder);
  if (!paths) {
    out.problems.push_back(
        {{folder, 0, 0}, paths.error().message, "Check tenants.folder and permissions."});
    return out;
  }
  // Taken before anything is read, so that a file that changes meanwhile is seen to have changed.
  for (const auto& path : *paths)
    if (const auto stamp = stamp_of(path)) out.files.emplace(path, *stamp);
  claims taken;
  for (auto& one : load_all(*paths, variables)) {
    out.problems.insert(out.problems.end(), std::make_move_iterator(one.problems.begin()),
                        std::make_move_iterator(one.problems.end()));
    out.references.merge(one.references);
    for (auto& organisation : one.organisations) {
      auto clashes = taken.clashes(*organisation);
      if (clashes.empty()) {
        taken.add(organisation);
        out.organisations.push_back(std::move(organisation));
        continue;
      }
      out.clashing.push_back(organisation->file);
      out.problems.insert(out.problems.end(), std::make_move_iterator(clashes.begin()),
                          std::make_move_iterator(clashes.end()));
    }
  }
  std::ranges::sort(out.organisations, {},
                    [](const auto& organisation) { return organisation->id; });
  sort_by_position(out.problems);
  return out;
}

}  // namespace kp::tenants
