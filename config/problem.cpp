#include "config/problem.hpp"

#include "config/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>

namespace kp {

std::string to_string(const problem& p) {
  std::string where = p.where.file;
  if (p.where.line > 0) where += fmt::format(":{}", p.where.line);
  if (p.where.line > 0 && p.where.column > 0) where += fmt::format(":{}", p.where.column);
  return mask_person_numbers(fmt::format("{}: {}. {}", where, p.rule, p.remedy));
}

void sort_by_position(std::vector<problem>& problems) {
  // std::stable_sort of libstdc++ 12 uses what clang 19 calls deprecated.
  std::vector<std::size_t> order(problems.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) {
    const auto& at = problems[i].where;
    return std::tuple<const std::string&, int, int, std::size_t>(at.file, at.line, at.column, i);
  });
  std::vector<problem> sorted;
  sorted.reserve(problems.size());
  for (const auto i : order) sorted.push_back(std::move(problems[i]));
  problems = std::move(sorted);
}

}  // namespace kp
