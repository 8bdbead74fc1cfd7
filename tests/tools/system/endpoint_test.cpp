#include "tests/tools/system/town.hpp"

#include <fmt/format.h>

#include <algorithm>

// The endpoints of the REST API, each by its name (rest-api.md 3): that it answers, what it says to
// methods and media types that it does not know, and that nobody reaches what is another's.

namespace {

using namespace kp::test;
using testing::StartsWith;

const header_fields json_body{{"Content-Type", "application/json"}};

class endpoint : public in_town {
 protected:
  // A message of Bergvik's archive in each place, made once for a test.
  std::string out() { return create(arkiv, arkivmelding_to(fjordnes)); }
  std::string in() {
    const auto document = travelling_document(bergvik, fjordnes);
    inject({{"sender", "0192:" + bergvik},
            {"recipient", "0192:" + fjordnes},
            {"entries", json::array{json::object{{"name", "sbd.json"}, {"json", document}}}}});
    until_arrived(sak, id_of(document));
    return id_of(document);
  }
  std::string row_of(const std::string& who, const std::string& message) {
    const auto list = here->api(who, "GET", "/api/conversations?messageId=" + message).json();
    return std::to_string(list.at("content").at(0).at("id").as_int64());
  }
  std::string status_of(const std::string& who, const std::string& message) {
    const auto list = here->api(who, "GET", "/api/statuses/" + message).json();
    return std::to_string(list.at("content").at(0).at("id").as_int64());
  }
  rest_answer get(const std::string& path, const std::string& who = arkiv) {
    return here->api(who, "GET", path);
  }
  static int total(const rest_answer& answer) {
    const auto value = answer.json();
    return value.is_object() && value.as_object().contains("totalElements")
               ? value.at("totalElements").to_number<int>()
               : -1;
  }

  // What every path says to HEAD, OPTIONS, methods it does not have, and a client that takes no
  // JSON.
  void knows_the_framework(const std::string& path, std::vector<std::string> methods,
                           bool answers_json = true) {
    const auto options = here->api(arkiv, "OPTIONS", path);
    EXPECT_EQ(options.status, 200u) << path;
    EXPECT_EQ(options.body, "") << path;
    const auto allowed = options.headers.contains("allow") ? options.headers.at("allow") : "";
    for (const auto& method : methods) EXPECT_THAT(allowed, testing::HasSubstr(method)) << path;
    EXPECT_THAT(allowed, testing::EndsWith("OPTIONS")) << path;

    for (const auto* method : {"PATCH", "TRACE", "PROPFIND"}) {
      const auto refused = here->api(arkiv, method, path);
      EXPECT_EQ(refused.status, 405u) << method << ' ' << path;
      EXPECT_EQ(refused.text("exception"),
                "org.springframework.web.HttpRequestMethodNotSupportedException");
      EXPECT_EQ(refused.text("message"), fmt::format("Method '{}' is not supported.", method));
      EXPECT_THAT(refused.headers.at("allow"), testing::HasSubstr(methods.front()));
    }
    if (std::ranges::find(methods, "GET") != methods.end() && !path.ends_with("messages/in/peek")) {
      const auto head = here->api(arkiv, "HEAD", path);
      const auto whole = get(path);
      EXPECT_EQ(head.status, whole.status) << path;
      EXPECT_EQ(head.body, "") << path;
    }
    if (!answers_json) return;
    const auto refused =
        here->api(arkiv, methods.front(), path,
                  {{"Accept", "application/xml"}, {"Content-Type", "application/json"}});
    EXPECT_EQ(refused.status, 406u) << path;
    EXPECT_EQ(refused.text("exception"),
              "org.springframework.web.HttpMediaTypeNotAcceptableException");
    EXPECT_THAT(refused.headers.at("content-type"), StartsWith("application/json"));
  }

  // Row ids are of the organisation: in another one the same number is a row of its own.
  const std::vector<std::string> colleagues{barnevern};

