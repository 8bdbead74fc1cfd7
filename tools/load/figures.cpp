#include "tools/load/figures.hpp"

#include <fmt/format.h>

#include <fstream>

namespace kp::load {

void note(const std::string& file, const std::string& name, double value) {
  if (file.empty()) return;
  std::ofstream(file, std::ios::app) << fmt::format("{} {:.3f}\n", name, value);
}

}  // namespace kp::load
