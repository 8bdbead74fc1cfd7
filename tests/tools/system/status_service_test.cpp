#include "config/text.hpp"
#include "protocol/crypto/certificate.hpp"
#include "protocol/http/client.hpp"
#include "protocol/maskinporten/maskinporten.hpp"
#include "protocol/status_service/document.hpp"
#include "protocol/status_service/reporter.hpp"
#include "tests/protocol/http/loopback.hpp"
#include "tests/tools/system/operators.hpp"

#include <set>

// What the real program tells the national status service and operators; and both of its ways
// there against the stand-in.

namespace {

using namespace kp;
using namespace kp::test;
using testing::AllOf;
using testing::HasSubstr;

class national_status_service : public operators {
 protected:
  // What the status service has been told of a message by an organisation: status and document.
  std::vector<json::object> told(const std::string& message, const std::string& organisation) {
    const auto all = here->control("GET", "/control/status-service?messageId=" + message);
    std::vector<json::object> of;
    for (const auto& each : all.at("statuses").as_array())
      if (each.at("document").at("orgnr").as_string() == organisation)
        of.push_back(each.as_object());
    return of;
  }
  std::set<std::string> names(const std::string& message, const std::string& organisation) {
    std::set<std::string> all;
    for (const auto& each : told(message, organisation)) all.emplace(each.at("status").as_string());
    return all;
  }
  bool until_told(const std::string& message, const std::string& organisation,
                  const std::set<std::string>& wanted) {
    return until([&] { return names(message, organisation) == wanted; });
  }
};

}  // namespace

TEST_F(national_status_service, is_told_every_status_by_both_sides_with_their_own_tokens) {
  const auto id = send_letter(arkiv, fjordnes);
  ASSERT_TRUE(until_arrived(sak, id));
  take(sak, id);
  ASSERT_TRUE(until_status(arkiv, id, "LEVERT"));
  EXPECT_TRUE(until_told(id, bergvik, {"OPPRETTET", "SENDT", "MOTTATT", "LEVERT"}));
  EXPECT_TRUE(until_told(id, fjordnes, {"OPPRETTET", "INNKOMMENDE_MOTTATT", "INNKOMMENDE_LEVERT"}));
  for (const auto& each : told(id, bergvik)) {
    EXPECT_EQ(each.at("claims").at("client_id").as_string(), "MOVE_IP_" + bergvik);
    const auto& document = each.at("document").as_object();
    EXPECT_EQ(document.at("sender").as_string(), "0192:" + bergvik);
    EXPECT_EQ(document.at("receiver").as_string(), "0192:" + fjordnes);
    EXPECT_EQ(document.at("service_identifier").as_string(), "DPO");
    EXPECT_EQ(document.at("process_identifier").as_string(), administration);
    EXPECT_EQ(document.at("logger_name").as_string(), "STATUS");
  }
  for (const auto& each : told(id, fjordnes))
    EXPECT_EQ(each.at("claims").at("client_id").as_string(), "MOVE_IP_" + fjordnes);
}

TEST_F(national_status_service, misses_no_status_when_it_is_down_and_the_hub_dies) {
  fault({{"endpoint", "status_service"}, {"kind", "status"}, {"status", 503}, {"count", 10000}});
  const auto id = send_letter(arkiv, fjordnes);
  ASSERT_TRUE(until_arrived(sak, id));
  EXPECT_TRUE(names(id, bergvik).empty());
  EXPECT_THAT(ctl("reports " + bergvik).output, HasSubstr("Waiting: "));
  here->hub().kill();
  here->control("DELETE", "/control/faults");
  ASSERT_TRUE(here->start_hub());
  EXPECT_TRUE(until_told(id, bergvik, {"OPPRETTET", "SENDT", "MOTTATT"}));
  EXPECT_TRUE(until_told(id, fjordnes, {"OPPRETTET", "INNKOMMENDE_MOTTATT"}));
  EXPECT_TRUE(until([&] { return ctl("reports " + bergvik).output.find("Waiting: 0") == 0; }));
}

