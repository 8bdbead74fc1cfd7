#include "tenants/live_folder.hpp"

#include "tenants/changes.hpp"
#include "tests/tenants/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

using namespace kp;
using namespace kp::tenants;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

std::string yaml(const std::string& number, const std::string& user) {
  return fmt::format(
      "number: {}\nkeystore: {{path: o.p12, password: {{env: KP_PASSWORD}}}}\n"
      "services: {{dpo: {{enabled: true}}}}\nchannels:\n"
      "  - name: sak\n    sends: [DPO]\n    credentials:\n      - user: {}\n"
      "        password_hash: $scrypt$ln=14,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
      number, user);
}

const std::string one = "910077473", two = "910076787", three = "910075918";

// Time in the hand of the test; the folder is looked at whole, as after an event of any kind.
class live : public test::temporary_folder {
 protected:
  void open() {
    const auto variables = [](const std::string&) { return std::optional<std::string>("x"); };
    folder.emplace(folder_.string(), variables, load_folder(folder_.string(), variables));
  }
  folder_changes look(std::optional<bool> writing = {}, const std::string& name = "") {
    folder_events seen;
    if (name.empty())
      seen.everything = true;
    else
      seen.names[name] = writing;
    return folder->look(seen, now);
  }
  folder_changes after(std::chrono::milliseconds time) {
    now += time;
    return folder->look({}, now);
  }
  // All that comes of what was done, when nothing more is done.
  folder_changes settled() {
    auto all = look();
    while (const auto next = folder->next_look()) {
      now = std::max(now, *next);
      auto more = folder->look({}, now);
      const auto append = [](auto& to, auto& from) {
        to.insert(to.end(), from.begin(), from.end());
      };
      append(all.tenants, more.tenants);
      append(all.broken, more.broken);
      append(all.mended, more.mended);
    }
    return all;
  }
  // "+910077473 -910076787"
  static std::string described(const folder_changes& changes) {
    std::string text;
    for (const auto& each : changes.tenants)
      text += (text.empty() ? "" : " ") + std::string(each.now ? "+" : "-") +
              each.organisation.to_string();
    return text;
  }
  std::string problem_in(const folder_changes& changes) {
    return changes.broken.size() == 1 ? lines(changes.broken.front().problems) : "not one file";
  }

  std::optional<live_folder> folder;
  time_point now{1'772'000'000s};
};

}  // namespace

TEST_F(live, a_folder_that_nobody_touches_has_no_changes) {
  write("a.yaml", yaml(one, "a"));
  open();
  EXPECT_TRUE(settled().empty());
  EXPECT_EQ(folder->next_look(), std::nullopt);
}

TEST_F(live, organisations_come_change_and_go) {
  open();
  write("a.yaml", yaml(one, "a"));
  write("b.yaml", yaml(two, "b"));
  EXPECT_EQ(described(settled()), "+" + two + " +" + one);
  write("a.yaml", yaml(one, "a2"));
  const auto changed = settled();
  EXPECT_EQ(described(changed), "+" + one);
  EXPECT_EQ(changed.tenants.front().now->channels.front().credentials.front().user, "a2");
  std::filesystem::remove(below("a.yaml"));
  EXPECT_EQ(described(settled()), "-" + one);
  EXPECT_EQ(folder->running(), 1U);
}

TEST_F(live, a_file_counts_a_tenth_of_a_second_after_it_came_to_rest) {
  open();
  write("a.yaml", yaml(one, "a"));
  EXPECT_TRUE(look().empty());
  EXPECT_TRUE(after(50ms).empty());
  write("a.yaml", yaml(one, "a") + "# more\n");
  EXPECT_TRUE(look().empty());
  EXPECT_TRUE(after(live_folder::settle - 10ms).empty());
  EXPECT_EQ(described(after(10ms)), "+" + one);
}

TEST_F(live, a_file_that_is_open_for_writing_is_waited_for_though_it_reads_well) {
  write("a.yaml", yaml(one, "a"));
  open();
  write("a.yaml", yaml(one, "half"));
  EXPECT_TRUE(look(true, "a.yaml").empty());
  EXPECT_TRUE(after(2s).empty());
  write("a.yaml", yaml(one, "whole"));
  EXPECT_TRUE(look(false, "a.yaml").empty());
  EXPECT_EQ(described(after(live_folder::settle)), "+" + one);
}

