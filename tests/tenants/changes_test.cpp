#include "tenants/changes.hpp"

#include <gtest/gtest.h>

#include <functional>

using namespace kp;
using namespace kp::tenants;

namespace {

channel_name named(const std::string& text) {
  return *channel_name::parse(text);
}

channel_settings channel(const std::string& name) {
  return {.name = named(name),
          .sends = {service::dpo},
          .receives = {},
          .message_channel = name,
          .credentials = {{"user-" + name, "hash", {}}},
          .where = {}};
}

organisation usual() {
  organisation made{*organisation_id::parse("910077473"), "Bergvik", {}, {}, {}, {}, {}, {}, {}};
  made.keystore.path = "/keys/o.p12";
  made.dpo.enabled = true;
  made.channels = {channel("arkiv"), channel("sak")};
  return made;
}

organisation_changes after(const std::function<void(organisation&)>& change) {
  auto changed = usual();
  change(changed);
  return diff(usual(), changed);
}

using names = std::vector<channel_name>;

}  // namespace

TEST(changes, of_nothing_are_none_wherever_it_stands_in_the_file) {
  EXPECT_TRUE(after([](organisation& o) {
                o.channels[0].where.line = 99;
                o.file = "elsewhere.yaml";
                o.fingerprint = "of a comment";
              }).empty());
}

TEST(changes, of_a_key_store_that_cannot_be_read_now_are_none) {
  auto before = usual();
  before.fingerprint = "x.as it is used";
  EXPECT_TRUE(diff(before, usual()).empty());
  EXPECT_TRUE(diff(usual(), before).clients) << "it can be read again";
}

TEST(changes, of_names_and_credentials_concern_the_directory_alone) {
  const auto renamed = after([](organisation& o) { o.name = "Bergvik herad"; });
  EXPECT_TRUE(renamed.lookup);
  EXPECT_FALSE(renamed.clients || renamed.dpo);
  const auto password =
      after([](organisation& o) { o.channels[1].credentials[0].password_hash = "other"; });
  EXPECT_TRUE(password.lookup);
  EXPECT_EQ(password.changed, names{});
}

TEST(changes, of_channels_name_each_of_them_and_no_other) {
  const auto got = after([](organisation& o) {
    o.channels[0].lock_timeout = std::chrono::minutes(9);
    o.channels[1] = channel("lonn");
  });
  EXPECT_EQ(got.added, names{named("lonn")});
  EXPECT_EQ(got.removed, names{named("sak")});
  EXPECT_EQ(got.changed, names{named("arkiv")});
  EXPECT_FALSE(got.clients || got.dpo || got.dpo_starts || got.dpo_stops);
}

TEST(changes, of_what_a_channel_may_do_are_changes_of_that_channel) {
  const std::vector<std::function<void(channel_settings&)>> each{
      [](auto& c) { c.sends.clear(); }, [](auto& c) { c.receives = {service::dpo}; },
      [](auto& c) { c.message_channel = "other"; },
      [](auto& c) { c.previous_names = {named("old")}; },
      [](auto& c) { c.previous_message_channels = {"old"}; }};
  for (const auto& change : each) {
    const auto got = after([&](organisation& o) { change(o.channels[1]); });
    EXPECT_EQ(got.changed, names{named("sak")});
    EXPECT_FALSE(got.lookup || got.clients || got.dpo);
  }
}

TEST(changes, of_keys_and_clients_renew_the_clients_of_national_services) {
  const std::vector<std::function<void(organisation&)>> each{
      [](auto& o) { o.keystore.path = "/keys/new.p12"; },
      [](auto& o) { o.keystore.password = secret(secret::origin::variable, "NEW"); },
      [](auto& o) { o.keystore.alias = "new"; },
      [](auto& o) { o.fingerprint = "x.another file under the same name"; },
      [](auto& o) { o.previous_keystores.push_back(o.keystore); },
      [](auto& o) { o.maskinporten_client_id = "new"; },
      [](auto& o) { o.dpo.maskinporten_client_id = "new"; },
      [](auto& o) { o.dpo.system_user_name = "new"; },
      [](auto& o) { o.dpo.reportees.push_back({"0192:974760673", "new", {}}); }};
  for (const auto& change : each) {
    const auto got = after(change);
    EXPECT_TRUE(got.clients);
    EXPECT_FALSE(got.dpo || got.lookup || got.dpo_starts || got.dpo_stops);
    EXPECT_EQ(got.changed, names{});
  }
}

TEST(changes, of_a_service_start_stop_or_tune_its_adapter) {
  const auto tuned = after([](organisation& o) { o.dpo.poll_interval = std::chrono::seconds(99); });
  EXPECT_TRUE(tuned.dpo);
  EXPECT_FALSE(tuned.clients || tuned.dpo_starts || tuned.dpo_stops);
  auto off = usual();
  off.dpo.enabled = false;
  EXPECT_TRUE(diff(usual(), off).dpo_stops);
  EXPECT_TRUE(diff(off, usual()).dpo_starts);
}

TEST(changes, of_dph_renew_its_client_or_only_tell_its_adapter) {
  EXPECT_TRUE(after([](organisation& o) { o.dph.enabled = true; }).clients);
  EXPECT_TRUE(after([](organisation& o) { o.dph.maskinporten_client_id = "other"; }).clients);
  EXPECT_TRUE(after([](organisation& o) { o.dph.sends_own_consumer = true; }).clients);
  for (const auto& tuned :
       {after([](organisation& o) { o.dph.automatic_receipts = true; }),
        after([](organisation& o) { o.dph.poll_interval = std::chrono::seconds(5); }),
        after([](organisation& o) { o.dph.quiet_poll_interval = std::chrono::seconds(5); })}) {
    EXPECT_TRUE(tuned.services);
    EXPECT_FALSE(tuned.clients || tuned.dpo);
  }
}

TEST(changes, of_the_way_and_pace_of_a_service_only_tell_its_adapter) {
  using change = std::function<void(organisation&)>;
  for (const change& one :
       {change([](organisation& o) { o.dpe.transport = dpe_transport::amqp; }),
        change([](organisation& o) { o.dpe.quiet_poll_interval = std::chrono::seconds(7); }),
        change([](organisation& o) { o.dpi.quiet_poll_interval = std::chrono::seconds(7); }),
        change([](organisation& o) { o.dpf.quiet_poll_interval = std::chrono::seconds(7); })}) {
    const auto tuned = after(one);
    EXPECT_TRUE(tuned.services);
    EXPECT_FALSE(tuned.clients || tuned.dpo || tuned.lookup);
  }
}

TEST(changes, of_dpv_renew_its_client_or_only_tell_its_adapter) {
  EXPECT_TRUE(after([](organisation& o) { o.dpv.enabled = true; }).clients);
  EXPECT_TRUE(after([](organisation& o) { o.dpv.maskinporten_client_id = "other"; }).clients);
  const auto tuned = after([](organisation& o) { o.dpv.days_to_reply = 3; });
  EXPECT_TRUE(tuned.services);
  EXPECT_FALSE(tuned.empty() || tuned.clients || tuned.dpo);
  EXPECT_TRUE(after([](organisation& o) { o.dpv.represents = {"974760673"}; }).services);
}
