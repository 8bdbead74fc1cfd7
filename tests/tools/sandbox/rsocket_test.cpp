#include "tests/support/fixtures.hpp"
#include "tests/tools/sandbox/support.hpp"

#include "config/text.hpp"
#include "tools/sandbox/rsocket_frames.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

#include <sys/socket.h>

namespace kp::sandbox::test {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
constexpr auto org = "971203420";

std::string bytes_of(const std::string& name) {
  const auto text = kp::test::fixture("platform/rsocket/" + name + ".hex");
  return text ? from_hex(trim(*text)).value_or("") : "";
}

// A requester that says bytes; reads give up after five seconds.
class wire {
 public:
  explicit wire(std::uint16_t port) {
    socket_.connect({asio::ip::make_address("127.0.0.1"), port});
    timeval patience{5, 0};
    setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  void say(const std::string& bytes) { asio::write(socket_, asio::buffer(bytes)); }
  // Lower-case hex of the next frame with its length; "" at the end or after silence.
  std::string hear() {
    for (;;) {
      if (in_.size() >= 3) {
        const auto size = 3 + (static_cast<std::size_t>(static_cast<unsigned char>(in_[0])) << 16) +
                          (static_cast<std::size_t>(static_cast<unsigned char>(in_[1])) << 8) +
                          static_cast<unsigned char>(in_[2]);
        if (in_.size() >= size) {
          const auto one = in_.substr(0, size);
          in_.erase(0, size);
          return to_hex(one);
        }
      }
      char piece[4096];
      const auto count = recv(socket_.native_handle(), piece, sizeof piece, 0);
      if (count <= 0) return {};
      in_.append(piece, static_cast<std::size_t>(count));
    }
  }
  bool silent_for(std::chrono::milliseconds span) {
    timeval patience{0, static_cast<suseconds_t>(span.count() * 1000)};
    setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    char one;
    return recv(socket_.native_handle(), &one, 1, MSG_PEEK) < 0;
  }

 private:
  asio::io_context here_;
  tcp::socket socket_{here_};
  std::string in_;
};

std::string error_hex(std::uint32_t stream, std::uint32_t code, const std::string& text) {
  return to_hex(error_frame(stream, code, text));
}

class sandbox_rsocket : public with_sandbox {
 protected:
  void SetUp() override {
    kp::sandbox::options wanted;
    wanted.port = 0;
    wanted.time = time;
    wanted.rsocket_port = 0;
    wanted.rsocket_tls_port = 0;
    auto started = sandbox::start(std::move(wanted));
    ASSERT_TRUE(started) << started.error().message;
    box = std::move(*started);
    own = add(org, {{"scopes", json::array{"move/dpe.read"}}});
    if (bytes_of("01-setup").empty()) GTEST_SKIP() << "the fixtures are not there";
  }
  json::object seen() { return control("GET", "/control/status-service").as_object(); }
  static std::uint16_t port_in(const json::value& url) {
    const std::string text(url.as_string());
    return static_cast<std::uint16_t>(std::stoi(text.substr(text.rfind(':') + 1)));
  }
  std::uint16_t port() { return port_in(seen().at("rsocket")); }
  // A fixture with a token that is valid here in the place of its dummy.
  std::string with_token(const std::string& name) {
    const std::string dummy = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln";
    const auto fresh = token(own, "move/dpe.read");
    auto bytes = bytes_of(name);
    const auto at = bytes.find(dummy);
    EXPECT_NE(at, std::string::npos);
    const auto grow = fresh.size() - dummy.size();
    bytes.replace(at, dummy.size(), fresh);
    // The lengths of the authentication entry, of the metadata and of the frame: 24 bits each.
    const auto add_to = [&](std::size_t place) {
      std::size_t value = 0;
      for (std::size_t i = 0; i < 3; ++i)
        value = value << 8 | static_cast<unsigned char>(bytes[place + i]);
      value += grow;
      for (std::size_t i = 0; i < 3; ++i)
        bytes[place + i] = static_cast<char>(value >> (8 * (2 - i)) & 0xff);
    };
    add_to(at - 4);
    add_to(9);
    add_to(0);
    return bytes;
  }
  member own;
};

}  // namespace

TEST_F(sandbox_rsocket, takes_requests_with_both_spellings_of_metadata) {
  wire to(port());
  to.say(bytes_of("01-setup"));
  to.say(with_token("02-request-response-java-style"));
  EXPECT_EQ(to.hear(), to_hex(bytes_of("05-payload-complete")));
  to.say(with_token("03-request-response-id-style"));
  EXPECT_EQ(to.hear(), "000006000000032840");
  // The example lacks logger_name: taken, and filed under dropped (status-service.md 5.1).
  EXPECT_EQ(seen().at("dropped").as_int64(), 2);
}

TEST_F(sandbox_rsocket, answers_fire_and_forget_with_silence) {
  wire to(port());
  to.say(bytes_of("01-setup"));
  to.say(with_token("04-request-fnf"));
  to.say(bytes_of("06-keepalive-respond"));
  EXPECT_EQ(to.hear(), "00000e000000000c000000000000000000");
  auto bad = bytes_of("04-request-fnf");  // with a bad token, and as silent
  bad[6] = 7;                             // another stream
  to.say(bad);
  EXPECT_TRUE(to.silent_for(std::chrono::milliseconds(100)));
  EXPECT_EQ(seen().at("dropped").as_int64(), 1);
}

TEST_F(sandbox_rsocket, puts_fragments_together) {
  wire to(port());
  to.say(bytes_of("01-setup"));
  to.say(with_token("12-fragmented-request-response"));
  EXPECT_EQ(to.hear(), "000006000000072840");
  EXPECT_EQ(seen().at("dropped").as_int64(), 1);
}

TEST_F(sandbox_rsocket, denies_access_without_a_valid_token) {
  wire to(port());
  to.say(bytes_of("01-setup"));
  to.say(bytes_of("02-request-response-java-style"));
  EXPECT_EQ(to.hear(), to_hex(bytes_of("08-error-application-access-denied")));
  EXPECT_EQ(seen().at("dropped").as_int64(), 0);
}

TEST_F(sandbox_rsocket, knows_no_other_route) {
  auto bytes = with_token("02-request-response-java-style");
  const auto at = bytes.find("log-fire");
  bytes.replace(at, 8, "log-fake");
  wire to(port());
  to.say(bytes_of("01-setup"));
  to.say(bytes);
  EXPECT_EQ(to.hear(), error_hex(1, 0x201, "No handler for destination 'log-fake'"));
}

TEST_F(sandbox_rsocket, refuses_what_is_no_setup) {
  {
    wire to(port());
    to.say(bytes_of("06-keepalive-respond"));
    EXPECT_EQ(to.hear(), error_hex(0, 0x001, "Invalid SETUP"));
    EXPECT_EQ(to.hear(), "");
  }
  auto leased = bytes_of("01-setup");
  leased[8] = 0x40;
  wire to(port());
  to.say(leased);
  EXPECT_EQ(to.hear(), error_hex(0, 0x002, "lease is not supported"));
}

TEST_F(sandbox_rsocket, ends_a_connection_that_is_silent_for_its_lifetime) {
  auto brief = bytes_of("01-setup");
  brief[17] = brief[18] = brief[19] = 0;
  brief[20] = 0x64;  // 100 ms
  wire to(port());
  to.say(brief);
  EXPECT_EQ(to.hear(), error_hex(0, 0x101, "No keep-alive acks"));
  EXPECT_EQ(to.hear(), "");
}

TEST_F(sandbox_rsocket, leaves_alone_what_it_may_ignore) {
  wire to(port());
  to.say(bytes_of("01-setup"));
  to.say(bytes_of("11-metadata-push-ignored"));
  to.say(bytes_of("10-cancel"));
  to.say(write_frame(0, rsocket_type::ext, rsocket_flag::ignore, "x"));
  to.say(bytes_of("06-keepalive-respond"));
  EXPECT_EQ(to.hear(), "00000e000000000c000000000000000000");
  to.say(write_frame(0, rsocket_type::ext, 0, "x"));
  EXPECT_EQ(to.hear(), error_hex(0, 0x101, "Unexpected frame"));
}

TEST_F(sandbox_rsocket, fails_on_purpose) {
  control("POST", "/control/status-service", {{"rejectSetup", 1}});
  {
    wire to(port());
    to.say(bytes_of("01-setup"));
    EXPECT_EQ(to.hear(), to_hex(bytes_of("09-error-rejected-setup")));
  }
  control("POST", "/control/status-service", {{"closeAfterSetup", 1}});
  {
    wire to(port());
    to.say(bytes_of("01-setup"));
    EXPECT_EQ(to.hear(), "");
  }
  control("POST", "/control/faults",
          {{"endpoint", "status_rsocket"}, {"kind", "status"}, {"status", 503}});
  {
    wire to(port());
    to.say(bytes_of("01-setup"));
    to.say(with_token("02-request-response-java-style"));
    EXPECT_EQ(to.hear(), error_hex(1, 0x202, "Rejected"));
  }
  control("POST", "/control/faults", {{"endpoint", "status_rsocket"}, {"kind", "cut_after"}});
  wire to(port());
  to.say(bytes_of("01-setup"));
  to.say(with_token("02-request-response-java-style"));
  EXPECT_EQ(to.hear(), "");
  EXPECT_EQ(seen().at("dropped").as_int64(), 1) << "the cut one had its effect";
}

TEST_F(sandbox_rsocket, speaks_tls_with_a_certificate_of_its_ca) {
  asio::io_context here;
  asio::ssl::context tls(asio::ssl::context::tls_client);
  const auto root = get("/control/ca.pem").body;
  tls.add_certificate_authority(asio::buffer(root));
  tls.set_verify_mode(asio::ssl::verify_peer);
  asio::ssl::stream<tcp::socket> to(here, tls);
  X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(to.native_handle()), "127.0.0.1");
  // The clock of the test stands still, long before the machine's.
  X509_VERIFY_PARAM_set_time(SSL_get0_param(to.native_handle()), now());
  to.next_layer().connect({asio::ip::make_address("127.0.0.1"), port_in(seen().at("rsocketTls"))});
  to.handshake(asio::ssl::stream_base::client);
  asio::write(to, asio::buffer(bytes_of("01-setup") + bytes_of("06-keepalive-respond")));
  std::string answer(17, '\0');
  asio::read(to, asio::buffer(answer));
  EXPECT_EQ(to_hex(answer), "00000e000000000c000000000000000000");
}

}  // namespace kp::sandbox::test
