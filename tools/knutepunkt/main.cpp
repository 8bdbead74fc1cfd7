#include "config/hub_settings.hpp"
#include "config/text.hpp"
#include "tenants/loader.hpp"
#include "tools/check/check.hpp"
#include "tools/knutepunkt/credential.hpp"
#include "tools/knutepunkt/erase.hpp"
#include "tools/knutepunkt/serve.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>

namespace {

constexpr int wrong_usage = 2;

int fail(std::string_view why) {
  std::fprintf(stderr, "knutepunkt: %.*s\n", static_cast<int>(why.size()), why.data());
  return 1;
}

int print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  return std::fflush(stdout) == 0 ? 0 : fail("standard output cannot be written");
}

int run(const std::string& hub_file) {
  const auto variables = kp::process_environment();
  const auto hub = kp::load_hub(hub_file, variables);
  for (const auto& problem : hub.problems)
    std::fprintf(stderr, "%s\n", kp::to_string(problem).c_str());
  if (!hub.settings) return fail("not started, because " + hub_file + " has problems");
  return kp::run_hub(*hub.settings,
                     kp::tenants::load_folder(hub.settings->tenants_folder, variables));
}

int check(const std::string& hub_file) {
  const auto report =
      kp::check_configuration(hub_file, kp::process_environment(), kp::wall_clock());
  const int printed = print(kp::to_string(report));
  return report.problems.empty() ? printed : 1;
}

int erase_everything(const std::string& hub_file, const std::string& number) {
  const auto receipt = kp::erase_offline(hub_file, number, kp::process_environment());
  if (!receipt) return fail(receipt.error().message);
  return print(*receipt);
}

int credential(const std::string& user, bool from_pipe) {
  auto password = kp::ask_password(from_pipe);
  if (!password) return fail(password.error().message);
  const auto lines = kp::credential_lines(user, *password, *kp::make_secure_random());
  kp::wipe(*password);
  if (!lines) return fail(lines.error().message);
  return print(*lines);
}

// The lines go to standard output, so that they can be appended to a file; the key itself does not.
int api_key() {
  auto made = kp::new_api_key_lines(*kp::make_secure_random());
  const int printed = print(made.lines);
  if (printed == 0)
    std::fprintf(stderr,
                 "The key, which is shown this once; clients send it as `Authorization: Bearer "
                 "<key>`:\n%s\n",
                 made.key.c_str());
  kp::wipe(made.key);
  return printed;
}

int command_line(int argc, char** argv) {
  CLI::App app{"Knutepunkt: one hub for many organisations on the Norwegian message services."};
  app.set_version_flag("--version", "knutepunkt " KP_VERSION);
  app.require_subcommand(1);

  std::string hub_file;
  auto* run_command = app.add_subcommand("run", "Runs the hub until SIGINT or SIGTERM.");
  run_command->add_option("--config", hub_file, "hub.yaml")->required();

  auto* check_command = app.add_subcommand(
      "check",
      "Reads hub.yaml and every organisation's file, opens the key stores, and reports all "
      "that is wrong. Exit code 1 when something is.");
  check_command->add_option("--config", hub_file, "hub.yaml")->required();

  std::string number;
  auto* erase_command = app.add_subcommand(
      "erase",
      "Erases everything that is kept of an organisation whose file has been removed, its key "
      "first. The hub must not run. Prints a receipt as JSON, which the store keeps too.");
  erase_command->add_option("--config", hub_file, "hub.yaml")->required();
  erase_command->add_option("--organisation", number, "The organisation number.")->required();

  std::string user;
  bool from_pipe = false;
  auto* credential_command = app.add_subcommand("credential",
                                                "Asks for a password, or makes an API key, and "
                                                "prints the lines for a channel's credentials.");
  credential_command->add_option("--user", user, "The user name; without it, the hash alone.");
  credential_command->add_flag("--password-stdin", from_pipe,
                               "Takes the first line of standard input as the password.");
  bool as_api_key = false;
  credential_command
      ->add_flag("--api-key", as_api_key,
                 "Makes an API key instead; the key itself goes to standard error, once.")
      ->excludes("--user")
      ->excludes("--password-stdin");

  bool of_organisation = false;
  auto* settings_command =
      app.add_subcommand("settings", "Prints the reference of the settings of hub.yaml.");
  settings_command->add_flag("--organisation", of_organisation,
                             "Of an organisation's file instead.");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : wrong_usage;
  }
  if (*run_command) return run(hub_file);
  if (*check_command) return check(hub_file);
  if (*erase_command) return erase_everything(hub_file, number);
  if (*credential_command) return as_api_key ? api_key() : credential(user, from_pipe);
  return print(of_organisation ? kp::tenants::describe_organisation_settings()
                               : kp::describe_hub_settings());
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return command_line(argc, argv);
  } catch (const std::exception& e) {
    return fail(e.what());
  }
}
