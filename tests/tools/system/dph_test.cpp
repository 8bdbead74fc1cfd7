#include "tests/tools/system/dph_town.hpp"

#include <set>

// DPH through the whole hub: health messages to general practitioners and from them, and the
// receipts of both.

namespace kp::test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

TEST_F(dph_town, a_message_is_acknowledged_and_receipted) {
  const auto id = send(ward, ward_id, note, true);
  ASSERT_TRUE(until_status(ward, id, "SENDT"));
  const auto there = in_network(id);
  ASSERT_TRUE(there.contains("document"));
  EXPECT_EQ(there.at("document").at("dialogmelding").at("pasient").at("etternavn"), "Raffen");
  const auto& files = there.at("files").as_array();
  ASSERT_THAT(files, SizeIs(2));
  EXPECT_EQ(files[0].at("name"), "dialogmelding.xml");
  EXPECT_EQ(files[0].at("base64").as_string(), to_base64(note));
  EXPECT_EQ(files[1].at("name"), "svar.pdf");
  EXPECT_EQ(conversation(ward, id).at("externalSystemReference").as_string(),
            there.at("id").as_string());

  here->control("POST", "/control/dph/statuses",
                {{"messageId", id}, {"transportStatus", "ACKNOWLEDGED"}});
  ASSERT_TRUE(until_status(ward, id, "MOTTATT"));
  here->control("POST", "/control/dph/receipts", {{"about", id}, {"status", "OK"}});
  ASSERT_TRUE(until_status(ward, id, "LEVERT"));
  EXPECT_THAT(statuses(ward, id), ElementsAre("OPPRETTET", "SENDT", "MOTTATT", "LEVERT"));
}

TEST_F(dph_town, a_message_to_somebodys_practitioner_finds_patient_and_her_id) {
  const auto id = create(
      ward, document(ward_id, "fastlege-for:" + person, {{"hoveddokument", "dialogmelding.xml"}}));
  ASSERT_FALSE(id.empty());
  upload_and_send(ward, id, note);
  ASSERT_TRUE(until_status(ward, id, "SENDT"));
  const auto sbd = in_network(id).at("document");
  EXPECT_EQ(sbd.at("dialogmelding").at("pasient").at("fornavn"), "Raff");
  EXPECT_EQ(
      sbd.at("standardBusinessDocumentHeader").at("receiver").at(0).at("identifier").at("value"),
      "her-id:9001");
  EXPECT_EQ(here->hub().log().find(person), std::string::npos) << "no log names a person";
}

TEST_F(dph_town, a_rejection_is_feil_with_its_receipt) {
  const auto id = send(lab, lab_id);
  ASSERT_TRUE(until_status(lab, id, "SENDT"));
  here->control("POST", "/control/dph/receipts",
                {{"about", id}, {"status", "REJECTED"}, {"raw", "<AppRec>avvist</AppRec>"}});
  ASSERT_TRUE(until_status(lab, id, "FEIL"));
  EXPECT_THAT(statuses(lab, id), ElementsAre("OPPRETTET", "SENDT", "FEIL"));
  const auto told = here->api(lab, "GET", "/api/statuses/" + id);
  EXPECT_THAT(told.body, HasSubstr("<AppRec>avvist</AppRec>"));
  EXPECT_THAT(told.body, HasSubstr("Message has been rejected by the application"));
}

TEST_F(dph_town, what_the_transport_or_the_adapter_refuses_is_feil_at_once) {
  here->control("POST", "/control/dph/rules", {{"transportStatus", "REJECTED"}});
  const auto id = send(ward, ward_id);
  ASSERT_TRUE(until_status(ward, id, "FEIL"));
  EXPECT_THAT(statuses(ward, id), ElementsAre("OPPRETTET", "SENDT", "FEIL"));
  fault({{"endpoint", "dph_send"}, {"kind", "status"}, {"status", 413}});
  const auto large = send(ward, ward_id);
  ASSERT_TRUE(until_status(ward, large, "FEIL"));
  EXPECT_THAT(statuses(ward, large), ElementsAre("OPPRETTET", "FEIL"));
}

