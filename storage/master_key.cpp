#include "storage/master_key.hpp"

#include "config/config_error.hpp"
#include "config/text.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace kp::storage {

namespace {

constexpr std::size_t key_bytes = 32;

error not_readable(const std::string& path, int cause) {
  return permanent(config_errc::not_readable, fmt::format("master key file {}: {}", path,
                                                          std::generic_category().message(cause)));
}

result<void> write_new(const std::string& path, std::string_view text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return not_readable(path, errno);
  const auto written = ::write(file, text.data(), text.size());
  const bool synced = ::fsync(file) == 0;
  const int cause = errno;
  ::close(file);
  if (written != static_cast<ssize_t>(text.size()) || !synced) return not_readable(path, cause);
  const auto folder = std::filesystem::path(path).parent_path();
  const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return not_readable(path, errno);
  const bool kept = ::fsync(directory) == 0;
  ::close(directory);
  if (!kept) return not_readable(path, EIO);
  return {};
}

}  // namespace

result<std::string> load_master_key(const hub_settings& settings, bool store_is_new,
                                    random_source& random) {
  auto from = settings.master_key;
  if (settings.master_key_is_default) {
    const auto path = settings.storage_path + "/master.key";
    if (!std::filesystem::exists(path)) {
      if (!store_is_new)
        return permanent(
            config_errc::not_readable,
            fmt::format("{} is missing, but the store beside it is not new; without the key its "
                        "content cannot be read. Put the key back from your backup, or name where "
                        "it is with storage.master_key",
                        path));
      KP_CHECK(write_new(path, to_hex(random.bytes(key_bytes)) + "\n"));
    }
    from = secret(secret::origin::file, path);
  }
  KP_TRY(auto text, from.read(process_environment()));
  auto key = from_hex(trim(text));
  wipe(text);
  if (!key || key->size() != key_bytes)
    return permanent(
        config_errc::invalid_value,
        fmt::format("the master key ({}) must be 64 hex digits; `openssl rand -hex 32` "
                    "makes one",
                    from.describe()));
  return *std::move(key);
}

}  // namespace kp::storage
