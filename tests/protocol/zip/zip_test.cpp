#include "protocol/zip/zip.hpp"

#include "protocol/crypto/crypto_error.hpp"
#include "tests/support/fixtures.hpp"
#include "tests/support/tools.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace kp;
using namespace kp::zip;
using crypto::crypto_errc;
using ::testing::HasSubstr;
using ::testing::StartsWith;

namespace {

entry text(std::string name, std::string bytes, bool stored = false) {
  return {std::move(name), stored, [bytes]() -> result<std::unique_ptr<byte_source>> {
            return std::make_unique<string_source>(bytes);
          }};
}

std::shared_ptr<spool> new_spool(std::size_t limit = 64 << 20) {
  return *make_memory_spools(limit)->make();
}

std::string bytes_of(const std::shared_ptr<spool>& from) {
  sequential_source source(from);
  return *read_all(source, 128 << 20);
}

std::string archive(std::vector<entry> entries, const std::string& comment = {}) {
  const auto to = new_spool();
  const auto written = write(to, std::move(entries), comment);
  EXPECT_TRUE(written) << written.error().message;
  return bytes_of(to);
}

result<std::unique_ptr<reader>> open(std::string bytes, limits bounds = {}) {
  return reader::open(std::make_shared<string_random_access>(std::move(bytes)), bounds);
}

result<std::string> unpack(reader& from, std::string_view name) {
  KP_TRY(auto source, from.read(*from.find(name)));
  return read_all(*source, 64 << 20);
}

// `count` bytes that hardly compress, the same every time; remembers the largest read asked of it.
class noise final : public byte_source {
 public:
  explicit noise(std::uint64_t count) : left_(count) {}
  result<std::size_t> read(std::span<char> out) override {
    largest_read = std::max(largest_read, out.size());
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, out.size()));
    for (auto& c : out.first(count)) {
      state_ = state_ * 6364136223846793005u + 1442695040888963407u;
      c = static_cast<char>(state_ >> 56);
    }
    left_ -= count;
    return count;
  }
  std::size_t largest_read = 0;

 private:
  std::uint64_t left_;
  std::uint64_t state_ = 1;
};

class failing final : public byte_source {
 public:
  result<std::size_t> read(std::span<char>) override {
    return transient(crypto_errc::internal, "the disk is gone");
  }
};

}  // namespace

TEST(zip, reads_back_what_it_wrote) {
  const std::string large(3'000'000, 'x');
  const auto bytes =
      archive({text("mimetype", "application/x", true), text("vedlegg æøå 1.pdf", "%PDF"),
               text("empty", ""), text("large.txt", large)});
  const auto read = open(bytes);
  ASSERT_TRUE(read) << read.error().message;
  const auto& items = (*read)->items();
  ASSERT_EQ(items.size(), 4u);
  EXPECT_EQ(items[0].name, "mimetype");
  EXPECT_TRUE(items[0].stored);
  EXPECT_EQ(items[1].name, "vedlegg æøå 1.pdf");
  EXPECT_FALSE(items[1].stored);
  EXPECT_EQ(items[3].size, large.size());
  EXPECT_EQ(*unpack(**read, "vedlegg æøå 1.pdf"), "%PDF");
  EXPECT_EQ(*unpack(**read, "empty"), "");
  EXPECT_TRUE(*unpack(**read, "large.txt") == large);
  EXPECT_FALSE((*read)->find("LARGE.TXT"));
}

TEST(zip, puts_the_content_of_a_stored_first_entry_at_the_byte_that_asic_readers_look_at) {
  const auto bytes = archive({text("mimetype", "application/x", true), text("a", "b")});
  EXPECT_THAT(bytes, StartsWith(std::string("PK\3\4", 4)));
  EXPECT_EQ(bytes.substr(38, 13), "application/x");
  EXPECT_EQ(bytes[28], 0) << "no extra field";
  EXPECT_EQ(bytes[6] & 8, 0) << "no data descriptor";
}

TEST(zip, sets_archive_comment_and_first_entry_comment) {
  const auto bytes = archive({text("mimetype", "x", true), text("a", "b")}, "mimetype=x");
  EXPECT_EQ(bytes.substr(bytes.size() - 10), "mimetype=x");
  EXPECT_NE(bytes.find("mimetypemimetype=x"), bytes.npos) << "name and comment in the directory";
}

