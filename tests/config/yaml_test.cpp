#include "config/yaml.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace kp;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

struct parsed {
  std::vector<problem> problems;
  std::optional<yaml_map> map;

  explicit parsed(std::string_view text) : map(parse_yaml(text, "a.yaml", problems)) {}
  std::string only_problem() const {
    if (problems.size() != 1) return "problems: " + std::to_string(problems.size());
    return to_string(problems[0]);
  }
};

}  // namespace

TEST(yaml, gives_scalars_as_trimmed_text_whatever_they_look_like) {
  parsed p("number: 012345678\nflag: yes\nspaced: \"  two words \"\nid: 0192:910077473\n");
  ASSERT_TRUE(p.map);
  EXPECT_EQ(p.map->find("number")->text(), "012345678");
  EXPECT_EQ(p.map->find("flag")->text(), "yes");
  EXPECT_EQ(p.map->find("spaced")->text(), "two words");
  EXPECT_EQ(p.map->find("id")->text(), "0192:910077473");
  EXPECT_TRUE(p.problems.empty());
}

TEST(yaml, remembers_where_keys_and_values_stand) {
  parsed p("# first\nname: x\nchannels:\n  - name: arkiv\n    sends: [DPO,  DPE]\n");
  ASSERT_TRUE(p.map);
  EXPECT_EQ(p.map->where("channels").line, 3);
  EXPECT_EQ(p.map->where("channels").column, 1);
  const auto channel = p.map->find("channels")->items().at(0).as_map(p.problems, "channel");
  EXPECT_EQ(channel.where("sends").line, 5);
  EXPECT_EQ(channel.where("sends").column, 5);
  auto copy = channel;
  const auto items = copy.find("sends")->items();
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[1].where().column, 19);
  EXPECT_EQ(items[1].where().file, "a.yaml");
}

TEST(yaml, an_empty_value_is_nothing_and_an_empty_map) {
  parsed p("a:\nb: ~\nc: null\nd: \"\"\ne: \"null\"\n");
  ASSERT_TRUE(p.map);
  for (const auto* key : {"a", "b", "c"}) {
    EXPECT_TRUE(p.map->find(key)->is_nothing()) << key;
    EXPECT_TRUE(p.map->find(key)->as_map(p.problems, key).keys().empty());
  }
  EXPECT_FALSE(p.map->find("d")->is_nothing());
  EXPECT_EQ(p.map->find("e")->text(), "null");
  EXPECT_TRUE(p.problems.empty());
}

TEST(yaml, reports_a_key_that_stands_twice_and_keeps_the_first) {
  parsed p("name: a\nother: b\nname: c\n");
  ASSERT_TRUE(p.map);
  EXPECT_EQ(p.only_problem(),
            "a.yaml:3:1: the key \"name\" stands twice, first in line 1. Keep one of the two.");
  EXPECT_EQ(p.map->find("name")->text(), "a");
  EXPECT_THAT(p.map->keys(), ElementsAre("name", "other"));
}

TEST(yaml, finds_several_problems_of_form_in_one_run) {
  parsed p("a: &x 1\nb: *x\na: 2\n[1]: 3\nc: !!binary aGk=\n");
  EXPECT_EQ(p.problems.size(), 5U);
}

TEST(yaml, a_bomb_of_aliases_costs_nothing) {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 40; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 9; ++j) bomb += (j ? ",*a" : "*a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  parsed p(bomb);
  EXPECT_FALSE(p.map);
  EXPECT_EQ(p.problems.size(), 50U);
}

