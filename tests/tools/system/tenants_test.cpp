#include "tests/tools/system/event_source.hpp"
#include "tests/tools/system/town.hpp"

#include "tenants/password.hpp"

#include <fmt/format.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

// Organisations that are added, changed, broken, mended and removed while the hub runs.

namespace {

using namespace kp::test;
using testing::HasSubstr;

struct seat {
  std::string name, more = {};
  std::string who() const { return newcomer + "-" + name + ":secret"; }
};

class live_tenants : public in_town {
 protected:
  void SetUp() override {
    in_town::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    from_ = here->hub().log().size();
  }
  void TearDown() override {
    if (here && std::filesystem::exists(file())) {
      remove();
      for (const auto* name : {"a", "c"}) EXPECT_TRUE(shut_out({name}));
    }
    in_town::TearDown();
  }
  std::string file() const { return here->path("tenants.d/newcomer.yaml"); }

  static std::string yaml(const std::vector<seat>& seats) {
    static const auto random = kp::make_secure_random();
    static const auto hash = kp::tenants::hash_password("secret", *random);
    auto text = fmt::format(
        "number: {0}\nkeystore:\n  path: ../keystores/{0}.p12\n"
        "  password: {{file: ../keystores/{0}.password}}\n"
        "services:\n  dpo: {{enabled: true, poll_interval_seconds: 3600}}\nchannels:\n",
        newcomer);
    for (const auto& each : seats)
      text += fmt::format(
          "  - name: {0}\n    sends: [DPO]\n    message_channel: {0}\n{1}    credentials:\n"
          "      - {{user: {2}-{0}, password_hash: \"{3}\"}}\n",
          each.name, each.more, newcomer, hash);
    return text;
  }
  // As careful programs do: beside it, then over it.
  void write(const std::string& text) const {
    std::ofstream(file() + ".tmp") << text;
    std::filesystem::rename(file() + ".tmp", file());
  }
  // The same, and waits for the hub to take it up: who asks in vain is slowed down.
  void replace(const std::string& text) {
    const auto before = here->hub().log().size();
    write(text);
    const auto said = [&](const std::string& what) {
      return here->hub().log(before).find("\"organisation " + what) != std::string::npos;
    };
    EXPECT_TRUE(until([&] { return said("added") || said("changed") || said("is back"); }));
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  void remove() {
    const auto before = here->hub().log().size();
    std::filesystem::remove(file());
    const std::string parked = "organisation is parked";
    EXPECT_TRUE(until([&] { return here->hub().log(before).find(parked) != std::string::npos; }));
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  unsigned status_of(const seat& who, const std::string& path = "/api/messages/in") const {
    return here->api(who.who(), "GET", path).status;
  }
  bool becomes(unsigned status, const seat& who, const std::string& path = "/api/messages/in") {
    return until([&] {
      if (status_of(who, path) == status) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(250));
      return false;
    });
  }
  // Nobody signs in; who keeps trying is slowed down (429).
  bool shut_out(const seat& who) {
    return until([&] {
      const auto status = status_of(who);
      return status == 401u || status == 429u;
    });
  }
  bool logged(const std::string& text) {
    return until([&] { return here->hub().log(from_).find(text) != std::string::npos; });
  }

  std::size_t from_ = 0;
};

// Others that work all the while; every call must succeed.
class neighbours {
 public:
  explicit neighbours(town& here) {
    for (const auto& who : {arkiv, sak, post})
      threads_.emplace_back([this, &here, who](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
          const auto answer = here.create(who, arkivmelding_to(fjordnes));
          const auto id = id_of(answer.json());
          const bool made = answer.status == 200 &&
                            here.api(who, "GET", "/api/messages/out/" + id).status == 200 &&
                            here.api(who, "DELETE", "/api/messages/out/" + id).status == 200;
          ++(made ? good_ : bad_);
        }
      });
  }
  int good() const { return good_; }
  int bad() {
    threads_.clear();
    return bad_;
  }

 private:
  std::atomic<int> good_ = 0, bad_ = 0;
  std::vector<std::jthread> threads_;
};

}  // namespace

