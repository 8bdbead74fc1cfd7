#include "storage/backup_contents.hpp"

#include "config/files.hpp"
#include "storage/big_endian.hpp"
#include "storage/keys.hpp"
#include "storage/posix_file.hpp"
#include "storage/storage_error.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

namespace kp::storage {

namespace json = boost::json;

namespace {

constexpr std::size_t contents_at_once = 1000, most_of_manifest = 64u << 10;
constexpr std::string_view manifest_name = "manifest.json";

std::string manifest_path(const std::string& folder) {
  return (std::filesystem::path(folder) / manifest_name).string();
}

error unreadable(const std::string& path) {
  return permanent(storage_errc::corrupt, path + ": this is no manifest of a backup");
}

}  // namespace

result<backup_manifest> read_manifest(const std::string& folder) {
  const auto path = manifest_path(folder);
  std::error_code failed;
  if (!std::filesystem::exists(path, failed))
    return permanent(storage_errc::not_found,
                     fmt::format("{} is no finished backup: it has no {}", folder, manifest_name));
  KP_TRY(const auto text, read_file(path, most_of_manifest));
  boost::system::error_code bad;
  const auto value = json::parse(text, bad);
  const auto* said = bad ? nullptr : value.if_object();
  if (!said) return unreadable(path);
  const auto number = [&](const char* name) -> std::optional<std::uint64_t> {
    const auto* found = said->if_contains(name);
    boost::system::error_code odd;
    const auto taken = found ? found->to_number<std::uint64_t>(odd) : 0;
    if (!found || odd) return std::nullopt;
    return taken;
  };
  const auto format = number("format");
  if (!format) return unreadable(path);
  if (*format > backup_format)
    return permanent(
        storage_errc::unknown_format,
        fmt::format("{}: the backup has format {}, and this program knows formats up to {}. It has "
                    "been made by a newer Knutepunkt; use that one",
                    path, *format, backup_format));
  const auto files = number("files"), bytes = number("fileBytes");
  const auto* program = said->if_contains("program");
  const auto* made = said->if_contains("made");
  const auto at = made && made->is_string()
                      ? parse_timestamp_with_offset(std::string_view(made->get_string()))
                      : std::nullopt;
  if (!files || !bytes || !program || !program->is_string() || !at) return unreadable(path);
  return backup_manifest{*format, std::string(program->get_string()), *at, *files, *bytes};
}

result<void> write_manifest(const std::string& folder, const backup_manifest& m) {
  const json::object said{{"format", m.format},
                          {"program", m.program},
                          {"made", format_timestamp(m.made)},
                          {"files", m.files},
                          {"fileBytes", m.file_bytes}};
  const auto path = manifest_path(folder), unfinished = path + ".tmp";
  const auto text = json::serialize(said) + "\n";
  {
    KP_TRY(const auto file, open_file(unfinished, O_WRONLY | O_CREAT | O_TRUNC));
    KP_CHECK(write_fully(file, 0, text, unfinished));
    KP_CHECK(sync_data(file, unfinished));
  }
  if (std::rename(unfinished.c_str(), path.c_str()) != 0) return file_failure("renaming", path);
  return sync_directory(folder);
}

result<std::vector<organisation_id>> organisations_in(const engine& store) {
  std::vector<organisation_id> all;
  for (auto begin = organisation_begin(hub_itself);;) {
    std::optional<organisation_id> next;
    KP_CHECK(store.scan(begin, end_of_keys, scan_order::ascending, [&](auto key, auto) {
      if (const auto number = from_big_endian<std::uint32_t>(key.substr(0, 4)))
        next = organisation_id::from_number(*number);
      return false;
    }));
    if (!next) return all;
    all.push_back(*next);
    begin = organisation_end(*next);
  }
}

result<std::vector<kept_content>> contents_after(const engine& store, organisation_id whose,
                                                 const std::string& id) {
  std::vector<kept_content> all;
  result<void> understood;
  const auto kind = blob_key(whose, {});
  // The smallest key after that of `id`.
  const auto begin = id.empty() ? kind : blob_key(whose, id) + '\0';
  KP_CHECK(store.scan(begin, prefix_end(kind), scan_order::ascending, [&](auto key, auto value) {
    const auto record = decode_blob_record(value);
    if (!record) {
      understood = record.error();
      return false;
    }
    all.push_back({std::string(key.substr(kind.size())), *record});
    return all.size() < contents_at_once;
  }));
  if (!understood) return understood.error();
  return all;
}

error io_failure(const std::filesystem::path& path, const std::error_code& why) {
  return permanent(storage_errc::io, fmt::format("{}: {}", path.string(), why.message()));
}

result<void> copy_file(const std::string& from, const std::string& to) {
  std::error_code code;
  if (!std::filesystem::copy_file(from, to, code)) return io_failure(to, code);
  KP_TRY(const auto copy, open_file(to, O_RDONLY));
  return sync_data(copy, to);
}

}  // namespace kp::storage
