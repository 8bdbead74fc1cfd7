#include "tests/tools/system/operators.hpp"

#include <fstream>

// Backups of a hub that is used meanwhile, with kpctl.

namespace {

using namespace kp::test;
using testing::HasSubstr;

class backups : public operators {
 protected:
  std::string hub_file() const { return here->path("hub.yaml"); }
  tool_result backup(const std::string& to, const std::string& who = watch_user) const {
    return ctl("--json backup " + to, who);
  }
};

}  // namespace

TEST_F(backups, of_a_running_hub_are_proved_and_restored) {
  const auto id = prepare_letter(arkiv, fjordnes, random_bytes(200'000));
  const auto to = here->path("backup");
  const auto made = backup(to);
  ASSERT_EQ(made.status, 0) << made.output;
  EXPECT_THAT(made.output, HasSubstr("\"state\":\"done\""));
  EXPECT_EQ(here->api(arkiv, "DELETE", "/api/messages/out/" + id).status, 200u);

  const auto proved = ctl("--json restore " + to + " --verify --config " + hub_file());
  ASSERT_EQ(proved.status, 0) << proved.output;
  EXPECT_THAT(proved.output, HasSubstr("\"state\":\"verified\""));

  // Where a store is, none is put.
  const auto refused = ctl("restore " + to + " --config " + hub_file());
  EXPECT_NE(refused.status, 0);
  EXPECT_THAT(refused.output, HasSubstr("where no store is"));

  // Another hub that begins with it has the letter, which was deleted after the backup.
  std::ifstream in(hub_file());
  std::string text{std::istreambuf_iterator<char>(in), {}};
  for (const auto& [what, by] :
       {std::pair<std::string, std::string>{"path: store", "path: restored"},
        {fmt::format("port: {}", here->api_port()), fmt::format("port: {}", free_port())},
        {fmt::format("port: {}", here->admin_port()), fmt::format("port: {}", free_port())}}) {
    ASSERT_NE(text.find(what), text.npos);
    text.replace(text.find(what), what.size(), by);
  }
  std::ofstream(here->path("restored.yaml")) << text;
  std::filesystem::create_directory(here->path("restored"));
  std::filesystem::copy(here->path("store/master.key"), here->path("restored/master.key"));
  const auto restored = ctl("--json restore " + to + " --config " + here->path("restored.yaml"));
  ASSERT_EQ(restored.status, 0) << restored.output;
  ASSERT_EQ(here->hub().stop(), 0);
  hub_process again(program("knutepunkt"), here->path("restored.yaml"), here->path("again.log"));
  ASSERT_TRUE(again.start()) << again.log();
  const auto at = text.find("port: ", text.find("listener:")) + 6;
  const auto port = static_cast<std::uint16_t>(std::stoul(text.substr(at)));
  EXPECT_TRUE(until(
      [&] { return call(port, "GET", "/api/messages/out/" + id, basic(arkiv)).status == 200; }));
  EXPECT_EQ(again.stop(), 0);
  ASSERT_TRUE(here->start_hub());
}

TEST_F(backups, are_for_operators_and_into_new_folders) {
  const auto looking = backup(here->path("of-a-reader"), operator_user);
  EXPECT_NE(looking.status, 0);
  EXPECT_FALSE(std::filesystem::exists(here->path("of-a-reader")));
  const auto again = backup(here->path("store"));
  EXPECT_NE(again.status, 0);
  EXPECT_THAT(again.output, HasSubstr("it is there already"));
  const auto relative = backup("somewhere");
  EXPECT_NE(relative.status, 0);
  EXPECT_THAT(relative.output, HasSubstr("Say in the body where to"));
}

TEST_F(backups, that_are_damaged_are_told_by_name) {
  const auto id = prepare_letter(sak, bergvik, random_bytes(200'000));
  const auto to = here->path("damaged");
  ASSERT_EQ(backup(to).status, 0);
  bool cut = false;
  for (const auto& each : std::filesystem::recursive_directory_iterator(to + "/blobs"))
    if (each.is_regular_file()) {
      // A copy, for the file is the store's own too.
      const auto bytes = std::filesystem::file_size(each.path());
      const auto copy = each.path().string() + ".copy";
      std::filesystem::copy_file(each.path(), copy);
      std::filesystem::resize_file(copy, bytes / 2);
      std::filesystem::rename(copy, each.path());
      cut = true;
    }
  ASSERT_TRUE(cut);
  const auto refused = ctl("restore " + to + " --verify --config " + hub_file());
  EXPECT_NE(refused.status, 0);
  EXPECT_THAT(refused.output, HasSubstr("stored content"));
  EXPECT_EQ(here->api(sak, "DELETE", "/api/messages/out/" + id).status, 200u);
}
