#include "tenants/loader.hpp"

#include "tests/tenants/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

using namespace kp;
using namespace kp::tenants;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

const std::string hash =
    "$scrypt$ln=14,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

environment variables() {
  return [](const std::string& name) -> std::optional<std::string> {
    if (name == "KP_PASSWORD") return "secret";
    return std::nullopt;
  };
}

// Lines 1 to 5.
const std::string head = R"(number: 910076787
keystore:
  path: keys/org.p12
  password: {env: KP_PASSWORD}
services: {dpo: {enabled: true}}
)";

std::string channel(const std::string& name, const std::string& more) {
  return fmt::format(
      "  - name: {0}\n    {1}\n    credentials:\n      - user: {0}-user\n"
      "        password_hash: {2}\n",
      name, more, hash);
}

const std::string least = head + "channels:\n" + channel("arkiv", "receives: [DPO]");

class organisation_file : public test::temporary_folder {
 protected:
  loaded load(const std::string& yaml) { return load_file(write("a.yaml", yaml), variables()); }
  std::string problems(const std::string& yaml) { return lines(load(yaml).problems); }
};

}  // namespace

TEST_F(organisation_file, has_defaults_made_of_the_number) {
  const auto got = load(least);
  ASSERT_EQ(lines(got.problems), "");
  ASSERT_EQ(got.organisations.size(), 1U);
  const auto& o = *got.organisations[0];
  EXPECT_EQ(o.id.to_string(), "910076787");
  EXPECT_EQ(o.name, "910076787");
  EXPECT_EQ(o.keystore.path, below("keys/org.p12"));
  EXPECT_EQ(o.keystore.password.read(variables()).value(), "secret");
  EXPECT_EQ(o.keystore.alias, std::nullopt);
  EXPECT_EQ(o.keystore.where.line, 2);
  EXPECT_EQ(o.maskinporten_client_id, "MOVE_IP_910076787");
  EXPECT_TRUE(o.dpo.enabled);
  EXPECT_EQ(o.dpo.system_user_organisation, "0192:910076787");
  EXPECT_EQ(o.dpo.system_user_name, "910076787_integrasjonspunkt_systembruker_910076787");
  EXPECT_EQ(o.dpo.maskinporten_client_id, std::nullopt);
  EXPECT_EQ(o.dpo.default_ttl, std::chrono::hours(24));
  EXPECT_EQ(o.dpo.upload_size_limit, 1073741824U);
  EXPECT_FALSE(o.dpo.sha1_signatures);
  EXPECT_EQ(o.dpo.poll_interval, std::chrono::seconds(15));
  ASSERT_EQ(o.channels.size(), 1U);
  EXPECT_EQ(o.channels[0].lock_timeout, std::chrono::minutes(5));
  EXPECT_EQ(o.channels[0].where.line, 7);
  EXPECT_EQ(o.file, below("a.yaml"));
}

