#include "actors/dpfio_parking.hpp"

#include "actors/alert_letter.hpp"
#include "dpo_house.hpp"
#include "metrics/hub_meters.hpp"
#include "protocol/dpfio/dpfio_error.hpp"
#include "storage/alerts.hpp"
#include "storage/parked_deliveries.hpp"

#include <gmock/gmock.h>

namespace kp::actors {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::SizeIs;

class dpfio_parking : public ::testing::Test {
 protected:
  dpfio_parking() {
    house.hub->settings.alerts.webhooks.resize(1);
    house.hub->commit_from_worker = [this](storage::batch changes) -> result<void> {
      return house.store->commit({&changes, 1}).front();
    };
  }
  static dpfio_letterbox::held delivery(const std::string& type = "x") {
    dpfio_letterbox::held made{"id", "47b0c75b-ddb5-447b-88d2-c4030d183fb3",
                               {},   permanent(dpfio::dpfio_errc::bad_delivery, "no sender"),
                               {},   {}};
    made.raw.headers = {{"type", type}};
    return made;
  }
  result<void> park(const std::string& type = "x",
                    const std::string& reason = "the sender 17912099997 is missing") {
    return park_delivery(*house.context, delivery(type), reason);
  }
  std::vector<storage::alerts::entry> alerts() {
    return *storage::alerts(*house.store).after(0, 100);
  }
  double counted(const std::string& fate) {
    auto& meters = *house.hub->meters;
    return meters.arrivals
        .with({{"organisation", meters.organisations.of(house.context->id())},
               {"service", "DPFIO"},
               {"fate", fate}})
        .value();
  }
  double alerts_counted() { return house.hub->meters->alerts.with({{"kind", "parked"}}).value(); }

  test::dpo_house house;
};

}  // namespace

TEST_F(dpfio_parking, tells_operators_in_the_same_commit_and_counts) {
  ASSERT_TRUE(park());
  const auto parked = *storage::parked_deliveries(*house.store, house.context->id()).all();
  ASSERT_THAT(parked, SizeIs(1));
  const auto told = alerts();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].what.kind, storage::alert_kind::parked);
  EXPECT_EQ(told[0].what.messages, std::vector{parked[0].id});
  EXPECT_EQ(counted("parked"), 1);
  EXPECT_EQ(alerts_counted(), 1);
}

TEST_F(dpfio_parking, tells_once_of_what_is_delivered_again) {
  ASSERT_TRUE(park());
  ASSERT_TRUE(park());
  EXPECT_THAT(alerts(), SizeIs(1));
  EXPECT_EQ(counted("parked"), 1);
  ASSERT_TRUE(park("y"));
  EXPECT_THAT(alerts(), SizeIs(2));
}

TEST_F(dpfio_parking, tells_nobody_who_does_not_want_to_know) {
  house.hub->settings.alerts.parked = false;
  ASSERT_TRUE(park());
  EXPECT_THAT(alerts(), SizeIs(0));
  EXPECT_EQ(counted("parked"), 1);
  EXPECT_EQ(alerts_counted(), 0);
  house.hub->settings.alerts.parked = true;
  house.hub->settings.alerts.webhooks.clear();
  ASSERT_TRUE(park("y"));
  EXPECT_THAT(alerts(), SizeIs(0)) << "there is no place that could be told";
  EXPECT_EQ(alerts_counted(), 1);
}

TEST_F(dpfio_parking, is_told_in_words_that_name_the_delivery_and_no_person) {
  ASSERT_TRUE(park());
  const auto told = alerts();
  ASSERT_THAT(told, SizeIs(1));
  const auto& id = told[0].what.messages.at(0);
  EXPECT_THAT(alert_text(told), AllOf(HasSubstr("910077473 DPFIO: a delivery cannot be received"),
                                      HasSubstr("    parked " + id), HasSubstr("is missing"),
                                      testing::Not(HasSubstr("17912099997"))));
  const auto body = boost::json::parse(alert_body(told, house.system.time().now()));
  const auto& one = body.at("alerts").at(0);
  EXPECT_EQ(one.at("kind"), "parked");
  EXPECT_EQ(one.at("parked").at(0), boost::json::value(id));
  EXPECT_FALSE(one.as_object().contains("messageIds"));
}

}  // namespace kp::actors
