#include "tests/support/rabbitmq.hpp"
#include "tests/tools/probe/probing.hpp"

#include <fmt/format.h>

namespace kp::probes::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

const std::string integration = "8e4f0a5e-1111-4222-8333-444455556666";
const std::string account = "47b0c75b-ddb5-447b-88d2-c4030d183fb3";

class probing_dpfio : public probing {
 protected:
  void SetUp() override {
    probing::SetUp();
    join({"DPFIO"});
  }
  void open_account(const std::string& of = own) {
    control("POST", "/control/fiks-io/accounts",
            {{"organisation", of},
             {"accountId", account},
             {"integrationId", integration},
             {"integrationPassword", "ord"}});
  }
  void probe_dpfio(const std::string& password = "ord", bool receives = false) {
    probe(fmt::format("  dpfio:\n    enabled: true\n    integration_id: {}\n"
                      "    integration_password: {{clear: {}, allow_clear: true}}\n",
                      integration, password),
          fmt::format("    sends: [DPFIO]\n{}    dpfio: {{accounts: [{}]}}\n",
                      receives ? "    receives: [DPFIO]\n" : "", account));
  }
};

}  // namespace

TEST_F(probing_dpfio, finds_all_that_sending_needs_and_sends_nothing) {
  open_account();
  probe_dpfio();
  EXPECT_TRUE(last.ready()) << everything();
  EXPECT_EQ(said("DPFIO " + account), "good: KS has the account, and lets it send.");
  EXPECT_THAT(said("DPFIO dokumentlager"), StartsWith("good:"));
  EXPECT_EQ(said("DPFIO AMQP"), "") << "nobody receives";
  EXPECT_EQ(calls("fiks_send"), 0);
}

TEST_F(probing_dpfio, names_the_integration_that_ks_does_not_know) {
  open_account();
  probe_dpfio("galt");
  EXPECT_FALSE(last.ready());
  for (const auto* part : {"dokumentlager", account.c_str()})
    EXPECT_THAT(
        said(fmt::format("DPFIO {}", part)),
        AllOf(StartsWith("missing:"), HasSubstr("-> Correct services.dpfio.integration_id and")));
}

TEST_F(probing_dpfio, names_the_scope) {
  join({"DPFIO"}, {{"scopes", json::array{"eformidling:dpfio"}}});
  open_account();
  probe_dpfio();
  EXPECT_THAT(said("DPFIO"), AllOf(HasSubstr("no token for \"ks:fiks\""), HasSubstr("-> a scope")));
}

TEST_F(probing_dpfio, names_the_account_that_is_not_there_or_may_not_send) {
  control("POST", "/control/fiks-io/accounts",
          {{"organisation", own}, {"integrationId", integration}, {"integrationPassword", "ord"}});
  probe_dpfio();
  EXPECT_THAT(said("DPFIO " + account), HasSubstr("-> Correct dpfio.accounts of channel arkiv"));
  open_account();
  control("POST", "/control/fiks-io/accounts/" + account, {{"sends", false}});
  probe_dpfio();
  EXPECT_THAT(said("DPFIO " + account), StartsWith("missing: KS does not let the account send"));
}

TEST_F(probing_dpfio, tells_an_outage_of_dokumentlager_from_a_refusal) {
  open_account();
  control("POST", "/control/fiks-io", {{"documentFailures", 1}});
  probe_dpfio();
  EXPECT_THAT(said("DPFIO dokumentlager"), HasSubstr("-> The service is in trouble"));
}

TEST_F(probing_dpfio, names_the_certificate_of_an_account_that_receives) {
  open_account();
  control("POST", "/control/fiks-io/accounts/" + account,
          {{"certificate", control("GET", "/control/ca.pem")}});
  hub.national.fiks_io_broker_url = "amqp://127.0.0.1:1";
  probe_dpfio("ord", true);
  EXPECT_FALSE(last.ready());
  EXPECT_THAT(said("DPFIO " + account), HasSubstr("-> Put the certificate of the key store on the "
                                                  "account"));
  EXPECT_THAT(said("DPFIO AMQP"), HasSubstr("-> See that this machine reaches amqp://127.0.0.1:1"));
}

TEST_F(probing_dpfio, logs_in_at_the_broker_and_takes_nothing) {
  ASSERT_TRUE(kp::test::rabbitmq::installed()) << kp::test::rabbitmq::missing;
  kp::test::rabbitmq broker(box->url());
  ASSERT_TRUE(broker.start()) << broker.log();
  control("POST", "/control/fiks-io", {{"amqpUrl", broker.administrator()}});
  open_account();
  hub.national.fiks_io_broker_url = broker.url();
  control("POST", "/control/fiks-io/deliveries",
          {{"to", account}, {"headers", json::object{{"type", "x"}}}, {"base64", "aGVp"}});
  const auto waiting = [&] {
    return control("GET", "/control/fiks-io/queues/" + account)
        .at("messages")
        .to_number<std::int64_t>();
  };
  EXPECT_EQ(waiting(), 1);
  probe_dpfio("ord", true);
  EXPECT_TRUE(last.ready()) << everything();
  EXPECT_THAT(said("DPFIO AMQP"), StartsWith("good: The broker of FIKS IO lets"));
  EXPECT_EQ(waiting(), 1);
  const auto taken = control("POST", "/control/fiks-io/take", {{"account", account}});
  EXPECT_FALSE(taken.at("redelivered").as_bool());
  refuse("fiks_authorize", 403);
  probe_dpfio("ord", true);
  EXPECT_FALSE(last.ready());
  EXPECT_THAT(said("DPFIO AMQP"),
              AllOf(StartsWith("missing:"), HasSubstr("-> Correct services.dpfio.integration_id")));
}

}  // namespace kp::probes::test