TEST_F(organisation_file, takes_every_key) {
  write("password.txt", "from file\n");
  const auto got = load(fmt::format(R"(
number: " 910076787 "
name: Testkommune
keystore: {{path: /etc/keys/org.p12, password: {{file: password.txt}}, alias: Nøkkel}}
previous_keystores:
  - path: old.p12
    password: {{clear: gammelt, allow_clear: true}}
    alias: old
maskinporten: {{client_id: 1c3d}}
services:
  dpo:
    enabled: true
    system_user: {{organisation: "0192:910077473", name: felles}}
    client_id: 2e4f
    default_ttl_hours: 48
    upload_size_limit: 500MB
    sha1_signatures: true
    poll_interval_seconds: 30
channels:
  - name: arkiv
    sends: [DPO]
    receives: [DPO]
    lock_timeout_minutes: 7
    credentials: [{{user: sak, password_hash: "{0}"}}]
  - name: fag
    sends: [DPO]
    message_channel: Fag-1_x
    credentials: [{{user: fag, password_hash: "{0}"}}, {{user: fag2, password_hash: "{0}"}}]
)",
                                    hash));
  ASSERT_EQ(lines(got.problems), "");
  ASSERT_EQ(got.organisations.size(), 1U);
  const auto& o = *got.organisations[0];
  EXPECT_EQ(o.name, "Testkommune");
  EXPECT_EQ(o.keystore.path, "/etc/keys/org.p12");
  EXPECT_EQ(o.keystore.password.read({}).value(), "from file");
  EXPECT_EQ(o.keystore.alias, "Nøkkel");
  ASSERT_EQ(o.previous_keystores.size(), 1U);
  EXPECT_EQ(o.previous_keystores[0].path, below("old.p12"));
  EXPECT_EQ(o.previous_keystores[0].password.read({}).value(), "gammelt");
  EXPECT_EQ(o.previous_keystores[0].alias, "old");
  EXPECT_EQ(o.previous_keystores[0].where.line, 6);
  EXPECT_EQ(o.maskinporten_client_id, "1c3d");
  EXPECT_EQ(o.dpo.system_user_organisation, "0192:910077473");
  EXPECT_EQ(o.dpo.system_user_name, "felles");
  EXPECT_EQ(o.dpo.maskinporten_client_id, "2e4f");
  EXPECT_EQ(o.dpo.default_ttl, std::chrono::hours(48));
  EXPECT_EQ(o.dpo.upload_size_limit, 500U * 1024 * 1024);
  EXPECT_TRUE(o.dpo.sha1_signatures);
  EXPECT_EQ(o.dpo.poll_interval, std::chrono::seconds(30));
  ASSERT_EQ(o.channels.size(), 2U);
  EXPECT_THAT(o.channels[0].sends, ElementsAre(service::dpo));
  EXPECT_EQ(o.channels[0].lock_timeout, std::chrono::minutes(7));
  EXPECT_EQ(o.channels[1].message_channel, "Fag-1_x");
  EXPECT_EQ(o.channels[1].credentials.at(1).user, "fag2");
  EXPECT_EQ(o.channels[1].credentials.at(1).where.line, 28);
  EXPECT_EQ(o.receiver(service::dpo), &o.channels[0]);
  EXPECT_EQ(o.receiver(service::dpv), nullptr);
  EXPECT_EQ(o.find(channel_name::parse("fag").value()), &o.channels[1]);
  EXPECT_EQ(o.find(channel_name::parse("other").value()), nullptr);
}

TEST_F(organisation_file, reports_everything_at_once_with_line_rule_and_remedy) {
  EXPECT_EQ(
      problems(R"(number: 910076788
nmae: x
keystore: {path: a.p12, password: geheim}
services: {dpo: {enabled: yes, poll_interval_seconds: 0}}
channels:
  - name: Arkiv
    recieves: [DPO]
    credentials: []
  - sends: [dpo, EPOST, DPO, DPO]
    credentials:
      - user: "a:b"
        password_hash: hemmelig
)"),
      "a.yaml:1:1: \"910076788\" is not an organisation number: its check digit is wrong; "
      "compare it with the Central Coordinating Register. Correct `number`.\n"
      "a.yaml:2:1: the file has no key \"nmae\". Did you mean \"name\"?\n"
      "a.yaml:3:35: keystore.password must say where its value is kept. Write `env: NAME` or "
      "`file: PATH` on the line below it, indented.\n"
      "a.yaml:4:27: services.dpo.enabled cannot be \"yes\". Write true or false.\n"
      "a.yaml:4:55: services.dpo.poll_interval_seconds cannot be \"0\". Write a whole number "
      "from 1 to 3600.\n"
      "a.yaml:6:5: \"Arkiv\" is not a channel name: use 1 to 64 of the characters a-z, 0-9, - "
      "and _. Rename the channel.\n"
      "a.yaml:7:5: channel \"Arkiv\" has no key \"recieves\". Did you mean \"receives\"?\n"
      "a.yaml:9:5: channel: name is missing. Add it: The channel's name in paths and logs: 1 "
      "to 64 of a-z, 0-9, - and _.\n"
      "a.yaml:9:13: channel: sends: \"dpo\" is no message service. Write DPO, DPI, DPF, "
      "DPV, DPE, DPFIO or DPH, in capital letters.\n"
      "a.yaml:9:18: channel: sends: \"EPOST\" is no message service. Write DPO, DPI, DPF, "
      "DPV, DPE, DPFIO or DPH, in capital letters.\n"
      "a.yaml:9:30: channel: sends names DPO twice. Remove one.\n"
      "a.yaml:11:9: the user \"a:b\" has a colon, which HTTP Basic does not allow. Choose a "
      "name without.\n"
      "a.yaml:11:9: the password_hash of user \"a:b\" is none. Make it with `knutepunkt "
      "credential`; passwords themselves do not stand here.\n");
}

