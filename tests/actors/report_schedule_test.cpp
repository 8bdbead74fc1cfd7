#include "actors/report_schedule.hpp"

#include "storage/storage_error.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace kp;
using namespace kp::actors;
using namespace std::chrono_literals;
using status_service::outcome;
using status_service::verdict;
using testing::ElementsAre;

constexpr auto hamar = organisation_id::from_number(910077473);
constexpr auto oslo = organisation_id::from_number(991825827);

outcome is(verdict what, std::optional<std::chrono::seconds> wait = {}) {
  return {what, what == verdict::taken ? "" : "because", wait};
}

class schedule_of_reports : public testing::Test {
 protected:
  void use(report_limits limits) {
    schedule = std::make_unique<report_schedule>(*store, *random, limits);
  }
  void SetUp() override { use({}); }

  std::shared_ptr<storage::report_gate> gate(organisation_id whose) {
    auto& made = gates[whose];
    if (!made) made = std::make_shared<storage::report_gate>(time, most, [] {});
    return made;
  }
  // Waits in the queue already, or is registered now.
  void queue(unsigned number, organisation_id whose = hamar, bool counted = true) {
    storage::status_report report;
    report.queued = report.at = time.now();
    if (counted) gate(whose)->admit();
    report.message = *message_id::parse(fmt::format("00000000-0000-4000-8000-{:012x}", number));
    storage::batch b;
    storage::append_report(b, whose, report);
    ASSERT_TRUE(store->commit({&b, 1})[0]);
  }
  void wake(organisation_id whose = hamar) { ASSERT_TRUE(schedule->wake(whose, gate(whose))); }
  static unsigned number_of(const report_schedule::job& job) {
    return static_cast<unsigned>(
        std::stoul(job.report.what.message.to_string().substr(24), nullptr, 16));
  }
  // Everything that may be sent now, without settling.
  std::vector<report_schedule::job> begin_all() {
    std::vector<report_schedule::job> all;
    while (auto job = schedule->next(time.now())) all.push_back(*std::move(job));
    return all;
  }
  std::vector<unsigned> numbers(const std::vector<report_schedule::job>& jobs) {
    std::vector<unsigned> all;
    for (const auto& each : jobs) all.push_back(number_of(each));
    return all;
  }
  void settle(const report_schedule::job& job, outcome what) {
    schedule->settle(job, what, time.now());
    keep();
  }
  void keep() {
    while (auto changes = schedule->changes()) {
      ASSERT_TRUE(store->commit({&*changes, 1})[0]);
      schedule->committed(true);
    }
  }
  // Sends until nothing more may be sent; what is tried, in order.
  std::vector<unsigned> run(const std::function<outcome(unsigned)>& answers) {
    std::vector<unsigned> tried;
    while (auto job = schedule->next(time.now())) {
      tried.push_back(number_of(*job));
      settle(*job, answers(tried.back()));
    }
    keep();
    return tried;
  }
  std::vector<unsigned> run(verdict always = verdict::taken) {
    return run([always](unsigned) { return is(always); });
  }
  std::uint64_t left(organisation_id whose = hamar) {
    return *storage::status_reports(*store, whose).count(1000);
  }

