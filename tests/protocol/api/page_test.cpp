#include "protocol/api/page.hpp"

#include "tests/support/fixtures.hpp"

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

using namespace kp;
using namespace kp::api;

namespace json = boost::json;

namespace {

page_query asked(std::string_view text) {
  return parse_page_query(query::parse(text));
}

}  // namespace

TEST(query, decodes_names_and_values) {
  const auto q = query::parse("a=b%20c+d&t=2026-03-02T08%3A00%2B01:00&a=e&flag&%C3%A6=%C3%B8&&x=");
  EXPECT_EQ(q.find("a"), "b c d");
  EXPECT_EQ(q.all("a"), (std::vector<std::string>{"b c d", "e"}));
  EXPECT_EQ(q.find("t"), "2026-03-02T08:00+01:00");
  EXPECT_TRUE(q.has("flag"));
  EXPECT_EQ(q.find("æ"), "ø");
  EXPECT_EQ(q.find("x"), "");
  EXPECT_FALSE(q.has("y"));
}

TEST(query, leaves_what_is_no_percent_code) {
  EXPECT_EQ(query::parse("a=100%&b=%zz&c=%4").find("a"), "100%");
  EXPECT_EQ(query::parse("b=%zz").find("b"), "%zz");
  EXPECT_EQ(query::parse("c=%4").find("c"), "%4");
  EXPECT_EQ(query::parse("d=%41").find("d"), "A");
}

TEST(query, looks_at_a_bounded_number_of_values) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "a=1&";
  EXPECT_EQ(query::parse(text).all("a").size(), 1000u);
}

TEST(page_query, has_defaults_and_a_largest_size) {
  EXPECT_EQ(asked("").page, 0u);
  EXPECT_EQ(asked("").size, 10u);
  EXPECT_EQ(asked("page=3&size=25").page, 3u);
  EXPECT_EQ(asked("page=3&size=25").size, 25u);
  EXPECT_EQ(asked("size=5000").size, 2000u);
  for (const auto* text : {"size=0", "size=-1", "size=ti", "size=", "size=99999999999"})
    EXPECT_EQ(asked(text).size, 10u) << text;
  for (const auto* text : {"page=-1", "page=x", "page=99999999999"})
    EXPECT_EQ(asked(text).page, 0u) << text;
}

TEST(page_query, reads_sort_keys_in_order) {
  const auto q =
      asked("sort=lastUpdate,desc&sort=id,messageId,ASC,ignorecase&sort=x&sort=desc&sort=");
  ASSERT_EQ(q.sort.size(), 4u);
  EXPECT_EQ(q.sort[0].property, "lastUpdate");
  EXPECT_TRUE(q.sort[0].descending);
  EXPECT_EQ(q.sort[1].property, "id");
  EXPECT_FALSE(q.sort[1].descending);
  EXPECT_EQ(q.sort[2].property, "messageId");
  EXPECT_EQ(q.sort[3].property, "x");
}

TEST(page, equals_the_empty_page_of_the_collection) {
  KP_FIXTURE(text, "rest/e2e-statuses-empty-page.json");
  EXPECT_EQ(json::value(to_page({}, asked(""), 0, true)), json::parse(text));
}

TEST(page, equals_the_last_page_of_the_collection) {
  KP_FIXTURE(text, "rest/messages-in-list-page3.response.json");
  const auto expected = json::parse(text);
  const auto page = to_page(expected.at("content").as_array(), asked("page=3&size=10"), 31, false);
  EXPECT_EQ(json::value(page), expected);
}

TEST(page, knows_whether_it_is_first_or_last) {
  const json::array ten(10);
  const auto first = to_page(ten, asked(""), 21, true);
  EXPECT_EQ(first.at("first"), true);
  EXPECT_EQ(first.at("last"), false);
  EXPECT_EQ(first.at("totalPages"), 3);
  EXPECT_EQ(first.at("numberOfElements"), 10);
  const auto beyond = to_page({}, asked("page=7"), 21, true);
  EXPECT_EQ(beyond.at("last"), true);
  EXPECT_EQ(beyond.at("empty"), true);
  EXPECT_EQ(beyond.at("pageable").at("offset"), 70);
}

TEST(pretty, indents_objects_and_keeps_arrays_on_the_line) {
  EXPECT_EQ(
      pretty(json::parse(R"({"a":[{"b":1},{"b":"x\ny"}],"c":{},"d":[],"e":[1,2.5,3.0,null]})")),
      "{\n"
      "  \"a\" : [ {\n"
      "    \"b\" : 1\n"
      "  }, {\n"
      "    \"b\" : \"x\\ny\"\n"
      "  } ],\n"
      "  \"c\" : { },\n"
      "  \"d\" : [ ],\n"
      "  \"e\" : [ 1, 2.5, 3.0, null ]\n"
      "}");
}