  // Another's is answered as what is not there: the same but for the ids in it.
  void gives_no_hint(const std::string& method, const std::string& path_of_another,
                     const std::string& path_of_nothing, unsigned status,
                     const std::vector<std::string>& strangers = {barnevern, sak,
                                                                  ::kp::test::post}) {
    for (const auto& stranger : strangers) {
      const auto another = here->api(stranger, method, path_of_another, json_body);
      const auto nothing = here->api(stranger, method, path_of_nothing, json_body);
      EXPECT_EQ(another.status, status) << method << ' ' << path_of_another;
      EXPECT_EQ(another.status, nothing.status) << method << ' ' << path_of_another;
      EXPECT_EQ(another.text("exception"), nothing.text("exception"));
      EXPECT_EQ(another.body.empty(), nothing.body.empty());
      EXPECT_EQ(total(another), total(nothing));
    }
  }
};

}  // namespace

TEST_F(endpoint, get_capabilities_of_a_receiver) {
  const auto answer = get("/api/capabilities/" + fjordnes);
  EXPECT_EQ(answer.status, 200u);
  EXPECT_FALSE(answer.json().at("capabilities").as_array().empty());
  EXPECT_EQ(get("/api/capabilities/" + nobody).status, 404u);
  knows_the_framework("/api/capabilities/" + fjordnes, {"GET"});
}

TEST_F(endpoint, post_messages_out) {
  EXPECT_EQ(here->create(arkiv, arkivmelding_to(fjordnes)).status, 200u);
  const auto text = json::serialize(arkivmelding_to(fjordnes));
  for (const auto* type : {"text/plain", "application/xml", "multipart/form-data; boundary=b"}) {
    const auto refused =
        here->api(arkiv, "POST", "/api/messages/out", {{"Content-Type", type}}, text);
    EXPECT_EQ(refused.status, 415u) << type;
    EXPECT_EQ(refused.text("exception"),
              "org.springframework.web.HttpMediaTypeNotSupportedException");
  }
  // Refused before anything has happened.
  auto document = arkivmelding_to(fjordnes);
  const auto id = new_uuid();
  document.at("standardBusinessDocumentHeader")
      .at("documentIdentification")
      .as_object()["instanceIdentifier"] = id;
  EXPECT_EQ(here->api(arkiv, "POST", "/api/messages/out",
                      {{"Content-Type", "application/json"}, {"Accept", "text/html"}},
                      json::serialize(document))
                .status,
            406u);
  EXPECT_EQ(get("/api/messages/out/" + id).status, 404u);
}

TEST_F(endpoint, post_messages_out_multipart) {
  // Without a multipart body it is "send the message with this id".
  const auto answer = here->api(arkiv, "POST", "/api/messages/out/multipart", json_body, "{}");
  EXPECT_EQ(answer.status, 404u);
  EXPECT_EQ(answer.text("message"), "Message with messageId = multipart was not found");
}

TEST_F(endpoint, get_messages_out) {
  const auto id = out();
  EXPECT_EQ(total(get("/api/messages/out?messageId=" + id)), 1);
  EXPECT_EQ(total(get("/api/messages/out?messageId=" + id, barnevern)), 0);
  EXPECT_EQ(total(get("/api/messages/out?messageId=" + id, sak)), 0);
  EXPECT_EQ(get("/api/messages/out?sort=colour").status, 400u);
  EXPECT_EQ(get("/api/messages/out?serviceIdentifier=DPX").status, 400u);
  EXPECT_EQ(get("/api/messages/out/").status, 404u);
  knows_the_framework("/api/messages/out", {"GET", "POST"});
}

TEST_F(endpoint, get_messages_out_by_id) {
  const auto id = out();
  EXPECT_EQ(id_of(get("/api/messages/out/" + id).json()), id);
  knows_the_framework("/api/messages/out/" + id, {"GET", "PUT", "POST", "DELETE"});
  gives_no_hint("GET", "/api/messages/out/" + id, "/api/messages/out/" + new_uuid(), 404);
}

