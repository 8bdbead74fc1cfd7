#include "storage/blobs.hpp"

#include "config/text.hpp"
#include "storage/blob_format.hpp"
#include "tests/storage/stores.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <fstream>
#include <thread>

using namespace kp;
using namespace kp::storage;
using namespace kp::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t limit = blobs::inline_limit;
constexpr std::size_t chunk = blobs::chunk;

std::string bytes_of(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 12345;
  for (auto& c : bytes) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  return bytes;
}

class blob_store : public ::testing::Test {
 protected:
  void SetUp() override { content = *blobs::open(*store, directory.path(), keys, random); }

  blob_ref put(const std::string& bytes, organisation_id organisation = hamar,
               std::size_t step = SIZE_MAX) {
    auto writer = *content->create(organisation, write);
    for (std::size_t at = 0; at < bytes.size(); at += std::min(step, bytes.size() - at))
      EXPECT_TRUE(writer->write(std::string_view(bytes).substr(at, step)));
    EXPECT_EQ(writer->written(), bytes.size());
    batch b;
    const auto ref = writer->complete(b);
    EXPECT_TRUE(ref);
    EXPECT_TRUE(write(b));
    return *ref;
  }

  // The content, or the text of the error.
  std::string read(const blob_ref& ref, organisation_id organisation = hamar) {
    auto opened = content->open(organisation, ref);
    if (!opened) return outcome(opened);
    sequential_source source(*opened);
    auto all = read_all(source, 64u << 20);
    return all ? *all : outcome(all);
  }

  std::vector<fs::path> files() const {
    std::vector<fs::path> found;
    for (const auto& each : fs::recursive_directory_iterator(directory.path()))
      if (each.is_regular_file()) found.push_back(each.path());
    return found;
  }
  std::string path_of(const blob_ref& ref, organisation_id organisation = hamar) const {
    return blob_path(directory.path(), organisation, ref.id);
  }
  static std::string slurp(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void spill(const std::string& path, const std::string& bytes) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }

  temporary_directory directory;
  std::unique_ptr<engine> store = make_memory_engine();
  std::shared_ptr<random_source> random = make_seeded_random(1);
  data_keys keys{*store, std::string(32, 'm'), random};
  const committer write = [this](const batch& b) { return test::commit(*store, b); };
  std::unique_ptr<blobs> content;
};

}  // namespace

TEST_F(blob_store, gives_back_content_of_every_size) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, limit - 1, limit, limit + 1, chunk - 1, chunk, chunk + 1,
        2 * chunk - 1, 2 * chunk, 2 * chunk + 1, 5 * chunk + 17}) {
    const auto bytes = bytes_of(size);
    const auto ref = put(bytes);
    EXPECT_EQ(ref.size, size);
    EXPECT_EQ(ref.id.size(), 32u);
    std::string digest(32, '\0');
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), size,
           reinterpret_cast<unsigned char*>(digest.data()));
    EXPECT_EQ(ref.sha256, digest) << size;
    EXPECT_TRUE(read(ref) == bytes) << size;
    EXPECT_EQ(fs::exists(path_of(ref)), size > limit) << size;
  }
}

TEST_F(blob_store, writes_the_same_whatever_the_pieces) {
  const auto bytes = bytes_of(2 * chunk + 5000);
  for (const std::size_t step : {std::size_t{1000}, limit, chunk, chunk + 1, 3 * chunk})
    EXPECT_TRUE(read(put(bytes, hamar, step)) == bytes) << step;
}

TEST_F(blob_store, reads_at_any_offset) {
  const auto bytes = bytes_of(3 * chunk + 100);
  const auto source = *content->open(hamar, put(bytes));
  EXPECT_EQ(source->size(), bytes.size());
  for (const std::uint64_t offset :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{chunk - 1}, std::uint64_t{chunk},
        std::uint64_t{2 * chunk - 10}, std::uint64_t{3 * chunk + 99}, std::uint64_t{5}}) {
    std::string out(chunk + 50, '?');
    const auto count = source->read_at(offset, out);
    ASSERT_TRUE(count);
    out.resize(*count);
    EXPECT_TRUE(out == bytes.substr(offset, chunk + 50)) << offset;
  }
  std::string out(10, '?');
  EXPECT_EQ(*source->read_at(bytes.size(), out), 0u);
  EXPECT_EQ(*source->read_at(UINT64_MAX, out), 0u);
}