TEST_F(live_tenants, come_change_break_are_mended_and_go_while_nobody_else_notices) {
  neighbours others(*here);
  const auto began = std::chrono::steady_clock::now();
  write(yaml({{"a"}}));
  ASSERT_TRUE(becomes(200, {"a"}));
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - began);
  RecordProperty("milliseconds_until_usable", static_cast<int>(took.count()));
  std::cout << "usable after " << took.count() << " ms\n";

  replace(yaml({{"a"}, {"b"}}));
  EXPECT_TRUE(becomes(200, {"b"}));
  EXPECT_EQ(status_of({"a"}), 200u);
  replace(yaml({{"a"}}));
  EXPECT_TRUE(shut_out({"b"}));

  std::ofstream(file()) << yaml({{"a"}}) + "chanels: []\n";
  EXPECT_TRUE(logged("newcomer.yaml:13:1: the file has no key"));
  EXPECT_TRUE(logged("Until then it runs as the file was before"));
  EXPECT_EQ(status_of({"a"}), 200u);
  std::ofstream(file()) << yaml({{"a"}});
  EXPECT_TRUE(logged("file of tenants is mended"));

  remove();
  EXPECT_TRUE(shut_out({"a"}));
  EXPECT_TRUE(logged("organisation is parked"));
  const auto worked = others.good();
  EXPECT_TRUE(until([&] { return others.good() > worked + 3; }));
  EXPECT_EQ(others.bad(), 0) << "of " << others.good();
}

TEST_F(live_tenants, that_went_find_everything_when_they_are_back) {
  replace(yaml({{"a"}}));
  ASSERT_TRUE(becomes(200, {"a"}));
  const auto id = create(seat{"a"}.who(), arkivmelding_to(fjordnes));
  remove();
  ASSERT_TRUE(shut_out({"a"}));
  replace(yaml({{"a"}}));
  ASSERT_TRUE(becomes(200, {"a"}));
  EXPECT_EQ(status_of({"a"}, "/api/messages/out/" + id), 200u);
}

TEST_F(live_tenants, reach_their_messages_after_a_channel_is_renamed_and_another_merged_into_it) {
  replace(yaml({{"a"}, {"b"}}));
  ASSERT_TRUE(becomes(200, {"a"}));
  const auto of_a = create(seat{"a"}.who(), arkivmelding_to(fjordnes));
  const auto of_b = create(seat{"b"}.who(), arkivmelding_to(fjordnes));

  // a is c from now on; b is gone, and its message waits for somebody.
  replace(yaml({{"c", "    previous_names: [a]\n"}}));
  ASSERT_TRUE(becomes(200, {"c"}, "/api/messages/out/" + of_a));
  EXPECT_TRUE(logged("a channel has another name now"));
  EXPECT_TRUE(logged("a channel that is configured no more has unfinished messages"));
  EXPECT_EQ(status_of({"c"}, "/api/messages/out/" + of_b), 404u);

  replace(yaml({{"c", "    previous_names: [a, b]\n"}}));
  EXPECT_TRUE(becomes(200, {"c"}, "/api/messages/out/" + of_b));
  EXPECT_TRUE(becomes(200, {"c"}, "/api/conversations/messageId/" + of_b));
  EXPECT_EQ(status_of({"c"}, "/api/messages/out/" + of_a), 200u);
  EXPECT_THAT(statuses(seat{"c"}.who(), of_b), testing::ElementsAre("OPPRETTET"));
}

TEST_F(live_tenants, end_what_waits_when_its_credential_or_channel_is_gone_and_nothing_else) {
  const auto peek_of = [&](const seat& who) {
    return std::async(std::launch::async, [this, who] {
      return here->api(who.who(), "GET", "/api/messages/in/peek?wait=15s").status;
    });
  };
  const auto stream_of = [&](const seat& who) {
    return std::make_unique<event_source>(here->api_port(), basic(who.who()));
  };
  const auto text = yaml({{"a"}, {"b"}});
  replace(text);
  ASSERT_TRUE(becomes(200, {"b"}));
  auto stays = stream_of({"a"}), ends = stream_of({"b"});
  ASSERT_EQ(stays->status(), 200u);
  ASSERT_EQ(ends->status(), 200u);
  auto waits = peek_of({"b"});
  // The same password under another salt is another credential.
  const auto at = text.rfind("password_hash: \"") + std::string("password_hash: \"").size();
  auto changed = text;
  changed.replace(at, changed.find('"', at) - at,
                  kp::tenants::hash_password("secret", *kp::make_secure_random()));
  replace(changed);
  EXPECT_TRUE(ends->ends_in_order());
  EXPECT_EQ(waits.get(), 401u);

  ends = stream_of({"b"});
  replace(yaml({{"a"}}));
  EXPECT_TRUE(ends->ends_in_order());
  const auto id = create(seat{"a"}.who(), arkivmelding_to(fjordnes));
  EXPECT_TRUE(stays->until([&](const streamed_event& e) {
    return e.name == "status" && e.data.at("messageId").as_string() == id;
  }));

  waits = peek_of({"a"});
  remove();
  EXPECT_TRUE(stays->ends_in_order());
  EXPECT_EQ(waits.get(), 401u);
}

