#include "tools/kpctl/import_command.hpp"

#include "config/files.hpp"
#include "tools/import/import.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>

namespace kp::ctl {

namespace {

constexpr int wrong_usage = 2;

struct import_arguments {
  importer::import_request request;
  std::vector<std::string> files, channels, receivers;
  std::string secrets_folder;
  bool dry_run = false;
};

// "name=value" in two.
std::optional<std::pair<std::string, std::string>> halves(const std::string& text) {
  const auto at = text.find('=');
  if (at == std::string::npos || at == 0 || at + 1 == text.size()) return std::nullopt;
  return std::pair{text.substr(0, at), text.substr(at + 1)};
}

int refuse(const std::string& why) {
  fmt::print(stderr, "kpctl import: {}\n", why);
  return wrong_usage;
}

int run(import_arguments& given) {
  auto& request = given.request;
  for (const auto& path : given.files) request.files.push_back({path, ""});
  for (const auto& text : given.channels) {
    const auto both = halves(text);
    if (!both) return refuse("write --channel NAME=FILE");
    request.files.push_back({both->second, both->first});
  }
  if (request.files.empty()) return refuse("name the files of the Java installations");
  for (const auto& text : given.receivers) {
    const auto both = halves(text);
    const auto which = both ? parse_service(both->first) : std::nullopt;
    if (!which) return refuse("write --receives SERVICE=CHANNEL, e.g. --receives DPO=arkiv");
    request.receivers[*which] = both->second;
  }
  const auto here = std::filesystem::current_path().string();
  request.tenants_folder = absolute_path(here, request.tenants_folder);
  if (!given.secrets_folder.empty())
    request.secrets_folder = absolute_path(here, given.secrets_folder);

  const auto random = make_secure_random();
  auto made = importer::plan_import(request, process_environment(), *random);
  if (given.dry_run) {
    for (const auto& file : made.files) fmt::print("# {}\n{}\n", file.path, file.yaml);
    for (const auto& secret : made.secrets)
      fmt::print("# a password would go to {}\n", secret.path);
  } else if (importer::write_plan(made, request) > 0) {
    for (const auto& file : made.files)
      if (!file.clashes) fmt::print("{}\n", file.path);
    fmt::print("Now run: knutepunkt check --config hub.yaml\n");
  }
  fmt::print("{}", made.report.to_text());
  if (std::fflush(stdout) != 0) return 1;
  return made.report.has_problems() ? 1 : 0;
}

}  // namespace

std::function<int()> add_import(CLI::App& app) {
  auto* sub = app.add_subcommand(
      "import",
      "Makes organisations' files of the configuration of Java installations (docs/import.md).");
  const auto given = std::make_shared<import_arguments>();
  auto& request = given->request;
  sub->add_option(
      "file", given->files,
      "integrasjonspunkt-local.properties, .yml, or NAME=value lines of an environment; "
      "each an installation, and a channel called after its folder.");
  sub->add_option("--channel", given->channels,
                  "NAME=FILE: an installation and the name of its channel. The files of one name "
                  "belong together; the last one overrides.")
      ->allow_extra_args(false);
  sub->add_option("--receives", given->receivers,
                  "SERVICE=CHANNEL: which channel receives, where several installations do.")
      ->allow_extra_args(false);
  sub->add_option("--environment", request.environment,
                  "Whose defaults hold: that of the installations' profile.")
      ->transform(CLI::CheckedTransformer(std::map<std::string, environment_preset>{
          {"production", environment_preset::production}, {"test", environment_preset::test}}))
      ->option_text("production|test [production]");
  sub->add_option("--encoding", request.encoding, "How .properties files are written.")
      ->transform(CLI::CheckedTransformer(std::map<std::string, importer::text_encoding>{
          {"auto", importer::text_encoding::automatic},
          {"iso-8859-1", importer::text_encoding::latin1},
          {"utf-8", importer::text_encoding::utf8}}))
      ->option_text("auto|iso-8859-1|utf-8 [auto]");
  sub->add_option("--drop", request.dropped,
                  "A property that you can do without; with * at the end, all that begin so.")
      ->allow_extra_args(false);
  sub->add_option("--tenants", request.tenants_folder, "The folder of the organisations' files.")
      ->capture_default_str();
  sub->add_option("--write-secrets", given->secrets_folder,
                  "Writes passwords into this folder, mode 0600. Without, it is said which to "
                  "write.");
  sub->add_flag("--force", request.force, "Overwrites files.");
  sub->add_flag("--dry-run", given->dry_run, "Prints the files and writes nothing.");
  return [sub, given] { return *sub ? run(*given) : wrong_usage; };
}

}  // namespace kp::ctl
