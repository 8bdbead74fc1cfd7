#include "storage/parked_deliveries.hpp"

#include "config/text.hpp"
#include "tests/storage/stores.hpp"

using namespace kp;
using namespace kp::storage;
using namespace kp::test;

namespace {

class parked_deliveries_kept : public store_test {};

}  // namespace

TEST_P(parked_deliveries_kept, are_those_of_the_organisation) {
  const parked_deliveries hamars(*store, hamar),
      others(*store, *organisation_id::parse("910076787"));
  parked_delivery one;
  one.id = "0123";
  one.reason = "the header type is missing";
  one.headers = "{}";
  batch b;
  hamars.put(b, one);
  hamars.put(b, one);
  ASSERT_EQ(commit(b), "");
  ASSERT_EQ(hamars.all()->size(), 1U);
  EXPECT_TRUE(others.all()->empty());
  EXPECT_EQ((*hamars.find("0123"))->reason, one.reason);
  batch gone;
  hamars.remove(gone, one);
  ASSERT_EQ(commit(gone), "");
  EXPECT_TRUE(hamars.all()->empty());
}

INSTANTIATE_TEST_SUITE_P(both, parked_deliveries_kept,
                         ::testing::Values(engine_kind::memory, engine_kind::rocksdb), name_of);

TEST(parked_delivery_records, have_bytes_that_never_change) {
  parked_delivery p;
  p.id = "ab";
  p.account = "c";
  p.headers = "{}";
  p.reason = "r";
  p.body = blob_ref{"d", 5, "e"};
  p.at = time_point(std::chrono::microseconds(1));
  const auto parked = encode(p);
  EXPECT_EQ(to_hex(parked),
            "01026162"
            "0163"
            "027b7d"
            "0172"
            "01"
            "0164"
            "05"
            "0165"
            "02");
  EXPECT_EQ(encode(*decode_parked_delivery(parked)), parked);
  std::string newer = parked;
  newer[0] = 2;
  EXPECT_FALSE(decode_parked_delivery(newer));
}