TEST_F(live, a_file_that_stays_open_is_believed_in_the_end) {
  write("a.yaml", yaml(one, "a"));
  open();
  write("a.yaml", yaml(one, "b"));
  EXPECT_TRUE(look(true, "a.yaml").empty());
  EXPECT_EQ(described(after(live_folder::open_for)), "+" + one);
}

TEST_F(live, a_half_written_file_is_not_complained_about_before_it_has_rested) {
  write("a.yaml", yaml(one, "a"));
  open();
  write("a.yaml", yaml(one, "a").substr(0, 40));
  EXPECT_TRUE(look().empty());
  EXPECT_TRUE(after(500ms).empty());
  write("a.yaml", yaml(one, "b"));
  const auto got = settled();
  EXPECT_EQ(described(got), "+" + one);
  EXPECT_THAT(got.broken, IsEmpty());
}

TEST_F(live, a_broken_file_keeps_what_runs_and_says_so_until_it_is_mended) {
  write("a.yaml", yaml(one, "a"));
  open();
  write("a.yaml", "number: 910077474\n");
  const auto broken = settled();
  EXPECT_EQ(described(broken), "");
  EXPECT_THAT(problem_in(broken), HasSubstr("\"910077474\" is not an organisation number"));
  EXPECT_EQ(broken.broken.front().running, organisation_id::parse(one).value());
  EXPECT_EQ(folder->running(), 1U);
  write("a.yaml", yaml(one, "a"));
  const auto mended = settled();
  EXPECT_THAT(mended.mended, ElementsAre(below("a.yaml")));
  EXPECT_EQ(described(mended), "") << "it is as it ran";
}

TEST_F(live, a_key_store_that_is_replaced_under_its_name_makes_its_organisation_new) {
  write("a.yaml", yaml(one, "a"));
  write("b.yaml", "number: " + two + yaml(one, "b").substr(17));
  write("o.p12", "the old one");
  open();
  const auto look_twice = [&] {
    for (int i = 0; i < 2; ++i) folder->look_at_references(now += 1s);
    return settled();
  };
  EXPECT_TRUE(look_twice().empty());
  const auto was = load_file(below("a.yaml"), [](const std::string&) { return "x"; });
  write("o.p12", "the new one");
  const auto changed = look_twice();
  EXPECT_EQ(described(changed), "+" + two + " +" + one);
  const auto& now_it_is = *changed.tenants.back().now;
  EXPECT_TRUE(diff(*was.organisations.front(), now_it_is).clients);
  std::filesystem::last_write_time(below("o.p12"), std::filesystem::file_time_type::clock::now());
  EXPECT_TRUE(look_twice().empty()) << "touched, and the same";
  std::filesystem::remove(below("o.p12"));
  EXPECT_TRUE(look_twice().empty()) << "what runs has it in memory";
}

TEST_F(live, a_file_that_was_broken_from_the_start_is_mended) {
  write("a.yaml", "number: 1\n");
  open();
  EXPECT_TRUE(settled().empty()) << "it was reported when the hub started";
  write("a.yaml", yaml(one, "a"));
  const auto mended = settled();
  EXPECT_EQ(described(mended), "+" + one);
  EXPECT_THAT(mended.mended, ElementsAre(below("a.yaml")));
}

TEST_F(live, a_file_that_is_broken_and_then_removed_is_reported_no_more) {
  open();
  write("a.yaml", "number: 1\n");
  EXPECT_EQ(settled().broken.size(), 1U);
  std::filesystem::remove(below("a.yaml"));
  EXPECT_THAT(settled().mended, ElementsAre(below("a.yaml")));
}

TEST_F(live, a_rename_over_the_file_is_a_change_and_no_removal) {
  write("a.yaml", yaml(one, "a"));
  open();
  write(".a.yaml.tmp", yaml(one, "b"));
  std::filesystem::rename(below(".a.yaml.tmp"), below("a.yaml"));
  EXPECT_EQ(described(settled()), "+" + one);
}

