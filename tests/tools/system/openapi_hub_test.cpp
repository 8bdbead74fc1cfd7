#include "protocol/api/description.hpp"
#include "tests/tools/system/api_contract.hpp"
#include "tests/tools/system/event_source.hpp"
#include "tests/tools/system/town.hpp"
#include "tests/tools/system/webhook_receiver.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

// What the hub answers is what docs/openapi.json says, for every operation and its usual errors.

namespace {

using namespace kp::test;

class openapi_hub : public in_town {
 protected:
  rest_answer ask(const std::string& who, const std::string& method, const std::string& path,
                  header_fields headers = {}, const std::string& body = {}) {
    auto answer = here->api(who, method, path, std::move(headers), body);
    for (const auto& each : contract.judge(method, path.substr(0, path.find('?')), answer))
      ADD_FAILURE() << each;
    return answer;
  }
  // Asks and tells whether the answer was the expected one.
  void expect(unsigned status, const std::string& method, const std::string& path,
              const std::string& body = {}, const std::string& type = "application/json",
              const std::string& who = arkiv) {
    header_fields headers;
    if (!body.empty()) headers = {{"Content-Type", type}};
    EXPECT_EQ(ask(who, method, path, headers, body).status, status) << method << ' ' << path;
  }
  void upload_file(const std::string& id, const std::string& name, const std::string& bytes,
                   unsigned status = 200) {
    EXPECT_EQ(ask(arkiv, "PUT", "/api/messages/out/" + id,
                  {{"Content-Type", "application/xml"},
                   {"Content-Disposition", "attachment; filename=\"" + name + "\""}},
                  bytes)
                  .status,
              status);
  }
  std::string row(const std::string& path, const std::string& who = arkiv) {
    const auto list = here->api(who, "GET", path).json();
    return std::to_string(list.at("content").at(0).at("id").as_int64());
  }
  static std::string multipart(const json::object& sbd, bool with_arkivmelding) {
    std::string body =
        "--grense\r\nContent-Disposition: form-data; name=sbd\r\nContent-Type: "
        "application/json\r\n\r\n" +
        json::serialize(sbd) + "\r\n";
    if (with_arkivmelding)
      body +=
          "--grense\r\nContent-Disposition: form-data; name=a; filename=arkivmelding.xml\r\n"
          "Content-Type: application/xml\r\n\r\n" +
          arkivmelding_xml() + "\r\n";
    body +=
        "--grense\r\nContent-Disposition: form-data; name=b; filename=brev.pdf\r\n"
        "Content-Type: application/pdf\r\n\r\n%PDF-1.4\r\n--grense--\r\n";
    return body;
  }
  const std::string unknown = "/" + new_uuid();

  // All tests together have had a success of every operation.
  static void TearDownTestSuite() {
    const auto* suite = testing::UnitTest::GetInstance()->current_test_suite();
    if (suite->test_to_run_count() < suite->total_test_count() || suite->skipped_test_count() > 0)
      return;
    // Read as text, described with the document itself, or of letters that take two days to die.
    const std::set<std::string> elsewhere{"/api/events", "/api/openapi.json",
                                          "/api/subscriptions/{id}/dead-letters/{letter}",
                                          "/api/subscriptions/{id}/dead-letters/{letter}/replay"};
    for (const auto& operation : contract.operations()) {
      const auto seen = contract.seen().find(operation);
      const bool success = seen != contract.seen().end() && *seen->second.begin() < 300;
      EXPECT_TRUE(success || elsewhere.contains(operation.second))
          << operation.first << ' ' << operation.second << " has not been held against the hub";
    }
  }
  static inline api_contract contract{json::parse(kp::api::description())};
};

constexpr auto* form = "multipart/form-data; boundary=grense";

}  // namespace

