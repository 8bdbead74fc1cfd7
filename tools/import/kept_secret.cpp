#include "tools/import/kept_secret.hpp"

#include "config/files.hpp"

#include <fmt/format.h>

namespace kp::importer {

std::string keep_secret(merged& made, const import_request& request, const installation& whose,
                        const std::string& property, const std::string& file,
                        const std::optional<std::string>& password, findings& report) {
  if (request.secrets_folder) {
    auto path = absolute_path(*request.secrets_folder, file);
    if (password) made.secrets.push_back({path, *password});
    return path;
  }
  auto path = absolute_path(request.tenants_folder, "../secrets/" + file);
  whose.report(report, kind::step, property, "passwords are not copied into YAML",
               fmt::format("Write it into {}, mode 0600, owned by the user that runs the hub; or "
                           "import with --write-secrets.",
                           path));
  return path;
}

}  // namespace kp::importer
