#include "actors/organisation_channels.hpp"

#include "actors/channel_router.hpp"
#include "dpo_house.hpp"

namespace kp::actors {
namespace {

using std::chrono::minutes;
using test::arkiv;
using test::fag;

const auto arkiv_name = *channel_name::parse("arkiv");
const auto fag_name = *channel_name::parse("fag");

caf::behavior idle(caf::event_based_actor*) {
  return {[](int) {}};
}

// The channels of the house, with actors that do nothing, and what the gateway is told.
class organisation_channels_test : public ::testing::Test {
 protected:
  organisation_channels_test() {
    gateway = house.system.spawn_function([this](caf::event_based_actor*) -> caf::behavior {
      return {[this](const seat_opened& seat) { told[seat.channel].push_back(seat.seat); }};
    });
    owner = house.system.spawn_function([this](caf::event_based_actor* self) -> caf::behavior {
      children = std::make_shared<nursery>(self, "the test");
      channels = std::make_shared<organisation_channels>(
          self, *children, gateway, [this](channel_number number) -> nursery::factory {
            return [this, number] {
              made.push_back(number);
              return house.system.actors().spawn(idle);
            };
          });
      self->set_down_handler([its = children](caf::down_msg& down) { its->on_down(down); });
      return {[its = children](const restart_child& which) { its->restart(which); },
              [this](int) { task(); }};
    });
    house.system.run();
  }
  // Handles must be gone before the system is.
  void TearDown() override {
    as_owner([this] { children->stop(); });
    house.system.stop(owner);
    house.system.stop(gateway);
    told.clear();
    channels.reset();
    children.reset();
  }
  void as_owner(std::function<void()> what) {
    task = std::move(what);
    caf::anon_send(owner, 1);
    house.system.run();
  }
  void follow() {
    as_owner([this] { channels->follow(house.context); });
  }
  void use(const std::function<void(tenants::organisation&)>& change) {
    auto settings = std::make_shared<tenants::organisation>(*house.context->settings);
    change(*settings);
    house.use(settings);
    follow();
  }
  caf::actor open(const channel_name& name) {
    caf::actor opened;
    as_owner([&] { opened = channels->open(name); });
    return opened;
  }
  void leave(const channel_name& name, const caf::actor& seat) {
    as_owner([&] { channels->left({name, seat}); });
  }
  // An arrival that a client of "arkiv" has peeked.
  void lock_something() {
    const auto router = house.system.spawn(
        channel_router, channel_router_args{house.context, house.organisation, house.writer});
    house.system.run();
    const test::letter letter;
    arrival a;
    a.via = service::dpo;
    a.channel = arkiv;
    a.fence = 1;
    a.transfer = "a transfer";
    a.sender = letter.sender;
    a.document = letter.parsed();
    a.sbd = letter.text();
    const auto stored = house.system.ask<arrival_outcome>(router, std::move(a));
    ASSERT_TRUE(stored && stored->fate == arrival_fate::stored);
    house.system.stop(router);
    storage::batch b;
    std::uint64_t from = 0;
    const auto found = house.context->inbox.peek(b, arkiv, from, {}, "peek",
                                                 house.system.time().now(), minutes(5));
    ASSERT_TRUE(found && *found);
    house.commit(b);
  }

  test::dpo_house house;
  std::map<channel_name, std::vector<caf::actor>> told;
  std::vector<channel_number> made;
  std::shared_ptr<nursery> children;
  std::shared_ptr<organisation_channels> channels;
  std::function<void()> task;
  caf::actor gateway, owner;
};

TEST_F(organisation_channels_test, a_channel_that_nobody_asks_for_is_announced_but_not_made) {
  follow();
  ASSERT_EQ(told[arkiv_name].size(), 1u);
  EXPECT_FALSE(told[arkiv_name].front());
  EXPECT_EQ(told[fag_name].size(), 1u);
  EXPECT_TRUE(made.empty());
  EXPECT_TRUE(channels->known_to_gateway());
}

TEST_F(organisation_channels_test, a_channel_is_made_once_when_it_is_asked_for) {
  follow();
  const auto opened = open(fag_name);
  ASSERT_TRUE(opened);
  EXPECT_EQ(open(fag_name), opened);
  EXPECT_EQ(made, std::vector{fag});
  EXPECT_EQ(told[fag_name].back(), opened);
  EXPECT_TRUE(channels->works(fag));
  EXPECT_FALSE(channels->works(arkiv));
}

TEST_F(organisation_channels_test, a_channel_with_a_lock_is_made_at_once) {
  lock_something();
  follow();
  EXPECT_EQ(made, std::vector{arkiv});
  ASSERT_EQ(told[arkiv_name].size(), 1u);
  EXPECT_TRUE(told[arkiv_name].front());
}

TEST_F(organisation_channels_test, new_settings_leave_channels_that_run_alone) {
  follow();
  const auto opened = open(arkiv_name);
  use([](auto& settings) { settings.name = "Another name"; });
  EXPECT_EQ(open(arkiv_name), opened);
  EXPECT_EQ(made, std::vector{arkiv});
  EXPECT_EQ(told[arkiv_name].back(), opened);
}

TEST_F(organisation_channels_test, a_channel_that_stops_is_made_again_and_announced) {
  follow();
  const auto first = open(arkiv_name);
  caf::anon_send_exit(first, caf::exit_reason::kill);
  house.system.run();
  house.system.pass(minutes(1));
  EXPECT_EQ(made.size(), 2u);
  EXPECT_TRUE(told[arkiv_name].back());
  EXPECT_NE(told[arkiv_name].back(), first);
}

TEST_F(organisation_channels_test,
       a_channel_of_another_installation_is_neither_announced_nor_made) {
  use([](auto& settings) { settings.channels.back().external = true; });
  const auto elsewhere = house.context->settings->channels.back().name;
  EXPECT_FALSE(told.contains(elsewhere));
  EXPECT_FALSE(open(elsewhere));
  EXPECT_TRUE(made.empty());
}

TEST_F(organisation_channels_test,
       a_channel_ends_when_it_is_no_longer_served_and_the_gateway_has_left) {
  follow();
  const auto opened = open(fag_name);
  use([](auto& settings) {
    std::erase_if(settings.channels, [](const auto& each) { return each.name == fag_name; });
  });
  EXPECT_TRUE(channels->works(fag));
  leave(fag_name, opened);
  EXPECT_FALSE(channels->works(fag));
  EXPECT_FALSE(open(fag_name));
  leave(arkiv_name, {});
  EXPECT_TRUE(open(arkiv_name));
}

}  // namespace
}  // namespace kp::actors
