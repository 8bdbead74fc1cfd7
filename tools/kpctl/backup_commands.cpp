#include "config/hub_settings.hpp"
#include "config/random.hpp"
#include "storage/backup.hpp"
#include "storage/master_key.hpp"
#include "tools/kpctl/commands.hpp"
#include "tools/kpctl/tables.hpp"

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <CLI/CLI.hpp>

#include <filesystem>
#include <memory>
#include <thread>

namespace kp::ctl {

namespace {

namespace json = boost::json;

const std::string backups_path = "/admin/backups";
constexpr std::chrono::milliseconds look_again{200};

std::string text_of(const json::value& of, const char* member) {
  const auto* object = of.if_object();
  const auto* found = object ? object->if_contains(member) : nullptr;
  return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

// Begins it and waits for its end, however long that takes.
int make(const std::string& folder, const session& with) {
  const json::object body{{"folder", folder}};
  auto told = ask(with.at, {backups_path, "POST", body});
  while (told && text_of(*told, "state") == "running") {
    std::this_thread::sleep_for(look_again);
    told = ask(with.at, {backups_path});
  }
  if (!told) return fail(told.error().message);
  if (text_of(*told, "folder") != folder) return fail("another backup has taken its place");
  if (text_of(*told, "state") != "done") return fail(text_of(*told, "message"));
  return with.show(*told, show_tree);
}

struct restoring {
  std::string folder, config;
  bool only_verify = false;
};

json::object to_json(const storage::backup_report& report) {
  return {{"made", format_timestamp(report.manifest.made)},
          {"program", report.manifest.program},
          {"format", report.manifest.format},
          {"records", report.records},
          {"recordBytes", report.record_bytes},
          {"contents", report.contents},
          {"contentBytes", report.content_bytes}};
}

int restore(const restoring& said, const session& with) {
  auto hub = load_hub(said.config, process_environment());
  if (!hub.settings)
    return fail(hub.problems.empty() ? said.config + " cannot be used"
                                     : to_string(hub.problems.front()));
  const auto key = storage::load_master_key(*hub.settings, false, *make_secure_random());
  if (!key) return fail(key.error().message);
  const auto proof = storage::verify_backup(said.folder, *key);
  if (!proof) return fail(proof.error().message);
  if (!said.only_verify)
    if (const auto done = storage::restore_backup(said.folder, hub.settings->storage_path); !done)
      return fail(done.error().message);
  auto shown = to_json(*proof);
  shown["state"] = said.only_verify ? "verified" : "restored";
  return with.show(shown, show_tree);
}

}  // namespace

void add_backup_commands(commands& all) {
  const auto to = std::make_shared<std::string>();
  auto& backup = all.add(
      "backup",
      "Makes a consistent copy of the running hub's store in a new folder of the hub's machine. "
      "Without the master key, which is kept apart.",
      [to](const session& with) { return make(*to, with); });
  backup.add_option("folder", *to, "An absolute path that does not exist yet.")->required();

  const auto said = std::make_shared<restoring>();
  auto& back = all.add(
      "restore",
      "Proves a backup, every record and every file of it, and puts it where hub.yaml says that "
      "the store is. Needs the master key there, and no running hub.",
      [said](const session& with) { return restore(*said, with); });
  back.add_option("folder", said->folder, "The backup.")->required();
  back.add_option("--config", said->config, "hub.yaml")->required();
  back.add_flag("--verify", said->only_verify, "Proves it, and changes nothing.");
}

}  // namespace kp::ctl
