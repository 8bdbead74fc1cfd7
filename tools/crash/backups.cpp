#include "tools/crash/backups.hpp"

#include "config/text.hpp"
#include "storage/backup.hpp"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include <fstream>

namespace kp::crash {

namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

// The key that the hub has made for its store; empty before its first start.
std::string master_key(const place& where) {
  std::ifstream in(where.folder() / "store" / "master.key");
  std::string digits;
  std::getline(in, digits);
  return from_hex(digits).value_or("");
}

}  // namespace

backups::backups(place& where, findings& found, std::atomic<unsigned>& calls)
    : place_(where),
      findings_(found),
      calls_(calls),
      thread_([this](const std::stop_token& stop) { work(stop); }) {}

void backups::work(const std::stop_token& stop) {
  for (unsigned number = 1; !stop.stop_requested(); ++number) {
    std::this_thread::sleep_for(1500ms);
    make((place_.folder() / fmt::format("backup-{}", number)).string(), stop);
  }
}

// The state of the last backup; empty when there was no answer.
std::string backups::ask(const std::string& method, const std::string& body) {
  ++calls_;
  const auto answer =
      test::call(place_.admin_port(), method, "/admin/backups", test::basic(operator_user), body);
  if (answer.status == 200) return answer.text("state");
  // 409: one that was asked for without an answer is being made.
  if (answer.status != 0 && answer.status != 503 && answer.status != 409)
    findings_.add("backup, " + method, "200", fmt::format("{} {}", answer.status, answer.body));
  return {};
}

void backups::make(const std::string& folder, const std::stop_token& stop) {
  auto state = ask("POST", json::serialize(json::object{{"folder", folder}}));
  while (state == "running" && !stop.stop_requested()) {
    std::this_thread::sleep_for(50ms);
    state = ask("GET", {});  // after a kill it knows of none
  }
  if (state == "failed") findings_.add("backup into " + folder, "that it is made", "it failed");
  if (state != "running") judge(folder, state == "done");
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

void backups::judge(const std::string& folder, bool done) {
  const auto proof = storage::verify_backup(folder, master_key(place_));
  if (proof) {
    ++proved_;
    return;
  }
  // Without a manifest it says of itself that it is none.
  const bool unfinished = !std::filesystem::exists(std::filesystem::path(folder) / "manifest.json");
  if (done || !unfinished)
    findings_.add("backup in " + folder, "one that can be proved", proof.error().message);
}

}  // namespace kp::crash
