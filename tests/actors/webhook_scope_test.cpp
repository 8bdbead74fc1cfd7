#include "actors/webhook_scope.hpp"

#include "tests/actors/webhook_house.hpp"

// Subscriptions of credentials that are shown a part of the inbox.

namespace kp::test {
namespace {

using storage::status_name;
using testing::ElementsAre;

class webhook_scope_test : public webhook_test {
 protected:
  static std::shared_ptr<const tenants::inbox_view> of(std::set<std::string> processes) {
    return std::make_shared<tenants::inbox_view>(tenants::inbox_view{{}, std::move(processes)});
  }
  void comes(unsigned n, const std::string& process) {
    happens(n, status_name::innkommende_mottatt, arkiv, {}, direction::incoming, process);
  }
  // Messages that were told of, by their last digit.
  std::string told() const {
    std::string all;
    for (const auto& each : subscribers.all) all += each.member("messageId").back();
    return all;
  }
  const std::shared_ptr<const tenants::inbox_view> plan = of({"urn:plan"}),
                                                   health = of({"urn:health"});
};

TEST_F(webhook_scope_test, tells_of_outgoing_messages_and_of_the_part_that_its_maker_is_shown) {
  view = plan;
  subscribe();
  comes(1, "urn:plan");
  comes(2, "urn:health");
  happens(3, status_name::sendt);
  EXPECT_EQ(told(), "13");
  restart();
  comes(4, "urn:health");
  comes(5, "urn:plan");
  EXPECT_EQ(told().back(), '5') << "also after a restart, which may repeat what was told";
  EXPECT_EQ(told().find_first_of("24"), std::string::npos) << told();
}

TEST_F(webhook_scope_test, is_there_for_its_part_and_for_who_is_shown_everything) {
  view = plan;
  const auto id = subscribe();
  view = health;
  EXPECT_EQ(call(endpoint::find_subscription, id).status, 404u);
  EXPECT_EQ(call(endpoint::update_subscription, id, R"json({"name": "mine"})json").status, 404u);
  EXPECT_EQ(call(endpoint::remove_subscription, id).status, 404u);
  EXPECT_EQ(call(endpoint::list_dead_letters, id).status, 404u);
  EXPECT_EQ(call(endpoint::remove_subscriptions).status, 200u);
  EXPECT_EQ(json::parse(call(endpoint::list_subscriptions).body).at("totalElements"), 0);
  subscribe();  // of the same name and endpoint
  for (const auto& [who, count] : {std::pair{plan, 1}, {health, 1}, {decltype(plan)(), 2}}) {
    view = who;
    EXPECT_EQ(json::parse(call(endpoint::list_subscriptions).body).at("totalElements"), count);
  }
  EXPECT_EQ(call(endpoint::find_subscription, id).status, 200u);
  view = plan;
  EXPECT_EQ(call(endpoint::remove_subscriptions).status, 200u);
  view = nullptr;
  EXPECT_EQ(json::parse(call(endpoint::list_subscriptions).body).at("totalElements"), 1);
}

TEST_F(webhook_scope_test, keeps_its_part_when_who_is_shown_everything_changes_it) {
  view = plan;
  const auto id = subscribe();
  view = nullptr;
  EXPECT_EQ(call(endpoint::update_subscription, id, R"json({"name": "renamed"})json").status, 200u);
  comes(1, "urn:health");
  comes(2, "urn:plan");
  EXPECT_EQ(told(), "2");
}

}  // namespace
}  // namespace kp::test
