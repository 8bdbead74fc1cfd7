#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace kp::endurance {

// What a hub uses, at one moment.
struct sample {
  std::chrono::milliseconds at{};  // since the load began
  std::uint64_t resident = 0;      // bytes of memory
  std::uint64_t descriptors = 0;   // open
  std::uint64_t threads = 0;
  std::uint64_t disk = 0;         // bytes in its storage folder, attachments aside
  std::uint64_t attachments = 0;  // files of attachments
  std::uint64_t written = 0;      // bytes since its start, whatever became of them
  std::uint64_t finished = 0;     // messages whose way has ended, since the load began
};

// Of the process `hub` with this storage folder.
sample take_sample(pid_t hub, const std::filesystem::path& storage);

// The rule. The first quarter of the run is for warming up; the second quarter is held against the
// last one, by their medians:
inline constexpr std::uint64_t mib = 1u << 20;
// memory may grow by this and by what the store's write buffer (64 MiB, half as much again for its
// index) still takes until it is full for the first time;
inline constexpr std::uint64_t resident_slack = 12 * mib;
inline constexpr std::uint64_t write_buffer = 96 * mib;
// descriptors by this, for connections that happen to be open; threads not at all;
inline constexpr std::uint64_t descriptor_slack = 12;
// the disk by this for every message that has ended (what events.keep_hours keeps), and by the log
// that a full write buffer leaves behind;
inline constexpr std::uint64_t disk_per_message = 4096;
inline constexpr std::uint64_t disk_slack = 2 * write_buffer;
// files of attachments by this: what is on its way.
inline constexpr std::uint64_t attachment_slack = 64;

// What is not flat, for people; empty when all is. Needs eight samples.
std::vector<std::string> judge(const std::vector<sample>&);
// One line of a table; the first is the heading.
std::string heading();
std::string to_text(const sample&);

}  // namespace kp::endurance