TEST_F(blob_store, is_read_by_several_threads_at_once) {
  const auto bytes = bytes_of(4 * chunk);
  const auto source = *content->open(hamar, put(bytes));
  std::vector<std::jthread> threads;
  for (std::size_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < 20; ++i) {
        const auto offset = (t * 7 + i * 13) * 1000;
        std::string out(3000, '?');
        const auto count = source->read_at(offset, out);
        ASSERT_TRUE(count);
        EXPECT_TRUE(out.substr(0, *count) == bytes.substr(offset, 3000));
      }
    });
}

TEST_F(blob_store, shows_nothing_before_the_commit) {
  auto writer = *content->create(hamar, write);
  ASSERT_TRUE(writer->write(bytes_of(limit + 1)));
  batch b;
  const auto ref = *writer->complete(b);
  writer.reset();
  EXPECT_EQ(read(ref), "not found");
  ASSERT_TRUE(write(b));
  EXPECT_TRUE(read(ref) == bytes_of(limit + 1));
}

TEST_F(blob_store, leaves_nothing_of_a_writer_that_is_given_up) {
  {
    auto writer = *content->create(hamar, write);
    ASSERT_TRUE(writer->write(bytes_of(3 * chunk)));
    EXPECT_EQ(files().size(), 1u);
  }
  EXPECT_TRUE(files().empty());
}

TEST_F(blob_store, refuses_to_write_on_after_completion) {
  auto writer = *content->create(hamar, write);
  batch b;
  ASSERT_TRUE(writer->complete(b));
  EXPECT_FALSE(writer->write("more"));
  EXPECT_FALSE(writer->complete(b));
}

TEST_F(blob_store, shows_no_plaintext_on_disk_or_in_the_engine) {
  const std::string secret = "fodselsnummer og annet som ingen skal se";
  std::string large;
  while (large.size() < 2 * limit) large += secret;
  EXPECT_EQ(slurp(path_of(put(large))).find("fodselsnummer"), std::string::npos);
  const auto small = put(secret);
  EXPECT_EQ((*store->get(blob_bytes_key(hamar, small.id)))->find("fodselsnummer"),
            std::string::npos);
}

TEST_F(blob_store, notices_every_flipped_bit) {
  const auto ref = put(bytes_of(chunk + 1000));
  const auto good = slurp(path_of(ref));
  ASSERT_EQ(good.size(), blob_header_size + chunk + 1000 + 2 * gcm_tag_size);
  for (const std::size_t at :
       {std::size_t{0}, std::size_t{7}, std::size_t{9}, std::size_t{14}, std::size_t{20},
        blob_header_size, blob_header_size + chunk / 2, blob_header_size + chunk + 3,
        blob_header_size + chunk + gcm_tag_size, good.size() - 1}) {
    auto bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    spill(path_of(ref), bad);
    const auto seen = read(ref);
    EXPECT_TRUE(seen == "corrupt") << at << ": " << seen.substr(0, 20);
  }
  spill(path_of(ref), good);
  EXPECT_TRUE(read(ref) == bytes_of(chunk + 1000));
}

TEST_F(blob_store, reads_the_good_chunks_of_a_damaged_file) {
  const auto bytes = bytes_of(3 * chunk);
  const auto ref = put(bytes);
  auto bad = slurp(path_of(ref));
  bad[blob_header_size + chunk + gcm_tag_size + 5] ^= 1;
  spill(path_of(ref), bad);
  const auto source = *content->open(hamar, ref);
  std::string out(100, '?');
  EXPECT_TRUE(source->read_at(0, out));
  EXPECT_EQ(outcome(source->read_at(chunk, out)), "corrupt");
  EXPECT_EQ(outcome(source->read_at(chunk, out)), "corrupt");
  ASSERT_TRUE(source->read_at(2 * chunk, out));
  EXPECT_TRUE(out == bytes.substr(2 * chunk, 100));
}

