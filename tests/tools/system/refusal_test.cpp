#include "tests/tools/system/town.hpp"

// What the hub does not do for a client, and in what words.

namespace {

using namespace kp::test;
using testing::HasSubstr;

class refusal : public in_town {
 protected:
  int waiting(const std::string& who) {
    const auto list = here->api(who, "GET", "/api/messages/out").json();
    return list.at("totalElements").to_number<int>();
  }
};

}  // namespace

TEST_F(refusal, nobody_is_let_in_without_the_right_password) {
  for (const auto& who : {std::string("bergvik-arkiv:wrong"), std::string("nobody:arkiv-pass")}) {
    const auto answer = here->api(who, "GET", "/api/messages/in");
    EXPECT_EQ(answer.status, 401u);
    EXPECT_EQ(answer.headers.at("www-authenticate"), "Basic realm=\"Realm\"");
  }
}

TEST_F(refusal, a_path_may_name_organisation_and_channel_but_only_ones_own) {
  const auto get = [&](const std::string& who, const std::string& prefix) {
    return here->api(who, "GET", prefix + "/api/messages/in").status;
  };
  EXPECT_EQ(get(arkiv, "/" + bergvik), 200u);
  EXPECT_EQ(get(arkiv, "/" + bergvik + "/arkiv"), 200u);
  EXPECT_EQ(get(arkiv, "/" + bergvik + "/barnevern"), 401u);
  EXPECT_EQ(get(barnevern, "/" + bergvik + "/barnevern"), 200u);
  EXPECT_EQ(get(arkiv, "/" + fjordnes), 401u);
  EXPECT_EQ(get(arkiv, "/kommune"), 404u);
  // A password may hold colons.
  EXPECT_EQ(get(post, "/" + skogvik + "/post"), 200u);
}

TEST_F(refusal, more_than_a_quota_allows_is_429_with_the_reason_and_when_to_come_again) {
  const auto first = create(small, arkivmelding_to(fjordnes));
  const auto over = here->create(small, arkivmelding_to(fjordnes));
  EXPECT_EQ(over.status, 429u);
  EXPECT_EQ(over.headers.at("retry-after"), "30");
  EXPECT_THAT(std::string(over.json().at("message").as_string()),
              HasSubstr("Channel small of organisation 910076787 has used up its quota "
                        "messages_queued: at most 1 messages that are not sent yet"));
  const auto large = here->upload(small, first, "a.pdf", "application/pdf", random_bytes(1001));
  EXPECT_EQ(large.status, 429u);
  EXPECT_EQ(here->upload(small, first, "b.pdf", "application/pdf", random_bytes(900)).status, 200u);
  EXPECT_EQ(here->upload(small, first, "c.pdf", "application/pdf", random_bytes(200)).status, 429u);
  EXPECT_EQ(here->api(post, "GET", "/api/messages/out").status, 200u) << "others go on";
  EXPECT_EQ(here->api(small, "DELETE", "/api/messages/out/" + first).status, 200u);
  const auto second = create(small, arkivmelding_to(fjordnes));
  EXPECT_EQ(here->upload(small, second, "a.pdf", "application/pdf", random_bytes(900)).status,
            200u);
  EXPECT_EQ(here->api(small, "DELETE", "/api/messages/out/" + second).status, 200u);
}

TEST_F(refusal, messages_of_others_are_not_there) {
  const auto id = prepare_letter(barnevern, fjordnes);
  for (const auto& stranger : {sak, arkiv}) {
    const auto path = "/api/messages/out/" + id;
    EXPECT_EQ(here->api(stranger, "GET", path).status, 404u);
    EXPECT_EQ(here->send(stranger, id).status, 404u);
    EXPECT_EQ(here->upload(stranger, id, "a.pdf", "application/pdf", "a").status, 404u);
    EXPECT_EQ(here->api(stranger, "GET", "/api/conversations/messageId/" + id).status, 404u);
    EXPECT_EQ(here->api(stranger, "DELETE", path).status, 200u);
  }
  ASSERT_EQ(here->api(barnevern, "GET", "/api/messages/out/" + id).status, 200u);
  ASSERT_EQ(here->send(barnevern, id).status, 200u);
  ASSERT_TRUE(until_arrived(sak, id));
  EXPECT_EQ(here->api(post, "GET", "/api/messages/in/pop/" + id).status, 404u);
  EXPECT_EQ(here->api(post, "DELETE", "/api/messages/in/" + id).status, 404u);
  EXPECT_EQ(count_in_inbox(post, id), 0);
}

TEST_F(refusal, a_receiver_that_is_not_in_the_registry_is_refused_with_the_lookup) {
  const auto before = waiting(arkiv);
  const auto answer = here->create(arkiv, arkivmelding_to(nobody));
  EXPECT_EQ(answer.status, 400u);
  EXPECT_THAT(answer.text("exception"), HasSubstr("ReceiverDoesNotAcceptProcessException"));
  EXPECT_THAT(answer.text("description"), HasSubstr("identifier=" + nobody));
  EXPECT_EQ(waiting(arkiv), before);
}

TEST_F(refusal, an_answer_of_the_registry_that_it_has_not_signed_is_not_believed) {
  // A security level that no other test asks for, so that no answer is remembered.
  const auto document = arkivmelding_to(fjordnes, 4);
  const auto before = waiting(arkiv);
  fault({{"endpoint", "registry_process"}, {"kind", "wrong_signature"}, {"count", 100}});
  fault({{"endpoint", "registry_identifier"}, {"kind", "wrong_signature"}, {"count", 100}});
  const auto answer = here->create(arkiv, document);
  EXPECT_THAT(answer.status, testing::AnyOf(400u, 503u)) << answer.body;
  EXPECT_THAT(answer.text("message") + answer.text("description"), HasSubstr("sign"));
  EXPECT_EQ(waiting(arkiv), before);
  here->control("DELETE", "/control/faults");
  EXPECT_EQ(here->create(arkiv, document).status, 200u);
}

TEST_F(refusal, what_broker_refuses_for_good_ends_in_feil_with_its_reason) {
  fault({{"endpoint", "initialize"},
         {"organisation", bergvik},
         {"kind", "status"},
         {"status", 400},
         {"body", R"({"title":"BRO-00006","status":400,"detail":"no such recipient here"})"},
         {"count", 1}});
  const auto id = send_letter(arkiv, fjordnes);
  ASSERT_TRUE(until_status(arkiv, id, "FEIL"));
  const auto list = here->api(arkiv, "GET", "/api/statuses/" + id);
  EXPECT_THAT(list.body, HasSubstr("failed delivery over DPO"));
  EXPECT_THAT(list.body, HasSubstr("no such recipient here"));
  EXPECT_EQ(here->api(arkiv, "GET", "/api/messages/out/" + id).status, 404u);
  // The next one goes.
  const auto next = send_letter(arkiv, fjordnes);
  EXPECT_TRUE(until_arrived(sak, next));
  EXPECT_EQ(count_in_inbox(sak, id), 0);
}
