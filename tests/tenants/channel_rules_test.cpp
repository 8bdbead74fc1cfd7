#include "tenants/channel_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace kp;
using namespace kp::tenants;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

using services = std::set<service>;
const services dpo{service::dpo};
const services none{};

channel_settings channel(const char* name, services sends, services receives,
                         std::optional<std::string> reference = {}, int line = 1) {
  return {channel_name::parse(name).value(),
          std::move(sends),
          std::move(receives),
          std::move(reference),
          {},
          std::chrono::minutes(5),
          {"a.yaml", line, 3}};
}

std::vector<std::string> broken(std::vector<channel_settings> channels, bool enabled = true) {
  organisation owner{organisation_id::parse("910076787").value(), "x", {}, {}, "", {}, {}, "", ""};
  owner.dpo.enabled = enabled;
  owner.channels = std::move(channels);
  std::vector<std::string> all;
  for (const auto& one : check_channel_rules(owner)) all.push_back(to_string(one));
  return all;
}

}  // namespace

TEST(channel_rules, one_channel_that_does_everything_needs_no_reference) {
  EXPECT_THAT(broken({channel("a", dpo, dpo)}), IsEmpty());
  EXPECT_THAT(broken({channel("a", dpo, none)}), IsEmpty());
  EXPECT_THAT(broken({channel("a", none, dpo), channel("b", dpo, none)}), IsEmpty());
  EXPECT_THAT(broken({channel("a", none, none)}, false), IsEmpty());
}

TEST(channel_rules, senders_beside_the_receiver_with_references_of_their_own_are_fine) {
  EXPECT_THAT(broken({channel("a", dpo, dpo), channel("b", dpo, none, "b"),
                      channel("c", dpo, none, "c"), channel("d", dpo, none, "B")}),
              IsEmpty());
}

TEST(channel_rules, two_receivers_of_a_service_break_receives_once) {
  EXPECT_THAT(broken({channel("a", none, dpo, {}, 4), channel("b", none, dpo, {}, 9)}),
              ElementsAre("a.yaml:9:3: channel \"b\" receives DPO, as channel \"a\" (line 4) does "
                          "already; arrivals would go to either [receives-once]. Remove DPO from "
                          "`receives` of one of them."));
}

TEST(channel_rules, a_service_that_is_not_enabled_breaks_service_off) {
  EXPECT_THAT(broken({channel("a", dpo, dpo)}, false),
              ElementsAre(HasSubstr("sends DPO, but the organisation has not enabled it "
                                    "[service-off]"),
                          HasSubstr("receives DPO, but the organisation has not enabled it")));
  EXPECT_THAT(broken({channel("a", {service::dpo, service::dpv}, none)}),
              ElementsAre(HasSubstr("sends DPV, but the organisation has not enabled it "
                                    "[service-off]. Set services.dpv.enabled to true, or remove "
                                    "DPV from `sends`.")));
}

TEST(channel_rules, a_sender_without_a_way_back_breaks_reference_needed) {
  EXPECT_THAT(broken({channel("a", dpo, dpo), channel("b", dpo, none, {}, 7)}),
              ElementsAre("a.yaml:7:3: channel \"b\" sends DPO beside other channels, but does not "
                          "receive it and has no message_channel; its statuses and receipts would "
                          "not find it [reference-needed]. Give it a message_channel, e.g. b, or "
                          "remove DPO from `sends`."));
  EXPECT_EQ(broken({channel("a", dpo, none), channel("b", dpo, none)}).size(), 2U);
}

TEST(channel_rules, a_reference_shared_by_two_breaks_reference_unique) {
  EXPECT_THAT(broken({channel("a", dpo, none, "x", 3), channel("b", dpo, none, "x", 6)}),
              ElementsAre(HasSubstr("a.yaml:6:3: channel \"b\" has the message_channel \"x\" of "
                                    "channel \"a\" (line 3)")));
}

TEST(channel_rules, a_reference_that_others_would_not_recognise_breaks_reference_form) {
  for (const auto& reference : {std::string(26, 'a'), std::string("a.b"), std::string("a b"),
                                std::string("æ"), std::string("")})
    EXPECT_THAT(broken({channel("a", dpo, dpo, reference)}),
                ElementsAre(HasSubstr("[reference-form]")))
        << reference;
  for (const auto& reference : {std::string(25, 'a'), std::string("foo-42"), std::string("_")})
    EXPECT_THAT(broken({channel("a", dpo, dpo, reference)}), IsEmpty()) << reference;
}
