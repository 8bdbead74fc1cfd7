#include "actors/receipt_poller.hpp"
#include "actors/dpi_adapter.hpp"
#include "actors/dpi_letter.hpp"
#include "actors/vital_signs.hpp"
#include "dpo_house.hpp"
#include "protocol/http/http_error.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <deque>

namespace kp::test {
namespace {

using namespace std::chrono_literals;
using actors::dpi_port;
using actors::polled_receipt;
using storage::status_name;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const auto letter_id = *message_id::parse("ff88849c-e281-4809-8555-7cd54952b921");
constexpr auto conversation = "97efbd4c-413d-4e2c-bbc5-257ef4a61212";

// A corner 2 that holds receipts.
class fake_corner2 final : public dpi_port {
 public:
  struct held {
    std::string channel;  // "" for what was sent without
    dpi::receipt receipt;
    bool good = true;
    bool read = false;
  };
  std::vector<held> inbox;
  std::vector<std::string> asked;  // channels, "*" for all, with the page if any
  std::vector<std::string> reads;
  std::vector<actors::sending> sent;
  std::vector<dpi::transport_status> fares;
  std::optional<error> list_failure, read_failure;
  std::string failing_channel;  // the one that list_failure is about; empty: all
  bool holds_answers = false;
  std::deque<std::function<void()>> held_answers;
  // Answers the question that was asked first of those that wait.
  void answer_one() {
    const auto first = std::move(held_answers.front());
    held_answers.pop_front();
    first();
  }
  std::size_t first_page = 1;  // where it begins to count

  actors::port_rules rules() const override { return {.follows = true}; }
  void send(actors::sending what, done<result<actors::sent_item>> then) override {
    sent.push_back(what);
    then(actors::sent_item{.external_id = "x", .follow = true});
  }
  void follow(std::vector<storage::tracked> which,
              done<result<std::vector<actors::progress>>> then) override {
    std::vector<actors::progress> all;
    for (const auto& each : which)
      all.push_back(actors::progress_of(each.message, fares, simulated_system::start() + 5min));
    then(std::move(all));
  }
  void receipts(std::optional<std::string> channel, std::optional<std::size_t> page,
                done<result<std::vector<polled_receipt>>> then) override {
    asked.push_back(channel.value_or("*") + (page ? " page " + std::to_string(*page) : ""));
    if (holds_answers) return held_answers.push_back([=, this] { list_page(channel, page, then); });
    list_page(channel, page, then);
  }
  void list_page(const std::optional<std::string>& channel, std::optional<std::size_t> page,
                 const done<result<std::vector<polled_receipt>>>& then) {
    if (list_failure && (failing_channel.empty() || failing_channel == channel))
      return then(*list_failure);
    const auto from =
        (page.value_or(first_page) - std::min(first_page, page.value_or(first_page))) * page_size;
    std::vector<polled_receipt> all;
    std::size_t seen = 0;
    for (const auto& each : inbox) {
      if (each.read || (channel && *channel != each.channel)) continue;
      if (seen++ < from || all.size() == page_size) continue;
      const auto jws = "jws of " + each.receipt.id;
      if (each.good)
        all.push_back({jws, each.receipt});
      else
        all.push_back({jws, permanent(dpi::dpi_errc::bad_receipt, "Verifying JWT failed")});
    }
    then(std::move(all));
  }
  void mark_read(std::string receipt, done<result<void>> then) override {
    reads.push_back(receipt);
    if (read_failure) return then(*read_failure);
    for (auto& each : inbox)
      if (each.receipt.id == receipt) each.read = true;
    then({});
  }

