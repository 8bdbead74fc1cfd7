#include "config/secret.hpp"

#include "config/config_error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace kp;
using testing::HasSubstr;

namespace {

environment with(std::string name, std::string value) {
  return [=](const std::string& asked) -> std::optional<std::string> {
    if (asked == name) return value;
    return std::nullopt;
  };
}

}  // namespace

TEST(secret, reads_an_environment_variable_each_time_it_is_asked) {
  const secret s(secret::origin::variable, "KP_PASSWORD");
  EXPECT_EQ(s.read(with("KP_PASSWORD", "one")).value(), "one");
  EXPECT_EQ(s.read(with("KP_PASSWORD", "two\n")).value(), "two");
  EXPECT_EQ(s.describe(), "environment variable KP_PASSWORD");
  EXPECT_FALSE(s.in_the_clear());
}

TEST(secret, names_the_variable_that_is_not_set) {
  const auto got = secret(secret::origin::variable, "KP_PASSWORD").read(with("OTHER", "x"));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, config_errc::not_readable);
  EXPECT_THAT(got.error().message, HasSubstr("KP_PASSWORD"));
}

TEST(secret, reads_a_file_without_its_last_line_break_only) {
  const auto path =
      std::filesystem::temp_directory_path() / ("knutepunkt-secret-" + std::to_string(::getpid()));
  std::ofstream(path, std::ios::binary) << " pass word \n\r\n";
  const secret s(secret::origin::file, path.string());
  EXPECT_EQ(s.read({}).value(), " pass word \n");
  std::filesystem::remove(path);
  const auto gone = s.read({});
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, config_errc::not_readable);
  EXPECT_THAT(gone.error().message, HasSubstr(path.string()));
}

TEST(secret, refuses_a_folder_and_an_endless_file) {
  EXPECT_THAT(secret(secret::origin::file, "/tmp").read({}).error().message, HasSubstr("folder"));
  EXPECT_THAT(secret(secret::origin::file, "/dev/zero").read({}).error().message,
              HasSubstr("larger"));
}

TEST(secret, never_describes_its_value) {
  const secret s(secret::origin::clear, "hunter2");
  EXPECT_EQ(s.read({}).value(), "hunter2");
  EXPECT_EQ(s.describe(), "set in the clear");
  EXPECT_TRUE(s.in_the_clear());
}
