#include "protocol/amqp/client.hpp"

#include "protocol/http/http_error.hpp"
#include "tests/protocol/amqp/small_broker.hpp"
#include "tests/protocol/http/loopback.hpp"
#include "tests/protocol/http/temporary_certificate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <proton/disposition.h>

namespace kp::amqp {
namespace {

using namespace std::chrono_literals;
namespace asio = http::asio;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

const std::string tag(16, 'T');

bool until(const std::function<bool()>& there) {
  for (int i = 0; i < 500; ++i) {
    if (there()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

class amqp_client : public testing::Test {
 protected:
  void SetUp() override {
    options.host = "127.0.0.1";
    options.port = broker.port();
    options.tls = false;
    options.answer_deadline = 2s;
    options.body_deadline = 5s;
    options.first_pause = 50ms;
    connect();
  }
  void TearDown() override {
    on.call([this] { it.reset(); });
  }
  void connect() {
    on.call([this] {
      it = std::move(*client::make(on.context(), options));
      return 0;
    });
  }
  result<void> send(const std::string& body, const std::string& queue = "q") {
    return on.run(it->send(queue, encode(body, "id")));
  }
  result<std::optional<delivery>> receive(std::size_t most = 1 << 20) {
    return on.run(it->receive("q", most));
  }
  result<void> settle(outcome how, const std::string& reason = {}) {
    return on.run(it->settle("q", tag, how, reason));
  }
  result<answer> ask(const std::string& node = "$cbs") {
    question what;
    what.operation = "put-token";
    what.properties = {{"name", "amqps://host/q"}};
    what.body = std::string("a token");
    return on.run(it->ask(node, what));
  }

  test::small_broker broker;
  test::network on;
  client_options options;
  std::unique_ptr<client> it;
};

TEST_F(amqp_client, a_message_is_sent_when_the_broker_has_accepted_it) {
  ASSERT_TRUE(send("{\"sbd\": 1}"));
  EXPECT_THAT(broker.taken("q"), ElementsAre("{\"sbd\": 1}"));
  EXPECT_EQ(broker.seen_hostname(), "127.0.0.1");
}

TEST_F(amqp_client, a_large_message_goes_out_and_comes_in_whole) {
  const std::string large(6'000'000, 'x');
  ASSERT_TRUE(send(large));
  EXPECT_THAT(broker.taken("q"), ElementsAre(large));
  broker.put("q", tag, test::message_bytes(large));
  const auto got = receive(8'000'000);
  ASSERT_TRUE(got && *got);
  EXPECT_EQ(decode((*got)->bytes)->body, large);
}

TEST_F(amqp_client, many_share_one_connection_and_one_link) {
  std::vector<std::future<result<void>>> all;
  for (int i = 0; i < 50; ++i)
    all.push_back(asio::co_spawn(on.context(), it->send("q", encode(std::to_string(i), "id")),
                                 asio::use_future));
  for (auto& each : all) EXPECT_TRUE(each.get());
  EXPECT_THAT(broker.taken("q"), SizeIs(50));
  EXPECT_EQ(broker.connections(), 1u);
  EXPECT_EQ(broker.links(), 1u);
}

TEST_F(amqp_client, a_message_that_the_broker_refuses_is_an_error_with_its_reason) {
  test::small_broker::conduct wrong;
  wrong.refuses_messages = "amqp:resource-limit-exceeded";
  broker.behave(wrong);
  const auto sent = send("x");
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, amqp_errc::busy);
  EXPECT_TRUE(sent.error().retryable);
  EXPECT_THAT(sent.error().message, HasSubstr("amqp:resource-limit-exceeded"));
  broker.behave({});
  EXPECT_TRUE(send("y")) << "the link lives on";
}

TEST_F(amqp_client, a_message_beyond_the_brokers_bound_is_not_sent) {
  test::small_broker::conduct small;
  small.largest_message = 1000;
  broker.behave(small);
  const auto sent = send(std::string(2000, 'x'));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, amqp_errc::too_large);
  EXPECT_FALSE(sent.error().retryable);
  EXPECT_TRUE(broker.taken("q").empty());
}

TEST_F(amqp_client, an_empty_queue_is_said_to_be_empty_at_once) {
  const auto begun = std::chrono::steady_clock::now();
  const auto got = receive();
  ASSERT_TRUE(got);
  EXPECT_FALSE(*got);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 1500ms);
  EXPECT_TRUE(receive()) << "and again on the same link";
  EXPECT_EQ(broker.links(), 1u);
}

TEST_F(amqp_client, one_message_comes_for_each_question_and_is_taken_out) {
  broker.put("q", tag, test::message_bytes("one"));
  broker.put("q", std::string(16, 'U'), test::message_bytes("two"));
  const auto one = receive();
  ASSERT_TRUE(one && *one);
  EXPECT_EQ((*one)->tag, tag);
  EXPECT_EQ(decode((*one)->bytes)->body, "one");
  ASSERT_TRUE(settle(outcome::accepted));
  const auto all = broker.settled();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].state, static_cast<std::uint64_t>(PN_ACCEPTED));
  const auto two = receive();
  ASSERT_TRUE(two && *two);
  EXPECT_EQ(decode((*two)->bytes)->body, "two");
}

