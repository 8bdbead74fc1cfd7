#include "tests/tools/sandbox/support.hpp"

#include "config/text.hpp"
#include "tests/support/fixtures.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace kp::sandbox::test {
namespace {

using testing::HasSubstr;

std::string form_encoded(const std::string& text) {
  std::string out;
  for (const char c : text)
    if (std::isalnum(static_cast<unsigned char>(c)) || std::string_view(".-*_").contains(c)) {
      out += c;
    } else {
      char hex[4];
      std::snprintf(hex, sizeof hex, "%%%02X",
                    static_cast<unsigned>(static_cast<unsigned char>(c)));
      out += hex;
    }
  return out;
}

std::string hmac_sha256(const std::string& key, const std::string& text) {
  unsigned char out[32];
  unsigned length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &length);
  return std::string(reinterpret_cast<const char*>(out), length);
}

class service_bus : public with_sandbox {
 protected:
  void SetUp() override {
    with_sandbox::SetUp();
    registration =
        control("POST", "/control/organisations",
                {{"number", "991825827"}, {"name", "Digdir"}, {"services", json::array{"DPE"}}})
            .as_object();
    agency = add("910077473", {{"services", json::array{"DPE"}}});
    control("POST", "/control/servicebus", {{"waitMs", 0}});
    key = control("GET", "/control/servicebus").at("key").as_string();
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(box->port()); }
  std::string token_for(const std::string& target, std::int64_t expires,
                        const std::string& policy = "MoveDPE-pilotPolicy") const {
    const auto resource = form_encoded(url() + target);
    const auto se = std::to_string(expires);
    const auto sig = form_encoded(to_base64(hmac_sha256(key, resource + "\n" + se)));
    return "SharedAccessSignature skn=" + policy + "&se=" + se + "&sig=" + sig + "&sr=" + resource;
  }
  http_answer ask(const std::string& method, const std::string& target,
                  const std::string& body = {}) {
    return call(box->port(), method, target,
                {{"Authorization", token_for(target, now() + 20)},
                 {"Host", "127.0.0.1:" + std::to_string(box->port())}},
                body);
  }
  http_answer send(const std::string& body, const std::string& queue = own) {
    return ask("POST", "/" + queue + "/messages", body);
  }
  http_answer head(const std::string& queue = own) {
    return ask("POST", "/" + queue + "/messages/head");
  }
  static json::object properties(const http_answer& from) {
    return json::parse(from.headers.at("brokerproperties")).as_object();
  }
  static std::string lock_path(const http_answer& from) {
    const auto all = properties(from);
    return "/" + own + "/messages/" + std::string(all.at("MessageId").as_string()) + "/" +
           std::string(all.at("LockToken").as_string());
  }

  inline static const std::string own = "nextbestqueue910077473innsyn";
  json::object registration;
  member agency;
  std::string key;
};

TEST_F(service_bus, gives_out_its_key_through_the_registry) {
  const auto bearer = token(agency, "eformidling:dpe");
  const auto jws = get("/adressetjeneste/sastoken",
                       {{"Authorization", "Bearer " + bearer}, {"Accept", "application/jose"}});
  ASSERT_EQ(jws.status, 200u);
  const auto first = jws.body.find('.'), last = jws.body.rfind('.');
  EXPECT_EQ(from_base64url(jws.body.substr(first + 1, last - first - 1)), key);
  EXPECT_EQ(get("/adressetjeneste/sastoken",
                {{"Authorization", "Bearer " + bearer}, {"Accept", "application/json"}})
                .status,
            406u);
}

TEST_F(service_bus, keeps_messages_as_they_came_and_in_order) {
  EXPECT_EQ(send("first \xc3\xa6").status, 201u);
  EXPECT_EQ(send("second").status, 201u);
  const auto one = head();
  ASSERT_EQ(one.status, 201u);
  EXPECT_EQ(one.body, "first \xc3\xa6");
  EXPECT_EQ(properties(one).at("SequenceNumber"), 1);
  EXPECT_EQ(properties(one).at("DeliveryCount"), 1);
  EXPECT_EQ(properties(one).at("MessageId").as_string().size(), 32u);
  EXPECT_THAT(one.headers.at("location"), HasSubstr(lock_path(one)));
  EXPECT_EQ(head().body, "second");
  EXPECT_EQ(head().status, 204u) << "both are locked";
}

