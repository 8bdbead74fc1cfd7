#include "actors/registry_desk.hpp"

#include "dpo_house.hpp"
#include "tests/protocol/crypto/test_keys.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace kp::actors {
namespace {

using std::chrono::seconds;

constexpr const char* password = "test";
// Nobody listens there, so that no answer comes: an outage is no finding about the certificate.
constexpr const char* nowhere = "http://127.0.0.1:1/nowhere";

std::string pkcs12_of(const crypto::keystore& keys) {
  const std::shared_ptr<PKCS12> made(
      PKCS12_create(password, "own", keys.key.native(), keys.leaf.native(), nullptr, 0, 0, 0, 0, 0),
      PKCS12_free);
  unsigned char* bytes = nullptr;
  const int size = i2d_PKCS12(made.get(), &bytes);
  std::string out(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return out;
}

// A desk whose questions reach the network only when the test lets them.
class registry_desk_test : public ::testing::Test {
 protected:
  registry_desk_test() {
    std::string pattern = (std::filesystem::temp_directory_path() / "knutepunkt-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    auto settings = std::make_shared<tenants::organisation>(*house.context->settings);
    settings->keystore.path = folder + "/own.p12";
    settings->keystore.password = secret(secret::origin::clear, password);
    house.use(settings);
    client = *http::client::make(house.network, house.workers, {});
    keys = std::make_unique<registry::signing_keys>(*client, house.system.time(), nowhere);
    auto& hub = *house.hub;
    hub.http = client.get();
    hub.registry_keys = keys.get();
    hub.settings.national.maskinporten_token_url = nowhere;
    hub.settings.national.service_registry_url = nowhere;
  }
  ~registry_desk_test() override {
    house.system.stop(desk);
    client.reset();
    std::filesystem::remove_all(folder);
  }

  void open() {
    auto clients =
        std::make_shared<upstream>(house.hub, house.context->settings, upstream::limits{});
    desk = house.system.spawn(registry_desk, registry_desk_args{house.context, clients});
  }
  void use_certificate_that_is_valid_now() {
    std::ofstream(folder + "/own.p12", std::ios::binary) << pkcs12_of(test::sender());
    house.system.time().advance(std::chrono::duration_cast<std::chrono::microseconds>(
        wall_clock{}.now() - house.system.time().now()));
  }
  // The answer, if there is one without asking anew.
  std::optional<certificate_verdict> remembered() {
    return house.system.ask<certificate_verdict>(desk, check_own_certificate{});
  }
  // Lets the question that waits go its way, until it is answered.
  void let_it_ask() {
    const auto answer = std::make_shared<bool>(false);
    house.system.later<certificate_verdict>(
        desk, check_own_certificate{}, [answer](const certificate_verdict&) { *answer = true; });
    house.system.run();
    for (int i = 0; i < 500 && !*answer; ++i) {
      house.network.restart();
      house.network.run_one_for(std::chrono::milliseconds(20));
      house.system.run();
    }
    ASSERT_TRUE(*answer) << "no answer within ten seconds";
  }

  test::dpo_house house;
  std::string folder;
  std::unique_ptr<http::client> client;
  std::unique_ptr<registry::signing_keys> keys;
  caf::actor desk;
};

TEST_F(registry_desk_test, a_good_verdict_on_the_own_certificate_is_kept_for_a_minute) {
  use_certificate_that_is_valid_now();
  open();
  EXPECT_FALSE(remembered());
  let_it_ask();
  house.system.pass(seconds(59));
  const auto kept = remembered();
  ASSERT_TRUE(kept);
  EXPECT_FALSE(kept->refusal) << *kept->refusal;
  house.system.pass(seconds(1));
  EXPECT_FALSE(remembered());
  let_it_ask();
}

TEST_F(registry_desk_test, a_bad_verdict_is_kept_for_five_seconds_so_that_a_cure_is_noticed) {
  open();  // no key store is there
  EXPECT_FALSE(remembered());
  let_it_ask();
  house.system.pass(seconds(4));
  const auto kept = remembered();
  ASSERT_TRUE(kept);
  ASSERT_TRUE(kept->refusal);
  EXPECT_NE(kept->refusal->find("own.p12"), std::string::npos) << *kept->refusal;
  house.system.pass(seconds(1));
  EXPECT_FALSE(remembered());
  let_it_ask();
}

}  // namespace
}  // namespace kp::actors
