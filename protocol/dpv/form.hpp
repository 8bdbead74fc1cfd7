#pragma once

#include "protocol/dpv/letter.hpp"

#include <utility>

namespace kp::dpv {

// The text parts of an upload, name and value: InitializeCorrespondencesExt in dot notation (dpv.md
// 3.1, 3.2). Times carry the offset that Europe/Oslo has at `letter::now`.
std::vector<std::pair<std::string, std::string>> form_fields(const letter&);

}  // namespace kp::dpv
