#include "tools/sandbox/zip_file.hpp"

#include "tools/sandbox/sandbox_error.hpp"

#include <zip.h>

#include <memory>

namespace kp::sandbox {

namespace {

error refused(const char* what) {
  return permanent(sandbox_errc::file, std::string("libzip refused ") + what);
}

}  // namespace

result<std::string> make_zip(const std::vector<std::pair<std::string, std::string>>& entries) {
  zip_error_t problem;
  zip_error_init(&problem);
  zip_source_t* raw = zip_source_buffer_create(nullptr, 0, 0, &problem);
  if (!raw) return refused("a buffer");
  // Ours beside the archive's own reference, so that the bytes outlive zip_close().
  const std::unique_ptr<zip_source_t, decltype(&zip_source_free)> buffer(raw, zip_source_free);
  zip_source_keep(raw);
  std::unique_ptr<zip_t, decltype(&zip_discard)> archive(
      zip_open_from_source(raw, ZIP_TRUNCATE, &problem), zip_discard);
  if (!archive) {
    zip_source_free(raw);
    return refused("a new archive");
  }
  for (const auto& [name, bytes] : entries) {
    zip_source_t* content = zip_source_buffer(archive.get(), bytes.data(), bytes.size(), 0);
    if (!content) return refused("an entry");
    const auto index = zip_file_add(archive.get(), name.c_str(), content, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
      zip_source_free(content);
      return refused("an entry, perhaps because its name is there twice");
    }
    if (name == "mimetype")
      zip_set_file_compression(archive.get(), static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0);
  }
  if (zip_close(archive.get()) != 0) return refused("to write the archive");
  archive.release();
  zip_stat_t facts;
  if (zip_source_open(raw) != 0) return refused("to read the archive");
  std::string out;
  if (zip_source_stat(raw, &facts) == 0) out.resize(facts.size);
  const auto got = zip_source_read(raw, out.data(), out.size());
  zip_source_close(raw);
  if (got < 0 || static_cast<std::size_t>(got) != out.size()) return refused("to read the archive");
  return out;
}

result<std::vector<std::pair<std::string, std::string>>> read_zip(std::string_view bytes,
                                                                  std::size_t max_bytes) {
  zip_error_t problem;
  zip_error_init(&problem);
  zip_source_t* raw = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &problem);
  if (!raw) return refused("a buffer");
  std::unique_ptr<zip_t, decltype(&zip_discard)> archive(
      zip_open_from_source(raw, ZIP_RDONLY, &problem), zip_discard);
  if (!archive) {
    zip_source_free(raw);
    return refused("what is no ZIP");
  }
  std::vector<std::pair<std::string, std::string>> entries;
  std::size_t left = max_bytes;
  for (zip_int64_t i = 0; i < zip_get_num_entries(archive.get(), 0); ++i) {
    zip_stat_t facts;
    const auto index = static_cast<zip_uint64_t>(i);
    if (zip_stat_index(archive.get(), index, 0, &facts) != 0 || facts.size > left)
      return refused("an entry that is too large");
    const std::unique_ptr<zip_file_t, decltype(&zip_fclose)> file(
        zip_fopen_index(archive.get(), index, 0), zip_fclose);
    std::string content(facts.size, '\0');
    if (!file || zip_fread(file.get(), content.data(), content.size()) !=
                     static_cast<zip_int64_t>(content.size()))
      return refused("to read an entry");
    left -= content.size();
    entries.emplace_back(facts.name, std::move(content));
  }
  return entries;
}

}  // namespace kp::sandbox
