#include "protocol/dpf/contents.hpp"

#include "config/text.hpp"
#include "protocol/crypto/crypto_error.hpp"
#include "protocol/crypto/digest.hpp"
#include "protocol/zip/zip.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace kp::dpf {

namespace {

// What an archive may unpack to; SvarInn itself sets no limit.
constexpr zip::limits bounds{
    .max_entries = 10'000, .max_entry_bytes = 4ull << 30, .max_total_bytes = 8ull << 30};
constexpr std::string_view unknown_type = "application/octet-stream";
// What the hub puts into the message itself.
constexpr std::array<std::string_view, 3> taken_names{"arkivmelding.xml", "manifest.xml",
                                                      "mimetype"};

// The last step of a path, without what no file system or container takes.
std::string plain_name(std::string_view name) {
  const auto slash = name.find_last_of("/\\");
  if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
  std::string out;
  for (const char c : name)
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) out += c;
  out = std::string(trim(out));
  if (out.empty() || out == "." || out == ".." || !is_utf8(out)) return "dokument";
  return out;
}

// Gives each name once, whatever the case.
class namer {
 public:
  namer() { used_.insert(taken_names.begin(), taken_names.end()); }
  std::string name(std::string_view wanted) {
    const auto plain = plain_name(wanted);
    auto made = plain;
    for (int count = 2; !used_.insert(to_lower(made)).second; ++count) {
      const auto dot = plain.rfind('.');
      const auto stem = dot == std::string::npos || dot == 0 ? plain : plain.substr(0, dot);
      made = fmt::format("{}-{}{}", stem, count, plain.substr(stem.size()));
    }
    return made;
  }

 private:
  std::set<std::string> used_;
};

result<bool> is_zip(const random_access_source& content) {
  std::array<char, 4> head{};
  KP_TRY(const auto count, content.read_at(0, head));
  const std::string_view magic(head.data(), count);
  // An archive without entries is its end record alone.
  return magic == std::string_view("PK\3\4", 4) || magic == std::string_view("PK\5\6", 4);
}

void check_size(const listed_file& said, std::uint64_t size, received_files& out) {
  if (said.size && *said.size != size)
    out.warnings.push_back(
        fmt::format("a file has {} bytes where SvarInn said {}", size, *said.size));
}

result<received_files> lone_file(const received& from,
                                 std::shared_ptr<const random_access_source> content) {
  if (from.files.size() != 1)
    return permanent(crypto::crypto_errc::bad_format,
                     "the content is no zip, and SvarInn lists more or fewer than one file");
  const auto& said = from.files.front();
  received_files out;
  check_size(said, content->size(), out);
  const auto name = namer().name(said.filename);
  out.references.push_back(name);
  out.files.push_back({name, said.mime_type, content->size(), said.sha256,
                       [content]() -> result<std::unique_ptr<byte_source>> {
                         return std::make_unique<sequential_source>(content);
                       }});
  return out;
}

class hash_watch final : public byte_source {
 public:
  hash_watch(std::unique_ptr<byte_source> from, std::string expected, std::function<void()> differs)
      : from_(std::move(from)),
        expected_(std::move(expected)),
        differs_(std::move(differs)),
        running_(crypto::digest_algorithm::sha256) {}

  result<std::size_t> read(std::span<char> out) override {
    KP_TRY(const auto count, from_->read(out));
    if (count > 0) {
      running_.update(std::string_view(out.data(), count));
    } else if (!ended_) {
      ended_ = true;
      if (!equals_ignoring_case(to_hex(running_.finish()), expected_)) differs_();
    }
    return count;
  }

 private:
  std::unique_ptr<byte_source> from_;
  std::string expected_;
  std::function<void()> differs_;
  crypto::digest running_;
  bool ended_ = false;
};

}  // namespace

result<received_files> open_contents(const received& from,
                                     std::shared_ptr<const random_access_source> plain) {
  KP_TRY(const auto zipped, is_zip(*plain));
  if (!zipped) return lone_file(from, std::move(plain));
  KP_TRY(auto opened, zip::reader::open(std::move(plain), bounds));
  const std::shared_ptr<zip::reader> archive = std::move(opened);
  received_files out;
  namer names;
  std::map<std::string, std::string> given;  // by the name in the archive
  for (std::size_t i = 0; i < archive->items().size(); ++i) {
    const auto& item = archive->items()[i];
    if (item.name.ends_with('/')) continue;  // a directory
    const auto said = std::ranges::find(from.files, item.name, &listed_file::filename);
    const bool listed = said != from.files.end();
    if (listed) check_size(*said, item.size, out);
    auto name = names.name(item.name);
    given.emplace(item.name, name);
    auto open = [archive, i]() { return archive->read(i); };
    out.files.push_back({std::move(name), listed ? said->mime_type : std::string(unknown_type),
                         item.size, listed ? said->sha256 : std::string(), std::move(open)});
  }
  for (const auto& said : from.files) {
    const auto found = given.find(said.filename);
    out.references.push_back(found == given.end() ? names.name(said.filename) : found->second);
  }
  return out;
}

std::unique_ptr<byte_source> watch_hash(std::unique_ptr<byte_source> from, std::string sha256,
                                        std::function<void()> differs) {
  if (sha256.empty()) return from;
  return std::make_unique<hash_watch>(std::move(from), std::move(sha256), std::move(differs));
}

}  // namespace kp::dpf
