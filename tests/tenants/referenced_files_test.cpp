#include "tenants/referenced_files.hpp"

#include "tests/tenants/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

using namespace kp;
using namespace kp::tenants;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

class referenced : public test::temporary_folder {
 protected:
  reference_stamps stamps(const std::vector<std::string>& names) const {
    reference_stamps all;
    for (const auto& name : names) all.emplace(below(name), stamp_of(below(name)));
    return all;
  }
  // All that comes of what was done, when nothing more is done.
  std::set<std::string> settled() {
    std::set<std::string> all;
    for (int i = 0; i < 3; ++i) all.merge(files.look());
    return all;
  }
  referenced_files files;
};

}  // namespace

TEST_F(referenced, tell_nothing_while_nobody_touches_them) {
  write("a.p12", "a");
  files.follow("a.yaml", stamps({"a.p12", "missing"}));
  EXPECT_THAT(settled(), IsEmpty());
}

TEST_F(referenced, tell_their_files_once_when_they_have_changed_and_are_at_rest) {
  write("a.p12", "a");
  write("shared", "x");
  files.follow("a.yaml", stamps({"a.p12", "shared"}));
  files.follow("b.yaml", stamps({"shared"}));
  write("a.p12", "another");
  EXPECT_THAT(files.look(), IsEmpty()) << "it may be half written";
  write("a.p12", "another one");
  EXPECT_THAT(files.look(), IsEmpty());
  EXPECT_THAT(files.look(), ElementsAre("a.yaml"));
  EXPECT_THAT(settled(), IsEmpty());
  write("shared", "another");
  EXPECT_THAT(settled(), ElementsAre("a.yaml", "b.yaml"));
}

TEST_F(referenced, are_waited_for_while_they_are_gone) {
  write("a.p12", "a");
  files.follow("a.yaml", stamps({"a.p12"}));
  std::filesystem::remove(below("a.p12"));
  EXPECT_THAT(settled(), IsEmpty());
  write("a.p12", "another");
  EXPECT_THAT(settled(), ElementsAre("a.yaml"));
}

TEST_F(referenced, that_were_missing_are_told_when_they_come) {
  files.follow("a.yaml", stamps({"a.p12"}));
  EXPECT_THAT(settled(), IsEmpty());
  write("a.p12", "a");
  EXPECT_THAT(settled(), ElementsAre("a.yaml"));
}

TEST_F(referenced, are_followed_for_those_that_still_refer_to_them) {
  write("shared", "x");
  write("other", "y");
  files.follow("a.yaml", stamps({"shared"}));
  files.follow("b.yaml", stamps({"shared"}));
  files.follow("a.yaml", stamps({"other"}));
  write("shared", "another");
  EXPECT_THAT(settled(), ElementsAre("b.yaml"));
  files.forget("b.yaml");
  files.forget("b.yaml");
  write("shared", "a third");
  EXPECT_THAT(settled(), IsEmpty());
}

TEST_F(referenced, that_one_of_two_has_read_anew_are_told_to_the_other) {
  write("shared", "x");
  files.follow("a.yaml", stamps({"shared"}));
  files.follow("b.yaml", stamps({"shared"}));
  write("shared", "another");
  files.follow("a.yaml", stamps({"shared"}));
  EXPECT_THAT(settled(), testing::Contains("b.yaml"));
}

TEST_F(referenced, are_looked_at_some_at_a_time_and_all_in_turn) {
  constexpr std::size_t many = 2 * referenced_files::at_once + 10;
  for (std::size_t i = 0; i < many; ++i) {
    const auto name = fmt::format("{:05}", i);
    write(name, "x");
    files.follow(name + ".yaml", stamps({name}));
  }
  for (const auto* name : {"00000", "00700", "01009"}) write(name, "another");
  std::set<std::string> all;
  int looks = 0;
  for (; looks < 10 && all.size() < 3; ++looks) all.merge(files.look());
  EXPECT_THAT(all, ElementsAre("00000.yaml", "00700.yaml", "01009.yaml"));
  EXPECT_GT(looks, 2);
}
