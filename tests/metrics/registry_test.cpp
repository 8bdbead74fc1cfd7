#include "metrics/actuator.hpp"
#include "metrics/hub_meters.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <thread>
#include <vector>

namespace {

using namespace kp::metrics;
using testing::HasSubstr;
using testing::Not;

kp::organisation_id organisation(std::uint32_t number) {
  return kp::organisation_id::from_number(number);
}

}  // namespace

TEST(registry, the_same_labels_are_the_same_meter) {
  registry all;
  const auto family = all.counters("letters_total", "Letters.");
  family.with({{"way", "out"}}).add(2);
  family.with({{"way", "out"}}).add();
  family.with({{"way", "in"}}).add();
  EXPECT_EQ(family.with({{"way", "out"}}).value(), 3);
  EXPECT_THAT(all.text(),
              HasSubstr("# HELP letters_total Letters.\n# TYPE letters_total counter\n"));
  EXPECT_THAT(all.text(), HasSubstr("letters_total{way=\"out\"} 3\n"));
}

TEST(registry, a_meter_that_was_never_made_counts_nothing) {
  const counter nothing;
  nothing.add();
  EXPECT_FALSE(nothing);
  EXPECT_EQ(nothing.value(), 0);
}

TEST(registry, families_without_meters_are_left_out) {
  registry all;
  all.counters("never_total", "Never.");
  EXPECT_THAT(all.text(), Not(HasSubstr("never_total")));
}

TEST(registry, counts_from_many_threads_without_losing_any) {
  registry all;
  const auto one = all.counters("steps_total", "Steps.").with({});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([one] {
      for (int n = 0; n < 10'000; ++n) one.add();
    });
  for (auto& each : threads) each.join();
  EXPECT_EQ(one.value(), 40'000);
}

TEST(registry, a_label_value_cannot_break_its_line) {
  registry all;
  all.counters("odd_total", "Odd.").with({{"what", "a\"b\nc\\d"}}).add();
  EXPECT_THAT(all.text(), HasSubstr(R"(odd_total{what="a\"b\nc\\d"} 1)"));
}

TEST(organisation_labels, the_first_have_labels_of_their_own_and_all_others_share_one) {
  organisation_labels labels(2);
  EXPECT_EQ(labels.of(organisation(910077473)), "910077473");
  EXPECT_EQ(labels.of(organisation(910075918)), "910075918");
  EXPECT_EQ(labels.of(organisation(910076787)), "other");
  EXPECT_EQ(labels.of(organisation(910077473)), "910077473");
  EXPECT_EQ(organisation_labels(0).of(organisation(910077473)), "other");
}

TEST(hub_meters, ten_thousand_organisations_make_no_more_series_than_the_bound_allows) {
  hub_meters meters(3);
  for (std::uint32_t i = 0; i < 10'000; ++i)
    meters.messages
        .with({{"organisation", meters.organisations.of(organisation(900'000'000 + i))},
               {"service", "DPO"},
               {"event", "sent"}})
        .add();
  const auto text = meters.all.text();
  std::size_t lines = 0;
  for (std::size_t at = 0; (at = text.find("\nknutepunkt_messages_total{", at)) != text.npos; ++at)
    ++lines;
  EXPECT_EQ(lines, 4u);
  EXPECT_THAT(text, HasSubstr("event=\"sent\",organisation=\"other\",service=\"DPO\"} 9997"));
}

TEST(hub_meters, knows_its_own_process) {
  hub_meters meters(0);
  read_process(meters);
  EXPECT_GT(meters.resident_bytes.value(), 1e6);
  EXPECT_GE(meters.threads.value(), 1);
  EXPECT_GE(meters.open_files.value(), 3);
  EXPECT_GE(meters.max_files.value(), meters.open_files.value());
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  EXPECT_LE(meters.start_time.value(), now.count() + 1);
  EXPECT_GT(meters.start_time.value(), now.count() - 3600);
}

TEST(actuator, lists_names_and_adds_up_the_meters_that_have_the_tags) {
  registry all;
  const auto family = all.histograms("http_server_requests_seconds", "Requests.", {0.1, 1});
  family.with({{"uri", "/a"}, {"status", "200"}}).observe(0.25);
  family.with({{"uri", "/a"}, {"status", "404"}}).observe(0.5);
  family.with({{"uri", "/b"}, {"status", "200"}}).observe(2.0);
  all.gauges("threads", "Threads.").with({}).set(7);
  EXPECT_EQ(boost::json::serialize(names(all)),
            R"({"names":["http_server_requests_seconds","threads"]})");

  const auto of_a = describe(all, "http.server.requests", {{"uri", "/a"}});
  ASSERT_TRUE(of_a);
  EXPECT_EQ(boost::json::serialize(*of_a),
            R"({"name":"http_server_requests_seconds","description":"Requests.",)"
            R"("baseUnit":"seconds","measurements":[{"statistic":"COUNT","value":2E0},)"
            R"({"statistic":"TOTAL_TIME","value":7.5E-1}],)"
            R"("availableTags":[{"tag":"status","values":["200","404"]}]})");
  EXPECT_EQ(describe(all, "threads", {})->at("measurements").at(0).at("value"), 7.0);
  EXPECT_FALSE(describe(all, "http.server.requests", {{"uri", "/c"}}));
  EXPECT_FALSE(describe(all, "nothing", {}));
}
