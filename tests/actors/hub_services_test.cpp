#include "actors/hub_services.hpp"

#include "actors/alert_sender.hpp"
#include "actors/measured_store.hpp"
#include "actors/report_intake.hpp"
#include "actors/report_port.hpp"
#include "actors/store_writer.hpp"
#include "actors/upstream.hpp"
#include "metrics/hub_meters.hpp"
#include "storage/alerts.hpp"
#include "storage/statistics.hpp"
#include "storage/status_reports.hpp"
#include "tests/actors/dpo_house.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <boost/json.hpp>

// What the hub does for all organisations: reports, statistics, alerts.

namespace {

using namespace kp;
using namespace kp::test;
using namespace kp::actors;
using namespace std::chrono_literals;
using status_service::outcome;
using status_service::verdict;
using storage::status_name;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr auto hamar = organisation_id::from_number(910077473);
constexpr auto oslo = organisation_id::from_number(991825827);

// The status service, which answers what the test says.
class scripted_port final : public report_port {
 public:
  void report(std::shared_ptr<upstream>, organisation_id whose, storage::status_report told,
              std::function<void(outcome)> done) override {
    asked.emplace_back(whose, told.name);
    outcome answer;
    answer.what = says;
    done(answer);
  }
  verdict says = verdict::taken;
  std::vector<std::pair<organisation_id, status_name>> asked;
};

// Operators' places, which take what they get or do not.
class scripted_places final : public webhook_transport {
 public:
  void post(webhook_push push, std::function<void(webhook_outcome)> done) override {
    webhook_outcome answer;
    answer.status = refuses.contains(push.url) ? 500 : 200;
    posted.push_back(push);
    done(answer);
  }
  std::set<std::string> refuses;
  std::vector<webhook_push> posted;
};

class services_of_the_hub : public testing::Test {
 protected:
  services_of_the_hub() {
    std::unique_ptr<storage::engine> inner = storage::make_memory_engine();
    store = measure(std::move(inner), meters, make_vital_signs(), tally);
  }
  void SetUp() override {
    hub_settings settings;
    settings.alerts.webhooks.resize(2);
    settings.alerts.webhooks[0].url = "http://one.example.no/";
    settings.alerts.webhooks[1].url = "http://two.example.no/";
    settings.alerts.mail.server = "smtp://mail.example.no:25";
    settings.alerts.mail.from = "hub@example.no";
    settings.alerts.mail.to = {"drift@example.no"};
    hub = std::make_shared<hub_context>(hub_context{settings,
                                                    network,
                                                    workers,
                                                    system.time(),
                                                    *random,
                                                    *store,
                                                    blobs,
                                                    *spools,
                                                    nullptr,
                                                    nullptr,
                                                    {}});
    hub->meters = meters;
    port = std::make_shared<scripted_port>();
    hub->reports = std::make_shared<report_intake>(system.time(), 1000, port);
    hub->tally = tally;
    hub->alerts = std::make_shared<alert_means>();
    hub->alerts->transport = places;
    hub->alerts->mail = [this](mail::letter what, std::function<void(result<void>)> then) {
      letters.push_back(what);
      then({});
    };
    writer = system.spawn(store_writer, store.get(), std::make_shared<bells>());
    for (const auto id : {hamar, oslo}) attach(id);
    begin();
  }
  void TearDown() override { workers.join(); }

  void attach(organisation_id id) {
    auto who = std::make_shared<tenants::organisation>(
        tenants::organisation{id, "Somewhere", {}, {}, {}, {}, {}, {}, {}});
    clients[id] = std::make_shared<upstream>(hub, who, upstream::limits{});
    hub->reports->attach(id, clients[id]);
  }
  void begin() { services = system.spawn(hub_services, hub_services_args{hub, writer}); }
  // In order: one that is killed would leave its children behind.
  void stop_services() {
    caf::anon_send_exit(services, caf::exit_reason::user_shutdown);
    system.run();
  }
  void crash() {
    stop_services();
    hub->reports = std::make_shared<report_intake>(system.time(), 1000, port);
    for (const auto& [id, its] : clients) hub->reports->attach(id, its);
    tally->close();  // what only memory knew is gone
    tally->take_closed();
  }