TEST(zip, is_understood_by_the_tools_of_others) {
  if (!test::has_tool("unzip") || !test::has_tool("zipinfo"))
    GTEST_SKIP() << "unzip and zipinfo are not installed";
  const test::temporary_folder folder;
  folder.write("a.zip", archive({text("mimetype", "application/x", true), text("æøå.txt", "hei"),
                                 text("long, of unknown size", std::string(400'000, 'b'))},
                                "mimetype=application/x"));
  const auto checked = test::run("unzip -t " + folder.path("a.zip"));
  EXPECT_EQ(checked.status, 0) << checked.output;
  EXPECT_THAT(checked.output, HasSubstr("No errors detected"));
  const auto listed = test::run("LC_ALL=C.UTF-8 zipinfo -v " + folder.path("a.zip"));
  EXPECT_THAT(listed.output, HasSubstr("æøå.txt"));
}

TEST(zip, writes_large_entries_in_small_steps) {
  std::size_t largest = 0;
  constexpr std::uint64_t size = 20'000'000;
  const auto to = new_spool();
  struct watched final : byte_source {
    watched(std::uint64_t count, std::size_t& largest) : of(count), largest_read(largest) {}
    result<std::size_t> read(std::span<char> out) override {
      largest_read = std::max(largest_read, out.size());
      return of.read(out);
    }
    noise of;
    std::size_t& largest_read;
  };
  const auto written = write(to, {{"noise", false,
                                   [&]() -> result<std::unique_ptr<byte_source>> {
                                     return std::make_unique<watched>(size, largest);
                                   },
                                   size, true}});
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_LE(largest, peek_bytes);
  const auto read = reader::open(to);
  ASSERT_TRUE(read) << read.error().message;
  auto source = (*read)->read(0);
  ASSERT_TRUE(source);
  noise expected(size);
  std::string a(65536, '\0'), b(65536, '\0');
  std::uint64_t total = 0;
  for (;;) {
    const auto got = (*source)->read(a);
    ASSERT_TRUE(got) << got.error().message;
    if (*got == 0) break;
    ASSERT_EQ(*expected.read(std::span(b).first(*got)), *got);
    ASSERT_TRUE(std::string_view(a).substr(0, *got) == std::string_view(b).substr(0, *got));
    total += *got;
  }
  EXPECT_EQ(total, size);
  EXPECT_THAT(bytes_of(to).substr(28, 2), std::string(2, '\0')) << "no zip64 field when not needed";
}

TEST(zip, opens_each_source_once_and_only_when_its_turn_comes) {
  std::vector<std::string> order;
  const auto watched = [&](std::string name) {
    return entry{name, false, [&order, name]() -> result<std::unique_ptr<byte_source>> {
                   struct noted final : byte_source {
                     noted(std::vector<std::string>& to, std::string named)
                         : log(to), name(std::move(named)) {}
                     ~noted() override { log.push_back("close " + name); }
                     result<std::size_t> read(std::span<char>) override { return 0u; }
                     std::vector<std::string>& log;
                     std::string name;
                   };
                   order.push_back("open " + name);
                   return std::make_unique<noted>(order, name);
                 }};
  };
  archive({watched("a"), watched("b")});
  EXPECT_THAT(order, ::testing::ElementsAre("open a", "close a", "open b", "close b"));
}

TEST(zip, passes_on_the_failure_of_a_source_and_of_the_spool) {
  const auto broken =
      write(new_spool(), {text("a", "a"), {"b", false, [] {
                                             return result<std::unique_ptr<byte_source>>(
                                                 std::make_unique<failing>());
                                           }}});
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error().message, HasSubstr("b: the disk is gone"));
  EXPECT_TRUE(broken.error().retryable);

  const auto full = write(new_spool(100'000), {{"noise", false, [] {
                                                  return result<std::unique_ptr<byte_source>>(
                                                      std::make_unique<noise>(900'000));
                                                }}});
  ASSERT_FALSE(full);
  EXPECT_THAT(full.error().message, HasSubstr("more than 100000 bytes"));
}

TEST(zip, refuses_to_write_what_readers_would_stumble_over) {
  for (auto names : std::vector<std::vector<std::string>>{
           {}, {"a", "a"}, {""}, {"\xff\xfe"}, {std::string("a\0b", 3)}}) {
    std::vector<entry> entries;
    for (auto& name : names) entries.push_back(text(name, "x"));
    const auto written = write(new_spool(), std::move(entries));
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, crypto_errc::bad_format);
  }
}

TEST(zip, says_not_a_zip_for_anything_else) {
  const auto good = archive({text("a", std::string(1000, 'a'))});
  for (const auto& bytes : {std::string(), std::string("hello"), std::string(100'000, '\0'),
                            good.substr(0, good.size() - 30)}) {
    const auto read = open(bytes);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, crypto_errc::bad_format);
    EXPECT_THAT(read.error().message, StartsWith("not a zip"));
  }
}

TEST(zip, notices_a_changed_byte_at_the_latest_at_the_end) {
  auto bytes = archive({text("a", "hello hello", true)});
  bytes[31 + 3] = 'x';
  const auto read = open(bytes);
  ASSERT_TRUE(read) << read.error().message;
  const auto content = unpack(**read, "a");
  ASSERT_FALSE(content);
  EXPECT_EQ(content.error().code, crypto_errc::bad_format);
}

TEST(zip, notices_a_directory_that_lies_about_the_size) {
  for (const int change : {-1, 1}) {
    auto bytes = archive({text("a", std::string(1000, 'a'))});
    const auto directory = bytes.find("PK\1\2");
    bytes[directory + 24] = static_cast<char>(bytes[directory + 24] + change);
    const auto read = open(bytes);
    ASSERT_TRUE(read) << read.error().message;
    const auto content = unpack(**read, "a");
    ASSERT_FALSE(content);
    EXPECT_EQ(content.error().code, crypto_errc::bad_format) << content.error().message;
  }
}

TEST(zip, keeps_to_its_bounds) {
  const auto bytes =
      archive({text("a", std::string(1000, 'a')), text("b", std::string(1000, 'b'))});
  const auto many = open(bytes, {.max_entries = 1});
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().code, crypto_errc::too_large);
  const auto total = open(bytes, {.max_total_bytes = 1999});
  ASSERT_FALSE(total);
  EXPECT_EQ(total.error().code, crypto_errc::too_large);
  const auto one = open(bytes, {.max_entry_bytes = 999});
  ASSERT_TRUE(one);
  const auto content = (*one)->read(0);
  ASSERT_FALSE(content);
  EXPECT_EQ(content.error().code, crypto_errc::too_large);
  EXPECT_TRUE(open(bytes, {.max_entries = 2, .max_entry_bytes = 1000, .max_total_bytes = 2000}));
}