  void hold(dpi::receipt_kind kind, const std::string& id, const std::string& about = conversation,
            const std::string& channel = "post_1") {
    inbox.push_back(
        {channel,
         {kind, id, about, simulated_system::start() + 1h, "984661185", "984661185", "said so"}});
  }
};

class dpi_receipts : public ::testing::Test {
 protected:
  dpi_receipts() {
    configure("post.1");
    start_conversation();
  }
  void configure(std::optional<std::string> channel, std::uint32_t concurrency = 1) {
    auto settings = std::make_shared<tenants::organisation>(*house.context->settings);
    settings->dpi.enabled = true;
    settings->channels[0].sends.insert(service::dpi);
    settings->channels[0].addresses.dpi_channel = std::move(channel);
    settings->channels[0].addresses.dpi_concurrency = concurrency;
    house.use(std::move(settings));
  }
  void start_conversation() {
    storage::conversation c;
    storage::batch changes;
    c.id = *house.ids->next(changes);
    c.message = letter_id;
    c.conversation_ref = *conversation_id::parse(conversation);
    c.channel = arkiv;
    c.way = direction::outgoing;
    c.via = service::dpi;
    const auto started = storage::start_conversation(
        changes, house.context->conversations, house.context->statuses, *house.ids, c,
        {{status_name::opprettet, {}, {}, simulated_system::start()},
         {status_name::sendt, {}, {}, simulated_system::start()}});
    ASSERT_TRUE(started);
    house.commit(changes);
  }
  void begin() {
    adapter =
        house.system.spawn(actors::dpi_adapter,
                           actors::service_adapter_args{house.context, corner2, {}, house.writer});
    house.system.run();
  }
  void pass(std::chrono::microseconds much) { house.system.pass(much, 500ms); }
  std::string names() const { return house.statuses(direction::outgoing, letter_id); }

