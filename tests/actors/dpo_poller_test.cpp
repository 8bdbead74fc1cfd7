#include "actors/dpo_poller.hpp"

#include "fake_dpo.hpp"

namespace kp::actors {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using test::fake_dpo;
using test::letter;
using test::outage;
using test::refusal;
using status = fake_dpo::file::status;

const std::string own = "0192:910077473";
const std::string represented = "0192:974760673";
const auto day_before = test::simulated_system::start() - hours(24);

class dpo_poller_test : public test::dpo_adapter_test {
 protected:
  fake_dpo::file& waits(std::string id, letter content = {},
                        std::optional<time_point> created = day_before) {
    broker->files.push_back({std::move(id), std::move(content), {}, created});
    return broker->files.back();
  }
  std::optional<storage::transfer> record(const std::string& id) {
    return *house.context->transfers(service::dpo).find(id);
  }
  // The organisation, and another one that it sends and receives for.
  void represent(const std::string& other) {
    auto settings = std::make_shared<tenants::organisation>(*house.context->settings);
    settings->dpo.reportees = {{other, "representert", {}}};
    house.use(settings);
  }
  std::string incoming() { return house.statuses(direction::incoming, letter{}.id()); }
  std::size_t recoveries() const {
    return static_cast<std::size_t>(
        std::ranges::count(broker->searches, altinn::recipient_status::download_started,
                           &std::pair<altinn::recipient_status, time_point>::first));
  }
};

TEST_F(dpo_poller_test, an_arrival_is_fetched_stored_answered_and_confirmed) {
  waits("a");
  begin();
  EXPECT_EQ(incoming(), "OPPRETTET INNKOMMENDE_MOTTATT");
  EXPECT_EQ(broker->confirms, std::vector<std::string>{"a"});
  EXPECT_FALSE(record("a"));
  EXPECT_TRUE(house.context->inbox.find(letter{}.id())->has_value());
  ASSERT_EQ(house.outbox_of(letter{}.id()).size(), 1u);
}

TEST_F(dpo_poller_test, arrivals_are_asked_for_every_15_seconds_and_unconfirmed_ones_seldom) {
  begin();
  pass(minutes(10));
  const auto ordinary = broker->searches.size() - recoveries();
  EXPECT_GE(ordinary, 36u);
  EXPECT_LE(ordinary, 45u);
  EXPECT_GE(recoveries(), 4u);
  EXPECT_LE(recoveries(), 5u);
}

TEST_F(dpo_poller_test, a_quiet_organisation_is_asked_after_seldom_until_something_goes_or_comes) {
  auto settings = std::make_shared<tenants::organisation>(*house.context->settings);
  settings->dpo.quiet_poll_interval = minutes(5);
  house.use(settings);
  begin();
  pass(minutes(60), seconds(1));
  const auto quiet = broker->searches.size() - recoveries();
  EXPECT_LE(quiet, 50u);  // instead of 240
  pass(minutes(60), seconds(1));
  EXPECT_LE(broker->searches.size() - recoveries() - quiet, 14u);
  EXPECT_LE(recoveries(), 16u);

  waits("a");
  for (int at_most = 0; at_most < 33 && broker->confirms.empty(); ++at_most) pass(seconds(10));
  EXPECT_EQ(broker->confirms, std::vector<std::string>{"a"});
  const auto before = broker->searches.size();
  pass(minutes(2), seconds(1));
  EXPECT_GE(broker->searches.size() - before, 7u);
}

TEST_F(dpo_poller_test, the_first_question_waits_for_its_place_among_the_organisations) {
  adapter = house.system.spawn(
      dpo_adapter, service_adapter_args{house.context, broker, {}, house.writer, {}, seconds(7)});
  pass(seconds(6));
  EXPECT_TRUE(broker->searches.empty());
  pass(seconds(2));
  EXPECT_FALSE(broker->searches.empty());
}

TEST_F(dpo_poller_test, nothing_is_asked_for_an_organisation_without_DPO) {
  auto settings = std::make_shared<tenants::organisation>(*house.context->settings);
  settings->dpo.enabled = false;
  house.use(settings);
  begin();
  pass(minutes(5));
  EXPECT_TRUE(broker->searches.empty());
}

TEST_F(dpo_poller_test, one_round_at_a_time) {
  broker->hold_searches = true;
  begin();
  pass(minutes(30), seconds(5));
  EXPECT_EQ(broker->searches.size(), 1u);
}

TEST_F(dpo_poller_test, statuses_are_taken_in_the_order_in_which_they_were_sent) {
  house.started(test::arkiv, letter{}.id());
  // Broker lists the newest first.
  waits("unknown age", letter::status("ANNET"), std::nullopt);
  waits("mottatt", letter::status("MOTTATT"), day_before + seconds(1));
  waits("levert", letter::status("LEVERT"), day_before + seconds(2));
  begin();
  EXPECT_EQ(house.statuses(direction::outgoing, letter{}.id()), "OPPRETTET MOTTATT LEVERT");
  EXPECT_EQ(broker->fetches, (std::vector<std::string>{"mottatt", "levert", "unknown age"}));
}

TEST_F(dpo_poller_test, one_poisoned_overview_does_not_block_the_others_and_is_asked_seldom) {
  waits("poison", letter{}, day_before - seconds(1)).overview_failure = outage();
  waits("a");
  begin();
  EXPECT_EQ(incoming(), "OPPRETTET INNKOMMENDE_MOTTATT");
  pass(minutes(30), seconds(1));
  EXPECT_LE(broker->count(broker->overviews, "poison"), 6u);
  broker->operator[]("poison").overview_failure.reset();
  broker->operator[]("poison").content.message = "dd88849c-e281-4809-8555-7cd54952b000";
  pass(minutes(70), seconds(5));
  EXPECT_EQ(broker->operator[]("poison").now, status::confirmed);
}

TEST_F(dpo_poller_test, C16_another_installations_transfer_is_neither_fetched_nor_asked_about) {
  waits("foreign").reference = "bar-1";
  begin();
  pass(minutes(50), seconds(1));
  EXPECT_TRUE(broker->fetches.empty());
  EXPECT_TRUE(broker->confirms.empty());
  EXPECT_EQ(broker->overviews.size(), 1u);
  EXPECT_FALSE(record("foreign"));
  // When the channel moves to this hub, its transfers are taken up.
  pass(minutes(15), seconds(1));
  EXPECT_EQ(broker->overviews.size(), 2u);
}

TEST_F(dpo_poller_test, C18_a_reference_of_a_channel_brings_the_message_to_that_channel) {
  waits("a").reference = "foo-42";
  begin();
  EXPECT_EQ((**house.context->inbox.find(letter{}.id())).channel, test::fag);
}

TEST_F(dpo_poller_test, what_can_never_be_a_message_is_confirmed_and_leaves_nothing) {
  waits("bad").verdict = fetch_verdict::discard;
  begin();
  EXPECT_EQ(broker->operator[]("bad").now, status::confirmed);
  EXPECT_EQ(incoming(), "no conversation");
  EXPECT_FALSE(record("bad"));
}

TEST_F(dpo_poller_test, a_broken_package_is_tried_five_times_and_then_left_with_its_reason) {
  waits("broken").verdict = fetch_verdict::unusable;
  begin();
  pass(hours(12), seconds(10));
  EXPECT_EQ(broker->fetches.size(), 5u);
  EXPECT_TRUE(broker->confirms.empty());
  ASSERT_TRUE(record("broken"));
  EXPECT_EQ(record("broken")->state, storage::transfer_state::left_alone);
  EXPECT_EQ(record("broken")->last_error, "not a zip");
  restart();
  pass(hours(2), seconds(10));
  EXPECT_EQ(broker->fetches.size(), 5u);
}

TEST_F(dpo_poller_test, a_download_that_fails_is_tried_again_although_broker_lists_it_no_more) {
  waits("a").verdict = fetch_verdict::failed;
  begin();
  EXPECT_EQ(broker->operator[]("a").now, status::started);
  pass(hours(10), seconds(10));
  EXPECT_GE(broker->fetches.size(), 8u);
  broker->operator[]("a").verdict = fetch_verdict::arrived;
  pass(minutes(70), seconds(10));
  EXPECT_EQ(broker->operator[]("a").now, status::confirmed);
  EXPECT_EQ(incoming(), "OPPRETTET INNKOMMENDE_MOTTATT");
}

TEST_F(dpo_poller_test, a_crash_between_storing_and_confirming_repeats_only_the_confirmation) {
  waits("a").confirm_failure = outage();
  begin();
  EXPECT_EQ(record("a")->state, storage::transfer_state::stored);
  broker->operator[]("a").confirm_failure.reset();
  restart();
  EXPECT_EQ(broker->operator[]("a").now, status::confirmed);
  EXPECT_EQ(broker->fetches.size(), 1u);
  EXPECT_EQ(incoming(), "OPPRETTET INNKOMMENDE_MOTTATT");
  EXPECT_FALSE(record("a"));
}

TEST_F(dpo_poller_test, a_crash_between_download_and_storing_repeats_the_download_at_once) {
  auto& a = waits("a");
  a.now = status::started;
  storage::batch changes;
  storage::transfer begun;
  begun.id = "a";
  begun.first_seen = house.system.time().now();
  house.context->transfers(service::dpo).put(changes, begun);
  house.commit(changes);
  begin();
  EXPECT_EQ(a.now, status::confirmed);
  EXPECT_EQ(incoming(), "OPPRETTET INNKOMMENDE_MOTTATT");
}

TEST_F(dpo_poller_test, a_confirmation_that_broker_refuses_leads_to_another_download) {
  waits("a").confirm_failure = refusal();
  begin();
  EXPECT_EQ(broker->fetches.size(), 1u);
  broker->operator[]("a").confirm_failure.reset();
  pass(minutes(2));
  EXPECT_EQ(broker->fetches.size(), 2u);
  EXPECT_EQ(broker->operator[]("a").now, status::confirmed);
  EXPECT_EQ(incoming(), "OPPRETTET INNKOMMENDE_MOTTATT");
}

TEST_F(dpo_poller_test, an_old_unconfirmed_download_is_taken_up_after_half_an_hour) {
  waits("left behind").now = status::started;
  waits("foreign").now = status::started;
  broker->operator[]("foreign").reference = "bar-1";
  begin();
  pass(minutes(28), seconds(1));
  EXPECT_TRUE(broker->fetches.empty());
  pass(minutes(8), seconds(1));
  EXPECT_EQ(broker->operator[]("left behind").now, status::confirmed);
  EXPECT_EQ(broker->fetches.size(), 1u);
}

TEST_F(dpo_poller_test, a_message_that_comes_twice_is_confirmed_twice_and_stored_once) {
  waits("a");
  waits("again", letter{}, day_before + seconds(5));
  begin();
  EXPECT_EQ(broker->confirms.size(), 2u);
  EXPECT_EQ(house.outbox_of(letter{}.id()).size(), 1u);
  EXPECT_EQ(house.context->inbox.list(test::arkiv, {}, {})->total, 1u);
}

TEST_F(dpo_poller_test, more_than_a_page_is_drained_without_waiting) {
  for (int i = 0; i < 250; ++i) {
    letter l;
    l.message = house.random->uuid();
    waits("t" + std::to_string(i), l, day_before + seconds(i));
  }
  begin();
  pass(seconds(10));
  EXPECT_EQ(broker->confirms.size(), 250u);
}

TEST_F(dpo_poller_test, what_cannot_be_stored_is_not_confirmed) {
  waits("a");
  router = house.system.spawn_function([](caf::event_based_actor*) -> caf::behavior {
    return {[](const route_reference&) { return routed{test::arkiv}; },
            [](const arrival&) {
              return arrival_outcome{{}, transient(storage::storage_errc::io, "disk gone")};
            }};
  });
  adapter = house.system.spawn(dpo_adapter,
                               service_adapter_args{house.context, broker, router, house.writer});
  pass(hours(3), seconds(10));
  EXPECT_TRUE(broker->confirms.empty());
  EXPECT_GT(broker->fetches.size(), 5u);
  EXPECT_EQ(record("a")->last_error, "disk gone");
}

TEST_F(dpo_poller_test, a_limit_that_broker_reports_is_respected) {
  auto limit = transient(http::http_errc::rate_limited, "HTTP 429");
  limit.retry_after = seconds(240);
  broker->search_failure = limit;
  begin();
  broker->search_failure.reset();
  pass(seconds(239));
  EXPECT_EQ(broker->searches.size(), 1u);
  pass(seconds(2));
  EXPECT_GE(broker->searches.size(), 2u);
}

TEST_F(dpo_poller_test, a_service_that_is_down_is_asked_ever_more_seldom_until_it_is_back) {
  broker->search_failure = outage();
  begin();
  pass(hours(1), seconds(1));
  const auto during = broker->searches.size();
  EXPECT_LE(during, 20u);
  EXPECT_GE(during, 10u);
  broker->search_failure.reset();
  waits("a");
  pass(minutes(6), seconds(1));
  EXPECT_EQ(incoming(), "OPPRETTET INNKOMMENDE_MOTTATT");
}

TEST_F(dpo_poller_test, C24_what_arrives_for_a_represented_organisation_goes_to_the_channels) {
  represent(represented);
  letter l;
  l.receiver = represented;
  waits("other", l).reference = "foo-42";
  waits("foreign", l).reference = "somebody-else";
  begin();
  EXPECT_EQ(std::ranges::count(broker->askers, own),
            std::ranges::count(broker->askers, represented));
  EXPECT_EQ(incoming(), "OPPRETTET INNKOMMENDE_MOTTATT");
  EXPECT_EQ((*house.context->inbox.find(l.id()))->channel, test::fag);
  EXPECT_EQ(broker->confirms, std::vector<std::string>{"other"});
  EXPECT_EQ(broker->trespasses, 0u);
  // Its answer is sent as the represented one.
  caf::anon_send(adapter, outbox_changed{service::dpo});
  house.system.run();
  ASSERT_EQ(broker->sent.size(), 1u);
  EXPECT_EQ(broker->sent[0].parcel.sender, represented);
  EXPECT_EQ(broker->sent[0].parcel.as.name, "representert");
}

TEST_F(dpo_poller_test, an_unfinished_arrival_is_taken_up_by_the_system_user_that_sees_it) {
  represent(represented);
  letter l;
  l.receiver = represented;
  waits("a", l).verdict = fetch_verdict::failed;
  waits("b", l).confirm_failure = outage();
  begin();
  EXPECT_EQ(record("a")->recipient, represented);
  EXPECT_EQ(record("b")->recipient, represented);
  restart();
  pass(minutes(3));
  (*broker)["b"].confirm_failure.reset();
  pass(minutes(10));
  EXPECT_FALSE(record("b"));
  EXPECT_EQ((*broker)["b"].now, status::confirmed);
  EXPECT_EQ(broker->trespasses, 0u);
}

TEST_F(dpo_poller_test, a_system_user_that_cannot_ask_does_not_slow_the_others_down) {
  represent(represented);
  broker->search_failure = refusal();
  broker->search_fails_for = represented;
  begin();
  pass(minutes(10));
  EXPECT_GE(std::ranges::count(broker->askers, own), 36);
}

TEST_F(dpo_poller_test, after_a_rest_the_round_goes_on_with_who_was_not_asked) {
  represent(represented);
  auto limit = transient(http::http_errc::rate_limited, "HTTP 429");
  limit.retry_after = seconds(60);
  broker->search_failure = limit;
  broker->search_fails_for = own;
  begin();
  EXPECT_EQ(broker->askers, std::vector<std::string>{own});
  pass(seconds(61));
  ASSERT_GE(broker->askers.size(), 2u);
  EXPECT_EQ(broker->askers[1], represented);
}

TEST(transfer_memory_test, notes_have_a_bound) {
  transfer_memory memory;
  const auto now = test::simulated_system::start();
  for (std::size_t i = 0; i < transfer_memory::max_notes + 500; ++i)
    memory.is_foreign("t" + std::to_string(i), now);
  memory.tidy(now);
  std::size_t remembered = 0;
  for (std::size_t i = 0; i < transfer_memory::max_notes + 500; ++i)
    if (!memory.may_look("t" + std::to_string(i), now)) ++remembered;
  EXPECT_EQ(remembered, transfer_memory::max_notes);
}

}  // namespace
}  // namespace kp::actors
