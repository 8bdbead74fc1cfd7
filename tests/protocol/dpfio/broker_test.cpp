#include "protocol/dpfio/broker.hpp"
#include "protocol/dpfio/dpfio_error.hpp"
#include "tests/protocol/http/temporary_certificate.hpp"
#include "tests/support/fixtures.hpp"
#include "tests/support/rabbitmq.hpp"

#include <amqp_framing.h>
#include <gmock/gmock.h>

#include <array>
#include <condition_variable>
#include <future>
#include <mutex>

// Against a real RabbitMQ, which is started once.

namespace kp::dpfio {
namespace {

using namespace std::chrono_literals;
using test::rabbitmq;
using testing::HasSubstr;

const std::string ours = "fiksio.konto.47b0c75b-ddb5-447b-88d2-c4030d183fb3";
const std::string peer = "fiksio.konto.e0a0fba9-b7cf-44f8-99a6-a7f04b9e0347";
constexpr auto longest = 20s;

// The topology of KS's own local set-up, and a reader who may read one queue and nothing else.
const char* const definitions = R"({
  "users": [{"name": "simulator", "password": "simulator", "tags": "administrator"},
            {"name": "leser", "password": "passord token", "tags": ""}],
  "vhosts": [{"name": "/"}],
  "permissions": [
    {"user": "simulator", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"},
    {"user": "leser", "vhost": "/", "configure": "^$", "write": "^$",
     "read": "^fiksio\\.konto\\.47b0c75b-ddb5-447b-88d2-c4030d183fb3$"}],
  "exchanges": [{"name": "fiks-io.meldinger", "vhost": "/", "type": "direct", "durable": true,
                 "auto_delete": false, "internal": false, "arguments": {}}],
  "queues": [
    {"name": "fiksio.konto.47b0c75b-ddb5-447b-88d2-c4030d183fb3", "vhost": "/", "durable": true,
     "auto_delete": false, "arguments": {}},
    {"name": "fiksio.konto.e0a0fba9-b7cf-44f8-99a6-a7f04b9e0347", "vhost": "/", "durable": true,
     "auto_delete": false, "arguments": {}}],
  "bindings": [
    {"source": "fiks-io.meldinger", "vhost": "/", "destination_type": "queue", "arguments": {},
     "destination": "fiksio.konto.47b0c75b-ddb5-447b-88d2-c4030d183fb3",
     "routing_key": "fiksio.konto.47b0c75b-ddb5-447b-88d2-c4030d183fb3"}]
})";

struct broker_house : testing::Environment {
  void TearDown() override {
    broker.reset();
    certificate.reset();
  }
  std::optional<test::temporary_certificate> certificate;
  std::unique_ptr<rabbitmq> broker;
  bool failed = false;
};
broker_house* const house = [] {
  auto* const one = new broker_house;  // owned by the test framework
  testing::AddGlobalTestEnvironment(one);
  return one;
}();

// What a listener is told.
class notebook final : public broker_listener {
 public:
  void opened(std::map<std::string, std::string> refused) override {
    tell([&] { refused_ = std::move(refused), open_ = true; });
  }
  void arrived(delivery one) override {
    tell([&] { deliveries_.push_back(std::move(one)); });
  }
  void closed(error why) override {
    tell([&] { why_ = std::move(why); });
  }
  bool until_open() {
    return wait([&] { return open_; });
  }
  bool until_arrived(std::size_t count) {
    return wait([&] { return deliveries_.size() >= count; });
  }
  bool until_closed() {
    return wait([&] { return why_.has_value(); });
  }
  std::vector<delivery> deliveries() {
    const std::scoped_lock lock(mutex_);
    return deliveries_;
  }
  std::map<std::string, std::string> refused() {
    const std::scoped_lock lock(mutex_);
    return refused_;
  }
  error why() {
    const std::scoped_lock lock(mutex_);
    return why_.value_or(error{});
  }

 private:
  template <class F>
  void tell(F what) {
    const std::scoped_lock lock(mutex_);
    what();
    changed_.notify_all();
  }
  template <class F>
  bool wait(F done) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, longest, done);
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  std::map<std::string, std::string> refused_;
  std::vector<delivery> deliveries_;
  std::optional<error> why_;
};

