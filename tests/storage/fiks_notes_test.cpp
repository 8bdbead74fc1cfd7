#include "storage/fiks_notes.hpp"

#include "config/text.hpp"
#include "tests/storage/stores.hpp"

using namespace kp;
using namespace kp::storage;
using namespace kp::test;

namespace {

class fiks_notes_kept : public store_test {};

fiks_note note(const std::string& id, int second) {
  fiks_note out;
  out.id = id;
  out.way = direction::incoming;
  out.message = *message_id::parse("21efbd4c-413d-4e2c-bbc5-257ef4a65a91");
  out.account = "47b0c75b-ddb5-447b-88d2-c4030d183fb3";
  out.other = "e0a0fba9-b7cf-44f8-99a6-a7f04b9e0347";
  out.correlation = "sak-1";
  out.at = at_second(second);
  return out;
}

}  // namespace

TEST_P(fiks_notes_kept, are_found_by_their_id_until_they_are_old) {
  const fiks_notes hamars(*store, hamar), others(*store, *organisation_id::parse("910076787"));
  batch b;
  hamars.put(b, note("a", 10));
  hamars.put(b, note("b", 20));
  others.put(b, note("a", 1));
  ASSERT_EQ(commit(b), "");
  const auto found = hamars.find("a");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->other, "e0a0fba9-b7cf-44f8-99a6-a7f04b9e0347");
  EXPECT_EQ((*found)->correlation, "sak-1");
  EXPECT_FALSE(hamars.find("c")->has_value());
  batch forgotten;
  EXPECT_EQ(*hamars.forget(forgotten, at_second(20), 10), 1U);
  ASSERT_EQ(commit(forgotten), "");
  EXPECT_FALSE(hamars.find("a")->has_value());
  EXPECT_TRUE(hamars.find("b")->has_value());
  EXPECT_TRUE(others.find("a")->has_value());
}

INSTANTIATE_TEST_SUITE_P(both, fiks_notes_kept,
                         ::testing::Values(engine_kind::memory, engine_kind::rocksdb), name_of);

TEST(fiks_records, have_bytes_that_never_change) {
  fiks_note n = note("5b0f", 0);
  n.at = time_point(std::chrono::seconds(1));
  const auto bytes = encode(n);
  EXPECT_EQ(to_hex(bytes).substr(0, 14), "01043562306602");
  EXPECT_EQ(bytes.size(), 1U + 5 + 1 + 37 + 37 + 37 + 6 + 3);
  const auto read = decode_fiks_note(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(encode(*read), bytes);
  std::string newer = bytes;
  newer[0] = 2;
  EXPECT_FALSE(decode_fiks_note(newer));
}