TEST_F(live_tenants, work_with_a_key_store_that_was_replaced_under_its_name) {
  const auto keys = here->path("keystores/replaced.p12");
  std::ofstream(keys) << "not what it should be";
  auto text = yaml({{"a"}});
  const auto usual = "keystores/" + newcomer + ".p12";
  text.replace(text.find(usual), usual.size(), "keystores/replaced.p12");
  replace(text);
  ASSERT_TRUE(becomes(200, {"a"}));
  const auto capabilities = "/api/capabilities/" + fjordnes;
  EXPECT_NE(status_of({"a"}, capabilities), 200u);
  const auto began = std::chrono::steady_clock::now();
  std::filesystem::copy_file(here->path(usual), keys,
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_TRUE(becomes(200, {"a"}, capabilities));
  const auto took = std::chrono::steady_clock::now() - began;
  EXPECT_LT(took, std::chrono::seconds(15)) << "a failure is remembered for a minute";
}

TEST_F(live_tenants, that_appear_in_a_second_file_stay_with_the_one_that_runs) {
  const auto second = here->path("tenants.d/a-second.yaml");
  std::filesystem::copy_file(here->path("tenants.d/fjordnes.yaml"), second);
  EXPECT_TRUE(logged("organisation " + fjordnes + " has a file already"));
  EXPECT_EQ(here->api(sak, "GET", "/api/messages/in").status, 200u);
  std::filesystem::remove(second);
  EXPECT_TRUE(logged("file of tenants is mended"));
  EXPECT_EQ(here->api(sak, "GET", "/api/messages/in").status, 200u);
}

TEST_F(live_tenants, that_are_erased_leave_nothing_but_a_receipt) {
  const auto erase = [&] {
    const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    return run((program / "knutepunkt").string() + " erase --config " + here->path("hub.yaml") +
               " --organisation " + newcomer);
  };
  replace(yaml({{"a"}}));
  ASSERT_TRUE(becomes(200, {"a"}));
  const auto id = prepare_letter(seat{"a"}.who(), fjordnes, random_bytes(200'000));
  EXPECT_THAT(erase().output, HasSubstr("has a file"));
  remove();
  ASSERT_TRUE(shut_out({"a"}));
  EXPECT_THAT(erase().output, HasSubstr("does another process have it open?"));

  EXPECT_EQ(here->hub().stop(), 0);
  const auto erased = erase();
  EXPECT_EQ(erased.status, 0) << erased.output;
  boost::system::error_code failed;
  const auto receipt = json::parse(erased.output, failed);
  ASSERT_FALSE(failed) << erased.output;
  EXPECT_EQ(receipt.at("organisation").as_string(), newcomer);
  EXPECT_EQ(receipt.at("files").to_number<int>(), 1);
  EXPECT_GE(receipt.at("fileBytes").to_number<int>(), 200'000);
  EXPECT_GT(receipt.at("records").to_number<int>(), 5);
  EXPECT_FALSE(std::filesystem::exists(here->path("store/blobs/" + newcomer)));
  EXPECT_THAT(erase().output, HasSubstr("there is nothing of organisation " + newcomer));

  ASSERT_TRUE(here->start_hub());
  replace(yaml({{"a"}}));
  ASSERT_TRUE(becomes(200, {"a"}));
  EXPECT_EQ(status_of({"a"}, "/api/messages/out/" + id), 404u);
}