TEST_F(endpoint, put_messages_out_by_id) {
  const auto id = out();
  EXPECT_EQ(here->upload(arkiv, id, "a.pdf", "application/pdf", "a").status, 200u);
  for (const auto& stranger : {barnevern, sak})
    EXPECT_EQ(here->upload(stranger, id, "b.pdf", "application/pdf", "b").status, 404u);
}

TEST_F(endpoint, post_messages_out_by_id) {
  const auto id = out();
  EXPECT_EQ(here->send(arkiv, id).status, 400u);  // no files yet
  gives_no_hint("POST", "/api/messages/out/" + id, "/api/messages/out/" + new_uuid(), 404);
}

TEST_F(endpoint, delete_messages_out_by_id) {
  const auto id = out();
  gives_no_hint("DELETE", "/api/messages/out/" + id, "/api/messages/out/" + new_uuid(), 200);
  EXPECT_EQ(get("/api/messages/out/" + id).status, 200u);
  EXPECT_EQ(here->api(arkiv, "DELETE", "/api/messages/out/" + id).status, 200u);
  EXPECT_EQ(get("/api/messages/out/" + id).status, 404u);
}

TEST_F(endpoint, get_messages_in) {
  const auto id = in();
  EXPECT_EQ(total(get("/api/messages/in?messageId=" + id, sak)), 1);
  for (const auto& stranger : {arkiv, barnevern, ::kp::test::post})
    EXPECT_EQ(total(get("/api/messages/in?messageId=" + id, stranger)), 0);
  knows_the_framework("/api/messages/in", {"GET"});
  EXPECT_EQ(here->api(sak, "DELETE", "/api/messages/in/" + id).status, 400u);
}

TEST_F(endpoint, get_messages_in_peek) {
  const auto id = in();
  EXPECT_EQ(get("/api/messages/in/peek?messageId=" + id, ::kp::test::post).status, 204u);
  // Neither a look at the head nor a refusal locks it.
  EXPECT_EQ(here->api(sak, "HEAD", "/api/messages/in/peek").status, 405u);
  EXPECT_EQ(
      here->api(sak, "GET", "/api/messages/in/peek?messageId=" + id, {{"Accept", "text/html"}})
          .status,
      406u);
  EXPECT_TRUE(lock(sak, id));
  EXPECT_FALSE(lock(sak, id));
  knows_the_framework("/api/messages/in/peek", {"GET"});
}

TEST_F(endpoint, get_messages_in_pop) {
  const auto id = in();
  EXPECT_EQ(get("/api/messages/in/pop/" + id, sak).status, 400u);
  ASSERT_TRUE(lock(sak, id));
  // A message without files, whatever the client takes.
  EXPECT_EQ(here->api(sak, "GET", "/api/messages/in/pop/" + id,
                      {{"Accept", "application/vnd.etsi.asic-e+zip"}})
                .status,
            204u);
  for (const auto& stranger : {arkiv, ::kp::test::post})
    EXPECT_EQ(get("/api/messages/in/pop/" + id, stranger).text("exception"),
              get("/api/messages/in/pop/" + new_uuid(), stranger).text("exception"));
  knows_the_framework("/api/messages/in/pop/" + id, {"GET"}, false);
}

TEST_F(endpoint, delete_messages_in_by_id) {
  const auto id = in();
  ASSERT_TRUE(lock(sak, id));
  for (const auto& stranger : {arkiv, ::kp::test::post})
    EXPECT_EQ(here->api(stranger, "DELETE", "/api/messages/in/" + id).status, 404u);
  EXPECT_EQ(here->api(sak, "DELETE", "/api/messages/in/" + id).status, 200u);
  EXPECT_EQ(here->api(sak, "DELETE", "/api/messages/in/" + id).status, 404u);
}

