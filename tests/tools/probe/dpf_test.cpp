#include "tests/tools/probe/probing.hpp"

#include <fmt/format.h>

namespace kp::probes::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

const std::string account = "00000000-0000-4000-8000-000000000001";

class probing_dpf : public probing {
 protected:
  void SetUp() override {
    probing::SetUp();
    join({"DPF"});
    open_account(own);
    control("POST", "/control/svarut/receivers",
            {{"organisations", json::array{own}}, {"name", "inn"}, {"password", "ord"}});
  }
  void open_account(const std::string& organisation) {
    control("POST", "/control/svarut/senders",
            {{"organisation", organisation},
             {"username", "svarut-" + organisation},
             {"password", "ord"},
             {"accountId", account},
             {"integrationId", "integrasjon-" + organisation},
             {"integrationPassword", "ord"}});
  }
  static std::string account_of(const std::string& organisation, const std::string& form,
                                const std::string& password = "ord") {
    return fmt::format(
        "      - {{form: {0}, organisation: \"{1}\", account_id: {2},\n"
        "         integration_id: integrasjon-{1}, username: svarut-{1},\n"
        "         integration_password: {{clear: {3}, allow_clear: true}},\n"
        "         password: {{clear: {3}, allow_clear: true}}}}\n",
        form, organisation, account, password);
  }
  void probe_dpf(const std::string& accounts, const std::string& password = "ord") {
    probe("  dpf:\n    enabled: true\n    accounts:\n" + accounts +
              fmt::format("    receivers:\n      - {{name: alt, username: inn,\n"
                          "         password: {{clear: {}, allow_clear: true}}}}\n",
                          password),
          "    sends: [DPF]\n    receives: [DPF]\n");
  }
};

}  // namespace

TEST_F(probing_dpf, finds_all_it_needs_and_sends_and_receipts_nothing) {
  for (const auto* form : {"rest", "soap"}) {
    probe_dpf(account_of(own, form));
    EXPECT_TRUE(last.ready()) << everything();
    EXPECT_THAT(said("DPF as " + own), StartsWith("good: SvarUt takes the account by"));
    EXPECT_THAT(said("DPF in alt"), StartsWith("good: SvarInn lets it in; 0 letters wait"));
  }
  EXPECT_TRUE(control("GET", "/control/svarut/forsendelser").as_array().empty());
  EXPECT_EQ(calls("svarinn_receipt") + calls("svarinn_refusal") + calls("svarinn_download"), 0);
}

TEST_F(probing_dpf, names_the_credentials_that_ks_does_not_know) {
  probe_dpf(account_of(own, "rest", "galt"));
  EXPECT_FALSE(last.ready());
  EXPECT_THAT(said("DPF as " + own),
              AllOf(StartsWith("missing:"), HasSubstr("-> Correct account_id, integration_id")));
  probe_dpf(account_of(own, "soap", "galt"));
  EXPECT_THAT(said("DPF as " + own),
              AllOf(StartsWith("missing:"), HasSubstr("-> Correct user and password of svarut-")));
  EXPECT_THAT(said("DPF in alt"), StartsWith("good:"));
}

TEST_F(probing_dpf, names_the_receiver_system_that_svarinn_does_not_know) {
  probe_dpf(account_of(own, "rest"), "galt");
  EXPECT_FALSE(last.ready());
  EXPECT_THAT(said("DPF in alt"), HasSubstr("-> Correct username and password of alt"));
  EXPECT_THAT(said("DPF as " + own), StartsWith("good:"));
}

TEST_F(probing_dpf, names_the_delegation_that_an_account_of_another_organisation_needs) {
  control("POST", "/control/organisations",
          {{"number", other}, {"name", "Havvik"}, {"services", json::array{"DPF"}}});
  open_account(other);
  const auto both = account_of(own, "rest") + account_of(other, "rest");
  probe_dpf(both);
  EXPECT_FALSE(last.ready());
  EXPECT_THAT(said("DPF as " + other),
              AllOf(StartsWith("missing:"), HasSubstr("-> the consumer has not delegated")));
  control("POST", "/control/delegations",
          {{"client", "MOVE_IP_" + own}, {"consumer", other}, {"scopes", json::array{"ks:fiks"}}});
  probe_dpf(both);
  EXPECT_THAT(said("DPF as " + other), StartsWith("good:")) << everything();
}

}  // namespace kp::probes::test