  manual_clock time{time_point(std::chrono::seconds(1'772'000'000))};
  std::uint64_t most = 1000;
  std::unique_ptr<storage::engine> store = storage::make_memory_engine();
  std::shared_ptr<random_source> random = make_seeded_random(1);
  std::map<organisation_id, std::shared_ptr<storage::report_gate>> gates;
  std::unique_ptr<report_schedule> schedule;
};

}  // namespace

TEST_F(schedule_of_reports, sends_what_waits_in_order_and_takes_it_from_the_store) {
  for (unsigned i = 1; i <= 150; ++i) queue(i);
  wake();
  const auto sent = run();
  ASSERT_EQ(sent.size(), 150u);
  EXPECT_TRUE(std::ranges::is_sorted(sent));
  EXPECT_EQ(left(), 0u);
  EXPECT_EQ(gate(hamar)->waiting(), 0u);
  EXPECT_EQ(schedule->counted().taken, 150u);
  queue(151);
  wake();
  EXPECT_THAT(run(), ElementsAre(151));
}

TEST_F(schedule_of_reports, finds_what_a_hub_before_it_left_behind) {
  queue(1, hamar, false);
  queue(2, hamar, false);
  wake();
  EXPECT_EQ(gate(hamar)->waiting(), 2u);
  EXPECT_THAT(run(), ElementsAre(1, 2));
  EXPECT_EQ(gate(hamar)->waiting(), 0u);
}

TEST_F(schedule_of_reports, sends_a_few_at_a_time_and_lets_organisations_take_turns) {
  for (unsigned i = 1; i <= 10; ++i) queue(i);
  for (unsigned i = 11; i <= 12; ++i) queue(i, oslo);
  wake();
  wake(oslo);
  EXPECT_THAT(numbers(begin_all()), ElementsAre(1, 11, 2, 12, 3, 4));
  report_limits few;
  few.in_flight = 3;
  use(few);
  wake();
  wake(oslo);
  EXPECT_EQ(begin_all().size(), 3u);
}

TEST_F(schedule_of_reports, rests_while_the_service_does_and_probes_with_one) {
  for (unsigned i = 1; i <= 10; ++i) queue(i);
  wake();
  for (const auto& each : begin_all()) settle(each, is(verdict::unavailable));
  EXPECT_TRUE(schedule->in_trouble());
  EXPECT_TRUE(begin_all().empty());
  const auto probe_at = schedule->wakes(time.now());
  ASSERT_TRUE(probe_at);
  EXPECT_GE(*probe_at - time.now(), 4s);
  EXPECT_LE(*probe_at - time.now(), 6s);
  time.advance(6s);
  auto probe = begin_all();
  ASSERT_EQ(probe.size(), 1u) << "one failure of four under way together is one failure";
  settle(probe[0], is(verdict::unavailable));
  time.advance(7s);
  EXPECT_TRUE(begin_all().empty()) << "the second pause is longer";
  time.advance(6s);
  probe = begin_all();
  ASSERT_EQ(probe.size(), 1u);
  settle(probe[0], is(verdict::taken));
  EXPECT_FALSE(schedule->in_trouble());
  time.advance(30s);
  run();
  EXPECT_EQ(left(), 0u);
  EXPECT_EQ(schedule->counted().taken, 10u);
}

TEST_F(schedule_of_reports, waits_no_longer_than_ten_minutes_and_as_long_as_it_is_told) {
  queue(1);
  wake();
  for (int i = 0; i < 20; ++i) {
    const auto tried = run(verdict::unavailable);
    EXPECT_EQ(tried.size(), 1u);
    time.advance(12min);
  }
  run([](unsigned) { return is(verdict::unavailable, 9min); });
  EXPECT_GE(*schedule->wakes(time.now()) - time.now(), 8min);
  use({});
  wake();
  run([](unsigned) { return is(verdict::unavailable, 200s); });
  EXPECT_EQ(*schedule->wakes(time.now()) - time.now(), 200s);
}

TEST_F(schedule_of_reports, keeps_what_is_refused_with_its_reason_and_goes_on) {
  for (unsigned i = 1; i <= 3; ++i) queue(i);
  wake();
  EXPECT_THAT(run([](unsigned n) { return is(n == 2 ? verdict::refused : verdict::taken); }),
              ElementsAre(1, 2, 3));
  EXPECT_EQ(left(), 0u);
  const auto refused = *storage::status_reports(*store, hamar).refused(10);
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].why, "because");
  EXPECT_EQ(refused[0].at, time.now());
  EXPECT_EQ(schedule->counted().refused, 1u);
  EXPECT_EQ(gate(hamar)->waiting(), 0u);
}

TEST_F(schedule_of_reports, lets_an_organisation_whose_token_is_refused_wait_alone) {
  queue(1);
  queue(2, oslo);
  wake();
  wake(oslo);
  EXPECT_THAT(run([](unsigned n) { return is(n == 1 ? verdict::unauthorized : verdict::taken); }),
              ElementsAre(1, 2));
  EXPECT_FALSE(schedule->in_trouble());
  EXPECT_EQ(left(oslo), 0u);
  time.advance(40s);
  EXPECT_TRUE(begin_all().empty());
  time.advance(40s);
  EXPECT_THAT(run(), ElementsAre(1));
}

TEST_F(schedule_of_reports, tries_slowly_what_somebody_has_to_put_right) {
  queue(1);
  wake();
  EXPECT_THAT(run(verdict::misconfigured), ElementsAre(1));
  EXPECT_EQ(*schedule->wakes(time.now()) - time.now(), 15min);
  time.advance(14min);
  EXPECT_TRUE(begin_all().empty());
  time.advance(1min);
  EXPECT_THAT(run(), ElementsAre(1));
  EXPECT_EQ(left(), 0u);
}

TEST_F(schedule_of_reports, parks_the_one_that_the_service_stumbles_over) {
  for (unsigned i = 1; i <= 100; ++i) queue(i);
  wake();
  std::size_t stumbled = 0;
  for (int i = 0; i < 200 && left() > 0; ++i) {
    run([&](unsigned n) {
      stumbled += n == 3 ? 1 : 0;
      return is(n == 3 ? verdict::unavailable : verdict::taken);
    });
    time.advance(1min);
  }
  EXPECT_EQ(left(), 0u);
  EXPECT_EQ(schedule->counted().taken, 99u);
  EXPECT_EQ(stumbled, 8u);
  EXPECT_EQ(storage::status_reports(*store, hamar).refused(10)->size(), 1u);
}

