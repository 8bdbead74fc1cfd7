#include "tests/tools/probe/probing.hpp"

// What every service needs: key store, Maskinporten, Service Registry.

namespace kp::probes::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const std::string dpo = "  dpo: {enabled: true}\n";
const std::string with_dpo = "    sends: [DPO]\n    receives: [DPO]\n";

}  // namespace

TEST_F(probing, finds_all_that_dpo_needs) {
  join({"DPO"});
  probe(dpo, with_dpo);
  EXPECT_TRUE(last.ready()) << everything();
  EXPECT_THAT(said("key store"), StartsWith("good: The certificate is valid until"));
  EXPECT_THAT(said("Maskinporten"), HasSubstr("gets a token with the scope eformidling:dpo."));
  EXPECT_THAT(said("Service Registry"), StartsWith("good: 910077473 is known"));
  EXPECT_THAT(said("published certificate"), StartsWith("good: It is the one in the key store"));
  EXPECT_THAT(said("DPO as 0192:910077473"), HasSubstr("may use DPO"));
}

TEST_F(probing, names_each_scope_that_is_missing_and_no_other) {
  join({"DPO", "DPV", "DPE"},
       {{"scopes", json::array{"eformidling:dpo", "altinn:broker.read", "altinn:broker.write"}}});
  probe(dpo + "  dpv: {enabled: true}\n  dpe: {enabled: true}\n",
        "    sends: [DPO, DPV, DPE]\n    receives: [DPO, DPE]\n");
  EXPECT_FALSE(last.ready());
  EXPECT_THAT(said("Maskinporten"),
              AllOf(HasSubstr("no token for \"eformidling:dpv\""),
                    HasSubstr("no token for \"eformidling:dpe\""),
                    testing::Not(HasSubstr("no token for \"eformidling:dpo\"")),
                    HasSubstr("-> a scope is not on the client")))
      << everything();
  EXPECT_THAT(said("Service Registry"), StartsWith("not asked:"));
  EXPECT_THAT(said("DPO as 0192:910077473"), StartsWith("good:"));
}

TEST_F(probing, asks_nothing_without_the_key_store) {
  join({"DPO", "DPV"});
  folder.write("own.password", "another");
  probe(dpo + "  dpv: {enabled: true}\n", "    sends: [DPO, DPV]\n    receives: [DPO]\n");
  EXPECT_FALSE(last.ready());
  EXPECT_THAT(said("key store"), AllOf(StartsWith("missing:"), HasSubstr("alias")));
  for (const auto* part : {"Maskinporten", "Service Registry", "DPO", "DPV"})
    EXPECT_EQ(said(part), "not asked: The key store is needed for it.") << part;
  EXPECT_EQ(calls("token"), 0);
}

TEST_F(probing, tells_an_outage_and_a_machine_that_is_not_reached_from_a_refusal) {
  join({"DPO"});
  refuse("registry_identifier", 503);
  probe(dpo, with_dpo);
  EXPECT_THAT(said("Service Registry"), HasSubstr("-> The service is in trouble; try again later"));
  control("DELETE", "/control/faults");
  hub.national.service_registry_url = "http://127.0.0.1:1/adressetjeneste";
  probe(dpo, with_dpo);
  EXPECT_THAT(said("Service Registry"),
              HasSubstr("-> See that this machine reaches http://127.0.0.1:1/adressetjeneste"));
}

TEST_F(probing, speaks_only_of_services_that_are_enabled) {
  join({"DPO"});
  probe(dpo, with_dpo);
  for (const auto* part : {"DPV", "DPE key", "DPI", "DPFIO"}) EXPECT_THAT(said(part), IsEmpty());
}

}  // namespace kp::probes::test
