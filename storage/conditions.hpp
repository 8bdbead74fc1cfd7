#pragma once

#include "storage/engine.hpp"

namespace kp::storage {

// Whether one precondition holds for what is stored at its key (nullopt: nothing). Every engine
// judges with this, so that they agree. Errors: precondition_failed, fenced, and corrupt when the
// lease of a fence cannot be read.
result<void> judge(const batch::condition& wanted, std::optional<std::string_view> stored);

}  // namespace kp::storage
