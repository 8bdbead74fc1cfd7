#include "storage/erase.hpp"

#include "config/text.hpp"
#include "storage/blobs.hpp"
#include "tests/storage/stores.hpp"

#include <filesystem>

using namespace kp;
using namespace kp::storage;
using namespace kp::test;

namespace {

class erasing : public store_test {
 protected:
  void SetUp() override {
    store = make_engine(GetParam(), directory.path() + "/engine");
    content = directory.path() + "/blobs";
    open();
  }
  void open() {
    keys = std::make_unique<data_keys>(*store, std::string(32, 'k'), random);
    all = *blobs::open(*store, content, *keys, random);
  }
  blob_ref put(organisation_id of, const std::string& bytes) {
    const committer write = [this](batch b) { return kp::test::commit(*store, b); };
    auto writer = all->create(of, write);
    EXPECT_TRUE(writer);
    EXPECT_TRUE((*writer)->write(bytes));
    batch b;
    auto ref = (*writer)->complete(b);
    EXPECT_EQ(commit(b), "");
    return *ref;
  }
  void put_status(organisation_id of) {
    batch b;
    b.put(key_builder(of, record_kind::status).u32(1).u64(1).str(), "status");
    EXPECT_EQ(commit(b), "");
  }
  std::size_t records_of(organisation_id of) const {
    std::size_t count = 0;
    EXPECT_TRUE(store->scan(organisation_begin(of), organisation_end(of), scan_order::ascending,
                            [&](std::string_view, std::string_view) { return ++count > 0; }));
    return count;
  }

  std::string content;
  manual_clock time{at_second(0)};
  std::shared_ptr<random_source> random = make_seeded_random(7);
  std::unique_ptr<data_keys> keys;
  std::unique_ptr<blobs> all;
};

}  // namespace

TEST_P(erasing, takes_everything_of_one_organisation_and_leaves_a_receipt) {
  const std::string large(200'000, 'x');
  put(hamar, large);
  put(hamar, "small");
  put_status(hamar);
  const auto others = put(oslo, large);
  const auto records = records_of(hamar);
  const auto receipt = erase_organisation(*store, content, hamar, time);
  ASSERT_TRUE(receipt) << receipt.error().message;
  EXPECT_EQ(receipt->organisation, hamar.number());
  EXPECT_EQ(receipt->records, records);
  EXPECT_EQ(receipt->files, 1U);
  EXPECT_GT(receipt->file_bytes, 200'000U);
  EXPECT_EQ(receipt->finished, at_second(0));
  EXPECT_EQ(receipt->kinds, (std::vector<std::uint64_t>{3, 40, 80, 81}));
  EXPECT_EQ(receipt->kind_counts, (std::vector<std::uint64_t>{1, 1, 2, 1}));
  EXPECT_EQ(records_of(hamar), 0U);
  EXPECT_FALSE(std::filesystem::exists(content + "/" + hamar.to_string()));
  EXPECT_TRUE(all->open(oslo, others)) << "others are untouched";
  const auto kept = find_erase_receipt(*store, hamar);
  ASSERT_TRUE(kept && *kept);
  EXPECT_EQ(encode(**kept), encode(*receipt));
}

TEST_P(erasing, that_was_broken_off_is_completed_and_keeps_its_first_count) {
  put(hamar, std::string(200'000, 'x'));
  put_status(hamar);
  erase_receipt begun;
  begun.organisation = hamar.number();
  begun.begun = at_second(-60);
  begun.records = 77;
  batch b;
  b.put(key_builder(hub_itself, record_kind::erase_receipt).u32(hamar.number()).str(),
        encode(begun));
  ASSERT_EQ(commit(b), "");
  const auto receipt = erase_organisation(*store, content, hamar, time);
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->records, 77U);
  EXPECT_EQ(receipt->begun, at_second(-60));
  EXPECT_TRUE(receipt->finished);
  EXPECT_EQ(records_of(hamar), 0U);
}

TEST_P(erasing, of_nothing_says_so) {
  put_status(oslo);
  const auto receipt = erase_organisation(*store, content, hamar, time);
  ASSERT_FALSE(receipt);
  EXPECT_EQ(receipt.error().message, "there is nothing of organisation 910077473 in this store");
  EXPECT_EQ(records_of(oslo), 1U);
}

TEST(erase_receipts, have_bytes_that_never_change) {
  erase_receipt r;
  r.organisation = 910077473;
  r.begun = at_second(0);
  r.finished = at_second(1);
  r.records = 3;
  r.record_bytes = 300;
  r.files = 1;
  r.file_bytes = 5;
  r.kinds = {3, 40};
  r.kind_counts = {1, 2};
  const auto bytes = encode(r);
  EXPECT_EQ(bytes.front(), 1);
  const auto again = decode_erase_receipt(bytes);
  ASSERT_TRUE(again);
  EXPECT_EQ(encode(*again), bytes);
  EXPECT_FALSE(decode_erase_receipt(bytes.substr(0, bytes.size() - 1)));
  EXPECT_EQ(to_hex(bytes), "01a1dcfab1038080f28183898506018089ec828389850603ac020105020328020102");
}

INSTANTIATE_TEST_SUITE_P(engines, erasing,
                         ::testing::Values(engine_kind::memory, engine_kind::rocksdb), name_of);
