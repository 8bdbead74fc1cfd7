#include "config/log.hpp"
#include "storage/engine_files.hpp"
#include "tests/storage/failing_files.hpp"
#include "tests/storage/stores.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <mutex>

// Disks that fail under the engine: what was acknowledged stays, what was not is refused, and
// nothing that was damaged is served as good.

using namespace kp;
using namespace kp::storage;
using namespace kp::test;
using testing::HasSubstr;
namespace fs = std::filesystem;

namespace {

using trouble = failing_files::trouble;

class failing_disk : public testing::Test {
 protected:
  void SetUp() override { open(); }

  void open() {
    auto opened = open_rocksdb_engine(small_rocksdb(directory.path()), *env);
    ASSERT_TRUE(opened) << opened.error().message;
    store = *std::move(opened);
  }
  result<void> put(const std::string& key, const std::string& value) {
    batch b;
    b.put(key, value);
    return commit(*store, b);
  }
  std::string get(const std::string& key) {
    const auto found = store->get(key);
    if (!found) return outcome(found);
    return found->value_or("absent");
  }
  // Goes on as after a restart, with a disk that works.
  void restart() {
    store.reset();
    files->fail(trouble::none);
    open();
  }

  // Nothing is acknowledged from the first failure on, although the disk works again.
  void expect_closed_for_good(const result<void>& failed, const std::string& said) {
    ASSERT_FALSE(failed);
    EXPECT_EQ(outcome(failed), "input/output error");
    EXPECT_THAT(failed.error().message, HasSubstr(said));
    files->fail(trouble::none);
    const auto syncs = files->syncs();
    EXPECT_EQ(outcome(put("later", "1")), "read only");
    EXPECT_EQ(outcome(put("later", "1")), "read only");
    EXPECT_EQ(files->syncs(), syncs) << "tried again behind the back of who was refused";
    EXPECT_EQ(get("before"), "1");
    restart();
    EXPECT_EQ(get("before"), "1");
    EXPECT_EQ(get("later"), "absent");
    EXPECT_TRUE(put("after", "1"));
  }

  temporary_directory directory;
  std::shared_ptr<failing_files> files = std::make_shared<failing_files>();
  std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(files);
  std::unique_ptr<engine> store;
};

std::mutex said_mutex;
std::string said;
void note(std::string_view line) {
  const std::scoped_lock lock(said_mutex);
  said += line;
}

std::vector<fs::path> files_of(const std::string& folder, const std::string& extension) {
  std::vector<fs::path> found;
  for (const auto& each : fs::directory_iterator(folder))
    if (each.path().extension() == extension && each.file_size() > 0) found.push_back(each.path());
  return found;
}

void flip_bit(const fs::path& file, std::uintmax_t at) {
  std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
  bytes.seekg(static_cast<std::streamoff>(at));
  const auto byte = static_cast<char>(bytes.get() ^ 4);
  bytes.seekp(static_cast<std::streamoff>(at));
  bytes.put(byte);
}

constexpr int entries = 40;
std::string key_of(int i) {
  return fmt::format("key{:03}", i);
}
std::string value_of(int i) {
  return fmt::format("value {} {}", i, std::string(200, static_cast<char>('a' + i % 26)));
}

}  // namespace

TEST_F(failing_disk, a_failed_sync_is_fatal_for_acknowledgements_and_never_tried_again) {
  ASSERT_TRUE(put("before", "1"));
  files->fail(trouble::sync_error, ".log");
  expect_closed_for_good(put("lost", "1"), "while syncing");
}

TEST_F(failing_disk, a_failed_write_is_fatal_for_acknowledgements) {
  ASSERT_TRUE(put("before", "1"));
  files->fail(trouble::write_error, ".log");
  expect_closed_for_good(put("lost", "1"), "Input/output error");
}

