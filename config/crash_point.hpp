#pragma once

namespace kp {

// A named place in the middle of something. When the environment has KP_CRASH_POINT=<name> or
// <name>:<nth>, the process ends there as by a loss of power (SIGKILL) the nth time it comes by;
// tools/torture uses that to die between two steps on purpose. Release builds, which are built
// without tests, do not look at the environment: the function is empty in them.
void crash_point(const char* name);

}  // namespace kp
