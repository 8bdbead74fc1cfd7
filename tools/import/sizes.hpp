#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kp::importer {

// A size of Spring (DataSize): digits, and perhaps B, KB, MB, GB, TB as powers of 1024.
std::optional<std::uint64_t> size_of(std::string_view text);
// As the hub writes it.
std::string as_size(std::uint64_t bytes);

}  // namespace kp::importer
