#include "tools/endurance/samples.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace kp::endurance {

namespace fs = std::filesystem;

namespace {

// "name:  12345 kB" of a file of /proc; 0 when it is not there.
std::uint64_t field(const fs::path& file, const std::string& name) {
  std::ifstream in(file);
  for (std::string word; in >> word;) {
    std::uint64_t value = 0;
    if (word == name && in >> value) return value;
  }
  return 0;
}

std::uint64_t count_of(const fs::path& folder) {
  std::error_code gone;
  fs::directory_iterator all(folder, gone);
  return gone ? 0 : static_cast<std::uint64_t>(std::distance(begin(all), end(all)));
}

using member = std::uint64_t sample::*;

std::uint64_t median(const std::vector<sample>& all, std::size_t from, std::size_t to,
                     member which) {
  std::vector<std::uint64_t> values;
  for (auto i = from; i < to; ++i) values.push_back(all[i].*which);
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace

sample take_sample(pid_t hub, const fs::path& storage) {
  const fs::path proc = fmt::format("/proc/{}", hub);
  sample s;
  s.resident = field(proc / "status", "VmRSS:") * 1024;
  s.threads = field(proc / "status", "Threads:");
  s.written = field(proc / "io", "wchar:");
  s.descriptors = count_of(proc / "fd");
  const auto blobs = storage / "blobs";
  std::error_code gone;  // files come and go while they are looked at
  for (auto each = fs::recursive_directory_iterator(storage, gone);
       each != fs::recursive_directory_iterator(); each.increment(gone)) {
    if (gone || !each->is_regular_file(gone)) continue;
    if (each->path().string().starts_with(blobs.string())) {
      ++s.attachments;
      continue;
    }
    const auto size = each->file_size(gone);
    if (!gone) s.disk += size;
  }
  return s;
}

std::vector<std::string> judge(const std::vector<sample>& all) {
  if (all.size() < 8) return {fmt::format("{} samples are too few to tell", all.size())};
  const auto quarter = all.size() / 4;
  const auto early = [&](member which) { return median(all, quarter, 2 * quarter, which); };
  const auto late = [&](member which) {
    return median(all, all.size() - quarter, all.size(), which);
  };
  std::vector<std::string> growing;
  const auto hold = [&](const char* what, member which, std::uint64_t allowed, std::uint64_t unit) {
    const auto before = early(which), after = late(which);
    if (after > before + allowed)
      growing.push_back(fmt::format("{}: {} in the second quarter, {} in the last; {} more allowed",
                                    what, before / unit, after / unit, allowed / unit));
  };
  const auto written = late(&sample::written) - early(&sample::written);
  const auto room = write_buffer - std::min(write_buffer, early(&sample::written));
  const auto finished = late(&sample::finished) - early(&sample::finished);
  hold("memory, MiB", &sample::resident, resident_slack + std::min(written * 3 / 2, room), mib);
  hold("descriptors", &sample::descriptors, descriptor_slack, 1);
  hold("threads", &sample::threads, 0, 1);
  hold("disk, MiB", &sample::disk, disk_slack + finished * disk_per_message, mib);
  hold("files of attachments", &sample::attachments, attachment_slack, 1);
  return growing;
}

std::string heading() {
  return fmt::format("{:>7} {:>8} {:>8} {:>7} {:>9} {:>11} {:>9}", "seconds", "memory", "handles",
                     "threads", "disk", "attachments", "messages");
}

std::string to_text(const sample& s) {
  return fmt::format("{:>7} {:>6.1f} M {:>7} {:>7} {:>7.1f} M {:>11} {:>9}", s.at.count() / 1000,
                     static_cast<double>(s.resident) / static_cast<double>(mib), s.descriptors,
                     s.threads, static_cast<double>(s.disk) / static_cast<double>(mib),
                     s.attachments, s.finished);
}

}  // namespace kp::endurance
