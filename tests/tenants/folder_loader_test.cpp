#include "tenants/loader.hpp"
#include "tests/tenants/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <chrono>

using namespace kp;
using namespace kp::tenants;
using testing::HasSubstr;

namespace {

std::string yaml(const std::string& number, const std::string& user, int channels = 1) {
  auto text = fmt::format(
      "number: {}\nkeystore: {{path: o.p12, password: {{env: KP_PASSWORD}}}}\n"
      "services: {{dpo: {{enabled: true}}}}\nchannels:\n",
      number);
  for (int i = 0; i < channels; ++i)
    text += fmt::format(
        "  - name: kanal-{0}\n    sends: [DPO]\n    {1}\n    credentials:\n      - user: {2}{0}\n"
        "        password_hash: $scrypt$ln=14,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
        i, i == 0 ? "receives: [DPO]" : fmt::format("message_channel: kanal-{}", i), user);
  return text;
}

// Numbers with a right check digit, from 800000000 up.
std::vector<std::string> numbers(std::size_t count) {
  std::vector<std::string> all;
  for (int i = 800'000'000; all.size() < count; ++i)
    if (organisation_id::parse(std::to_string(i))) all.push_back(std::to_string(i));
  return all;
}

class tenants_folder : public test::temporary_folder {
 protected:
  loaded load() {
    return load_folder(folder_.string(),
                       [](const std::string&) { return std::optional<std::string>("x"); });
  }
};

}  // namespace

TEST_F(tenants_folder, gives_organisations_by_number_whatever_their_files_are_called) {
  write("a.yaml", yaml("910077473", "a"));
  write("b.yml", yaml("910076787", "b"));
  const auto got = load();
  EXPECT_EQ(lines(got.problems), "");
  ASSERT_EQ(got.organisations.size(), 2U);
  EXPECT_EQ(got.organisations[0]->id.to_string(), "910076787");
  EXPECT_EQ(got.organisations[1]->id.to_string(), "910077473");
}

TEST_F(tenants_folder, passes_over_what_is_no_tenant) {
  write("a.yaml", yaml("910077473", "a"));
  for (const auto* name : {".hidden.yaml", ".a.yaml.swp", "a.yaml~", "#a.yaml#", "a.yaml.bak",
                           "README.md", "a.yaml.orig"})
    write(name, "no yaml: [");
  std::filesystem::create_directory(below("folder.yaml"));
  std::filesystem::create_directory(below("deeper"));
  write("deeper/b.yaml", yaml("910076787", "b"));
  const auto got = load();
  EXPECT_EQ(lines(got.problems), "");
  EXPECT_EQ(got.organisations.size(), 1U);
}

TEST_F(tenants_folder, one_broken_file_does_not_keep_the_others_out) {
  write("a.yaml", yaml("910077473", "a"));
  write("b.yaml", "number: 1\n");
  std::filesystem::create_symlink(below("gone"), below("c.yaml"));
  const auto got = load();
  ASSERT_EQ(got.organisations.size(), 1U);
  EXPECT_THAT(lines(got.problems), HasSubstr("b.yaml:1:1: \"1\" is not an organisation number"));
  EXPECT_THAT(lines(got.problems), HasSubstr("c.yaml: c.yaml cannot be read"));
}

TEST_F(tenants_folder, an_organisation_in_two_files_is_a_problem_of_the_second) {
  write("a.yaml", yaml("910077473", "a"));
  write("b.yaml", yaml("910077473", "b"));
  const auto got = load();
  EXPECT_EQ(lines(got.problems),
            "b.yaml: organisation 910077473 has a file already, a.yaml. Keep one of the two "
            "files.\n");
  ASSERT_EQ(got.organisations.size(), 1U);
  EXPECT_EQ(got.organisations[0]->file, below("a.yaml"));
}

TEST_F(tenants_folder, one_user_in_two_organisations_is_a_problem_of_the_second) {
  write("a.yaml", yaml("910077473", "sak"));
  write("b.yaml", yaml("910076787", "sak"));
  const auto got = load();
  EXPECT_THAT(lines(got.problems), HasSubstr("b.yaml:9:9: the user \"sak0\" is also in a.yaml:9"));
  EXPECT_EQ(got.problems.size(), 1U);
  ASSERT_EQ(got.organisations.size(), 1U);
  EXPECT_EQ(got.organisations[0]->id.to_string(), "910077473");
}

TEST_F(tenants_folder, that_is_not_there_is_a_problem_and_an_empty_one_is_not) {
  EXPECT_EQ(lines(load().problems), "");
  const auto got = load_folder(below("gone"), {});
  ASSERT_EQ(got.problems.size(), 1U);
  EXPECT_THAT(lines(got.problems), HasSubstr("the folder of tenants cannot be read"));
}

TEST_F(tenants_folder, a_thousand_organisations_load_in_seconds) {
  const auto all = numbers(1000);
  for (const auto& number : all) write(number + ".yaml", yaml(number, number + "-", 3));
  const auto begin = std::chrono::steady_clock::now();
  const auto got = load();
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(lines(got.problems), "");
  EXPECT_EQ(got.organisations.size(), 1000U);
  EXPECT_EQ(got.organisations.at(999)->channels.size(), 3U);
  EXPECT_LT(took, std::chrono::seconds(10)) << "with room for sanitizers and a busy machine";
  RecordProperty(
      "milliseconds",
      static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
}

TEST_F(tenants_folder, what_two_organisations_claim_goes_to_the_first_file) {
  const auto with_her_id = [](std::string text) {
    return text.replace(text.find("receives: [DPO]"), 15,
                        "receives: [DPO]\n    dph: {her_ids: [8093]}");
  };
  write("a.yaml", with_her_id(yaml("910077473", "a")));
  write("b.yaml", with_her_id(yaml("910076787", "b")));
  const auto got = load();
  ASSERT_EQ(got.organisations.size(), 1U);
  EXPECT_EQ(got.organisations[0]->id.to_string(), "910077473");
  EXPECT_THAT(lines(got.problems),
              testing::AllOf(HasSubstr("b.yaml:5:5: channel \"kanal-0\" has the HER-id 8093"),
                             HasSubstr("of 910077473"), HasSubstr("[her-id-unique]")));
}
