#include "tools/import/property.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// What java.util.Properties.load makes of a file.

namespace {

using namespace kp;
using namespace kp::importer;
using testing::HasSubstr;

class java_properties : public testing::Test {
 protected:
  std::vector<property> read(std::string_view bytes,
                             text_encoding encoding = text_encoding::automatic) {
    return parse_properties(bytes, "a.properties", encoding, problems_);
  }
  // "name|value" of the first one.
  std::string first(std::string_view bytes, text_encoding encoding = text_encoding::automatic) {
    const auto all = read(bytes, encoding);
    return all.empty() ? "" : all[0].name + "|" + all[0].value;
  }
  std::vector<problem> problems_;
};

}  // namespace

TEST_F(java_properties, are_separated_by_equals_colon_or_space) {
  EXPECT_EQ(first("a.b=c"), "a.b|c");
  EXPECT_EQ(first("a.b : c"), "a.b|c");
  EXPECT_EQ(first("a.b\t c d"), "a.b|c d");
  EXPECT_EQ(first("a.b = = c"), "a.b|= c");
  EXPECT_EQ(first("  a.b"), "a.b|");
  EXPECT_EQ(first("a\\=b\\:c\\ d=e"), "a=b:c d|e");
  EXPECT_EQ(first("url=https://host:1/?a=b"), "url|https://host:1/?a=b");
}

TEST_F(java_properties, keep_the_space_at_the_end_of_a_value) {
  EXPECT_EQ(first("a = b  \r\n"), "a|b  ");
}

TEST_F(java_properties, pass_over_comments_and_empty_lines_that_are_never_continued) {
  const auto all = read("# one\\\n! two\n\n   # three\na=1\n \t \nb=#2\n");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].name, "a");
  EXPECT_EQ(all[0].where.line, 5);
  EXPECT_EQ(all[1].value, "#2");
}

TEST_F(java_properties, go_on_behind_an_odd_backslash_without_the_space_of_the_next_line) {
  EXPECT_EQ(first("a=one, \\\n    two, \\\r\n\tthree\nb=x"), "a|one, two, three");
  EXPECT_EQ(first("a=one\\\\\nb=two"), "a|one\\");
  EXPECT_EQ(first("a=one\\\n# two"), "a|one# two");
  EXPECT_EQ(first("a=one\\"), "a|one");
}

TEST_F(java_properties, undo_escapes) {
  EXPECT_EQ(first("a=C:\\\\keys\\tx\\n\\r\\f\\q"), "a|C:\\keys\tx\n\r\fq");
  EXPECT_EQ(first("a=n\\u00f8kkel \\u20AC \\uD83D\\uDE00"), "a|nøkkel € 😀");
  EXPECT_EQ(first("a=\\uD83D!"), "a|\uFFFD!");
  EXPECT_TRUE(problems_.empty());
}

TEST_F(java_properties, refuse_an_escape_without_its_four_digits_as_java_does) {
  const auto all = read("path=C:\\users\\kari\nb=2");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].name, "b");
  ASSERT_EQ(problems_.size(), 1u);
  EXPECT_EQ(problems_[0].where.line, 1);
  EXPECT_THAT(problems_[0].rule, HasSubstr("\\u"));
}

TEST_F(java_properties, are_latin_1_bytes) {
  EXPECT_EQ(first("a=n\xF8kkel"), "a|nøkkel");
  EXPECT_TRUE(problems_.empty());
}

TEST_F(java_properties, of_a_utf_8_file_are_read_as_java_does_and_reported_until_it_is_decided) {
  EXPECT_EQ(first("# æ is no matter here\nb=1"), "b|1");
  EXPECT_TRUE(problems_.empty());
  EXPECT_EQ(first("a=nøkkel"), "a|nÃ¸kkel");
  ASSERT_EQ(problems_.size(), 1u);
  EXPECT_THAT(problems_[0].remedy, HasSubstr("--encoding"));
  EXPECT_EQ(first("a=nøkkel", text_encoding::latin1), "a|nÃ¸kkel");
  EXPECT_EQ(first("a=nøkkel", text_encoding::utf8), "a|nøkkel");
  EXPECT_EQ(problems_.size(), 1u);
  EXPECT_EQ(first("a=n\xF8kkel", text_encoding::utf8), "");
  EXPECT_EQ(problems_.size(), 2u);
}

