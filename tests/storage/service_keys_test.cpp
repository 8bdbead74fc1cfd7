#include "storage/service_keys.hpp"

#include "config/text.hpp"
#include "tests/storage/stores.hpp"

using namespace kp;
using namespace kp::storage;
using namespace kp::test;

namespace {

class kept_service_keys : public store_test {};

TEST_P(kept_service_keys, the_newest_of_a_service_stays_with_its_organisation) {
  const service_keys keys(*store, hamar);
  EXPECT_FALSE(*keys.find(service::dpe));
  for (const auto* sealed : {"first", "second"}) {
    batch changes;
    keys.put(changes, service::dpe, {sealed, at_second(1)});
    ASSERT_EQ(commit(changes), "");
  }
  const auto found = *keys.find(service::dpe);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->sealed, "second");
  EXPECT_EQ(found->received, at_second(1));
  EXPECT_FALSE(*keys.find(service::dpo));
  EXPECT_FALSE(*service_keys(*store, organisation_id::from_number(910075918)).find(service::dpe));
}

TEST(service_key_encoding, stays_what_it_is) {
  const time_point at(std::chrono::microseconds(1'700'000'000'123'456));
  EXPECT_EQ(to_hex(encode(service_key{"ab", at})), "010261628089818283898506");
  EXPECT_EQ(outcome(decode_service_key("\x02")), "unknown format");
}

INSTANTIATE_TEST_SUITE_P(both, kept_service_keys,
                         ::testing::Values(engine_kind::memory, engine_kind::rocksdb), name_of);

}  // namespace