TEST_F(schedule_of_reports, does_not_give_up_on_any_while_none_is_taken) {
  for (unsigned i = 1; i <= 20; ++i) queue(i);
  wake();
  for (int i = 0; i < 100; ++i) {
    run(verdict::unavailable);
    time.advance(11min);
  }
  EXPECT_EQ(left(), 20u);
  EXPECT_EQ(schedule->counted().refused, 0u);
  for (int i = 0; i < 100; ++i) {
    run();
    time.advance(1min);
  }
  EXPECT_EQ(left(), 0u);
}

TEST_F(schedule_of_reports, drops_what_could_not_be_told_in_time) {
  queue(1);
  wake();
  run(verdict::unavailable);
  time.advance(24h * 7 + 1min);
  queue(2);
  wake();
  EXPECT_THAT(run(), ElementsAre(2));
  EXPECT_EQ(schedule->counted().given_up, 1u);
  EXPECT_EQ(left(), 0u);
  EXPECT_EQ(gate(hamar)->waiting(), 0u);
}

TEST_F(schedule_of_reports, sends_once_more_what_was_not_noted_as_sent) {
  queue(1);
  wake();
  auto jobs = begin_all();
  ASSERT_EQ(jobs.size(), 1u);
  schedule->settle(jobs[0], is(verdict::taken), time.now());
  ASSERT_TRUE(schedule->changes());
  EXPECT_FALSE(schedule->changes()) << "one commit at a time";
  schedule->committed(false);
  EXPECT_EQ(left(), 1u);
  EXPECT_TRUE(begin_all().empty()) << "it is known as sent as long as the hub runs";
  keep();
  EXPECT_EQ(left(), 0u);

  queue(2);
  wake();
  EXPECT_EQ(begin_all().size(), 1u);
  use({});  // a crash before it is settled
  wake();
  EXPECT_THAT(run(), ElementsAre(2));
}

TEST_F(schedule_of_reports, stops_sending_when_it_cannot_note_what_it_has_sent) {
  report_limits tight;
  tight.unsettled = 5;
  use(tight);
  for (unsigned i = 1; i <= 20; ++i) queue(i);
  wake();
  std::size_t sent = 0;
  while (auto job = schedule->next(time.now())) {
    schedule->settle(*job, is(verdict::taken), time.now());
    ++sent;
  }
  EXPECT_EQ(sent, 5u);
  keep();
  EXPECT_EQ(run().size(), 15u);
}

TEST_F(schedule_of_reports, looks_again_for_what_is_admitted_and_not_yet_committed) {
  gate(hamar)->admit();
  wake();
  EXPECT_TRUE(begin_all().empty());
  time.advance(1s);
  queue(1, hamar, false);
  EXPECT_THAT(run(), ElementsAre(1));
  EXPECT_EQ(gate(hamar)->waiting(), 0u);
}

TEST_F(schedule_of_reports, forgets_what_was_admitted_and_never_committed) {
  gate(hamar)->admit();
  gate(hamar)->admit();
  wake();
  EXPECT_TRUE(begin_all().empty());
  time.advance(59s);
  EXPECT_TRUE(begin_all().empty());
  EXPECT_EQ(gate(hamar)->waiting(), 2u);
  gate(hamar)->admit();
  time.advance(2s);
  EXPECT_TRUE(begin_all().empty());
  EXPECT_EQ(gate(hamar)->waiting(), 3u) << "something was admitted meanwhile";
  time.advance(61s);
  EXPECT_TRUE(begin_all().empty());
  EXPECT_EQ(gate(hamar)->waiting(), 0u);
}

TEST_F(schedule_of_reports, leaves_the_queue_of_an_organisation_that_stopped_until_it_is_back) {
  queue(1);
  wake();
  auto jobs = begin_all();
  ASSERT_EQ(jobs.size(), 1u);
  schedule->leave(jobs[0]);
  schedule->rest(hamar);
  EXPECT_TRUE(begin_all().empty());
  EXPECT_EQ(left(), 1u);
  wake();
  EXPECT_THAT(run(), ElementsAre(1));
}

TEST_F(schedule_of_reports, counts_what_a_full_queue_turned_away) {
  most = 2;
  queue(1);
  queue(2);
  EXPECT_FALSE(gate(hamar)->admit());
  wake();
  EXPECT_THAT(run(), ElementsAre(1, 2));
  EXPECT_EQ(schedule->counted().turned_away, 1u);
}

TEST_F(schedule_of_reports, tells_how_old_the_oldest_is_and_how_many_wait) {
  queue(1);
  const auto then = time.now();
  wake();
  run(verdict::unavailable);
  time.advance(1h);
  queue(2, oslo);
  wake(oslo);
  EXPECT_EQ(schedule->waiting(), 2u);
  EXPECT_EQ(schedule->oldest(), then);
}
