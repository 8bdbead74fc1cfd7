#include "actors/dpe_letterbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace kp;
using namespace kp::actors;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

dpe_letterbox::held letter(const std::string& id, const std::string& sequence,
                           dpe_letterbox::clock::time_point since) {
  return {{"queue", id, "lock of " + id, sequence, 1}, nullptr, since, false};
}

std::vector<std::string> ids(const dpe_letterbox& box) {
  std::vector<std::string> all;
  for (const auto& each : box.list()) all.push_back(each.id);
  return all;
}
std::vector<std::string> gone(dpe_letterbox& box, dpe_letterbox::clock::time_point now) {
  std::vector<std::string> all;
  for (const auto& each : box.let_go(now)) all.push_back(each.message_id);
  return all;
}

TEST(dpe_letterbox, lists_in_the_order_of_sending) {
  const auto now = dpe_letterbox::clock::now();
  dpe_letterbox box;
  box.put(letter("c", "10", now));
  box.put(letter("a", "9", now));
  box.put(letter("b", "2", now));
  EXPECT_THAT(ids(box), ElementsAre("b", "a", "c"));
}

TEST(dpe_letterbox, a_message_that_comes_again_has_its_newest_lock) {
  const auto now = dpe_letterbox::clock::now();
  dpe_letterbox box;
  box.put(letter("a", "1", now));
  auto again = letter("a", "1", now);
  again.lock.lock_token = "new";
  box.put(std::move(again));
  ASSERT_EQ(box.locks().size(), 1u);
  EXPECT_EQ(box.find("a")->lock.lock_token, "new");
}

TEST(dpe_letterbox, takes_in_a_bounded_number) {
  const auto now = dpe_letterbox::clock::now();
  dpe_letterbox box;
  for (std::size_t i = 0; i < dpe_letterbox::most; ++i) {
    EXPECT_TRUE(box.has_room());
    box.put(letter(std::to_string(i), std::to_string(i), now));
  }
  EXPECT_FALSE(box.has_room());
  box.drop("3");
  EXPECT_TRUE(box.has_room());
}

TEST(dpe_letterbox, what_nobody_asks_for_is_let_go_soon_and_the_rest_late) {
  const auto now = dpe_letterbox::clock::now();
  dpe_letterbox box;
  box.put(letter("asked for", "1", now));
  box.put(letter("not asked for", "2", now));
  box.find("asked for")->asked_for = true;
  EXPECT_THAT(gone(box, now + dpe_letterbox::unasked - 1s), IsEmpty());
  EXPECT_THAT(gone(box, now + dpe_letterbox::unasked), ElementsAre("not asked for"));
  EXPECT_THAT(gone(box, now + dpe_letterbox::longest - 1s), IsEmpty());
  EXPECT_THAT(gone(box, now + dpe_letterbox::longest), ElementsAre("asked for"));
  EXPECT_TRUE(box.empty());
}

}  // namespace
