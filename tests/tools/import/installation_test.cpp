#include "tools/import/installation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// One installation: names in all spellings, placeholders, layers; and what is said of the rest.

namespace {

using namespace kp;
using namespace kp::importer;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class importing : public testing::Test {
 protected:
  installation of(std::string_view text, std::string_view over = "",
                  environment_preset where = environment_preset::production) {
    std::vector<problem> problems;
    auto layers = parse_properties(text, "a.properties", text_encoding::utf8, problems);
    for (auto& one : parse_properties(over, "b.env", text_encoding::utf8, problems))
      layers.push_back(std::move(one));
    EXPECT_TRUE(problems.empty());
    return installation("lonn", "/opt/lonn", std::move(layers), where, report_);
  }
  std::string rest_of(std::string_view text, std::set<service> enabled = {service::dpo},
                      environment_preset where = environment_preset::production) {
    auto one = of(text, "", where);
    report_rest(one, enabled, where, "910077473", report_);
    return report_.to_text();
  }
  findings report_;
};

}  // namespace

TEST_F(importing, finds_a_property_in_every_spelling) {
  for (const auto* line :
       {"difi.move.dpo.messageChannel=lonn", "difi.move.dpo.message-channel=lonn",
        "difi.move.dpo.message_channel=lonn", "DIFI.MOVE.DPO.MESSAGECHANNEL=lonn",
        "DIFI_MOVE_DPO_MESSAGECHANNEL=lonn", "DIFI_MOVE_DPO_MESSAGE_CHANNEL=lonn"})
    EXPECT_EQ(of(line).text("difi.move.dpo.messageChannel"), "lonn") << line;
  EXPECT_EQ(of("DIFI_MOVE_FEATURE_ENABLEDPO=true").flag("difi.move.feature.enableDPO", false),
            true);
}

TEST_F(importing, finds_indices_in_every_spelling) {
  auto one =
      of("difi.move.dpo.reportees[0].orgId=a\ndifi.move.dpo.reportees[10].org-id=c\n"
         "DIFI_MOVE_DPO_REPORTEES_2_ORGID=b");
  EXPECT_THAT(one.keys("difi.move.dpo.reportees[*].orgId"), testing::ElementsAre("0", "2", "10"));
  EXPECT_EQ(one.text("difi.move.dpo.reportees[2].orgId"), "b");
  auto lists = of("difi.move.dph.her-ids=1, 2,,\ndifi.move.dph.herIds[0]=3");
  EXPECT_THAT(lists.list("difi.move.dph.her-ids"), testing::ElementsAre("1", "2", "3"));
}

TEST_F(importing, trims_values_but_not_passwords) {
  auto one = of("difi.move.org.number=910077473  \ndifi.security.user.password=a b \n");
  EXPECT_EQ(one.text("difi.move.org.number"), "910077473");
  EXPECT_EQ(one.exact("difi.security.user.password"), "a b ");
  EXPECT_EQ(of("difi.move.org.number=  \n").text("difi.move.org.number"), std::nullopt);
}

TEST_F(importing, lets_later_files_override_earlier_ones_and_the_last_line_count) {
  auto one = of("difi.move.org.number=1\ndifi.move.org.number=2\nserver.port=1",
                "DIFI_MOVE_ORG_NUMBER=3\nPATH=/bin");
  EXPECT_EQ(one.text("difi.move.org.number"), "3");
  EXPECT_THAT(report_.to_text(), HasSubstr("a.properties:1: difi.move.org.number = 1: it stands "
                                           "again in line 2, and the last one counts"));
  EXPECT_FALSE(report_.has_problems());
}

TEST_F(importing, resolves_placeholders_from_properties_variables_defaults_and_usual_values) {
  auto one =
      of("difi.move.org.number=910077473\nmy.name=x-${difi.move.org.number}\n"
         "difi.move.dpo.systemUser.name=${my.name}_${SUFFIX}_${absent:y${also:z}}\n"
         "difi.move.dpo.default-ttl-hours=${difi.move.nextmove.default-ttl-hours}\n",
         "SUFFIX=s");
  EXPECT_EQ(one.text("difi.move.dpo.systemUser.name"), "x-910077473_s_yz");
  EXPECT_EQ(one.text("difi.move.dpo.default-ttl-hours"), "24");
  EXPECT_TRUE(report_.all().empty());
}

TEST_F(importing, reports_placeholders_that_nothing_resolves_and_those_that_go_in_circles) {
  auto one =
      of("difi.move.org.keystore.password=${KEYSTORE_PASSWORD}\n"
         "difi.move.org.number=${a}\na=${b}\nb=${a}\n"
         "difi.datasource.url=${DB}");
  EXPECT_EQ(one.text("difi.move.org.keystore.password"), std::nullopt);
  EXPECT_EQ(one.text("difi.move.org.number"), std::nullopt);
  EXPECT_THAT(report_.to_text(),
              AllOf(HasSubstr("nothing here says what \"KEYSTORE_PASSWORD\" is"),
                    HasSubstr("which refers to itself"), HasSubstr("--channel lonn=FILE"),
                    HasSubstr("2 problems"), Not(HasSubstr("DB"))));
}

TEST_F(importing, does_not_follow_placeholders_without_end) {
  std::string text = "difi.move.org.number=${a0}\n";
  for (int i = 0; i < 10; ++i) {
    text += "a" + std::to_string(i) + "=";
    for (int n = 0; n < 100; ++n) text += "${a" + std::to_string(i + 1) + ":}";
    text += "\n";
  }
  EXPECT_EQ(of(text).text("difi.move.org.number"), std::nullopt);
  EXPECT_TRUE(report_.has_problems());
}