  // A message of the organisation, and what becomes of it.
  storage::conversation start(organisation_id whose, int number) {
    storage::conversation c;
    c.channel = channel_number{1};
    c.message = *message_id::parse(fmt::format("00000000-0000-4000-8000-{:012x}", number));
    c.conversation_ref = *conversation_id::parse("00000000-0000-4000-8000-000000000001");
    c.via = service::dpo;
    c.sender = "0192:" + whose.to_string();
    c.process = "p";
    storage::batch b;
    EXPECT_TRUE(storage::start_conversation(b, talks(whose), rows(whose), ids(whose), c,
                                            {{status_name::opprettet, {}, {}, now()}}));
    commit(b);
    return c;
  }
  void add(organisation_id whose, storage::conversation& c, status_name name,
           std::optional<std::string> why = {}) {
    storage::batch b;
    EXPECT_TRUE(storage::register_status(b, talks(whose), rows(whose), ids(whose), c,
                                         {name, std::move(why), {}, now()}));
    commit(b);
  }
  void commit(const storage::batch& b) {
    EXPECT_TRUE(system.ask<committed>(writer, actors::commit{std::make_shared<storage::batch>(b)}));
  }
  storage::conversations talks(organisation_id whose) { return {*store, whose}; }
  storage::statuses rows(organisation_id whose) {
    return {*store, whose, {}, hub->reports->gate_of(whose)};
  }
  storage::row_ids& ids(organisation_id whose) {
    auto& made = ids_[whose];
    if (!made) made = std::make_unique<storage::row_ids>(*store, whose);
    return *made;
  }
  time_point now() { return system.time().now(); }

  std::map<status_name, std::uint64_t> counted(organisation_id whose) {
    std::map<status_name, std::uint64_t> all;
    for (const auto& row : *storage::statistics(*store).read(whose, 0, UINT32_MAX, 1000))
      all[row.key.name] += row.count;
    return all;
  }
  static std::vector<std::string> kinds_in(const webhook_push& push) {
    std::vector<std::string> all;
    const auto body = boost::json::parse(push.body);
    for (const auto& each : body.at("alerts").as_array())
      all.emplace_back(each.at("kind").as_string());
    return all;
  }

  std::shared_ptr<metrics::hub_meters> meters = metrics::make_hub_meters(0);
  std::shared_ptr<status_tally> tally = std::make_shared<status_tally>();
  std::unique_ptr<storage::engine> store;
  remembered_blobs blobs;
  std::shared_ptr<random_source> random = make_seeded_random(7);
  std::shared_ptr<spool_factory> spools = make_memory_spools(1 << 20);
  boost::asio::io_context network;
  boost::asio::thread_pool workers{1};
  simulated_system system;
  std::shared_ptr<hub_context> hub;
  std::shared_ptr<scripted_port> port;
  std::shared_ptr<scripted_places> places = std::make_shared<scripted_places>();
  std::vector<mail::letter> letters;
  std::map<organisation_id, std::shared_ptr<upstream>> clients;
  std::map<organisation_id, std::unique_ptr<storage::row_ids>> ids_;
  caf::actor writer, services;
};

}  // namespace

// ---- reports

TEST_F(services_of_the_hub, tell_the_status_service_of_every_status_of_every_organisation) {
  auto one = start(hamar, 1);
  auto two = start(oslo, 2);
  add(hamar, one, status_name::sendt);
  system.pass(3s);
  EXPECT_THAT(port->asked, testing::UnorderedElementsAre(std::pair(hamar, status_name::opprettet),
                                                         std::pair(hamar, status_name::sendt),
                                                         std::pair(oslo, status_name::opprettet)));
  EXPECT_EQ(*storage::status_reports(*store, hamar).count(10), 0u);
  EXPECT_EQ(hub->meters->status_reports.with({{"outcome", "taken"}}).value(), 3);
  EXPECT_EQ(hub->meters->status_reports_waiting.value(), 0);
}

