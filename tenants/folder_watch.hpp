#pragma once

#include "config/error.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace kp::tenants {

// What happened in a folder.
struct folder_events {
  bool everything = false;  // anything may have changed: look at every file
  // By name in the folder; whether somebody has it open for writing, when that is known.
  std::map<std::string, std::optional<bool>> names;
  bool empty() const { return !everything && names.empty(); }
};

// Watches one folder by inotify. Made and used on one thread, except wake().
class folder_watch {
 public:
  virtual ~folder_watch() = default;

  // Waits until something happens, `longest` has passed, or wake() is called; then gives what has
  // happened since the last call, with names as they stand in the folder. When the folder itself
  // is replaced or cannot be watched any more, it says `everything` and tries to watch it anew.
  virtual folder_events wait(std::chrono::milliseconds longest) = 0;
  // From any thread; also before wait().
  virtual void wake() = 0;
  // Why changes are seen by looking from time to time only; empty: they are seen at once.
  virtual std::string problem() const = 0;
};

std::unique_ptr<folder_watch> watch_folder(std::string folder);

}  // namespace kp::tenants