TEST_F(organisation_file, with_a_problem_is_no_organisation) {
  EXPECT_TRUE(load(least + "unknown: 1\n").organisations.empty());
  EXPECT_TRUE(load("number: [\n").organisations.empty());
  EXPECT_TRUE(load_file(below("gone.yaml"), variables()).organisations.empty());
  EXPECT_EQ(load_file(below("gone.yaml"), variables()).problems.size(), 1U);
}

TEST_F(organisation_file, tells_what_is_missing) {
  EXPECT_THAT(
      problems("name: x\n"),
      testing::AllOf(HasSubstr("number is missing"), HasSubstr("keystore.path is missing"),
                     HasSubstr("keystore.password is missing"), HasSubstr("channels is missing")));
  EXPECT_THAT(problems(head + "channels: []\n"), HasSubstr("the organisation has no channel"));
}

TEST_F(organisation_file, a_channel_that_nobody_can_use_is_a_problem) {
  EXPECT_THAT(problems(head + "channels:\n  - name: arkiv\n    credentials: []\n"),
              HasSubstr("a.yaml:7:5: channel \"arkiv\" has no credentials"));
}

TEST_F(organisation_file, two_channels_of_one_name_are_a_problem) {
  EXPECT_EQ(problems(least + "  - name: arkiv\n    credentials: [{user: other, password_hash: \"" +
                     hash + "\"}]\n"),
            "a.yaml:12:5: there are two channels \"arkiv\", the first in line 7. Rename one of "
            "them.\n");
}

TEST_F(organisation_file, one_user_for_two_channels_is_a_problem) {
  EXPECT_EQ(
      problems(least + "  - name: fag\n    credentials: [{user: arkiv-user, password_hash: \"" +
               hash + "\"}]\n"),
      "a.yaml:13:19: the user \"arkiv-user\" stands twice, first in line 10. Give each "
      "channel users of its own.\n");
}

TEST_F(organisation_file, channel_rules_are_checked_with_it) {
  EXPECT_THAT(problems(head + "channels:\n" + channel("a", "receives: [DPO]") +
                       channel("b", "receives: [DPO]")),
              HasSubstr("a.yaml:12:5: channel \"b\" receives DPO, as channel \"a\" (line 7) does"));
}

TEST_F(organisation_file, a_switch_that_is_misspelt_is_one_problem_and_not_more) {
  auto yaml = least;
  yaml.replace(yaml.find("enabled: true"), 13, "enabled: ture");
  EXPECT_EQ(problems(yaml),
            "a.yaml:5:27: services.dpo.enabled cannot be \"ture\". Write true or false.\n");
  yaml.replace(yaml.find("enabled: ture"), 13, "enabled: false");
  EXPECT_THAT(problems(yaml), HasSubstr("[service-off]"));
}

TEST_F(organisation_file, a_system_user_needs_the_prefix) {
  for (const auto* wrong : {"910076787", "0192:910076788", "9908:910076787", "0192:"})
    EXPECT_THAT(problems("services: {dpo: {system_user: {organisation: \"" + std::string(wrong) +
                         "\"}}}\n"),
                HasSubstr("system_user.organisation"))
        << wrong;
}

