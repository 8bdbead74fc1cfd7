#include "config/text.hpp"
#include "protocol/amqp/client.hpp"
#include "protocol/dpe/sas.hpp"
#include "tests/protocol/http/loopback.hpp"
#include "tools/sandbox/sandbox.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

// The Service Bus of the sandbox over AMQP, asked by the client alone.

namespace {

using namespace kp;
using namespace std::chrono_literals;
namespace json = boost::json;
using amqp::amqp_errc;
using testing::HasSubstr;

const std::string own = "nextbestqueue910077473innsyn";
const std::string policy = "MoveDPE-pilotPolicy";

class bus_over_amqp : public testing::Test {
 protected:
  void SetUp() override {
    sandbox::options wanted;
    wanted.port = 0;
    wanted.amqp_port = 0;
    auto started = sandbox::sandbox::start(std::move(wanted));
    ASSERT_TRUE(started) << started.error().message;
    box = *std::move(started);
    control("POST", "/control/organisations",
            {{"number", "910077473"}, {"name", "Bergvik"}, {"services", json::array{"DPE"}}});
    const auto said = control("GET", "/control/servicebus");
    key = said.at("key").as_string();
    const std::string url(said.at("amqp").as_string());
    amqp::client_options options;
    options.host = "127.0.0.1";
    options.port = url.substr(url.rfind(':') + 1);
    options.tls = false;
    options.answer_deadline = 5s;
    options.first_pause = 10ms;
    on.call([&] {
      it = std::move(*amqp::client::make(on.context(), options));
      return 0;
    });
  }
  void TearDown() override {
    on.call([this] { it.reset(); });
  }

  json::value control(const std::string& method, const std::string& path,
                      json::value body = nullptr) {
    auto answer = box->control(method, path, std::move(body));
    if (answer) return *std::move(answer);
    ADD_FAILURE() << path << ": " << answer.error().message;
    return nullptr;
  }
  json::value queue() { return control("GET", "/control/servicebus/queues/" + own); }
  std::size_t waiting() { return queue().at("messages").as_array().size(); }

  result<amqp::answer> put_token(const std::string& node, const std::string& with_key,
                                 const std::string& host = "127.0.0.1",
                                 std::chrono::seconds life = 60s) {
    const auto resource = fmt::format("amqps://{}/{}", host, node);
    amqp::question what;
    what.operation = "put-token";
    what.properties = {{"type", "servicebus.windows.net:sastoken"}, {"name", resource}};
    what.body = dpe::shared_access_signature(resource, policy, with_key, wall_clock().now() + life);
    return on.run(it->ask("$cbs", what));
  }
  void claim() { ASSERT_EQ(put_token(own, key)->status, 202); }
  result<void> send(const std::string& body) {
    return on.run(it->send(own, amqp::encode(body, "id")));
  }
  result<std::optional<amqp::delivery>> receive() { return on.run(it->receive(own, 1 << 20)); }
  std::string received_tag() {
    const auto got = receive();
    EXPECT_TRUE(got && *got);
    return got && *got ? (*got)->tag : std::string();
  }
  result<amqp::answer> manage(const std::string& operation, const std::string& tag,
                              std::map<std::string, std::string> texts = {}) {
    amqp::lock_arguments body;
    body.lock_tokens = {*amqp::lock_token_of(tag)};
    body.texts = std::move(texts);
    amqp::question what;
    what.operation = operation;
    what.body = body;
    return on.run(it->ask(own + "/$management", what));
  }

  std::unique_ptr<sandbox::sandbox> box;
  std::string key;
  test::network on;
  std::unique_ptr<amqp::client> it;
};

TEST_F(bus_over_amqp, no_queue_is_open_without_a_token) {
  const auto sent = send("x");
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, amqp_errc::unauthorized);
  const auto got = receive();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, amqp_errc::unauthorized);
  EXPECT_EQ(waiting(), 0u);
}

TEST_F(bus_over_amqp, a_token_is_good_for_its_own_queue_key_host_and_time) {
  EXPECT_EQ(put_token(own, "another key")->status, 401);
  EXPECT_EQ(put_token(own, key, "elsewhere.example.no")->status, 400);
  EXPECT_EQ(put_token(own, key, "127.0.0.1", -1h)->status, 401);
  EXPECT_EQ(put_token("nextbestqueue910077473data", key)->status, 202);
  EXPECT_EQ(send("x").error().code, amqp_errc::unauthorized);
  claim();
  EXPECT_TRUE(send("x"));
  control("POST", "/control/servicebus/rotate");
  EXPECT_EQ(put_token(own, key)->status, 401);
}

