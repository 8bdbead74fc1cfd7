#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kp::storage {

template <std::unsigned_integral T>
void append_big_endian(std::string& to, T value) {
  for (std::size_t shift = sizeof(T) * 8; shift > 0; shift -= 8)
    to.push_back(static_cast<char>(value >> (shift - 8)));
}

template <std::unsigned_integral T>
std::string to_big_endian(T value) {
  std::string bytes;
  append_big_endian(bytes, value);
  return bytes;
}

// nullopt when it is not exactly as many bytes as the number has.
template <std::unsigned_integral T>
std::optional<T> from_big_endian(std::string_view bytes) {
  if (bytes.size() != sizeof(T)) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return static_cast<T>(value);
}

}  // namespace kp::storage
