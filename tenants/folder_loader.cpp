#include "tenants/loader.hpp"

#include "config/yaml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <thread>

namespace kp::tenants {

namespace {

// Names of files to read, in order; editors' leftovers end or begin differently.
std::vector<std::string> yaml_files(const std::string& folder, std::vector<problem>& problems) {
  std::vector<std::string> paths;
  std::error_code failed;
  std::filesystem::directory_iterator at(folder, failed);
  for (; !failed && at != std::filesystem::directory_iterator(); at.increment(failed)) {
    const auto& path = at->path();
    const auto name = path.filename().string();
    if (name.starts_with('.') || name.starts_with('#')) continue;
    if (path.extension() != ".yaml" && path.extension() != ".yml") continue;
    std::error_code unknown;
    if (at->is_directory(unknown)) continue;
    paths.push_back(path.string());
  }
  if (failed)
    problems.push_back({{folder, 0, 0},
                        fmt::format("the folder of tenants cannot be read: {}", failed.message()),
                        "Check tenants.folder and permissions."});
  std::ranges::sort(paths);
  return paths;
}

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
  const auto paths = yaml_files(folder, out.problems);
  std::map<organisation_id, std::string> files;
  std::map<std::string, source_position, std::less<>> users;
  for (auto& one : load_all(paths, variables)) {
    out.problems.insert(out.problems.end(), std::make_move_iterator(one.problems.begin()),
                        std::make_move_iterator(one.problems.end()));
    for (auto& organisation : one.organisations) {
      const auto before = out.problems.size();
      if (const auto other = files.find(organisation->id); other != files.end())
        out.problems.push_back({{organisation->file, 0, 0},
                                fmt::format("organisation {} has a file already, {}",
                                            organisation->id.to_string(), other->second),
                                "Keep one of the two files."});
      for (const auto& channel : organisation->channels)
        for (const auto& credential : channel.credentials)
          if (const auto other = users.find(credential.user); other != users.end())
            out.problems.push_back(
                {credential.where,
                 fmt::format("the user {} is also in {}:{}, and a request without organisation in "
                             "its path could mean either",
                             in_quotes(credential.user), other->second.file, other->second.line),
                 "Choose another name, e.g. with the organisation number in front."});
      if (out.problems.size() > before) continue;
      files.emplace(organisation->id, organisation->file);
      for (const auto& channel : organisation->channels)
        for (const auto& credential : channel.credentials)
          users.emplace(credential.user, credential.where);
      out.organisations.push_back(std::move(organisation));
    }
  }
  std::ranges::sort(out.organisations, {},
                    [](const auto& organisation) { return organisation->id; });
  sort_by_position(out.problems);
  return out;
}

}  // namespace kp::tenants
