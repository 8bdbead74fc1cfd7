#include "tests/storage/stores.hpp"

using namespace kp;
using namespace kp::storage;
using namespace kp::test;

TEST(channel_references, remember_the_channel_a_message_came_with) {
  const auto store = make_memory_engine();
  const channel_references references(*store, hamar);
  batch b;
  references.put(b, message_number(1), "kanal-1");
  ASSERT_EQ(outcome_of(*store, b), "");
  EXPECT_EQ(*references.find(message_number(1)), "kanal-1");
  EXPECT_EQ(*references.find(message_number(2)), std::nullopt);
  EXPECT_EQ(*channel_references(*store, oslo).find(message_number(1)), std::nullopt);
  batch forget;
  references.remove(forget, message_number(1));
  ASSERT_EQ(outcome_of(*store, forget), "");
  EXPECT_EQ(*references.find(message_number(1)), std::nullopt);
}

TEST(transfers, are_kept_per_service) {
  const auto store = make_memory_engine();
  const transfers dpo(*store, hamar, service::dpo);
  const transfers dpf(*store, hamar, service::dpf);
  batch b;
  dpo.put(b, {"t-1", transfer_state::downloading, at_second(0), 0, "", ""});
  dpo.put(b, {"t-2", transfer_state::left_alone, at_second(1), 1, "why", "0192:910077473"});
  ASSERT_EQ(outcome_of(*store, b), "");
  ASSERT_TRUE(*dpo.find("t-2"));
  EXPECT_EQ((*dpo.find("t-2"))->state, transfer_state::left_alone);
  EXPECT_EQ((*dpo.find("t-2"))->last_error, "why");
  EXPECT_FALSE(*dpf.find("t-2"));
  EXPECT_FALSE(*dpo.find("t"));
  EXPECT_EQ(dpo.all(10)->size(), 2u);
  EXPECT_EQ(dpo.all(1)->size(), 1u);
  EXPECT_EQ(dpo.all(0)->size(), 0u);
  EXPECT_EQ(dpf.all(10)->size(), 0u);
  batch removal;
  dpo.remove(removal, "t-1");
  ASSERT_EQ(outcome_of(*store, removal), "");
  EXPECT_FALSE(*dpo.find("t-1"));
}
