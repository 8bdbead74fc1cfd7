#include "tools/kpctl/commands.hpp"
#include "tools/kpctl/import_command.hpp"

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <exception>
#include <fstream>

// kpctl: a running hub, seen and changed through its admin listener; and what makes files for one.

namespace {

int command_line(int argc, char** argv) {
  using namespace kp;
  CLI::App app{"Looks after a running hub through its admin listener (docs/kpctl.md)."};
  app.set_version_flag("--version", "kpctl " KP_VERSION);
  app.require_subcommand(1);
  ctl::session given;
  std::string password_file;
  app.add_option("--url", given.at.url, "The admin listener.")
      ->envname("KPCTL_URL")
      ->capture_default_str();
  app.add_option("--user", given.at.user, "A user in hub.yaml, admin.credentials.")
      ->envname("KPCTL_USER");
  app.add_option(
      "--password-file", password_file,
      "File with the password in its first line; else KPCTL_PASSWORD in the environment.");
  app.add_option("--ca-file", given.at.ca_file,
                 "PEM file to trust in HTTPS instead of the system's.");
  app.add_flag("--json", given.as_json, "Prints the answer as it came.");

  ctl::commands all(app);
  ctl::add_show_commands(all);
  ctl::add_message_commands(all);
  ctl::add_service_commands(all);
  ctl::add_seat_commands(all);
  ctl::add_stats_commands(all);
  ctl::add_probe_command(all);
  ctl::add_add_command(all);
  ctl::add_backup_commands(all);
  const auto run_import = ctl::add_import(app);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : ctl::wrong_usage;
  }
  if (app.got_subcommand("import")) return run_import();
  if (!password_file.empty()) {
    std::ifstream in(password_file);
    if (!std::getline(in, given.at.password))
      return ctl::fail("password file " + password_file + " cannot be read");
  } else if (const char* password = std::getenv("KPCTL_PASSWORD")) {
    given.at.password = password;
  }
  while (given.at.url.ends_with('/')) given.at.url.pop_back();
  return all.run(given);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return command_line(argc, argv);
  } catch (const std::exception& e) {
    return kp::ctl::fail(e.what());
  }
}