TEST_F(services_of_the_hub, tell_it_later_what_it_did_not_take_also_after_a_crash) {
  port->says = verdict::unavailable;
  auto one = start(hamar, 1);
  add(hamar, one, status_name::sendt);
  system.pass(30s);
  EXPECT_EQ(*storage::status_reports(*store, hamar).count(10), 2u);
  EXPECT_GT(hub->meters->status_reports_oldest.value(), 20);
  crash();
  begin();
  port->says = verdict::taken;
  port->asked.clear();
  system.pass(3s);
  EXPECT_THAT(port->asked, ElementsAre(std::pair(hamar, status_name::opprettet),
                                       std::pair(hamar, status_name::sendt)));
  EXPECT_EQ(*storage::status_reports(*store, hamar).count(10), 0u);
}

TEST_F(services_of_the_hub, let_the_reports_of_an_organisation_that_ended_wait_for_it) {
  auto one = start(hamar, 1);
  clients.erase(hamar);
  system.pass(5s);
  EXPECT_TRUE(port->asked.empty());
  attach(hamar);
  system.pass(3s);
  EXPECT_THAT(port->asked, SizeIs(1));
}

// ---- statistics

TEST_F(services_of_the_hub, add_up_what_happened_once_a_minute) {
  system.pass(2s);
  auto one = start(hamar, 1);
  start(hamar, 2);
  start(oslo, 3);
  add(hamar, one, status_name::sendt);
  system.pass(61s);
  EXPECT_EQ(counted(hamar), (std::map<status_name, std::uint64_t>{{status_name::opprettet, 2},
                                                                  {status_name::sendt, 1}}));
  EXPECT_EQ(counted(oslo), (std::map<status_name, std::uint64_t>{{status_name::opprettet, 1}}));
  add(hamar, one, status_name::levert);
  system.pass(61s);
  EXPECT_EQ(counted(hamar)[status_name::levert], 1u);
  EXPECT_EQ(counted(hamar)[status_name::opprettet], 2u);
}

TEST_F(services_of_the_hub, write_nothing_while_nothing_happens) {
  start(hamar, 1);
  system.pass(3min);
  const auto before = hub->meters->store_commits.with({{"outcome", "committed"}}).value();
  const auto reached = *storage::statistics(*store).counted_until();
  system.pass(3min);
  EXPECT_EQ(*storage::statistics(*store).counted_until(), reached);
  EXPECT_EQ(hub->meters->store_commits.with({{"outcome", "committed"}}).value(), before);
}

TEST_F(services_of_the_hub, count_exactly_once_across_crashes_at_any_moment) {
  int number = 0;
  for (int round = 0; round < 12; ++round) {
    for (int i = 0; i < 5; ++i) start(hamar, ++number);
    system.pass(std::chrono::seconds(7 * round));
    start(hamar, ++number);
    stop_services();
    // What only memory knew is gone; what happens until the next start is in the feeds alone.
    tally->take_closed();
    tally->close();
    tally->take_closed();
    start(hamar, ++number);
    tally->close();
    tally->take_closed();
    begin();
    start(hamar, ++number);
  }
  system.pass(3min);
  EXPECT_EQ(counted(hamar)[status_name::opprettet], static_cast<std::uint64_t>(number));
}

TEST_F(services_of_the_hub, forget_old_hours) {
  start(hamar, 1);
  system.pass(62s);
  ASSERT_FALSE(counted(hamar).empty());
  system.pass(24h * 90 + 3h, 30min);
  EXPECT_TRUE(counted(hamar).empty());
}

// ---- alerts

