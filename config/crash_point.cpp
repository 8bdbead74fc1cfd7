#include "config/crash_point.hpp"

#ifdef KP_CRASH_POINTS

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>

namespace kp {

namespace {

struct wanted_point {
  std::string name;
  std::atomic<long> left{1};
};

wanted_point& wanted() {
  static wanted_point one;
  [[maybe_unused]] static const bool read_once = [] {
    const char* text = std::getenv("KP_CRASH_POINT");
    if (text == nullptr) return false;
    one.name = text;
    const auto colon = one.name.find(':');
    if (colon == std::string::npos) return true;
    one.left = std::atol(one.name.c_str() + colon + 1);
    one.name.resize(colon);
    return true;
  }();
  return one;
}

}  // namespace

void crash_point(const char* name) {
  auto& point = wanted();
  if (point.name.empty() || point.name != name) return;
  if (--point.left == 0) ::kill(::getpid(), SIGKILL);
}

}  // namespace kp

#else

namespace kp {

void crash_point(const char*) {}

}  // namespace kp

#endif