TEST_F(blob_store, notices_a_file_that_was_cut_extended_or_emptied) {
  const auto ref = put(bytes_of(2 * chunk));
  const auto good = slurp(path_of(ref));
  for (const auto& bad : {good.substr(0, good.size() - 1), good + "x", std::string(),
                          good.substr(0, blob_header_size + chunk + gcm_tag_size)}) {
    spill(path_of(ref), bad);
    EXPECT_EQ(read(ref), "corrupt") << bad.size();
  }
  fs::remove(path_of(ref));
  EXPECT_EQ(read(ref), "not found");
}

TEST_F(blob_store, notices_a_file_that_is_cut_while_open) {
  const auto ref = put(bytes_of(2 * chunk));
  const auto source = *content->open(hamar, ref);
  fs::resize_file(path_of(ref), blob_header_size + chunk);
  std::string out(10, '?');
  EXPECT_EQ(outcome(source->read_at(chunk, out)), "corrupt");
}

TEST_F(blob_store, notices_chunks_that_have_changed_places) {
  const auto ref = put(bytes_of(3 * chunk));
  auto bad = slurp(path_of(ref));
  constexpr auto sealed = chunk + gcm_tag_size;
  std::swap_ranges(bad.begin() + blob_header_size, bad.begin() + blob_header_size + sealed,
                   bad.begin() + blob_header_size + sealed);
  spill(path_of(ref), bad);
  EXPECT_EQ(read(ref), "corrupt");
}

TEST_F(blob_store, notices_that_a_whole_chunk_was_dropped_with_its_record_adjusted) {
  auto ref = put(bytes_of(3 * chunk));
  const auto good = slurp(path_of(ref));
  spill(path_of(ref), good.substr(0, blob_header_size + 2 * (chunk + gcm_tag_size)));
  ref.size = 2 * chunk;
  batch b;
  b.put(blob_key(hamar, ref.id), encode(blob_record{ref.size, ref.sha256, false}));
  ASSERT_TRUE(write(b));
  EXPECT_EQ(read(ref), "corrupt");  // the second chunk was not written as the last
}

TEST_F(blob_store, notices_content_of_another_blob_or_organisation) {
  const auto mine = put(bytes_of(2 * chunk));
  const auto other = put(bytes_of(2 * chunk));
  const auto theirs = put(bytes_of(2 * chunk), oslo);
  const auto good = slurp(path_of(mine));

  spill(path_of(mine), slurp(path_of(other)));
  EXPECT_EQ(read(mine), "corrupt");

  // With the header of the right one, only the chunks are foreign.
  spill(path_of(mine),
        good.substr(0, blob_header_size) + slurp(path_of(other)).substr(blob_header_size));
  EXPECT_EQ(read(mine), "corrupt");

  // Everything of hamar's blob put where oslo would have it.
  EXPECT_EQ(read(mine, oslo), "not found");
  batch b;
  b.put(blob_key(oslo, mine.id), **store->get(blob_key(hamar, mine.id)));
  ASSERT_TRUE(write(b));
  spill(path_of(mine, oslo), good);
  EXPECT_EQ(read(mine, oslo), "corrupt");
  auto disguised = good;
  disguised.replace(0, blob_header_size, encode(blob_header{oslo, mine.id}));
  spill(path_of(mine, oslo), disguised);
  EXPECT_EQ(read(mine, oslo), "corrupt");
  EXPECT_TRUE(read(theirs, oslo) == bytes_of(2 * chunk));
}

TEST_F(blob_store, notices_small_content_that_was_changed_cut_or_moved) {
  const auto ref = put("small");
  const auto other = put("other");
  const auto key = blob_bytes_key(hamar, ref.id);
  const auto good = **store->get(key);
  auto flipped = good;
  flipped[2] ^= 1;
  for (const auto& bad :
       {flipped, good.substr(1), std::string(), **store->get(blob_bytes_key(hamar, other.id))}) {
    batch b;
    b.put(key, bad);
    ASSERT_TRUE(write(b));
    EXPECT_EQ(read(ref), "corrupt");
  }
}

