#include "config/text.hpp"
#include "tests/support/rabbitmq.hpp"
#include "tests/tools/system/hub_files.hpp"
#include "tests/tools/system/town.hpp"

#include <fmt/format.h>

#include <csignal>
#include <filesystem>
#include <fstream>

// DPFIO through the whole hub: messages to accounts of KS FIKS IO and out of the queues of a
// RabbitMQ, which is started for these tests.

namespace {

using namespace kp::test;
using testing::Contains;
using testing::ElementsAre;
using testing::Key;

const std::string havdal = "810000503";
const std::string partner = "810000511";  // played by the sandbox
const std::string innsyn = "havdal-innsyn:innsyn-pass";
const std::string bygg = "havdal-bygg:bygg-pass";
const std::string process = "no.digdir.einnsyn.v1";
const std::string integration = "8e4f0a5e-1111-4222-8333-444455556666";
const std::string innsyn_account = "47b0c75b-ddb5-447b-88d2-c4030d183fb3";
const std::string bygg_account = "5be0c75b-ddb5-447b-88d2-c4030d183fb4";
const std::string peer_account = "e0a0fba9-b7cf-44f8-99a6-a7f04b9e0347";

class dpfio_town : public in_town {
 protected:
  void SetUp() override {
    if (!rabbitmq::installed()) GTEST_SKIP() << rabbitmq::missing;
    in_town::SetUp();
    if (HasFatalFailure()) return;
    if (!broker) open_for_business();
    ASSERT_TRUE(ready) << broker->log();
  }
  static void TearDownTestSuite() {
    auto* const all = town::shared();
    if (!all || !broker) return;
    const auto before = all->hub().log().size();
    std::filesystem::remove(all->path("tenants.d/havdal.yaml"));
    EXPECT_TRUE(until([&] {
      return all->hub().log(before).find("organisation is parked") != std::string::npos;
    }));
    all->control("POST", "/control/fiks-io", {{"amqpUrl", ""}});
    broker.reset();
  }

  void open_for_business() {
    broker = std::make_unique<rabbitmq>(here->sandbox_url(), false, here->amqp_port());
    if (!broker->start()) return;
    here->control("POST", "/control/fiks-io", {{"amqpUrl", broker->administrator()}});
    const auto made =
        here->control("POST", "/control/organisations",
                      {{"number", havdal}, {"name", "Havdal"}, {"services", json::array{"DPFIO"}}});
    const auto& keys = made.at("keystore").as_object();
    std::ofstream(here->path("keystores/" + havdal + ".p12"), std::ios::binary)
        << *kp::from_base64(std::string(keys.at("base64").as_string()));
    std::ofstream(here->path("keystores/" + havdal + ".password"))
        << std::string(keys.at("password").as_string());
    for (const auto& account : {innsyn_account, bygg_account})
      here->control("POST", "/control/fiks-io/accounts",
                    {{"organisation", havdal},
                     {"accountId", account},
                     {"integrationId", integration},
                     {"integrationPassword", "hemmelig"}});
    here->control("POST", "/control/fiks-io/accounts",
                  {{"organisation", partner},
                   {"accountId", peer_account},
                   {"peer", true},
                   {"types", json::array{process}}});
    write("fallback_sender: \"999999999\"");
    ready = until([&] {
      return here->api(innsyn, "GET", "/api/messages/in").status == 200 &&
             readers(innsyn_account) == 1 && readers(bygg_account) == 1;
    });
  }
  void write(const std::string& more) {
    const auto channel = [](const std::string& name, const std::string& account,
                            const std::string& who) {
      return fmt::format(
          "  - name: {0}\n    sends: [DPFIO]\n    receives: [DPFIO]\n"
          "    dpfio: {{accounts: [{1}]}}\n    credentials:\n      - {2}\n",
          name, account, credential(who));
    };
    const auto before = here->hub().log().size();
    std::ofstream(here->path("tenants.d/havdal.tmp"))
        << fmt::format(
               "number: \"{0}\"\nname: Havdal\nkeystore:\n  path: ../keystores/{0}.p12\n"
               "  password: {{file: ../keystores/{0}.password}}\nservices:\n  dpfio:\n"
               "    enabled: true\n    integration_id: {1}\n"
               "    integration_password: {{clear: hemmelig, allow_clear: true}}\n    "
               "{2}\nchannels:\n",
               havdal, integration, more)
        << channel("innsyn", innsyn_account, innsyn) << channel("bygg", bygg_account, bygg);
    std::filesystem::rename(here->path("tenants.d/havdal.tmp"),
                            here->path("tenants.d/havdal.yaml"));
    EXPECT_TRUE(until([&] {
      const auto log = here->hub().log(before);
      return log.find("\"organisation added") != std::string::npos ||
             log.find("\"organisation changed") != std::string::npos;
    }));
  }

  std::int64_t readers(const std::string& account) {
    return here->control("GET", "/control/fiks-io/queues/" + account)
        .at("consumers")
        .to_number<std::int64_t>();
  }
  std::int64_t waiting(const std::string& account) {
    return here->control("GET", "/control/fiks-io/queues/" + account)
        .at("messages")
        .to_number<std::int64_t>();
  }
  static json::object message_to(const std::string& receiver, const std::string& reply_to = {}) {
    auto made = new_document(receiver, process, "fiksio", json::object());
    auto& header = made["standardBusinessDocumentHeader"].as_object();
    header["documentIdentification"].as_object()["standard"] = process;
    if (receiver.size() == 36)
      header["receiver"].as_array()[0].as_object()["identifier"].as_object()["value"] = receiver;
    if (!reply_to.empty())
      header["businessScope"].as_object()["scope"].as_array().push_back(
          {{"type", "ReceiverRef"}, {"instanceIdentifier", reply_to}});
    return made;
  }
  std::string send(const json::object& document, const std::string& bytes = "%PDF-1.4 krav",
                   const std::string& who = innsyn) {
    const auto id = create(who, document);
    const auto up = here->upload(who, id, "krav.pdf", "application/pdf", bytes);
    EXPECT_EQ(up.status, 200u) << up.body;
    const auto second = here->upload(who, id, "vedlegg.txt", "text/plain", "hei");
    EXPECT_EQ(second.status, 200u) << second.body;
    const auto sent = here->send(who, id);
    EXPECT_EQ(sent.status, 200u) << sent.body;
    return id;
  }
  json::array sent(const std::string& id) {
    return here->control("GET", "/control/fiks-io/sent?klientMeldingId=" + id).as_array();
  }
  std::string from_peer(json::object more) {
    json::object all{{"from", peer_account}, {"to", innsyn_account}, {"type", process}};
    if (!more.contains("content") && !more.contains("files"))
      all["files"] = json::array{json::object{{"name", "svar.txt"}, {"text", "bl\xc3\xa5"}}};
    for (const auto& [name, value] : more) all[name] = value;
    return std::string(
        here->control("POST", "/control/fiks-io/messages", all).at("id").as_string());
  }

  inline static std::unique_ptr<rabbitmq> broker;
  inline static bool ready = false;
};

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
  const auto rubbish = from_peer({{"content", kp::to_base64("no CMS at all")}});
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

}  // namespace
