#include "tests/tools/system/hub_files.hpp"
#include "tests/tools/system/town.hpp"

#include <filesystem>
#include <fstream>

// A hub that drains an organisation whose file is removed (tenants.on_removal).

namespace {

using namespace kp::test;
using testing::HasSubstr;

const std::string leaving = "newcomer-arkiv:leaving-pass";

class draining : public in_town {
 protected:
  void SetUp() override {
    in_town::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    configure("tenants:\n", "tenants:\n  on_removal: drain\n");
    write();
  }
  void TearDown() override {
    if (here) {
      here->control("DELETE", "/control/faults");
      std::filesystem::remove(file());
      configure("  on_removal: drain\n", "");
    }
    in_town::TearDown();
  }
  // Changes hub.yaml, and starts the hub anew with it.
  void configure(const std::string& old_text, const std::string& new_text) {
    ASSERT_EQ(here->hub().stop(), 0);
    std::ifstream in(here->path("hub.yaml"));
    std::string text(std::istreambuf_iterator<char>(in), {});
    const auto at = text.find(old_text);
    ASSERT_NE(at, std::string::npos) << text;
    text.replace(at, old_text.size(), new_text);
    std::ofstream(here->path("hub.yaml")) << text;
    ASSERT_TRUE(here->start_hub()) << here->hub().log();
  }
  std::string file() const { return here->path("tenants.d/leaving.yaml"); }
  void write() {
    const auto from = here->hub().log().size();
    std::ofstream(file() + ".tmp") << organisation_yaml(
        newcomer, "Leaving", channel_yaml("arkiv", leaving, "    receives: [DPO]\n"));
    std::filesystem::rename(file() + ".tmp", file());
    ASSERT_TRUE(logged("\"organisation ", from));
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    ASSERT_EQ(here->api(leaving, "GET", "/api/messages/in").status, 200u);
  }
  bool logged(const std::string& text, std::size_t from) {
    return until([&] { return here->hub().log(from).find(text) != std::string::npos; });
  }
  // Why nothing new is taken, which holds soon after the file has gone.
  std::string refusal() {
    rest_answer refused;
    EXPECT_TRUE(until([&] {
      refused = here->create(leaving, arkivmelding_to(fjordnes));
      return refused.status == 503u;
    }));
    return refused.text("message");
  }
  // Sends a letter that takes its time, and removes the file meanwhile; the id of the letter.
  std::string leave_with_a_letter_under_way() {
    fault({{"endpoint", "upload"},
           {"organisation", newcomer},
           {"every", 1},
           {"kind", "delay"},
           {"delayMs", 4000}});
    const auto id = send_letter(leaving, fjordnes);
    const auto from = here->hub().log().size();
    std::filesystem::remove(file());
    EXPECT_TRUE(logged("organisation drains, because its file is gone", from));
    return id;
  }
};

}  // namespace

TEST_F(draining, sends_what_was_accepted_takes_nothing_new_and_is_parked_then) {
  const auto received = send_letter(sak, newcomer);
  ASSERT_TRUE(until_arrived(leaving, received));
  const auto from = here->hub().log().size();
  const auto prepared = prepare_letter(leaving, fjordnes);
  const auto id = leave_with_a_letter_under_way();
  EXPECT_THAT(refusal(), HasSubstr("is being removed and takes no new messages"));
  EXPECT_EQ(here->send(leaving, prepared).status, 503u);
  EXPECT_FALSE(take(leaving, received).empty()) << "its inbox can be emptied";
  EXPECT_THAT(statuses(leaving, id), testing::Not(testing::Contains("SENDT"))) << "too early";

  EXPECT_TRUE(logged("organisation is drained and parked; its data stays", from));
  EXPECT_TRUE(until([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
    return here->api(leaving, "GET", "/api/messages/in").status == 401u;
  }));
  EXPECT_TRUE(until_arrived(sak, id)) << "what it had accepted has been sent";
}

TEST_F(draining, ends_when_the_file_is_back) {
  const auto id = leave_with_a_letter_under_way();
  EXPECT_NE(refusal(), "");
  write();
  EXPECT_EQ(here->create(leaving, arkivmelding_to(fjordnes)).status, 200u);
  EXPECT_TRUE(until_arrived(sak, id));
  EXPECT_TRUE(until_status(leaving, id, "MOTTATT", std::chrono::seconds(40)));
}