TEST(yaml, refuses_deep_nesting) {
  parsed allowed("a: " + std::string(31, '[') + std::string(31, ']') + "\n");
  EXPECT_TRUE(allowed.problems.empty());
  parsed p("a: " + std::string(32, '[') + std::string(32, ']') + "\n");
  EXPECT_FALSE(p.map);
  EXPECT_THAT(p.only_problem(), HasSubstr("more than 32 levels"));
  parsed much("a: " + std::string(100'000, '['));
  EXPECT_FALSE(much.map);
  EXPECT_LE(much.problems.size(), 50U);
}

TEST(yaml, says_where_text_stops_being_yaml) {
  parsed p("a: 1\nb: [1, 2\nc: 3\n");
  EXPECT_FALSE(p.map);
  EXPECT_THAT(p.only_problem(), HasSubstr("this is not YAML"));
  EXPECT_GT(p.problems.at(0).where.line, 0);
  EXPECT_EQ(parsed("a: \"x\"\nøre: \"unfinished\\\"\nb: c\n").only_problem(),
            "a.yaml:2:7: the quote that opens here is never closed. Close it.");
  EXPECT_EQ(parsed("\xEF\xBB\xBF- 'it''s\n").problems.size(), 2U);
  for (const auto* fine : {"a: \"x\\\"\"\n", "a: 'it''s'\n", "a: |\n  \"\n", "'a': \"b\" # \"\n"})
    EXPECT_TRUE(parsed(fine).problems.empty()) << fine;
  EXPECT_FALSE(parsed("a: b: c\n").map);
  EXPECT_FALSE(parsed("\ta: b\n").map);
}

TEST(yaml, refuses_what_is_no_map_of_settings) {
  EXPECT_THAT(parsed("").only_problem(), HasSubstr("the file is empty"));
  EXPECT_THAT(parsed("# only a remark\n").only_problem(), HasSubstr("the file is empty"));
  EXPECT_THAT(parsed("- a\n- b\n").only_problem(), HasSubstr("keys with values"));
  EXPECT_THAT(parsed("just text\n").only_problem(), HasSubstr("keys with values"));
  EXPECT_THAT(parsed("a: 1\n---\nb: 2\n").only_problem(), HasSubstr("second YAML document"));
  EXPECT_THAT(parsed("a: \xE6\n").only_problem(), HasSubstr("UTF-8"));
  EXPECT_THAT(parsed(std::string_view("a: 1\nb: \x04\n")).only_problem(),
              HasSubstr("a.yaml:2: the line has a control character"));
  EXPECT_THAT(parsed(std::string(largest_yaml_file + 1, ' ')).only_problem(), HasSubstr("larger"));
}

TEST(yaml, takes_a_byte_order_mark_and_windows_line_ends) {
  parsed p("\xEF\xBB\xBFname: a\r\nother: b\r\n");
  ASSERT_TRUE(p.map);
  EXPECT_EQ(p.map->find("name")->text(), "a");
  EXPECT_EQ(p.map->find("other")->text(), "b");
}

TEST(yaml, an_unknown_key_names_the_nearest_known_one) {
  parsed p("prot: 1\nzzz: 2\nname: 3\n");
  ASSERT_TRUE(p.map);
  (void)p.map->find("port");
  (void)p.map->find("name");
  p.map->report_unknown_keys("listener");
  ASSERT_EQ(p.problems.size(), 2U);
  EXPECT_EQ(to_string(p.problems[0]),
            "a.yaml:1:1: listener has no key \"prot\". Did you mean \"port\"?");
  EXPECT_EQ(to_string(p.problems[1]),
            "a.yaml:2:1: listener has no key \"zzz\". Remove it; the keys here are name, port.");
}

TEST(yaml, a_value_where_keys_belong_is_a_problem) {
  parsed p("listener: 9093\n");
  auto listener = p.map->find("listener")->as_map(p.problems, "listener");
  EXPECT_TRUE(listener.keys().empty());
  EXPECT_THAT(p.only_problem(), HasSubstr("a.yaml:1:11: listener must have keys of its own"));
}

TEST(yaml, a_file_that_is_not_there_is_a_problem) {
  std::vector<problem> problems;
  EXPECT_FALSE(read_yaml("/nowhere/hub.yaml", problems));
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_THAT(to_string(problems[0]), HasSubstr("/nowhere/hub.yaml cannot be read"));
}

TEST(nearest, counts_a_swap_as_one_and_allows_a_third) {
  const std::vector<std::string> known{"port", "address", "certificate"};
  EXPECT_EQ(nearest("prot", known), "port");
  EXPECT_EQ(nearest("adress", known), "address");
  EXPECT_EQ(nearest("Certificat", known), "certificate");
  EXPECT_EQ(nearest("sort", known), "port");
  EXPECT_EQ(nearest("key", known), std::nullopt);
  EXPECT_EQ(nearest("", known), std::nullopt);
  EXPECT_EQ(nearest(std::string(1'000'000, 'x'), known), std::nullopt);
}

TEST(in_quotes, cuts_between_characters_and_hides_control_characters) {
  EXPECT_EQ(in_quotes("a\nb"), "\"a b\"");
  EXPECT_EQ(in_quotes(std::string(61, 'x')), "\"" + std::string(60, 'x') + "…\"");
  EXPECT_EQ(in_quotes(std::string(59, 'x') + "øø"), "\"" + std::string(59, 'x') + "…\"");
}

TEST(problem, hides_person_numbers) {
  EXPECT_EQ(to_string(problem{{"f.yaml", 0, 0}, "\"01017012345\" is wrong", "Fix it."}),
            "f.yaml: \"***********\" is wrong. Fix it.");
}
