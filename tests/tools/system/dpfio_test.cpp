#include "tests/tools/system/dpfio_town.hpp"
#include "tests/tools/system/scrape.hpp"

#include <csignal>

// DPFIO through the whole hub: messages to accounts of KS FIKS IO and out of the queues of a
// RabbitMQ, which is started for these tests.

namespace kp::test {

using testing::Contains;
using testing::ElementsAre;
using testing::Key;

TEST_F(dpfio_town, a_message_reaches_the_account_and_is_delivered_at_once) {
  const auto bytes = random_bytes(300'000);
  const auto id = send(message_to(peer_account), bytes);
  ASSERT_TRUE(until_status(innsyn, id, "LEVERT"));
  EXPECT_THAT(statuses(innsyn, id), ElementsAre("OPPRETTET", "SENDT", "MOTTATT", "LEVERT"));
  const auto all = sent(id);
  ASSERT_EQ(all.size(), 1U);
  const auto& one = all[0];
  EXPECT_FALSE(one.as_object().contains("problem")) << json::serialize(one);
  EXPECT_EQ(one.at("metadata").at("mottakerKontoId"), json::value(peer_account));
  EXPECT_EQ(one.at("metadata").at("avsenderKontoId"), json::value(innsyn_account));
  EXPECT_EQ(one.at("metadata").at("meldingType"), json::value(process));
  EXPECT_TRUE(one.at("metadata").at("ttl").is_null());
  EXPECT_EQ(one.at("signer"), json::value(havdal));
  EXPECT_EQ(one.at("root"), "krav.pdf");
  ASSERT_EQ(one.at("files").as_array().size(), 2U);
  EXPECT_EQ(one.at("files").at(0).at("size"), json::value(bytes.size()));
}

TEST_F(dpfio_town, an_organisation_is_found_by_its_number_in_the_catalogue) {
  const auto id = send(message_to(partner), "x", bygg);
  ASSERT_TRUE(until_status(bygg, id, "LEVERT"));
  ASSERT_EQ(sent(id).size(), 1U);
  EXPECT_EQ(sent(id)[0].at("metadata").at("mottakerKontoId"), json::value(peer_account));
  EXPECT_EQ(sent(id)[0].at("metadata").at("avsenderKontoId"), json::value(bygg_account));
}

TEST_F(dpfio_town, who_takes_no_messages_or_is_unknown_gets_none_and_nothing_is_retried) {
  const auto nobody_there = send(message_to("00000000-0000-4000-8000-000000000009"));
  EXPECT_TRUE(until_status(innsyn, nobody_there, "FEIL"));
  here->control("POST", "/control/fiks-io/accounts/" + peer_account, {{"receives", false}});
  const auto closed = send(message_to(peer_account));
  EXPECT_TRUE(until_status(innsyn, closed, "FEIL"));
  here->control("POST", "/control/fiks-io/accounts/" + peer_account, {{"receives", true}});
  EXPECT_TRUE(sent(nobody_there).empty());
  EXPECT_TRUE(sent(closed).empty());
  fault({{"endpoint", "fiks_send"}, {"kind", "status"}, {"status", 409}, {"count", 1}});
  const auto refused = send(message_to(peer_account));
  EXPECT_TRUE(until_status(innsyn, refused, "FEIL"));
}

TEST_F(dpfio_town, a_message_from_each_kind_of_client_arrives_at_the_channel_of_its_account) {
  for (const std::string style : {"java", "dotnet", "dotnet-unsigned"}) {
    const auto id = from_peer({{"style", style}, {"headers", {{"klientMeldingId", "sak/7"}}}});
    ASSERT_TRUE(until_arrived(innsyn, id)) << style;
    EXPECT_EQ(count_in_inbox(bygg, id), 0) << "the other channel's account";
    const auto peeked = here->api(innsyn, "GET", "/api/messages/in/peek?messageId=" + id);
    const auto document = peeked.json();
    const auto& header = document.at("standardBusinessDocumentHeader");
    EXPECT_EQ(header.at("documentIdentification").at("type"), "fiksio");
    EXPECT_EQ(header.at("documentIdentification").at("standard"), json::value(process));
    EXPECT_EQ(header.at("sender").at(0).at("identifier").at("value"),
              json::value("0192:" + partner));
    EXPECT_EQ(header.at("businessScope").at("scope").at(1).at("instanceIdentifier"), "sak/7");
    const auto popped = here->api(innsyn, "GET", "/api/messages/in/pop/" + id);
    EXPECT_EQ(popped.status, 200u) << popped.body;
    EXPECT_NE(popped.body.find("svar.txt"), std::string::npos);
    EXPECT_EQ(here->api(innsyn, "DELETE", "/api/messages/in/" + id).status, 200u);
    EXPECT_TRUE(until([&] { return waiting(innsyn_account) == 0; }));
  }
}

TEST_F(dpfio_town, an_answer_goes_to_the_account_that_asked_from_the_one_that_was_asked) {
  const auto asked =
      from_peer({{"to", bygg_account}, {"headers", {{"klientKorrelasjonsId", "sak-1"}}}});
  ASSERT_TRUE(until_arrived(bygg, asked));
  EXPECT_THAT(take(bygg, asked), Contains(Key("svar.txt")));
  // The organisation alone would be looked up; the account is the one that asked.
  const auto id = send(message_to(partner, asked), "svar", bygg);
  ASSERT_TRUE(until_status(bygg, id, "LEVERT"));
  const auto metadata = sent(id)[0].at("metadata");
  EXPECT_EQ(metadata.at("svarPaMelding"), json::value(asked));
  EXPECT_EQ(metadata.at("avsenderKontoId"), json::value(bygg_account));
  EXPECT_EQ(metadata.at("mottakerKontoId"), json::value(peer_account));
  EXPECT_EQ(metadata.at("headere").at("klientKorrelasjonsId"), "sak-1");
  EXPECT_EQ(metadata.at("headere").at("klientKorrelasjonId"), "sak-1");
}

TEST_F(dpfio_town, what_fiks_io_tells_of_a_message_later_is_a_status_of_it) {
  for (const auto& [kind, status] :
       {std::pair<std::string, std::string>{"expired", "LEVETID_UTLOPT"}, {"failed", "FEIL"}}) {
    const auto id = send(message_to(peer_account));
    ASSERT_TRUE(until_status(innsyn, id, "LEVERT"));
    here->control("POST", "/control/fiks-io/notices",
                  {{"about", sent(id)[0].at("id")}, {"kind", kind}});
    EXPECT_TRUE(until_status(innsyn, id, status));
    EXPECT_THAT(statuses(innsyn, id),
                ElementsAre("OPPRETTET", "SENDT", "MOTTATT", "LEVERT", status));
  }
  // One about a message that nobody here has sent is a message like others, without content.
  const auto stray = new_uuid();
  here->control("POST", "/control/fiks-io/deliveries",
                {{"to", innsyn_account},
                 {"headers",
                  {{"melding-id", stray},
                   {"type", "no.ks.fiks.kvittering.tidsavbrudd"},
                   {"avsender-id", innsyn_account},
                   {"svar-til", new_uuid()}}}});
  ASSERT_TRUE(until_arrived(innsyn, stray));
  ASSERT_TRUE(lock(innsyn, stray));
  EXPECT_EQ(here->api(innsyn, "GET", "/api/messages/in/pop/" + stray).status, 204u);
  EXPECT_EQ(here->api(innsyn, "DELETE", "/api/messages/in/" + stray).status, 200u);
}

TEST_F(dpfio_town, what_cannot_be_read_is_told_and_the_next_one_flows) {
  const auto before = here->hub().log().size();
  // No message at all: parked with its reason. A header of another type is none.
  here->control(
      "POST", "/control/fiks-io/deliveries",
      {{"to", innsyn_account},
       {"headers", {{"melding-id", new_uuid()}, {"type", 7}, {"avsender-id", peer_account}}},
       {"base64", "AAAA"}});
  const auto foreign = from_peer(
      {{"encryptTo", here->control("GET", "/control/organisations").at(0).at("certificate")}});
  const auto tampered = from_peer({{"tampered", true}});
  const auto rubbish = from_peer({{"content", to_base64("no CMS at all")}});
  const auto good = from_peer({});
  ASSERT_TRUE(until_arrived(innsyn, good));
  EXPECT_THAT(take(innsyn, good), Contains(Key("svar.txt")));
  EXPECT_NE(here->hub().log(before).find("is no message and is parked"), std::string::npos);
  EXPECT_NE(here->hub().log(before).find("the header type is missing"), std::string::npos);
  const std::string parked = "/admin/organisations/" + havdal + "/parked";
  const auto listed = call(here->admin_port(), "GET", parked, basic(operator_user));
  const auto all = listed.json();
  ASSERT_EQ(all.at("parked").as_array().size(), 1U) << listed.body;
  EXPECT_EQ(all.at("parked").at(0).at("reason"), "the header type is missing");
  EXPECT_EQ(all.at("parked").at(0).at("bytes"), 3);
  const scrape metrics(
      call(here->admin_port(), "GET", "/manage/prometheus", basic(operator_user)).body);
  EXPECT_EQ(metrics.sum("knutepunkt_arrivals_total", {{"service", "DPFIO"}, {"fate", "parked"}}),
            1);
  EXPECT_EQ(metrics.sum("knutepunkt_alerts_total", {{"kind", "parked"}}), 1);
  const auto one = parked + "/" + std::string(all.at("parked").at(0).at("id").as_string());
  EXPECT_EQ(call(here->admin_port(), "GET", one + "/content", basic(watch_user)).body,
            std::string(3, '\0'));
  EXPECT_EQ(call(here->admin_port(), "DELETE", one, basic(operator_user)).status, 403u);
  EXPECT_EQ(call(here->admin_port(), "DELETE", one, basic(watch_user)).status, 200u);
  EXPECT_EQ(call(here->admin_port(), "DELETE", one, basic(watch_user)).status, 404u);
  for (const auto& id : {foreign, tampered, rubbish}) {
    ASSERT_TRUE(until_arrived(innsyn, id));
    EXPECT_TRUE(lock(innsyn, id));
    EXPECT_NE(here->api(innsyn, "GET", "/api/messages/in/pop/" + id).status, 200u);
    EXPECT_EQ(here->api(innsyn, "DELETE", "/api/messages/in/" + id).status, 200u);
  }
  EXPECT_TRUE(until([&] { return waiting(innsyn_account) == 0; }));
}

TEST_F(dpfio_town, a_large_one_is_fetched_and_waits_for_dokumentlager) {
  here->control("POST", "/control/fiks-io", {{"documentFailures", 1}});
  const auto id = from_peer({{"asDocument", true}});
  ASSERT_TRUE(until_arrived(innsyn, id));
  EXPECT_THAT(take(innsyn, id), Contains(Key("svar.txt")));
  // What is there no more is told, and the queue goes on.
  here->control("POST", "/control/fiks-io/deliveries",
                {{"to", innsyn_account},
                 {"headers",
                  {{"melding-id", new_uuid()},
                   {"type", process},
                   {"avsender-id", peer_account},
                   {"dokumentlager-id", new_uuid()}}}});
  const auto next = from_peer({});
  ASSERT_TRUE(until_arrived(innsyn, next));
  EXPECT_THAT(take(innsyn, next), Contains(Key("svar.txt")));
}

TEST_F(dpfio_town, one_that_is_delivered_twice_is_received_once) {
  const auto id = new_uuid();
  from_peer({{"id", id}});
  ASSERT_TRUE(until_arrived(innsyn, id));
  from_peer({{"id", id}});
  EXPECT_TRUE(until([&] { return waiting(innsyn_account) == 0; }));
  const auto next = from_peer({});
  ASSERT_TRUE(until_arrived(innsyn, next));
  EXPECT_EQ(count_in_inbox(innsyn, id), 1);
  take(innsyn, id);
  take(innsyn, next);
}

TEST_F(dpfio_town, a_message_whose_answer_was_lost_is_sent_again_under_the_same_id) {
  fault({{"endpoint", "fiks_send"}, {"kind", "cut_after"}, {"count", 1}});
  const auto id = send(message_to(peer_account));
  ASSERT_TRUE(until_status(innsyn, id, "LEVERT", std::chrono::seconds(60)));
  EXPECT_EQ(sent(id).size(), 2U) << "FIKS IO cannot be asked";
}

TEST_F(dpfio_town, half_an_answer_that_it_was_accepted_is_enough) {
  fault({{"endpoint", "fiks_send"}, {"kind", "truncate"}, {"count", 1}});
  const auto id = send(message_to(peer_account));
  ASSERT_TRUE(until_status(innsyn, id, "LEVERT"));
  EXPECT_EQ(sent(id).size(), 1U);
}

TEST_F(dpfio_town, a_change_of_settings_keeps_the_connection) {
  const auto before = here->hub().log().size();
  write("default_ttl_hours: 48");
  const auto id = from_peer({});
  ASSERT_TRUE(until_arrived(innsyn, id));
  take(innsyn, id);
  EXPECT_EQ(here->hub().log(before).find("receiving from KS FIKS IO"), std::string::npos);
  EXPECT_EQ(readers(innsyn_account), 1);
}

TEST_F(dpfio_town, a_hub_that_dies_between_storing_and_acknowledging_has_stored_it_once) {
  ASSERT_EQ(here->hub().stop(), 0);
  ASSERT_TRUE(here->hub().launch("KP_CRASH_POINT=stored-before-confirm"));
  const auto id = from_peer({});
  ASSERT_TRUE(here->hub().ended(std::chrono::seconds(20))) << here->hub().log();
  EXPECT_EQ(here->hub().signal_of_death(), SIGKILL);
  EXPECT_TRUE(until([&] { return waiting(innsyn_account) == 1; })) << "it was not acknowledged";
  ASSERT_TRUE(here->start_hub());
  const auto next = from_peer({});
  ASSERT_TRUE(until_arrived(innsyn, next));
  EXPECT_TRUE(until([&] { return waiting(innsyn_account) == 0; }));
  EXPECT_EQ(count_in_inbox(innsyn, id), 1);
  take(innsyn, id);
  take(innsyn, next);
}

TEST_F(dpfio_town, connections_that_are_closed_come_back_with_a_newer_token) {
  const auto before = here->hub().log().size();
  const auto closed = broker->control("close_all_user_connections " + integration + " test");
  ASSERT_EQ(closed.status, 0) << closed.output;
  EXPECT_TRUE(until([&] {
    return here->hub().log(before).find("receiving from KS FIKS IO") != std::string::npos;
  }));
  const auto id = from_peer({});
  ASSERT_TRUE(until_arrived(innsyn, id));
  take(innsyn, id);
}

TEST_F(dpfio_town, a_refused_token_is_replaced) {
  fault({{"endpoint", "fiks_send"}, {"kind", "status"}, {"status", 401}, {"count", 1}});
  const auto id = send(message_to(peer_account));
  ASSERT_TRUE(until_status(innsyn, id, "LEVERT"));
  EXPECT_EQ(sent(id).size(), 1U);
}

}  // namespace kp::test
