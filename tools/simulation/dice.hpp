#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace kp::simulation {

// Numbers from a seed (splitmix64); unlike the standard distributions the same with every library.
class dice {
 public:
  explicit dice(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    auto z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  bool chance(unsigned percent) { return below(100) < percent; }
  std::chrono::microseconds between(std::chrono::microseconds least,
                                    std::chrono::microseconds most) {
    const auto span = static_cast<std::uint64_t>((most - least).count()) + 1;
    return least + std::chrono::microseconds(static_cast<std::int64_t>(below(span)));
  }
  std::string bytes(std::size_t count) {
    std::string out(count, '\0');
    for (auto& each : out) each = static_cast<char>(next() & 0xff);
    return out;
  }
  std::string hex(std::size_t digits) {
    std::string text;
    while (text.size() < digits) text += "0123456789abcdef"[below(16)];
    return text;
  }

 private:
  std::uint64_t state_;
};

}  // namespace kp::simulation