TEST_F(national_status_service, keeps_what_it_refuses_and_takes_the_next) {
  fault({{"endpoint", "status_service"},
         {"organisation", skogvik},
         {"kind", "status"},
         {"status", 400},
         {"body", "message_id and conversation_id must be of type UUID"},
         {"contentType", "text/plain"}});
  const auto refused = create(post, arkivmelding_to(fjordnes));
  const auto shown = [&] { return ctl("reports " + skogvik).output; };
  EXPECT_TRUE(until([&] { return shown().find(refused) != std::string::npos; }));
  EXPECT_THAT(shown(), AllOf(HasSubstr("OPPRETTET"), HasSubstr("must be of type UUID")));
  const auto next = create(post, arkivmelding_to(fjordnes));
  EXPECT_TRUE(until_told(next, skogvik, {"OPPRETTET"}));
  EXPECT_TRUE(names(refused, skogvik).empty());
}

TEST_F(national_status_service, and_statistics_are_there_for_operators) {
  const auto statistics = [&](const std::string& query) {
    return call(here->admin_port(), "GET", "/admin/statistics" + query, basic(operator_user));
  };
  EXPECT_EQ(statistics("?by=week").status, 400u);
  EXPECT_EQ(statistics("?from=yesterday").status, 400u);
  EXPECT_EQ(statistics("?hours=0").status, 400u);
  EXPECT_EQ(statistics("?organisation=123").status, 404u);
  const auto all = statistics("?by=hour&organisation=" + bergvik);
  ASSERT_EQ(all.status, 200u) << all.body;
  // A start adds up what was counted before at once.
  create(arkiv, arkivmelding_to(fjordnes));
  here->hub().kill();
  ASSERT_TRUE(here->start_hub());
  const auto counted = [&] {
    const auto answer = statistics("?organisation=" + bergvik).json();
    for (const auto& row : answer.at("statistics").as_array())
      if (row.at("direction").as_string() == "OUTGOING" && row.at("service").as_string() == "DPO")
        return row.at("statuses").at("OPPRETTET").to_number<int>();
    return 0;
  };
  EXPECT_TRUE(until([&] { return counted() > 0; }));
  EXPECT_THAT(ctl("stats " + bergvik).output,
              AllOf(HasSubstr("ORGANISATION"), HasSubstr("OPPRETTET"), HasSubstr(bergvik)));
  EXPECT_THAT(ctl("stats --by day --hours 48").output, HasSubstr("TIME"));
  EXPECT_NE(ctl("stats --by week").status, 0);
}

namespace {

// The client of the hub and the stand-in, without a hub.
class status_wires : public testing::Test {
 protected:
  void SetUp() override {
    sandbox::options wanted;
    wanted.port = 0;
    wanted.rsocket_port = 0;
    wanted.rsocket_tls_port = 0;
    auto started = sandbox::sandbox::start(std::move(wanted));
    ASSERT_TRUE(started) << started.error().message;
    box = std::move(*started);
    const auto made = *box->control(
        "POST", "/control/organisations",
        {{"number", bergvik}, {"name", "Bergvik"}, {"scopes", json::array{"move/dpe.read"}}});
    const auto& store = made.at("keystore");
    const auto bytes = from_base64(std::string_view(store.at("base64").as_string()));
    auto keys =
        crypto::keystore::open_pkcs12(*bytes, std::string(store.at("password").as_string()), {});
    ASSERT_TRUE(keys) << keys.error().message;
    const auto ca = folder.path("ca.pem");
    folder.write("ca.pem", call_control_ca());
    http::client_options options;
    client =
        on.call([&] { return std::move(*http::client::make(on.context(), workers, options)); });
    maskinporten::client_settings settings;
    settings.token_url = box->url() + "/token";
    settings.audience = box->url() + "/";
    settings.client_id = "MOVE_IP_" + bergvik;
    tokens = std::make_unique<maskinporten::client>(
        *client, workers, time, *random, settings,
        std::make_shared<const crypto::keystore>(*std::move(keys)));
    way.ca_file = ca;
  }
  void TearDown() override {
    on.call([this] {
      to.reset();
      tokens.reset();
      client.reset();
    });
    workers.join();
  }
  std::string call_control_ca() { return call(box->port(), "GET", "/control/ca.pem", {}, "").body; }
  json::value seen() { return *box->control("GET", "/control/status-service"); }
  void use(const std::string& url) {
    way.url = url;
    on.call([this] { to = std::move(*kp::status_service::make_wire(on.context(), *client, way)); });
  }
  void use_rsocket(bool tls) {
    use(std::string(seen().at(tls ? "rsocketTls" : "rsocket").as_string()));
  }
  kp::status_service::outcome tell(const std::string& status = "LEVERT") {
    kp::status_service::document what;
    what.status = status;
    what.message = *message_id::parse("65f237bc-7d64-45cb-8f4d-3d81345b4668");
    what.conversation = *conversation_id::parse("3233d263-30d0-4cd4-9e38-ff62a978d58e");
    what.organisation = *organisation_id::parse(bergvik);
    what.via = service::dpi;
    what.process = "urn:p";
    what.sender = "0192:" + bergvik;
    what.receiver = "17912099997";
    what.at = time.now();
    return on.run(kp::status_service::report(*to, *tokens, {"move/dpe.read"},
                                             kp::status_service::to_json(what)));
  }

