#pragma once

#include <string>

namespace kp::load {

// Appends "<name> <value>" to the file, for tools/bench to make its table of; nothing when `file`
// is empty.
void note(const std::string& file, const std::string& name, double value);

}  // namespace kp::load
