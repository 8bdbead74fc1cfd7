#include "tests/tools/system/dpfio_town.hpp"
#include "tests/tools/system/operator_calls.hpp"

// DPFIO while the national services are in trouble. Cut connections are in dpfio_test.cpp.

namespace kp::test {

using testing::Contains;
using testing::ElementsAre;
using testing::Key;

TEST_F(dpfio_town, a_message_waits_while_maskinporten_gives_no_token) {
  for (const auto& [said, advice] : token_refusals) {
    // FIKS IO refuses the token at hand, so that another one is asked for.
    fault({{"endpoint", "fiks_send"}, {"kind", "status"}, {"status", 401}, {"count", 1}});
    fault({{"endpoint", "token"},
           {"organisation", havdal},
           {"every", 1},
           {"kind", "status"},
           {"status", 400},
           {"body", said}});
    const auto id = send(message_to(peer_account));
    EXPECT_TRUE(until([&] {
      return story_of(*here, havdal, id).find(advice) != std::string::npos;
    })) << story_of(*here, havdal, id);
    EXPECT_THAT(statuses(innsyn, id), ElementsAre("OPPRETTET")) << advice;
    here->control("DELETE", "/control/faults");
    EXPECT_TRUE(until([&] { return retry_now(*here, havdal, id); }));
    ASSERT_TRUE(until_status(innsyn, id, "LEVERT")) << advice;
    EXPECT_EQ(sent(id).size(), 1U);
  }
}

TEST_F(dpfio_town, slow_answers_are_waited_for_and_nothing_is_sent_twice) {
  for (const auto* endpoint : {"fiks_account", "fiks_key", "fiks_send"})
    fault({{"endpoint", endpoint}, {"kind", "delay"}, {"delayMs", 2500}, {"count", 1}});
  const auto id = send(message_to(peer_account));
  ASSERT_TRUE(until_status(innsyn, id, "LEVERT"));
  EXPECT_EQ(sent(id).size(), 1U);
  fault({{"endpoint", "fiks_document"}, {"kind", "delay"}, {"delayMs", 2500}, {"count", 1}});
  const auto large = from_peer({{"asDocument", true}});
  ASSERT_TRUE(until_arrived(innsyn, large));
  EXPECT_THAT(take(innsyn, large), Contains(Key("svar.txt")));
}

}  // namespace kp::test
