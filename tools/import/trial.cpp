#include "tools/import/trial.hpp"

#include "config/yaml.hpp"
#include "tenants/channel_rules.hpp"
#include "tenants/claims.hpp"
#include "tenants/loader.hpp"

#include <fmt/format.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace kp::importer {

namespace {

namespace fs = std::filesystem;

// A folder of this process alone; goes with it.
class scratch_folder {
 public:
  scratch_folder() {
    std::error_code failed;
    auto name = (fs::temp_directory_path(failed) / "kpctl-import-XXXXXX").string();
    if (!failed && ::mkdtemp(name.data())) path_ = name;
  }
  ~scratch_folder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The secrets of other organisations need not be readable here.
environment lenient(const environment& variables) {
  return [variables](const std::string& name) -> std::optional<std::string> {
    return variables(name).value_or("unknown");
  };
}

tenants::loaded present(const import_request& request, const environment& variables) {
  std::error_code ignored;
  if (!fs::is_directory(request.tenants_folder, ignored)) return {};
  return tenants::load_folder(request.tenants_folder, lenient(variables));
}

std::string base_name(const std::string& path) {
  return fs::path(path).filename().string();
}

}  // namespace

std::set<std::string> taken_users(const import_request& request, const environment& variables,
                                  const std::set<organisation_id>& imported) {
  std::set<std::string> users;
  for (const auto& owner : present(request, variables).organisations) {
    if (imported.contains(owner->id)) continue;
    for (const auto& channel : owner->channels)
      for (const auto& one : channel.credentials)
        if (!one.user.empty()) users.insert(one.user);
  }
  return users;
}

void try_loader(const std::vector<organisation_draft>& drafts, const import_request& request,
                const environment& variables, plan& made) {
  const scratch_folder scratch;
  if (scratch.path().empty()) {
    made.report.add({kind::problem,
                     {},
                     "",
                     "",
                     "the folder for temporary files is not writable",
                     "Set TMPDIR to one that is; the files were not tried."});
    return;
  }
  std::map<std::string, std::string> targets;  // by name
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    const auto name = base_name(made.files[i].path);
    targets[name] = made.files[i].path;
    std::ofstream(fs::path(scratch.path()) / name, std::ios::binary) << to_yaml(drafts[i], true);
  }
  const auto tried = tenants::load_folder(scratch.path(), lenient(variables));
  for (const auto& one : tried.problems) {
    auto where = one.where;
    where.file = targets[base_name(where.file)];
    made.report.add({kind::problem, where, "", "", one.rule, one.remedy});
  }
  tenants::claims claims;
  for (const auto& other : present(request, variables).organisations)
    if (!targets.contains(base_name(other->file))) claims.add(other);
  for (const auto& mine : tried.organisations) {
    for (const auto& clash : claims.clashes(*mine)) {
      const auto name = base_name(mine->file);
      for (auto& file : made.files)
        if (base_name(file.path) == name) file.clashes = true;
      made.report.add({kind::problem,
                       {targets[name], clash.where.line, clash.where.column},
                       "",
                       "",
                       clash.rule,
                       clash.remedy + " The file was not written."});
    }
    for (const auto& warning : tenants::channel_warnings(*mine))
      made.report.add({kind::step,
                       {targets[base_name(mine->file)], warning.where.line, 0},
                       "",
                       "",
                       warning.rule,
                       warning.remedy});
  }
}

}  // namespace kp::importer
