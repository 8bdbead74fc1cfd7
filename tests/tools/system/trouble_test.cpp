#include "tests/tools/system/town.hpp"

#include <algorithm>

// National services that fail, and a hub that is killed: nothing that was acknowledged is lost.

namespace {

using namespace kp::test;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;

class trouble : public in_town {
 protected:
  void start_again() { ASSERT_TRUE(here->start_hub()) << here->hub().log(); }

  bool until_all_faults_struck() {
    return until([&] {
      const auto faults = here->control("GET", "/control/faults");
      return std::ranges::all_of(faults.as_array(), [](const json::value& each) {
        return each.at("fired").to_number<int>() > 0;
      });
    });
  }

  void expect_arrived_once(const std::string& who, const std::string& id, seconds longest) {
    ASSERT_TRUE(until_arrived(who, id, longest));
    EXPECT_EQ(count_in_inbox(who, id), 1) << id;
    EXPECT_THAT(statuses(who, id), ElementsAre("OPPRETTET", "INNKOMMENDE_MOTTATT"));
  }
};

// The first pause of sending is 20 seconds, a tenth more or less.
constexpr seconds first_pause{18}, after_first_pause{35};
// What was being sent is claimed for a minute; only then it is sent again.
constexpr seconds claim_of_the_dead{80};

}  // namespace

TEST_F(trouble, what_cannot_be_sent_now_stays_opprettet_and_is_sent_after_the_pause) {
  const auto trouble_with = [&](const char* endpoint, json::object more) {
    more["endpoint"] = endpoint;
    more["organisation"] = bergvik;
    more["count"] = 1;
    fault(more);
    const auto id = send_letter(arkiv, fjordnes);
    // The fault strikes the first message that comes by: one after the other.
    EXPECT_TRUE(until_all_faults_struck()) << endpoint;
    return id;
  };
  const auto begun = std::chrono::steady_clock::now();
  std::vector<std::string> ids;
  ids.push_back(trouble_with("initialize", {{"kind", "status"}, {"status", 500}}));
  ids.push_back(trouble_with("initialize", {{"kind", "status"}, {"status", 503}}));
  ids.push_back(
      trouble_with("initialize", {{"kind", "status"}, {"status", 429}, {"retryAfter", 2}}));
  ids.push_back(trouble_with("initialize", {{"kind", "cut"}}));
  // Its answer is lost: the receiver gets it twice and shows it once.
  const auto doubled = trouble_with("upload", {{"kind", "cut_after"}});
  ids.push_back(trouble_with("upload", {{"kind", "reset_mid_body"}}));
  for (const auto& id : ids) EXPECT_THAT(statuses(arkiv, id), ElementsAre("OPPRETTET"));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, first_pause) << "too slow to tell";

  for (const auto& id : ids) expect_arrived_once(sak, id, after_first_pause);
  expect_arrived_once(sak, doubled, after_first_pause);
  ids.push_back(doubled);
  for (const auto& id : ids) EXPECT_TRUE(until_status(arkiv, id, "MOTTATT"));
  EXPECT_THAT(statuses(arkiv, doubled), Contains("SENDT"));
  EXPECT_EQ(count_in_inbox(sak, doubled), 1);
}

TEST_F(trouble, what_the_search_does_not_answer_is_asked_again_soon) {
  const auto search_of = [&](const std::string& organisation, json::object more) {
    more["endpoint"] = "search";
    more["organisation"] = organisation;
    more["count"] = 1;
    fault(more);
  };
  search_of(bergvik, {{"kind", "status"}, {"status", 503}});
  search_of(bergvik, {{"kind", "cut"}});
  search_of(skogvik, {{"kind", "malformed_json"}});
  search_of(skogvik, {{"kind", "reset_mid_body"}});
  search_of(fjordnes, {{"kind", "status"}, {"status", 429}, {"retryAfter", 3}});
  ASSERT_TRUE(until_all_faults_struck());
  const auto to_fjordnes = send_letter(arkiv, fjordnes);
  const auto to_skogvik = send_letter(arkiv, skogvik);
  const auto to_bergvik = send_letter(post, bergvik);
  EXPECT_TRUE(until_arrived(sak, to_fjordnes));
  EXPECT_TRUE(until_arrived(post, to_skogvik));
  EXPECT_TRUE(until_arrived(arkiv, to_bergvik));
}