TEST_F(services_of_the_hub, tell_every_place_of_what_failed) {
  system.pass(2s);
  auto one = start(hamar, 1);
  auto two = start(oslo, 2);
  add(hamar, one, status_name::feil, "BRO-00028");
  add(oslo, two, status_name::levetid_utlopt);
  system.pass(80s);
  ASSERT_THAT(places->posted, SizeIs(2));
  EXPECT_EQ(places->posted[0].url, "http://one.example.no/");
  EXPECT_EQ(places->posted[1].url, "http://two.example.no/");
  EXPECT_THAT(kinds_in(places->posted[0]), ElementsAre("failed", "expired"));
  EXPECT_THAT(places->posted[0].body,
              testing::AllOf(HasSubstr(one.message.to_string()), HasSubstr("BRO-00028"),
                             HasSubstr("910077473")));
  ASSERT_THAT(letters, SizeIs(1));
  EXPECT_EQ(letters[0].subject, "Knutepunkt: 2 alerts");
  EXPECT_EQ(letters[0].to, std::vector<std::string>{"drift@example.no"});
  EXPECT_THAT(letters[0].text, HasSubstr("910077473 DPO: a message got the status FEIL"));
  EXPECT_EQ(hub->meters->alerts.with({{"kind", "failed"}}).value(), 1);
}

TEST_F(services_of_the_hub, write_no_more_letters_than_they_may) {
  system.pass(2s);
  for (int i = 1; i <= 4; ++i) {
    auto one = start(hamar, i);
    add(hamar, one, status_name::feil);
    system.pass(61s);
  }
  EXPECT_THAT(letters, SizeIs(1));
  system.pass(5min);
  EXPECT_THAT(letters, SizeIs(2));
  EXPECT_EQ(letters[1].subject, "Knutepunkt: 3 alerts");
}

TEST_F(services_of_the_hub, tell_a_place_that_fails_again_and_the_others_once) {
  system.pass(2s);
  places->refuses = {"http://one.example.no/"};
  auto one = start(hamar, 1);
  add(hamar, one, status_name::feil);
  system.pass(80s);
  EXPECT_THAT(places->posted, SizeIs(2));
  crash();
  begin();
  system.pass(10min);
  const auto of = [&](const std::string& url) {
    return std::ranges::count(places->posted, url, &webhook_push::url);
  };
  EXPECT_EQ(of("http://two.example.no/"), 1);
  EXPECT_GE(of("http://one.example.no/"), 3);
  places->refuses.clear();
  system.pass(20min);
  const auto then = of("http://one.example.no/");
  system.pass(60min);
  EXPECT_EQ(of("http://one.example.no/"), then);
  EXPECT_TRUE(storage::alerts(*store).after(0, 10)->empty()) << "all have been told";
}

TEST_F(services_of_the_hub, drop_alerts_that_no_one_takes) {
  system.pass(2s);
  places->refuses = {"http://one.example.no/"};
  auto one = start(hamar, 1);
  add(hamar, one, status_name::feil);
  system.pass(50h, 1min);
  EXPECT_TRUE(storage::alerts(*store).after(0, 10)->empty());
  EXPECT_EQ(
      hub->meters->alert_letters.with({{"target", "webhook"}, {"outcome", "given up"}}).value(), 1);
}

TEST_F(services_of_the_hub, tell_when_nothing_is_delivered_for_long_and_when_it_is_again) {
  system.pass(2s);
  auto one = start(hamar, 1);
  add(hamar, one, status_name::sendt);
  system.pass(23h, 1min);
  EXPECT_THAT(letters, SizeIs(0));
  system.pass(3h, 1min);
  ASSERT_THAT(letters, SizeIs(1));
  EXPECT_THAT(letters[0].text, HasSubstr("none is delivered since"));
  crash();
  begin();
  system.pass(3h, 1min);
  EXPECT_THAT(letters, SizeIs(1)) << "told once";
  add(hamar, one, status_name::levert);
  system.pass(10min);
  ASSERT_THAT(letters, SizeIs(2));
  EXPECT_THAT(letters[1].text, HasSubstr("delivered again"));
}

TEST_F(services_of_the_hub, make_no_news_of_what_happened_before_there_were_statistics) {
  stop_services();
  auto one = start(hamar, 1);
  add(hamar, one, status_name::feil);
  tally->close();
  tally->take_closed();
  begin();
  system.pass(5min);
  EXPECT_THAT(letters, SizeIs(0));
  EXPECT_EQ(counted(hamar)[status_name::feil], 1u);
}
