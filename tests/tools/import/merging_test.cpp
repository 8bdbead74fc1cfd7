#include "tests/tools/import/importing.hpp"

// Several installations of one organisation as its channels.

namespace kp::importer::test {

using testing::AllOf;
using testing::HasSubstr;

TEST_F(import_of_installations, makes_one_organisation_of_three_with_a_channel_each) {
  installed("arkiv", bergvik,
            "difi.move.feature.enableDPO=true\n"
            "difi.move.feature.statusQueueIncludes=DPO,dpi\n"
            "difi.move.nextmove.lockTimeoutMinutes=15\n"
            "difi.move.dpo.oidc.clientId=bergvik-dpo\n"
            "difi.move.oidc.clientId=bergvik-client\n"
            "difi.move.nextmove.default-ttl-hours=48\n"
            "difi.move.dpo.upload-size-limit=512MB\n"
            "difi.move.dpo.reportees[0].orgId=0192:974760673\n"
            "difi.move.dpo.reportees[0].name=bergvik_for_974760673\n");
  install("lonn", basics(bergvik, "lonn",
                         "difi.move.oidc.client-id=bergvik-client\n"
                         "difi.move.dpo.oidc.client-id=bergvik-dpo\n"
                         "difi.move.dpo.default-ttl-hours=48\n"
                         "difi.move.dpo.upload-size-limit=512MB\n"
                         "difi.move.feature.enable-dpo : on\n"
                         "difi.move.dpo.message-channel Lonn-1\n"));
  install("sak",
          fmt::format("difi:\n  move:\n    org:\n      number: {0}\n      keystore:\n"
                      "        path: ../{0}.p12\n        password: example\n        x: &x 1\n"
                      "    oidc: {{clientId: bergvik-client}}\n"
                      "    feature: {{enableDPO: true, enableDPE: false}}\n"
                      "    nextmove.default-ttl-hours: 48\n"
                      "    dpo:\n      messageChannel: sak\n      uploadSizeLimit: 512MB\n"
                      "      oidc.clientId: bergvik-dpo\n"
                      "  security.user: {{name: sak, password: \"{{noop}}på-sak\"}}\n"
                      "# example  \n",
                      bergvik),
          "integrasjonspunkt-local.yml");
  request_.dropped = {"difi.move.org.keystore.x"};
  const auto owner = import(bergvik);
  ASSERT_NE(owner, nullptr) << report_;
  EXPECT_FALSE(has_problems_) << report_;
  EXPECT_EQ(owner->keystore.path, below("910077473.p12"));
  EXPECT_EQ(owner->keystore.password.read(no_variables).value(), "example");
  EXPECT_TRUE(owner->previous_keystores.empty());
  EXPECT_EQ(owner->maskinporten_client_id, "bergvik-client");
  EXPECT_EQ(owner->dpo.maskinporten_client_id, "bergvik-dpo");
  EXPECT_EQ(owner->dpo.default_ttl, std::chrono::hours(48));
  EXPECT_EQ(owner->dpo.upload_size_limit, 512u << 20);
  ASSERT_EQ(owner->dpo.reportees.size(), 1u);
  EXPECT_EQ(owner->dpo.reportees[0].organisation, "0192:974760673");
  EXPECT_EQ(owner->dpo.reportees[0].name, "bergvik_for_974760673");
  ASSERT_EQ(owner->channels.size(), 3u);
  const auto& arkiv = channel(*owner, "arkiv");
  EXPECT_EQ(arkiv.sends, dpo);
  EXPECT_EQ(arkiv.receives, dpo);
  EXPECT_EQ(arkiv.message_channel, std::nullopt);
  EXPECT_EQ(arkiv.lock_timeout, std::chrono::minutes(15));
  EXPECT_EQ(arkiv.status_queue, (std::set{service::dpo, service::dpi}));
  const auto& lonn = channel(*owner, "lonn");
  EXPECT_EQ(lonn.sends, dpo);
  EXPECT_EQ(lonn.receives, none);
  EXPECT_EQ(lonn.message_channel, "Lonn-1");
  EXPECT_EQ(lonn.lock_timeout, std::chrono::minutes(5));
  for (const auto* name : {"arkiv", "lonn", "sak"}) {
    const auto& one = channel(*owner, name).credentials.at(0);
    EXPECT_EQ(one.user, name);
    EXPECT_TRUE(tenants::verify_password(std::string("på-") + name, one.password_hash)) << name;
  }
}

TEST_F(import_of_installations, lets_one_channel_receive_and_says_which_rule_two_would_break) {
  installed("arkiv", bergvik, "difi.move.feature.enableDPO=true\n");
  installed("lonn", bergvik, "difi.move.feature.enableDPO=true\n");
  auto owner = import(bergvik);
  ASSERT_NE(owner, nullptr);
  EXPECT_TRUE(has_problems_);
  EXPECT_THAT(report_, AllOf(HasSubstr("[receives-once]"), HasSubstr("--receives DPO=lonn"),
                             HasSubstr("[reference-needed]")));
  EXPECT_EQ(channel(*owner, "arkiv").receives, dpo);
  EXPECT_EQ(channel(*owner, "lonn").receives, none);
  EXPECT_EQ(channel(*owner, "lonn").message_channel, "lonn");

  request_.receivers[service::dpo] = "lonn";
  request_.force = true;
  owner = import(bergvik);
  ASSERT_NE(owner, nullptr);
  EXPECT_FALSE(has_problems_) << report_;
  EXPECT_EQ(channel(*owner, "lonn").receives, dpo);
  EXPECT_EQ(channel(*owner, "arkiv").message_channel, "arkiv");
}

TEST_F(import_of_installations, refuses_a_receiver_that_is_no_channel) {
  installed("arkiv", bergvik, "difi.move.feature.enableDPO=true\n");
  request_.receivers[service::dpo] = "arkvi";
  EXPECT_THAT(make().report.to_text(), HasSubstr("--receives DPO=arkvi: there is no such channel"));
  installed("sak", bergvik, "");
  request_.receivers[service::dpo] = "sak";
  EXPECT_THAT(make().report.to_text(), HasSubstr("channel sak has DPO switched off"));
}

TEST_F(import_of_installations, lets_nobody_receive_when_every_installation_has_a_message_channel) {
  installed("lonn", bergvik,
            "difi.move.feature.enableDPO=true\ndifi.move.dpo.messageChannel=lonn\n");
  const auto owner = import(bergvik);
  ASSERT_NE(owner, nullptr);
  EXPECT_EQ(channel(*owner, "lonn").receives, none);
  EXPECT_THAT(report_, AllOf(HasSubstr("no installation of 910077473 receives DPO"),
                             HasSubstr("external: true"), HasSubstr("0 problems")));
}

TEST_F(import_of_installations, gives_no_two_channels_the_same_reference) {
  installed("arkiv", bergvik, "difi.move.feature.enableDPO=true\n");
  for (const auto* name : {"lonn", "sak"})
    installed(name, bergvik,
              "difi.move.feature.enableDPO=true\ndifi.move.dpo.messageChannel=lonn\n");
  const auto owner = import(bergvik);
  ASSERT_NE(owner, nullptr);
  EXPECT_EQ(channel(*owner, "lonn").message_channel, "lonn");
  EXPECT_EQ(channel(*owner, "sak").message_channel, "sak");
  EXPECT_THAT(report_, AllOf(HasSubstr("[reference-unique]"), HasSubstr("1 problems")));
}

TEST_F(import_of_installations, takes_one_of_settings_that_the_organisation_has_one_of) {
  installed("lonn", bergvik,
            "difi.move.feature.enableDPO=true\ndifi.move.dpo.messageChannel=lonn\n"
            "difi.move.dpo.systemUser.name=gammel\n");
  installed("arkiv", bergvik,
            "difi.move.feature.enableDPO=true\ndifi.move.dpo.systemUser.name=ny\n");
  const auto owner = import(bergvik);
  ASSERT_NE(owner, nullptr);
  EXPECT_EQ(owner->dpo.system_user_name, "ny");
  EXPECT_THAT(report_, AllOf(HasSubstr("systemUser.name = gammel: channels \"arkiv\" and \"lonn\" "
                                       "differ"),
                             HasSubstr("That of \"arkiv\" was taken: \"ny\"")));
}

TEST_F(import_of_installations, gives_each_user_name_to_one_channel_of_the_hub) {
  installed("arkiv", bergvik, "difi.move.feature.enableDPO=true\n", "admin");
  installed("skogvik", skogvik, "difi.move.feature.enableDPO=true\n", "admin");
  const auto owner = import(bergvik);
  ASSERT_NE(owner, nullptr);
  EXPECT_THAT(report_, HasSubstr("Channel \"arkiv\" was given the user \"admin-910077473-arkiv\""));
  const auto& one = channel(*owner, "arkiv").credentials.at(0);
  EXPECT_EQ(one.user, "admin-910077473-arkiv");
  EXPECT_TRUE(tenants::verify_password("på-admin", one.password_hash));
}

TEST_F(import_of_installations, keeps_a_second_key_store_to_decrypt_with) {
  installed("arkiv", bergvik, "difi.move.feature.enableDPO=true\n");
  installed("lonn", bergvik,
            "difi.move.feature.enableDPO=true\ndifi.move.dpo.messageChannel=lonn\n"
            "difi.move.org.keystore.path=../old.p12\n");
  const auto owner = import(bergvik);
  ASSERT_NE(owner, nullptr);
  EXPECT_EQ(owner->keystore.path, below("910077473.p12"));
  ASSERT_EQ(owner->previous_keystores.size(), 1u);
  EXPECT_EQ(owner->previous_keystores[0].path, below("old.p12"));
  EXPECT_THAT(report_, HasSubstr("It was put under previous_keystores, which only decrypt."));
}

TEST_F(import_of_installations, puts_the_files_of_one_channel_together) {
  std::filesystem::create_directories(below("x"));
  const auto file = write(
      "x/a.properties",
      without_trailing_space(basics(bergvik, "arkiv", "difi.move.feature.enableDPO=${DPO_ON}\n")));
  const auto variables = write("x/a.env", "DPO_ON=true\nDIFI_MOVE_DPO_MESSAGECHANNEL=over\nTZ=x\n");
  request_.files = {{file, "arkiv"}, {variables, "arkiv"}};
  const auto owner = import(bergvik);
  ASSERT_NE(owner, nullptr);
  EXPECT_FALSE(has_problems_) << report_;
  EXPECT_EQ(channel(*owner, "arkiv").message_channel, "over");
}

TEST_F(import_of_installations, names_channels_after_folders_or_files_that_share_one) {
  installed("Lønn & Sak (ny)", bergvik, "difi.move.feature.enableDPO=true\n", "a");
  EXPECT_THAT(make().files.at(0).yaml, HasSubstr("name: l-nn-sak-ny"));
  request_.files.clear();
  install("felles", basics(bergvik, "a", "difi.move.feature.enableDPO=true\n"), "Arkiv.properties");
  install("felles", basics(bergvik, "b", ""), "lonn.properties");
  EXPECT_THAT(make().files.at(0).yaml, AllOf(HasSubstr("name: arkiv"), HasSubstr("name: lonn")));
}

TEST_F(import_of_installations, takes_one_value_of_dpv_where_two_installations_differ) {
  installed("arkiv", bergvik, "difi.move.feature.enableDPV=true\ndifi.move.dpv.daysToReply=14\n");
  installed("lonn", bergvik, "difi.move.feature.enableDPV=true\ndifi.move.dpv.daysToReply=21\n");
  const auto owner = import(bergvik);
  ASSERT_NE(owner, nullptr) << report_;
  EXPECT_TRUE(has_problems_);
  EXPECT_EQ(owner->dpv.days_to_reply, 14u);
  EXPECT_THAT(report_, HasSubstr("channels \"arkiv\" and \"lonn\" differ"));
}

}  // namespace kp::importer::test