  dpo_house house;
  std::shared_ptr<fake_corner2> corner2 = std::make_shared<fake_corner2>();
  caf::actor adapter;
};

}  // namespace

TEST_F(dpi_receipts, of_delivery_register_levert_after_mottatt_and_are_marked_read) {
  corner2->hold(dpi::receipt_kind::delivered, "r1");
  begin();
  EXPECT_EQ(names(), "OPPRETTET SENDT MOTTATT LEVERT");
  const auto last = house.last_status(direction::outgoing, letter_id);
  EXPECT_EQ(last.last_update, simulated_system::start() + 1h);
  EXPECT_EQ(last.raw_receipt, "jws of r1");
  EXPECT_THAT(*last.description, HasSubstr("tilgjengeliggjort"));
  EXPECT_THAT(corner2->reads, ElementsAre("r1"));
  EXPECT_EQ(corner2->asked.front(), "post_1");
}

TEST_F(dpi_receipts, are_asked_for_seldom_when_nothing_has_come_or_gone_for_long) {
  auto settings = std::make_shared<tenants::organisation>(*house.context->settings);
  settings->dpi.poll_interval = 10s;
  settings->dpi.quiet_poll_interval = 5min;
  house.use(settings);
  begin();
  house.system.pass(1h, 1s);
  const auto quiet = corner2->asked.size();
  EXPECT_LE(quiet, 60u);  // instead of 360
  EXPECT_GE(quiet, 20u);
  house.system.pass(1h, 1s);
  EXPECT_LE(corner2->asked.size() - quiet, 14u);

  corner2->hold(dpi::receipt_kind::delivered, "r1");
  for (int at_most = 0; at_most < 33 && corner2->reads.empty(); ++at_most)
    house.system.pass(10s, 1s);
  EXPECT_THAT(corner2->reads, ElementsAre("r1"));
  const auto before = corner2->asked.size();
  house.system.pass(1min, 1s);
  EXPECT_GE(corner2->asked.size() - before, 5u) << "one came: the usual pace again";
}

TEST_F(dpi_receipts, that_come_twice_register_once) {
  corner2->hold(dpi::receipt_kind::delivered, "r1");
  corner2->hold(dpi::receipt_kind::delivered, "r2");
  corner2->hold(dpi::receipt_kind::opened, "r3");
  begin();
  EXPECT_EQ(names(), "OPPRETTET SENDT MOTTATT LEVERT LEST");
  EXPECT_THAT(corner2->reads, ElementsAre("r1", "r2", "r3"));
}

TEST_F(dpi_receipts, of_every_kind_have_their_status) {
  const auto status = [](dpi::receipt_kind kind) {
    const auto changes = actors::statuses_of({kind, "r", conversation, {}, {}, {}, "why"}, "jws",
                                             simulated_system::start());
    return std::string(storage::to_string(changes.back().name));
  };
  EXPECT_EQ(status(dpi::receipt_kind::delivered), "LEVERT");
  EXPECT_EQ(status(dpi::receipt_kind::received), "LEVERT");
  EXPECT_EQ(status(dpi::receipt_kind::opened), "LEST");
  EXPECT_EQ(status(dpi::receipt_kind::notification_failed), "FEIL");
  EXPECT_EQ(status(dpi::receipt_kind::returned), "FEIL");
  EXPECT_EQ(status(dpi::receipt_kind::failed), "FEIL");
  EXPECT_EQ(status(dpi::receipt_kind::other), "ANNET");
}

TEST_F(dpi_receipts, that_cannot_be_believed_stay_and_stop_no_other) {
  corner2->hold(dpi::receipt_kind::failed, "bad");
  corner2->inbox.back().good = false;
  corner2->hold(dpi::receipt_kind::delivered, "r1");
  begin();
  pass(1min);
  EXPECT_EQ(names(), "OPPRETTET SENDT MOTTATT LEVERT");
  EXPECT_THAT(corner2->reads, ElementsAre("r1"));
}

TEST_F(dpi_receipts, behind_pages_of_bad_ones_are_found_wherever_counting_begins) {
  for (const std::size_t first : {0u, 1u}) {
    corner2->inbox.clear();
    corner2->reads.clear();
    corner2->first_page = first;
    for (int i = 0; i < 150; ++i) {
      corner2->hold(dpi::receipt_kind::failed, "bad" + std::to_string(i));
      corner2->inbox.back().good = false;
    }
    corner2->hold(dpi::receipt_kind::delivered, "r1");
    begin();
    EXPECT_THAT(corner2->reads, ElementsAre("r1")) << first;
    house.system.stop(adapter);
  }
}

TEST_F(dpi_receipts, about_nothing_here_are_put_aside_on_a_channel_and_left_without) {
  corner2->hold(dpi::receipt_kind::delivered, "r1", "00000000-0000-4000-8000-000000000001");
  begin();
  EXPECT_THAT(corner2->reads, ElementsAre("r1"));
  house.system.stop(adapter);
  configure(std::nullopt);
  corner2->reads.clear();
  corner2->hold(dpi::receipt_kind::delivered, "r2", "00000000-0000-4000-8000-000000000001", "");
  corner2->hold(dpi::receipt_kind::delivered, "r3", conversation, "");
  begin();
  EXPECT_THAT(corner2->asked, ::testing::Contains("*"));
  EXPECT_THAT(corner2->reads, ElementsAre("r3"));
}

TEST_F(dpi_receipts, are_not_marked_read_before_they_are_stored) {
  house.system.stop(house.writer);
  corner2->hold(dpi::receipt_kind::delivered, "r1");
  begin();
  pass(10s);
  EXPECT_THAT(corner2->reads, IsEmpty());
  EXPECT_EQ(names(), "OPPRETTET SENDT");
}

TEST_F(dpi_receipts, that_could_not_be_marked_read_are_marked_later_and_registered_once) {
  corner2->hold(dpi::receipt_kind::delivered, "r1");
  corner2->read_failure = transient(http::http_errc::unavailable, "HTTP 503");
  begin();
  EXPECT_EQ(names(), "OPPRETTET SENDT MOTTATT LEVERT");
  corner2->read_failure.reset();
  pass(2min);
  EXPECT_TRUE(corner2->inbox[0].read);
  EXPECT_EQ(names(), "OPPRETTET SENDT MOTTATT LEVERT");
}

TEST_F(dpi_receipts, are_asked_for_ever_more_seldom_while_corner_2_does_not_answer) {
  auto settings = std::make_shared<tenants::organisation>(*house.context->settings);
  settings->dpi.quiet_poll_interval = settings->dpi.poll_interval;
  house.use(settings);
  corner2->list_failure = transient(http::http_errc::unavailable, "HTTP 503");
  begin();
  pass(10min);
  EXPECT_LT(corner2->asked.size(), 12u);
  corner2->list_failure.reset();
  pass(10min);
  corner2->asked.clear();
  pass(1min);
  EXPECT_GE(corner2->asked.size(), 4u);
}

TEST_F(dpi_receipts, of_what_was_sent_on_an_earlier_channel_still_come) {
  begin();
  house.system.stop(adapter);
  configure("other");
  corner2->hold(dpi::receipt_kind::delivered, "r1");
  begin();
  EXPECT_THAT(corner2->asked, ::testing::Contains("other"));
  EXPECT_THAT(corner2->reads, ElementsAre("r1"));
}

TEST_F(dpi_receipts, of_some_channels_are_asked_for_at_the_same_time) {
  configure("post.1", 6);
  corner2->holds_answers = true;
  begin();
  EXPECT_THAT(corner2->asked, ElementsAre("post_1-0", "post_1-1", "post_1-2", "post_1-3"));
  corner2->answer_one();
  house.system.run();
  EXPECT_EQ(corner2->asked.size(), 5u);
  EXPECT_EQ(corner2->asked.back(), "post_1-4");
  pass(1min);
  EXPECT_EQ(corner2->asked.size(), 5u) << "none is asked anew before all have answered";
  corner2->holds_answers = false;
  while (!corner2->held_answers.empty()) corner2->answer_one();
  house.system.run();
  EXPECT_EQ(corner2->asked.back(), "post_1-5");
  corner2->asked.clear();
  pass(20s);
  EXPECT_THAT(corner2->asked, ::testing::Contains("post_1-0"));
}

TEST_F(dpi_receipts, of_every_channel_that_letters_are_spread_over_are_taken) {
  configure("post.1", 2);
  corner2->hold(dpi::receipt_kind::delivered, "r1", conversation, "post_1-0");
  corner2->hold(dpi::receipt_kind::opened, "r2", conversation, "post_1-1");
  begin();
  pass(10s);
  EXPECT_THAT(corner2->reads, ::testing::UnorderedElementsAre("r1", "r2"));
  EXPECT_THAT(names(), HasSubstr("LEVERT"));
  EXPECT_THAT(names(), HasSubstr("LEST"));
}

TEST_F(dpi_receipts, of_a_channel_that_cannot_be_asked_hold_up_no_other) {
  configure("post.1", 2);
  corner2->list_failure = permanent(http::http_errc::refused, "HTTP 400");
  corner2->failing_channel = "post_1-0";
  corner2->hold(dpi::receipt_kind::delivered, "r1", conversation, "post_1-1");
  begin();
  EXPECT_THAT(corner2->reads, ElementsAre("r1"));
  const auto health = house.context->hub->signs->organisations();
  EXPECT_FALSE(health.at(house.context->id()).polls.at(service::dpi).good());
  corner2->asked.clear();
  pass(2min);
  EXPECT_GE(std::ranges::count(corner2->asked, "post_1-1"), 5) << "at the usual pace";
  corner2->list_failure.reset();
  pass(2min);
  EXPECT_TRUE(house.context->hub->signs->organisations()
                  .at(house.context->id())
                  .polls.at(service::dpi)
                  .good());
}

TEST_F(dpi_receipts, are_no_longer_asked_for_on_a_channel_that_was_used_long_ago) {
  const storage::receipt_channels kept(*house.store, house.context->id());
  storage::batch changes;
  kept.put(changes, {"lately", simulated_system::start() - 89 * 24h});
  kept.put(changes, {"long_ago", simulated_system::start() - 91 * 24h});
  house.commit(changes);
  begin();
  EXPECT_THAT(corner2->asked, ElementsAre("post_1", "lately"));
}

TEST_F(dpi_receipts, are_not_asked_for_while_only_sending) {
  begin();
  caf::anon_send(adapter, actors::work_as{actors::working_mode::sending_only});
  house.system.run();
  corner2->asked.clear();
  pass(1min);
  EXPECT_THAT(corner2->asked, IsEmpty());
  caf::anon_send(adapter, actors::work_as{actors::working_mode::normal});
  pass(1min);
  EXPECT_THAT(corner2->asked, ::testing::Not(IsEmpty()));
}

TEST(dpi_progress, ends_when_the_shipment_has_left_corner_2) {
  const auto now = simulated_system::start();
  const auto of = [&](std::vector<dpi::transport_status> said) {
    return actors::progress_of(letter_id, said, now);
  };
  EXPECT_FALSE(of({}).ended);
  EXPECT_FALSE(of({{dpi::transport_state::created, {}, {}}}).ended);
  const auto sent =
      of({{dpi::transport_state::created, {}, {}}, {dpi::transport_state::sent, now - 1min, {}}});
  EXPECT_TRUE(sent.ended);
  EXPECT_EQ(sent.statuses.back().name, status_name::mottatt);
  EXPECT_EQ(sent.statuses.back().at, now - 1min);
  EXPECT_EQ(sent.statuses.back().description, "Hjørne 3 har mottatt meldingen");
  const auto failed = of({{dpi::transport_state::failed, {}, "C3 svarer ikke"}});
  EXPECT_TRUE(failed.ended);
  EXPECT_EQ(failed.statuses.back().name, status_name::feil);
  EXPECT_THAT(*failed.statuses.back().description, HasSubstr("C3 svarer ikke"));
}

}  // namespace kp::test
