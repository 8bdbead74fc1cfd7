#include "tools/import/import.hpp"

#include "config/files.hpp"
#include "config/text.hpp"
#include "tenants/loader.hpp"
#include "tenants/password.hpp"
#include "tests/tenants/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>

// From files of Java installations to organisations as the hub loads them.

namespace {

using namespace kp;
using namespace kp::importer;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr auto bergvik = "910077473";
constexpr auto skogvik = "910075918";

class import_of_installations : public test::temporary_folder {
 protected:
  import_of_installations() {
    request_.tenants_folder = below("tenants.d");
    request_.secrets_folder = below("secrets");
    for (const auto* number : {bergvik, skogvik})
      std::filesystem::copy(fmt::format("config/examples/keystores/{}.p12", number), folder_);
  }

  // What every installation has, and more.
  std::string basics(const char* number, const std::string& user, const std::string& more) const {
    return fmt::format(
        "# generated\n"
        "difi.move.org.number={0}\n"
        "difi.move.org.keystore.path=file:../{0}.p12\n"
        "difi.move.org.keystore.password=example  \n"
        "difi.move.feature.enableDPE=false\n"
        "difi.datasource.url=jdbc:h2:file:./integrasjonspunkt\n"
        "difi.security.user.name={1}\n"
        "difi.security.user.password=p\\u00e5-{1}\n"
        "{2}",
        number, user, more);
  }
  static std::string without_trailing_space(std::string text) {
    const auto at = text.find("example  \n");
    return text.replace(at, 10, "example\n");
  }

  // A file in a folder of its own, after which the channel is called.
  void install(const std::string& folder, const std::string& content,
               const std::string& name = "integrasjonspunkt-local.properties") {
    std::filesystem::create_directories(below(folder));
    request_.files.push_back({write(folder + "/" + name, without_trailing_space(content)), ""});
  }
  void installed(const std::string& folder, const char* number, const std::string& more,
                 const std::string& user = "") {
    install(folder, basics(number, user.empty() ? folder : user, more));
  }

  plan make() {
    const auto random = make_seeded_random(1);
    return plan_import(request_, no_variables, *random);
  }
  // Imports, writes and loads; the organisation, or nullptr with the failure shown.
  std::shared_ptr<const tenants::organisation> import(const char* number) {
    auto made = make();
    write_plan(made, request_);
    report_ = made.report.to_text();
    has_problems_ = made.report.has_problems();
    const auto loaded = tenants::load_folder(request_.tenants_folder, no_variables);
    EXPECT_EQ(lines(loaded.problems), "");
    for (const auto& one : loaded.organisations)
      if (one->id.to_string() == number) return one;
    ADD_FAILURE() << report_;
    return nullptr;
  }

  static std::optional<std::string> no_variables(const std::string&) { return std::nullopt; }
  static mode_t mode_of(const std::string& path) {
    struct stat found{};
    EXPECT_EQ(::stat(path.c_str(), &found), 0) << path;
    return found.st_mode & 0777;
  }

  import_request request_;
  std::string report_;
  bool has_problems_ = false;
};

const tenants::channel_settings& channel(const tenants::organisation& owner, const char* name) {
  const auto* found = owner.find(channel_name::parse(name).value());
  if (!found) throw std::runtime_error(std::string("no channel ") + name);
  return *found;
}

const std::set<service> dpo{service::dpo};
const std::set<service> none{};

}  // namespace

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

TEST_F(import_of_installations, writes_passwords_into_files_of_mode_0600_and_never_into_yaml) {
  installed("arkiv", bergvik, "difi.move.feature.enableDPO=true\n");
  auto made = make();
  EXPECT_EQ(write_plan(made, request_), 1u);
  const auto yaml = read_file(below("tenants.d/910077473.yaml"), 100000).value();
  EXPECT_THAT(yaml, AllOf(HasSubstr("secrets/910077473-keystore.password"),
                          Not(HasSubstr("example")), Not(HasSubstr("på-"))));
  EXPECT_EQ(mode_of(below("secrets/910077473-keystore.password")), 0600u);
  EXPECT_EQ(mode_of(below("secrets")) & 077u, 0u);
  EXPECT_THAT(made.report.to_text(), Not(HasSubstr("example")));
}

