#include "protocol/rsocket/client.hpp"

#include "config/text.hpp"
#include "protocol/http/http_error.hpp"
#include "tests/protocol/http/loopback.hpp"
#include "tests/protocol/http/temporary_certificate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kp::rsocket {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
namespace asio = boost::asio;

// The other side of a connection, which says what a test wants.
class peer {
 public:
  peer() { acceptor_.listen(); }
  std::string port() const { return std::to_string(acceptor_.local_endpoint().port()); }
  void accept() { socket_ = acceptor_.accept(); }
  void close() { socket_.close(); }
  void say(const frame& one) { asio::write(socket_, asio::buffer(encode(one))); }
  void answer(std::uint32_t stream) {
    frame done;
    done.stream = stream;
    done.type = frame_type::payload;
    done.flags = flag::complete;
    say(done);
  }
  void fail(std::uint32_t stream, std::uint32_t code, const std::string& text) {
    frame wrong;
    wrong.stream = stream;
    wrong.type = frame_type::error;
    for (const unsigned shift : {24u, 16u, 8u, 0u})
      wrong.body.push_back(static_cast<char>(code >> shift & 0xff));
    wrong.body += text;
    say(wrong);
  }
  // The next frame but keepalives that want an answer; type ext when the connection has ended.
  frame hear(bool all = false) {
    for (;;) {
      auto one = reader_.next();
      if (one && *one) {
        if (!all && (*one)->type == frame_type::keepalive && (*one)->has(flag::respond)) continue;
        return **one;
      }
      char piece[4096];
      boost::system::error_code failed;
      const auto count = socket_.read_some(asio::buffer(piece), failed);
      if (failed) return {};
      reader_.add({piece, count});
    }
  }

 private:
  asio::io_context here_;
  asio::ip::tcp::acceptor acceptor_{here_, {asio::ip::make_address("127.0.0.1"), 0}};
  asio::ip::tcp::socket socket_{here_};
  frame_reader reader_{longest_frame};
};

class rsocket_client : public testing::Test {
 protected:
  void SetUp() override { connect_to(port()); }
  void TearDown() override {
    on.call([this] { it.reset(); });
  }
  std::string port() const { return other.port(); }
  void connect_to(const std::string& where) {
    options.host = "127.0.0.1";
    options.port = where;
    on.call([this] {
      it = std::move(*client::make(on.context(), options));
      return 0;
    });
  }
  std::future<result<void>> begin(std::string data) {
    return asio::co_spawn(on.context(), it->request("meta", std::move(data)), asio::use_future);
  }
  // Up to the first request.
  frame open() {
    other.accept();
    EXPECT_EQ(other.hear().type, frame_type::setup);
    return other.hear();
  }

  test::network on;
  peer other;
  client_options options;
  std::unique_ptr<client> it;
};

std::string code(const result<void>& r) {
  return r ? "" : r.error().code.message();
}

}  // namespace

TEST_F(rsocket_client, asks_and_hears_the_answer_of_each_request) {
  auto one = begin("first");
  const auto first = open();
  EXPECT_EQ(first.type, frame_type::request_response);
  EXPECT_EQ(first.stream, 1u);
  EXPECT_EQ(content_of(first)->metadata, "meta");
  EXPECT_EQ(content_of(first)->data, "first");
  auto two = begin("second");
  const auto second = other.hear();
  EXPECT_EQ(second.stream, 3u);
  other.fail(3, 0x204, "what?");
  EXPECT_EQ(code(two.get()), "invalid");
  other.answer(1);
  EXPECT_TRUE(one.get());
}

TEST_F(rsocket_client, takes_a_payload_with_data_and_one_in_parts_as_an_answer) {
  auto one = begin("x");
  const auto asked = open();
  frame part;
  part.stream = asked.stream;
  part.type = frame_type::payload;
  part.flags = flag::next | flag::follows;
  part.body = "some";
  other.say(part);
  EXPECT_EQ(one.wait_for(50ms), std::future_status::timeout);
  part.flags = flag::next | flag::complete;
  other.say(part);
  EXPECT_TRUE(one.get());
}

TEST_F(rsocket_client, fires_without_an_answer) {
  auto fired = asio::co_spawn(on.context(), it->fire("meta", "data"), asio::use_future);
  const auto seen = open();
  EXPECT_EQ(seen.type, frame_type::request_fnf);
  EXPECT_EQ(content_of(seen)->data, "data");
  EXPECT_TRUE(fired.get());
}

TEST_F(rsocket_client, tells_errors_of_a_request_apart) {
  const std::vector<std::tuple<std::uint32_t, std::string, bool>> all{
      {0x201, "application error", false},
      {0x202, "rejected", true},
      {0x203, "canceled", true},
      {0x204, "invalid", false}};
  bool first = true;
  for (const auto& [number, name, again] : all) {
    auto one = begin("x");
    const auto asked = first ? open() : other.hear();
    first = false;
    other.fail(asked.stream, number, "Access\nDenied");
    const auto got = one.get();
    EXPECT_EQ(code(got), name);
    EXPECT_EQ(got.error().retryable, again);
    EXPECT_THAT(got.error().message, HasSubstr("Access Denied"));
  }
}

