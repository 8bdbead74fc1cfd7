#include "tests/storage/stores.hpp"

using namespace kp;
using namespace kp::storage;
using namespace kp::test;

namespace {

channel_name named(std::string_view text) {
  return *channel_name::parse(text);
}

class registry : public ::testing::Test {
 protected:
  std::unique_ptr<engine> store = make_memory_engine();
  channel_registry channels{*store, hamar};

  channel_number add(std::string_view name) {
    batch b;
    const auto number = channels.add(b, named(name), *channels.all());
    EXPECT_EQ(outcome_of(*store, b), "");
    return number;
  }
};

}  // namespace

TEST_F(registry, gives_every_name_its_own_number) {
  const auto arkiv = add("arkiv");
  const auto lonn = add("lonn");
  EXPECT_NE(arkiv, lonn);
  EXPECT_EQ(*channels.find(named("arkiv")), arkiv);
  EXPECT_EQ(*channels.find(named("lonn")), lonn);
  EXPECT_EQ(*channels.find(named("ark")), std::nullopt);
  EXPECT_EQ(channels.all()->size(), 2u);
  EXPECT_TRUE(channel_registry(*store, oslo).all()->empty());
}

TEST_F(registry, gives_different_numbers_to_channels_added_in_one_batch) {
  batch b;
  const auto before = *channels.all();
  const auto first = channels.add(b, named("a"), before);
  const auto second = channels.add(b, named("b"), before);
  EXPECT_NE(first, second);
  EXPECT_EQ(outcome_of(*store, b), "");
  EXPECT_EQ(*channels.find(named("b")), second);
}

TEST_F(registry, refuses_a_name_that_somebody_else_has_added_meanwhile) {
  batch late;
  channels.add(late, named("arkiv"), *channels.all());
  add("arkiv");
  EXPECT_EQ(outcome_of(*store, late), "precondition failed");
}
