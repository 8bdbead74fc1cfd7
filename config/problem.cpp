#include "config/problem.hpp"

#include "config/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace kp {

std::string to_string(const problem& p) {
  std::string where = p.where.file;
  if (p.where.line > 0) where += fmt::format(":{}", p.where.line);
  if (p.where.line > 0 && p.where.column > 0) where += fmt::format(":{}", p.where.column);
  return mask_person_numbers(fmt::format("{}: {}. {}", where, p.rule, p.remedy));
}

void sort_by_position(std::vector<problem>& problems) {
  std::ranges::stable_sort(problems, {}, [](const problem& p) {
    return std::tie(p.where.file, p.where.line, p.where.column);
  });
}

}  // namespace kp