TEST_F(trouble, what_went_wrong_on_the_way_in_is_taken_up_by_the_next_start) {
  std::vector<std::string> ids, transfers;
  const auto arrive = [&](const char* endpoint, json::object what) {
    const auto document = travelling_document(skogvik, fjordnes);
    what["endpoint"] = endpoint;
    what["organisation"] = fjordnes;
    what["count"] = 1;
    fault(what);
    transfers.push_back(
        inject({{"sender", "0192:" + skogvik},
                {"recipient", "0192:" + fjordnes},
                {"entries", json::array{json::object{{"name", "sbd.json"}, {"json", document}}}}}));
    ids.push_back(id_of(document));
    EXPECT_TRUE(until_all_faults_struck()) << endpoint;
  };
  arrive("overview", {{"kind", "status"}, {"status", 500}});
  arrive("download", {{"kind", "cut"}});
  arrive("download", {{"kind", "truncate"}});
  arrive("download", {{"kind", "reset_mid_body"}});
  arrive("confirm", {{"kind", "status"}, {"status", 503}});
  arrive("confirm", {{"kind", "cut_after"}});
  // Others are not held up by them.
  pass_a_round(fjordnes, sak);

  here->hub().kill();
  start_again();
  for (const auto& id : ids) expect_arrived_once(sak, id, patience);
  for (const auto& transfer : transfers)
    EXPECT_TRUE(until([&] { return received_at_broker(transfer) == "DownloadConfirmed"; }));
}

TEST_F(trouble, what_send_has_acknowledged_arrives_once_when_the_hub_dies) {
  std::vector<std::string> ids;
  for (int i = 0; i < 11; ++i) ids.push_back(prepare_letter(arkiv, skogvik, random_bytes(10'000)));
  for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(here->send(arkiv, ids[i]).status, 200u);
  // Some are through, some under way, some wait, and one has been acknowledged just now.
  ASSERT_TRUE(until([&] { return count_in_inbox(post, ids.front()) == 1; }));
  ASSERT_EQ(here->send(arkiv, ids.back()).status, 200u);
  here->hub().kill();
  start_again();
  for (const auto& id : ids) {
    expect_arrived_once(post, id, claim_of_the_dead);
    EXPECT_TRUE(until_status(arkiv, id, "MOTTATT", claim_of_the_dead));
  }
}

TEST_F(trouble, a_peek_lock_outlives_the_hub) {
  const auto id = send_letter(arkiv, fjordnes);
  ASSERT_TRUE(until_arrived(sak, id));
  ASSERT_TRUE(lock(sak, id));
  here->hub().kill();
  start_again();
  EXPECT_EQ(here->api(sak, "GET", "/api/messages/in/peek?messageId=" + id).status, 204u);
  EXPECT_EQ(here->api(sak, "GET", "/api/messages/in/pop/" + id).status, 200u);
  EXPECT_EQ(here->api(sak, "DELETE", "/api/messages/in/" + id).status, 200u);
  EXPECT_TRUE(until_status(arkiv, id, "LEVERT"));
}

TEST_F(trouble, a_hub_that_is_asked_to_stop_does_so_and_goes_on_where_it_was) {
  const auto id = prepare_letter(arkiv, fjordnes);
  EXPECT_EQ(here->hub().stop(), 0);
  start_again();
  EXPECT_EQ(here->send(arkiv, id).status, 200u);
  ASSERT_TRUE(until_arrived(sak, id));
  ASSERT_TRUE(until_status(arkiv, id, "MOTTATT"));

  EXPECT_EQ(here->hub().stop(), 0);
  const auto meanwhile = travelling_document(skogvik, fjordnes);
  const json::object entry{{"name", "sbd.json"}, {"json", meanwhile}};
  inject({{"sender", "0192:" + skogvik},
          {"recipient", "0192:" + fjordnes},
          {"entries", json::array{entry}}});
  start_again();
  EXPECT_EQ(take(sak, id)["arkivmelding.xml"], arkivmelding_xml());
  EXPECT_TRUE(until_status(arkiv, id, "LEVERT"));
  EXPECT_TRUE(until_arrived(sak, id_of(meanwhile)));
}
