#include "tools/simulation/marks.hpp"

#include <fmt/format.h>

namespace kp::simulation {

std::string mark_of(std::size_t from, std::size_t to) {
  return fmt::format("{}{}{}", mark_begin, from + 1, to + 1);
}

std::optional<std::string> foreign_mark(std::string_view bytes, std::size_t organisation) {
  const auto own = static_cast<char>('1' + organisation);
  for (auto at = bytes.find(mark_begin); at != std::string_view::npos;
       at = bytes.find(mark_begin, at + 1)) {
    const auto parties = bytes.substr(at + mark_begin.size(), 2);
    if (parties.find(own) == std::string_view::npos)
      return std::string(bytes.substr(at, mark_begin.size() + 2));
  }
  return std::nullopt;
}

std::string marked_uuid(const std::string& mark, dice& d) {
  const auto a = d.hex(8), b = d.hex(4), c = d.hex(3), e = d.hex(3), f = d.hex(2);
  return fmt::format("{}-{}-4{}-8{}-{}{}", a, b, c, e, mark, f);
}

}  // namespace kp::simulation
