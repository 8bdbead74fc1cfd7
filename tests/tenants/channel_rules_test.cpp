#include "tenants/channel_rules.hpp"

#include "tenants/claims.hpp"
#include "tests/tenants/rule_examples.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

using namespace kp;
using namespace kp::tenants;
using namespace kp::test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

namespace {

std::vector<std::string> broken(std::vector<channel_settings> channels) {
  return broken_rules(organisation_with(std::move(channels)));
}
std::vector<std::string> broken(std::vector<channel_settings> channels, std::string_view rule) {
  return broken_rule(organisation_with(std::move(channels)), rule);
}

// The rules among organisations, told one after the other.
class hub_of {
 public:
  std::vector<problem> add(const organisation& next) {
    auto problems = all_.clashes(next);
    if (problems.empty()) all_.add(std::make_shared<organisation>(next));
    return problems;
  }

 private:
  claims all_;
};

std::vector<std::string> texts(const std::vector<problem>& problems) {
  std::vector<std::string> all;
  for (const auto& one : problems) all.push_back(to_string(one));
  return all;
}

}  // namespace

TEST(channel_rules, each_has_an_example_that_breaks_it_and_names_file_line_rule_and_remedy) {
  const auto examples = rule_examples();
  EXPECT_EQ(examples.size(), channel_rules().size());
  for (const auto& rule : channel_rules()) {
    const auto example = examples.find(rule.name);
    ASSERT_NE(example, examples.end()) << rule.name;
    const auto found = broken_rule(example->second, rule.name);
    ASSERT_THAT(found, SizeIs(1)) << rule.name;
    EXPECT_THAT(found[0], testing::StartsWith("a.yaml:9:3: ")) << rule.name;
    EXPECT_THAT(found[0], testing::MatchesRegex(".*\\[[a-z-]+\\]\\. [A-Z].*\\.")) << rule.name;
  }
}

TEST(channel_rules, the_page_for_operators_says_of_each_what_the_table_says) {
  std::ifstream in("docs/channel-rules.md");
  ASSERT_TRUE(in) << "tests run in the project's folder";
  const std::string page(std::istreambuf_iterator<char>(in), {});
  const auto examples = rule_examples();
  std::size_t last = 0;
  for (const auto& rule : channel_rules()) {
    const auto at = page.find("\n## " + std::string(rule.name) + "\n");
    ASSERT_NE(at, std::string::npos) << rule.name;
    EXPECT_GT(at, last) << rule.name << ": in the order of the table";
    last = at;
    const auto end = page.find("\n## ", at + 1);
    const auto section = page.substr(at, end == std::string::npos ? end : end - at);
    EXPECT_THAT(section, HasSubstr("Services: " + std::string(rule.services) + ".")) << rule.name;
    EXPECT_THAT(section, HasSubstr("\n" + std::string(rule.says) + "\n")) << rule.name;
    EXPECT_THAT(section,
                HasSubstr("\n    " +
                          broken_rule(examples.at(std::string(rule.name)), rule.name).at(0) + "\n"))
        << rule.name;
    if (!rule.held.empty())
      EXPECT_THAT(section, HasSubstr("While the hub runs: " + std::string(rule.held) + "\n"))
          << rule.name;
  }
  const auto count = [&](std::string_view what) {
    std::size_t found = 0;
    for (auto at = page.find(what); at != std::string::npos; at = page.find(what, at + 1)) ++found;
    return found;
  };
  EXPECT_EQ(count("\nServices: "), channel_rules().size()) << "a rule that is in no table";
}

TEST(channel_rules, one_channel_that_does_everything_needs_no_reference) {
  EXPECT_THAT(broken({channel("a", dpo, dpo)}), IsEmpty());
  EXPECT_THAT(broken({channel("a", dpo, none)}), IsEmpty());
  EXPECT_THAT(broken({channel("a", none, dpo), channel("b", dpo, none)}), IsEmpty());
  auto off = organisation_with({channel("a", none, none)});
  off.dpo.enabled = false;
  EXPECT_THAT(broken_rules(off), IsEmpty());
}

