#include "tests/tools/system/town.hpp"

#include <fmt/format.h>

#include <functional>

// Every list of the REST API: each of its filters with a value that fits, one that does not and
// none, each of its sort properties both ways, pages, and what is refused (rest-api.md 1.1, 6.6,
// 7.1, 7.2, 8.2, 8.3, 9.2, 10.1). Two messages of each kind are enough to tell.

namespace {

using namespace kp::test;

struct filter {
  std::string name;
  std::string fits;   // what the first message has
  std::string other;  // what none has
  bool empty_is_none = false;
};

class lists : public in_town {
 protected:
  rest_answer get(const std::string& path) { return here->api(who, "GET", path); }
  json::object page(const std::string& path) {
    const auto answer = get(path);
    EXPECT_EQ(answer.status, 200u) << path << ' ' << answer.body;
    const auto value = answer.json();
    return value.is_object() ? value.as_object() : json::object{{"content", json::array{}}};
  }
  int count(const std::string& path) {
    return static_cast<int>(page(path).at("content").as_array().size());
  }
  static std::string with(const std::string& path, const std::string& more) {
    return path + (path.find('?') == std::string::npos ? "?" : "&") + more;
  }

  // `path` gives the two, and no others.
  void has_filters(const std::string& path, const std::vector<filter>& filters) {
    const auto all = count(path);
    ASSERT_GE(all, 2) << path;
    for (const auto& [name, fits, other, empty_is_none] : filters) {
      EXPECT_GE(count(with(path, name + "=" + fits)), 1) << path << ' ' << name;
      EXPECT_EQ(count(with(path, name + "=" + other)), 0) << path << ' ' << name;
      EXPECT_EQ(count(with(path, name + "=")), empty_is_none ? all : 0) << path << ' ' << name;
    }
    EXPECT_EQ(count(with(path, "colour=red")), all) << "unknown parameters are ignored";
  }

  // The order is that of the values, where they are rendered.
  void has_orders(const std::string& path, const std::vector<std::string>& properties,
                  const std::function<json::value(const json::object&, const std::string&)>& of) {
    for (const auto& property : properties) {
      std::vector<json::array> both;
      for (const auto* way : {"asc", "desc"}) {
        const auto shown = page(with(path, "sort=" + property + "," + way));
        EXPECT_EQ(shown.at("sort"),
                  (json::object{{"sorted", true}, {"unsorted", false}, {"empty", false}}));
        both.push_back(shown.at("content").as_array());
      }
      ASSERT_EQ(both[0].size(), both[1].size());
      ASSERT_GE(both[0].size(), 2u);
      const auto value = [&](const json::array& rows, std::size_t i) {
        return of(rows[i].as_object(), property);
      };
      for (std::size_t i = 1; i < both[0].size(); ++i) {
        EXPECT_LE(text(value(both[0], i - 1)), text(value(both[0], i))) << path << ' ' << property;
        EXPECT_GE(text(value(both[1], i - 1)), text(value(both[1], i))) << path << ' ' << property;
      }
      EXPECT_EQ(get(with(path, "sort=" + property + ",desc,ignorecase")).status, 200u);
    }
    const auto refused = get(with(path, "sort=colour"));
    EXPECT_EQ(refused.status, 400u);
    EXPECT_EQ(refused.text("exception"),
              "org.springframework.data.mapping.PropertyReferenceException");
  }
  // Comparable as text also where it is a number.
  static std::string text(const json::value& v) {
    if (v.is_number()) return fmt::format("{:020}", v.to_number<std::int64_t>());
    return v.is_string() ? std::string(v.as_string()) : json::serialize(v);
  }

