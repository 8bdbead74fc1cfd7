#include "actors/dpfio_letterbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace kp;
using actors::dpfio_letterbox;
using testing::ElementsAre;

const std::string ours = "47b0c75b-ddb5-447b-88d2-c4030d183fb3";
const std::string peer = "e0a0fba9-b7cf-44f8-99a6-a7f04b9e0347";
const std::string first = "21efbd4c-413d-4e2c-bbc5-257ef4a65a91";
const std::string second = "11efbd4c-413d-4e2c-bbc5-257ef4a65a92";

dpfio::delivery delivery_of(const std::string& id, std::uint64_t tag) {
  dpfio::delivery out;
  out.channel = 1;
  out.tag = tag;
  out.routing_key = "fiksio.konto." + ours;
  if (!id.empty()) out.headers = {{"melding-id", id}, {"type", "t"}, {"avsender-id", peer}};
  return out;
}

std::vector<std::string> ids(const dpfio_letterbox& box) {
  std::vector<std::string> all;
  for (const auto& each : box.list()) all.push_back(each.id);
  return all;
}

}  // namespace

TEST(dpfio_letterbox, lists_in_the_order_of_arrival_with_account_and_sender) {
  dpfio_letterbox box;
  box.put(1, delivery_of(first, 1), {});
  box.put(1, delivery_of(second, 2), {});
  EXPECT_THAT(ids(box), ElementsAre(first, second));
  EXPECT_EQ(box.list().front().reference, ours);
  EXPECT_EQ(box.list().front().sender, peer);
  box.drop(first);
  EXPECT_THAT(ids(box), ElementsAre(second));
  EXPECT_EQ(box.find(first), nullptr);
}

TEST(dpfio_letterbox, a_message_that_is_delivered_twice_is_held_once_with_both_tickets) {
  dpfio_letterbox box;
  box.put(1, delivery_of(first, 1), {});
  box.put(1, delivery_of(first, 2), {});
  ASSERT_THAT(ids(box), ElementsAre(first));
  EXPECT_EQ(box.find(first)->tickets.size(), 2U);
}

TEST(dpfio_letterbox, what_is_no_message_is_held_too_each_for_itself) {
  dpfio_letterbox box;
  box.put(1, delivery_of("", 1), {});
  box.put(1, delivery_of("", 2), {});
  ASSERT_EQ(box.list().size(), 2U);
  const auto* found = box.find(box.list().front().id);
  ASSERT_NE(found, nullptr);
  EXPECT_FALSE(found->what);
  EXPECT_EQ(found->account, ours);
}

TEST(dpfio_letterbox, forgets_what_came_by_a_connection_that_is_over_unless_it_came_again) {
  dpfio_letterbox box;
  box.put(1, delivery_of(first, 1), {});
  box.put(1, delivery_of(second, 2), {});
  box.put(2, delivery_of(second, 1), {});
  box.forget(1);
  EXPECT_THAT(ids(box), ElementsAre(second));
  ASSERT_EQ(box.find(second)->tickets.size(), 1U);
  EXPECT_EQ(box.find(second)->tickets.front().connection, 2U);
  box.forget(2);
  EXPECT_TRUE(box.empty());
}