TEST(channel_rules, senders_beside_the_receiver_with_references_of_their_own_are_fine) {
  EXPECT_THAT(broken({channel("a", dpo, dpo), channel("b", dpo, none, "b"),
                      channel("c", dpo, none, "c"), channel("d", dpo, none, "B")}),
              IsEmpty());
}

TEST(channel_rules, a_service_that_is_not_enabled_breaks_service_off) {
  auto off = organisation_with({channel("a", dpo, dpo)});
  off.dpo.enabled = false;
  EXPECT_THAT(broken_rules(off),
              ElementsAre(HasSubstr("sends DPO, but the organisation has not enabled it "
                                    "[service-off]. Set services.dpo.enabled to true, or remove "
                                    "DPO from `sends`."),
                          HasSubstr("receives DPO, but the organisation has not enabled it")));
}

TEST(channel_rules, an_external_channel_counts_but_needs_no_service_here) {
  auto off = organisation_with({elsewhere(channel("a", dpo, dpo))});
  off.dpo.enabled = false;
  EXPECT_THAT(broken_rules(off), IsEmpty());
  EXPECT_THAT(
      broken({elsewhere(channel("a", dpo, dpo)), channel("b", dpo, dpo, "b")}, "receives-once"),
      SizeIs(1));
  EXPECT_THAT(broken({elsewhere(channel("a", dpo, none, "x")), channel("b", dpo, dpo, "x")},
                     "reference-unique"),
              SizeIs(1));
  EXPECT_THAT(
      broken({elsewhere(channel("a", dpo, dpo)), channel("b", dpo, none)}, "reference-needed"),
      SizeIs(1));
}

// ---- DPO, dpo.md 9 ------------------------------------------------------------------------------

TEST(channel_rules_dpo, c15_one_channel_is_without_reference_the_one_that_receives) {
  EXPECT_THAT(broken({channel("a", dpo, dpo), channel("b", dpo, none, {}, 7)}),
              ElementsAre("a.yaml:7:3: channel \"b\" sends DPO beside other channels, but does not "
                          "receive it and has no message_channel; its statuses and receipts would "
                          "not find it [reference-needed]. Give it a message_channel, e.g. b, or "
                          "remove DPO from `sends`."));
  EXPECT_EQ(broken({channel("a", dpo, none), channel("b", dpo, none)}).size(), 2U);
}

TEST(channel_rules_dpo, c18_c19_references_are_told_apart_letter_by_letter) {
  EXPECT_THAT(broken({channel("a", dpo, none, "x", 3), channel("b", dpo, none, "x", 6)}),
              ElementsAre(HasSubstr("a.yaml:6:3: channel \"b\" has the message_channel \"x\" of "
                                    "channel \"a\" (line 3)")));
  EXPECT_THAT(broken({channel("a", dpo, none, "x"), channel("b", dpo, none, "X")}), IsEmpty());
}

TEST(channel_rules_dpo, c20_two_receivers_would_take_each_others_arrivals) {
  EXPECT_THAT(broken({channel("a", none, dpo, {}, 4), channel("b", none, dpo, {}, 9)}),
              ElementsAre("a.yaml:9:3: channel \"b\" receives DPO, as channel \"a\" (line 4) does "
                          "already; arrivals would go to either [receives-once]. Remove DPO from "
                          "`receives` of one of them."));
}

TEST(channel_rules_dpo, c21_a_reference_that_others_would_not_recognise_is_refused) {
  for (const auto& reference : {std::string(26, 'a'), std::string("a.b"), std::string("a b"),
                                std::string("æ"), std::string("")})
    EXPECT_THAT(broken({channel("a", dpo, dpo, reference)}),
                ElementsAre(HasSubstr("[reference-form]")))
        << reference;
  for (const auto& reference : {std::string(25, 'a'), std::string("foo-42"), std::string("_")})
    EXPECT_THAT(broken({channel("a", dpo, dpo, reference)}), IsEmpty()) << reference;
}

