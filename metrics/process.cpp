#include "metrics/hub_meters.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace kp::metrics {

namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// The fields of /proc/self/stat after the name, which may hold spaces (proc(5)).
struct process_status {
  double threads = 0;
  double started_ticks = 0;  // since boot
  double resident_pages = 0;
};

process_status read_status() {
  std::ifstream in("/proc/self/stat");
  std::string line;
  std::getline(in, line);
  process_status status;
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos) return status;
  std::size_t at = name_end + 2;
  for (int field = 3; at < line.size(); ++field) {
    const auto end = std::min(line.find(' ', at), line.size());
    const auto text = line.substr(at, end - at);
    if (field == 20) status.threads = std::strtod(text.c_str(), nullptr);
    if (field == 22) status.started_ticks = std::strtod(text.c_str(), nullptr);
    if (field == 24) status.resident_pages = std::strtod(text.c_str(), nullptr);
    at = end + 1;
  }
  return status;
}

double count_open_files() {
  std::error_code failed;
  double count = -1;  // the listing's own
  for (auto at = std::filesystem::directory_iterator("/proc/self/fd", failed);
       !failed && at != std::filesystem::directory_iterator(); at.increment(failed))
    ++count;
  return std::max(count, 0.0);
}

double seconds_since_boot() {
  std::ifstream in("/proc/uptime");
  double seconds = 0;
  in >> seconds;
  return seconds;
}

}  // namespace

void read_process(const hub_meters& meters) {
  const auto status = read_status();
  meters.threads.set(status.threads);
  meters.resident_bytes.set(status.resident_pages * static_cast<double>(::sysconf(_SC_PAGESIZE)));
  meters.open_files.set(count_open_files());
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0)
    meters.max_files.set(static_cast<double>(files.rlim_cur));
  rusage used{};
  if (::getrusage(RUSAGE_SELF, &used) == 0)
    meters.cpu_seconds.add(std::max(
        0.0, seconds(used.ru_utime) + seconds(used.ru_stime) - meters.cpu_seconds.value()));
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  const auto age =
      seconds_since_boot() - status.started_ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
  meters.start_time.set(now.count() - age);
}

}  // namespace kp::metrics
