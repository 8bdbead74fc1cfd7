#include "tenants/previous_names.hpp"

#include "tenants/loader.hpp"
#include "tests/tenants/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

using namespace kp;
using namespace kp::tenants;
using testing::HasSubstr;

namespace {

class previous_names : public test::temporary_folder {
 protected:
  // `more` of channels arkiv and sak.
  loaded with(const std::string& of_arkiv, const std::string& of_sak) {
    const auto channel = [](const std::string& name, const std::string& more) {
      return fmt::format(
          "  - name: {0}\n    sends: [DPO]\n    message_channel: {0}\n    credentials:\n"
          "      - user: {0}\n        password_hash: $scrypt$ln=14,r=8,p=1$"
          "AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n{1}",
          name, more.empty() ? "" : "    " + more + "\n");
    };
    const auto path = write("o.yaml",
                            "number: 910077473\n"
                            "keystore: {path: o.p12, password: {env: KP_PASSWORD}}\n"
                            "services: {dpo: {enabled: true}}\nchannels:\n" +
                                channel("arkiv", of_arkiv) + channel("sak", of_sak));
    return load_file(path, [](const std::string&) { return std::optional<std::string>("x"); });
  }
};

}  // namespace

TEST_F(previous_names, are_read_with_the_references_that_went_with_them) {
  const auto got = with("previous_names: [post, lonn]", "previous_message_channels: [old-ref]");
  ASSERT_EQ(lines(got.problems), "");
  const auto& channels = got.organisations.front()->channels;
  ASSERT_EQ(channels[0].previous_names.size(), 2U);
  EXPECT_EQ(channels[0].previous_names[1].to_string(), "lonn");
  EXPECT_EQ(channels[1].previous_message_channels, std::vector<std::string>{"old-ref"});
}

TEST_F(previous_names, cannot_be_those_of_a_channel_that_there_still_is) {
  EXPECT_EQ(lines(with("previous_names: [sak]", "").problems),
            "o.yaml:5:5: channel \"arkiv\" names \"sak\" in previous_names, which channel \"sak\" "
            "(line 12) has now [previous-gone]. Remove it here, or remove that channel.\n");
  EXPECT_THAT(lines(with("previous_names: [arkiv]", "").problems), HasSubstr("[previous-gone]"));
  EXPECT_THAT(lines(with("", "previous_message_channels: [arkiv]").problems),
              HasSubstr("in previous_message_channels, which channel \"arkiv\" (line 5) has now"));
}

TEST_F(previous_names, can_be_claimed_by_one_channel_only) {
  EXPECT_EQ(lines(with("previous_names: [post]", "previous_names: [post]").problems),
            "o.yaml:12:5: channel \"sak\" names \"post\" in previous_names, as channel \"arkiv\" "
            "(line 5) does; unfinished messages can go to one only [previous-unique]. Leave it to "
            "the one that takes over.\n");
  EXPECT_THAT(lines(with("previous_names: [post, post]", "").problems), HasSubstr("twice"));
}

TEST_F(previous_names, are_names_that_a_channel_can_have) {
  EXPECT_THAT(lines(with("previous_names: [Æ]", "").problems),
              HasSubstr("has a previous name that no channel can have had"));
  EXPECT_THAT(lines(with("previous_names: post", "").problems), HasSubstr("must be a list"));
}