  void has_pages(const std::string& path, bool sorted) {
    const auto all = page(path).at("totalElements").to_number<std::int64_t>();
    ASSERT_GE(all, 2);
    const auto first = page(with(path, "size=1"));
    const auto order = json::object{{"sorted", sorted}, {"unsorted", !sorted}, {"empty", !sorted}};
    json::object expected{{"pageable",
                           {{"pageNumber", 0},
                            {"pageSize", 1},
                            {"sort", order},
                            {"offset", 0},
                            {"paged", true},
                            {"unpaged", false}}},
                          {"totalElements", all},
                          {"totalPages", all},
                          {"last", false},
                          {"first", true},
                          {"size", 1},
                          {"number", 0},
                          {"sort", order},
                          {"numberOfElements", 1},
                          {"empty", false},
                          {"content", first.at("content")}};
    EXPECT_EQ(first, expected);
    const auto last = page(with(path, fmt::format("size=1&page={}", all - 1)));
    EXPECT_EQ(last.at("last"), true);
    EXPECT_EQ(last.at("first"), all == 1);
    EXPECT_EQ(last.at("pageable").at("offset"), all - 1);
    EXPECT_NE(last.at("content"), first.at("content"));
    const auto beyond = page(with(path, "page=2147483647"));
    EXPECT_EQ(beyond.at("empty"), true);
    EXPECT_EQ(beyond.at("totalElements"), all);
    for (const auto& [given, size] : {std::pair{"0", 10},
                                      {"-1", 10},
                                      {"x", 10},
                                      {"", 10},
                                      {"2000", 2000},
                                      {"2001", 2000},
                                      {"99999999999", 10}})
      EXPECT_EQ(page(with(path, std::string("size=") + given)).at("size"), size) << given;
    for (const auto* given : {"-1", "x", ""})
      EXPECT_EQ(page(with(path, std::string("page=") + given)).at("number"), 0) << given;
  }

  static json::value member(const json::object& row, const std::string& name) {
    const auto* found = row.if_contains(name);
    return found ? *found : json::value("");
  }
  // Of a document, by the name that filters have for it.
  static json::value of_document(const json::object& document, const std::string& name) {
    const auto& header = document.at("standardBusinessDocumentHeader");
    const auto& scope = header.at("businessScope").at("scope").at(0);
    if (name == "messageId") return header.at("documentIdentification").at("instanceIdentifier");
    if (name == "conversationId") return scope.at("instanceIdentifier");
    if (name == "processIdentifier") return scope.at("identifier");
    return "";  // not rendered: that it is accepted is all that can be seen
  }

  std::string who = arkiv;
};

}  // namespace

TEST_F(lists, of_outgoing_messages) {
  const auto first = create(who, arkivmelding_to(fjordnes));
  create(who, arkivmelding_to(fjordnes));
  const auto conversation = std::string(
      of_document(get("/api/messages/out/" + first).json().as_object(), "conversationId")
          .as_string());
  const std::string path = "/api/messages/out?size=2000";
  has_filters(path, {{"messageId", first, new_uuid(), true},
                     {"conversationId", conversation, new_uuid(), true},
                     {"processIdentifier", administration, "urn:other", true},
                     {"receiverIdentifier", fjordnes, "0192:" + fjordnes, true},
                     {"senderIdentifier", bergvik, "0192:" + bergvik, true},
                     {"serviceIdentifier", "DPO", "DPV", true}});
  EXPECT_EQ(count(path + "&messageId=" + first + "&messageId=" + new_uuid()), 1) << "any of them";
  EXPECT_EQ(get(path + "&serviceIdentifier=DPX").status, 400u);
  EXPECT_EQ(get(path + "&serviceIdentifier=dpo").status, 400u) << "case matters";
  has_orders(path,
             {"id", "lastUpdated", "messageId", "conversationId", "processIdentifier",
              "receiverIdentifier", "senderIdentifier", "serviceIdentifier"},
             of_document);
  has_pages("/api/messages/out", false);
}

