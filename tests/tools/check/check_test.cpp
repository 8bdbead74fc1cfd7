#include "tools/check/check.hpp"

#include "config/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdlib.h>

#include <filesystem>
#include <fstream>

// The examples' certificates are valid from 2024-01-01 to 2123-12-31, in UTC.

namespace kp {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

class check : public testing::Test {
 protected:
  check() {
    auto name = (std::filesystem::temp_directory_path() / "knutepunkt-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
    std::filesystem::copy("config/examples", folder, std::filesystem::copy_options::recursive);
  }
  ~check() override { std::filesystem::remove_all(folder); }

  check_report at(const std::string& moment) const {
    const manual_clock time(*parse_timestamp_with_offset(moment));
    return check_configuration(
        (folder / "hub.yaml").string(),
        [](const std::string&) -> std::optional<std::string> { return std::nullopt; }, time);
  }
  void replace(const std::string& file, const std::string& old_text, const std::string& new_text) {
    std::ifstream in(folder / file, std::ios::binary);
    std::string content(std::istreambuf_iterator<char>(in), {});
    const auto found = content.find(old_text);
    ASSERT_NE(found, std::string::npos) << old_text;
    content.replace(found, old_text.size(), new_text);
    std::ofstream(folder / file, std::ios::binary) << content;
  }
  static std::vector<std::string> lines(const std::vector<problem>& all) {
    std::vector<std::string> each;
    for (const auto& one : all) each.push_back(to_string(one));
    return each;
  }

  std::filesystem::path folder;
};

TEST_F(check, finds_nothing_wrong_while_the_certificates_are_valid) {
  for (const auto* moment : {"2024-01-01T00:00:00Z", "2026-03-02T12:00:00Z"}) {
    const auto report = at(moment);
    EXPECT_THAT(lines(report.problems), testing::IsEmpty()) << moment;
    EXPECT_THAT(lines(report.warnings), testing::IsEmpty()) << moment;
    EXPECT_EQ(report.organisations, 2u);
    EXPECT_EQ(report.channels, 3u);
  }
}

TEST_F(check, names_each_certificate_that_is_not_valid_yet) {
  const auto report = at("2023-12-31T23:59:59Z");
  EXPECT_THAT(
      lines(report.problems),
      testing::ElementsAre(
          AllOf(HasSubstr("910075918.yaml:4:1: key store "),
                HasSubstr("910075918.p12: its certificate is not valid before "
                          "2024-01-01T01:00:00+01:00. Use the one that is valid now; check the "
                          "clock of this machine.")),
          AllOf(HasSubstr("910077473.yaml:5:1: key store "), HasSubstr("is not valid before"))));
  EXPECT_EQ(report.organisations, 2u) << "their files are good";
}

TEST_F(check, names_each_certificate_that_has_expired) {
  const auto report = at("2124-01-01T00:00:00Z");
  ASSERT_EQ(report.problems.size(), 2u);
  EXPECT_THAT(to_string(report.problems.front()),
              HasSubstr("its certificate expired 2124-01-01T00:59:59+01:00. Order a new one; keep "
                        "this key store under `previous_keystores`."));
  EXPECT_THAT(lines(report.warnings), testing::IsEmpty());
}

TEST_F(check, warns_for_thirty_days_before_a_certificate_expires) {
  EXPECT_THAT(lines(at("2123-12-01T23:59:59Z").warnings), testing::IsEmpty());
  const auto report = at("2123-12-22T00:00:00Z");
  EXPECT_THAT(lines(report.problems), testing::IsEmpty());
  ASSERT_EQ(report.warnings.size(), 2u);
  EXPECT_THAT(to_string(report.warnings.front()),
              HasSubstr("its certificate expires in 9 days, 2124-01-01T00:59:59+01:00"));
  EXPECT_THAT(to_string(report), AllOf(HasSubstr("\nwarning: "), HasSubstr(", 2 warnings\n")));
}

TEST_F(check, lets_a_previous_certificate_be_expired_but_not_another_organisations) {
  std::string previous;
  const auto set_previous = [&](const std::string& number) {
    replace("tenants.d/910077473.yaml", previous, "");
    previous = "previous_keystores:\n  - path: ../keystores/" + number +
               ".p12\n    password: {file: ../keystores/" + number + ".password}\n";
    replace("tenants.d/910077473.yaml", "services:\n", previous + "services:\n");
  };
  set_previous("910077473");
  EXPECT_EQ(at("2124-01-01T00:00:00Z").problems.size(), 2u) << "those in use";
  EXPECT_THAT(lines(at("2026-03-02T12:00:00Z").problems), testing::IsEmpty());
  set_previous("910075918");
  EXPECT_THAT(lines(at("2026-03-02T12:00:00Z").problems), testing::Not(testing::IsEmpty()));
}

}  // namespace
}  // namespace kp