TEST_F(openapi_hub, serves_its_description_to_anybody) {
  const auto served = call(here->api_port(), "GET", "/api/openapi.json");
  EXPECT_EQ(served.status, 200u);
  EXPECT_EQ(served.body, kp::api::description());
  EXPECT_EQ(served.headers.at("content-type"), "application/json");
  EXPECT_EQ(served.headers.at("cache-control"), "public, max-age=3600");
  EXPECT_FALSE(served.headers.contains("pragma"));
  EXPECT_FALSE(served.headers.contains("expires"));
  EXPECT_EQ(served.headers.at("x-content-type-options"), "nosniff");
  const auto tag = served.headers.at("etag");
  for (const auto& known : {tag, "\"other\", W/" + tag, std::string("*")}) {
    const auto again =
        call(here->api_port(), "GET", "/api/openapi.json", {{"If-None-Match", known}});
    EXPECT_EQ(again.status, 304u) << known;
    EXPECT_EQ(again.body, "");
    EXPECT_EQ(again.headers.at("etag"), tag);
  }
  EXPECT_EQ(
      call(here->api_port(), "GET", "/api/openapi.json", {{"If-None-Match", "\"other\""}}).status,
      200u);
  // Who is not there is not told apart.
  for (const auto& prefix : {"/" + bergvik, "/" + bergvik + "/arkiv", "/" + nobody})
    EXPECT_EQ(call(here->api_port(), "GET", prefix + "/api/openapi.json").headers["etag"], tag);
  const auto head = call(here->api_port(), "HEAD", "/api/openapi.json", basic("nobody:nothing"));
  EXPECT_EQ(head.status, 200u);
  EXPECT_EQ(head.headers.at("etag"), tag);
  EXPECT_EQ(head.body, "");
  EXPECT_EQ(call(here->api_port(), "POST", "/api/openapi.json").status, 401u);
  EXPECT_EQ(here->api(arkiv, "POST", "/api/openapi.json").status, 405u);
}

TEST_F(openapi_hub, answers_as_described_on_the_way_out) {
  expect(200, "GET", "/api/capabilities/" + fjordnes);
  expect(404, "GET", "/api/capabilities/" + nobody);
  expect(400, "GET", "/api/capabilities/" + fjordnes + "?securityLevel=x");

  const auto letter = arkivmelding_to(fjordnes);
  const auto made = ask(arkiv, "POST", "/api/messages/out", {{"Content-Type", "application/json"}},
                        json::serialize(letter));
  ASSERT_EQ(made.status, 200u) << made.body;
  const auto id = id_of(made.json());
  const auto its = "/api/messages/out/" + id;
  expect(400, "POST", "/api/messages/out", made.body);  // again
  expect(400, "POST", "/api/messages/out", "{}");
  expect(400, "POST", "/api/messages/out", R"({"standardBusinessDocumentHeader":{
      "documentIdentification":{"type":"arkivmelding"}},"arkivmelding":{}})");
  expect(400, "POST", "/api/messages/out", json::serialize(arkivmelding_to(nobody)));
  expect(413, "POST", "/api/messages/out", std::string(3'000'000, ' '));
  expect(415, "POST", "/api/messages/out", "x", "text/plain");
  header_fields key{{"Content-Type", "application/json"}, {"Idempotency-Key", new_uuid()}};
  const auto first = ask(arkiv, "POST", "/api/messages/out", key, json::serialize(letter));
  const auto again = ask(arkiv, "POST", "/api/messages/out", key, json::serialize(letter));
  EXPECT_EQ(first.body, again.body);
  EXPECT_EQ(ask(arkiv, "POST", "/api/messages/out", key, "{}").status, 422u);

  expect(200, "GET", "/api/messages/out?messageId=" + id);
  expect(400, "GET", "/api/messages/out?sort=colour");
  expect(400, "GET", "/api/messages/out?serviceIdentifier=DPX");
  expect(200, "GET", its);
  expect(404, "GET", "/api/messages/out" + unknown);
  expect(400, "POST", its);  // no files yet
  upload_file(id, "arkivmelding.xml", arkivmelding_xml());
  upload_file(id, "arkivmelding.xml", arkivmelding_xml(), 400);
  upload_file(unknown.substr(1), "a.xml", "a", 404);
  upload_file(id, "brev.pdf", "%PDF-1.4");
  expect(200, "POST", its);
  expect(404, "POST", "/api/messages/out" + unknown);
  expect(200, "DELETE", "/api/messages/out/" + id_of(first.json()));

  expect(200, "POST", "/api/messages/out/multipart", multipart(letter, true), form);
  expect(400, "POST", "/api/messages/out/multipart", multipart({}, true), form);
  expect(400, "POST", "/api/messages/out/multipart", multipart(letter, false), form);
  expect(404, "POST", "/api/messages/out/multipart", "{}");

  // The other types, as far as their service is connected; a receipt has members of its own.
  auto receipt = new_document(fjordnes, answers, "arkivmelding_kvittering",
                              {{"receiptType", "OK"},
                               {"relatedToMessageId", id},
                               {"messages", json::array{json::object{{"code", "c"}}}}});
  expect(200, "POST", "/api/messages/out", json::serialize(receipt));
}