TEST_F(organisation_file, may_act_on_behalf_of_others) {
  auto yaml = least;
  yaml.replace(yaml.find("enabled: true"), 13,
               "enabled: true, reportees: [{organisation: \"0192:910077473\", name: a}, "
               "{organisation: \"0192:910075918\", name: b}]");
  const auto got = load(yaml);
  ASSERT_EQ(lines(got.problems), "");
  const auto& reportees = got.organisations.at(0)->dpo.reportees;
  ASSERT_EQ(reportees.size(), 2U);
  EXPECT_EQ(reportees[0].organisation, "0192:910077473");
  EXPECT_EQ(reportees[0].name, "a");
  EXPECT_EQ(reportees[1].organisation, "0192:910075918");
  EXPECT_EQ(reportees[1].name, "b");
}

TEST_F(organisation_file, reportees_that_cannot_be_are_all_told) {
  const std::string yaml =
      "number: 910076787\nkeystore: {path: a, password: {env: KP_PASSWORD}}\n"
      "services:\n  dpo:\n    enabled: true\n    reportees:\n"
      "      - {organisation: \"910077473\", name: a}\n"
      "      - {organisation: \"0192:910077474\", name: b}\n"
      "      - {organisation: \"0192:910075918\", name: c}\n"
      "      - {organisation: \"0192:910075918\", name: d}\n"
      "      - {organisation: \"0192:910076787\", name: e}\n"
      "      - {organisation: \"0192:910077473\"}\n"
      "channels:\n" +
      channel("arkiv", "receives: [DPO]");
  EXPECT_EQ(
      problems(yaml),
      "a.yaml:7:9: reportee \"910077473\" is no organisation with prefix. Write 0192: and the "
      "nine digits.\n"
      "a.yaml:8:9: reportee \"0192:910077474\" is no organisation with prefix. Write 0192: and "
      "the nine digits.\n"
      "a.yaml:10:9: reportee \"0192:910075918\" stands twice, first in line 9. Remove one.\n"
      "a.yaml:11:9: reportee \"0192:910076787\" is the organisation of the system user itself. "
      "Remove it from `reportees`.\n"
      "a.yaml:12:9: reportee \"0192:910077473\": name is missing. Add it: The name (external "
      "reference) of the Altinn system user that it has approved.\n");
}

TEST_F(organisation_file, sizes_are_binary) {
  const auto size = [&](const std::string& text) {
    auto yaml = least;
    yaml.replace(yaml.find("enabled: true"), 13, "enabled: true, upload_size_limit: " + text);
    const auto got = load(yaml);
    return got.organisations.empty() ? 0 : got.organisations[0]->dpo.upload_size_limit;
  };
  EXPECT_EQ(size("1GB"), 1073741824U);
  EXPECT_EQ(size("2 mb"), 2097152U);
  EXPECT_EQ(size("4KiB"), 4096U);
  EXPECT_EQ(size("5000"), 5000U);
  EXPECT_EQ(size("5000B"), 5000U);
  for (const auto* wrong : {"1.5GB", "GB", "-1", "1TB", "18446744073709551615GB", "1", "11GB"})
    EXPECT_EQ(size(wrong), 0U) << wrong;
}

TEST_F(organisation_file, a_password_that_is_nowhere_is_a_problem) {
  auto yaml = least;
  yaml.replace(yaml.find("KP_PASSWORD"), 11, "KP_TYPO");
  EXPECT_EQ(problems(yaml),
            "a.yaml:4:13: keystore.password: environment variable KP_TYPO is not set. Set it for "
            "the user that runs the hub, or correct the name.\n");
}

TEST_F(organisation_file, its_fingerprint_follows_its_content) {
  const auto first = load(least).organisations.at(0)->fingerprint;
  EXPECT_EQ(load(least).organisations.at(0)->fingerprint, first);
  EXPECT_NE(load(least + "# remark\n").organisations.at(0)->fingerprint, first);
  EXPECT_EQ(first, std::string(first, 0, 64) + '.') << "the key store cannot be read";
}