TEST_F(service_bus, a_message_is_completed_with_its_lock_only) {
  send("one");
  const auto got = head();
  EXPECT_EQ(ask("DELETE", "/" + own + "/messages/1/some-lock").status, 404u);
  EXPECT_EQ(ask("DELETE", lock_path(got)).status, 200u);
  EXPECT_EQ(ask("DELETE", lock_path(got)).status, 404u);
}

TEST_F(service_bus, a_lock_that_expires_frees_its_message_until_that_was_too_often) {
  control("POST", "/control/servicebus", {{"lockMs", 1000}, {"maxDeliveryCount", 2}});
  send("one");
  const auto first = head();
  EXPECT_EQ(head().status, 204u);
  time->advance(std::chrono::seconds(2));
  EXPECT_EQ(ask("DELETE", lock_path(first)).status, 404u) << "the lock is lost";
  const auto second = head();
  EXPECT_EQ(properties(second).at("DeliveryCount"), 2);
  time->advance(std::chrono::seconds(2));
  EXPECT_EQ(head().status, 204u);
  const auto seen = control("GET", "/control/servicebus/queues/" + own);
  EXPECT_EQ(seen.at("messages").as_array().size(), 0u);
  EXPECT_EQ(seen.at("dead").as_array().size(), 1u);
}

TEST_F(service_bus, locks_are_renewed_and_given_back) {
  control("POST", "/control/servicebus", {{"lockMs", 1000}});
  send("one");
  const auto got = head();
  time->advance(std::chrono::milliseconds(800));
  EXPECT_EQ(ask("POST", lock_path(got)).status, 200u);
  time->advance(std::chrono::milliseconds(800));
  EXPECT_EQ(head().status, 204u) << "still locked";
  EXPECT_EQ(ask("PUT", lock_path(got)).status, 200u);
  EXPECT_EQ(head().body, "one");
}

TEST_F(service_bus, queues_are_there_for_who_has_dpe_alone) {
  add("910075918", {{"services", json::array{"DPO"}}});
  EXPECT_EQ(send("x", "nextbestqueue910075918innsyn").status, 410u);
  EXPECT_EQ(send("x", "nextbestqueue910077473other").status, 410u);
  EXPECT_EQ(send("x", "NEXTBESTQUEUE910077473DATA").status, 201u) << "names know no case";
  control("POST", "/control/servicebus/queues", {{"name", "nextbestqueue910077473other"}});
  EXPECT_EQ(send("x", "nextbestqueue910077473other").status, 201u);
}

TEST_F(service_bus, what_is_too_large_is_refused) {
  control("POST", "/control/servicebus", {{"maxBytes", 10}});
  EXPECT_EQ(send("0123456789").status, 201u);
  EXPECT_EQ(send("0123456789a").status, 403u);
}

TEST_F(service_bus, tokens_are_for_an_address_and_a_time) {
  const std::string target = "/" + own + "/messages";
  const auto with = [&](const std::string& authorization) {
    return call(box->port(), "POST", target,
                {{"Authorization", authorization},
                 {"Host", "127.0.0.1:" + std::to_string(box->port())}},
                "x")
        .status;
  };
  EXPECT_EQ(with(token_for(target, now() + 20)), 201u);
  EXPECT_EQ(with(token_for("/" + own, now() + 20)), 201u) << "a prefix will do";
  EXPECT_EQ(with(token_for(target, now() - 120)), 201u) << "today's installations round";
  EXPECT_EQ(with(token_for(target, now() - 301)), 401u);
  EXPECT_EQ(with(token_for("/nextbestqueue991825827data/messages", now() + 20)), 401u);
  EXPECT_EQ(with(token_for(target, now() + 20, "OtherPolicy")), 401u);
  EXPECT_EQ(with("Bearer abc"), 401u);
  auto forged = token_for(target, now() + 20);
  forged.replace(forged.find("&sig=") + 5, 1, forged[forged.find("&sig=") + 5] == 'A' ? "B" : "A");
  EXPECT_EQ(with(forged), 401u);
}