TEST_F(amqp_client, what_cannot_be_read_is_set_aside_with_a_reason) {
  broker.put("q", tag, test::message_bytes("poison"));
  ASSERT_TRUE(receive());
  ASSERT_TRUE(settle(outcome::rejected, "no JSON"));
  const auto all = broker.settled();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].state, static_cast<std::uint64_t>(PN_REJECTED));
  EXPECT_EQ(all[0].condition, "com.microsoft:dead-letter");
  EXPECT_EQ(all[0].description, "no JSON");
}

TEST_F(amqp_client, a_lock_is_given_back) {
  broker.put("q", tag, test::message_bytes("x"));
  ASSERT_TRUE(receive());
  ASSERT_TRUE(settle(outcome::released));
  EXPECT_EQ(broker.settled().at(0).state, static_cast<std::uint64_t>(PN_MODIFIED));
}

TEST_F(amqp_client, a_lost_lock_is_known_for_good) {
  broker.put("q", tag, test::message_bytes("x"));
  ASSERT_TRUE(receive());
  test::small_broker::conduct wrong;
  wrong.refuses_settlements = "com.microsoft:message-lock-lost";
  broker.behave(wrong);
  for (const auto how : {outcome::accepted, outcome::rejected}) {
    if (how == outcome::rejected) {
      broker.put("q", tag, test::message_bytes("x"));
      ASSERT_TRUE(receive());
    }
    const auto done = settle(how);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, amqp_errc::lock_lost);
    EXPECT_FALSE(done.error().retryable);
  }
}

TEST_F(amqp_client, what_came_by_a_link_that_is_gone_is_not_settled_by_another) {
  broker.put("q", tag, test::message_bytes("x"));
  ASSERT_TRUE(receive());
  broker.cut_all();
  ASSERT_TRUE(until([&] {
    const auto done = settle(outcome::accepted);
    return !done && done.error().code == amqp_errc::no_link;
  }));
  EXPECT_TRUE(broker.settled().size() <= 1);
}

TEST_F(amqp_client, a_message_that_is_too_large_is_not_read_to_its_end) {
  broker.put("q", tag, test::message_bytes(std::string(3'000'000, 'x')));
  const auto got = receive(1'000'000);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, amqp_errc::too_large);
  EXPECT_TRUE(receive()) << "with a new link";
}