TEST_F(endpoint, get_statuses) {
  const auto id = out();
  EXPECT_EQ(total(get("/api/statuses?messageId=" + id)), 1);
  EXPECT_EQ(total(get("/api/statuses?messageId=" + id, barnevern)), 0);
  EXPECT_EQ(total(get("/api/statuses?id=" + status_of(arkiv, id), barnevern)), 0);
  // In another organisation the same number may be a status of its own.
  EXPECT_EQ(total(get("/api/statuses?messageId=" + id + "&id=" + status_of(arkiv, id), sak)), 0);
  EXPECT_EQ(get("/api/statuses?sort=lastUpdated,asc").status, 400u);
  EXPECT_EQ(get("/api/statuses?id=x&fromDateTime=y").status, 400u);
  knows_the_framework("/api/statuses", {"GET"});
}

TEST_F(endpoint, get_statuses_of_a_message) {
  const auto id = out();
  EXPECT_EQ(total(get("/api/statuses/" + id)), 1);
  knows_the_framework("/api/statuses/" + id, {"GET"});
  gives_no_hint("GET", "/api/statuses/" + id, "/api/statuses/" + new_uuid(), 200);
}

TEST_F(endpoint, get_statuses_peek) {
  const auto& asks = ::kp::test::post;
  const auto id = create(asks, arkivmelding_to(fjordnes));
  // What other tests have left comes first.
  json::value head;
  for (int i = 0; i < 1000; ++i) {
    head = get("/api/statuses/peek", asks).json();
    if (!head.is_object() || head.at("messageId").as_string() == id) break;
    const auto taken =
        here->api(asks, "DELETE", fmt::format("/api/statuses/{}", head.at("id").as_int64()));
    ASSERT_EQ(taken.status, 200u);
  }
  ASSERT_TRUE(head.is_object());
  EXPECT_EQ(head.at("status").as_string(), "OPPRETTET");
  EXPECT_EQ(get("/api/statuses/peek", asks).json(), head);
  EXPECT_EQ(get("/api/statuses/peek", arkiv).status, 204u);  // has not asked for a queue

  // It outlives the hub.
  EXPECT_EQ(here->hub().stop(), 0);
  ASSERT_TRUE(here->start_hub());
  EXPECT_EQ(get("/api/statuses/peek", asks).json(), head);
}

TEST_F(endpoint, delete_statuses_by_id) {
  const auto& asks = ::kp::test::post;
  const auto id = create(asks, arkivmelding_to(fjordnes));
  const auto path = "/api/statuses/" + status_of(asks, id);
  gives_no_hint("DELETE", "/api/statuses/" + status_of(arkiv, out()), "/api/statuses/1", 404,
                colleagues);
  EXPECT_EQ(here->api(arkiv, "DELETE", path).status, 404u);
  EXPECT_EQ(here->api(asks, "DELETE", path).status, 200u);
  const auto gone = here->api(asks, "DELETE", path);
  EXPECT_EQ(gone.status, 404u);
  EXPECT_EQ(gone.body, "");
  EXPECT_EQ(here->api(asks, "DELETE", "/api/statuses/abc").status, 400u);
  EXPECT_EQ(total(get("/api/statuses/" + id, asks)), 1);
}

TEST_F(endpoint, get_conversations) {
  const auto id = out();
  EXPECT_EQ(total(get("/api/conversations?messageId=" + id)), 1);
  for (const auto& stranger : {barnevern, sak})
    EXPECT_EQ(total(get("/api/conversations?messageId=" + id, stranger)), 0);
  EXPECT_EQ(total(get("/api/conversations?finished=false&messageId=" + id)), 1);
  EXPECT_EQ(id, get("/api/conversations?finished=false&size=1&sort=id,desc")
                    .json()
                    .at("content")
                    .at(0)
                    .at("messageId")
                    .as_string());
  for (const auto* bad : {"direction=UP", "finished=x", "lastUpdateFrom=1.1.2026",
                          "sort=lastUpdated", "serviceIdentifier=DPX"})
    EXPECT_EQ(get(std::string("/api/conversations?") + bad).status, 400u) << bad;
  knows_the_framework("/api/conversations", {"GET"});
}

