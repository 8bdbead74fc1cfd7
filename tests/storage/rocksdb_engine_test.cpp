#include "storage/big_endian.hpp"
#include "storage/engine.hpp"
#include "storage/lease.hpp"
#include "storage/tombstone_compactor.hpp"
#include "tests/storage/stores.hpp"

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <thread>

using namespace kp;
using namespace kp::storage;
using namespace kp::test;

namespace {

batch putting(const std::string& key, const std::string& value) {
  batch b;
  b.put(key, value);
  return b;
}

std::vector<std::pair<std::string, std::string>> everything(const engine& store) {
  std::vector<std::pair<std::string, std::string>> found;
  EXPECT_TRUE(store.scan("", "\xff", scan_order::ascending,
                         [&](std::string_view key, std::string_view value) {
                           found.emplace_back(key, value);
                           return true;
                         }));
  return found;
}

// Opens the files behind the engine's back.
std::unique_ptr<rocksdb::DB> open_raw(const std::string& path) {
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* db = nullptr;
  const auto status = rocksdb::DB::Open(options, path, &db);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return std::unique_ptr<rocksdb::DB>(db);
}

// While it lives, no file of this process grows beyond the limit: writing fails as on a full disk.
class full_disk {
 public:
  explicit full_disk(rlim_t largest_file) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = ::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{largest_file, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~full_disk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }
  full_disk(const full_disk&) = delete;
  full_disk& operator=(const full_disk&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

const std::string format_key("\0\0\0\0format", 10);

}  // namespace

TEST(rocksdb_engine, has_the_compression_it_asks_for) {
  const auto supported = rocksdb::GetSupportedCompressions();
  EXPECT_NE(std::find(supported.begin(), supported.end(), rocksdb::kLZ4Compression),
            supported.end());
}

TEST(rocksdb_engine, keeps_what_was_committed_over_closing_and_opening) {
  const temporary_directory directory;
  {
    const auto store = make_engine(engine_kind::rocksdb, directory.path());
    ASSERT_EQ(outcome_of(*store, putting("k", "1")), "");
    ASSERT_EQ(outcome_of(*store, putting("gone", "1")), "");
    batch b;
    b.erase("gone");
    ASSERT_EQ(outcome_of(*store, b), "");
  }
  const auto store = make_engine(engine_kind::rocksdb, directory.path());
  EXPECT_EQ(everything(*store), (std::vector<std::pair<std::string, std::string>>{{"k", "1"}}));
}

TEST(rocksdb_engine, keeps_what_was_acknowledged_when_the_process_is_killed) {
  const temporary_directory directory;
  // The child writes one byte per acknowledged commit and is killed in the middle of its work.
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::close(pipe_ends[0]);
    const auto store = make_engine(engine_kind::rocksdb, directory.path() + "/store");
    for (unsigned i = 0;; ++i) {
      batch b;
      b.put("a" + to_big_endian(i), std::string(500, 'x'));
      b.put("b" + to_big_endian(i), "");
      if (!commit(*store, b) || ::write(pipe_ends[1], "x", 1) != 1) ::_exit(1);
    }
  }
  ::close(pipe_ends[1]);
  unsigned acknowledged = 0;
  char byte = 0;
  while (acknowledged < 300 && ::read(pipe_ends[0], &byte, 1) == 1) ++acknowledged;
  ::kill(child, SIGKILL);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  while (::read(pipe_ends[0], &byte, 1) == 1) ++acknowledged;
  ::close(pipe_ends[0]);
  ASSERT_GE(acknowledged, 300u);