TEST_F(amqp_client, a_queue_has_one_reader_at_a_time) {
  test::small_broker::conduct slow;
  slow.deaf_to_drain = true;
  broker.behave(slow);
  auto first = asio::co_spawn(on.context(), it->receive("q", 1000), asio::use_future);
  ASSERT_TRUE(until([&] { return broker.links() == 1; }));
  const auto second = receive();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, amqp_errc::busy);
  const auto late = first.get();
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, amqp_errc::timeout);
}

TEST_F(amqp_client, a_link_that_is_refused_says_why) {
  test::small_broker::conduct wrong;
  wrong.refused_links = {{"q", "amqp:unauthorized-access"}, {"away", "amqp:not-found"}};
  broker.behave(wrong);
  EXPECT_EQ(send("x").error().code, amqp_errc::unauthorized);
  EXPECT_EQ(receive().error().code, amqp_errc::unauthorized);
  EXPECT_EQ(send("x", "away").error().code, amqp_errc::not_found);
  broker.behave({});
  EXPECT_TRUE(send("x"));
  EXPECT_EQ(broker.connections(), 1u);
}

TEST_F(amqp_client, a_request_is_answered) {
  const auto said = ask();
  ASSERT_TRUE(said) << said.error().message;
  EXPECT_EQ(said->status, 200);
  EXPECT_EQ(said->description, "said");
  const auto seen = broker.asked();
  ASSERT_THAT(seen, SizeIs(1));
  EXPECT_EQ(seen[0].operation, "put-token");
  EXPECT_EQ(seen[0].properties.at("name"), "amqps://host/q");
  EXPECT_EQ(seen[0].text, "a token");
}

