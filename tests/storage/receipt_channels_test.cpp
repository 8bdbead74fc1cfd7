#include "storage/receipt_channels.hpp"

#include "config/text.hpp"
#include "tests/storage/stores.hpp"

using namespace kp;
using namespace kp::storage;
using namespace kp::test;

namespace {

class receipt_channels_kept : public store_test {};

}  // namespace

TEST_P(receipt_channels_kept, are_those_of_the_organisation_with_their_last_use) {
  const receipt_channels hamars(*store, hamar),
      others(*store, *organisation_id::parse("910076787"));
  batch b;
  hamars.put(b, {"post_1", at_second(10)});
  hamars.put(b, {"", at_second(20)});
  others.put(b, {"fag", at_second(30)});
  ASSERT_EQ(commit(b), "");
  batch again;
  hamars.put(again, {"post_1", at_second(40)});
  ASSERT_EQ(commit(again), "");
  const auto all = hamars.all();
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ((*all)[0].name, "");
  EXPECT_EQ((*all)[1].name, "post_1");
  EXPECT_EQ((*all)[1].last_used, at_second(40));
}

INSTANTIATE_TEST_SUITE_P(both, receipt_channels_kept,
                         ::testing::Values(engine_kind::memory, engine_kind::rocksdb), name_of);

TEST(receipt_channel_record, has_bytes_that_never_change) {
  const receipt_channel c{"post_1", time_point(std::chrono::seconds(1'768'467'600))};
  const auto bytes = encode(c);
  EXPECT_EQ(to_hex(bytes), "0106706f73745f318090c2b1ae9aa406");
  const auto read = decode_receipt_channel(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(encode(*read), bytes);
  auto newer = bytes;
  newer[0] = 2;
  EXPECT_FALSE(decode_receipt_channel(newer));
  EXPECT_FALSE(decode_receipt_channel(bytes.substr(0, 4)));
}