// ---- DPI, dpi.md 14 -----------------------------------------------------------------------------

const services dpi{service::dpi};

TEST(channel_rules_dpi, c1_a_dot_is_sent_as_underscore) {
  EXPECT_EQ(normalised_dpi_channel("arkiv.1"), "arkiv_1");
  EXPECT_THAT(broken({with_dpi(channel("a", dpi, none), "arkiv.1")}), IsEmpty());
}

TEST(channel_rules_dpi, c3_c5_each_of_several_senders_asks_for_its_own_receipts) {
  EXPECT_THAT(broken({channel("a", dpi, none)}), IsEmpty()) << "alone it may ask without";
  EXPECT_THAT(broken({channel("a", dpi, none, {}, 3), channel("b", dpi, none, {}, 6)}),
              ElementsAre(HasSubstr("a.yaml:3:3: channel \"a\" sends DPI beside other channels"),
                          HasSubstr("a.yaml:6:3: channel \"b\" sends DPI beside other channels")));
  EXPECT_THAT(broken({with_dpi(channel("a", dpi, none), "a"),
                      with_dpi(channel("b", dpi, none), "b"), channel("c", dpo, none)}),
              IsEmpty());
}

TEST(channel_rules_dpi, c5_who_sends_through_a_supplier_asks_for_its_own_receipts) {
  auto one = organisation_with({channel("a", dpi, none, {}, 3)});
  one.dpi.supplier = "910075918";
  EXPECT_THAT(broken_rules(one),
              ElementsAre(HasSubstr("sends DPI through a supplier, but has no dpi.channel")));
  one.channels[0].addresses.dpi_channel = "a";
  EXPECT_THAT(broken_rules(one), IsEmpty());
}

TEST(channel_rules_dpi, c4_case_and_dots_do_not_tell_channels_apart) {
  EXPECT_THAT(broken({with_dpi(channel("a", dpi, none, {}, 3), "Abc.1"),
                      with_dpi(channel("b", dpi, none, {}, 6), "abc_1")}),
              ElementsAre(HasSubstr("a.yaml:6:3: channel \"b\" has the dpi.channel \"abc_1\" at "
                                    "910076787 of channel \"a\" (line 3)")));
}

TEST(channel_rules_dpi, c7_a_channel_may_be_spread_over_several) {
  const auto spread = [](const char* kanal, std::uint32_t over) {
    auto made = with_dpi(channel("a", dpi, none, {}, 3), kanal);
    made.addresses.dpi_concurrency = over;
    return made;
  };
  EXPECT_THAT(dpi_channels(spread("post.1", 1).addresses), ElementsAre("post.1"));
  EXPECT_THAT(dpi_channels(spread("post.1", 3).addresses),
              ElementsAre("post.1-0", "post.1-1", "post.1-2"));
  EXPECT_THAT(dpi_channels(channel_addresses{}), IsEmpty());
  EXPECT_THAT(broken({spread("post.1", 3), with_dpi(channel("b", dpi, none, {}, 6), "post.1")}),
              IsEmpty());
  EXPECT_THAT(broken({spread("post.1", 3), with_dpi(channel("b", dpi, none, {}, 6), "POST_1-2")}),
              ElementsAre(HasSubstr("[receipt-channel-unique]")));
  auto nothing = channel("a", dpi, none, {}, 3);
  nothing.addresses.dpi_concurrency = 2;
  EXPECT_THAT(broken({nothing}), ElementsAre(HasSubstr("has a dpi.concurrency, but no dpi.channel "
                                                       "to make several of [receipt-channel-form]")));
}

