#include "protocol/dpe/amqp_bus.hpp"

#include "protocol/dpe/sas.hpp"
#include "tests/protocol/amqp/small_broker.hpp"
#include "tests/protocol/dpe/key_desk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kp::dpe {
namespace {

using namespace std::chrono_literals;
using amqp::amqp_errc;
using test::small_broker;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const std::string own = "nextbestqueue910077473innsyn";
const std::string lock = "00112233-4455-6677-8899-aabbccddeeff";

class amqp_bus_test : public testing::Test {
 protected:
  void SetUp() override {
    amqp::client_options options;
    options.host = "127.0.0.1";
    options.port = broker.port();
    options.tls = false;
    options.answer_deadline = 3s;
    options.first_pause = 20ms;
    desk.services.on().call([&] {
      over = std::move(*amqp::client::make(desk.services.on().context(), options));
      return 0;
    });
    bus.emplace(*over, desk.services.workers(), desk.time, *desk.random, *desk.keys,
                amqp_bus_settings{"bus.example.no", "MoveDPE-pilotPolicy"});
  }
  void TearDown() override {
    desk.services.on().call([this] { over.reset(); });
  }

  result<void> send(const std::string& body) {
    return desk.run(
        bus->send("nextbestqueue910075935data", std::make_shared<string_random_access>(body)));
  }
  result<std::optional<locked_message>> receive(std::uint64_t limit = 100'000) {
    got = *make_memory_spools(1 << 20)->make();
    return desk.run(bus->receive(own, 1s, std::make_shared<spool_sink>(got), limit));
  }
  // Puts a message into the own queue and locks it.
  locked_message held() {
    broker.put(own, *amqp::tag_of(lock), test::message_bytes("{}"));
    const auto locked = receive();
    EXPECT_TRUE(locked && *locked);
    return locked && *locked ? **locked : locked_message{};
  }
  std::string token_for(const std::string& node, std::string_view key) {
    return shared_access_signature("amqps://bus.example.no/" + node, "MoveDPE-pilotPolicy", key,
                                   desk.time.now() + 20min);
  }
  std::vector<small_broker::request> puts() {
    auto all = broker.asked();
    std::erase_if(all, [](const auto& each) { return each.node != "$cbs"; });
    return all;
  }
  std::vector<small_broker::request> managed() {
    auto all = broker.asked();
    std::erase_if(all, [](const auto& each) { return each.node == "$cbs"; });
    return all;
  }
  bool reconnects() {
    broker.cut_all();
    for (int i = 0; i < 300; ++i) {
      if (broker.connections() > 1 && send("again")) return true;
      static_cast<void>(send("again").has_value());
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }

  small_broker broker;
  test::key_desk desk{[](const test::seen_request&) { return test::answer(404); }};
  std::unique_ptr<amqp::client> over;
  std::optional<amqp_bus> bus;
  std::shared_ptr<spool> got;
};

TEST_F(amqp_bus_test, a_token_for_the_queue_is_put_before_it_is_used) {
  ASSERT_TRUE(send("{\"sbd\":{}}"));
  EXPECT_THAT(broker.taken("nextbestqueue910075935data"), ElementsAre("{\"sbd\":{}}"));
  const auto all = puts();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].operation, "put-token");
  EXPECT_EQ(all[0].properties.at("type"), "servicebus.windows.net:sastoken");
  EXPECT_EQ(all[0].properties.at("name"), "amqps://bus.example.no/nextbestqueue910075935data");
  EXPECT_EQ(all[0].text, token_for("nextbestqueue910075935data", desk.key));
}

TEST_F(amqp_bus_test, a_token_serves_until_shortly_before_its_end) {
  ASSERT_TRUE(send("1"));
  desk.time.advance(14min);
  ASSERT_TRUE(send("2"));
  EXPECT_THAT(puts(), SizeIs(1));
  desk.time.advance(2min);
  ASSERT_TRUE(send("3"));
  EXPECT_THAT(puts(), SizeIs(2));
}

TEST_F(amqp_bus_test, each_queue_has_a_token_of_its_own) {
  ASSERT_TRUE(send("1"));
  ASSERT_TRUE(receive());
  ASSERT_THAT(puts(), SizeIs(2));
  EXPECT_EQ(puts()[1].text, token_for(own, desk.key));
}

TEST_F(amqp_bus_test, a_new_connection_gets_the_token_anew) {
  ASSERT_TRUE(send("1"));
  ASSERT_TRUE(reconnects());
  EXPECT_THAT(puts(), SizeIs(2));
}

TEST_F(amqp_bus_test, a_new_key_is_fetched_when_the_old_one_is_refused) {
  ASSERT_TRUE(send("1"));
  desk.key = "new key";
  small_broker::conduct now;
  now.accepted_text = token_for(own, "new key");
  broker.behave(now);
  ASSERT_TRUE(receive());
  EXPECT_THAT(desk.kept, ElementsAre("Rml4dHVyZUtleQ==", "new key"));
  EXPECT_THAT(puts(), SizeIs(3));
}

