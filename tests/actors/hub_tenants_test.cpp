#include "actors/hub_tenants.hpp"

#include "actors/hub_requests.hpp"
#include "actors/store_writer.hpp"
#include "tests/actors/support_channel.hpp"

#include <future>

// The hub with real organisations, whose files come, change and go. They use no service, so that
// nothing leaves the house.

namespace kp::test {
namespace {

using namespace std::chrono_literals;
using tenants::folder_changes;

class hub_tenants_test : public testing::Test {
 protected:
  using settings_ptr = std::shared_ptr<const tenants::organisation>;

  ~hub_tenants_test() override {
    settle();
    workers.join();
  }
  void start(std::vector<settings_ptr> running = {}) {
    desk = std::make_shared<gateway_desk>(context, system.actors());
    writer = system.spawn(store_writer, &store, context->feed_bells);
    const auto known = std::make_shared<const tenants::directory>(running);
    desk->replace(known);
    hub = system.spawn(actors::hub, hub_args{context, desk, writer, std::move(running), known,
                                             [](const std::string& why) { FAIL() << why; }});
    settle();
  }
  static settings_ptr organisation_of(std::string_view number,
                                      const std::vector<std::string>& channels = {"arkiv"}) {
    tenants::organisation made{
        *organisation_id::parse(number), "Kommune", {}, {}, {}, {}, {}, {}, {}};
    for (const auto& name : channels) {
      tenants::channel_settings channel{*channel_name::parse(name), {}, {}, {}, {}, {}, {}};
      tenants::credential password;
      password.user = std::string(number) + name;
      password.password_hash = "hash";
      channel.credentials = {password};
      made.channels.push_back(std::move(channel));
    }
    return std::make_shared<const tenants::organisation>(std::move(made));
  }
  static folder_changes::tenant gone(std::string_view number) {
    return {*organisation_id::parse(number), nullptr};
  }
  static folder_changes::tenant now_is(const settings_ptr& settings) {
    return {settings->id, settings};
  }
  void change(std::vector<folder_changes::tenant> tenants) {
    system.actors().spawn([to = hub, message = tenants_changed{std::move(tenants)}](
                              caf::event_based_actor* self) { self->send(to, message); });
  }
  // Lets actors, the network thread and workers do all that they can without time passing.
  void settle() {
    for (int i = 0; i < 8; ++i) {
      system.run();
      network.restart();
      network.poll();
      std::promise<void> idle;
      http::asio::post(workers, [&] { idle.set_value(); });
      idle.get_future().wait();
    }
    system.run();
  }
  void pass(std::chrono::milliseconds much) {
    for (; much > 0ms; much -= 100ms) {
      system.pass(100ms);
      settle();
    }
  }
  // Whether a request would find it, as the gateway sees it.
  const tenants::organisation* known(std::string_view number) const {
    return desk->directory()->find(*organisation_id::parse(number)).get();
  }
  bool runs(std::string_view number) {
    const auto found =
        system.ask<organisation_found>(hub, find_organisation{*organisation_id::parse(number)});
    return found && found->actor;
  }
  // "910077473 draining", one line each.
  std::string leaving() const {
    std::string all;
    for (const auto& each : context->tenants->now().leaving)
      all += each.organisation.to_string() + (each.draining ? " draining\n" : " parked\n");
    return all;
  }