TEST_F(import_of_installations, says_which_password_to_write_when_it_may_not) {
  request_.secrets_folder.reset();
  installed("arkiv", bergvik, "difi.move.feature.enableDPO=true\n");
  auto made = make();
  EXPECT_TRUE(made.secrets.empty());
  EXPECT_THAT(made.report.to_text(),
              AllOf(HasSubstr("difi.move.org.keystore.password = ****: passwords are not copied "
                              "into YAML. Write it into " +
                              below("secrets/910077473-keystore.password") + ", mode 0600"),
                    HasSubstr("0 problems, 1 to do")));
  EXPECT_THAT(made.files.at(0).yaml, HasSubstr(below("secrets/910077473-keystore.password")));
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

TEST_F(import_of_installations, says_what_the_hub_does_not_connect_and_keeps_what_will_be_needed) {
  installed("arkiv", bergvik,
            "difi.move.feature.enableDPO=true\ndifi.move.feature.enableDPH=true\n"
            "difi.move.dph.her-ids=8093,8094\ndifi.move.dph.uri=https://nhn.example/api\n");
  installed("lege", bergvik,
            "difi.move.feature.enableDPH=true\ndifi.move.dph.her-ids[0]=8093\n"
            "difi.move.dph.her-ids[1]=8095\n");
  const auto owner = import(bergvik);
  ASSERT_NE(owner, nullptr);
  EXPECT_EQ(channel(*owner, "arkiv").addresses.her_ids, (std::set<std::int64_t>{8093, 8094}));
  EXPECT_EQ(channel(*owner, "lege").addresses.her_ids, (std::set<std::int64_t>{8095}));
  EXPECT_THAT(report_, HasSubstr("[her-id-unique]"));
}

TEST_F(import_of_installations,
       carries_the_credentials_of_svarut_and_svarinn_for_each_organisation) {
  installed("arkiv", bergvik,
            "difi.move.feature.enableDPF=true\ndifi.move.fiks.ut.username=ut\n"
            "difi.move.fiks.ut.password=ord-ut\n"
            "difi.move.fiks.ut.paa-vegne-av.974760673.username=annen\n"
            "difi.move.fiks.ut.paa-vegne-av.974760673.password=ord-annen\n"
            "difi.move.fiks.ut.kun-digital-levering=true\n"
            "difi.move.fiks.ut.ekskluderesFraPrint=docx,txt\n"
            "difi.move.fiks.inn.username=inn\ndifi.move.fiks.inn.password=ord-inn\n"
            "difi.move.fiks.inn.process=urn:p\n");
  const auto owner = import(bergvik);
  ASSERT_NE(owner, nullptr);
  ASSERT_EQ(owner->dpf.accounts.size(), 2u);
  EXPECT_EQ(owner->dpf.accounts[0].organisation, bergvik);
  EXPECT_EQ(owner->dpf.accounts[0].form, tenants::svarut_form::soap);
  EXPECT_EQ(owner->dpf.accounts[0].username, "ut");
  EXPECT_EQ(owner->dpf.accounts[0].password.read(no_variables).value(), "ord-ut");
  EXPECT_EQ(owner->dpf.accounts[1].organisation, "974760673");
  EXPECT_EQ(owner->dpf.accounts[1].password.read(no_variables).value(), "ord-annen");
  EXPECT_TRUE(owner->dpf.digital_only);
  EXPECT_THAT(owner->dpf.not_printed, ElementsAre("docx", "txt"));
  ASSERT_EQ(owner->dpf.receivers.size(), 1u);
  EXPECT_EQ(owner->dpf.receivers[0].process, "urn:p");
  EXPECT_EQ(owner->dpf.receivers[0].password.read(no_variables).value(), "ord-inn");
}

TEST_F(import_of_installations, carries_the_account_of_svaruts_rest_form) {
  installed("arkiv", bergvik,
            "difi.move.feature.enableDPF=true\ndifi.move.fiks.ut.type=rest\n"
            "difi.move.fiks.ut.rest.kontoid=k\ndifi.move.fiks.ut.rest.integrasjon-id=i\n"
            "difi.move.fiks.ut.rest.integrasjon-passord=p\n");
  const auto owner = import(bergvik);
  ASSERT_NE(owner, nullptr);
  ASSERT_EQ(owner->dpf.accounts.size(), 1u);
  EXPECT_EQ(owner->dpf.accounts[0].account_id, "k");
  EXPECT_EQ(owner->dpf.accounts[0].integration_password.read(no_variables).value(), "p");
  EXPECT_EQ(owner->receiver(service::dpf), nullptr) << "there is nothing to receive by";
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

TEST_F(import_of_installations, keeps_values_that_the_hub_cannot_take_at_their_defaults) {
  installed("arkiv", bergvik,
            "difi.move.feature.enableDPO=true\ndifi.move.nextmove.default-ttl-hours=9000\n"
            "difi.move.dpo.upload-size-limit=lots\ndifi.move.nextmove.lockTimeoutMinutes=0\n"
            "difi.move.feature.statusQueueIncludes=DPO,DPX\n"
            "difi.move.dpo.reportees[0].orgId=123\ndifi.move.dpo.systemUser.orgId=991\n");
  const auto owner = import(bergvik);
  ASSERT_NE(owner, nullptr);
  EXPECT_EQ(owner->dpo.default_ttl, std::chrono::hours(24));
  EXPECT_THAT(report_, HasSubstr("6 problems"));
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

TEST_F(import_of_installations, makes_a_password_where_the_installation_has_none_that_can_be_used) {
  installed("arkiv", bergvik,
            "difi.move.feature.enableDPO=true\n"
            "difi.security.user.password={bcrypt}$2a$10$abcdefghijklmnopqrstuv\n");
  installed("skogvik", skogvik, "difi.security.enable=false\n");
  auto owner = import(bergvik);
  ASSERT_NE(owner, nullptr);
  EXPECT_THAT(report_, AllOf(HasSubstr("hashed with \"bcrypt\""), Not(HasSubstr("$2a$")),
                             HasSubstr("the installation lets everybody in")));
  const auto fresh = read_file(below("secrets/910077473-arkiv.password"), 100).value();
  const auto& one = channel(*owner, "arkiv").credentials.at(0);
  EXPECT_EQ(one.user, "arkiv");
  EXPECT_TRUE(tenants::verify_password(fresh, one.password_hash));

  request_.secrets_folder.reset();
  const auto made = make();
  EXPECT_THAT(made.report.to_text(),
              HasSubstr("has no credentials yet: run `knutepunkt credential"));
}

TEST_F(import_of_installations, explains_how_to_convert_a_java_key_store) {
  write("gammel.jks", "\xFE\xED\xFE\xED rest");
  installed("arkiv", bergvik,
            "difi.move.feature.enableDPO=true\ndifi.move.org.keystore.path=../gammel.jks\n"
            "difi.move.org.keystore.type=JKS\ndifi.move.org.keystore.alias=it's\n");
  EXPECT_THAT(make().report.to_text(),
              HasSubstr(fmt::format("keytool -importkeystore -srckeystore '{0}/gammel.jks' "
                                    "-srcstoretype JKS -srcalias 'it'\\''s' -destkeystore "
                                    "'{0}/gammel.p12' -deststoretype PKCS12",
                                    folder_.string())));
  std::filesystem::copy(below("910077473.p12"), below("gammel.p12"));
  const auto converted = make();
  EXPECT_FALSE(converted.report.has_problems()) << converted.report.to_text();
  EXPECT_THAT(converted.files.at(0).yaml, HasSubstr("gammel.p12"));
}

TEST_F(import_of_installations, tries_key_stores) {
  installed("a", bergvik, "difi.move.org.keystore.password=wrong\n");
  EXPECT_THAT(make().report.to_text(), HasSubstr("Check file, password and alias."));
  request_.files.clear();
  installed("b", bergvik, fmt::format("difi.move.org.keystore.path=../{}.p12\n", skogvik));
  EXPECT_THAT(make().report.to_text(), HasSubstr("belongs to 910075918, not to 910077473"));
  request_.files.clear();
  installed("c", bergvik, "difi.move.org.keystore.path=classpath:org.p12\n");
  EXPECT_THAT(make().report.to_text(), HasSubstr("not classpath:"));
  request_.files.clear();
  installed("d", bergvik, "difi.move.org.keystore.path=nowhere.p12\n");
  EXPECT_THAT(make().report.to_text(), HasSubstr(below("d/nowhere.p12")));
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

TEST_F(import_of_installations, leaves_out_what_names_no_organisation_and_goes_on_with_the_rest) {
  installed("arkiv", bergvik, "difi.move.feature.enableDPO=true\n");
  installed("feil", "910077474", "");
  install("tom", "server.port=1\n# example  \n");
  request_.files.push_back({below("nowhere.properties"), ""});
  auto made = make();
  EXPECT_EQ(made.files.size(), 1u);
  EXPECT_THAT(made.report.to_text(),
              AllOf(HasSubstr("910077474"), HasSubstr("the installation names no organisation"),
                    HasSubstr("nowhere.properties"), HasSubstr("3 problems")));
}

TEST_F(import_of_installations, carries_over_what_the_hub_has_settings_for_of_dpv_dpi_and_dpe) {
  const std::string more =
      "difi.move.feature.enableDPO=true\n"
      "difi.move.feature.enableDPV=true\n"
      "difi.move.feature.enableDPI=true\n"
      "difi.move.dpv.notifyEmail=false\n"
      "difi.move.dpv.notify-sms=true\n"
      "difi.move.dpv.email-subject=Brev fra Bergvik\n"
      "difi.move.dpv.notification-text=true\n"
      "difi.move.dpv.sensitiveNotificationText=Hemmelig fra $reporterName$\n"
      "difi.move.dpv.enableDueDate=no\n"
      "difi.move.dpv.daysToReply=21\n"
      "difi.move.dpv.sensitiveResource=egen-ressurs\n"
      "difi.move.dpv.upload-size-limit=100MB\n"
      "difi.move.nextmove.default-ttl-hours=72\n"
      "difi.move.dpo.default-ttl-hours=24\n"
      "difi.move.dpv.oidc.clientId=bergvik-dpv\n"
      "difi.move.dpi.language=NN\n"
      "difi.move.dpi.oidc.clientId=bergvik-dpi\n"
      "difi.move.dpi.priority=PRIORITERT\n"
      "difi.move.dpi.printSettings.inkType=COLOR\n"
      "difi.move.nextmove.serviceBus.mode=DATA\n"
      "difi.move.nextmove.serviceBus.receiptQueue=meeting\n"
      "difi.move.nextmove.serviceBus.batchRead=true\n";
  auto text = basics(bergvik, "arkiv", more);
  const std::string off = "difi.move.feature.enableDPE=false\n";
  text.replace(text.find(off), off.size(), "difi.move.feature.enableDPE=true\n");
  install("arkiv", text);
  const auto owner = import(bergvik);
  ASSERT_NE(owner, nullptr) << report_;
  EXPECT_FALSE(has_problems_) << report_;
  EXPECT_FALSE(owner->dpv.notify_email);
  EXPECT_TRUE(owner->dpv.notify_sms);
  EXPECT_EQ(owner->dpv.email_subject, "Brev fra Bergvik");
  EXPECT_EQ(owner->dpv.notification_text, "true") << "a text, whatever it says";
  EXPECT_EQ(owner->dpv.sensitive_notification_text, "Hemmelig fra $reporterName$");
  EXPECT_FALSE(owner->dpv.due_date);
  EXPECT_EQ(owner->dpv.days_to_reply, 21u);
  EXPECT_EQ(owner->dpv.sensitive_resource, "egen-ressurs");
  EXPECT_EQ(owner->dpv.upload_size_limit, 100u << 20);
  EXPECT_EQ(owner->dpv.default_ttl, std::chrono::hours(72));
  EXPECT_EQ(owner->dpv.maskinporten_client_id, "bergvik-dpv");
  EXPECT_EQ(owner->dpi.language, "NN");
  EXPECT_EQ(owner->dpi.maskinporten_client_id, "bergvik-dpi");
  EXPECT_EQ(owner->dpe.mode, tenants::dpe_mode::data);
  EXPECT_EQ(owner->dpe.receipt_queue, "meeting");
  EXPECT_EQ(owner->dpe.transport, tenants::dpe_transport::amqp);
  EXPECT_THAT(report_, HasSubstr("difi.move.dpi.priority"));
  EXPECT_THAT(report_, HasSubstr("A leftover of earlier versions"));
}

TEST_F(import_of_installations, says_why_the_rest_of_dpv_and_dpi_is_not_carried_over) {
  installed("arkiv", bergvik,
            "difi.move.feature.enableDPV=true\n"
            "difi.move.feature.enableDPI=true\n"
            "difi.move.dpv.daysToReply=never\n"
            "difi.move.dpv.something=1\n"
            "difi.move.dpi.language=norsk\n"
            "difi.move.dpi.upload-size-limit=80MB\n"
            "difi.move.dpi.uri=https://corner2.example.no\n"
            "difi.move.dpi.avsenderidentifikatorListe=avdeling\n"
            "difi.move.dpi.c2-type=file\n");
  const auto owner = import(bergvik);
  ASSERT_NE(owner, nullptr) << report_;
  EXPECT_TRUE(has_problems_);
  EXPECT_EQ(owner->dpv.days_to_reply, 7u);
  EXPECT_EQ(owner->dpi.language, "NO");
  EXPECT_THAT(report_, HasSubstr("services.dpv.days_to_reply of the hub cannot be \"never\""));
  EXPECT_THAT(report_, HasSubstr("services.dpi.language of the hub cannot be \"norsk\""));
  EXPECT_THAT(report_, HasSubstr("50 MB together"));
  EXPECT_THAT(report_, HasSubstr("national.dpi_url in hub.yaml"));
  EXPECT_THAT(report_, HasSubstr("whoever the sender is"));
  EXPECT_THAT(report_, HasSubstr("writes no files for others to send"));
  EXPECT_THAT(report_, HasSubstr("difi.move.dpv.something"));
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

TEST_F(import_of_installations, never_overwrites_a_file_unless_it_is_told_to) {
  installed("arkiv", bergvik, "difi.move.feature.enableDPO=true\n");
  installed("skogvik", skogvik, "difi.move.feature.enableDPO=true\n");
  std::filesystem::create_directories(below("tenants.d"));
  write("tenants.d/910077473.yaml", "mine\n");
  auto made = make();
  EXPECT_EQ(write_plan(made, request_), 0u);
  EXPECT_THAT(made.report.to_text(), HasSubstr("the file is there already. Nothing was written."));
  EXPECT_EQ(read_file(below("tenants.d/910077473.yaml"), 100).value(), "mine\n");
  EXPECT_FALSE(std::filesystem::exists(below("tenants.d/910075918.yaml")));
  EXPECT_FALSE(std::filesystem::exists(below("secrets")));
  request_.force = true;
  made = make();
  EXPECT_EQ(write_plan(made, request_), 2u);
  EXPECT_FALSE(made.report.has_problems()) << made.report.to_text();
  EXPECT_NE(read_file(below("tenants.d/910077473.yaml"), 100000).value(), "mine\n");
  const auto names = std::filesystem::directory_iterator(below("tenants.d"));
  EXPECT_EQ(std::distance(begin(names), end(names)), 2);
}

TEST_F(import_of_installations, writes_no_file_that_clashes_with_another_one_of_the_hub) {
  installed("arkiv", bergvik, "difi.move.feature.enableDPO=true\n", "kari");
  std::filesystem::create_directories(below("tenants.d"));
  write("k.password", "example");
  write("tenants.d/bergvik.yaml",
        fmt::format("number: {}\nkeystore: {{path: ../x.p12, password: {{file: ../k.password}}}}\n"
                    "channels:\n  - name: a\n    credentials: [{{user: ola, password_hash: "
                    "'$scrypt$ln=14,r=8,p=1$IQ5QbpTrkPSlR5dDw8UGrw==$qf8rfYJ8agylhbLHOaZ3L9ViICpDF8"
                    "suImsFi/VW2s0='}}]\n",
                    bergvik));
  auto made = make();
  EXPECT_EQ(write_plan(made, request_), 0u);
  EXPECT_THAT(made.report.to_text(),
              AllOf(HasSubstr("bergvik.yaml"), HasSubstr("The file was not written.")));
  EXPECT_FALSE(std::filesystem::exists(below("tenants.d/910077473.yaml")));
}
