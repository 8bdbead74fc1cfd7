#include "storage/health_references.hpp"

#include "config/text.hpp"
#include "tests/storage/stores.hpp"

using namespace kp;
using namespace kp::storage;
using namespace kp::test;

namespace {

constexpr std::string_view some_message = "8baf0255-2687-49e3-9398-bbdf32bfccfc";

health_reference reference(std::string id, int second) {
  return {std::move(id), *message_id::parse(some_message), "her-id:8093", "her-id:9001",
          at_second(second)};
}

class health_references_kept : public store_test {};

}  // namespace

TEST_P(health_references_kept, are_those_of_the_organisation) {
  const health_references hamars(*store, hamar),
      others(*store, *organisation_id::parse("910076787"));
  batch b;
  hamars.put(b, reference("a", 10));
  ASSERT_EQ(commit(b), "");
  const auto found = hamars.find("a");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->message.to_string(), some_message);
  EXPECT_EQ((*found)->receiver, "her-id:8093");
  EXPECT_EQ((*found)->sender, "her-id:9001");
  EXPECT_FALSE(*others.find("a"));
  EXPECT_FALSE(*hamars.find("b"));
}

TEST_P(health_references_kept, leave_when_their_time_is_over_some_at_a_time) {
  const health_references all(*store, hamar);
  batch b;
  for (int i = 0; i < 5; ++i) all.put(b, reference(std::to_string(i), 10 * i));
  ASSERT_EQ(commit(b), "");
  const auto forget = [&](int before, std::size_t limit) {
    batch changes;
    EXPECT_TRUE(all.forget(changes, at_second(before), limit));
    EXPECT_EQ(commit(changes), "");
  };
  const auto left = [&] {
    std::string ids;
    for (int i = 0; i < 5; ++i)
      if (*all.find(std::to_string(i))) ids += std::to_string(i);
    return ids;
  };
  forget(30, 2);
  EXPECT_EQ(left(), "234");
  forget(30, 2);
  EXPECT_EQ(left(), "34") << "30 is not before 30";
  forget(1000, 0);
  EXPECT_EQ(left(), "34");
  forget(1000, 10);
  EXPECT_EQ(left(), "");
}

INSTANTIATE_TEST_SUITE_P(both, health_references_kept,
                         ::testing::Values(engine_kind::memory, engine_kind::rocksdb), name_of);

TEST(health_reference_record, has_bytes_that_never_change) {
  const health_reference r{"n1", *message_id::parse(some_message), "her-id:8093", "her-id:9001",
                           time_point(std::chrono::seconds(1'768'467'600))};
  const auto bytes = encode(r);
  EXPECT_EQ(
      to_hex(bytes),
      "01026e312438626166303235352d323638372d343965332d393339382d6262646633326266636366630b6865"
      "722d69643a383039330b6865722d69643a393030318090c2b1ae9aa406");
  const auto read = decode_health_reference(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(encode(*read), bytes);
  auto newer = bytes;
  newer[0] = 2;
  EXPECT_FALSE(decode_health_reference(newer));
  EXPECT_FALSE(decode_health_reference(bytes.substr(0, 9)));
}