TEST_F(live, an_editor_that_removes_and_writes_anew_removes_nobody) {
  write("a.yaml", yaml(one, "a"));
  open();
  std::filesystem::rename(below("a.yaml"), below("a.yaml~"));
  EXPECT_TRUE(look().empty());
  EXPECT_TRUE(after(live_folder::gone_after - 100ms).empty());
  write("a.yaml", yaml(one, "b"));
  EXPECT_EQ(described(settled()), "+" + one);
}

TEST_F(live, a_file_may_be_called_something_else) {
  write("a.yaml", yaml(one, "a"));
  open();
  std::filesystem::rename(below("a.yaml"), below("b.yaml"));
  const auto got = settled();
  EXPECT_EQ(described(got), "+" + one) << "the same as before, from another file";
  EXPECT_THAT(got.broken, IsEmpty());
  std::filesystem::remove(below("b.yaml"));
  EXPECT_EQ(described(settled()), "-" + one);
}

TEST_F(live, of_two_files_with_one_organisation_the_one_that_runs_stays) {
  write("m.yaml", yaml(one, "a"));
  open();
  write("a.yaml", yaml(one, "b"));
  const auto clash = settled();
  EXPECT_EQ(described(clash), "");
  EXPECT_EQ(problem_in(clash),
            "a.yaml: organisation 910077473 has a file already, m.yaml. Keep one of the two "
            "files.\n");
  EXPECT_EQ(clash.broken.front().running, std::nullopt);
  write("m.yaml", yaml(one, "c"));
  EXPECT_EQ(described(settled()), "+" + one) << "the one that runs may change";
  std::filesystem::remove(below("m.yaml"));
  const auto over = settled();
  EXPECT_EQ(described(over), "+" + one);
  EXPECT_EQ(over.tenants.front().now->file, below("a.yaml"));
  EXPECT_THAT(over.mended, ElementsAre(below("a.yaml")));
}

TEST_F(live, a_user_of_another_organisation_is_refused_and_the_change_waits_until_it_is_free) {
  write("a.yaml", yaml(one, "sak"));
  write("b.yaml", yaml(two, "post"));
  open();
  write("b.yaml", yaml(two, "sak"));
  const auto clash = settled();
  EXPECT_EQ(described(clash), "");
  EXPECT_THAT(problem_in(clash), HasSubstr("b.yaml:8:9: the user \"sak\" is also in"));
  EXPECT_EQ(clash.broken.front().running, organisation_id::parse(two).value());
  write("a.yaml", yaml(one, "other"));
  const auto freed = settled();
  EXPECT_EQ(described(freed), "+" + two + " +" + one);
  EXPECT_THAT(freed.mended, ElementsAre(below("b.yaml")));
}

TEST_F(live, a_clash_from_the_start_is_settled_when_the_other_file_goes) {
  write("a.yaml", yaml(one, "a"));
  write("b.yaml", yaml(one, "b"));
  open();
  std::filesystem::remove(below("a.yaml"));
  const auto got = settled();
  EXPECT_EQ(described(got), "+" + one);
  EXPECT_EQ(got.tenants.front().now->file, below("b.yaml"));
}

TEST_F(live, a_file_may_become_another_organisation) {
  write("a.yaml", yaml(one, "a"));
  open();
  write("a.yaml", yaml(two, "a"));
  EXPECT_EQ(described(settled()), "+" + two + " -" + one);
}

TEST_F(live, links_that_lead_in_circles_are_problems_with_a_sentence) {
  open();
  std::filesystem::create_symlink(below("b.yaml"), below("a.yaml"));
  std::filesystem::create_symlink(below("a.yaml"), below("b.yaml"));
  const auto circle = settled();
  ASSERT_EQ(circle.broken.size(), 2U);
  EXPECT_THAT(lines(circle.broken.front().problems),
              HasSubstr("a.yaml cannot be read: Too many levels of symbolic links. Check path"));
  std::filesystem::remove(below("a.yaml"));
  write("a.yaml", yaml(one, "a"));
  const auto mended = settled();
  EXPECT_EQ(mended.mended.size(), 1U);
  // b.yaml leads to a.yaml now, which is the same organisation twice.
  EXPECT_EQ(described(mended), "+" + one);
}

