#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdlib.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

// The commands of the program `knutepunkt` as a person types them, `run` apart.

namespace {

using testing::EndsWith;
using testing::HasSubstr;

struct outcome {
  int code = -1;
  std::string output;  // standard output and standard error
};

class knutepunkt_command : public testing::Test {
 protected:
  void SetUp() override {
    program_ = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "knutepunkt";
    if (!std::filesystem::exists(program_)) GTEST_SKIP() << program_ << " has not been built";
    auto name = (std::filesystem::temp_directory_path() / "knutepunkt-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    std::filesystem::copy("config/examples", folder_, std::filesystem::copy_options::recursive);
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  outcome call(const std::string& arguments, const std::string& before = "") const {
    outcome got;
    const auto line = before + program_.string() + " " + arguments + " 2>&1";
    std::FILE* pipe = ::popen(line.c_str(), "r");
    if (!pipe) return got;
    std::array<char, 4096> block{};
    while (const auto read = std::fread(block.data(), 1, block.size(), pipe))
      got.output.append(block.data(), read);
    const int status = ::pclose(pipe);
    got.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return got;
  }

  outcome check() const { return call("check --config " + (folder_ / "hub.yaml").string()); }

  void replace(const std::string& file, const std::string& old_text, const std::string& new_text) {
    std::ifstream in(folder_ / file, std::ios::binary);
    std::string content(std::istreambuf_iterator<char>(in), {});
    const auto at = content.find(old_text);
    ASSERT_NE(at, std::string::npos) << old_text;
    content.replace(at, old_text.size(), new_text);
    std::ofstream(folder_ / file, std::ios::binary) << content;
  }

  std::filesystem::path program_;
  std::filesystem::path folder_;
};

}  // namespace

TEST_F(knutepunkt_command, check_finds_nothing_wrong_with_the_examples) {
  const auto got = call("check --config config/examples/hub.yaml");
  EXPECT_EQ(got.output, "2 organisations, 3 channels, 0 problems\n");
  EXPECT_EQ(got.code, 0);
}

TEST_F(knutepunkt_command, check_finds_what_is_wrong_in_all_files_at_once) {
  replace("hub.yaml", "port: 9093", "prot: 9093");
  replace("tenants.d/910077473.yaml", "enabled: true", "enabled: maybe");
  replace("keystores/910075918.password", "example", "exampel");
  const auto got = check();
  EXPECT_EQ(got.code, 1);
  EXPECT_THAT(got.output, HasSubstr("hub.yaml:6:3: listener has no key \"prot\". Did you mean"));
  EXPECT_THAT(got.output, HasSubstr("910077473.yaml:12:14: services.dpo.enabled cannot be"));
  EXPECT_THAT(got.output, HasSubstr("910075918.yaml:4:1: key store "));
  EXPECT_THAT(got.output, EndsWith("1 organisations, 1 channels, 3 problems\n"));
}

TEST_F(knutepunkt_command, check_compares_key_store_and_organisation) {
  replace("tenants.d/910075918.yaml", "path: ../keystores/910075918.p12",
          "path: ../keystores/910077473.p12");
  replace("tenants.d/910075918.yaml", "  alias: \"910075918\"\n", "");
  const auto got = check();
  EXPECT_EQ(got.code, 1);
  EXPECT_THAT(got.output, HasSubstr("910075918.yaml:4:1: key store "));
  EXPECT_THAT(got.output,
              HasSubstr("belongs to organisation 910077473, not to 910075918. Give the"));
}

TEST_F(knutepunkt_command, check_misses_a_key_store_an_alias_and_a_file) {
  replace("tenants.d/910077473.yaml", "910077473.p12", "gone.p12");
  replace("tenants.d/910075918.yaml", "alias: \"910075918\"", "alias: other");
  const auto got = check();
  EXPECT_EQ(got.code, 1);
  EXPECT_THAT(got.output, HasSubstr("gone.p12 cannot be read"));
  EXPECT_THAT(got.output, EndsWith("2 organisations, 3 channels, 2 problems\n"));
  const auto no_hub = call("check --config /nowhere/hub.yaml");
  EXPECT_EQ(no_hub.code, 1);
  EXPECT_THAT(no_hub.output, HasSubstr("/nowhere/hub.yaml cannot be read"));
}

TEST_F(knutepunkt_command, run_does_not_start_with_a_broken_hub_file) {
  replace("hub.yaml", "environment: sandbox", "environment: sandbx");
  const auto got = call("run --config " + (folder_ / "hub.yaml").string());
  EXPECT_EQ(got.code, 1);
  EXPECT_THAT(got.output, HasSubstr("Did you mean \"sandbox\"?"));
  EXPECT_THAT(got.output, HasSubstr("not started"));
}

TEST_F(knutepunkt_command, credential_prints_lines_that_check_accepts) {
  const auto made =
      call("credential --user \"o'brien æ\" --password-stdin", "printf 'nytt passord\\n' | ");
  ASSERT_EQ(made.code, 0) << made.output;
  std::ofstream(folder_ / "tenants.d/910075918.yaml", std::ios::app) << made.output;
  EXPECT_EQ(check().output, "2 organisations, 3 channels, 0 problems\n");
  EXPECT_EQ(made.output.find("passord"), std::string::npos);
}

TEST_F(knutepunkt_command, credential_refuses_what_could_not_be_used) {
  EXPECT_EQ(call("credential --user a:b --password-stdin", "echo x | ").code, 1);
  EXPECT_EQ(call("credential --user a --password-stdin", "echo | ").code, 1);
  EXPECT_EQ(call("credential --user a --password-stdin </dev/null").code, 1);
  const auto no_terminal = call("credential --user a </dev/null");
  EXPECT_EQ(no_terminal.code, 1);
  EXPECT_THAT(no_terminal.output, HasSubstr("--password-stdin"));
}

TEST_F(knutepunkt_command, settings_prints_the_reference_page) {
  std::ifstream in("docs/settings.md", std::ios::binary);
  EXPECT_EQ(call("settings").output, std::string(std::istreambuf_iterator<char>(in), {}));
}

TEST_F(knutepunkt_command, tells_its_version_and_how_it_is_used) {
  EXPECT_THAT(call("--version").output, testing::MatchesRegex("knutepunkt [0-9]+\\.[0-9]+.*\n"));
  EXPECT_EQ(call("--version").code, 0);
  EXPECT_EQ(call("").code, 2);
  EXPECT_EQ(call("run").code, 2);
  EXPECT_EQ(call("chekc --config x").code, 2);
}