TEST_F(openapi_hub, answers_as_described_in_the_inbox) {
  const auto id = send_letter(arkiv, fjordnes);
  ASSERT_TRUE(until_arrived(sak, id));
  const auto as_receiver = [&](unsigned status, const std::string& method,
                               const std::string& path) {
    expect(status, method, path, {}, {}, sak);
  };
  as_receiver(200, "GET", "/api/messages/in");
  as_receiver(400, "GET", "/api/messages/in?serviceIdentifier=DPX");
  as_receiver(400, "GET", "/api/messages/in/pop/" + id);  // not locked
  as_receiver(400, "DELETE", "/api/messages/in/" + id);
  as_receiver(200, "GET", "/api/messages/in/peek?messageId=" + id);
  as_receiver(204, "GET", "/api/messages/in/peek?messageId=" + id);
  as_receiver(400, "GET", "/api/messages/in/peek?wait=long");
  as_receiver(200, "GET", "/api/messages/in/pop/" + id);
  as_receiver(404, "GET", "/api/messages/in/pop" + unknown);
  as_receiver(200, "DELETE", "/api/messages/in/" + id);
  as_receiver(404, "DELETE", "/api/messages/in/" + id);
  as_receiver(200, "GET", "/api/statuses/" + id);
  as_receiver(200, "GET", "/api/conversations?messageId=" + id);

  const auto receipt = send_receipt(sak, bergvik, id);
  ASSERT_TRUE(until_arrived(arkiv, receipt));
  expect(200, "GET", "/api/messages/in/peek?messageId=" + receipt);
  expect(204, "GET", "/api/messages/in/pop/" + receipt);
  expect(200, "DELETE", "/api/messages/in/" + receipt);
  EXPECT_TRUE(until_status(arkiv, id, "LEST"));
  expect(200, "GET", "/api/statuses/" + id);  // with the receipt as it came
}

TEST_F(openapi_hub, answers_as_described_about_statuses_and_conversations) {
  const auto id = create(arkiv, arkivmelding_to(fjordnes));
  expect(200, "GET", "/api/statuses?messageId=" + id);
  expect(400, "GET", "/api/statuses?id=x&fromDateTime=y");
  expect(400, "GET", "/api/statuses?sort=colour");
  expect(200, "GET", "/api/statuses/" + id);
  expect(200, "GET", "/api/statuses" + unknown);
  expect(400, "GET", "/api/statuses/" + id + "?sort=colour");
  expect(204, "GET", "/api/statuses/peek");  // this channel has no queue
  expect(404, "DELETE", "/api/statuses/" + row("/api/statuses/" + id));
  expect(400, "DELETE", "/api/statuses/abc");
  const auto& asks = ::kp::test::post;
  create(asks, arkivmelding_to(fjordnes));
  const auto head = ask(asks, "GET", "/api/statuses/peek");
  ASSERT_EQ(head.status, 200u);
  expect(200, "DELETE", fmt::format("/api/statuses/{}", head.json().at("id").as_int64()), {}, {},
         asks);

  expect(200, "GET", "/api/conversations?finished=false");
  expect(400, "GET", "/api/conversations?direction=UP");
  expect(200, "GET", "/api/conversations/queue");
  expect(400, "GET", "/api/conversations/queue?sort=colour");
  const auto its = "/api/conversations/" + row("/api/conversations?messageId=" + id);
  expect(200, "GET", its);
  expect(400, "GET", "/api/conversations/abc");
  expect(200, "GET", "/api/conversations/messageId/" + id);
  expect(404, "GET", "/api/conversations/messageId" + unknown);
  expect(200, "DELETE", its);
  expect(404, "GET", its);
  expect(400, "DELETE", "/api/conversations/abc");
  expect(200, "DELETE", "/api/conversations/messageId/" + id);

  // What every path says to strangers, to methods it does not have and to who takes no JSON.
  for (const auto& [method, path] : contract.operations()) {
    if (path == "/api/openapi.json") continue;
    const auto stranger = call(here->api_port(), method, path.substr(0, path.find('{')));
    EXPECT_EQ(stranger.status, 401u) << path;
    for (const auto& each : contract.judge_value("Error", stranger.json())) ADD_FAILURE() << each;
  }
  expect(405, "PATCH", "/api/statuses");
  for (const auto* path : {"/api/statuses", "/api/conversations", "/api/messages/in/peek"})
    EXPECT_EQ(ask(arkiv, "GET", path, {{"Accept", "text/html"}}).status, 406u) << path;
}