TEST_F(service_bus, after_a_rotation_the_old_key_is_refused) {
  control("POST", "/control/servicebus/rotate");
  EXPECT_EQ(send("x").status, 401u);
  key = control("GET", "/control/servicebus").at("key").as_string();
  EXPECT_EQ(send("x").status, 201u);
}

TEST_F(service_bus, faults_strike_one_queue) {
  control("POST", "/control/faults",
          {{"endpoint", "service_bus_receive"},
           {"transfer", own},
           {"kind", "remove_header"},
           {"field", "BrokerProperties"}});
  send("x");
  send("x", "nextbestqueue991825827data");
  EXPECT_TRUE(head("nextbestqueue991825827data").headers.contains("brokerproperties"));
  EXPECT_FALSE(head().headers.contains("brokerproperties"));
}

TEST_F(service_bus, every_request_is_in_the_journal) {
  send("x");
  ask("DELETE", lock_path(head()));
  const auto seen = control("GET", "/control/servicebus/journal").as_array();
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0].at("method"), "POST");
  EXPECT_EQ(seen[0].at("queue").as_string(), own);
  EXPECT_EQ(seen[2].at("method"), "DELETE");
  EXPECT_EQ(seen[2].at("status"), 200);
}

TEST_F(service_bus, records_name_the_end_of_the_queue) {
  const auto bearer = token(agency, "eformidling:dpe");
  const auto code = [&](const std::string& process) {
    const auto found = get("/adressetjeneste/identifier/991825827/process/" + process,
                           {{"Authorization", "Bearer " + bearer}, {"Accept", "application/json"}});
    if (found.status != 200) return std::string("none");
    const auto& record = found.json().at("serviceRecords").at(0);
    EXPECT_EQ(record.at("service").at("identifier"), "DPE");
    EXPECT_FALSE(record.at("pemCertificate").is_null());
    return std::string(record.at("service").at("endpointUrl").as_string());
  };
  EXPECT_EQ(code("urn:no:difi:profile:einnsyn:journalpost:ver1.0"), "data");
  EXPECT_EQ(code("urn:no:difi:profile:einnsyn:innsynskrav:ver1.0"), "innsyn");
  EXPECT_EQ(code("urn:no:difi:profile:einnsyn:response:ver1.0"), "");
}

TEST_F(service_bus, a_peer_puts_messages_into_queues_and_opens_what_it_was_sent) {
  const auto placed =
      control("POST", "/control/servicebus/compose",
              {{"type", "publisering"},
               {"sender", "910077473"},
               {"receiver", "991825827"},
               {"queue", "nextbestqueue991825827data"},
               {"body", {{"orgnr", "910077473"}}},
               {"files", json::array{json::object{{"name", "post.xml"}, {"text", "<post/>"}}}}});
  const auto taken =
      control("POST", "/control/servicebus/take",
              {{"queue", "nextbestqueue991825827data"}, {"keystore", registration.at("keystore")}});
  EXPECT_EQ(taken.at("sbd").at("publisering").at("orgnr"), "910077473");
  EXPECT_EQ(taken.at("signer"), "910077473");
  EXPECT_EQ(taken.at("keyTransport"), "1.2.840.113549.1.1.1");
  const auto& files = taken.at("files").as_array();
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[1].at("name"), "post.xml");
  EXPECT_EQ(files[1].at("base64").as_string(), to_base64("<post/>"));
  EXPECT_EQ(control("GET", "/control/servicebus/queues/nextbestqueue991825827data")
                .at("messages")
                .as_array()
                .size(),
            0u);
}

TEST_F(service_bus, copies_and_messages_whose_time_has_passed_can_be_put_there) {
  control("POST", "/control/servicebus/compose",
          {{"type", "status"},
           {"sender", "991825827"},
           {"receiver", "910077473"},
           {"messageId", "20c8849c-e281-4809-8555-7cd54952b916"},
           {"livesSeconds", -60},
           {"copies", 2},
           {"body", {{"status", "MOTTATT"}}}});
  EXPECT_EQ(json::parse(head().body), json::parse(head().body));
  EXPECT_EQ(head().status, 204u);
  control("POST", "/control/servicebus/messages", {{"queue", own}, {"text", "{\"sbd\": "}});
  EXPECT_EQ(head().body, "{\"sbd\": ");
}

}  // namespace
}  // namespace kp::sandbox::test
