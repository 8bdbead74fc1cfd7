#include "tests/tools/probe/probing.hpp"

namespace kp::probes::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class probing_dpv : public probing {
 protected:
  void probe_dpv() { probe("  dpv: {enabled: true}\n", "    sends: [DPV]\n"); }
};

}  // namespace

TEST_F(probing_dpv, finds_all_it_needs_and_leaves_no_letter) {
  join({"DPV"});
  probe_dpv();
  EXPECT_TRUE(last.ready()) << everything();
  EXPECT_THAT(said("DPV"), StartsWith("good: Client"));
  EXPECT_EQ(calls("correspondence_upload"), 0);
  EXPECT_TRUE(control("GET", "/control/correspondence").as_array().empty());
}

TEST_F(probing_dpv, names_the_access_list) {
  join({"DPV"});
  control("POST", "/control/correspondence/settings", {{"denied", json::array{own}}});
  probe_dpv();
  EXPECT_FALSE(last.ready());
  EXPECT_THAT(said("DPV"), AllOf(HasSubstr("is not on the access list"),
                                 HasSubstr("-> Have Digdir put 910077473 on the access list")));
}

TEST_F(probing_dpv, names_the_scope_of_the_client_of_its_own) {
  join({"DPV"});
  probe("  dpv: {enabled: true, client_id: nobody}\n", "    sends: [DPV]\n");
  EXPECT_FALSE(last.ready());
  EXPECT_THAT(said("DPV"), AllOf(StartsWith("missing: Maskinporten gives client nobody no token"),
                                 HasSubstr("-> ")));
}

TEST_F(probing_dpv, names_the_environment_when_altinn_does_not_take_the_token) {
  join({"DPV"});
  refuse("exchange", 403);
  probe_dpv();
  EXPECT_THAT(said("DPV"), HasSubstr("see that `environment` in hub.yaml"));
}

}  // namespace kp::probes::test