// The administrator's side, by librabbitmq itself.
class publisher {
 public:
  explicit publisher(std::uint16_t port) : state_(amqp_new_connection()) {
    auto* socket = amqp_tcp_socket_new(state_);
    EXPECT_EQ(amqp_socket_open(socket, "127.0.0.1", port), AMQP_STATUS_OK);
    amqp_login(state_, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, "simulator", "simulator");
    amqp_channel_open(state_, 1);
    amqp_queue_purge(state_, 1, bytes(ours));
  }
  ~publisher() { amqp_destroy_connection(state_); }
  publisher(const publisher&) = delete;
  publisher& operator=(const publisher&) = delete;

  void publish(const std::string& body, const std::string& type = "no.digdir.einnsyn.v1") {
    std::array<amqp_table_entry_t, 4> headers{};
    headers[0].key = bytes("type");
    headers[0].value.kind = AMQP_FIELD_KIND_UTF8;
    headers[0].value.value.bytes = bytes(type);
    headers[1].key = bytes("x-delivery-count");
    headers[1].value.kind = AMQP_FIELD_KIND_I64;
    headers[1].value.value.i64 = 3;
    headers[2].key = bytes("x-death");
    headers[2].value.kind = AMQP_FIELD_KIND_TABLE;
    headers[2].value.value.table = amqp_empty_table;
    headers[3].key = bytes("flag");
    headers[3].value.kind = AMQP_FIELD_KIND_BOOLEAN;
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_EXPIRATION_FLAG;
    properties.headers = {4, headers.data()};
    properties.expiration = bytes("604800000");
    EXPECT_EQ(amqp_basic_publish(state_, 1, bytes("fiks-io.meldinger"), bytes(ours), 1, 0,
                                 &properties, bytes(body)),
              AMQP_STATUS_OK);
  }
  // Ready ones, not those that somebody holds.
  unsigned waiting() {
    const auto* found = amqp_queue_declare(state_, 1, bytes(ours), 1, 0, 0, 0, amqp_empty_table);
    return found ? found->message_count : 0;
  }

 private:
  static amqp_bytes_t bytes(std::string_view text) {
    return {text.size(), const_cast<char*>(text.data())};
  }
  amqp_connection_state_t state_;
};

class broker_io_test : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!rabbitmq::installed() || house->broker || house->failed) return;
    house->certificate.emplace("DNS:localhost,IP:127.0.0.1");
    house->broker = std::make_unique<rabbitmq>("", true);
    const auto& folder = house->broker->folder();
    folder.write("definitions.json", definitions);
    for (const auto& [from, to] : {std::pair{house->certificate->certificate_file(), "server.pem"},
                                   std::pair{house->certificate->key_file(), "server.key"}})
      std::filesystem::copy_file(from, folder.path(to));
    house->failed = !house->broker->start();
  }
  void SetUp() override {
    ASSERT_TRUE(rabbitmq::installed()) << rabbitmq::missing;
    ASSERT_FALSE(house->failed) << house->broker->log();
  }
  broker_options options() const {
    broker_options out;
    out.at = *parse_broker_url(house->broker->url());
    out.user = "leser";
    out.password = "passord token";
    out.name = "test";
    out.queues = {ours};
    return out;
  }
  static std::string body_of(const delivery& of) {
    if (!of.body) return {};
    sequential_source source(of.body);
    return *read_all(source, 64u << 20);
  }
  static bool until(const std::function<bool()>& done) {
    for (const auto end = std::chrono::steady_clock::now() + longest;
         std::chrono::steady_clock::now() < end; std::this_thread::sleep_for(20ms))
      if (done()) return true;
    return false;
  }
  void acknowledge(broker_connection& on, const delivery& what) {
    auto done = std::make_shared<std::promise<result<void>>>();
    on.acknowledge(what.channel, what.tag, [done](auto said) { done->set_value(said); });
    const auto said = done->get_future().get();
    EXPECT_TRUE(said) << said.error().message;
  }

  std::shared_ptr<spool_factory> spools = make_memory_spools(64u << 20);
};

TEST(broker_address, is_read_from_a_url_and_nothing_else) {
  const auto usual = parse_broker_url("amqps://io.fiks.ks.no");
  ASSERT_TRUE(usual);
  EXPECT_EQ(usual->host, "io.fiks.ks.no");
  EXPECT_EQ(usual->port, 5671);
  EXPECT_TRUE(usual->tls);
  const auto local = parse_broker_url("amqp://127.0.0.1:25672/");
  ASSERT_TRUE(local);
  EXPECT_EQ(local->port, 25672);
  EXPECT_FALSE(local->tls);
  for (const auto* bad : {"", "https://io.fiks.ks.no", "amqps://", "amqps://user:x@host",
                          "amqps://host:0", "amqps://host:70000", "amqps://host/vhost"})
    EXPECT_FALSE(parse_broker_url(bad)) << bad;
}

