#pragma once

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

namespace kp::test {

// Where test data from the real services is: KNUTEPUNKT_FIXTURES, default ../shared/fixtures.
inline std::string fixtures_folder() {
  const char* set = std::getenv("KNUTEPUNKT_FIXTURES");  // NOLINT(concurrency-mt-unsafe): tests set nothing
  return set ? set : "../shared/fixtures";
}

// The content of one file below it, or nullopt where it is absent: then GTEST_SKIP().
inline std::optional<std::string> fixture(const std::string& path) {
  std::ifstream in(fixtures_folder() + "/" + path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace kp::test

// Binds `name` to a fixture's content, or skips the test and says so.
#define KP_FIXTURE(name, path)                                                              \
  const auto name##_or_absent = ::kp::test::fixture(path);                                  \
  if (!name##_or_absent)                                                                    \
    GTEST_SKIP() << (path) << " is not in " << ::kp::test::fixtures_folder()                \
                 << "; set KNUTEPUNKT_FIXTURES";                                            \
  const std::string& name = *name##_or_absent