TEST_F(importing, takes_only_the_documents_of_its_profile) {
  const auto text =
      "server.port=1\n#---\nspring.config.activate.on-profile=staging\n"
      "difi.move.org.number=2\n#---\nspring.config.activate.on-profile=dev, production\n"
      "difi.move.org.number=3\n";
  EXPECT_EQ(of(text).text("difi.move.org.number"), "3");
  EXPECT_EQ(of(text, "", environment_preset::test).text("difi.move.org.number"), "2");
}

TEST_F(importing, says_nothing_of_what_has_its_default) {
  EXPECT_EQ(rest_of("server.port=9093\ndifi.move.queue.concurrency=10 \n"
                    "difi.move.dpo.systemName=910077473_integrasjonspunkt\n"
                    "difi.move.nextmove.status-services=DPO, DPE\n"
                    "difi.move.serviceregistryEndpoint=https://eformidling.no/adressetjeneste/\n"
                    "difi.move.feature.enableReceipts=TRUE\ndifi.move.mail.smtpHost=\n"),
            "0 problems, 0 to do, 0 not carried over\n");
}

TEST_F(importing, lists_what_belongs_to_the_hub_and_what_is_not_needed_without_a_problem) {
  const auto text = rest_of(
      "server.port=8443\ndifi.datasource.url=jdbc:h2:file:./ip\n"
      "difi.move.webhooks.readTimeout=30000\nspring.jpa.show-sql=true\n");
  EXPECT_THAT(text, AllOf(HasSubstr("a.properties:1: server.port = 8443: a setting of the whole "
                                    "hub. The hub has one address"),
                          HasSubstr("difi.datasource.url = jdbc:h2:file:./ip: The hub has a store"),
                          HasSubstr("webhooks.read_timeout_seconds"),
                          HasSubstr("0 problems, 0 to do, 4 not carried over")));
}

TEST_F(importing, reports_what_would_be_lost) {
  EXPECT_THAT(rest_of("difi.move.mail.smtpHost=smtp.bergvik.example\n"
                      "difi.move.dpo.oidc.authenticationType=JWK\n"),
              AllOf(HasSubstr("difi.move.mail.smtpHost = smtp.bergvik.example: the hub has no "
                              "setting for it. The hub sends no mail."),
                    HasSubstr("2 problems")));
}

TEST_F(importing, lets_the_operator_drop_what_would_be_lost) {
  report_ = findings({"difi.move.mail.*", "difi.move.dpo.oidc.authentication-type"});
  const auto text = rest_of(
      "difi.move.mail.smtpHost=smtp.bergvik.example\n"
      "difi.move.dpo.oidc.authenticationType=JWK\n");
  EXPECT_THAT(text, AllOf(HasSubstr("Dropped as you asked."), HasSubstr("0 problems")));
  EXPECT_FALSE(report_.has_problems());
}

TEST_F(importing, reports_unknown_names_with_the_nearest_known_one) {
  EXPECT_THAT(
      rest_of("difi.move.dpo.mesageChannel=lonn\nDIFI_MOVE_ORG_NUMBR=1\nPATH=/bin\n"
              "completely.other=1\n"),
      AllOf(HasSubstr("the Java installation knows no such property. Did you mean "
                      "difi.move.dpo.messageChannel?"),
            HasSubstr("Did you mean difi.move.org.number?"), HasSubstr("completely.other = 1"),
            Not(HasSubstr("/bin")), HasSubstr("3 problems")));
}

TEST_F(importing, does_not_mind_what_belongs_to_a_service_that_is_off) {
  EXPECT_THAT(rest_of("difi.move.dpo.messageChannel=lonn\n", {}),
              AllOf(HasSubstr("DPO is off in this installation"), HasSubstr("0 problems")));
}

TEST_F(importing, notices_addresses_of_the_other_environment) {
  const auto* text = "difi.move.dpo.brokerserviceUrl=https://platform.tt02.altinn.no/broker/api/v1";
  EXPECT_THAT(rest_of(text), HasSubstr("it belongs to the test environment"));
  report_ = findings();
  EXPECT_THAT(rest_of(text, {service::dpo}, environment_preset::test), HasSubstr("0 problems"));
}

TEST_F(importing, never_shows_secrets) {
  const auto text = rest_of(
      "difi.datasource.url=jdbc:sqlserver://db;user=a;PASSWORD=hemmelig\n"
      "difi.datasource.password=hemmelig\n"
      "difi.activemq.broker-url=tcp://me:hemmelig@mq:61616\n"
      "vault.token=hemmelig\nmy.sas-Token=hemmelig\n"
      "difi.move.fiks.io.integrasjons-passord=hemmelig\n");
  EXPECT_THAT(text, AllOf(HasSubstr("****"), Not(HasSubstr("hemmelig"))));
  EXPECT_EQ(shown("difi.move.oidc.tokenUri", "https://a/token"), "https://a/token");
}

TEST_F(importing, shows_no_control_characters) {
  EXPECT_THAT(rest_of("difi.move.mail.smtpHost=a\\u001b[2J\\nb\n"),
              AllOf(HasSubstr("a?[2J?b"), Not(HasSubstr("\x1b"))));
}

TEST(catalogue, knows_every_property_once) {
  std::set<std::string> names;
  for (const auto list : {platform_properties(), service_properties()})
    for (const auto& one : list) {
      EXPECT_TRUE(names.insert(canonical(one.name)).second) << one.name;
      EXPECT_TRUE(one.becomes == fate::carried || !one.advice.empty()) << one.name;
      if (!one.name.ends_with("**")) {
        std::string example(one.name);
        if (const auto star = example.find('*'); star != std::string::npos) example[star] = '0';
        EXPECT_EQ(recognise(example).known, &one) << one.name;
      }
    }
}
