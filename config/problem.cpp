#include "config/problem.hpp"

#include "config/log.hpp"

#include <fmt/format.h>

namespace kp {

std::string to_string(const problem& p) {
  std::string where = p.where.file;
  if (p.where.line > 0) where += fmt::format(":{}", p.where.line);
  if (p.where.line > 0 && p.where.column > 0) where += fmt::format(":{}", p.where.column);
  return mask_person_numbers(fmt::format("{}: {}. {}", where, p.rule, p.remedy));
}

}  // namespace kp