TEST_F(lists, of_incoming_messages) {
  who = sak;
  const auto first = send_letter(arkiv, fjordnes), second = send_letter(arkiv, fjordnes);
  ASSERT_TRUE(until_arrived(sak, first));
  ASSERT_TRUE(until_arrived(sak, second));
  const auto document = page("/api/messages/in?messageId=" + first).at("content").at(0).as_object();
  const auto conversation = std::string(of_document(document, "conversationId").as_string());
  const std::string path = "/api/messages/in?size=2000";
  has_filters(path, {{"messageId", first, new_uuid()},
                     {"conversationId", conversation, new_uuid()},
                     {"process", administration, "urn:other"},
                     {"receiverIdentifier", fjordnes, "0192:" + fjordnes},
                     {"senderIdentifier", bergvik, "0192:" + bergvik}});
  EXPECT_GE(count(path + "&serviceIdentifier=DPO"), 2);
  EXPECT_EQ(count(path + "&serviceIdentifier=DPV"), 0);
  for (const auto* unknown : {"DPX", "dpo", ""}) {
    const auto refused = get(path + "&serviceIdentifier=" + unknown);
    EXPECT_EQ(refused.status, 400u) << unknown;
    EXPECT_EQ(
        refused.text("message"),
        std::string("No enum constant no.difi.meldingsutveksling.ServiceIdentifier.") + unknown);
  }
  has_orders(path,
             {"id", "lastUpdated", "messageId", "conversationId", "processIdentifier",
              "receiverIdentifier", "senderIdentifier", "serviceIdentifier", "lockTimeout"},
             of_document);
  has_pages("/api/messages/in", false);
  // The filters of peek are the same, and wrong ones lock nothing.
  for (const auto& other : {"messageId=" + new_uuid(), "conversationId=" + new_uuid(),
                            std::string("process=urn:other"), "receiverIdentifier=" + bergvik,
                            "senderIdentifier=" + fjordnes, std::string("serviceIdentifier=DPV")})
    EXPECT_EQ(get("/api/messages/in/peek?" + other).status, 204u) << other;
  const auto peeked =
      get(fmt::format("/api/messages/in/peek?messageId={}&conversationId={}&process={}&"
                      "receiverIdentifier={}&senderIdentifier={}&serviceIdentifier=DPO",
                      first, conversation, administration, fjordnes, bergvik));
  EXPECT_EQ(peeked.status, 200u);
  EXPECT_EQ(id_of(peeked.json()), first);
  for (const auto& id : {first, second}) EXPECT_EQ(count("/api/messages/in?messageId=" + id), 1);
}

TEST_F(lists, of_statuses) {
  const auto first = send_letter(arkiv, fjordnes);
  ASSERT_TRUE(until_status(arkiv, first, "MOTTATT"));
  const auto rows = page("/api/statuses/" + first).at("content").as_array();
  const auto row = rows.front().as_object();
  EXPECT_EQ(get("/api/statuses/" + first).headers.at("content-type"),
            "application/json; charset=utf-8");
  const auto id = std::to_string(row.at("id").as_int64());
  const std::string path = "/api/statuses?size=2000";
  has_filters(path,
              {
                  {"messageId", first, new_uuid()},
                  {"conversationId", std::string(row.at("conversationId").as_string()), new_uuid()},
                  {"status", "OPPRETTET", "opprettet"},
                  {"id", id, "999999999", true},
              });
  const auto all = count(path);
  // One of both is ignored.
  EXPECT_EQ(count(path + "&fromDateTime=2040-01-01T00:00:00Z"), all);
  EXPECT_EQ(count(path + "&toDateTime=2020-01-01T00:00:00Z"), all);
  EXPECT_EQ(
      count(path + "&fromDateTime=2020-01-01T00:00:00Z&toDateTime=2120-01-01T00:00:00%2B01:00"),
      all);
  EXPECT_EQ(count(path + "&fromDateTime=2020-01-01T00:00:00Z&toDateTime=2020-01-02T00:00:00Z"), 0);
  auto at = std::string(row.at("lastUpdate").as_string());
  at.replace(at.find('+'), 1, "%2B");
  EXPECT_GE(count(path + "&fromDateTime=" + at + "&toDateTime=" + at), 1) << "both ends count";
  for (const auto* wrong : {"id=x", "fromDateTime=2020-01-01", "toDateTime=2020-01-01T00:00:00",
                            "fromDateTime=2020-01-01T00:00:00+01:00"}) {
    const auto refused = get(path + "&" + wrong);
    EXPECT_EQ(refused.status, 400u) << wrong;
    EXPECT_EQ(refused.json().at("errors").at(0).at("code"), "typeMismatch") << wrong;
    EXPECT_EQ(refused.json().at("errors").at(0).at("objectName"), "messageStatusQueryInput");
  }
  has_orders("/api/statuses?size=2000&messageId=" + first,
             {"id", "lastUpdate", "status", "description"}, member);
  has_orders("/api/statuses/" + first, {"id", "lastUpdate", "status"}, member);
  has_pages("/api/statuses", true);
  has_pages("/api/statuses/" + first, true);
  EXPECT_EQ(get(path + "&sort=lastUpdated,asc").status, 400u) << "the name of the published page";
}

