#include "storage/backup.hpp"

#include "config/byte_io.hpp"
#include "storage/backup_contents.hpp"
#include "storage/big_endian.hpp"
#include "tests/storage/stores.hpp"

#include <gmock/gmock.h>
#include <rocksdb/db.h>

#include <atomic>
#include <fstream>
#include <thread>

using namespace kp;
using namespace kp::storage;
using namespace kp::test;
namespace fs = std::filesystem;
using testing::HasSubstr;

namespace {

const std::string master_key(32, 'k');

std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void flip(const fs::path& path, std::size_t at) {
  auto bytes = bytes_of(path);
  ASSERT_GT(bytes.size(), at);
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// A store as a hub has it, in a folder of the test.
class backups : public ::testing::Test {
 protected:
  void SetUp() override { open(folder("store")); }

  std::string folder(const std::string& name) const { return directory.path() + "/" + name; }

  void open(const std::string& root) {
    store = *open_rocksdb_engine(small_rocksdb(root + "/engine"));
    keys = std::make_unique<data_keys>(*store, master_key, random);
    auto opened = *blobs::open(*store, root + "/blobs", *keys, random);
    files = std::make_unique<held_files>(std::move(opened));
    blobs_directory = root + "/blobs";
  }
  void close() {
    files.reset();
    keys.reset();
    store.reset();
  }

  result<backup_manifest> make(const std::string& to) {
    auto* const engine = dynamic_cast<checkpointed*>(store.get());
    return make_backup({*engine, *files, blobs_directory}, to, wall_clock());
  }

  blob_ref keep(const std::string& bytes) {
    const committer write = [this](batch b) { return test::commit(*store, b); };
    auto writer = *files->create(hamar, write);
    EXPECT_TRUE(writer->write(bytes));
    batch b;
    const auto ref = *writer->complete(b);
    EXPECT_TRUE(test::commit(*store, b));
    return ref;
  }
  void forget(const blob_ref& ref) {
    batch b;
    files->remove(b, hamar, ref);
    EXPECT_TRUE(test::commit(*store, b));
    files->release(hamar, ref);
  }
  // The content, or the text of the error.
  std::string read(const blob_ref& ref) const {
    auto opened = files->open(hamar, ref);
    if (!opened) return outcome(opened);
    sequential_source source(*opened);
    const auto all = read_all(source, 16u << 20);
    return all ? *all : outcome(all);
  }
  void put(const std::string& key, const std::string& value) {
    batch b;
    b.put(key, value);
    EXPECT_TRUE(test::commit(*store, b));
  }
  static std::string key(unsigned n) {
    return key_builder(oslo, record_kind::outgoing_document).u64(n).str();
  }
  std::string blob_file(const std::string& root, const blob_ref& ref) const {
    return blob_path(root + "/blobs", hamar, ref.id);
  }

  temporary_directory directory;
  std::shared_ptr<random_source> random = make_secure_random();
  std::unique_ptr<engine> store;
  std::unique_ptr<data_keys> keys;
  std::unique_ptr<held_files> files;
  std::string blobs_directory;
  const std::string large = std::string(300'000, 'l'), small = std::string(1000, 's');
};

}  // namespace

TEST_F(backups, hold_what_was_acknowledged_before_and_nothing_later) {
  const auto big = keep(large), little = keep(small);
  put(key(1), "before");
  const auto made = make(folder("copy"));
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->files, 1u) << "the small one is in the engine";
  EXPECT_EQ(made->file_bytes, large.size());
  put(key(2), "after");
  forget(big);
  close();

  ASSERT_TRUE(verify_backup(folder("copy"), master_key));
  ASSERT_EQ(outcome(restore_backup(folder("copy"), folder("again"))), "");
  open(folder("again"));
  EXPECT_EQ(*store->get(key(1)), "before");
  EXPECT_EQ(*store->get(key(2)), std::nullopt);
  EXPECT_EQ(read(big), large);
  EXPECT_EQ(read(little), small);
  put(key(3), "goes on");
}

TEST_F(backups, are_proved_record_by_record_and_content_by_content) {
  keep(large);
  keep(small);
  batch many;
  for (unsigned n = 0; n < 2500; ++n) many.put(key(n), "x");
  ASSERT_TRUE(test::commit(*store, many));
  ASSERT_TRUE(make(folder("copy")));
  const auto proof = verify_backup(folder("copy"), master_key);
  ASSERT_TRUE(proof) << proof.error().message;
  EXPECT_EQ(proof->contents, 2u);
  EXPECT_EQ(proof->content_bytes, large.size() + small.size());
  // Two records of content, the bytes of the small one, a data key, and those put here.
  EXPECT_EQ(proof->records, 2504u);
}

TEST_F(backups, hold_the_files_of_a_store_that_is_used_meanwhile) {
  std::vector<blob_ref> kept;
  for (int i = 0; i < 40; ++i) kept.push_back(keep(large));
  std::atomic<bool> over = false;
  std::jthread user([&] {
    while (!over) {
      forget(kept.back());
      kept.pop_back();
      kept.insert(kept.begin(), keep(large));
    }
  });
  for (int i = 0; i < 5; ++i) {
    const auto to = folder("copy" + std::to_string(i));
    const auto made = make(to);
    ASSERT_TRUE(made) << made.error().message;
    const auto proof = verify_backup(to, master_key);
    EXPECT_TRUE(proof) << proof.error().message;
  }
  over = true;
  user.join();
  std::size_t left = 0;
  for (const auto& each : fs::recursive_directory_iterator(blobs_directory))
    left += each.is_regular_file();
  EXPECT_EQ(left, kept.size()) << "what was let go meanwhile is removed afterwards";
}

TEST_F(backups, that_lack_a_file_or_have_a_flipped_bit_are_refused) {
  const auto ref = keep(large);
  put(key(1), std::string(5000, 'r'));
  for (const auto* name : {"flipped", "lacking", "table"}) ASSERT_TRUE(make(folder(name))) << name;

  // A file of the store and of its backups is one and the same while it is linked.
  const auto flipped = blob_file(folder("flipped"), ref);
  const auto bytes = bytes_of(flipped);
  fs::remove(flipped);
  std::ofstream(flipped, std::ios::binary) << bytes;
  flip(flipped, 100'000);
  EXPECT_EQ(outcome(verify_backup(folder("flipped"), master_key)), "corrupt");
  EXPECT_THAT(verify_backup(folder("flipped"), master_key).error().message, HasSubstr(ref.id));

  fs::remove(blob_file(folder("lacking"), ref));
  EXPECT_EQ(outcome(verify_backup(folder("lacking"), master_key)), "not found");

  for (const auto& each : fs::directory_iterator(folder("table") + "/engine"))
    if (each.path().extension() == ".sst") {
      const auto table = bytes_of(each.path());
      fs::remove(each.path());
      std::ofstream(each.path(), std::ios::binary) << table;
      flip(each.path(), 20);
    }
  EXPECT_EQ(outcome(verify_backup(folder("table"), master_key)), "corrupt");
}

TEST_F(backups, that_were_not_finished_are_none) {
  ASSERT_TRUE(make(folder("copy")));
  fs::remove(folder("copy") + "/manifest.json");
  EXPECT_EQ(outcome(verify_backup(folder("copy"), master_key)), "not found");
  EXPECT_EQ(outcome(restore_backup(folder("copy"), folder("again"))), "not found");
  EXPECT_FALSE(fs::exists(folder("again")));
}

TEST_F(backups, of_a_newer_program_are_refused_with_a_sentence) {
  ASSERT_TRUE(make(folder("copy")));
  auto manifest = *read_manifest(folder("copy"));
  manifest.format = backup_format + 1;
  ASSERT_TRUE(write_manifest(folder("copy"), manifest));
  const auto refused = verify_backup(folder("copy"), master_key);
  EXPECT_EQ(outcome(refused), "unknown format");
  EXPECT_THAT(refused.error().message, HasSubstr("made by a newer Knutepunkt"));

  // And one whose engine is newer.
  ASSERT_TRUE(make(folder("other")));
  rocksdb::DB* raw = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open({}, folder("other") + "/engine", &raw).ok());
  const std::unique_ptr<rocksdb::DB> db(raw);
  const std::string format_key("\0\0\0\0format", 10);
  ASSERT_TRUE(db->Put({}, format_key, to_big_endian<std::uint64_t>(2)).ok());
  ASSERT_TRUE(db->Close().ok());
  EXPECT_EQ(outcome(verify_backup(folder("other"), master_key)), "unknown format");
}

TEST_F(backups, need_the_master_key_to_be_proved) {
  keep(large);
  ASSERT_TRUE(make(folder("copy")));
  const auto refused = verify_backup(folder("copy"), std::string(32, 'x'));
  EXPECT_EQ(outcome(refused), "corrupt");
  EXPECT_THAT(refused.error().message, HasSubstr("is this the master key"));
}

TEST_F(backups, go_nowhere_where_something_is) {
  EXPECT_THAT(make(folder("store")).error().message, HasSubstr("it is there already"));
  EXPECT_THAT(make("copy").error().message, HasSubstr("no absolute path"));
  EXPECT_EQ(outcome(make(folder("no/such/folder"))), "input/output error");
  ASSERT_TRUE(make(folder("copy")));
  EXPECT_THAT(restore_backup(folder("copy"), folder("store")).error().message,
              HasSubstr("where no store is"));
}

TEST_F(backups, leave_nothing_behind_when_they_fail) {
  const auto ref = keep(large);
  fs::remove(blob_file(folder("store"), ref));
  EXPECT_EQ(outcome(make(folder("copy"))), "corrupt");
  EXPECT_FALSE(fs::exists(folder("copy")));
}

TEST_F(backups, are_stores_that_take_nothing_while_they_are_read) {
  put(key(1), "x");
  ASSERT_TRUE(make(folder("copy")));
  const auto copy = open_rocksdb_engine_to_read(small_rocksdb(folder("copy") + "/engine"));
  ASSERT_TRUE(copy) << copy.error().message;
  batch b;
  b.put(key(2), "y");
  EXPECT_EQ(outcome_of(**copy, b), "read only");
  EXPECT_EQ(*(*copy)->get(key(1)), "x");
}

TEST_F(backups, keep_what_is_collected_as_garbage_as_well) {
  const auto ref = keep(large);
  auto hold = files->hold();
  batch b;
  files->remove(b, hamar, ref);
  ASSERT_TRUE(test::commit(*store, b));
  EXPECT_EQ(*files->collect(std::chrono::seconds(-10)), 0u);
  hold.reset();
  EXPECT_EQ(*files->collect(std::chrono::seconds(-10)), 1u);
}
