#include "tenants/folder_watch.hpp"

#include "tenants/tenants_folder.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace kp::tenants {

namespace {

class descriptor {
 public:
  descriptor() = default;
  explicit descriptor(int number) : number_(number) {}
  descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }
  bool open() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

constexpr std::uint32_t interesting = IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_FROM |
                                      IN_MOVED_TO | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF |
                                      IN_MOVE_SELF | IN_ONLYDIR;

class inotify_watch final : public folder_watch {
 public:
  explicit inotify_watch(std::string folder)
      : folder_(std::move(folder)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    begin();
  }

  folder_events wait(std::chrono::milliseconds longest) override {
    folder_events seen;
    if (!events_.open()) {
      begin();
      seen.everything = events_.open();
      if (seen.everything) return seen;
    }
    std::array<pollfd, 2> ready{
        {{events_.number(), POLLIN, 0}, {wake_.number(), POLLIN, 0}}};  // a negative one is ignored
    if (::poll(ready.data(), ready.size(), static_cast<int>(longest.count())) <= 0) return seen;
    if (ready[1].revents != 0) {
      std::uint64_t count = 0;
      [[maybe_unused]] const auto taken = ::read(wake_.number(), &count, sizeof count);
    }
    if (ready[0].revents != 0) take(seen);
    return seen;
  }

  void wake() override {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.number(), &one, sizeof one);
  }

  std::string problem() const override { return problem_; }

 private:
  void begin() {
    descriptor made(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (made.open() && ::inotify_add_watch(made.number(), folder_.c_str(), interesting) >= 0) {
      events_ = std::move(made);
      problem_.clear();
      return;
    }
    problem_ =
        fmt::format("{} cannot be watched: {}", folder_, std::generic_category().message(errno));
  }

  void take(folder_events& seen) {
    alignas(inotify_event) std::array<char, 16 * 1024> block;
    for (;;) {
      const auto got = ::read(events_.number(), block.data(), block.size());
      if (got <= 0) break;
      for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
        inotify_event event;
        std::memcpy(&event, block.data() + at, sizeof event);
        const char* name = event.len > 0 ? block.data() + at + sizeof event : "";
        at += sizeof event + event.len;
        add(event.mask, name, seen);
      }
    }
    if (lost_) {
      lost_ = false;
      events_ = descriptor();
      begin();
      seen.everything = true;
    }
  }

  void add(std::uint32_t mask, const std::string& name, folder_events& seen) {
    if ((mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)) != 0) lost_ = true;
    if ((mask & IN_Q_OVERFLOW) != 0) seen.everything = true;
    if (name.empty()) return;
    if (!is_tenants_file(name)) {
      // A folder or link that files point through may have been swapped, as in mounted volumes.
      const bool appeared = (mask & (IN_MOVED_TO | IN_CREATE)) != 0;
      if (appeared && name.starts_with("..")) seen.everything = true;
      return;
    }
    const bool writing = (mask & IN_MODIFY) != 0;
    const bool closed = (mask & (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE)) != 0;
    auto& open = seen.names[name];
    if (writing) open = true;
    if (closed) open = false;
  }

  std::string folder_;
  descriptor events_;
  descriptor wake_;
  bool lost_ = false;
  std::string problem_;
};

}  // namespace

std::unique_ptr<folder_watch> watch_folder(std::string folder) {
  return std::make_unique<inotify_watch>(std::move(folder));
}

}  // namespace kp::tenants
