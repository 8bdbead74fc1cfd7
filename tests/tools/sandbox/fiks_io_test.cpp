#include "tests/support/rabbitmq.hpp"
#include "tests/tools/sandbox/support.hpp"

#include <amqp_framing.h>
#include <fmt/format.h>

// FIKS IO as a hub meets it: REST by hand, the broker by librabbitmq.

namespace kp::sandbox::test {
namespace {

using kp::test::rabbitmq;
using testing::HasSubstr;
using testing::SizeIs;

const std::string peer_account = "e0a0fba9-b7cf-44f8-99a6-a7f04b9e0347";
const std::string nowhere = "00000000-0000-4000-8000-000000000001";

class fiks_house : public with_sandbox {
 protected:
  void SetUp() override {
    with_sandbox::SetUp();
    kommune = add("910077473", {{"services", json::array{"DPFIO"}}});
    other = add("910075918", {{"services", json::array{"DPFIO"}}});
  }
  // After the broker, where there is one.
  void open_accounts() {
    own = control("POST", "/control/fiks-io/accounts", {{"organisation", "910077473"}}).as_object();
    theirs =
        control("POST", "/control/fiks-io/accounts", {{"organisation", "910075918"}}).as_object();
    control("POST", "/control/fiks-io/accounts",
            {{"organisation", "910076787"}, {"accountId", peer_account}, {"peer", true}});
  }
  static std::string text(const json::object& of, std::string_view name) {
    return std::string(of.at(name).as_string());
  }
  fields as(const member& who, const json::object& account) {
    auto out = bearer(token(who, "ks:fiks"));
    out["IntegrasjonId"] = text(account, "integrationId");
    out["IntegrasjonPassord"] = text(account, "integrationPassword");
    return out;
  }
  json::object metadata() const {
    return {{"avsenderKontoId", text(own, "accountId")},
            {"mottakerKontoId", peer_account},
            {"meldingType", "no.digdir.einnsyn.v1"},
            {"svarPaMelding", nullptr},
            {"ttl", nullptr},
            {"headere", {{"klientMeldingId", "abc"}}}};
  }
  http_answer send(fields headers, const json::object& said, const std::string& data = {}) {
    headers["Content-Type"] = "multipart/form-data; boundary=grense";
    std::string body =
        "--grense\r\nContent-Disposition: form-data; name=\"metadata\"\r\n"
        "Content-Type: application/json\r\n\r\n" +
        json::serialize(said);
    if (!data.empty())
      body +=
          "\r\n--grense\r\nContent-Disposition: form-data; name=\"data\"; filename=\"x\"\r\n"
          "Content-Type: application/octet-stream\r\n\r\n" +
          data;
    return post("/fiks-io/api/v1/send", headers, body + "\r\n--grense--\r\n");
  }
  std::string authorized(const std::string& what, const std::string& form) {
    return post("/fiks-io/authorization/api/v1/" + what,
                {{"Content-Type", "application/x-www-form-urlencoded"}}, form)
        .body;
  }

