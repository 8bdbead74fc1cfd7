#include "tools/import/import.hpp"

#include "config/config_error.hpp"
#include "config/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace kp::importer {

namespace {

namespace fs = std::filesystem;

error failed(std::string_view what, const std::string& path) {
  return permanent(config_errc::not_readable,
                   fmt::format("{} cannot be {}: {}", path, what, std::strerror(errno)));
}

result<void> write_all(int file, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const auto count = ::write(file, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed("written", path);
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fsync(file) != 0) return failed("written", path);
  return {};
}

// Whole or not at all: under a hidden name, which the hub passes over, and then under its own.
result<void> put(const std::string& path, std::string_view content, mode_t mode, bool replace) {
  const fs::path target(path);
  const auto hidden = (target.parent_path() / ("." + target.filename().string() + ".new")).string();
  ::unlink(hidden.c_str());
  const int file = ::open(hidden.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (file < 0) return failed("created", hidden);
  auto done = write_all(file, content, hidden);
  ::close(file);
  if (done) {
    if (replace) {
      if (::rename(hidden.c_str(), path.c_str()) == 0) return {};
      done = failed("written", path);
    } else if (::link(hidden.c_str(), path.c_str()) != 0) {
      done = failed("written", path);
    }
  }
  ::unlink(hidden.c_str());
  return done;
}

bool is_there(const std::string& path) {
  struct stat ignored{};
  return ::lstat(path.c_str(), &ignored) == 0;
}

bool is_same_secret(const secret_file& one) {
  const auto held = read_file(one.path, one.content.size() + 2);
  return held && (*held == one.content || *held == one.content + "\n");
}

class writer {
 public:
  writer(plan& made, const import_request& request) : plan_(made), request_(request) {}

  std::size_t write() {
    std::erase_if(plan_.secrets, [](const secret_file& one) { return is_same_secret(one); });
    if (!request_.force && is_anything_there()) return 0;
    if (!plan_.secrets.empty() && !make_folder(folder_of(plan_.secrets.front().path), 0700))
      return 0;
    for (const auto& one : plan_.secrets)
      if (!say(put(one.path, one.content, 0600, request_.force))) return 0;
    std::size_t written = 0;
    for (const auto& one : plan_.files) {
      if (one.clashes) continue;
      if (!make_folder(folder_of(one.path), 0755)) return written;
      if (say(put(one.path, one.yaml, 0640, request_.force))) ++written;
    }
    return written;
  }

 private:
  bool is_anything_there() {
    bool found = false;
    const auto look = [&](const std::string& path) {
      if (!is_there(path)) return;
      found = true;
      plan_.report.add({kind::problem,
                        {path, 0, 0},
                        "",
                        "",
                        "the file is there already",
                        "Nothing was written. Say --force to overwrite it."});
    };
    for (const auto& one : plan_.secrets) look(one.path);
    for (const auto& one : plan_.files)
      if (!one.clashes) look(one.path);
    return found;
  }

  bool make_folder(const std::string& path, mode_t mode) {
    if (is_there(path) || ::mkdir(path.c_str(), mode) == 0) return true;
    return say(failed("created", path));
  }

  bool say(const result<void>& done) {
    if (done) return true;
    plan_.report.add(
        {kind::problem, {}, "", "", done.error().message, "Check the folder and its permissions."});
    return false;
  }

  plan& plan_;
  const import_request& request_;
};

}  // namespace

std::size_t write_plan(plan& made, const import_request& request) {
  return writer(made, request).write();
}

}  // namespace kp::importer
