#pragma once

#include <CLI/CLI.hpp>

#include <functional>

namespace kp::ctl {

// Adds `kpctl import`, which works without a hub. What it returns runs the command, once it has
// been parsed, and gives the exit code: 0, 1 with problems, 2 when it was called wrongly.
std::function<int()> add_import(CLI::App& app);

}  // namespace kp::ctl