TEST_F(lists, of_conversations) {
  const auto first = send_letter(arkiv, fjordnes);
  ASSERT_TRUE(until_status(arkiv, first, "SENDT"));
  create(arkiv, arkivmelding_to(fjordnes));
  const auto row = page("/api/conversations?messageId=" + first).at("content").at(0).as_object();
  const auto its = [&](const char* name) { return std::string(row.at(name).as_string()); };
  const std::string path = "/api/conversations?size=2000";
  EXPECT_EQ(its("receiver"), "0192:" + fjordnes);
  EXPECT_EQ(its("receiverIdentifier"), fjordnes);
  EXPECT_FALSE(its("messageTitle").empty()) << "of the arkivmelding";
  has_filters(path, {{"messageId", first, new_uuid()},
                     {"conversationId", its("conversationId"), new_uuid()},
                     {"receiver", "0192:" + fjordnes, fjordnes},
                     {"receiverIdentifier", fjordnes, "0192:" + fjordnes},
                     {"sender", "0192:" + bergvik, bergvik},
                     {"senderIdentifier", bergvik, "0192:" + bergvik},
                     {"messageReference", its("messageReference"), "none"}});
  const auto all = count(path);
  EXPECT_EQ(count(path + "&messageId=" + first + "&direction=OUTGOING&serviceIdentifier=DPO"), 1);
  EXPECT_EQ(count(path + "&messageId=" + first + "&direction=INCOMING"), 0);
  EXPECT_EQ(count(path + "&messageId=" + first + "&serviceIdentifier=DPV"), 0);
  for (const auto* none :
       {"direction=", "finished=", "pollable=", "lastUpdateFrom=", "lastUpdateTo="})
    EXPECT_EQ(count(path + "&" + none), all) << none;
  EXPECT_EQ(count(path + "&finished=true") + count(path + "&finished=false"), all);
  EXPECT_EQ(count(path + "&pollable=true"), count("/api/conversations/queue?size=2000"));
  EXPECT_EQ(count(path + "&pollable=false") + count(path + "&pollable=true"), all);
  EXPECT_EQ(count(path + "&direction=OUTGOING") + count(path + "&direction=INCOMING"), all);
  EXPECT_EQ(count(path + "&lastUpdateFrom=2020-01-01&lastUpdateTo=2120-12-31"), all);
  EXPECT_EQ(count(path + "&lastUpdateTo=2020-01-01"), 0);
  EXPECT_EQ(count(path + "&lastUpdateFrom=2120-01-01"), 0);
  const auto today = its("lastUpdate").substr(0, 10);
  EXPECT_GE(count(path + "&lastUpdateFrom=" + today + "&lastUpdateTo=" + today), 1);
  for (const auto* wrong : {"direction=UP", "direction=outgoing", "finished=maybe", "pollable=2",
                            "lastUpdateFrom=1.1.2026", "lastUpdateTo=2026-01-01T00:00:00Z"}) {
    const auto refused = get(path + "&" + wrong);
    EXPECT_EQ(refused.status, 400u) << wrong;
    EXPECT_EQ(refused.json().at("errors").at(0).at("objectName"), "conversationQueryInput");
  }
  has_orders(
      path,
      {"id", "lastUpdate", "conversationId", "messageId", "sender", "senderIdentifier", "receiver",
       "receiverIdentifier", "processIdentifier", "documentIdentifier", "messageReference",
       "messageTitle", "direction", "serviceIdentifier", "externalSystemReference"},
      member);
  for (const auto* sort : {"finished", "expiry", "pollable"})
    EXPECT_EQ(get(path + "&sort=" + sort + ",desc&sort=id").status, 200u) << sort;
  has_pages("/api/conversations", true);
  const auto newest = page("/api/conversations").at("content").as_array();
  EXPECT_GE(newest.at(0).at("lastUpdate").as_string(), newest.at(1).at("lastUpdate").as_string());
}

TEST_F(lists, of_subscriptions) {
  who = barnevern;
  std::vector<std::string> made;
  for (const auto* name : {"b", "a"}) {
    const json::object body{{"name", name},
                            {"pushEndpoint", "http://127.0.0.1:9/hook"},
                            {"resource", "all"},
                            {"event", "all"}};
    const auto answer = here->api(who, "POST", "/api/subscriptions",
                                  {{"Content-Type", "application/json"}}, json::serialize(body));
    ASSERT_EQ(answer.status, 200u) << answer.body;
    made.push_back(std::to_string(answer.json().at("id").as_int64()));
  }
  has_orders("/api/subscriptions", {"id", "name", "pushEndpoint", "resource", "event", "filter"},
             member);
  has_pages("/api/subscriptions", false);
  for (const auto& id : made)
    EXPECT_EQ(here->api(who, "DELETE", "/api/subscriptions/" + id).status, 200u);
}
