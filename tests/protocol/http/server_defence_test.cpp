#include "protocol/http/authorization.hpp"
#include "protocol/http/server.hpp"

#include "config/text.hpp"
#include "tests/protocol/http/loopback.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// What the server does with those who mean harm: bounded memory and time, a clear answer.

namespace kp::http {
namespace {

using namespace std::chrono_literals;
using test::network;
using test::raw_peer;
using test::test_server;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

awaitable<server_response> say_path(const request_head& head, request_body&) {
  co_return server_response{200, {}, head.path, nullptr};
}

awaitable<server_response> count_body(const request_head&, request_body& body) {
  std::size_t total = 0;
  for (;;) {
    const auto piece = co_await body.next();
    if (!piece) co_return server_response{500, {}, piece.error().message, nullptr};
    if (piece->empty()) break;
    total += piece->size();
  }
  co_return server_response{200, {}, std::to_string(total), nullptr};
}

constexpr std::string_view host = "Host: h\r\n";
const std::string chunked =
    "PUT / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string ask(network& on, const std::string& text, handler handle = say_path,
                server_options options = {}) {
  test_server server(on, std::move(handle), std::move(options));
  raw_peer peer(server.port());
  peer.say(text);
  return peer.hear_all();
}

// Says a byte every 20 ms until an answer comes, or for three seconds.
std::string drip(raw_peer& peer, const std::string& first, char drop) {
  peer.say(first);
  for (int i = 0; i < 150; ++i) {
    std::this_thread::sleep_for(20ms);
    peer.say(std::string_view(&drop, 1));
    if (peer.has_answer()) break;
  }
  return peer.hear_all();
}

TEST(http_defence, a_header_that_drips_in_is_cut_off_at_its_deadline) {
  network on;
  server_options options;
  options.header_deadline = 1s;
  test_server server(on, say_path, options);
  raw_peer peer(server.port());
  const auto began = std::chrono::steady_clock::now();
  EXPECT_THAT(drip(peer, "GET / HTTP/1.1\r\nX: ", 'a'), StartsWith("HTTP/1.1 408 "));
  EXPECT_LT(std::chrono::steady_clock::now() - began, 2500ms);
}

TEST(http_defence, a_body_that_drips_in_is_cut_off_though_it_never_stops) {
  network on;
  server_options options;
  options.slow_grace = 500ms;
  options.slowest_bytes_per_second = 10'000;
  for (const std::string& head :
       {std::string("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n"),
        chunked + "3e8\r\n"}) {
    test_server server(on, count_body, options);
    raw_peer peer(server.port());
    const auto answer = drip(peer, head, 'a');
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 408 "));
    EXPECT_THAT(answer, HasSubstr("too slowly"));
  }
}

TEST(http_defence, a_body_that_pauses_within_its_grace_is_read) {
  network on;
  server_options options;
  options.slow_grace = 2s;
  options.slowest_bytes_per_second = 1'000'000;
  test_server server(on, count_body, options);
  raw_peer peer(server.port());
  peer.say("PUT / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 6\r\n\r\nabc");
  std::this_thread::sleep_for(300ms);
  peer.say("def");
  EXPECT_THAT(peer.hear_all(), EndsWith("\r\n6"));
}

TEST(http_defence, chunks_that_are_mostly_framing_are_refused) {
  network on;
  std::string tiny;
  for (int i = 0; i < 40'000; ++i) tiny += "1\r\nx\r\n";
  EXPECT_THAT(ask(on, chunked + tiny + "0\r\n\r\n", count_body), StartsWith("HTTP/1.1 400 "));
  std::string padded;
  for (int i = 0; i < 100; ++i) padded += "1;" + std::string(2000, 'e') + "\r\nx\r\n";
  EXPECT_THAT(ask(on, chunked + padded + "0\r\n\r\n", count_body), StartsWith("HTTP/1.1 400 "));
  // What no client should be refused for.
  std::string small;
  for (int i = 0; i < 2000; ++i) small += "4;name=value\r\nabcd\r\n";
  EXPECT_THAT(ask(on, chunked + small + "0\r\n\r\n", count_body), EndsWith("\r\n8000"));
}

TEST(http_defence, a_chunk_extension_without_end_is_refused_before_it_fills_memory) {
  network on;
  EXPECT_THAT(ask(on, chunked + "1;" + std::string(1'000'000, 'e'), count_body),
              StartsWith("HTTP/1.1 400 "));
}

TEST(http_defence, many_fields_and_long_targets_are_told_so) {
  network on;
  std::string fields;
  for (int i = 0; i < 101; ++i) fields += "X: y\r\n";
  EXPECT_THAT(ask(on, "GET / HTTP/1.1\r\n" + std::string(host) + fields + "\r\n"),
              StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(
      ask(on, "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n" + std::string(host) + "\r\n"),
      StartsWith("HTTP/1.1 414 "));
}

TEST(http_defence, lines_that_end_in_a_bare_line_feed_are_refused) {
  network on;
  for (const std::string text :
       {"GET / HTTP/1.1\nHost: h\n\n", "GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\n\n", "GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n"}) {
    // Without an end that counts it is a header that never arrives.
    server_options options;
    options.header_deadline = 1s;
    EXPECT_THAT(ask(on, text, say_path, options),
                testing::AnyOf(StartsWith("HTTP/1.1 400 "), StartsWith("HTTP/1.1 408 "),
                               StartsWith("HTTP/1.1 505 ")));
  }
}

TEST(http_defence, a_path_that_is_no_utf_8_is_refused_and_double_slashes_stay_what_they_are) {
  network on;
  EXPECT_THAT(ask(on, "GET /a%ff HTTP/1.1\r\n" + std::string(host) + "\r\n"),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(
      ask(on, "GET //api//x HTTP/1.1\r\n" + std::string(host) + "Connection: close\r\n\r\n"),
      EndsWith("\r\n//api//x"));
}

TEST(http_defence, what_follows_a_body_is_another_request_and_never_part_of_it) {
  network on;
  const auto answers = ask(on,
                           "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
                           "PUT / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                           "Content-Length: 2\r\n\r\nde",
                           count_body);
  EXPECT_THAT(answers, HasSubstr("\r\n3HTTP/1.1 200 "));
  EXPECT_THAT(answers, EndsWith("\r\n2"));
}

TEST(http_defence, http_1_0_is_answered_and_closed) {
  network on;
  EXPECT_THAT(ask(on, "GET /old HTTP/1.0\r\n\r\n"), EndsWith("\r\n/old"));
}

TEST(http_defence, one_address_has_only_so_many_connections) {
  network on;
  server_options options;
  options.max_connections_per_address = 1;
  test_server server(on, say_path, options);
  {
    raw_peer first(server.port());
    first.say("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(first.hear_until("/1"), EndsWith("/1"));
    raw_peer second(server.port());
    EXPECT_EQ(second.hear_all(), "");
  }
  // The place is free again.
  std::string answer;
  for (int i = 0; i < 100 && answer.empty(); ++i) {
    std::this_thread::sleep_for(20ms);
    raw_peer third(server.port());
    third.say("GET /3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    answer = third.hear_all();
  }
  EXPECT_THAT(answer, EndsWith("/3"));
}

headers with(const std::string& value) {
  return {{"Authorization", value}};
}

TEST(http_authorization, is_basic_or_bearer_or_nothing_that_is_believed) {
  EXPECT_TRUE(std::holds_alternative<no_credentials>(read_authorization({})));
  const auto basic = read_authorization(with("basic " + to_base64("u:p:q")));
  ASSERT_TRUE(std::holds_alternative<basic_credentials>(basic));
  EXPECT_EQ(std::get<basic_credentials>(basic).user, "u");
  EXPECT_EQ(std::get<basic_credentials>(basic).password, "p:q");
  const auto bearer = read_authorization(with("Bearer  a.b-c_d "));
  ASSERT_TRUE(std::holds_alternative<bearer_credentials>(bearer));
  EXPECT_EQ(std::get<bearer_credentials>(bearer).token, "a.b-c_d");
  for (const std::string bad : {"", "Basic", "Basic %%%", "Bearer", "Bearer ", "Bearer a b",
                                "Bearer a\"b", "Digest x", "Basic dTpw, Basic dTpw"})
    EXPECT_TRUE(std::holds_alternative<bad_credentials>(read_authorization(with(bad)))) << bad;
  headers twice = with("Bearer a");
  twice.add("authorization", "Bearer a");
  EXPECT_TRUE(std::holds_alternative<bad_credentials>(read_authorization(twice)));
}

}  // namespace
}  // namespace kp::http
