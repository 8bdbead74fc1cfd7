#include "tenants/dpf_settings.hpp"

#include "tenants/changes.hpp"
#include "tenants/loader.hpp"
#include "tests/tenants/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

using namespace kp;
using namespace kp::tenants;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

environment variables() {
  return [](const std::string& name) -> std::optional<std::string> {
    if (name.starts_with("KP_")) return "secret";
    return std::nullopt;
  };
}

class dpf_settings_file : public test::temporary_folder {
 protected:
  // `dpf`: lines of services.dpf, with six spaces before each.
  loaded load(const std::string& dpf, const std::string& uses = "sends: [DPF]") {
    return load_file(
        write("a.yaml",
              fmt::format("number: 910076787\nkeystore:\n  path: keys/org.p12\n"
                          "  password: {{env: KP_PASSWORD}}\nservices:\n  dpf:\n"
                          "      enabled: true\n{}channels:\n  - name: arkiv\n    {}\n"
                          "    credentials:\n      - user: u\n        password_hash: {}\n",
                          dpf, uses, hash)),
        variables());
  }
  std::string problems(const std::string& dpf, const std::string& uses = "sends: [DPF]") {
    return lines(load(dpf, uses).problems);
  }
  const std::string hash =
      "$scrypt$ln=14,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  const std::string rest =
      "        - {account_id: a, integration_id: b, integration_password: {env: KP_SVARUT}}\n";
  const std::string soap =
      "        - {organisation: 974760673, form: soap, username: u, password: {env: KP_SOAP}}\n";
};

}  // namespace

TEST_F(dpf_settings_file, have_an_account_for_each_sender_and_receiver_systems_by_name) {
  const auto got = load("      accounts:\n" + rest + soap +
                            "      not_printed: [docx, \"*\"]\n      receivers:\n"
                            "        - {name: alt, username: m, password: {env: KP_INN}}\n"
                            "        - {name: bygg, username: n, password: {env: KP_INN}, process: "
                            "p, document_type: d}\n",
                        "receives: [DPF]");
  ASSERT_EQ(lines(got.problems), "");
  const auto& dpf = got.organisations.at(0)->dpf;
  ASSERT_EQ(dpf.accounts.size(), 2U);
  EXPECT_EQ(dpf.accounts[0].organisation, "910076787") << "its own where it says no other";
  EXPECT_EQ(dpf.accounts[0].form, svarut_form::rest);
  EXPECT_EQ(dpf.accounts[0].integration_password.read(variables()).value(), "secret");
  EXPECT_EQ(dpf.accounts[1].form, svarut_form::soap);
  EXPECT_THAT(dpf.not_printed, ElementsAre("docx", "*"));
  ASSERT_EQ(dpf.receivers.size(), 2U);
  EXPECT_EQ(dpf.receivers[0].process, "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0");
  EXPECT_EQ(dpf.receivers[1].document_type, "d");
  EXPECT_EQ(dpf.poll_interval, std::chrono::seconds(900));
  EXPECT_FALSE(dpf.report_failures);
}

TEST_F(dpf_settings_file, say_what_is_missing_to_send_and_to_receive) {
  EXPECT_THAT(problems(""), AllOf(HasSubstr("a.yaml:7"), HasSubstr("there is no account"),
                                  HasSubstr("services.dpf.accounts")));
  EXPECT_THAT(problems("", "receives: [DPF]"), HasSubstr("no receiver system"));
  EXPECT_THAT(problems("      accounts:\n        - {form: rest, account_id: a}\n"),
              AllOf(HasSubstr("no whole credentials"), HasSubstr("integration_password")));
  EXPECT_THAT(problems("      accounts:\n        - {form: soap, username: a}\n"),
              HasSubstr("Give it username and password"));
  EXPECT_THAT(problems("      accounts:\n        - {form: mail}\n"), HasSubstr("rest, soap"));
}

TEST_F(dpf_settings_file, say_what_stands_twice_or_is_no_number_or_code) {
  EXPECT_THAT(problems("      accounts:\n" + rest + rest), HasSubstr("two accounts of 910076787"));
  EXPECT_THAT(
      problems("      accounts:\n" + rest +
               "        - {organisation: 123, form: soap, username: u, password: {env: KP_A}}\n"),
      HasSubstr("\"123\""));
  EXPECT_THAT(problems("      accounts:\n" + rest + "      billing_code: a b\n"),
              HasSubstr("billing_code"));
  EXPECT_EQ(problems("      accounts:\n" + rest + "      billing_code: Sløyd-1.b_2\n"), "");
  EXPECT_THAT(problems("      accounts:\n" + rest + "      fallback_sender: kari\n"),
              HasSubstr("fallback_sender"));
  EXPECT_THAT(problems("      receivers:\n"
                       "        - {name: alt, username: m, password: {env: KP_INN}}\n"
                       "        - {name: alt, username: n, password: {env: KP_INN}}\n",
                       "receives: [DPF]"),
              HasSubstr("two receiver systems \"alt\""));
}

TEST(dpf_changes, of_accounts_need_new_clients_and_of_the_rest_new_rules) {
  const auto with = [](auto change) {
    organisation made{*organisation_id::parse("910077473"), "B", {}, {}, {}, {}, {}, {}, {}};
    made.dpf.accounts = {{"910077473", svarut_form::soap, "", "", {}, "u", {}, {}}};
    change(made.dpf);
    return made;
  };
  const auto before = with([](auto&) {});
  const auto account = diff(before, with([](auto& s) { s.accounts[0].username = "v"; }));
  EXPECT_TRUE(account.clients);
  const auto rule = diff(before, with([](auto& s) { s.digital_only = true; }));
  EXPECT_FALSE(rule.clients);
  EXPECT_FALSE(rule.empty());
  EXPECT_TRUE(diff(before, with([](auto& s) { s.accounts[0].where.line = 9; })).empty());
}