TEST(organisation_settings, the_page_holds_the_reference_that_the_declarations_say) {
  std::ifstream in("docs/organisation.md");
  ASSERT_TRUE(in) << "tests run in the project's folder";
  const std::string page(std::istreambuf_iterator<char>(in), {});
  EXPECT_THAT(page, testing::EndsWith(describe_organisation_settings()))
      << "write the tables anew: knutepunkt settings --organisation";
}

TEST_F(organisation_file, says_how_the_queues_of_dpe_are_reached) {
  const auto with = [&](const std::string& dpe) {
    return load(head.substr(0, head.find("services")) + "services: {dpe: " + dpe +
                "}\nchannels:\n" + channel("arkiv", ""));
  };
  const auto usual = with("{enabled: false}");
  ASSERT_EQ(lines(usual.problems), "");
  EXPECT_EQ(usual.organisations.at(0)->dpe.transport, dpe_transport::rest);
  EXPECT_EQ(usual.organisations.at(0)->dpe.quiet_poll_interval, std::chrono::minutes(5));
  const auto other = with("{transport: amqp, quiet_poll_interval_seconds: 60}");
  ASSERT_EQ(lines(other.problems), "");
  EXPECT_EQ(other.organisations.at(0)->dpe.transport, dpe_transport::amqp);
  EXPECT_EQ(other.organisations.at(0)->dpe.quiet_poll_interval, std::chrono::minutes(1));
  EXPECT_THAT(lines(with("{transport: mqtt}").problems), testing::HasSubstr("amqp"));
}

TEST_F(organisation_file, says_what_other_services_and_their_channels_need) {
  const auto got = load(head.substr(0, head.find("services")) +
                        "services: {dpo: {enabled: true}, dpi: {supplier: 910075918}}\n"
                        "quotas: {dry_run: true, channel: {requests_per_second: 5}}\n"
                        "channels:\n" +
                        channel("arkiv",
                                "receives: [DPO]\n    dpi: {channel: Arkiv.1, concurrency: 3}\n"
                                "    dpfio: {accounts: [2B7E1D54-6C30-4A5B-9F0D-0A1B2C3D4E5F]}\n"
                                "    dph: {her_ids: [8093]}\n    quotas: {bytes_stored: 2GB}") +
                        "  - name: elsewhere\n    external: true\n    message_channel: other\n");
  ASSERT_EQ(lines(got.problems), "");
  const auto& o = *got.organisations.at(0);
  EXPECT_EQ(o.dpi.supplier, "910075918");
  EXPECT_FALSE(o.enabled(service::dpi));
  EXPECT_TRUE(o.enabled(service::dpo));
  EXPECT_EQ(o.quotas.dry_run, true);
  EXPECT_EQ(o.quotas.channel.requests_per_second, 5U);
  EXPECT_EQ(o.quotas.organisation, quota_limits{});
  const auto& arkiv = o.channels.at(0);
  EXPECT_EQ(arkiv.addresses.dpi_channel, "Arkiv.1");
  EXPECT_EQ(arkiv.addresses.dpi_concurrency, 3U);
  EXPECT_THAT(arkiv.addresses.dpfio_accounts, ElementsAre("2b7e1d54-6c30-4a5b-9f0d-0a1b2c3d4e5f"));
  EXPECT_THAT(arkiv.addresses.her_ids, ElementsAre(8093));
  EXPECT_EQ(arkiv.quotas.bytes_stored, 2ull << 30);
  EXPECT_TRUE(o.channels.at(1).external);
}

TEST_F(organisation_file, an_external_channel_has_no_credentials) {
  EXPECT_THAT(problems(head + "channels:\n" + channel("a", "external: true")),
              HasSubstr("channel \"a\" is external, but has credentials"));
}
