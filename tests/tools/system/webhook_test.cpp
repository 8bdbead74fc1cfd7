#include "tests/tools/system/town.hpp"
#include "tests/tools/system/webhook_receiver.hpp"

#include <set>

// Webhooks of the real program: signed, in order, and not lost when it is killed.

namespace {

using namespace kp::test;
using testing::HasSubstr;

class webhooks : public in_town {
 protected:
  void TearDown() override {
    if (here && here->hub().running()) {
      EXPECT_EQ(here->api(arkiv, "DELETE", "/api/subscriptions").status, 200u);
    }
    in_town::TearDown();
  }
  rest_answer subscribe(const webhook_receiver& receiver, const std::string& more = {}) {
    return here->api(arkiv, "POST", "/api/subscriptions", {{"Content-Type", "application/json"}},
                     R"({"name":"test","pushEndpoint":")" + receiver.url() +
                         R"(","resource":"all","event":"all")" + more + "}");
  }
  static std::vector<std::string> statuses_in(const std::vector<webhook_receiver::taken>& all) {
    std::vector<std::string> names;
    std::set<std::string> seen;
    for (const auto& each : all)
      if (seen.insert(each.headers.at("knutepunkt-event-id")).second)
        names.push_back(each.text("status"));
    return names;
  }
};

}  // namespace

TEST_F(webhooks, tell_every_status_of_a_letter_in_order_and_signed) {
  webhook_receiver receiver;
  const auto made = subscribe(receiver);
  ASSERT_EQ(made.status, 200u) << made.body;
  const auto secret = made.text("secret");
  ASSERT_EQ(receiver.all().size(), 1u);
  EXPECT_EQ(receiver.all()[0].text("event"), "ping");
  EXPECT_TRUE(receiver.all()[0].is_signed_with(secret));

  const auto id = send_letter(arkiv, fjordnes);
  ASSERT_TRUE(until_arrived(sak, id));
  take(sak, id);
  EXPECT_TRUE(until_status(arkiv, id, "LEVERT"));
  EXPECT_TRUE(until([&] { return receiver.of_message(id).size() >= statuses(arkiv, id).size(); }));
  EXPECT_EQ(statuses_in(receiver.of_message(id)), statuses(arkiv, id));
  for (const auto& each : receiver.of_message(id)) {
    EXPECT_TRUE(each.is_signed_with(secret));
    EXPECT_FALSE(each.is_signed_with("another secret"));
    EXPECT_EQ(each.headers.at("content-type"), "application/json");
    EXPECT_THAT(each.headers.at("user-agent"), HasSubstr("Knutepunkt"));
    EXPECT_EQ(each.text("direction"), "OUTGOING");
  }
}

TEST_F(webhooks, outlive_the_death_of_the_hub) {
  webhook_receiver receiver;
  const auto made =
      subscribe(receiver, R"(,"filter":"status=OPPRETTET","secret":"sixteen-or-longer")");
  ASSERT_EQ(made.status, 200u) << made.body;
  EXPECT_EQ(made.text("secret"), "");
  receiver.answer(0);
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(create(arkiv, arkivmelding_to(fjordnes)));
  for (const auto& id : ids)
    EXPECT_TRUE(until([&] { return receiver.of_message(id).size() == 1; })) << id;
  here->hub().kill();
  receiver.answer(200);
  ASSERT_TRUE(here->start_hub());
  ids.push_back(create(arkiv, arkivmelding_to(fjordnes)));
  for (const auto& id : ids)
    EXPECT_TRUE(until([&] {
      const auto got = receiver.of_message(id);
      return !got.empty() && (id == ids.back() || got.size() >= 2);
    })) << id;
  const auto twice = receiver.of_message(ids.front());
  ASSERT_GE(twice.size(), 2u);
  EXPECT_EQ(twice.front().headers.at("knutepunkt-event-id"),
            twice.back().headers.at("knutepunkt-event-id"));
  EXPECT_EQ(twice.front().body, twice.back().body);
  EXPECT_TRUE(twice.back().is_signed_with("sixteen-or-longer"));
  EXPECT_THAT(here->hub().log(), testing::Not(HasSubstr("sixteen-or-longer")));
}

TEST_F(webhooks, belong_to_the_channel_that_asked_for_them) {
  webhook_receiver receiver;
  const auto made = subscribe(receiver);
  const auto id = std::to_string(made.json().at("id").to_number<std::int64_t>());
  EXPECT_EQ(here->api(arkiv, "GET", "/api/subscriptions/" + id).status, 200u);
  EXPECT_EQ(here->api(barnevern, "GET", "/api/subscriptions/" + id).status, 404u);
  EXPECT_EQ(here->api(sak, "DELETE", "/api/subscriptions/" + id).status, 404u);
  EXPECT_EQ(here->api(sak, "GET", "/api/subscriptions/" + id + "/dead-letters").status, 404u);
  const auto other = send_letter(barnevern, fjordnes);
  const auto own = create(arkiv, arkivmelding_to(fjordnes));
  EXPECT_TRUE(until([&] { return !receiver.of_message(own).empty(); }));
  EXPECT_TRUE(receiver.of_message(other).empty());
}

TEST_F(webhooks, are_refused_as_today_when_they_are_wrong) {
  const auto refused =
      here->api(arkiv, "POST", "/api/subscriptions", {{"Content-Type", "application/json"}},
                R"({"name":"x","pushEndpoint":"nowhere","event":"colour"})");
  EXPECT_EQ(refused.status, 400u);
  EXPECT_EQ(refused.text("message"), "Validation failed for object='subscription'. Error count: 3");
  EXPECT_EQ(refused.text("path"), "/api/subscriptions");
  const auto missing = here->api(arkiv, "GET", "/api/subscriptions/84");
  EXPECT_EQ(missing.status, 404u);
  EXPECT_EQ(missing.text("message"), "Subscription with id = 84 was not found");
  EXPECT_EQ(here->api(arkiv, "PATCH", "/api/subscriptions").headers.at("allow"),
            "GET, POST, DELETE");
}