TEST_F(amqp_client, lock_tokens_are_asked_about_in_the_order_of_uuids) {
  lock_arguments body;
  body.lock_tokens = {"00112233-4455-6677-8899-aabbccddeeff"};
  question what;
  what.operation = "com.microsoft:renew-lock";
  what.body = body;
  ASSERT_TRUE(on.run(it->ask("q/$management", what)));
  const auto seen = broker.asked();
  ASSERT_THAT(seen, SizeIs(1));
  EXPECT_THAT(seen[0].lock_tokens,
              ElementsAre(std::string(
                  "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16)));
}

TEST_F(amqp_client, silence_ends_at_the_deadline) {
  test::small_broker::conduct mute;
  mute.silent = {"answers of $cbs", "q"};
  broker.behave(mute);
  EXPECT_EQ(ask().error().code, amqp_errc::timeout);
  EXPECT_EQ(receive().error().code, amqp_errc::timeout);
  broker.behave({});
  EXPECT_TRUE(ask());
  EXPECT_TRUE(receive());
}

TEST_F(amqp_client, a_cut_after_a_message_was_taken_is_an_error_and_the_next_one_goes) {
  test::small_broker::conduct cutting;
  cutting.cuts_at_message = true;
  broker.behave(cutting);
  const auto sent = send("x");
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, amqp_errc::closed);
  EXPECT_TRUE(sent.error().retryable) << "it may have been taken: the broker knows";
  broker.behave({});
  EXPECT_TRUE(until([&] { return send("y").has_value(); })) << "after a rest";
  EXPECT_EQ(broker.connections(), 2u);
}

TEST_F(amqp_client, a_broker_that_hangs_up_is_called_again_ever_more_seldom) {
  test::small_broker::conduct wrong;
  wrong.cuts_at_open = true;
  broker.behave(wrong);
  for (int i = 0; i < 200; ++i) {
    const auto sent = send("x");
    ASSERT_FALSE(sent);
    EXPECT_TRUE(sent.error().retryable);
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_LT(broker.connections(), 10u) << "50, 100, 200, 400 ms …";
  EXPECT_GT(broker.connections(), 2u);
}

TEST_F(amqp_client, a_broker_that_asks_for_more_than_claims_is_not_spoken_to) {
  test::small_broker::conduct wrong;
  wrong.refuses_sasl = true;
  broker.behave(wrong);
  const auto sent = send("x");
  ASSERT_FALSE(sent);
  EXPECT_THAT(sent.error().message, HasSubstr("amqp:unauthorized-access"));
}

TEST_F(amqp_client, a_connection_that_nobody_answers_at_is_an_error_of_dialling) {
  on.call([this] { it.reset(); });
  options.port = "1";
  connect();
  EXPECT_EQ(send("x").error().code, http::http_errc::connect);
}

TEST_F(amqp_client, idle_links_and_then_the_connection_are_closed) {
  on.call([this] { it.reset(); });
  options.close_links_after = 100ms;
  options.close_connection_after = 100ms;
  connect();
  const auto before = on.run(it->connect());
  ASSERT_TRUE(send("x"));
  ASSERT_TRUE(until([&] { return broker.links() > 0 && broker.open_links() == 0; }));
  ASSERT_TRUE(until([&] {
    const auto now = on.run(it->connect());
    return now && before && *now > *before;
  })) << "a new one, with another number";
  EXPECT_TRUE(send("y"));
}

TEST_F(amqp_client, a_link_that_holds_locks_is_not_idle) {
  on.call([this] { it.reset(); });
  options.close_links_after = 50ms;
  connect();
  broker.put("q", tag, test::message_bytes("x"));
  ASSERT_TRUE(receive());
  std::this_thread::sleep_for(1500ms);  // longer than it takes to look after links
  EXPECT_TRUE(settle(outcome::accepted));
}

TEST_F(amqp_client, links_beyond_the_bound_give_way_to_new_ones) {
  on.call([this] { it.reset(); });
  options.most_links = 2;
  connect();
  EXPECT_TRUE(send("1", "a"));
  EXPECT_TRUE(send("2", "b"));
  EXPECT_TRUE(send("3", "c"));
  EXPECT_TRUE(send("4", "a"));
  ASSERT_TRUE(until([&] { return broker.open_links() <= 2; }));
  EXPECT_THAT(broker.taken("a"), ElementsAre("1", "4"));
  broker.put("q", tag, test::message_bytes("x"));
  ASSERT_TRUE(receive());
  broker.put("r", tag, test::message_bytes("x"));
  ASSERT_TRUE(on.run(it->receive("r", 1000)));
  EXPECT_EQ(send("5", "a").error().code, amqp_errc::busy) << "all hold locks";
  EXPECT_TRUE(settle(outcome::accepted));
}

TEST_F(amqp_client, messages_under_way_are_bounded_in_bytes) {
  on.call([this] { it.reset(); });
  options.most_bytes_under_way = 100'000;
  connect();
  std::vector<std::future<result<void>>> all;
  for (int i = 0; i < 8; ++i)
    all.push_back(asio::co_spawn(
        on.context(), it->send("q", encode(std::string(60'000, 'x'), "id")), asio::use_future));
  for (auto& each : all) EXPECT_TRUE(each.get()) << "one after the other";
  EXPECT_THAT(broker.taken("q"), SizeIs(8));
}

TEST(amqp_client_tls, the_certificate_of_the_broker_is_verified) {
  test::temporary_certificate certificate("DNS:localhost,IP:127.0.0.1");
  test::small_broker broker(certificate.certificate_file(), certificate.key_file());
  test::network on;
  client_options options;
  options.host = "127.0.0.1";
  options.port = broker.port();
  std::unique_ptr<client> it;
  const auto use = [&](const std::string& trusted) {
    options.ca_file = trusted;
    on.call([&] {
      it = std::move(*client::make(on.context(), options));
      return 0;
    });
    return on.run(it->send("q", encode("secret", "id")));
  };
  const auto refused = use("");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, http::http_errc::tls);
  EXPECT_TRUE(broker.taken("q").empty());
  EXPECT_TRUE(use(certificate.certificate_file()));
  EXPECT_THAT(broker.taken("q"), ElementsAre("secret"));
  on.call([&] { it.reset(); });
}

}  // namespace
}  // namespace kp::amqp