TEST_F(rsocket_client, knows_a_connection_that_is_not_wanted_from_one_that_ends) {
  auto one = begin("x");
  open();
  other.fail(0, 0x003, "no");
  auto got = one.get();
  EXPECT_EQ(code(got), "setup refused");
  EXPECT_FALSE(got.error().retryable);
  one = begin("x");
  open();
  other.fail(0, 0x102, "good night");
  got = one.get();
  EXPECT_EQ(code(got), "connection closed");
  EXPECT_TRUE(got.error().retryable);
}

TEST_F(rsocket_client, connects_again_after_the_connection_has_ended) {
  auto one = begin("x");
  open();
  other.close();
  EXPECT_EQ(code(one.get()), "connection closed");
  one = begin("y");
  EXPECT_EQ(open().stream, 1u);
  other.answer(1);
  EXPECT_TRUE(one.get());
}

TEST_F(rsocket_client, makes_one_connection_for_all_who_ask_at_once) {
  auto one = begin("x");
  auto two = begin("y");
  open();
  const auto second = other.hear();
  EXPECT_EQ(second.type, frame_type::request_response);
  other.answer(1);
  other.answer(3);
  EXPECT_TRUE(one.get());
  EXPECT_TRUE(two.get());
}

TEST_F(rsocket_client, stops_waiting_and_calls_the_request_off) {
  options.answer_deadline = 50ms;
  connect_to(port());
  auto one = begin("x");
  open();
  EXPECT_EQ(code(one.get()), "timeout");
  EXPECT_EQ(other.hear().type, frame_type::cancel);
  other.answer(1);  // too late, and no harm
  one = begin("y");
  EXPECT_EQ(other.hear().stream, 3u);
  other.answer(3);
  EXPECT_TRUE(one.get());
}

TEST_F(rsocket_client, keeps_the_connection_alive_and_answers_the_other_side) {
  options.terms.keepalive = 30ms;
  connect_to(port());
  auto one = begin("x");
  open();
  const auto beat = other.hear(true);
  EXPECT_EQ(beat.type, frame_type::keepalive);
  EXPECT_TRUE(beat.has(flag::respond));
  other.say(make_keepalive(true, "are you there?"));
  for (;;) {
    const auto echo = other.hear(true);
    ASSERT_EQ(echo.type, frame_type::keepalive);
    if (echo.has(flag::respond)) continue;
    EXPECT_THAT(echo.body, testing::EndsWith("are you there?"));
    break;
  }
  other.answer(1);
  EXPECT_TRUE(one.get());
}

TEST_F(rsocket_client, gives_up_a_connection_on_which_nothing_comes_for_its_lifetime) {
  options.terms.keepalive = 20ms;
  options.terms.lifetime = 200ms;
  connect_to(port());
  auto one = begin("x");
  open();
  const auto got = one.get();
  EXPECT_EQ(code(got), "connection closed");
  EXPECT_THAT(got.error().message, HasSubstr("lifetime"));
}

TEST_F(rsocket_client, closes_a_connection_that_nobody_needs) {
  options.terms.keepalive = 20ms;
  options.close_idle_after = 60ms;
  connect_to(port());
  auto one = begin("x");
  open();
  other.answer(1);
  EXPECT_TRUE(one.get());
  EXPECT_EQ(other.hear().type, frame_type::ext) << "it has not ended";
}

TEST_F(rsocket_client, leaves_alone_what_it_need_not_know_and_ends_at_what_it_must) {
  auto one = begin("x");
  open();
  frame odd;
  odd.type = frame_type::metadata_push;
  odd.flags = flag::metadata;
  other.say(odd);
  odd.type = frame_type::lease;
  odd.flags = 0;
  other.say(odd);
  odd.type = frame_type::ext;
  odd.flags = flag::ignore;
  other.say(odd);
  EXPECT_EQ(one.wait_for(50ms), std::future_status::timeout);
  odd.flags = 0;
  other.say(odd);
  EXPECT_EQ(code(one.get()), "bad frame");
}

TEST_F(rsocket_client, says_when_there_is_nobody) {
  connect_to("1");
  EXPECT_EQ(begin("x").get().error().code, http::http_errc::connect);
}

TEST_F(rsocket_client, does_not_speak_with_who_has_no_trusted_certificate) {
  options.tls = true;
  connect_to(port());
  auto one = begin("x");
  other.accept();
  other.answer(1);  // no TLS at all
  EXPECT_EQ(one.get().error().code, http::http_errc::tls);
}

}  // namespace kp::rsocket