TEST_F(failing_disk, a_full_disk_refuses_what_it_cannot_keep_and_says_so) {
  ASSERT_TRUE(put("before", "1"));
  files->fail(trouble::full, ".log");
  expect_closed_for_good(put("lost", "1"), "No space left on device");
}

TEST_F(failing_disk, a_table_that_cannot_be_written_loses_nothing_and_is_reported) {
  said.clear();
  set_log_sink(note);
  files->fail(trouble::write_error, ".sst");
  int acknowledged = 0;
  const std::string large(100'000, 'x');
  while (acknowledged < 200 && put(key_of(acknowledged), large)) ++acknowledged;
  EXPECT_LT(acknowledged, 200) << "written although no table could be";
  EXPECT_FALSE(put("later", "1"));
  restart();
  set_log_sink(nullptr);
  for (int i = 0; i < acknowledged; ++i) EXPECT_EQ(get(key_of(i)), large) << i;
  EXPECT_THAT(said, HasSubstr("Input/output error"));
}

TEST_F(failing_disk, a_read_only_file_system_is_refused_with_its_name) {
  ASSERT_TRUE(put("before", "1"));
  store.reset();
  files->fail(trouble::read_only);
  const auto opened = open_rocksdb_engine(small_rocksdb(directory.path()), *env);
  ASSERT_FALSE(opened);
  EXPECT_EQ(outcome(opened), "input/output error");
  EXPECT_THAT(opened.error().message, HasSubstr("Read-only file system"));
  EXPECT_THAT(opened.error().message, HasSubstr(directory.path()));
  files->fail(trouble::none);
  open();
  EXPECT_EQ(get("before"), "1");
}

TEST_F(failing_disk, a_flipped_bit_in_a_table_is_never_served_as_good_data) {
  for (int i = 0; i < entries; ++i) ASSERT_TRUE(put(key_of(i), value_of(i)));
  store.reset();
  open();  // what was in the log becomes a table
  store.reset();
  const auto tables = files_of(directory.path(), ".sst");
  ASSERT_EQ(tables.size(), 1u);
  int noticed = 0;
  const auto size = fs::file_size(tables[0]);
  for (std::uintmax_t at = 7; at < size; at += size / 20) {
    flip_bit(tables[0], at);
    auto opened = open_rocksdb_engine(small_rocksdb(directory.path()), *env);
    if (!opened) {
      EXPECT_EQ(outcome(opened), "corrupt") << at;
      ++noticed;
    } else {
      bool failed = false;
      for (int i = 0; i < entries; ++i) {
        const auto found = (*opened)->get(key_of(i));
        if (!found) {
          EXPECT_EQ(outcome(found), "corrupt") << at;
          failed = true;
        } else {
          EXPECT_EQ(found->value_or("absent"), value_of(i)) << at;
        }
      }
      noticed += failed ? 1 : 0;
      opened->reset();
    }
    flip_bit(tables[0], at);
  }
  EXPECT_GT(noticed, 8);
  open();
  EXPECT_EQ(get(key_of(0)), value_of(0));
}

TEST_F(failing_disk, a_flipped_bit_in_the_log_ends_it_there_and_is_reported) {
  for (int i = 0; i < entries; ++i) ASSERT_TRUE(put(key_of(i), value_of(i)));
  store.reset();
  const auto logs = files_of(directory.path(), ".log");
  ASSERT_EQ(logs.size(), 1u);
  flip_bit(logs[0], fs::file_size(logs[0]) / 2);
  said.clear();
  set_log_sink(note);
  open();
  set_log_sink(nullptr);
  EXPECT_THAT(said, HasSubstr("dropping"));
  // A prefix of what was written, each entry as it was.
  int there = 0;
  while (there < entries && get(key_of(there)) == value_of(there)) ++there;
  EXPECT_GT(there, 0);
  EXPECT_LT(there, entries);
  for (int i = there; i < entries; ++i) EXPECT_EQ(get(key_of(i)), "absent") << i;
}
