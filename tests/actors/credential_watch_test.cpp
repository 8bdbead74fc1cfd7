#include "actors/credential_watch.hpp"

#include "actors/vital_signs.hpp"
#include "fake_port.hpp"

#include <gmock/gmock.h>

namespace kp::test {
namespace {

using namespace std::chrono_literals;
using actors::credential_finding;
using ::testing::HasSubstr;

// A service that can be asked whether it takes the credentials.
class checked_port final : public fake_port, public actors::credential_checker {
 public:
  using fake_port::fake_port;
  std::size_t checks = 0;
  result<std::vector<credential_finding>> said{{credential_finding{"account 1"}}};
  void check_credentials(
      std::function<void(result<std::vector<credential_finding>>)> then) override {
    ++checks;
    then(said);
  }
};

class credentials : public service_adapter_test {
 protected:
  credentials() { port = checked; }
  actors::vital_signs::outcome seen(const std::string& name = "account 1") {
    const auto all = house.context->hub->signs->organisations();
    const auto its = all.find(house.context->id());
    if (its == all.end() || !its->second.credentials.contains(via)) return {};
    const auto& known = its->second.credentials.at(via);
    return known.contains(name) ? known.at(name) : actors::vital_signs::outcome{};
  }
  void refuse() {
    credential_finding bad{"account 1"};
    bad.failure = permanent(http::http_errc::unauthorized, "HTTP 401");
    checked->said = std::vector{bad};
  }
  std::shared_ptr<checked_port> checked = std::make_shared<checked_port>(via, house.system.time());
};

}  // namespace

TEST_F(credentials, are_checked_when_they_come_into_use_and_once_a_day) {
  begin();
  EXPECT_EQ(checked->checks, 1u);
  EXPECT_TRUE(seen().good());
  pass(20h, 1min);
  EXPECT_EQ(checked->checks, 1u);
  pass(10h, 1min);
  EXPECT_EQ(checked->checks, 2u);
}

TEST_F(credentials, that_are_refused_are_told_and_checked_again_until_they_are_taken) {
  refuse();
  begin();
  EXPECT_FALSE(seen().good());
  EXPECT_THAT(seen().failure, HasSubstr("HTTP 401"));
  pass(30min, 1min);
  EXPECT_EQ(checked->checks, 1u) << "more could lock an account";
  checked->said = std::vector{credential_finding{"account 1"}};
  pass(1h, 1min);
  EXPECT_EQ(checked->checks, 2u);
  EXPECT_TRUE(seen().good());
}

TEST_F(credentials, are_not_doubted_while_the_service_is_away) {
  credential_finding away{"account 1"};
  away.failure = transient(http::http_errc::timeout, "no answer");
  checked->said = std::vector{away};
  begin();
  EXPECT_FALSE(seen().failed);
  EXPECT_FALSE(seen().succeeded);
  checked->said = transient(http::http_errc::timeout, "the key store did not open in time");
  pass(7min, 10s);
  EXPECT_EQ(checked->checks, 2u);
  checked->said = std::vector{credential_finding{"account 1"}};
  pass(7min, 10s);
  EXPECT_TRUE(seen().good());
}

TEST_F(credentials, that_are_replaced_are_checked_at_once_and_the_old_ones_forgotten) {
  refuse();
  begin();
  const auto next = std::make_shared<checked_port>(via, house.system.time());
  next->said = std::vector{credential_finding{"account 2"}};
  caf::anon_send(adapter, actors::settings_changed{house.context, {}, {{via, next}}});
  house.system.run();
  pass(1s, 100ms);
  EXPECT_EQ(next->checks, 1u);
  EXPECT_TRUE(seen("account 2").good());
  EXPECT_FALSE(seen().failed);
  caf::anon_send(adapter, actors::settings_changed{house.context, {}, {}});
  house.system.run();
  EXPECT_FALSE(seen("account 2").succeeded) << "the service is used no more";
}

TEST_F(credentials, are_left_alone_by_what_begins_nothing) {
  begin(actors::working_mode::ending);
  pass(1h, 1min);
  EXPECT_EQ(checked->checks, 0u);
  caf::anon_send(adapter, actors::work_as{actors::working_mode::normal});
  pass(1s, 100ms);
  EXPECT_EQ(checked->checks, 1u);
}

}  // namespace kp::test
