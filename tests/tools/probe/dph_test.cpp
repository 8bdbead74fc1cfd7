#include "tests/tools/probe/probing.hpp"

namespace kp::probes::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class probing_dph : public probing {
 protected:
  void SetUp() override {
    probing::SetUp();
    join({"DPH"});
    add_her_id(8093, own);
    add_her_id(9001, other);
  }
  void add_her_id(int number, const std::string& owner) {
    control("POST", "/control/dph/herids",
            {{"herId", number}, {"organisation", owner}, {"name", "Legevakt"}});
  }
  void probe_dph(const std::string& her_id = "8093") {
    probe("  dph: {enabled: true}\n",
          "    sends: [DPH]\n    receives: [DPH]\n    dph: {her_ids: [" + her_id + "]}\n");
  }
};

}  // namespace

TEST_F(probing_dph, finds_all_it_needs_and_reads_nothing) {
  control("POST", "/control/dph/messages", {{"sender", 9001}, {"receiver", 8093}});
  probe_dph();
  EXPECT_TRUE(last.ready()) << everything();
  EXPECT_EQ(said("DPH her-id:8093"), "good: It belongs to 910077473; 1 arrivals wait.");
  EXPECT_THAT(said("DPH certificate"), StartsWith("good:"));
  EXPECT_EQ(calls("dph_read") + calls("dph_receive") + calls("dph_send"), 0);
}

TEST_F(probing_dph, names_the_delegation_that_a_her_id_of_another_organisation_needs) {
  add_her_id(8095, other);
  probe_dph("8095");
  EXPECT_FALSE(last.ready());
  EXPECT_THAT(said("DPH her-id:8095"), AllOf(StartsWith("missing:"), HasSubstr("delegate")));
  control("POST", "/control/delegations",
          {{"client", "MOVE_IP_" + own},
           {"consumer", other},
           {"scopes", json::array{"eformidling:dph"}}});
  probe_dph("8095");
  EXPECT_THAT(said("DPH her-id:8095"), StartsWith("good: It belongs to " + other)) << everything();
}

TEST_F(probing_dph, names_the_her_id_that_nobody_knows) {
  probe_dph("7777");
  EXPECT_FALSE(last.ready());
  EXPECT_THAT(said("DPH her-id:7777"), HasSubstr("-> Correct 7777 under dph.her_ids"));
}

TEST_F(probing_dph, names_the_adapter_that_lets_nobody_in) {
  refuse("dph_list", 403);
  probe_dph();
  EXPECT_FALSE(last.ready());
  EXPECT_THAT(said("DPH her-id:8093"), HasSubstr("-> Have Digdir open the NHN adapter"));
}

TEST_F(probing_dph, names_the_certificate_of_the_adapter) {
  refuse("registry_virksert", 404);
  probe_dph();
  EXPECT_FALSE(last.ready());
  EXPECT_THAT(said("DPH certificate"), HasSubstr("-> Tell Digdir that the Service Registry"));
}

TEST_F(probing_dph, is_not_asked_without_the_service_registry) {
  join({"DPH"}, {{"scopes", json::array{"eformidling:dpo"}}});
  probe_dph();
  EXPECT_EQ(said("DPH"), "not asked: The Service Registry is needed for it.");
  EXPECT_THAT(said("Maskinporten"), HasSubstr("no token for \"eformidling:dph\""));
}

}  // namespace kp::probes::test