TEST_F(endpoint, get_conversations_by_id) {
  const auto row = row_of(arkiv, out());
  EXPECT_EQ(get("/api/conversations/" + row).status, 200u);
  EXPECT_EQ(get("/api/conversations/abc").status, 400u);
  knows_the_framework("/api/conversations/" + row, {"GET", "DELETE"});
  gives_no_hint("GET", "/api/conversations/" + row, "/api/conversations/999999999", 404,
                colleagues);
}

TEST_F(endpoint, get_conversations_by_message_id) {
  const auto id = out();
  EXPECT_EQ(get("/api/conversations/messageId/" + id).status, 200u);
  knows_the_framework("/api/conversations/messageId/" + id, {"GET", "DELETE"});
  gives_no_hint("GET", "/api/conversations/messageId/" + id,
                "/api/conversations/messageId/" + new_uuid(), 404);
}

TEST_F(endpoint, get_conversations_queue) {
  EXPECT_EQ(total(get("/api/conversations/queue")), 0);  // nothing is polled over DPO
  EXPECT_EQ(get("/api/conversations/queue?sort=colour").status, 400u);
  knows_the_framework("/api/conversations/queue", {"GET"});
}

TEST_F(endpoint, delete_conversations_by_id) {
  const auto id = out();
  const auto row = row_of(arkiv, id);
  gives_no_hint("DELETE", "/api/conversations/" + row, "/api/conversations/999999999", 200,
                colleagues);
  EXPECT_EQ(get("/api/conversations/" + row).status, 200u);
  EXPECT_EQ(here->api(arkiv, "DELETE", "/api/conversations/" + row).status, 200u);
  EXPECT_EQ(get("/api/conversations/" + row).status, 404u);
  EXPECT_EQ(total(get("/api/statuses/" + id)), 0);
}

TEST_F(endpoint, delete_conversations_by_message_id) {
  const auto id = out();
  const auto path = "/api/conversations/messageId/" + id;
  gives_no_hint("DELETE", path, "/api/conversations/messageId/" + new_uuid(), 200);
  EXPECT_EQ(get(path).status, 200u);
  EXPECT_EQ(here->api(arkiv, "DELETE", path).status, 200u);
  EXPECT_EQ(get(path).status, 404u);
}

TEST_F(endpoint, get_and_post_subscriptions) {
  // What they do is tested with webhooks; here only what every endpoint does.
  knows_the_framework("/api/subscriptions", {"GET", "POST", "DELETE"});
}

TEST_F(endpoint, get_put_and_delete_subscriptions_by_id) {
  knows_the_framework("/api/subscriptions/999999999", {"GET", "PUT", "DELETE"});
  for (const auto* method : {"GET", "PUT", "DELETE"})
    EXPECT_EQ(here->api(arkiv, method, "/api/subscriptions/999999999", json_body,
                        std::string_view(method) == "PUT" ? R"({"name":"x"})" : "")
                  .status,
              404u)
        << method;
}

TEST_F(endpoint, that_is_none_is_404_for_every_method) {
  for (const auto* path :
       {"/api", "/api/nothing", "/api/messages", "/api/statuses/", "/api/dph", "/api/statuses/1/2"})
    for (const auto* method : {"GET", "POST", "DELETE", "OPTIONS", "PATCH"}) {
      const auto answer = here->api(arkiv, method, path);
      EXPECT_EQ(answer.status, 404u) << method << ' ' << path;
      EXPECT_EQ(answer.text("exception"),
                "org.springframework.web.servlet.resource.NoResourceFoundException");
    }
}
