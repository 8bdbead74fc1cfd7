#include "tests/tools/probe/probing.hpp"

#include <fmt/format.h>

namespace kp::probes::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

const std::string queue = "nextbestqueue910077473innsyn";

// Over REST and over AMQP.
class probing_dpe : public probing, public testing::WithParamInterface<const char*> {
 protected:
  void probe_dpe() {
    probe(fmt::format("  dpe: {{enabled: true, transport: {}}}\n", GetParam()),
          "    sends: [DPE]\n    receives: [DPE]\n");
  }
  static bool by_amqp() { return std::string(GetParam()) == "amqp"; }
};
INSTANTIATE_TEST_SUITE_P(by, probing_dpe, testing::Values("rest", "amqp"),
                         [](const auto& each) { return std::string(each.param); });

}  // namespace

TEST_P(probing_dpe, finds_all_it_needs_and_locks_nothing) {
  join({"DPE"});
  control("POST", "/control/servicebus/messages", {{"queue", queue}, {"text", "{}"}});
  const auto before = control("GET", "/control/servicebus/queues/" + queue);
  ASSERT_EQ(before.at("messages").as_array().size(), 1U);
  probe_dpe();
  EXPECT_TRUE(last.ready()) << everything();
  EXPECT_THAT(said("DPE key"), StartsWith("good:"));
  EXPECT_EQ(said("DPE queue"), "good: The Service Bus lets it use the queue " + queue + ".");
  EXPECT_EQ(control("GET", "/control/servicebus/queues/" + queue), before);
  EXPECT_EQ(calls("service_bus_receive"), 0);
}

TEST_P(probing_dpe, names_the_registration_that_the_key_needs) {
  join({"DPE"});
  refuse("registry_sastoken", 404);
  probe_dpe();
  EXPECT_FALSE(last.ready());
  EXPECT_THAT(said("DPE key"), HasSubstr("-> See that the client MOVE_IP_910077473 has the scope "
                                         "eformidling:dpe, and have Digdir register"));
  EXPECT_EQ(said("DPE queue"), "");
}

TEST_P(probing_dpe, names_the_key_that_is_not_accepted) {
  join({"DPE"});
  refuse(by_amqp() ? "service_bus_claim" : "service_bus_renew", 401);
  probe_dpe();
  EXPECT_FALSE(last.ready());
  EXPECT_THAT(said("DPE queue"),
              HasSubstr("-> The key of the Service Registry is not accepted: see that"));
}

TEST_P(probing_dpe, names_the_queue_that_is_not_there) {
  join({"DPE"});
  control("POST", "/control/servicebus", {{"undeclared", 410}});
  probe(fmt::format("  dpe: {{enabled: true, mode: meeting, transport: {}}}\n", GetParam()),
        "    sends: [DPE]\n    receives: [DPE]\n");
  EXPECT_TRUE(last.ready()) << everything();
  refuse("service_bus_renew", 410);
  probe_dpe();
  EXPECT_FALSE(last.ready());
  EXPECT_THAT(said("DPE queue"), HasSubstr("-> Have Digdir make the queue " + queue));
}

}  // namespace kp::probes::test
