#include "config/secret.hpp"
#include "config/text.hpp"
#include "protocol/http/url.hpp"
#include "tools/kpctl/admin_client.hpp"
#include "tools/kpctl/import_command.hpp"
#include "tools/kpctl/tables.hpp"

#include <boost/json/serialize.hpp>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <functional>

// kpctl: a running hub, seen from its admin listener; and what makes files for one.

namespace {

constexpr int wrong_usage = 2;

int fail(std::string_view why) {
  std::fprintf(stderr, "kpctl: %.*s\n", static_cast<int>(why.size()), why.data());
  return 1;
}

int print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  return std::fflush(stdout) == 0 ? 0 : fail("standard output cannot be written");
}

// A command: where it asks, and how a person sees the answer.
struct command {
  CLI::App* app;
  std::function<std::string()> path;
  std::function<std::string(const boost::json::value&)> show;
};

int command_line(int argc, char** argv) {
  using namespace kp;
  CLI::App app{"Looks into a running hub through its admin listener (docs/operations.md)."};
  app.set_version_flag("--version", "kpctl " KP_VERSION);
  app.require_subcommand(1);
  ctl::admin_address at;
  std::string password_file;
  bool as_json = false;
  app.add_option("--url", at.url, "The admin listener.")
      ->envname("KPCTL_URL")
      ->capture_default_str();
  app.add_option("--user", at.user, "A user in hub.yaml, admin.credentials.")
      ->envname("KPCTL_USER");
  app.add_option(
      "--password-file", password_file,
      "File with the password in its first line; else KPCTL_PASSWORD in the environment.");
  app.add_option("--ca-file", at.ca_file, "PEM file to trust in HTTPS instead of the system's.");
  app.add_flag("--json", as_json, "Prints the answer as it came.");

  std::string number, message;
  std::vector<command> commands;
  const auto add = [&](const char* name, const char* help, const std::string& tail, bool of_one,
                       std::function<std::string(const boost::json::value&)> show) -> CLI::App* {
    auto* sub = app.add_subcommand(name, help)->fallthrough();
    if (of_one) sub->add_option("organisation", number, "Its number.")->required();
    commands.push_back(
        {sub,
         [&number, of_one, tail] {
           return of_one ? "/admin/organisations/" + http::encode_component(number) + tail : tail;
         },
         std::move(show)});
    return sub;
  };
  add("health", "The hub's health in its parts.", "/manage/health", false, ctl::show_tree);
  add("organisations", "All organisations.", "/admin/organisations", false,
      ctl::show_organisations);
  add("organisation", "One organisation: files, health, queues.", "", true, ctl::show_tree);
  add("channels", "The channels of an organisation.", "/channels", true, ctl::show_channels);
  add("queues", "What an organisation has to send, and what waits for it.", "/queues", true,
      ctl::show_queues);
  auto* explain = add("message", "The whole history of a message, and where it stands.", "", true,
                      ctl::show_message);
  explain->add_option("message", message, "Its message id.")->required();
  const auto run_import = ctl::add_import(app);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : wrong_usage;
  }
  if (app.got_subcommand("import")) return run_import();
  if (!password_file.empty()) {
    std::ifstream in(password_file);
    if (!std::getline(in, at.password))
      return fail("password file " + password_file + " cannot be read");
  } else if (const char* given = std::getenv("KPCTL_PASSWORD")) {
    at.password = given;
  }
  while (at.url.ends_with('/')) at.url.pop_back();
  for (const auto& one : commands) {
    if (!*one.app) continue;
    auto path = one.path();
    if (one.app == explain) path += "/messages/" + http::encode_component(message);
    const auto answer = ctl::get(at, path);
    if (!answer) return fail(answer.error().message);
    return print(as_json ? boost::json::serialize(*answer) + "\n" : one.show(*answer));
  }
  return wrong_usage;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return command_line(argc, argv);
  } catch (const std::exception& e) {
    return fail(e.what());
  }
}