  member kommune, other;
  json::object own, theirs;
};

TEST_F(fiks_house, tells_token_integration_and_account_apart) {
  open_accounts();
  EXPECT_EQ(send({}, metadata()).status, 401U);
  auto wrong = as(kommune, own);
  wrong["IntegrasjonPassord"] = "gal";
  EXPECT_THAT(send(wrong, metadata()).body, HasSubstr("Autentisering feilet for integrasjon"));
  EXPECT_EQ(send(as(other, own), metadata()).status, 401U) << "another organisation's token";
  EXPECT_EQ(send(as(other, theirs), metadata()).status, 403U) << "another one's account";
  EXPECT_EQ(send(as(kommune, own), metadata()).status, 503U) << "without a broker";
}

TEST_F(fiks_house, refuses_what_breaks_the_contract) {
  open_accounts();
  const auto who = as(kommune, own);
  auto said = metadata();
  said["ttl"] = 999;
  EXPECT_EQ(send(who, said).status, 400U);
  said = metadata();
  said["ttl"] = "P2D";
  EXPECT_EQ(send(who, said).status, 400U);
  said = metadata();
  said["mottakerKontoId"] = nowhere;
  EXPECT_EQ(send(who, said).status, 404U);
  said = metadata();
  said.erase("meldingType");
  EXPECT_EQ(send(who, said).status, 400U);
  control("POST", "/control/fiks-io/accounts/" + peer_account, {{"receives", false}});
  EXPECT_EQ(send(who, metadata()).status, 400U);
}

TEST_F(fiks_house, shows_the_catalogue_and_keys) {
  open_accounts();
  const auto who = as(kommune, own);
  const std::string base = "/fiks-io/katalog/api/v1";
  const auto found = get(base + "/kontoer/" + peer_account, who);
  ASSERT_EQ(found.status, 200U) << found.body;
  EXPECT_EQ(found.json().at("organisasjonsnummer"), "910076787");
  EXPECT_EQ(found.json().at("status").at("gyldigMottaker"), true);
  EXPECT_EQ(get(base + "/kontoer/" + nowhere, who).status, 404U);
  EXPECT_EQ(get(base + "/kontoer/" + peer_account).status, 401U);
  const auto looked = get(base +
                              "/lookup?identifikator=ORG_NO.910076787&meldingProtokoll="
                              "no.digdir.einnsyn.v1&sikkerhetsniva=3",
                          who);
  EXPECT_EQ(looked.json().at("kontoId"), json::value(peer_account));
  const auto key = get(base + "/kontoer/" + peer_account + "/offentligNokkel");
  ASSERT_EQ(key.status, 200U) << "without credentials";
  EXPECT_THAT(key.json().at("nokkel").as_string().c_str(), HasSubstr("BEGIN CERTIFICATE"));
  EXPECT_EQ(key.json().at("valid"), true);
  control("POST", "/control/fiks-io/accounts/" + peer_account, {{"keyIsValid", false}});
  EXPECT_EQ(get(base + "/kontoer/" + peer_account + "/offentligNokkel").json().at("valid"), false);
  EXPECT_EQ(get("/dokumentlager/nedlasting/" + nowhere, who).status, 404U);
}

TEST_F(fiks_house, lets_an_integration_read_its_own_queue_and_nothing_else) {
  open_accounts();
  const auto user = text(own, "integrationId"), password = text(own, "integrationPassword");
  const auto good = token(kommune, "ks:fiks");
  const auto asked = [&](const std::string& with) {
    return authorized("user", "username=" + user + "&password=" + with);
  };
  EXPECT_EQ(asked(password + "+" + good), "allow");
  EXPECT_EQ(asked(password), "deny");
  EXPECT_EQ(asked("gal+" + good), "deny");
  EXPECT_EQ(asked(password + "+" + token(other, "ks:fiks")), "deny");
  time->advance(std::chrono::minutes(5));
  EXPECT_EQ(asked(password + "+" + good), "deny") << "the token is too old";
  EXPECT_EQ(authorized("vhost", "username=" + user + "&vhost=%2F"), "allow");
  const auto resource = [&](const std::string& account, const std::string& permission) {
    return authorized("resource", fmt::format("username={}&vhost=%2F&resource=queue&name="
                                              "fiksio.konto.{}&permission={}",
                                              user, account, permission));
  };
  EXPECT_EQ(resource(text(own, "accountId"), "read"), "allow");
  EXPECT_EQ(resource(text(own, "accountId"), "configure"), "deny");
  EXPECT_EQ(resource(text(own, "accountId"), "write"), "deny");
  EXPECT_EQ(resource(peer_account, "read"), "deny");
}

// One test, since the broker takes its time to start.
TEST_F(fiks_house, carries_messages_through_a_broker_and_tells_of_those_that_end_there) {
  ASSERT_TRUE(rabbitmq::installed()) << rabbitmq::missing;
  rabbitmq broker(box->url());
  ASSERT_TRUE(broker.start()) << broker.log();
  control("POST", "/control/fiks-io", {{"amqpUrl", broker.administrator()}});
  open_accounts();
  const auto who = as(kommune, own);
  const auto take = [&](const std::string& account) {
    json::value got;
    for (int i = 0; i < 200 && got.is_null(); ++i) {
      got = control("POST", "/control/fiks-io/take", {{"account", account}});
      if (got.is_null()) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return got;
  };
  auto answer = send(who, metadata(), "opaque bytes");
  ASSERT_EQ(answer.status, 202U) << answer.body;
  EXPECT_EQ(answer.json().at("ttl"), 604800000);
  const auto id = std::string(answer.json().at("meldingId").as_string());
  const auto got = take(peer_account);
  ASSERT_TRUE(got.is_object());
  EXPECT_EQ(got.at("headers").at("melding-id"), json::value(id));
  EXPECT_EQ(got.at("headers").at("egendefinert-header.klientMeldingId"), "abc");
  EXPECT_EQ(got.at("bytes"), 12);
  const auto kept = control("GET", "/control/fiks-io/sent?klientMeldingId=abc").as_array();
  ASSERT_THAT(kept, SizeIs(1));
  EXPECT_THAT(kept[0].at("problem").as_string().c_str(), HasSubstr("no CMS"));

  // What is too large for the queue is in Dokumentlager, for its receiver alone.
  control("POST", "/control/fiks-io", {{"largestBody", 5}});
  auto to_us = metadata();
  to_us["mottakerKontoId"] = text(own, "accountId");
  answer = send(who, to_us, "opaque bytes");
  ASSERT_EQ(answer.status, 202U) << answer.body;
  const auto document = std::string(answer.json().at("dokumentlagerId").as_string());
  EXPECT_EQ(take(text(own, "accountId")).at("bytes"), 0);
  EXPECT_EQ(get("/dokumentlager/nedlasting/" + document, as(other, theirs)).status, 404U);
  control("POST", "/control/fiks-io", {{"documentFailures", 1}});
  EXPECT_EQ(get("/dokumentlager/nedlasting/" + document, who).status, 503U);
  EXPECT_EQ(get("/dokumentlager/nedlasting/" + document, who).body, "opaque bytes");

  // Nobody takes it in time.
  auto brief = metadata();
  brief["ttl"] = 1000;
  answer = send(who, brief);
  ASSERT_EQ(answer.status, 202U) << answer.body;
  const auto notice = take(text(own, "accountId"));
  ASSERT_TRUE(notice.is_object());
  EXPECT_EQ(notice.at("headers").at("type"), "no.ks.fiks.kvittering.tidsavbrudd");
  EXPECT_EQ(notice.at("headers").at("svar-til"), answer.json().at("meldingId"));

  // A hub signs in with password and token and may read its own queue alone.
  auto* connection = amqp_new_connection();
  auto* socket = amqp_tcp_socket_new(connection);
  ASSERT_EQ(amqp_socket_open(socket, "127.0.0.1", broker.port()), AMQP_STATUS_OK);
  const auto password = text(own, "integrationPassword") + " " + token(kommune, "ks:fiks");
  EXPECT_EQ(amqp_login(connection, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN,
                       text(own, "integrationId").c_str(), password.c_str())
                .reply_type,
            AMQP_RESPONSE_NORMAL);
  const auto consumes = [&](std::uint16_t channel, const std::string& account) {
    const auto queue = "fiksio.konto." + account;
    amqp_channel_open(connection, channel);
    return amqp_basic_consume(connection, channel, amqp_cstring_bytes(queue.c_str()),
                              amqp_empty_bytes, 0, 0, 0, amqp_empty_table) != nullptr;
  };
  EXPECT_TRUE(consumes(1, text(own, "accountId")));
  EXPECT_FALSE(consumes(2, peer_account));
  amqp_destroy_connection(connection);
}

}  // namespace
}  // namespace kp::sandbox::test
