#include "actors/dpo_outgoing.hpp"

#include "dpo_house.hpp"

namespace kp::actors {
namespace {

using test::letter;

const std::string own = "0192:910077473";
const std::string represented = "0192:974760673";

class dpo_outgoing_test : public ::testing::Test {
 protected:
  dpo_outgoing_test() {
    auto settings = std::make_shared<tenants::organisation>(*house.context->settings);
    settings->dpo.reportees = {{represented, "representert", {}}};
    house.use(settings);
  }
  result<dpo_parcel> parcel_from(std::string sender) {
    letter l;
    l.sender = std::move(sender);
    l.receiver = "0192:910075918";
    storage::outbox_item item;
    item.via = service::dpo;
    item.channel = test::arkiv;
    item.message = l.id();
    item.kind = storage::outbox_kind::status;
    item.sbd = l.text();
    return make_parcel(*house.context, item, {});
  }

  test::dpo_house house;
};

TEST_F(dpo_outgoing_test, the_system_users_are_the_own_one_and_those_of_the_represented) {
  const auto all = system_users(*house.context->settings);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0], (maskinporten::system_user{own, "910077473_systembruker"}));
  EXPECT_EQ(all[1], (maskinporten::system_user{represented, "representert"}));
}

TEST_F(dpo_outgoing_test, on_the_wire_a_represented_sender_looks_like_one_that_sends_itself) {
  for (const auto& sender : {own + ":974760673", represented}) {
    const auto parcel = parcel_from(sender);
    ASSERT_TRUE(parcel) << parcel.error().message;
    EXPECT_EQ(parcel->sender, represented);
    EXPECT_EQ(parcel->as.name, "representert");
    const auto wire = sbd::parse(parcel->sbd, house.system.time().now());
    EXPECT_EQ(wire->header.sender.front().value, represented);
    EXPECT_EQ(parcel->sbd.find("910077473"), std::string::npos);
  }
}

TEST_F(dpo_outgoing_test, the_own_sender_keeps_the_own_system_user) {
  const auto parcel = parcel_from(own);
  ASSERT_TRUE(parcel) << parcel.error().message;
  EXPECT_EQ(parcel->sender, own);
  EXPECT_EQ(parcel->as.name, "910077473_systembruker");
}

TEST_F(dpo_outgoing_test, a_sender_whom_nobody_has_named_is_refused_for_good) {
  const auto parcel = parcel_from(own + ":910075918");
  ASSERT_FALSE(parcel);
  EXPECT_FALSE(parcel.error().retryable);
  EXPECT_EQ(parcel.error().message,
            "Sender 0192:910075918 fra SBD matcher ikke konfigurerte systembrukere");
}

}  // namespace
}  // namespace kp::actors
