#include "tests/tools/system/town.hpp"

#include "config/text.hpp"
#include "tests/tools/system/hub_files.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <set>

// DPE through the whole hub: publications to eInnsyn, requests for access from it, and the statuses
// that go both ways as messages of their own. All of it over REST and over AMQP.

namespace {

using namespace kp::test;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

const std::string agency = "810000058";   // publishes, and is asked for access
const std::string einnsyn = "991825827";  // played by the sandbox
const std::string innsyn = "dpe-innsyn:innsyn-pass";
const std::string own_queue = "nextbestqueue" + agency + "innsyn";
const std::string central_queue = "nextbestqueue" + einnsyn + "data";
const std::string journal = "urn:no:difi:profile:einnsyn:journalpost:ver1.0";
const std::string response = "urn:no:difi:profile:einnsyn:response:ver1.0";

class dpe_town : public in_town, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    in_town::SetUp();
    if (HasFatalFailure()) return;
    if (!central) open_for_business();
    drain();
  }
  static void TearDownTestSuite() {
    auto* const all = town::shared();
    central.reset();
    if (!all) return;
    const auto before = all->hub().log().size();
    std::filesystem::remove(all->path("tenants.d/agency.yaml"));
    EXPECT_TRUE(until([&] {
      return all->hub().log(before).find("organisation is parked") != std::string::npos;
    }));
  }

  static bool by_amqp() { return std::string(GetParam()) == "amqp"; }
  static std::string yaml(int poll_interval = 1, const std::string& transport = GetParam()) {
    return fmt::format(
        "number: \"{0}\"\nkeystore:\n  path: ../keystores/{0}.p12\n"
        "  password: {{file: ../keystores/{0}.password}}\nservices:\n"
        "  dpe: {{enabled: true, transport: {3}, poll_interval_seconds: {1}, "
        "quiet_poll_interval_seconds: {1}}}\nchannels:\n"
        "  - name: innsyn\n    sends: [DPE]\n    receives: [DPE]\n    credentials:\n"
        "      - {2}\n",
        agency, poll_interval, credential(innsyn), transport);
  }
  void write(const std::string& text) {
    const auto before = here->hub().log().size();
    std::ofstream(here->path("tenants.d/agency.tmp")) << text;
    std::filesystem::rename(here->path("tenants.d/agency.tmp"),
                            here->path("tenants.d/agency.yaml"));
    EXPECT_TRUE(until([&] {
      const auto log = here->hub().log(before);
      return log.find("\"organisation added") != std::string::npos ||
             log.find("\"organisation is back") != std::string::npos ||
             log.find("\"organisation changed") != std::string::npos;
    }));
  }
  json::object known_to_the_services(const std::string& number) {
    const auto made = here->control(
        "POST", "/control/organisations",
        {{"number", number}, {"name", "DPE " + number}, {"services", json::array{"DPE"}}});
    return made.at("keystore").as_object();
  }
  void open_for_business() {
    const auto keys = known_to_the_services(agency);
    std::ofstream(here->path("keystores/" + agency + ".p12"), std::ios::binary)
        << *kp::from_base64(std::string(keys.at("base64").as_string()));
    std::ofstream(here->path("keystores/" + agency + ".password"))
        << std::string(keys.at("password").as_string());
    central = known_to_the_services(einnsyn);
    here->control("DELETE", "/control/servicebus/journal");
    write(yaml());
    EXPECT_TRUE(until([&] { return here->api(innsyn, "GET", "/api/messages/in").status == 200; }));
  }

  // What waits in a queue, as sandbox shows it.
  json::array in_queue(const std::string& queue) {
    return here->control("GET", "/control/servicebus/queues/" + queue).at("messages").as_array();
  }
  bool until_in_queue(const std::string& queue, std::size_t count) {
    const bool came = until([&] { return in_queue(queue).size() >= count; });
    EXPECT_TRUE(came) << count << " did not come into " << queue;
    return came;
  }
  // Takes the first message out of eInnsyn's queue, as eInnsyn does.
  json::value take_at_central() {
    if (!until_in_queue(central_queue, 1)) return nullptr;
    return here->control("POST", "/control/servicebus/take",
                         {{"queue", central_queue}, {"keystore", *central}});
  }
  json::array dead_letters() {
    return here->control("GET", "/control/servicebus/queues/" + own_queue).at("dead").as_array();
  }
  void drain() {
    while (!in_queue(central_queue).empty() && !HasFailure()) take_at_central();
  }
  std::string from_central(const std::string& type, json::object body, json::object more = {}) {
    json::object all{
        {"type", type}, {"sender", einnsyn}, {"receiver", agency}, {"body", std::move(body)}};
    for (const auto& [name, value] : more) all[name] = value;
    return std::string(
        here->control("POST", "/control/servicebus/compose", all).at("messageId").as_string());
  }
  std::string request_for_access(json::object more = {}) {
    more["files"] =
        json::array{json::object{{"name", "krav.xml"}, {"text", "<krav>\xc3\xa6</krav>"}}};
    return from_central("innsynskrav", {{"orgnr", agency}, {"epost", "s\xc3\xb8ker@example.no"}},
                        std::move(more));
  }
  static json::object document(const std::string& type, const std::string& process,
                               json::object body) {
    auto made = new_document(einnsyn, process, type, std::move(body));
    made["standardBusinessDocumentHeader"]
        .as_object()["documentIdentification"]
        .as_object()["standard"] = "urn:no:difi:einnsyn:xsd::" + type;
    return made;
  }
  std::string publish(const std::string& bytes) {
    const auto id = create(innsyn, document("publisering", journal, {{"orgnr", agency}}));
    const auto up = here->upload(innsyn, id, "post.xml", "application/xml", bytes);
    EXPECT_EQ(up.status, 200u) << up.body;
    const auto sent = here->send(innsyn, id);
    EXPECT_EQ(sent.status, 200u) << sent.body;
    return id;
  }
  static std::string status_in(const json::value& taken) {
    return std::string(taken.at("sbd").at("status").at("status").as_string());
  }

  inline static std::optional<json::object> central;  // eInnsyn's key store
};