TEST_F(bus_over_amqp, what_is_sent_by_one_way_is_received_by_both) {
  claim();
  ASSERT_TRUE(send("{\"n\": \"\xc3\xb8\"}"));
  const auto got = receive();
  ASSERT_TRUE(got && *got);
  const auto content = amqp::decode((*got)->bytes);
  EXPECT_EQ(content->body, "{\"n\": \"\xc3\xb8\"}");
  EXPECT_EQ(content->sequence_number, 1u);
  EXPECT_EQ(content->delivery_count, 1u);
  EXPECT_TRUE(queue().at("messages").at(0).at("locked").as_bool());
  ASSERT_TRUE(on.run(it->settle(own, (*got)->tag, amqp::outcome::released)));
  const auto again = receive();
  ASSERT_TRUE(again && *again);
  EXPECT_EQ(amqp::decode((*again)->bytes)->delivery_count, 2u);
  ASSERT_TRUE(on.run(it->settle(own, (*again)->tag, amqp::outcome::accepted)));
  EXPECT_EQ(waiting(), 0u);
  EXPECT_FALSE(*receive());
}

TEST_F(bus_over_amqp, what_is_rejected_is_among_the_dead_with_its_reason) {
  claim();
  ASSERT_TRUE(send("x"));
  ASSERT_TRUE(on.run(it->settle(own, received_tag(), amqp::outcome::rejected, "no JSON")));
  EXPECT_EQ(waiting(), 0u);
  EXPECT_EQ(queue().at("dead").at(0).at("reason"), "no JSON");
}

TEST_F(bus_over_amqp, a_lock_that_has_run_out_is_lost) {
  claim();
  control("POST", "/control/servicebus", {{"lockMs", 50}});
  ASSERT_TRUE(send("x"));
  const auto tag = received_tag();
  std::this_thread::sleep_for(100ms);
  EXPECT_EQ(on.run(it->settle(own, tag, amqp::outcome::accepted)).error().code,
            amqp_errc::lock_lost);
  EXPECT_EQ(manage("com.microsoft:renew-lock", tag)->status, 410);
  EXPECT_EQ(waiting(), 1u);
}

TEST_F(bus_over_amqp, the_management_node_renews_and_ends_locks) {
  claim();
  control("POST", "/control/servicebus", {{"lockMs", 2000}});
  ASSERT_TRUE(send("x"));
  const auto tag = received_tag();
  EXPECT_EQ(manage("com.microsoft:renew-lock", tag)->status, 200);
  EXPECT_EQ(manage("com.microsoft:update-disposition", tag, {{"disposition-status", "completed"}})
                ->status,
            200);
  EXPECT_EQ(waiting(), 0u);
  EXPECT_EQ(manage("com.microsoft:renew-lock", tag)->condition, "com.microsoft:message-lock-lost");
}

TEST_F(bus_over_amqp, refuses_unknown_queues_and_large_messages) {
  control("POST", "/control/servicebus", {{"maxBytes", 1000}});
  ASSERT_EQ(put_token("nextbestqueue910000000data", key)->status, 202);
  EXPECT_EQ(on.run(it->send("nextbestqueue910000000data", amqp::encode("x", "id"))).error().code,
            amqp_errc::not_found);
  claim();
  const auto large = send(std::string(2000, 'x'));
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, amqp_errc::too_large);
  EXPECT_EQ(send(std::string(200'000, 'x')).error().code, amqp_errc::too_large)
      << "beyond what the link allows";
  EXPECT_TRUE(send("small"));
}

TEST_F(bus_over_amqp, does_wrong_what_a_test_wants) {
  const auto wrong = [&](const std::string& endpoint, const std::string& kind, int status) {
    control(
        "POST", "/control/faults",
        {{"endpoint", endpoint}, {"kind", kind}, {"status", status}, {"count", 1}, {"every", 1}});
  };
  wrong("service_bus_claim", "status", 401);
  EXPECT_EQ(put_token(own, key)->status, 401);
  claim();
  wrong("service_bus_send", "status", 503);
  const auto busy = send("x");
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().code, amqp_errc::busy);
  wrong("service_bus_send", "cut_after", 500);
  const auto cut = send("x");
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, amqp_errc::closed);
  EXPECT_EQ(waiting(), 1u) << "it was taken";
}

}  // namespace