TEST_F(dph_town, what_is_no_dialogmelding_never_leaves_the_hub) {
  const auto id = create(ward, document(ward_id, "her-id:9001", about_patient()));
  const auto refused = here->upload(ward, id, "dialogmelding.xml", "application/xml", "<Brev/>");
  EXPECT_EQ(refused.status, 400u);
  EXPECT_THAT(refused.body, HasSubstr("InvalidDocumentException"));
  upload_and_send(ward, id, note);
  ASSERT_TRUE(until_status(ward, id, "SENDT"));

  auto body = about_patient();
  body["hoveddokument"] = "notat.xml";
  const auto other = create(ward, document(ward_id, "her-id:9001", body));
  EXPECT_EQ(here->upload(ward, other, "notat.xml", "application/xml", "<Brev/>").status, 200u);
  EXPECT_EQ(here->send(ward, other).status, 200u);
  ASSERT_TRUE(until_status(ward, other, "FEIL"));
  EXPECT_TRUE(in_network(other).empty());
}

TEST_F(dph_town, a_message_comes_in_and_its_receipt_is_the_clients) {
  std::string at_nhn;
  const auto id = inject(
      {{"files", json::array{json::object{{"name", "vedlegg0.pdf"}, {"text", "%PDF svar"}}}}},
      &at_nhn);
  ASSERT_TRUE(until_arrived(ward, id));
  EXPECT_TRUE(until([&] { return is_read(id); })) << "only when it is stored";
  EXPECT_EQ(conversation(ward, id).at("externalSystemReference").as_string(), at_nhn);
  const auto files = take(ward, id);
  EXPECT_EQ(files.at("vedlegg0.pdf"), "%PDF svar");
  EXPECT_THAT(files.at("dialogmelding.xml"), HasSubstr("Dialogmelding"));
  EXPECT_THAT(statuses(ward, id),
              ElementsAre("OPPRETTET", "INNKOMMENDE_MOTTATT", "INNKOMMENDE_LEVERT"));
  EXPECT_THAT(given_receipts(), SizeIs(0)) << "clients give them";

  const auto receipt = create(
      ward, document(ward_id, "her-id:9001", {{"relatedToMessageId", at_nhn}, {"status", "OK"}},
                     "dialogmelding_kvittering", response));
  EXPECT_EQ(here->send(ward, receipt).status, 200u);
  ASSERT_TRUE(until_status(ward, receipt, "SENDT"));
  ASSERT_THAT(given_receipts(), SizeIs(1));
  EXPECT_EQ(given_receipts()[0].at("about").as_string(), at_nhn);

  // Of what came to nobody here, and of what came to another HER-id.
  for (const auto& [who, from, about] :
       {std::tuple{ward, ward_id, new_uuid()}, std::tuple{lab, lab_id, at_nhn}}) {
    const auto foreign =
        create(who, document(from, "her-id:9001", {{"relatedToMessageId", about}, {"status", "OK"}},
                             "dialogmelding_kvittering", response));
    EXPECT_EQ(here->send(who, foreign).status, 200u);
    ASSERT_TRUE(until_status(who, foreign, "FEIL"));
  }
  EXPECT_THAT(given_receipts(), SizeIs(1));
}

// dph.md 12 D1, D2, D4, D6.
TEST_F(dph_town, what_cannot_be_read_is_parked_and_the_next_one_flows) {
  const auto tampered = inject({{"spoilt", "tag"}});
  const auto forged = inject({{"spoilt", "stray"}});
  const auto sealed_elsewhere = inject({{"spoilt", "recipient"}});
  const auto outage = inject({{"refuse", json::object{{"status", 500}}}});
  const auto odd = inject({{"refuse", json::object{{"status", 400}, {"text", "no idea"}}}});
  const auto broken =
      inject({{"refuse", json::object{{"status", 400}, {"code", "T02"}, {"text", "not valid"}}}});
  const auto sent = send(ward, ward_id);
  ASSERT_TRUE(until_status(ward, sent, "SENDT"));
  here->control("POST", "/control/dph/receipts",
                {{"about", sent},
                 {"status", "REJECTED"},
                 {"refuse", json::object{{"status", 400}, {"text", "AppRec"}}}});
  const auto good = inject({{"scopes", false}});
  ASSERT_TRUE(until_arrived(ward, good));
  EXPECT_EQ(conversation(ward, good).at("conversationId").as_string(), good);
  ASSERT_TRUE(until([&] { return is_read(broken); }));
  // What the adapter itself calls broken is refused, and nothing else.
  ASSERT_THAT(given_receipts(), SizeIs(1));
  const auto told = given_receipts()[0].at("body");
  EXPECT_EQ(told.at("status"), "REJECTED");
  EXPECT_EQ(told.at("messages").at(0).at("code"), "T02");
  for (const auto& each : {tampered, forged, sealed_elsewhere, outage, odd}) {
    EXPECT_FALSE(is_read(each)) << "it stays at NHN";
    EXPECT_EQ(count_in_inbox(ward, each), 0);
  }
  EXPECT_THAT(here->hub().log(), HasSubstr("S01"));
  EXPECT_THAT(here->hub().log(), HasSubstr("S02"));
  take(ward, good);
}

