#include "protocol/dpe/service_bus.hpp"

#include "protocol/dpe/dpe_error.hpp"
#include "protocol/dpe/sas.hpp"
#include "protocol/http/http_error.hpp"
#include "tests/protocol/dpe/key_desk.hpp"
#include "tests/support/fixtures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

namespace kp::dpe {
namespace {

using namespace std::chrono_literals;
using test::answer;
using test::national_services;
using test::seen_request;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view properties =
    R"({"DeliveryCount":2,"LockToken":"lock-1","MessageId":"id 1","SequenceNumber":7})";

// What the Service Bus answers is the test's.
struct asking : test::key_desk {
  explicit asking(national_services::script plays, std::optional<std::string> stored = {})
      : key_desk(std::move(plays), std::move(stored)) {
    bus.emplace(services.client(), time, *keys,
                service_bus_settings{services.url("/"), "MoveDPE-pilotPolicy"});
  }
  result<void> send(const std::string& body) {
    return run(
        bus->send("nextbestqueue910075935data", std::make_shared<string_random_access>(body)));
  }
  result<std::optional<locked_message>> receive(std::uint64_t limit = 1000) {
    got = *make_memory_spools(1 << 20)->make();
    return run(
        bus->receive("nextbestqueue910077473innsyn", 1s, std::make_shared<spool_sink>(got), limit));
  }
  std::vector<seen_request> at_the_bus() { return services.seen("/nextbestqueue"); }
  std::string token_for(const std::string& path, std::string_view with_key) {
    return shared_access_signature(services.url(path), "MoveDPE-pilotPolicy", with_key,
                                   time.now() + 20s);
  }

  std::shared_ptr<spool> got;
  std::optional<service_bus> bus;
};

const locked_message held{"nextbestqueue910077473innsyn", "id 1", "lock-1", "7", 1};

TEST(service_bus, a_message_is_posted_with_a_token_for_exactly_its_url) {
  asking it([](const seen_request&) { return answer(201); });
  ASSERT_TRUE(it.send("{\"sbd\":{}}"));
  const auto seen = it.at_the_bus();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].method, "POST");
  EXPECT_EQ(seen[0].target, "/nextbestqueue910075935data/messages");
  EXPECT_EQ(seen[0].body, "{\"sbd\":{}}");
  EXPECT_EQ(seen[0].header("BrokerProperties"), "{}");
  EXPECT_EQ(seen[0].header("Authorization"),
            it.token_for("/nextbestqueue910075935data/messages", it.key));
}

TEST(service_bus, every_request_has_a_token_of_its_own) {
  asking it([](const seen_request&) { return answer(201); });
  ASSERT_TRUE(it.send("1"));
  it.time.advance(5s);
  ASSERT_TRUE(it.send("2"));
  const auto seen = it.at_the_bus();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_NE(seen[0].header("Authorization"), seen[1].header("Authorization"));
  EXPECT_EQ(it.services.seen("/registry/sastoken").size(), 1u) << "the key is cached";
}

TEST(service_bus, a_locked_message_comes_with_its_lock_and_its_bytes) {
  asking it([](const seen_request&) {
    return answer(201, "b\xc3\xb8", {{"BrokerProperties", std::string(properties)}});
  });
  const auto got = it.receive();
  ASSERT_TRUE(got) << got.error().message;
  ASSERT_TRUE(*got);
  EXPECT_EQ((*got)->message_id, "id 1");
  EXPECT_EQ((*got)->lock_token, "lock-1");
  EXPECT_EQ((*got)->sequence_number, "7");
  EXPECT_EQ((*got)->delivery_count, 2u);
  sequential_source bytes(it.got);
  EXPECT_EQ(*read_all(bytes, 100), "b\xc3\xb8");
  const auto seen = it.at_the_bus();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].method, "POST");
  EXPECT_EQ(seen[0].target, "/nextbestqueue910077473innsyn/messages/head?timeout=1");
  EXPECT_EQ(seen[0].header("Authorization"),
            it.token_for("/nextbestqueue910077473innsyn/messages/head", it.key))
      << "the question is not signed";
}

TEST(service_bus, an_empty_queue_gives_nothing) {
  asking it([](const seen_request&) { return answer(204); });
  const auto got = it.receive();
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_FALSE(*got);
}

TEST(service_bus, an_answer_that_names_no_lock_is_no_message) {
  asking it([](const seen_request&) { return answer(201, "{}"); });
  const auto got = it.receive();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, http::http_errc::bad_answer);
  EXPECT_TRUE(got.error().retryable);
}

TEST(service_bus, a_body_beyond_the_bound_is_too_large) {
  asking it([](const seen_request&) {
    return answer(201, std::string(1001, 'x'), {{"BrokerProperties", std::string(properties)}});
  });
  const auto got = it.receive(1000);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, http::http_errc::too_large);
}

