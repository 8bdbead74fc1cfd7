#include "config/config_error.hpp"
#include "config/hub_settings.hpp"
#include "tenants/loader.hpp"
#include "tools/kpctl/commands.hpp"
#include "tools/kpctl/new_organisation.hpp"
#include "tools/kpctl/tables.hpp"
#include "tools/probe/probe.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>

#include <unistd.h>

namespace kp::ctl {

namespace {

namespace fs = std::filesystem;

struct options {
  std::string config;
  new_organisation who;
  bool anyway = false;
};

// Asks a person; without one, the flag has to say it.
result<void> ask_person(std::string& into, const std::string& what, const char* flag,
                        bool may_be_empty = false) {
  if (!into.empty()) return {};
  if (::isatty(STDIN_FILENO) == 0) {
    if (may_be_empty) return {};
    return permanent(config_errc::invalid_value,
                     fmt::format("{} is not given; say it with {}", what, flag));
  }
  std::cerr << what << ": " << std::flush;
  if (!std::getline(std::cin, into) || (into.empty() && !may_be_empty))
    return permanent(config_errc::invalid_value, fmt::format("{} was not given", what));
  return {};
}

result<void> complete(new_organisation& who) {
  KP_CHECK(ask_person(who.number, "Organisation number", "--number"));
  KP_CHECK(ask_person(who.name, "Name (empty: the number)", "--name", true));
  KP_CHECK(ask_person(who.keystore, "Key store (PKCS#12 file)", "--keystore"));
  if (who.password_variable.empty()) {
    KP_CHECK(ask_person(who.password_file, "File with its password (empty: a variable)",
                        "--keystore-password-file", true));
    if (who.password_file.empty())
      KP_CHECK(ask_person(who.password_variable, "Environment variable with its password",
                          "--keystore-password-env or --keystore-password-file"));
  }
  if (who.channels.empty()) {
    std::string names;
    KP_CHECK(
        ask_person(names, "Channels, one per business system, with spaces between", "--channel"));
    for (std::size_t at = 0; at < names.size();) {
      const auto end = std::min(names.find(' ', at), names.size());
      if (end > at) who.channels.push_back(names.substr(at, end - at));
      at = end + 1;
    }
  }
  KP_CHECK(
      ask_person(who.receiver, "Which of them receives (empty: none here)", "--receiver", true));
  if (!who.receiver.empty() && std::ranges::find(who.channels, who.receiver) == who.channels.end())
    return permanent(config_errc::invalid_value,
                     fmt::format("the receiver {} is none of the channels {}", who.receiver,
                                 fmt::join(who.channels, ", ")));
  return {};
}

// A file that the hub does not look at yet: hidden ones are passed over. Goes unless it is kept.
class draft {
 public:
  draft(const fs::path& folder, const std::string& number)
      : final_(folder / (number + ".yaml")), hidden_(folder / ("." + number + ".yaml")) {}
  ~draft() {
    std::error_code ignored;
    fs::remove(hidden_, ignored);
  }
  draft(const draft&) = delete;
  draft& operator=(const draft&) = delete;

  const fs::path& path() const { return hidden_; }
  const fs::path& final_path() const { return final_; }
  bool write(const std::string& text) const {
    std::ofstream out(hidden_, std::ios::binary | std::ios::trunc);
    out << text;
    return static_cast<bool>(out.flush());
  }
  bool keep() const {
    std::error_code failed;
    fs::rename(hidden_, final_, failed);
    return !failed;
  }

 private:
  fs::path final_, hidden_;
};

void say(const std::vector<problem>& all) {
  for (const auto& one : all) std::fprintf(stderr, "%s\n", to_string(one).c_str());
}

int run(options& said, const session& with) {
  const auto variables = process_environment();
  const auto random = make_secure_random();
  const auto hub = load_hub(said.config, variables);
  if (!hub.settings) {
    say(hub.problems);
    return fail(said.config + " has problems");
  }
  if (const auto whole = complete(said.who); !whole) return fail(whole.error().message);
  auto& who = said.who;
  const auto id = organisation_id::parse(who.number);
  if (!id) return fail(id.error().message);
  const auto& folder = hub.settings->tenants_folder;
  for (const auto& known : tenants::load_folder(folder, variables).organisations)
    if (known->id == *id)
      return fail(fmt::format("organisation {} has a file already: {}", who.number, known->file));

  invent_sign_ins(who, *random);
  const draft file(folder, who.number);
  if (fs::exists(file.final_path()))
    return fail(fmt::format("{} exists already", file.final_path().string()));
  if (!file.write(to_yaml(who, *random)))
    return fail(fmt::format("{} cannot be written", file.path().string()));
  const auto loaded = tenants::load_file(file.path().string(), variables);
  if (!loaded.problems.empty() || loaded.organisations.empty()) {
    say(loaded.problems);
    return fail("nothing was added");
  }
  const auto report = probes::ask(*hub.settings, *loaded.organisations.front(), variables);
  const bool adds = report.ready() || said.anyway;
  if (adds && !file.keep())
    return fail(fmt::format("{} cannot be written", file.final_path().string()));
  auto told = probes::to_json(report).as_object();
  told["added"] = adds;
  if (adds) {
    told["file"] = file.final_path().string();
    boost::json::array users;
    for (const auto& [user, password] : who.sign_ins)
      users.push_back({{"user", user}, {"password", password}});
    told["users"] = std::move(users);
  }
  const int shown = with.show(told, show_added);
  return adds ? shown : 1;
}

}  // namespace

void add_add_command(commands& all) {
  const auto said = std::make_shared<options>();
  auto& made = all.add(
      "add",
      "Adds an organisation that uses DPO: asks what is not given, writes its file into the "
      "tenants folder, checks it, and asks the national services what is missing. A running hub "
      "takes it up at once.",
      [said](const session& with) { return run(*said, with); });
  made.add_option("--config", said->config, "hub.yaml")->required();
  made.add_option("--number", said->who.number, "The organisation number, nine digits.");
  made.add_option("--name", said->who.name, "What people call it.");
  made.add_option("--keystore", said->who.keystore, "PKCS#12 file with key and certificate.");
  made.add_option("--alias", said->who.alias, "The entry in it, when there are several.");
  auto* file = made.add_option("--keystore-password-file", said->who.password_file,
                               "File with the key store's password.");
  made.add_option("--keystore-password-env", said->who.password_variable,
                  "Environment variable with it.")
      ->excludes(file);
  made.add_option("--channel", said->who.channels, "A business system; may stand several times.");
  made.add_option("--receiver", said->who.receiver, "The channel that receives.");
  made.add_flag("--anyway", said->anyway, "Adds it although something is missing.");
}

}  // namespace kp::ctl