TEST_F(blob_store, refuses_references_that_are_not_what_was_stored) {
  const auto ref = put("small");
  auto other = ref;
  other.size = 4;
  EXPECT_EQ(read(other), "corrupt");
  other = ref;
  other.sha256[0] ^= 1;
  EXPECT_EQ(read(other), "corrupt");
  for (const auto* id : {"", "../../etc/passwd", "0123456789abcdef0123456789abcdeF",
                         "0123456789abcdef0123456789abcdef"}) {
    other = ref;
    other.id = id;
    EXPECT_EQ(read(other), "not found") << id;
  }
}

TEST_F(blob_store, forgets_what_is_removed_and_released) {
  for (const auto size : {std::size_t{5}, 2 * limit}) {
    const auto ref = put(bytes_of(size));
    batch b;
    content->remove(b, hamar, ref);
    ASSERT_TRUE(write(b));
    EXPECT_EQ(read(ref), "not found");
    content->release(hamar, ref);
    EXPECT_TRUE(files().empty());
    EXPECT_EQ(*store->get(blob_bytes_key(hamar, ref.id)), std::nullopt);
  }
}

TEST_F(blob_store, collects_only_old_files_that_nothing_points_to) {
  const auto kept = put(bytes_of(2 * limit));
  const auto young = put(bytes_of(2 * limit));
  const auto old = put(bytes_of(2 * limit));
  batch b;
  content->remove(b, hamar, young);
  content->remove(b, hamar, old);
  ASSERT_TRUE(write(b));
  const auto unfinished = path_of(kept) + ".tmp";
  spill(unfinished, "x");
  const auto foreign = directory.path() + "/notes.txt";
  spill(foreign, "x");
  const auto long_ago = fs::file_time_type::clock::now() - 48h;
  for (const auto& path : {path_of(kept), path_of(old), unfinished, foreign})
    fs::last_write_time(path, long_ago);
  EXPECT_EQ(*content->collect(24h), 2u);
  EXPECT_TRUE(fs::exists(path_of(kept)));
  EXPECT_TRUE(fs::exists(path_of(young)));
  EXPECT_FALSE(fs::exists(path_of(old)));
  EXPECT_FALSE(fs::exists(unfinished));
  EXPECT_TRUE(fs::exists(foreign));
  EXPECT_EQ(*content->collect(24h), 0u);
}

TEST_F(blob_store, opens_nothing_once_the_data_key_is_destroyed) {
  const auto small = put("small");
  const auto large = put(bytes_of(2 * limit));
  batch b;
  b.erase(key_builder(hamar, record_kind::data_key).str());
  ASSERT_TRUE(write(b));
  keys.forget(hamar);
  EXPECT_EQ(read(small), "not found");
  EXPECT_EQ(read(large), "not found");
  put("a new key is made");
  EXPECT_EQ(read(small), "corrupt");
  EXPECT_EQ(read(large), "corrupt");
}

TEST_F(blob_store, says_so_when_the_disk_refuses) {
  fs::create_directories(directory.path());
  std::ofstream(directory.path() + "/" + hamar.to_string()) << "in the way";
  auto writer = *content->create(hamar, write);
  const auto written = writer->write(bytes_of(2 * chunk));
  EXPECT_EQ(outcome(written), "input/output error");
}

TEST(blob_records, stay_what_they_are) {
  EXPECT_EQ(to_hex(encode(blob_record{300, std::string(32, '\7'), true})),
            "01ac0220070707070707070707070707070707070707070707070707070707070707070701");
  EXPECT_EQ(to_hex(encode(blob_header{organisation_id::from_number(0x01020304),
                                      "0123456789abcdef0123456789abcdef"})),
            "4b4e5042"
            "00000001"
            "01020304"
            "00040000"
            "0123456789abcdef0123456789abcdef");
  auto newer = encode(blob_header{hamar, "0123456789abcdef0123456789abcdef"});
  newer[7] = 2;
  EXPECT_EQ(outcome(decode_blob_header(newer)), "unknown format");
}
