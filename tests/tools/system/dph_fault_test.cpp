#include "tests/tools/system/dph_town.hpp"
#include "tests/tools/system/operator_calls.hpp"

// DPH while the national services are in trouble. Lost answers are in dph_test.cpp.

namespace kp::test {

using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(dph_town, a_message_waits_while_maskinporten_gives_no_token) {
  for (const auto& [said, advice] : token_refusals) {
    // The adapter refuses the token at hand, so that another one is asked for.
    fault({{"endpoint", "dph_send"}, {"kind", "status"}, {"status", 401}, {"count", 1}});
    fault({{"endpoint", "token"},
           {"organisation", health},
           {"every", 1},
           {"kind", "status"},
           {"status", 400},
           {"body", said}});
    const auto id = send(ward, ward_id);
    EXPECT_TRUE(until([&] {
      return story_of(*here, health, id).find(advice) != std::string::npos;
    })) << story_of(*here, health, id);
    EXPECT_THAT(statuses(ward, id), ElementsAre("OPPRETTET")) << advice;
    here->control("DELETE", "/control/faults");
    EXPECT_TRUE(until([&] { return retry_now(*here, health, id); }));
    ASSERT_TRUE(until_status(ward, id, "SENDT")) << advice;
    EXPECT_EQ(copies_of(id), 1);
  }
}

TEST_F(dph_town, slow_answers_are_waited_for_and_nothing_is_sent_twice) {
  fault({{"endpoint", "dph_send"}, {"kind", "delay"}, {"delayMs", 2500}, {"count", 1}});
  const auto id = send(ward, ward_id);
  ASSERT_TRUE(until_status(ward, id, "SENDT"));
  EXPECT_EQ(copies_of(id), 1);
  for (const auto* endpoint : {"dph_list", "dph_receive", "dph_read"})
    fault({{"endpoint", endpoint}, {"kind", "delay"}, {"delayMs", 1500}, {"count", 1}});
  const auto in = inject({});
  ASSERT_TRUE(until_arrived(ward, in));
  EXPECT_TRUE(until([&] { return is_read(in); }));
  EXPECT_EQ(in_network(in).at("downloads"), 1);
  take(ward, in);
}

// dph.md 7.5: what would end the start of an earlier installation is one HER-id's trouble.
TEST_F(dph_town, a_her_id_that_cannot_be_used_is_told_of_in_health_and_holds_up_no_other) {
  write(yaml() + fmt::format("  - name: feil\n    sends: [DPH]\n    receives: [DPH]\n"
                             "    dph: {{her_ids: [7777]}}\n    credentials:\n      - {}\n",
                             credential("dph-feil:feil-pass")));
  const auto told = [&] {
    return call(here->admin_port(), "GET", "/admin/organisations/" + health, basic(operator_user))
        .body;
  };
  EXPECT_TRUE(until([&] { return told().find("her-id:7777") != std::string::npos; })) << told();
  EXPECT_THAT(told(), HasSubstr("DEGRADED"));
  EXPECT_THAT(told(), HasSubstr("her-id:8093"));
  const auto in = inject({});
  ASSERT_TRUE(until_arrived(ward, in));
  take(ward, in);
  write(yaml());
  EXPECT_TRUE(until([&] { return told().find("her-id:7777") == std::string::npos; }))
      << "it is no channel's any more";
}

}  // namespace kp::test