TEST(zip, does_not_load_a_directory_made_to_fill_memory) {
  // 60000 entries in the directory, all of one local file.
  const auto one = archive({text("a", "a")});
  const auto directory = one.find("PK\1\2");
  const auto end = one.find("PK\5\6");
  const auto record = one.substr(directory, end - directory);
  std::string bytes = one.substr(0, directory);
  constexpr unsigned count = 60'000;
  for (unsigned i = 0; i < count; ++i) bytes += record;
  std::string tail = one.substr(end);
  const auto put = [&](std::size_t at, std::size_t width, std::uint64_t value) {
    for (std::size_t i = 0; i < width; ++i) tail[at + i] = static_cast<char>(value >> (8 * i));
  };
  put(8, 2, count);
  put(10, 2, count);
  put(12, 4, count * record.size());
  bytes += tail;
  EXPECT_TRUE(open(bytes, {.max_entries = count}));
  const auto read = open(bytes, {.max_entries = 1000});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, crypto_errc::too_large);
}

TEST(zip, finds_the_last_entry_of_a_name_that_is_there_twice) {
  auto bytes = archive({text("a.txt", "first", true), text("b.txt", "second", true)});
  for (auto at = bytes.find("a.txt"); at != bytes.npos; at = bytes.find("a.txt", at))
    bytes[at] = 'b';
  const auto read = open(bytes);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ((*read)->find("b.txt"), 1u);
  EXPECT_EQ(*unpack(**read, "b.txt"), "second");
}

TEST(zip, reads_containers_of_streaming_writers) {
  KP_FIXTURE(bytes, "asic/upstream/ip2-einnsyn-cades.asice");
  const auto read = open(bytes);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ((*read)->items().front().name, "mimetype");
  EXPECT_EQ(*unpack(**read, "mimetype"), "application/vnd.etsi.asic-e+zip");
  const auto json = unpack(**read, "eInnsynJornalfil.json");
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_FALSE(json->empty());
}

TEST(zip, lists_a_container_whose_first_header_is_destroyed) {
  KP_FIXTURE(bytes, "asic/upstream/buggy-first-block.asice");
  const auto read = open(bytes);
  ASSERT_TRUE(read) << read.error().message;
  for (std::size_t i = 0; i < (*read)->items().size(); ++i) {
    if ((*read)->items()[i].name == "mimetype") continue;
    auto source = (*read)->read(i);
    ASSERT_TRUE(source) << source.error().message;
    EXPECT_TRUE(read_all(**source, 1 << 20)) << (*read)->items()[i].name;
  }
}
