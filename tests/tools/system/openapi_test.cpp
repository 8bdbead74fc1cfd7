#include "actors/route.hpp"
#include "protocol/api/description.hpp"
#include "tests/tools/system/api_contract.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <fstream>
#include <iterator>
#include <set>

// docs/openapi.json: it names what the route table has and nothing else, and it is whole in itself.

namespace {

using namespace kp::test;
namespace json = boost::json;
using testing::HasSubstr;

const json::value& document() {
  static const auto parsed = json::parse(kp::api::description());
  return parsed;
}

// "/api/messages/out/{messageId}" -> "/api/messages/out/{}"
std::string nameless(const std::string& path) {
  std::string out;
  bool inside = false;
  for (const char c : path) {
    if (c == '}') inside = false;
    if (!inside) out += c;
    if (c == '{') inside = true;
  }
  return out;
}

// Every "$ref" below.
void collect(const json::value& value, std::set<std::string>& references) {
  if (const auto* list = value.if_array())
    for (const auto& each : *list) collect(each, references);
  if (const auto* object = value.if_object())
    for (const auto& [name, each] : *object) {
      if (name == "$ref") references.emplace(each.as_string());
      collect(each, references);
    }
}

std::set<std::string> path_parameters(const json::value& operation) {
  std::set<std::string> names;
  const auto* all = operation.as_object().if_contains("parameters");
  if (!all) return names;
  for (const auto& each : all->as_array()) {
    const auto* reference = each.as_object().if_contains("$ref");
    const auto& parameter =
        reference ? document().at_pointer(std::string_view(reference->as_string()).substr(1))
                  : each;
    if (parameter.at("in").as_string() == "path") names.emplace(parameter.at("name").as_string());
  }
  return names;
}

}  // namespace

TEST(openapi, names_every_line_of_the_route_table_and_nothing_else) {
  std::set<std::pair<std::string, std::string>> routes, described;
  const auto& places = kp::actors::route_places();
  for (std::size_t i = 1; i < places.size(); ++i) routes.emplace(places[i].method, places[i].uri);
  for (const auto& [method, path] : api_contract(document()).operations())
    if (method != "HEAD") described.emplace(method, nameless(path));
  EXPECT_EQ(described, routes);
}

TEST(openapi, allows_what_the_route_table_allows) {
  for (const auto& [method, path] : api_contract(document()).operations()) {
    auto example = nameless(path);
    for (auto at = example.find("{}"); at != std::string::npos; at = example.find("{}"))
      example.replace(at, 2, "7");
    const auto found = kp::actors::find_route("OPTIONS", example, "");
    const auto* options = std::get_if<kp::actors::route::options>(&found.to);
    ASSERT_TRUE(options) << path;
    EXPECT_THAT("," + options->allow + ",", HasSubstr("," + method + ",")) << path;
  }
}

TEST(openapi, is_whole_in_itself) {
  EXPECT_THAT(std::string(document().at("openapi").as_string()), testing::StartsWith("3.1."));
  std::set<std::string> references, ids;
  collect(document(), references);
  for (const auto& each : references) {
    boost::system::error_code missing;
    document().find_pointer(each.substr(1), missing);
    EXPECT_FALSE(missing) << each;
  }
  for (const auto& [kind, all] : document().at("components").as_object()) {
    if (kind == "securitySchemes") continue;
    for (const auto& [name, value] : all.as_object()) {
      const auto reference =
          fmt::format("#/components/{}/{}", std::string_view(kind), std::string_view(name));
      // What clients read as text or find in no answer of JSON is described all the same.
      const bool spoken_of = name == "StatusEvent" || name == "ArrivalEvent" ||
                             name == "GapEvent" || name == "MethodNotAllowed";
      EXPECT_TRUE(spoken_of || references.contains(reference)) << reference << " is used nowhere";
    }
  }
  for (const auto& [path, item] : document().at("paths").as_object())
    for (const auto& [method, operation] : item.as_object()) {
      EXPECT_TRUE(ids.emplace(operation.at("operationId").as_string()).second) << path;
      std::set<std::string> in_path;
      const std::string text(path);
      for (auto from = text.find('{'); from != std::string::npos; from = text.find('{', from + 1))
        in_path.insert(text.substr(from + 1, text.find('}', from) - from - 1));
      EXPECT_EQ(path_parameters(operation), in_path) << std::string_view(method) << ' ' << text;
    }
}

TEST(openapi, is_the_file_in_docs) {
  std::ifstream file("docs/openapi.json", std::ios::binary);
  ASSERT_TRUE(file) << "run the tests in the root of the checkout";
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(text, kp::api::description());
}

// What holds the hub against the document sees what does not fit.
TEST(openapi, is_not_satisfied_by_just_anything) {
  api_contract contract(document());
  const auto wrong = [&](const char* schema, const char* value) {
    return !contract.judge_value(schema, json::parse(value)).empty();
  };
  const std::string good =
      R"({"timestamp":"2026-03-02T08:15:30+01:00","message":"m","status":404,"error":"e","path":"p")";
  EXPECT_FALSE(wrong("Error", (good + "}").c_str()));
  EXPECT_TRUE(wrong("Error", "{}"));
  EXPECT_TRUE(wrong("Error", "[]"));
  EXPECT_TRUE(wrong("Error", (good + R"(,"colour":"red"})").c_str()));
  EXPECT_TRUE(wrong("Error", (good + R"(,"errors":[{"code":7}]})").c_str()));
  EXPECT_TRUE(wrong("StatusEvent", R"({"status":"COLOUR"})"));
  const std::string status =
      R"({"id":1,"convId":2,"lastUpdate":"2026-03-02T08:15:30+01:00","messageId":"m",)";
  EXPECT_FALSE(
      wrong("MessageStatus", (status + R"("conversationId":"c","status":"SENDT"})").c_str()));
  EXPECT_TRUE(
      wrong("MessageStatus", (status + R"("conversationId":"c","status":"COLOUR"})").c_str()));
  EXPECT_TRUE(wrong("MessageStatus", (status + R"("status":"SENDT"})").c_str()));

  const auto judged = [&](const char* method, const char* path, unsigned code, const char* type,
                          const std::string& body) {
    rest_answer answer{code, {}, body};
    if (*type != 0) answer.headers.emplace("content-type", type);
    return contract.judge(method, path, answer);
  };
  const auto error = good + "}";
  EXPECT_EQ(judged("GET", "/api/messages/out/7", 404, "application/json", error),
            std::vector<std::string>{});
  EXPECT_NE(judged("GET", "/api/messages/out/7", 418, "application/json", error),
            std::vector<std::string>{});
  EXPECT_NE(judged("GET", "/api/messages/out/7", 404, "text/html", error),
            std::vector<std::string>{});
  EXPECT_NE(judged("GET", "/api/messages/out/7", 404, "application/json", "{}"),
            std::vector<std::string>{});
  EXPECT_NE(judged("POST", "/api/messages/out/7", 200, "", "a body"), std::vector<std::string>{});
  EXPECT_NE(judged("GET", "/api/colour", 404, "application/json", error),
            std::vector<std::string>{});
}