TEST(channel_rules_dpi, c6_organisations_that_share_a_supplier_share_its_inbox) {
  auto one = organisation_with({with_dpi(channel("a", dpi, none), "post")}, "910076787");
  auto two = organisation_with({with_dpi(channel("b", dpi, none, {}, 6), "POST")}, "910077473");
  hub_of apart;
  EXPECT_THAT(apart.add(one), IsEmpty());
  EXPECT_THAT(apart.add(two), IsEmpty()) << "each asks as itself";
  one.dpi.supplier = two.dpi.supplier = "910075918";
  hub_of together;
  EXPECT_THAT(together.add(one), IsEmpty());
  EXPECT_THAT(texts(together.add(two)),
              ElementsAre("a.yaml:6:3: channel \"b\" has the dpi.channel \"POST\" at 910075918, as "
                          "channel \"a\" of 910076787 (a.yaml:1) does already "
                          "[receipt-channel-unique]. Give each its own."));
}

TEST(channel_rules_dpi, c8_the_form_is_checked_and_a_long_name_is_a_warning) {
  for (const auto* wrong : {"", "a b", "æ", "a/b"})
    EXPECT_THAT(broken({with_dpi(channel("a", dpi, none), wrong)}),
                ElementsAre(HasSubstr("[receipt-channel-form]")))
        << wrong;
  const auto long_one =
      organisation_with({with_dpi(channel("a", dpi, none), "no_difi_move_integrasjonspunkt")});
  EXPECT_THAT(broken_rules(long_one), IsEmpty());
  EXPECT_THAT(texts(channel_warnings(long_one)),
              ElementsAre(HasSubstr("is longer than 28 characters")));
  EXPECT_THAT(channel_warnings(organisation_with(
                  {with_dpi(channel("a", dpi, none), "a234567890123456789012345678")})),
              IsEmpty());
}

TEST(channel_rules_dpi, c11_nobody_receives_by_dpi) {
  EXPECT_THAT(broken({channel("a", none, dpi)}), ElementsAre(HasSubstr("[sends-only]")));
}

// ---- DPF, dpf.md 13 -----------------------------------------------------------------------------

TEST(channel_rules_dpf, n24_many_send_and_one_receives) {
  const services dpf{service::dpf};
  EXPECT_THAT(broken({channel("a", dpf, dpf), channel("b", dpf, none), channel("c", dpf, none)}),
              IsEmpty())
      << "statuses are asked for by id: no reference needed";
  EXPECT_THAT(broken({channel("a", dpf, dpf), channel("b", dpf, dpf)}),
              ElementsAre(HasSubstr("receives DPF, as channel \"a\"")));
}

// ---- DPV, dpv.md 11 -----------------------------------------------------------------------------

const services dpv{service::dpv};

TEST(channel_rules_dpv, n6_n7_any_number_sends_with_or_without_references) {
  EXPECT_THAT(broken({channel("a", dpv, none), channel("b", dpv, none), channel("c", dpv, none)}),
              IsEmpty());
  EXPECT_THAT(broken({channel("a", dpv, none, "x"), channel("b", dpv, none, "y")}), IsEmpty());
}

TEST(channel_rules_dpv, n8_n9_nobody_receives_by_dpv) {
  EXPECT_THAT(broken({channel("a", dpv, dpv)}), ElementsAre(HasSubstr("[sends-only]")));
}

// ---- DPE, dpe.md 16 -----------------------------------------------------------------------------

const services dpe{service::dpe};

TEST(channel_rules_dpe, c2_c3_two_readers_of_the_one_queue_are_refused) {
  EXPECT_THAT(broken({channel("a", dpe, dpe)}), IsEmpty());
  EXPECT_THAT(broken({channel("a", none, dpe), channel("b", none, dpe)}, "one-for-dpe"), SizeIs(1));
}

TEST(channel_rules_dpe, c4_a_second_channel_that_only_sends_is_not_safe_either) {
  EXPECT_THAT(broken({channel("a", dpe, dpe), channel("b", dpe, none)}),
              ElementsAre(HasSubstr("channel \"b\" uses DPE, as channel \"a\"")));
}