  static constexpr std::string_view bergvik = "910077473", fjordnes = "910075918";
  scripted_engine store;
  memory_blobs blobs;
  std::shared_ptr<random_source> random = make_seeded_random(7);
  std::shared_ptr<spool_factory> spools = make_memory_spools(1024);
  http::asio::io_context network;
  http::asio::thread_pool workers{1};
  simulated_system system;
  std::shared_ptr<hub_context> context = std::make_shared<hub_context>(hub_context{
      {}, network, workers, system.time(), *random, store, blobs, *spools, nullptr, nullptr, {}});
  std::shared_ptr<gateway_desk> desk;
  caf::actor writer, hub;
};

TEST_F(hub_tenants_test, runs_whom_it_began_with) {
  start({organisation_of(bergvik), organisation_of(fjordnes)});
  EXPECT_TRUE(runs(bergvik));
  EXPECT_TRUE(runs(fjordnes));
  EXPECT_EQ(context->tenants->now().organisations, 2u);
  bool seated = false;
  desk->when_seated(2, [&] { seated = true; });
  EXPECT_TRUE(seated);
}

TEST_F(hub_tenants_test, opens_the_seats_of_who_is_added_before_anybody_can_sign_in) {
  start();
  bool seated = false;
  desk->when_seated(2, [&] {
    seated = true;
    EXPECT_EQ(known(bergvik), nullptr);
  });
  change({now_is(organisation_of(bergvik, {"arkiv", "fag"}))});
  settle();
  EXPECT_TRUE(seated);
  ASSERT_NE(known(bergvik), nullptr);
  EXPECT_TRUE(runs(bergvik));
  EXPECT_EQ(context->tenants->now().organisations, 1u);
}

TEST_F(hub_tenants_test, gives_the_gateway_what_has_changed_and_lets_the_others_run_on) {
  start({organisation_of(bergvik), organisation_of(fjordnes)});
  const auto before = known(fjordnes);
  change({now_is(organisation_of(bergvik, {"arkiv", "fag"}))});
  settle();
  EXPECT_EQ(known(bergvik)->channels.size(), 2u);
  EXPECT_EQ(known(fjordnes), before);
  change({now_is(organisation_of(bergvik, {"fag"}))});
  settle();
  EXPECT_EQ(known(bergvik)->find(*channel_name::parse("arkiv")), nullptr);
  EXPECT_TRUE(runs(bergvik));
}

TEST_F(hub_tenants_test, carries_changes_out_one_after_the_other) {
  start({organisation_of(bergvik)});
  change({now_is(organisation_of(bergvik, {"a"}))});
  change({gone(bergvik), now_is(organisation_of(fjordnes))});
  change({now_is(organisation_of(bergvik, {"a", "b", "c"}))});
  change({gone(fjordnes)});
  settle();
  pass(1s);
  ASSERT_NE(known(bergvik), nullptr);
  EXPECT_EQ(known(bergvik)->channels.size(), 3u);
  EXPECT_EQ(known(fjordnes), nullptr);
  EXPECT_TRUE(runs(bergvik));
  EXPECT_FALSE(runs(fjordnes));
}

TEST_F(hub_tenants_test, parks_who_is_removed_when_the_gateway_has_let_go) {
  start({organisation_of(bergvik), organisation_of(fjordnes)});
  change({gone(bergvik)});
  settle();
  EXPECT_EQ(known(bergvik), nullptr);
  EXPECT_EQ(leaving(), "910077473 parked\n");
  pass(1s);
  EXPECT_FALSE(runs(bergvik));
  EXPECT_TRUE(runs(fjordnes));
  EXPECT_EQ(context->tenants->now().organisations, 1u);
  change({gone(bergvik)});
  settle();
  EXPECT_EQ(context->tenants->now().organisations, 1u) << "gone is gone";
}

TEST_F(hub_tenants_test, takes_back_who_was_parked) {
  start({organisation_of(bergvik)});
  change({gone(bergvik)});
  settle();
  change({now_is(organisation_of(bergvik))});
  settle();
  pass(2s);
  EXPECT_TRUE(runs(bergvik)) << "it was called back before it had ended";
  EXPECT_NE(known(bergvik), nullptr);
  EXPECT_EQ(leaving(), "");
  change({gone(bergvik)});
  settle();
  pass(2s);
  EXPECT_FALSE(runs(bergvik));
  change({now_is(organisation_of(bergvik))});
  settle();
  EXPECT_TRUE(runs(bergvik)) << "and after it had";
  EXPECT_EQ(leaving(), "");
}

TEST_F(hub_tenants_test, drains_who_is_removed_and_parks_it_when_nothing_is_left_to_do) {
  context->settings.on_removal = removal_policy::drain;
  start({organisation_of(bergvik)});
  change({gone(bergvik)});
  settle();
  pass(1s);
  EXPECT_EQ(known(bergvik), nullptr);
  EXPECT_EQ(leaving(), "910077473 parked\n");
  EXPECT_FALSE(runs(bergvik));
}

TEST_F(hub_tenants_test, is_not_held_up_by_an_organisation_that_cannot_take_its_settings) {
  start({organisation_of(bergvik), organisation_of(fjordnes)});
  store.fail_with = transient(storage::storage_errc::io, "the disk is full");
  change({now_is(organisation_of(bergvik, {"arkiv", "new"}))});
  settle();
  EXPECT_EQ(known(bergvik)->channels.size(), 1u) << "the new channel has no seat yet";
  pass(hub_tenants::apply_deadline + 200ms);
  EXPECT_EQ(known(bergvik)->channels.size(), 2u);
  store.fail_with.reset();
  change({gone(fjordnes)});
  settle();
  EXPECT_EQ(known(fjordnes), nullptr) << "the next change is carried out";
}

TEST_F(hub_tenants_test, starts_an_organisation_again_with_its_newest_settings) {
  start({organisation_of(bergvik)});
  change({now_is(organisation_of(bergvik, {"arkiv", "fag"}))});
  settle();
  const auto found =
      system.ask<organisation_found>(hub, find_organisation{*organisation_id::parse(bergvik)});
  ASSERT_TRUE(found && found->actor);
  const auto actors = system.actors().registry().running();
  caf::anon_send_exit(found->actor, caf::exit_reason::kill);
  settle();
  pass(1s);
  ASSERT_TRUE(runs(bergvik));
  EXPECT_EQ(system.actors().registry().running(), actors) << "the first one's children have ended";
  change({now_is(organisation_of(bergvik, {"fag"}))});
  settle();
  EXPECT_EQ(known(bergvik)->channels.size(), 1u);
}

}  // namespace
}  // namespace kp::test