TEST_F(live, files_without_rights_are_problems_with_a_sentence) {
  std::filesystem::permissions(folder_, std::filesystem::perms(0755));
  open();
  write("c.yaml", yaml(two, "c"));
  std::filesystem::permissions(below("c.yaml"), std::filesystem::perms::none);
  // Root may read everything: be nobody meanwhile.
  const bool root = ::geteuid() == 0;
  if (root) {
    ASSERT_EQ(::seteuid(65534), 0);
  }
  const auto problem = problem_in(settled());
  if (root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  EXPECT_THAT(problem, HasSubstr("Permission denied"));
}

TEST_F(live, files_that_point_through_a_folder_change_when_it_is_swapped) {
  std::filesystem::create_directories(below("..1"));
  std::filesystem::create_directories(below("..2"));
  write("..1/a.yaml", yaml(one, "a"));
  write("..2/a.yaml", yaml(one, "b"));
  std::filesystem::create_directory_symlink("..1", below("..data"));
  std::filesystem::create_symlink("..data/a.yaml", below("a.yaml"));
  open();
  EXPECT_EQ(folder->running(), 1U);
  std::filesystem::create_directory_symlink("..2", below("..new"));
  std::filesystem::rename(below("..new"), below("..data"));
  EXPECT_EQ(described(settled()), "+" + one);
}

TEST_F(live, a_folder_that_is_emptied_or_unmounted_stops_nobody) {
  for (const auto& number : {one, two, three}) write(number + ".yaml", yaml(number, "u" + number));
  open();
  const auto elsewhere = folder_.string() + "-elsewhere";
  std::filesystem::rename(folder_, elsewhere);
  auto got = look();
  EXPECT_THAT(problem_in(got), HasSubstr("the folder of tenants cannot be read"));
  std::filesystem::create_directory(folder_);
  got = look();
  EXPECT_TRUE(after(10s).tenants.empty());
  EXPECT_EQ(folder->running(), 3U);
  std::filesystem::remove(folder_);
  std::filesystem::rename(elsewhere, folder_);
  got = look();
  EXPECT_EQ(described(got), "");
  EXPECT_THAT(got.mended, ElementsAre(folder_.string()));
  EXPECT_EQ(described(after(10s)), "");
}

TEST_F(live, a_watched_folder_tells_of_every_way_to_change_a_file) {
  write("a.yaml", yaml(one, "a"));
  const auto watch = watch_folder(folder_.string());
  EXPECT_EQ(watch->problem(), "");
  EXPECT_TRUE(watch->wait(0ms).empty());
  write("a.yaml", "x");
  EXPECT_EQ(watch->wait(5s).names.at("a.yaml"), false) << "closed again";
  std::ofstream open(below("b.yaml"));
  open << "half" << std::flush;
  EXPECT_EQ(watch->wait(5s).names.at("b.yaml"), true);
  open.close();
  EXPECT_EQ(watch->wait(5s).names.at("b.yaml"), false);
  write("c.yaml.tmp", "x");
  std::filesystem::rename(below("c.yaml.tmp"), below("c.yaml"));
  EXPECT_TRUE(watch->wait(5s).names.contains("c.yaml"));
  std::filesystem::remove(below("c.yaml"));
  EXPECT_TRUE(watch->wait(5s).names.contains("c.yaml"));
  write("README.md", "x");
  EXPECT_TRUE(watch->wait(5s).empty());
  std::filesystem::create_directory_symlink("x", below("..data"));
  EXPECT_TRUE(watch->wait(5s).everything);
  watch->wake();
  EXPECT_TRUE(watch->wait(60s).empty());
}

TEST_F(live, a_watched_folder_that_is_replaced_is_watched_again) {
  const auto watch = watch_folder(folder_.string());
  const auto elsewhere = folder_.string() + "-elsewhere";
  std::filesystem::rename(folder_, elsewhere);
  EXPECT_TRUE(watch->wait(5s).everything);
  EXPECT_NE(watch->problem(), "");
  std::filesystem::create_directory(folder_);
  EXPECT_TRUE(watch->wait(5s).everything);
  EXPECT_EQ(watch->problem(), "");
  write("a.yaml", "x");
  EXPECT_TRUE(watch->wait(5s).names.contains("a.yaml"));
  std::filesystem::remove_all(elsewhere);
}