TEST_P(dpe_town, a_publication_reaches_einnsyn_and_is_followed_to_its_end) {
  const auto bytes = random_bytes(20'000);
  const auto id = publish(bytes);
  ASSERT_TRUE(until_status(innsyn, id, "SENDT"));
  const auto taken = take_at_central();
  EXPECT_EQ(id_of(taken.at("sbd")), id);
  EXPECT_EQ(taken.at("sbd").at("publisering").at("orgnr").as_string(), agency);
  EXPECT_EQ(taken.at("signer").as_string(), agency);
  EXPECT_EQ(taken.at("keyTransport"), "1.2.840.113549.1.1.1") << "PKCS#1 v1.5";
  ASSERT_THAT(taken.at("files").as_array(), SizeIs(2));
  EXPECT_EQ(taken.at("files").at(0).at("name"), "manifest.xml");
  EXPECT_EQ(taken.at("files").at(1).at("base64").as_string(), kp::to_base64(bytes));

  from_central("status", {{"status", "MOTTATT"}}, {{"messageId", id}});
  // One whose own time has passed says no less (dpe.md 14, trap 10).
  from_central("status", {{"status", "LEVERT"}}, {{"messageId", id}, {"livesSeconds", -60}});
  ASSERT_TRUE(until_status(innsyn, id, "LEVERT"));
  EXPECT_THAT(statuses(innsyn, id), ElementsAre("OPPRETTET", "SENDT", "MOTTATT", "LEVERT"));
  EXPECT_TRUE(until([&] { return in_queue(own_queue).empty(); })) << "both were taken out";
}

TEST_P(dpe_town, a_request_for_access_arrives_once_and_is_answered_twice) {
  const auto id = request_for_access({{"copies", 2}});
  ASSERT_TRUE(until_arrived(innsyn, id));
  EXPECT_TRUE(until([&] { return in_queue(own_queue).empty(); }));
  EXPECT_EQ(count_in_inbox(innsyn, id), 1);
  const auto received = take_at_central();
  EXPECT_EQ(id_of(received.at("sbd")), id) << "a status has the id of what it is about";
  EXPECT_EQ(status_in(received), "MOTTATT");
  EXPECT_EQ(received.at("members"), 1) << "no asic";

  const auto files = take(innsyn, id);
  EXPECT_EQ(files.at("krav.xml"), "<krav>\xc3\xa6</krav>");
  const auto delivered = take_at_central();
  EXPECT_EQ(id_of(delivered.at("sbd")), id);
  EXPECT_EQ(status_in(delivered), "LEVERT");
  EXPECT_THAT(statuses(innsyn, id),
              ElementsAre("OPPRETTET", "INNKOMMENDE_MOTTATT", "INNKOMMENDE_LEVERT"));
  EXPECT_TRUE(in_queue(central_queue).empty()) << "the copy was not answered";
}

TEST_P(dpe_town, receipts_of_einnsyn_come_without_content_and_go_where_they_belong) {
  const auto came = from_central("einnsyn_kvittering", {{"dokumentId", "http://data.einnsyn.no/1"},
                                                        {"status", "{\"publisert\": true}"},
                                                        {"referanseType", "publisering"}});
  ASSERT_TRUE(until_arrived(innsyn, came));
  const auto peeked = here->api(innsyn, "GET", "/api/messages/in/peek?messageId=" + came);
  ASSERT_EQ(peeked.status, 200u);
  EXPECT_EQ(peeked.json().at("einnsyn_kvittering").at("status"), "{\"publisert\": true}");
  EXPECT_EQ(here->api(innsyn, "GET", "/api/messages/in/pop/" + came).status, 204u);
  EXPECT_EQ(here->api(innsyn, "DELETE", "/api/messages/in/" + came).status, 200u);
  ASSERT_TRUE(until_in_queue(central_queue, 2));  // MOTTATT and LEVERT
  drain();

  const auto sent = create(innsyn, document("einnsyn_kvittering", response,
                                            {{"dokumentId", "http://data.einnsyn.no/2"},
                                             {"status", "besvart"},
                                             {"referanseType", "innsynskrav"}}));
  EXPECT_EQ(here->send(innsyn, sent).status, 200u);
  ASSERT_TRUE(until_status(innsyn, sent, "SENDT"));
  const auto taken = take_at_central();
  EXPECT_EQ(id_of(taken.at("sbd")), sent);
  EXPECT_EQ(taken.at("members"), 1);
}

TEST_P(dpe_town, what_cannot_be_read_or_comes_too_late_holds_nobody_up) {
  const auto dead = dead_letters().size();
  here->control("POST", "/control/servicebus/messages",
                {{"queue", own_queue}, {"text", "{\"sbd\": "}});
  const auto late = request_for_access({{"livesSeconds", -60}});
  const auto good = request_for_access();
  ASSERT_TRUE(until_arrived(innsyn, good));
  ASSERT_TRUE(until_status(innsyn, late, "LEVETID_UTLOPT"));
  EXPECT_EQ(count_in_inbox(innsyn, late), 0);
  if (by_amqp()) {
    EXPECT_TRUE(until([&] { return in_queue(own_queue).empty(); }));
    const auto all = dead_letters();
    ASSERT_THAT(all, SizeIs(dead + 1)) << "the poison is set aside at once";
    EXPECT_THAT(std::string(all.back().at("reason").as_string()), HasSubstr("JSON"));
  } else {
    EXPECT_TRUE(until([&] { return in_queue(own_queue).size() == 1; }))
        << "the poison is left for the broker to set aside";
  }
  const auto answered = take_at_central();
  EXPECT_EQ(id_of(answered.at("sbd")), good) << "what came too late is not answered";
  take(innsyn, good);
}

TEST_P(dpe_town, a_new_key_of_the_service_bus_is_taken_up_at_once) {
  here->control("POST", "/control/servicebus/rotate");
  if (by_amqp()) write(yaml(2));  // what has been put serves on: a new one is put by a new port
  const auto id = request_for_access();
  ASSERT_TRUE(until_arrived(innsyn, id));
  take(innsyn, id);
}

TEST_P(dpe_town, the_kept_key_stands_in_while_the_registry_is_away) {
  fault({{"endpoint", "registry_sastoken"}, {"kind", "status"}, {"status", 503}, {"every", 1}});
  write(yaml(by_amqp() ? 1 : 2));  // begins anew with the service
  const auto id = request_for_access();
  ASSERT_TRUE(until_arrived(innsyn, id));
  take(innsyn, id);
}

TEST_P(dpe_town, a_message_whose_answer_was_lost_comes_again) {
  here->control("POST", "/control/servicebus", {{"lockMs", 1000}});
  fault({{"endpoint", "service_bus_receive"},
         {"kind", by_amqp() ? "cut_after" : "remove_header"},
         {"field", "BrokerProperties"},
         {"transfer", own_queue},
         {"every", 1},
         {"count", 1}});
  const auto id = request_for_access();
  EXPECT_TRUE(until_arrived(innsyn, id)) << "after its lock has run out";
  here->control("POST", "/control/servicebus", {{"lockMs", 60'000}});
  take(innsyn, id);
}

TEST_P(dpe_town, no_queue_is_read_but_the_own_one) {
  std::set<std::string> read;
  for (const auto& each : here->control("GET", "/control/servicebus/journal").as_array()) {
    const std::string path(each.at("path").as_string());
    const bool sends = path == "send" || path == "put-token";
    if (path.ends_with("/head") || (each.at("method") != "POST" && !sends))
      read.insert(std::string(each.at("queue").as_string()));
  }
  EXPECT_THAT(read, ElementsAre(own_queue));
}

TEST_P(dpe_town, a_refused_token_holds_nobody_up_for_long) {
  fault({{"endpoint", by_amqp() ? "service_bus_claim" : "service_bus_receive"},
         {"kind", "status"},
         {"status", 401},
         {"every", 1},
         {"count", by_amqp() ? 1 : 2}});
  if (by_amqp()) write(yaml(2));  // a new port puts a new one
  const auto id = request_for_access();
  ASSERT_TRUE(until_arrived(innsyn, id));
  take(innsyn, id);
}

TEST_P(dpe_town, an_arrival_whose_end_was_not_heard_of_is_not_delivered_twice) {
  fault({{"endpoint", "service_bus_complete"},
         {"kind", "cut_after"},
         {"transfer", own_queue},
         {"every", 1},
         {"count", 1}});
  const auto first = request_for_access();
  const auto second = request_for_access();
  ASSERT_TRUE(until_arrived(innsyn, first));
  ASSERT_TRUE(until_arrived(innsyn, second));
  EXPECT_TRUE(until([&] { return in_queue(own_queue).size() <= (by_amqp() ? 0u : 1u); }));
  EXPECT_EQ(count_in_inbox(innsyn, first), 1);
  take(innsyn, first);
  take(innsyn, second);
  until_in_queue(central_queue, 4);  // MOTTATT and LEVERT of both
}

TEST_P(dpe_town, a_message_whose_acceptance_was_not_heard_of_is_sent_again) {
  fault({{"endpoint", "service_bus_send"},
         {"kind", "cut_after"},
         {"transfer", central_queue},
         {"every", 1},
         {"count", 1}});
  const auto id = publish("once more");
  ASSERT_TRUE(until_in_queue(central_queue, 1));
  EXPECT_THAT(statuses(innsyn, id), Not(Contains("SENDT"))) << "nobody knows yet";
  ASSERT_TRUE(until_status(innsyn, id, "SENDT", std::chrono::seconds(40)));
  ASSERT_THAT(in_queue(central_queue), SizeIs(2)) << "the receiver knows it by its message id";
  EXPECT_EQ(id_of(take_at_central().at("sbd")), id);
  EXPECT_EQ(id_of(take_at_central().at("sbd")), id);
}

TEST_P(dpe_town, the_own_way_is_the_only_one_that_is_used) {
  std::set<std::string> methods;
  for (const auto& each : here->control("GET", "/control/servicebus/journal").as_array())
    if (each.at("queue") != json::value(""))
      methods.insert(std::string(each.at("method").as_string()));
  if (by_amqp())
    EXPECT_THAT(methods, Contains("AMQP"));
  else
    EXPECT_THAT(methods, Not(Contains("AMQP")));
}

TEST_P(dpe_town, the_other_way_is_taken_up_at_once) {
  write(yaml(1, by_amqp() ? "rest" : "amqp"));
  const auto came = request_for_access();
  ASSERT_TRUE(until_arrived(innsyn, came));
  const auto went = publish("by another way");
  ASSERT_TRUE(until_status(innsyn, went, "SENDT"));
  take(innsyn, came);
  std::set<std::string> methods;
  for (const auto& each : here->control("GET", "/control/servicebus/journal").as_array())
    methods.insert(std::string(each.at("method").as_string()));
  EXPECT_THAT(methods, Contains("AMQP"));
  EXPECT_THAT(methods, Contains("POST"));
  write(yaml());
  drain();
}

const auto by_name = [](const auto& it) { return std::string(it.param); };
INSTANTIATE_TEST_SUITE_P(over_rest, dpe_town, testing::Values("rest"), by_name);
INSTANTIATE_TEST_SUITE_P(over_amqp, dpe_town, testing::Values("amqp"), by_name);

}  // namespace
