#include "tests/support/tools.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

// `kpctl import` as a person types it.

namespace {

using namespace kp::test;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class import_command : public testing::Test {
 protected:
  import_command()
      : folder_(std::filesystem::temp_directory_path() / fmt::format("kp-import-{}", getpid())) {
    std::filesystem::create_directories(folder_ / "arkiv");
    std::filesystem::copy_file("config/examples/keystores/910077473.p12", folder_ / "org.p12");
    write("arkiv/integrasjonspunkt-local.properties",
          "difi.move.org.number=910077473\ndifi.move.org.keystore.path=../org.p12\n"
          "difi.move.org.keystore.password=example\ndifi.move.feature.enableDPO=true\n"
          "difi.move.feature.enableDPE=false\n"
          "difi.security.user.name=arkiv\ndifi.security.user.password=hemmelig\n");
  }
  ~import_command() override { std::filesystem::remove_all(folder_); }

  void SetUp() override {
    if (!std::filesystem::exists(program("kpctl"))) FAIL() << "kpctl has not been built";
  }
  static std::filesystem::path program(const char* name) {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path() / name;
  }
  void write(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }
  // The exit code and what was printed.
  tool_result import(const std::string& arguments) const {
    auto got = run(fmt::format("cd {} && {} import {}", folder_.string(), program("kpctl").string(),
                               arguments));
    got.status = WEXITSTATUS(got.status);
    return got;
  }

  std::filesystem::path folder_;
};

constexpr auto file = "arkiv/integrasjonspunkt-local.properties";

}  // namespace

TEST_F(import_command, writes_files_that_pass_the_check) {
  const auto got = import(fmt::format("--write-secrets secrets {}", file));
  EXPECT_EQ(got.status, 0) << got.output;
  EXPECT_THAT(got.output, AllOf(HasSubstr("tenants.d/910077473.yaml"), HasSubstr("0 problems"),
                                Not(HasSubstr("hemmelig"))));
  if (!std::filesystem::exists(program("knutepunkt"))) return;
  write("hub.yaml", "environment: sandbox\nstorage: {path: data}\n");
  const auto check = run(fmt::format("{} check --config {}/hub.yaml",
                                     program("knutepunkt").string(), folder_.string()));
  EXPECT_THAT(check.output, HasSubstr("1 organisations, 1 channels, 0 problems"));
}

TEST_F(import_command, prints_and_writes_nothing_in_a_dry_run) {
  const auto got = import(fmt::format("--dry-run --channel sak={}", file));
  EXPECT_EQ(got.status, 0) << got.output;
  EXPECT_THAT(got.output, AllOf(HasSubstr("number: 910077473"), HasSubstr("name: sak"),
                                HasSubstr("mode 0600"), Not(HasSubstr("hemmelig"))));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "tenants.d"));
}

TEST_F(import_command, ends_with_1_when_something_is_lost_until_it_is_dropped) {
  write("more.properties", "difi.move.mail.smtpHost=smtp.example\n");
  const auto both = fmt::format("--dry-run --channel a={} --channel a=more.properties", file);
  EXPECT_EQ(import(both).status, 1);
  EXPECT_EQ(import(both + " --drop 'difi.move.mail.*'").status, 0);
  EXPECT_EQ(import(fmt::format("--dry-run --drop difi.move.mail.smtpHost {}", file)).status, 0);
}

TEST_F(import_command, ends_with_2_when_it_is_called_wrongly) {
  EXPECT_EQ(import("").status, 2);
  EXPECT_EQ(import("--channel arkiv").status, 2);
  EXPECT_THAT(import(fmt::format("--receives DPX=a {}", file)).output,
              HasSubstr("write --receives SERVICE=CHANNEL"));
  EXPECT_EQ(import(fmt::format("--environment dev {}", file)).status, 2);
}
