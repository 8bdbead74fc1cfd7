#include "storage/blobs.hpp"

#include "config/text.hpp"
#include "storage/sealing.hpp"
#include "tests/storage/stores.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <random>
#include <thread>

using namespace kp;
using namespace kp::storage;
using namespace kp::test;

namespace {

class file_spools_test : public ::testing::Test {
 protected:
  temporary_directory directory;
  std::shared_ptr<spool_factory> spools =
      make_file_spools(directory.path() + "/spools", make_seeded_random(1));

  static std::string read(const spool& from, std::uint64_t offset, std::size_t count) {
    std::string out(count, '?');
    const auto got = from.read_at(offset, out);
    EXPECT_TRUE(got);
    out.resize(got ? *got : 0);
    return out;
  }
};

}  // namespace

TEST_F(file_spools_test, give_back_what_was_written_at_any_offset) {
  const auto spool = *spools->make();
  EXPECT_EQ(spool->size(), 0u);
  EXPECT_EQ(read(*spool, 0, 10), "");
  ASSERT_TRUE(spool->write_at(0, "hello world, this is more than one block"));
  ASSERT_TRUE(spool->write_at(6, "there"));
  EXPECT_EQ(spool->size(), 40u);
  EXPECT_EQ(read(*spool, 0, 100), "hello there, this is more than one block");
  EXPECT_EQ(read(*spool, 17, 4), " is ");
  EXPECT_EQ(read(*spool, 40, 4), "");
  ASSERT_TRUE(spool->write_at(3, ""));
  EXPECT_EQ(spool->size(), 40u);
}

TEST_F(file_spools_test, agree_with_spools_in_memory) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto spool = *spools->make();
  const auto oracle = *make_memory_spools(4u << 20)->make();
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t offset = random() % 300'000;
    std::string bytes(random() % (i % 20 == 0 ? 200'000 : 100), '\0');
    for (auto& c : bytes) c = static_cast<char>(random());
    if (!bytes.empty()) {
      ASSERT_TRUE(spool->write_at(offset, bytes));
      ASSERT_TRUE(oracle->write_at(offset, bytes));
    }
    ASSERT_EQ(spool->size(), oracle->size());
    const std::uint64_t from = random() % 300'000;
    const auto count = 1 + random() % 150'000;
    ASSERT_TRUE(read(*spool, from, count) == read(*oracle, from, count)) << i;
  }
}

TEST_F(file_spools_test, leave_no_name_in_the_directory) {
  const auto spool = *spools->make();
  ASSERT_TRUE(spool->write_at(0, "secret"));
  EXPECT_TRUE(std::filesystem::is_empty(directory.path() + "/spools"));
}

TEST_F(file_spools_test, show_no_plaintext_on_disk) {
  const auto spool = *spools->make();
  const std::string secret = "fodselsnummer og annet som ingen skal se";
  ASSERT_TRUE(spool->write_at(0, secret));
  // Finds the nameless file among this process's descriptors.
  bool found = false;
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code code;
    const auto target = std::filesystem::read_symlink(each.path(), code).string();
    if (target.find(directory.path()) == std::string::npos) continue;
    std::string bytes(secret.size(), '?');
    const int number = std::stoi(each.path().filename().string());
    if (::pread(number, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
      continue;
    found = true;
    EXPECT_EQ(bytes.find("fodsel"), std::string::npos);
    EXPECT_NE(bytes, secret);
  }
  EXPECT_TRUE(found);
}

TEST_F(file_spools_test, are_read_by_several_threads_while_written) {
  const auto spool = *spools->make();
  const std::string bytes(100'000, 'x');
  ASSERT_TRUE(spool->write_at(0, bytes));
  std::vector<std::jthread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i)
        EXPECT_EQ(read(*spool, static_cast<std::uint64_t>(t * 1000 + i), 500),
                  std::string(500, 'x'));
    });
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(spool->write_at(bytes.size() + spool->size(), "more"));
}

TEST_F(file_spools_test, say_so_when_the_directory_cannot_be_made) {
  std::ofstream(directory.path() + "/file") << "x";
  const auto made = make_file_spools(directory.path() + "/file/x", make_seeded_random(1))->make();
  EXPECT_EQ(outcome(made), "input/output error");
}

TEST(sealing, has_at_every_offset_the_keystream_of_the_whole) {
  const std::string key(32, 'k');
  std::string whole(100, '\0');
  ASSERT_TRUE(ctr_stream::at(key, 0)->apply(whole, whole.data()));
  for (std::uint64_t offset = 0; offset < 50; ++offset) {
    std::string part(50, '\0');
    ASSERT_TRUE(ctr_stream::at(key, offset)->apply(part, part.data()));
    EXPECT_EQ(part, whole.substr(offset, 50)) << offset;
  }
}

TEST(sealing, derives_keys_as_rfc_5869_says) {
  // RFC 5869 A.3: SHA-256 with zero-length salt and info; the first 32 bytes of the output.
  const std::string ikm(22, '\x0b');
  const auto derived = derive_key(ikm, "");
  ASSERT_TRUE(derived);
  EXPECT_EQ(to_hex(*derived), "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

TEST(sealing, encrypts_as_the_gcm_specification_says) {
  // The Galois/Counter Mode of Operation, test case 14: AES-256, all zero.
  std::string sealed;
  ASSERT_TRUE(
      seal(std::string(32, '\0'), std::string(12, '\0'), "", std::string(16, '\0'), sealed));
  EXPECT_EQ(to_hex(sealed),
            "cea7403d4d606b6e074ec5d3baf39d18"
            "d0d1c8a799996bf0265b98b5d48ab919");
}