TEST_F(java_properties, do_not_begin_with_a_byte_order_mark) {
  EXPECT_EQ(first("\xEF\xBB\xBF"
                  "a=1"),
            "a|1");
}

TEST_F(java_properties, may_hold_several_documents) {
  const auto all = read("a=1\n#---\na=2\n!---\na=3\n# ---\na=4");
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0].document, 0);
  EXPECT_EQ(all[1].document, 1);
  EXPECT_EQ(all[2].document, 2);
  EXPECT_EQ(all[3].document, 2);
}

TEST_F(java_properties, have_a_bound) {
  std::string many;
  for (std::size_t i = 0; i <= most_properties; ++i) many += "a=1\n";
  EXPECT_EQ(read(many).size(), most_properties);
  EXPECT_EQ(problems_.size(), 1u);
}

TEST(spring_yaml, becomes_dotted_names_and_indices) {
  std::vector<problem> problems;
  const auto all = parse_spring_yaml(
      "difi:\n  move:\n    org: {number: 910077473}\n    dpo:\n      reportees:\n"
      "        - orgId: 0192:974760673\n          name: x\n    dpo.message-channel: lonn\n"
      "    nothing:\n",
      "a.yml", problems);
  std::string lines;
  for (const auto& one : all) lines += one.name + "=" + one.value + "\n";
  EXPECT_EQ(lines,
            "difi.move.org.number=910077473\n"
            "difi.move.dpo.reportees[0].orgId=0192:974760673\n"
            "difi.move.dpo.reportees[0].name=x\n"
            "difi.move.dpo.message-channel=lonn\n"
            "difi.move.nothing=\n");
  EXPECT_EQ(all[0].where.line, 3);
  EXPECT_TRUE(problems.empty());
}

TEST(spring_yaml, takes_documents_anchors_and_quotes) {
  std::vector<problem> problems;
  const auto all = parse_spring_yaml("a: &x {b: 'c d'}\ne: *x\n---\nf: 1\n", "a.yml", problems);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[1].name, "e.b");
  EXPECT_EQ(all[1].value, "c d");
  EXPECT_EQ(all[2].document, 1);
}

TEST(spring_yaml, says_where_it_is_none) {
  std::vector<problem> problems;
  EXPECT_TRUE(parse_spring_yaml("a: 1\nb: [\n", "a.yml", problems).empty());
  EXPECT_TRUE(parse_spring_yaml("- a\n", "b.yml", problems).empty());
  EXPECT_TRUE(parse_spring_yaml("a: \xF8\n", "c.yml", problems).empty());
  ASSERT_EQ(problems.size(), 3u);
  EXPECT_THAT(problems[0].rule, HasSubstr("no YAML"));
}

TEST(spring_yaml, that_repeats_itself_by_aliases_has_a_bound) {
  // With values, and with nothing in the end.
  for (const auto* innermost : {"[1,1,1,1,1,1,1,1,1,1]", "[]"}) {
    std::string text = std::string("a0: &a0 ") + innermost + "\n";
    for (int i = 1; i < 9; ++i)
      text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + [&] {
        std::string all;
        for (int n = 0; n < 10; ++n) all += (n ? ",*a" : "*a") + std::to_string(i - 1);
        return all;
      }() + "]\n";
    std::vector<problem> problems;
    EXPECT_LE(parse_spring_yaml(text, "a.yml", problems).size(), most_properties);
    EXPECT_EQ(problems.size(), 1u);
  }
}