  const auto store = make_engine(engine_kind::rocksdb, directory.path() + "/store");
  unsigned i = 0;
  for (;; ++i) {
    const auto a = store->get("a" + to_big_endian(i));
    const auto b = store->get("b" + to_big_endian(i));
    ASSERT_TRUE(a && b);
    ASSERT_EQ(a->has_value(), b->has_value()) << "half a batch, number " << i;
    if (!*a) break;
  }
  EXPECT_GE(i, acknowledged);
}

TEST(rocksdb_engine, gives_no_sequence_number_twice_over_restarts_and_kills) {
  const temporary_directory directory;
  const auto append_some = [](engine& store, const std::string& value, int count) {
    for (int i = 0; i < count; ++i) {
      batch b;
      b.append("n", value);
      if (!commit(store, b)) return false;
    }
    return true;
  };
  // Each kill comes just after an acknowledged commit, at different places of a block.
  for (const int count : {1, 5, 4090, 10}) {
    const auto child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const auto store = make_engine(engine_kind::rocksdb, directory.path() + "/store");
      std::vector<batch> group(static_cast<std::size_t>(count));
      for (auto& b : group) b.append("n", "killed");
      const bool good = append_some(*store, "killed", 3) && store->commit(group).front();
      if (good) ::kill(::getpid(), SIGKILL);
      ::_exit(1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    const auto store = make_engine(engine_kind::rocksdb, directory.path() + "/store");
    const auto before = everything(*store);
    ASSERT_TRUE(append_some(*store, "closed", 2));
    const auto after = everything(*store);
    ASSERT_EQ(after.size(), before.size() + 2);
    EXPECT_EQ(after.back().second, "closed");
    EXPECT_EQ(after[after.size() - 2].second, "closed");
  }
  const auto store = make_engine(engine_kind::rocksdb, directory.path() + "/store");
  EXPECT_EQ(everything(*store).size(), std::size_t{4 * (3 + 2) + 1 + 5 + 4090 + 10});
}

TEST(rocksdb_engine, reserves_sequence_numbers_in_blocks_under_a_key_of_its_own) {
  const temporary_directory directory;
  {
    const auto store = make_engine(engine_kind::rocksdb, directory.path());
    batch b;
    b.append("n", "");
    ASSERT_EQ(outcome_of(*store, b), "");
  }
  std::string reserved;
  ASSERT_TRUE(
      open_raw(directory.path())->Get({}, std::string("\0\0\0\0sequence", 12), &reserved).ok());
  EXPECT_EQ(reserved, to_big_endian(std::uint64_t{4097}));
  const auto store = make_engine(engine_kind::rocksdb, directory.path());
  batch b;
  b.append("n", "");
  ASSERT_EQ(outcome_of(*store, b), "");
  EXPECT_EQ(everything(*store).back().first, "n" + to_big_endian(std::uint64_t{4097}));
}

TEST(rocksdb_engine, refuses_a_store_whose_sequence_cannot_be_read) {
  const temporary_directory directory;
  make_engine(engine_kind::rocksdb, directory.path()).reset();
  ASSERT_TRUE(open_raw(directory.path())->Put({}, std::string("\0\0\0\0sequence", 12), "x").ok());
  EXPECT_EQ(outcome(open_rocksdb_engine(small_rocksdb(directory.path()))), "corrupt");
}

TEST(rocksdb_engine, survives_a_log_whose_end_was_torn_off) {
  const temporary_directory directory;
  {
    const auto store = make_engine(engine_kind::rocksdb, directory.path());
    ASSERT_EQ(outcome_of(*store, putting("k", "1")), "");
  }
  {
    // What a machine that lost power leaves: the beginning of a record that was never acknowledged.
    const auto store = make_engine(engine_kind::rocksdb, directory.path());
    ASSERT_EQ(outcome_of(*store, putting("torn", std::string(1000, 'x'))), "");
    std::filesystem::path log;
    for (const auto& file : std::filesystem::directory_iterator(directory.path()))
      if (file.path().extension() == ".log" && file.file_size() > 1000) log = file.path();
    ASSERT_FALSE(log.empty());
    std::filesystem::create_directory(directory.path() + "/copy");
    for (const auto& file : std::filesystem::directory_iterator(directory.path()))
      if (file.is_regular_file() && file.path().filename() != "LOCK")
        std::filesystem::copy(file.path(), directory.path() + "/copy");
    std::filesystem::resize_file(directory.path() + "/copy/" + log.filename().string(),
                                 std::filesystem::file_size(log) - 100);
  }
  const auto store = make_engine(engine_kind::rocksdb, directory.path() + "/copy");
  EXPECT_EQ(everything(*store), (std::vector<std::pair<std::string, std::string>>{{"k", "1"}}));
}

TEST(rocksdb_engine, writes_nothing_more_after_a_write_has_failed) {
  const temporary_directory directory;
  {
    const auto store = make_engine(engine_kind::rocksdb, directory.path());
    ASSERT_EQ(outcome_of(*store, putting("before", "1")), "");
    {
      const full_disk full(4096);
      std::vector<batch> group(3);
      group[0].put("small", "1");
      group[1].require_present("nothing");
      group[2].put("large", std::string(1u << 20, 'x'));
      const auto answers = store->commit(group);
      EXPECT_EQ(outcome(answers[0]), "input/output error");
      EXPECT_EQ(outcome(answers[1]), "precondition failed");
      EXPECT_EQ(outcome(answers[2]), "input/output error");
    }
    // There is room again, but what the failed write left behind is unknown.
    EXPECT_EQ(outcome_of(*store, putting("after", "1")), "read only");
    EXPECT_EQ(outcome(store->erase_range("a", "z")), "read only");
    EXPECT_EQ(**store->get("before"), "1");
    EXPECT_FALSE(store->get("small")->has_value());
  }
  const auto store = make_engine(engine_kind::rocksdb, directory.path());
  EXPECT_EQ(everything(*store),
            (std::vector<std::pair<std::string, std::string>>{{"before", "1"}}));
  EXPECT_EQ(outcome_of(*store, putting("after", "1")), "");
}

TEST(rocksdb_engine, agrees_with_the_memory_engine_whatever_is_done) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto below = [&](unsigned bound) { return static_cast<unsigned>(random() % bound); };
  const auto some_key = [&] {
    return std::string(1, static_cast<char>('a' + below(3))) +
           std::string(1, static_cast<char>(below(40) * 6));
  };
  const auto some_value = [&] { return std::to_string(below(3)); };

  const temporary_directory directory;
  const auto oracle = make_memory_engine();
  auto store = make_engine(engine_kind::rocksdb, directory.path());
  for (int round = 0; round < 300; ++round) {
    std::vector<batch> group(1 + below(8));
    for (auto& b : group) {
      for (auto n = below(3); n > 0; --n) {
        switch (below(4)) {
          case 0:
            b.require_absent(some_key());
            break;
          case 1:
            b.require_present(some_key());
            break;
          case 2:
            b.require_value(some_key(), some_value());
            break;
          default:
            b.require_fence(some_key(), below(3));
            break;
        }
      }
      for (auto n = below(5); n > 0; --n) {
        if (below(3) == 0)
          b.erase(some_key());
        else if (below(4) == 0)
          b.put(some_key(), encode(lease{"o", at_second(0), below(3)}));
        else
          b.put(some_key(), some_value());
      }
    }
    const auto expected = oracle->commit(group);
    const auto answers = store->commit(group);
    ASSERT_EQ(answers.size(), expected.size());
    for (std::size_t i = 0; i < answers.size(); ++i)
      ASSERT_EQ(outcome(answers[i]), outcome(expected[i])) << "round " << round << " batch " << i;
    if (below(20) == 0) {
      const auto begin = some_key();
      const auto end = some_key();
      ASSERT_TRUE(oracle->erase_range(begin, end));
      ASSERT_TRUE(store->erase_range(begin, end));
    }
    if (below(50) == 0) {
      store.reset();
      store = make_engine(engine_kind::rocksdb, directory.path());
    }
    const auto begin = some_key();
    const auto end = some_key();
    for (const auto order : {scan_order::ascending, scan_order::descending}) {
      const auto collect = [&](const engine& from) {
        std::vector<std::string> found;
        EXPECT_TRUE(from.scan(begin, end, order, [&](std::string_view key, std::string_view value) {
          found.push_back(std::string(key) + "=" + std::string(value));
          return true;
        }));
        return found;
      };
      ASSERT_EQ(collect(*store), collect(*oracle)) << "round " << round;
    }
    const auto key = some_key();
    ASSERT_EQ(*store->get(key), *oracle->get(key));
  }
  EXPECT_EQ(everything(*store), everything(*oracle));
}

TEST(rocksdb_engine, clears_away_deleted_entries_that_scans_keep_passing) {
  const temporary_directory directory;
  const auto store = make_engine(engine_kind::rocksdb, directory.path());
  constexpr std::uint64_t count = 2 * tombstone_compactor::worth_compacting;
  std::vector<batch> group(2);
  for (std::uint64_t i = 0; i < count; ++i) {
    group[0].put("queue" + to_big_endian(i), "x");
    group[1].erase("queue" + to_big_endian(i));
  }
  group[1].put("queue" + to_big_endian(count), "last");
  for (const auto& answer : store->commit(group)) ASSERT_TRUE(answer);
  const auto scan_and_count = [&] {
    const tombstone_count deleted;
    std::string found;
    EXPECT_TRUE(store->scan("queue", "queuf", scan_order::ascending,
                            [&](std::string_view, std::string_view value) {
                              found = value;
                              return false;
                            }));
    EXPECT_EQ(found, "last");
    return deleted.passed();
  };
  ASSERT_GE(scan_and_count(), count);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (scan_and_count() > 0) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

TEST(rocksdb_engine, refuses_a_store_that_a_newer_program_has_written) {
  const temporary_directory directory;
  make_engine(engine_kind::rocksdb, directory.path()).reset();
  const auto status =
      open_raw(directory.path())->Put({}, format_key, to_big_endian(std::uint64_t{2}));
  ASSERT_TRUE(status.ok());
  const auto opened = open_rocksdb_engine(small_rocksdb(directory.path()));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, storage_errc::unknown_format);
  EXPECT_NE(opened.error().message.find("newer Knutepunkt"), std::string::npos);
}

TEST(rocksdb_engine, refuses_a_directory_that_holds_somebody_elses_data) {
  const temporary_directory directory;
  ASSERT_TRUE(open_raw(directory.path())->Put({}, "theirs", "1").ok());
  const auto opened = open_rocksdb_engine(small_rocksdb(directory.path()));
  EXPECT_EQ(outcome(opened), "corrupt");
}

TEST(rocksdb_engine, keeps_its_own_key_out_of_scans_and_erasing) {
  const temporary_directory directory;
  {
    const auto store = make_engine(engine_kind::rocksdb, directory.path());
    EXPECT_TRUE(everything(*store).empty());
    ASSERT_TRUE(store->erase_range("", "\xff"));
  }
  std::string version;
  ASSERT_TRUE(open_raw(directory.path())->Get({}, format_key, &version).ok());
  EXPECT_EQ(version, to_big_endian(std::uint64_t{1}));
}

TEST(rocksdb_engine, lets_one_process_at_a_time_have_the_store) {
  const temporary_directory directory;
  const auto store = make_engine(engine_kind::rocksdb, directory.path());
  EXPECT_EQ(outcome(open_rocksdb_engine(small_rocksdb(directory.path()))), "input/output error");
}

TEST(rocksdb_engine, says_so_when_the_directory_cannot_be_made) {
  const temporary_directory directory;
  std::ofstream(directory.path() + "/file") << "x";
  const auto opened = open_rocksdb_engine(small_rocksdb(directory.path() + "/file/store"));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, storage_errc::io);
  EXPECT_NE(opened.error().message.find(directory.path()), std::string::npos);
}