TEST_F(broker_io_test, reads_with_no_right_but_to_read_and_takes_headers_of_any_type) {
  publisher admin(house->broker->port());
  broker_io io(*spools);
  const auto seen = std::make_shared<notebook>();
  const auto connection = io.open(options(), seen);
  ASSERT_TRUE(seen->until_open()) << seen->why().message;
  EXPECT_TRUE(seen->refused().empty());
  // Larger than a frame, and than the buffer of the library.
  const std::string large(700'001, 'x');
  admin.publish(large);
  admin.publish("");
  ASSERT_TRUE(seen->until_arrived(2));
  const auto all = seen->deliveries();
  EXPECT_EQ(all[0].routing_key, ours);
  EXPECT_EQ(all[0].headers.at("type"), "no.digdir.einnsyn.v1");
  EXPECT_EQ(all[0].headers.size(), 1U) << "those of other types mean nothing";
  EXPECT_EQ(all[0].expiration, "604800000");
  EXPECT_EQ(all[0].size, large.size());
  EXPECT_EQ(body_of(all[0]), large);
  EXPECT_EQ(all[1].body, nullptr);
  acknowledge(*connection, all[0]);
  acknowledge(*connection, all[1]);
}

TEST_F(broker_io_test, what_is_acknowledged_is_gone_and_what_is_not_comes_again) {
  publisher admin(house->broker->port());
  broker_io io(*spools);
  auto seen = std::make_shared<notebook>();
  auto connection = io.open(options(), seen);
  ASSERT_TRUE(seen->until_open());
  admin.publish("one");
  admin.publish("two");
  ASSERT_TRUE(seen->until_arrived(2));
  acknowledge(*connection, seen->deliveries()[0]);
  connection.reset();
  EXPECT_TRUE(until([&] { return admin.waiting() == 1; }));
  seen = std::make_shared<notebook>();
  connection = io.open(options(), seen);
  ASSERT_TRUE(seen->until_arrived(1));
  EXPECT_TRUE(seen->deliveries()[0].redelivered);
  EXPECT_EQ(body_of(seen->deliveries()[0]), "two");
  acknowledge(*connection, seen->deliveries()[0]);
}

TEST_F(broker_io_test, holds_no_more_than_the_prefetch_of_unacknowledged_deliveries) {
  publisher admin(house->broker->port());
  broker_io io(*spools);
  const auto seen = std::make_shared<notebook>();
  auto wanted = options();
  wanted.prefetch = 3;
  const auto connection = io.open(wanted, seen);
  ASSERT_TRUE(seen->until_open());
  for (int i = 0; i < 5; ++i) admin.publish(std::to_string(i));
  ASSERT_TRUE(seen->until_arrived(3));
  EXPECT_TRUE(until([&] { return admin.waiting() == 2; }));
  EXPECT_EQ(seen->deliveries().size(), 3U);
  acknowledge(*connection, seen->deliveries()[0]);
  ASSERT_TRUE(seen->until_arrived(4));
  for (std::size_t i = 1; i < 4; ++i) acknowledge(*connection, seen->deliveries()[i]);
  ASSERT_TRUE(seen->until_arrived(5));
  acknowledge(*connection, seen->deliveries()[4]);
}

TEST_F(broker_io_test, a_wrong_password_and_a_queue_of_somebody_else_are_refused) {
  broker_io io(*spools);
  auto wanted = options();
  wanted.password = "passord other";
  auto seen = std::make_shared<notebook>();
  auto connection = io.open(wanted, seen);
  ASSERT_TRUE(seen->until_closed());
  EXPECT_EQ(seen->why().code, dpfio_errc::broker_refused) << seen->why().message;
  EXPECT_TRUE(seen->why().retryable);
  EXPECT_EQ(seen->why().message.find("other"), std::string::npos) << "no password is told";

  wanted = options();
  wanted.queues = {peer};
  seen = std::make_shared<notebook>();
  connection = io.open(wanted, seen);
  ASSERT_TRUE(seen->until_closed());
  EXPECT_EQ(seen->why().code, dpfio_errc::broker_refused) << seen->why().message;

  // One that is refused does not stop the other.
  wanted.queues = {peer, ours};
  seen = std::make_shared<notebook>();
  connection = io.open(wanted, seen);
  ASSERT_TRUE(seen->until_open()) << seen->why().message;
  EXPECT_THAT(seen->refused().at(peer), HasSubstr("403"));
  publisher admin(house->broker->port());
  admin.publish("still");
  ASSERT_TRUE(seen->until_arrived(1));
  acknowledge(*connection, seen->deliveries()[0]);
}

TEST_F(broker_io_test, many_connections_are_read_by_one_thread) {
  publisher admin(house->broker->port());
  broker_io io(*spools);
  std::vector<std::shared_ptr<notebook>> all;
  std::vector<std::unique_ptr<broker_connection>> connections;
  auto wanted = options();
  wanted.prefetch = 1;
  for (int i = 0; i < 30; ++i) {
    all.push_back(std::make_shared<notebook>());
    connections.push_back(io.open(wanted, all.back()));
  }
  for (const auto& each : all) ASSERT_TRUE(each->until_open());
  for (int i = 0; i < 30; ++i) admin.publish("to each");
  for (std::size_t i = 0; i < all.size(); ++i) {
    ASSERT_TRUE(all[i]->until_arrived(1)) << i;
    acknowledge(*connections[i], all[i]->deliveries()[0]);
  }
}

TEST_F(broker_io_test, nobody_there_and_no_answer_are_told_soon) {
  broker_io io(*spools);
  auto wanted = options();
  wanted.deadline = 1s;
  wanted.at.port = 1;
  auto seen = std::make_shared<notebook>();
  auto connection = io.open(wanted, seen);
  ASSERT_TRUE(seen->until_closed());
  EXPECT_EQ(seen->why().code, dpfio_errc::broker_lost);
  auto done = std::make_shared<std::promise<result<void>>>();
  connection->acknowledge(1, 1, [done](auto said) { done->set_value(said); });
  EXPECT_FALSE(done->get_future().get());

  // A listener that never says a word.
  const int mute = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(mute, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(mute, 4), 0);
  ::getsockname(mute, reinterpret_cast<sockaddr*>(&address), &size);
  wanted.at.port = ntohs(address.sin_port);
  seen = std::make_shared<notebook>();
  connection = io.open(wanted, seen);
  EXPECT_TRUE(seen->until_closed());
  EXPECT_EQ(seen->why().code, dpfio_errc::broker_lost);
  ::close(mute);
}

TEST_F(broker_io_test, tls_is_spoken_with_trusted_brokers_alone) {
  broker_io io(*spools);
  auto wanted = options();
  wanted.at = *parse_broker_url("amqps://localhost:" + std::to_string(house->broker->tls_port()));
  wanted.ca_file = house->certificate->certificate_file();
  auto seen = std::make_shared<notebook>();
  auto connection = io.open(wanted, seen);
  ASSERT_TRUE(seen->until_open()) << seen->why().message;
  publisher admin(house->broker->port());
  const std::string large(300'000, 'y');
  admin.publish(large);
  ASSERT_TRUE(seen->until_arrived(1));
  EXPECT_EQ(body_of(seen->deliveries()[0]), large);
  acknowledge(*connection, seen->deliveries()[0]);

  const test::temporary_certificate stranger("DNS:localhost");
  wanted.ca_file = stranger.certificate_file();
  seen = std::make_shared<notebook>();
  connection = io.open(wanted, seen);
  ASSERT_TRUE(seen->until_closed());
  EXPECT_FALSE(seen->why().message.empty());
}

TEST_F(broker_io_test, a_heartbeat_keeps_a_quiet_connection_and_a_dead_one_is_noticed) {
  publisher admin(house->broker->port());
  broker_io io(*spools);
  auto wanted = options();
  wanted.heartbeat = 1s;  // the broker hangs up after two without one
  const auto seen = std::make_shared<notebook>();
  const auto connection = io.open(wanted, seen);
  ASSERT_TRUE(seen->until_open());
  std::this_thread::sleep_for(3500ms);
  admin.publish("still there");
  ASSERT_TRUE(seen->until_arrived(1)) << seen->why().message;
  acknowledge(*connection, seen->deliveries()[0]);
}

// The last one: the broker is gone afterwards.
TEST_F(broker_io_test, zz_a_broker_that_dies_is_noticed_by_all) {
  broker_io io(*spools);
  const auto one = std::make_shared<notebook>(), other = std::make_shared<notebook>();
  const auto first = io.open(options(), one);
  const auto second = io.open(options(), other);
  ASSERT_TRUE(one->until_open());
  ASSERT_TRUE(other->until_open());
  house->broker->stop();
  EXPECT_TRUE(one->until_closed());
  EXPECT_TRUE(other->until_closed());
  EXPECT_EQ(one->why().code, dpfio_errc::broker_lost) << one->why().message;
}

}  // namespace
}  // namespace kp::dpfio