TEST(channel_rules_dpe, c1_c5_a_reference_does_not_make_it_safe) {
  EXPECT_THAT(broken({channel("a", dpe, dpe), channel("b", dpe, none, "b")}), SizeIs(1));
}

// ---- DPFIO, dpfio.md 11 -------------------------------------------------------------------------

const services dpfio{service::dpfio};
constexpr const char* other_account = "3c8f2e65-7d41-4b6c-8a1e-1b2c3d4e5f60";

TEST(channel_rules_dpfio, n10_references_of_other_services_do_not_matter) {
  EXPECT_THAT(broken({with_account(channel("a", dpfio, dpfio, "x"), some_account),
                      with_account(channel("b", dpfio, dpfio), other_account)}),
              IsEmpty());
}

TEST(channel_rules_dpfio, n22_n23_messages_are_told_apart_by_account) {
  EXPECT_THAT(broken({with_account(channel("a", dpfio, dpfio), some_account),
                      with_account(channel("b", none, dpfio), some_account)}),
              ElementsAre(HasSubstr("[account-unique]")));
  EXPECT_THAT(broken({channel("a", dpfio, none)}), ElementsAre(HasSubstr("[account-needed]")));
  hub_of all;
  EXPECT_THAT(all.add(organisation_with({with_account(channel("a", dpfio, dpfio), some_account)})),
              IsEmpty());
  EXPECT_THAT(texts(all.add(organisation_with(
                  {with_account(channel("b", dpfio, dpfio), some_account)}, "910077473"))),
              ElementsAre(HasSubstr("as channel \"a\" of 910076787 (a.yaml:1) does already")));
}

TEST(channel_rules_dpfio, n22_a_channel_with_several_accounts_says_which_it_sends_from) {
  auto both = with_account(with_account(channel("a", dpfio, dpfio), some_account), other_account);
  EXPECT_THAT(broken({both}), ElementsAre(HasSubstr("[sender-account]")));
  both.addresses.dpfio_sender = other_account;
  EXPECT_THAT(broken({both}), IsEmpty());
  both.addresses.dpfio_sender = "9c8f2e65-7d41-4b6c-8a1e-1b2c3d4e5f60";
  EXPECT_THAT(broken({both}), ElementsAre(HasSubstr("which is not its own")));
  EXPECT_THAT(
      broken({with_account(with_account(channel("a", none, dpfio), some_account), other_account)}),
      IsEmpty());
}

// ---- DPH, dph.md 14 -----------------------------------------------------------------------------

const services dph{service::dph};

TEST(channel_rules_dph, c1_a_reference_does_not_replace_a_her_id) {
  EXPECT_THAT(broken({channel("a", dph, dph, "x")}), ElementsAre(HasSubstr("[her-id-needed]")));
}

TEST(channel_rules_dph, c3_one_channel_reads_a_her_id_in_the_whole_hub) {
  hub_of all;
  EXPECT_THAT(all.add(organisation_with({with_her_id(channel("a", dph, dph), 1)})), IsEmpty());
  EXPECT_THAT(all.add(organisation_with({with_her_id(channel("a", dph, dph), 1)}, "910077473")),
              SizeIs(1));
  EXPECT_THAT(all.add(organisation_with({with_her_id(channel("a", dph, dph), 2)}, "910077473")),
              IsEmpty())
      << "what was refused claims nothing";
}

TEST(channel_rules_dph, c2_c4_disjoint_her_ids_live_together) {
  EXPECT_THAT(broken({with_her_id(with_her_id(channel("a", dph, dph), 1), 2),
                      with_her_id(channel("b", dph, dph), 3)}),
              IsEmpty());
}

TEST(channel_rules_dph, c5_two_senders_with_one_her_id_would_compete_for_receipts) {
  EXPECT_THAT(
      broken({with_her_id(channel("a", dph, none), 1), with_her_id(channel("b", dph, none), 1)}),
      ElementsAre(HasSubstr("[her-id-unique]")));
}
