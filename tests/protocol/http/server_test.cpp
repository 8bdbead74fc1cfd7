#include "protocol/http/server.hpp"

#include "tests/protocol/http/loopback.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

namespace kp::http {
namespace {

using namespace std::chrono_literals;
using test::network;
using test::raw_peer;
using test::test_server;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

awaitable<server_response> say_path(const request_head& head, request_body&) {
  co_return server_response{200, {{"X-Query", head.query}}, head.method + " " + head.path, nullptr};
}

awaitable<server_response> count_body(const request_head&, request_body& body) {
  std::size_t total = 0;
  std::size_t largest = 0;
  for (;;) {
    const auto piece = co_await body.next();
    if (!piece) co_return server_response{500, {}, piece.error().message, nullptr};
    if (piece->empty()) break;
    total += piece->size();
    largest = std::max(largest, piece->size());
  }
  co_return server_response{
      200, {}, std::to_string(total) + (largest <= 256 * 1024 ? "" : " too large"), nullptr};
}

std::string ask(network& on, const std::string& text, handler handle = say_path,
                server_options options = {}) {
  test_server server(on, std::move(handle), std::move(options));
  raw_peer peer(server.port());
  peer.say(text);
  return peer.hear_all();
}

constexpr std::string_view last = "Host: h\r\nConnection: close\r\n\r\n";

std::string get_last(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\n" + std::string(last);
}

TEST(http_server, answers_with_length_and_date_and_what_the_handler_said) {
  network on;
  const auto answer = ask(on, get_last("/a%20b?x=%20y"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: 8\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nX-Query: x=%20y\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nGET /a b"));
}

TEST(http_server, answers_pipelined_requests_in_order_on_one_connection) {
  network on;
  const auto answer = ask(on,
                          "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nPOST /2 HTTP/1.1\r\nHost: h\r\n"
                          "Content-Length: 5\r\n\r\nabcdeGET /3 HTTP/1.1\r\nHost: h\r\n\r\n" +
                              get_last("/4"));
  const auto one = answer.find("GET /1");
  const auto two = answer.find("POST /2");
  const auto three = answer.find("GET /3");
  const auto four = answer.find("GET /4");
  EXPECT_TRUE(one < two && two < three && three < four && four != std::string::npos) << answer;
}

TEST(http_server, answers_head_without_a_body) {
  network on;
  const auto answer = ask(on, "HEAD /x HTTP/1.1\r\n" + std::string(last));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 7\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST(http_server, reads_bodies_of_known_length_and_chunked_in_bounded_pieces) {
  network on;
  const std::string large(3'000'000, 'x');
  EXPECT_THAT(ask(on, "PUT / HTTP/1.1\r\nContent-Length: 3000000\r\n" + std::string(last) + large,
                  count_body),
              EndsWith("\r\n\r\n3000000"));
  EXPECT_THAT(ask(on,
                  "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + std::string(last) +
                      "2dc6c0\r\n" + large + "\r\n3\r\nabc\r\n0\r\n\r\n",
                  count_body),
              EndsWith("\r\n\r\n3000003"));
}

TEST(http_server, keeps_the_connection_after_a_small_unread_body_and_not_after_a_large_one) {
  network on;
  const std::string small(500'000, 'x');
  const auto kept = ask(
      on, "PUT /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n\r\n" + small + get_last("/2"));
  EXPECT_THAT(kept, HasSubstr("PUT /1"));
  EXPECT_THAT(kept, HasSubstr("GET /2"));
  const std::string large(2'000'000, 'x');
  const auto closed = ask(
      on, "PUT /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 2000000\r\n\r\n" + large + get_last("/2"));
  EXPECT_THAT(closed, HasSubstr("PUT /1"));
  EXPECT_THAT(closed, HasSubstr("Connection: close"));
  EXPECT_THAT(closed, Not(HasSubstr("GET /2")));
}

TEST(http_server, sends_100_continue_only_when_the_handler_asks_for_the_body) {
  network on;
  {
    test_server server(on, count_body);
    raw_peer peer(server.port());
    peer.say("PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n" + std::string(last));
    EXPECT_EQ(peer.hear_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    peer.say("abc");
    EXPECT_THAT(peer.hear_all(), EndsWith("\r\n\r\n3"));
  }
  test_server server(on, say_path);
  raw_peer peer(server.port());
  peer.say("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  const auto answer = peer.hear_until("PUT /");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
}

TEST(http_server, refuses_framing_that_two_readers_could_read_differently) {
  network on;
  std::atomic<int> handled = 0;
  const handler counting = [&handled](const request_head& head,
                                      request_body& body) -> awaitable<server_response> {
    ++handled;
    return say_path(head, body);
  };
  for (const std::string fields :
       {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n", "Content-Length: -5\r\n",
        "Content-Length: 5x\r\n", "Content-Length: 99999999999999999999999\r\n",
        "Transfer-Encoding: gzip\r\n", "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: xchunked\r\n", "Host: other\r\n", "Bad Name: x\r\n", "Space : x\r\n"}) {
    const auto answer =
        ask(on, "POST / HTTP/1.1\r\n" + fields + std::string(last) + "hello", counting);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 ")) << fields;
    EXPECT_THAT(answer, HasSubstr("Connection: close")) << fields;
  }
  EXPECT_THAT(ask(on, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", counting),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask(on, "GET / HTTP/1.1\r\n\r\n", counting), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask(on, "nonsense\r\n\r\n", counting), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask(on, std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n", 13), counting),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_EQ(handled, 0);
}

TEST(http_server, answers_400_to_chunks_that_are_none) {
  network on;
  for (const std::string chunks : {"5\r\nabc\r\n0\r\n\r\n", "zz\r\nabc\r\n", "-1\r\n\r\n",
                                   "ffffffffffffffffffff\r\nabc\r\n"}) {
    const auto answer = ask(
        on,
        "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + std::string(last) + chunks + chunks,
        count_body);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 ")) << chunks;
  }
}

TEST(http_server, refuses_paths_that_walk_around_checks) {
  network on;
  for (const std::string target :
       {"/a/../b", "/..", "/a/.", "/a/%2e%2e/b", "/%2E/b", "/a%2fb", "/a%5cb", "/a\\b", "/a%00b",
        "/a%0d%0ab", "/a%", "/a%zz", "/a#b", "relative", "http:///nohost"}) {
    EXPECT_THAT(ask(on, get_last(target)), StartsWith("HTTP/1.1 400 ")) << target;
  }
  for (const std::string target : {"/a..b", "/...", "/.well-known", "http://h/a", "/her-id:12"})
    EXPECT_THAT(ask(on, get_last(target)), StartsWith("HTTP/1.1 200 ")) << target;
}

TEST(http_server, answers_431_to_a_header_beyond_its_bound) {
  network on;
  server_options options;
  options.max_header_bytes = 4096;
  const std::string filler(5000, 'a');
  EXPECT_THAT(
      ask(on, "GET / HTTP/1.1\r\nX: " + filler + "\r\n" + std::string(last), say_path, options),
      StartsWith("HTTP/1.1 431 "));
  const std::string endless(200'000, 'a');
  EXPECT_THAT(ask(on, "GET /" + endless, say_path, options), StartsWith("HTTP/1.1 431 "));
}

TEST(http_server, answers_408_to_a_header_that_does_not_arrive) {
  network on;
  server_options options;
  options.header_deadline = 1s;
  EXPECT_THAT(ask(on, "GET / HTTP/1.1\r\nHo", say_path, options), StartsWith("HTTP/1.1 408 "));
  EXPECT_EQ(ask(on, "", say_path, options), "");
}

TEST(http_server, answers_408_to_a_body_that_stops_arriving) {
  network on;
  server_options options;
  options.body_stall = 1s;
  EXPECT_THAT(ask(on, "PUT / HTTP/1.1\r\nContent-Length: 10\r\n" + std::string(last) + "abc",
                  count_body, options),
              StartsWith("HTTP/1.1 408 "));
}

TEST(http_server, closes_an_idle_connection) {
  network on;
  server_options options;
  options.idle = 1s;
  const auto answer = ask(on, "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n", say_path, options);
  EXPECT_THAT(answer, EndsWith("GET /1"));
}

TEST(http_server, tells_the_handler_that_a_body_was_cut) {
  network on;
  std::promise<error> told;
  test_server server(
      on, [&told](const request_head&, request_body& body) -> awaitable<server_response> {
        for (;;) {
          auto piece = co_await body.next();
          if (!piece) told.set_value(piece.error());
          if (!piece || piece->empty()) co_return server_response{};
        }
      });
  {
    raw_peer peer(server.port());
    peer.say("PUT / HTTP/1.1\r\nContent-Length: 1000\r\n" + std::string(last) + "abc");
  }
  EXPECT_EQ(told.get_future().get().code, http_errc::cut);
}

class counting_stream final : public response_body {
 public:
  explicit counting_stream(int pieces, bool fails = false) : left_(pieces), fails_(fails) {}
  awaitable<result<std::string_view>> next() override {
    if (left_ == 0 && fails_) co_return permanent(http_errc::unavailable, "the disk is gone");
    if (left_ == 0) co_return std::string_view();
    piece_ = "piece " + std::to_string(left_--) + ";";
    co_return std::string_view(piece_);
  }

 private:
  int left_;
  bool fails_;
  std::string piece_;
};

TEST(http_server, sends_a_stream_in_chunks_and_cuts_it_when_it_fails) {
  network on;
  const auto streaming = [](bool fails) -> handler {
    return [fails](const request_head&, request_body&) -> awaitable<server_response> {
      co_return server_response{200, {}, "", std::make_shared<counting_stream>(2, fails)};
    };
  };
  const auto whole = ask(on, get_last("/"), streaming(false));
  EXPECT_THAT(whole, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(whole, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(whole, EndsWith("\r\n\r\n8\r\npiece 2;\r\n8\r\npiece 1;\r\n0\r\n\r\n"));
  const auto cut = ask(on, get_last("/"), streaming(true));
  EXPECT_THAT(cut, EndsWith("8\r\npiece 1;\r\n"));
  const auto old = ask(on, "GET / HTTP/1.0\r\n\r\n", streaming(false));
  EXPECT_THAT(old, EndsWith("\r\n\r\npiece 2;piece 1;"));
}

// Never ends; says when it is given up.
class endless_stream final : public response_body {
 public:
  explicit endless_stream(std::promise<std::size_t>& given_up) : given_up_(given_up) {}
  ~endless_stream() override { given_up_.set_value(pieces_); }
  awaitable<result<std::string_view>> next() override {
    ++pieces_;
    co_return std::string_view(piece_);
  }

 private:
  std::promise<std::size_t>& given_up_;
  std::string piece_ = std::string(64 * 1024, 'x');
  std::size_t pieces_ = 0;
};

TEST(http_server, cuts_a_client_that_takes_nothing_and_makes_no_more_for_it_than_the_system_holds) {
  network on;
  std::promise<std::size_t> given_up;
  server_options options;
  options.body_stall = 1s;
  test_server server(
      on,
      [&given_up](const request_head&, request_body&) -> awaitable<server_response> {
        co_return server_response{200, {}, "", std::make_shared<endless_stream>(given_up)};
      },
      options);
  raw_peer peer(server.port());
  peer.say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  auto pieces = given_up.get_future();
  ASSERT_EQ(pieces.wait_for(10s), std::future_status::ready);
  EXPECT_LT(pieces.get(), 1000u);  // 64 MB: far beyond what sockets buffer
}

TEST(http_server, tells_a_handler_that_waits_whether_the_client_has_gone) {
  network on;
  std::promise<void> here, gone;
  test_server server(on,
                     [&](const request_head&, request_body& body) -> awaitable<server_response> {
                       EXPECT_FALSE(body.peer_gone());
                       here.set_value();
                       for (int i = 0; i < 500 && !body.peer_gone(); ++i)
                         co_await test::sleep_for(10ms);
                       EXPECT_TRUE(body.peer_gone());
                       gone.set_value();
                       co_return server_response{};
                     });
  {
    raw_peer peer(server.port());
    peer.say("GET / HTTP/1.1\r\nHost: h\r\n\r\nGET /next HTTP/1.1\r\n");  // more to read is no end
    here.get_future().wait();
  }
  EXPECT_EQ(gone.get_future().wait_for(10s), std::future_status::ready);
}

TEST(http_server, closes_connections_beyond_its_cap_at_once) {
  network on;
  server_options options;
  options.max_connections = 1;
  test_server server(on, say_path, options);
  raw_peer first(server.port());
  first.say("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(first.hear_until("GET /1"), EndsWith("GET /1"));
  raw_peer second(server.port());
  EXPECT_EQ(second.hear_all(), "");
  first.say(get_last("/2"));
  EXPECT_THAT(first.hear_all(), EndsWith("GET /2"));
}

TEST(http_server, turns_an_exception_and_a_field_that_would_end_its_line_into_500) {
  network on;
  EXPECT_THAT(ask(on, get_last("/"),
                  [](const request_head&, request_body&) -> awaitable<server_response> {
                    throw std::runtime_error("a mistake");
                    co_return server_response{};
                  }),
              StartsWith("HTTP/1.1 500 "));
  const auto answer =
      ask(on, get_last("/"), [](const request_head&, request_body&) -> awaitable<server_response> {
        co_return server_response{200, {{"X", "a\r\nSet-Cookie: b"}}, "", nullptr};
      });
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(answer, Not(HasSubstr("Set-Cookie")));
}

TEST(http_server, puts_the_common_headers_on_every_answer_also_on_refusals) {
  network on;
  server_options options;
  options.headers_on_every_answer = {{"X-Content-Type-Options", "nosniff"}};
  EXPECT_THAT(ask(on, get_last("/"), say_path, options),
              HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"));
  EXPECT_THAT(ask(on, get_last("/.."), say_path, options),
              HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"));
}

TEST(http_server, lets_an_answer_say_another_value_of_a_common_header_or_none) {
  network on;
  server_options options;
  options.headers_on_every_answer = {
      {"Cache-Control", "no-store"}, {"Pragma", "no-cache"}, {"Vary", "A"}, {"Vary", "B"}};
  const auto answer = ask(
      on, get_last("/"),
      [](const request_head&, request_body&) -> awaitable<server_response> {
        co_return server_response{
            200, {{"cache-control", "max-age=60"}, {"Pragma", ""}}, "", nullptr};
      },
      options);
  EXPECT_THAT(answer, HasSubstr("\r\ncache-control: max-age=60\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("no-store")));
  EXPECT_THAT(answer, Not(HasSubstr("Pragma")));
  EXPECT_THAT(answer, HasSubstr("\r\nVary: A\r\nVary: B\r\n"));
}

TEST(http_server, stopping_lets_a_request_in_progress_finish_and_cuts_what_does_not) {
  network on;
  const auto slow = [](std::chrono::milliseconds span) -> handler {
    return [span](const request_head& head, request_body&) -> awaitable<server_response> {
      co_await test::sleep_for(span);
      co_return server_response{200, {}, "done " + head.path, nullptr};
    };
  };
  {
    test_server server(on, slow(300ms));
    raw_peer peer(server.port());
    raw_peer idle(server.port());
    peer.say("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
    std::this_thread::sleep_for(100ms);
    on.run([](http::server& it) -> awaitable<bool> {
      co_await it.stop(5s);
      co_return true;
    }(*server));
    EXPECT_THAT(peer.hear_all(), EndsWith("done /1"));
    EXPECT_EQ(idle.hear_all(), "");
    EXPECT_THROW(raw_peer late(server.port()), boost::system::system_error);
  }
  test_server server(on, slow(3s));
  raw_peer peer(server.port());
  peer.say("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
  std::this_thread::sleep_for(100ms);
  on.run([](http::server& it) -> awaitable<bool> {
    co_await it.stop(200ms);
    co_return true;
  }(*server));
  EXPECT_EQ(peer.hear_all(), "");
}

TEST(http_server, says_what_it_cannot_listen_on) {
  asio::io_context context;
  server_options options;
  options.address = "not an address";
  const auto refused = server::listen(context, options, say_path);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("not an address:0"));
  options.address = "127.0.0.1";
  options.certificate_file = "/does/not/exist.pem";
  EXPECT_FALSE(server::listen(context, options, say_path));
}

}  // namespace
}  // namespace kp::http