TEST_F(openapi_hub, answers_as_described_about_subscriptions_and_pushes_so) {
  webhook_receiver receiver;
  const auto wanted = [&](const std::string& name) {
    return json::serialize(json::object{{"name", name},
                                        {"pushEndpoint", receiver.url()},
                                        {"resource", "messages"},
                                        {"event", "status"}});
  };
  const auto made = ask(arkiv, "POST", "/api/subscriptions", {{"Content-Type", "application/json"}},
                        wanted("one"));
  ASSERT_EQ(made.status, 200u) << made.body;
  expect(400, "POST", "/api/subscriptions", wanted("one"));
  expect(400, "POST", "/api/subscriptions", R"({"name":"x","pushEndpoint":"nowhere"})");
  expect(415, "POST", "/api/subscriptions", "x", "text/plain");
  expect(200, "GET", "/api/subscriptions");
  expect(400, "GET", "/api/subscriptions?sort=colour");
  const auto its = fmt::format("/api/subscriptions/{}", made.json().at("id").as_int64());
  expect(200, "GET", its);
  expect(404, "GET", "/api/subscriptions/999999999");
  expect(400, "GET", "/api/subscriptions/abc");
  expect(200, "PUT", its, R"({"filter":"direction=OUTGOING"})");
  expect(400, "PUT", its, R"({"filter":"colour"})");
  expect(404, "PUT", "/api/subscriptions/999999999", R"({"name":"x"})");

  const auto id = create(arkiv, arkivmelding_to(fjordnes));
  ASSERT_TRUE(until([&] { return !receiver.of_message(id).empty(); }));
  for (const auto& each : receiver.all())
    for (const auto& line : contract.judge_value(
             each.text("event") == "ping" ? "Ping" : "PushedStatus", json::parse(each.body)))
      ADD_FAILURE() << line;

  const auto letters = its + "/dead-letters";
  expect(200, "GET", letters);
  expect(400, "GET", letters + "?sort=colour");
  expect(404, "GET", "/api/subscriptions/999999999/dead-letters");
  expect(200, "POST", letters + "/replay");
  expect(404, "POST", letters + "/1/replay");
  expect(400, "POST", letters + "/abc/replay");
  expect(404, "DELETE", letters + "/1");
  expect(200, "DELETE", letters);
  expect(200, "DELETE", its);
  expect(404, "DELETE", its);
  expect(200, "DELETE", "/api/subscriptions");
}

TEST_F(openapi_hub, streams_events_as_described) {
  event_source stream(here->api_port(), basic(sak));
  ASSERT_EQ(stream.status(), 200u);
  const auto document = travelling_document(bergvik, fjordnes);
  inject({{"sender", "0192:" + bergvik},
          {"recipient", "0192:" + fjordnes},
          {"entries", json::array{json::object{{"name", "sbd.json"}, {"json", document}}}}});
  const auto tells_of = [&](const char* name) {
    return stream.until([&](const streamed_event& e) {
      return e.name == name && e.data.at("messageId").as_string() == id_of(document);
    });
  };
  EXPECT_TRUE(tells_of("status"));
  EXPECT_TRUE(tells_of("arrival"));
  event_source lost(here->api_port(), basic(sak), "?lastEventId=999999999999");
  EXPECT_TRUE(lost.until([](const streamed_event& e) { return e.name == "gap"; }));
  const std::map<std::string, std::string> schemas{
      {"status", "StatusEvent"}, {"arrival", "ArrivalEvent"}, {"gap", "GapEvent"}};
  for (const auto* each : {&stream, &lost})
    for (const auto& event : each->events())
      for (const auto& line : contract.judge_value(schemas.at(event.name), event.data))
        ADD_FAILURE() << line;
  expect(400, "GET", "/api/events?lastEventId=x");
}