TEST_F(amqp_bus_test, a_key_that_stays_refused_is_worth_a_later_try) {
  small_broker::conduct now;
  now.accepted_text = "nothing";
  broker.behave(now);
  const auto sent = send("1");
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, amqp_errc::unauthorized);
  EXPECT_TRUE(sent.error().retryable);
  EXPECT_THAT(puts(), SizeIs(1)) << "the registry had no other key";
  EXPECT_THAT(broker.taken("nextbestqueue910075935data"), IsEmpty());
  broker.behave({});
  EXPECT_TRUE(send("2"));
}

TEST_F(amqp_bus_test, a_link_refused_for_its_token_gets_a_new_one_next_time) {
  ASSERT_TRUE(receive());
  EXPECT_THAT(puts(), SizeIs(1));
  small_broker::conduct now;
  now.refused_links = {{"nextbestqueue910075935data", "amqp:unauthorized-access"}};
  broker.behave(now);
  EXPECT_EQ(send("1").error().code, amqp_errc::unauthorized);
  broker.behave({});
  ASSERT_TRUE(send("2"));
  EXPECT_THAT(puts(), SizeIs(3));
}

TEST_F(amqp_bus_test, a_locked_message_comes_with_its_lock_and_its_bytes) {
  broker.put(own, *amqp::tag_of(lock), test::message_bytes("b\xc3\xb8", "chosen", 42, 1));
  const auto locked = receive();
  ASSERT_TRUE(locked && *locked);
  EXPECT_EQ((*locked)->queue, own);
  EXPECT_EQ((*locked)->message_id, "42-chosen");
  EXPECT_EQ((*locked)->sequence_number, "42");
  EXPECT_EQ((*locked)->lock_token, lock);
  EXPECT_EQ((*locked)->delivery_count, 2u);
  sequential_source bytes(got);
  EXPECT_EQ(*read_all(bytes, 100), "b\xc3\xb8");
}

TEST_F(amqp_bus_test, an_empty_queue_gives_nothing) {
  const auto locked = receive();
  ASSERT_TRUE(locked);
  EXPECT_FALSE(*locked);
}

TEST_F(amqp_bus_test, a_body_beyond_the_bound_is_too_large) {
  broker.put(own, *amqp::tag_of(lock), test::message_bytes(std::string(300'000, 'x')));
  const auto locked = receive(1000);
  ASSERT_FALSE(locked);
  EXPECT_EQ(locked.error().code, http::http_errc::too_large);
}

TEST_F(amqp_bus_test, what_is_locked_is_completed_unlocked_and_set_aside_on_its_link) {
  ASSERT_TRUE(desk.run(bus->complete(held())));
  ASSERT_TRUE(desk.run(bus->unlock(held())));
  ASSERT_TRUE(desk.run(bus->set_aside(held(), "no JSON")));
  const auto all = broker.settled();
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_EQ(all[2].condition, "com.microsoft:dead-letter");
  EXPECT_EQ(all[2].description, "no JSON");
  EXPECT_THAT(managed(), IsEmpty());
}

TEST_F(amqp_bus_test, a_lock_is_renewed_by_the_management_node) {
  ASSERT_TRUE(desk.run(bus->renew(held())));
  const auto all = managed();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].node, own + "/$management");
  EXPECT_EQ(all[0].operation, "com.microsoft:renew-lock");
  EXPECT_THAT(all[0].lock_tokens,
              ElementsAre(std::string(
                  "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16)));
  EXPECT_EQ(puts().back().properties.at("name"), "amqps://bus.example.no/" + own + "/$management");
}

TEST_F(amqp_bus_test, a_lost_lock_is_lost_for_good) {
  const auto it = held();
  small_broker::conduct gone;
  gone.statuses[own + "/$management"] = 410;
  broker.behave(gone);
  const auto renewed = desk.run(bus->renew(it));
  ASSERT_FALSE(renewed);
  EXPECT_EQ(renewed.error().code, amqp_errc::lock_lost);
  EXPECT_FALSE(renewed.error().retryable);
  gone.refuses_settlements = "com.microsoft:message-lock-lost";
  broker.behave(gone);
  const auto done = desk.run(bus->complete(it));
  ASSERT_FALSE(done);
  EXPECT_FALSE(done.error().retryable);
}

TEST_F(amqp_bus_test, locks_outlive_the_connection_they_came_by) {
  const auto it = held();
  ASSERT_TRUE(reconnects());
  ASSERT_TRUE(desk.run(bus->complete(it)));
  ASSERT_TRUE(desk.run(bus->set_aside(it, "no JSON")));
  const auto all = managed();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].operation, "com.microsoft:update-disposition");
  EXPECT_EQ(all[0].properties.at("body disposition-status"), "completed");
  EXPECT_EQ(all[1].properties.at("body disposition-status"), "suspended");
  EXPECT_EQ(all[1].properties.at("body deadletter-description"), "no JSON");
  EXPECT_THAT(all[0].lock_tokens, SizeIs(1));
}

}  // namespace
}  // namespace kp::dpe