// dph.md 12 D5.
TEST_F(dph_town, a_message_that_cannot_be_marked_read_is_stored_once_and_receipted_once) {
  fault({{"endpoint", "dph_read"}, {"kind", "status"}, {"status", 503}, {"count", 4}});
  const auto id = inject({});
  ASSERT_TRUE(until_arrived(ward, id));
  EXPECT_THAT(given_receipts(), SizeIs(0));
  EXPECT_EQ(count_in_inbox(ward, id), 1);
  EXPECT_EQ(in_network(id).at("downloads"), 1);
  take(ward, id);
}

// dph.md 14 C2, C4, C7.
TEST_F(dph_town, each_her_id_is_a_channels_and_a_token_its_owners) {
  const auto mine = inject({{"receiver", quiet_id}});
  ASSERT_TRUE(until_arrived(quiet, mine));
  EXPECT_EQ(count_in_inbox(ward, mine), 0);
  std::set<std::string> owners;
  for (const auto& each : here->control("GET", "/control/dph/journal").as_array()) {
    if (each.at("method") != "GET" || !each.at("path").as_string().ends_with("/in")) continue;
    EXPECT_EQ(each.at("status"), 200) << json::serialize(each);
    owners.emplace(each.at("organisation").as_string());
  }
  EXPECT_THAT(owners, ElementsAre(health, hospital)) << "each list with a token of its own";
  take(quiet, mine);

  // The laboratory only sends: its messages are for somebody else, its receipts are not.
  const auto others = inject({{"receiver", lab_id}});
  const auto id = send(lab, lab_id);
  ASSERT_TRUE(until_status(lab, id, "SENDT"));
  here->control("POST", "/control/dph/receipts", {{"about", id}, {"status", "OK"}});
  ASSERT_TRUE(until_status(lab, id, "LEVERT"));
  EXPECT_FALSE(is_read(others));
}

TEST_F(dph_town, who_has_not_the_her_id_may_not_send_from_it) {
  const auto refused = here->create(ward, document(lab_id, "her-id:9001", about_patient()));
  EXPECT_EQ(refused.status, 400u);
  EXPECT_THAT(refused.body, HasSubstr("her-ids"));
  const auto unknown = here->create(ward, document(ward_id, "her-id:777", about_patient()));
  EXPECT_EQ(unknown.status, 400u) << unknown.body;
}

// The answer is lost after the adapter has accepted the message; its receipt tells.
TEST_F(dph_town, a_message_whose_answer_was_lost_is_not_sent_again_when_its_receipt_comes) {
  here->control("POST", "/control/dph/rules", {{"receipt", "OK"}});
  fault({{"endpoint", "dph_send"}, {"kind", "cut_after"}, {"count", 1}});
  const auto id = send(ward, ward_id);
  ASSERT_TRUE(until_status(ward, id, "LEVERT"));
  EXPECT_THAT(statuses(ward, id), ElementsAre("OPPRETTET", "SENDT", "LEVERT"));
  EXPECT_EQ(copies_of(id), 1);
}

TEST_F(dph_town, the_hub_gives_receipts_itself_when_it_is_asked_to) {
  write(yaml(", automatic_receipts: true"));
  std::string at_nhn;
  const auto id = inject({}, &at_nhn);
  ASSERT_TRUE(until_arrived(ward, id));
  ASSERT_TRUE(until([&] { return given_receipts().size() == 1; }));
  EXPECT_EQ(given_receipts()[0].at("about").as_string(), at_nhn);
  EXPECT_EQ(given_receipts()[0].at("body").at("status"), "OK");
  const auto waiting = [&] {
    return here->api(ward, "GET", "/api/messages/in").json().at("totalElements");
  };
  const auto before = waiting();
  const auto sent = send(ward, ward_id);
  ASSERT_TRUE(until_status(ward, sent, "SENDT"));
  here->control("POST", "/control/dph/receipts", {{"about", sent}, {"status", "OK"}});
  ASSERT_TRUE(until_status(ward, sent, "LEVERT"));
  EXPECT_EQ(waiting(), before) << "receipts are not shown";
  take(ward, id);
  write(yaml());
}

}  // namespace kp::test