TEST(service_bus, what_is_locked_is_completed_unlocked_and_renewed_at_its_own_address) {
  asking it([](const seen_request&) { return answer(200); });
  ASSERT_TRUE(it.run(it.bus->complete(held)));
  ASSERT_TRUE(it.run(it.bus->unlock(held)));
  ASSERT_TRUE(it.run(it.bus->renew(held)));
  std::vector<std::string> calls;
  for (const auto& each : it.at_the_bus()) calls.push_back(each.method + " " + each.target);
  const std::string target = "/nextbestqueue910077473innsyn/messages/id%201/lock-1";
  EXPECT_THAT(calls, ElementsAre("DELETE " + target, "PUT " + target, "POST " + target));
}

TEST(service_bus, a_lost_lock_is_lost_for_good) {
  asking it([](const seen_request&) { return answer(404); });
  const auto done = it.run(it.bus->complete(held));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, http::http_errc::refused);
  EXPECT_FALSE(done.error().retryable);
}

TEST(service_bus, only_a_malformed_request_is_final_when_sending) {
  std::atomic<unsigned> status = 400;
  asking it([&](const seen_request&) { return answer(status); });
  EXPECT_FALSE(it.send("1").error().retryable);
  for (const unsigned other : {403u, 410u, 500u, 503u}) {
    status = other;
    EXPECT_TRUE(it.send("1").error().retryable) << other;
  }
}

TEST(service_bus, a_new_key_is_fetched_when_the_old_one_is_refused) {
  std::string right;
  asking it([&](const seen_request& seen) {
    return answer(seen.header("Authorization") == right ? 201 : 401);
  });
  const std::string path = "/nextbestqueue910075935data/messages";
  right = it.token_for(path, it.key);
  ASSERT_TRUE(it.send("1"));
  it.key = "new key";
  right = it.token_for(path, it.key);
  ASSERT_TRUE(it.send("2")) << "at once, with the new key";
  EXPECT_EQ(it.services.seen("/registry/sastoken").size(), 2u);
  EXPECT_THAT(it.kept, ElementsAre("Rml4dHVyZUtleQ==", "new key"));
}

TEST(service_bus, the_same_key_is_not_tried_twice) {
  asking it([](const seen_request&) { return answer(401); });
  const auto sent = it.send("1");
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, http::http_errc::unauthorized);
  EXPECT_EQ(it.at_the_bus().size(), 1u);
  EXPECT_EQ(it.services.seen("/registry/sastoken").size(), 2u);
}

TEST(sas_keys, the_last_key_stands_in_while_the_registry_is_away) {
  asking it([](const seen_request&) { return answer(201); }, "kept key");
  it.registry_status = 503;
  ASSERT_TRUE(it.send("1"));
  EXPECT_EQ(it.at_the_bus()[0].header("Authorization"),
            it.token_for("/nextbestqueue910075935data/messages", "kept key"));
  EXPECT_THAT(it.kept, IsEmpty());
  it.registry_status = 200;
  it.time.advance(6min);
  ASSERT_TRUE(it.send("2"));
  EXPECT_THAT(it.kept, ElementsAre(it.key));
}

TEST(sas_keys, a_refused_key_does_not_stand_in) {
  asking it([](const seen_request&) { return answer(401); }, "kept key");
  it.registry_status = 503;
  ASSERT_FALSE(it.send("1"));
  const auto key = it.run(it.keys->get());
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, http::http_errc::unavailable);
}

TEST(sas_keys, a_registry_without_a_key_says_so) {
  asking it([](const seen_request&) { return answer(201); });
  it.registry_status = 404;
  const auto key = it.run(it.keys->get());
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, dpe_errc::no_key);
}

TEST(sas_keys, a_key_lasts_a_day) {
  asking it([](const seen_request&) { return answer(201); });
  ASSERT_TRUE(it.run(it.keys->get()));
  it.time.advance(23h);
  ASSERT_TRUE(it.run(it.keys->get()));
  EXPECT_EQ(it.services.seen("/registry/sastoken").size(), 1u);
  it.time.advance(2h);
  ASSERT_TRUE(it.run(it.keys->get()));
  EXPECT_EQ(it.services.seen("/registry/sastoken").size(), 2u);
}

TEST(broker_properties, the_documented_example_is_read) {
  KP_FIXTURE(text, "dpe/examples/broker-properties-peek-lock.json");
  const auto found = parse_broker_properties(text, "q");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->message_id, "31907572164743c38741631acd554d6f");
  EXPECT_EQ(found->lock_token, "6f7c2f6e-3c39-4f5e-9c71-1d3ab2a8f8f1");
  EXPECT_EQ(found->sequence_number, "2");
  EXPECT_EQ(found->delivery_count, 1u);
}

TEST(broker_properties, what_names_no_message_is_refused) {
  for (const auto* text : {"", "x", "[]", "{}", R"({"MessageId":"1"})", R"({"LockToken":"1"})"})
    EXPECT_FALSE(parse_broker_properties(text, "q")) << text;
}

}  // namespace
}  // namespace kp::dpe