  std::unique_ptr<sandbox::sandbox> box;
  temporary_folder folder;
  network on;
  boost::asio::thread_pool workers{1};
  wall_clock time;
  std::shared_ptr<random_source> random = make_secure_random();
  std::unique_ptr<http::client> client;
  std::unique_ptr<maskinporten::client> tokens;
  kp::status_service::wire_options way;
  std::unique_ptr<kp::status_service::wire> to;
};

}  // namespace

TEST_F(status_wires, deliver_the_same_document_over_each_transport) {
  use(box->url() + "/logging/api/status");
  auto made = tell("OPPRETTET");
  EXPECT_TRUE(made.taken()) << made.why;
  use_rsocket(false);
  made = tell("SENDT");
  EXPECT_TRUE(made.taken()) << made.why;
  use_rsocket(true);
  made = tell("LEVERT");
  EXPECT_TRUE(made.taken()) << made.why;
  const auto all = seen();
  const auto& statuses = all.at("statuses").as_array();
  ASSERT_EQ(statuses.size(), 3u);
  const std::vector<std::string> transports{"http", "rsocket", "rsocket"};
  const std::vector<std::string> names{"OPPRETTET", "SENDT", "LEVERT"};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(statuses[i].at("transport").as_string(), transports[i]);
    EXPECT_EQ(statuses[i].at("status").as_string(), names[i]);
    EXPECT_EQ(statuses[i].at("claims").at("client_id").as_string(), "MOVE_IP_" + bergvik);
    EXPECT_EQ(statuses[i].at("raw").as_string().find("17912099997"), json::string::npos);
  }
}

TEST_F(status_wires, fire_and_forget_over_rsocket) {
  way.waits_for_answers = false;
  use_rsocket(false);
  EXPECT_TRUE(tell().taken());
  EXPECT_TRUE(until([&] { return seen().at("statuses").as_array().size() == 1; }));
}

TEST_F(status_wires, over_rsocket_get_over_what_goes_wrong_or_say_what_it_is) {
  using kp::status_service::verdict;
  use_rsocket(false);
  const auto fault = [&](json::object what) {
    what["endpoint"] = "status_rsocket";
    ASSERT_TRUE(box->control("POST", "/control/faults", what));
  };
  fault({{"kind", "status"}, {"status", 401}});
  EXPECT_TRUE(tell().taken()) << "a new token";
  fault({{"kind", "status"}, {"status", 401}, {"count", 2}});
  EXPECT_EQ(tell().what, verdict::unauthorized);
  fault({{"kind", "status"}, {"status", 503}});
  EXPECT_EQ(tell().what, verdict::unavailable);
  fault({{"kind", "cut"}});
  EXPECT_TRUE(tell().taken()) << "a new connection";
  ASSERT_TRUE(box->control("POST", "/control/status-service", {{"rejectSetup", 2}}));
  fault({{"kind", "cut"}, {"count", 2}});
  EXPECT_NE(tell().what, verdict::taken);
  EXPECT_EQ(tell().what, verdict::misconfigured);
  ASSERT_TRUE(box->control("DELETE", "/control/faults"));
  ASSERT_TRUE(box->control("DELETE", "/control/status-service"));
  EXPECT_TRUE(tell().taken());
}
