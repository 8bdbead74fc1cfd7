#include "protocol/http/client.hpp"

#include "tests/protocol/http/loopback.hpp"
#include "tests/protocol/http/temporary_certificate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>

namespace kp::http {
namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;
using test::network;
using test::raw_peer;
using test::test_server;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// A client on a network thread, with workers.
class test_client {
 public:
  explicit test_client(network& on, client_options options = {})
      : network_(on), client_(on.call([&] {
          return std::move(*client::make(on.context(), workers_, std::move(options)));
        })) {}
  ~test_client() {
    network_.call([this] { client_.reset(); });
    workers_.join();
  }
  client& operator*() { return *client_; }
  void close() {
    network_.call([this] { client_.reset(); });
  }
  result<response> send(request asked) { return network_.run(client_->send(std::move(asked))); }
  result<response> get(const std::string& url) {
    request asked;
    asked.url = url;
    return send(std::move(asked));
  }
  result<response> download(request asked, std::shared_ptr<byte_sink> sink, std::uint64_t max) {
    return network_.run(client_->download(std::move(asked), std::move(sink), max));
  }

 private:
  asio::thread_pool workers_{2};
  network& network_;
  std::unique_ptr<client> client_;
};

// Accepts one connection after the other and lets the test play the server.
class played_server {
 public:
  explicit played_server(std::vector<std::function<void(raw_peer&)>> scenes) {
    acceptor_.listen();
    thread_ = std::thread([this, scenes = std::move(scenes)] {
      for (const auto& scene : scenes) {
        boost::system::error_code failed;
        tcp::socket socket(context_);
        acceptor_.accept(socket, failed);
        if (failed) return;
        raw_peer peer(std::move(socket));
        scene(peer);
      }
    });
  }
  ~played_server() {
    shutdown(acceptor_.native_handle(), SHUT_RDWR);
    thread_.join();
  }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  std::string url(const std::string& path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port()) + path;
  }

 private:
  asio::io_context context_;
  tcp::acceptor acceptor_{context_, {asio::ip::address_v4::loopback(), 0}};
  std::thread thread_;
};

std::function<void(raw_peer&)> answering(std::string answer) {
  return [answer](raw_peer& peer) {
    peer.hear_until("\r\n\r\n");
    peer.say(answer);
  };
}

result<response> get_from(std::string answer, request asked = {}) {
  network on;
  played_server server({answering(std::move(answer))});
  test_client client(on);
  asked.url = server.url();
  return client.send(std::move(asked));
}

awaitable<server_response> echo(const request_head& head, request_body& body) {
  auto sent = co_await read_all(body, 128 * 1024 * 1024);
  server_response answer;
  if (!sent) {
    answer.status = 500;
    co_return answer;
  }
  answer.headers.add("X-Method", head.method);
  answer.headers.add("X-Target", head.target);
  for (const auto& [name, value] : head.headers.fields())
    answer.headers.add("X-Got-" + name, value);
  answer.body = std::move(*sent);
  co_return answer;
}

TEST(http_client, sends_method_headers_and_body_and_returns_the_answer) {
  network on;
  test_server server(on, echo);
  test_client client(on);
  request asked;
  asked.method = "POST";
  asked.url = server.url("/a%20b?c=d&e");
  asked.headers = {{"Accept", "application/json"}, {"Content-Length", "7"}};
  asked.body = "hello";
  const auto answer = client.send(asked);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200u);
  EXPECT_EQ(answer->body, "hello");
  EXPECT_EQ(answer->headers.find("x-method"), "POST");
  EXPECT_EQ(answer->headers.find("x-target"), "/a%20b?c=d&e");
  EXPECT_EQ(answer->headers.find("x-got-accept"), "application/json");
  EXPECT_EQ(answer->headers.find("x-got-user-agent"), "Knutepunkt");
  EXPECT_EQ(answer->headers.find("x-got-content-length"), "5");
  EXPECT_EQ(answer->headers.find("x-got-host"), "127.0.0.1:" + std::to_string(server.port()));
}

TEST(http_client, returns_any_status_as_a_value) {
  const auto answer = get_from("HTTP/1.1 418 I'm a teapot\r\nContent-Length: 2\r\n\r\nno");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 418u);
  EXPECT_EQ(answer->body, "no");
}

TEST(http_client, reads_chunked_bodies_bodies_until_the_end_and_skips_interim_answers) {
  EXPECT_EQ(get_from("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n")
                ->body,
            "abcdefg");
  EXPECT_EQ(get_from("HTTP/1.1 200 OK\r\n\r\nuntil the end")->body, "until the end");
  EXPECT_EQ(get_from("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                     "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
                ->body,
            "x");
  request head;
  head.method = "HEAD";
  const auto answer = get_from("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", head);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->headers.find("Content-Length"), "1000");
  EXPECT_EQ(answer->body, "");
}

TEST(http_client, calls_a_body_that_ends_early_cut) {
  for (const std::string text :
       {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", ""}) {
    const auto answer = get_from(text);
    ASSERT_FALSE(answer) << text;
    EXPECT_EQ(answer.error().code, http_errc::cut) << text;
    EXPECT_TRUE(answer.error().retryable);
  }
}

TEST(http_client, calls_what_is_not_http_a_bad_answer) {
  for (const std::string text :
       {"SSH-2.0-OpenSSH_9\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n"}) {
    const auto answer = get_from(text);
    ASSERT_FALSE(answer) << text;
    EXPECT_EQ(answer.error().code, http_errc::bad_answer) << text << answer.error().message;
  }
}

TEST(http_client, bounds_headers_and_bodies) {
  request small;
  small.max_response_bytes = 100;
  const std::string long_text(101, 'x');
  for (const auto& text :
       {"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n" + long_text,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" + long_text + "\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n" + long_text,
        "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n"}) {
    const auto answer = get_from(text, small);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, http_errc::too_large) << answer.error().message;
  }
  EXPECT_TRUE(
      get_from("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + std::string(100, 'x'), small));
}

TEST(http_client, refuses_what_would_end_a_header_line) {
  network on;
  test_client client(on);
  const auto send = [&](auto change) {
    request asked;
    asked.url = "http://127.0.0.1:1/";
    change(asked);
    return client.send(asked).error().code;
  };
  EXPECT_EQ(send([](request& r) { r.headers.add("X", "a\r\nY: b"); }), http_errc::bad_url);
  EXPECT_EQ(send([](request& r) { r.headers.add("X\r\nY", "b"); }), http_errc::bad_url);
  EXPECT_EQ(send([](request& r) { r.headers.add("", "b"); }), http_errc::bad_url);
  EXPECT_EQ(send([](request& r) { r.method = "GET / HTTP/1.1\r\nX: y\r\n\r\nGET"; }),
            http_errc::bad_url);
  EXPECT_EQ(send([](request& r) { r.url = "http://127.0.0.1:1/a\r\nX: y"; }), http_errc::bad_url);
  EXPECT_EQ(send([](request& r) { r.url = "http://127.0.0.1:1/a b"; }), http_errc::bad_url);
  EXPECT_EQ(send([](request& r) { r.url = "ftp://127.0.0.1/"; }), http_errc::bad_url);
  EXPECT_EQ(send([](request& r) { r.url = "/only/a/path"; }), http_errc::bad_url);
  EXPECT_EQ(send([](request& r) { r.url = "http://user:secret@127.0.0.1/"; }), http_errc::bad_url);
}

TEST(http_client, says_which_step_failed) {
  network on;
  test_client client(on);
  std::uint16_t closed = 0;
  {
    asio::io_context context;
    closed = tcp::acceptor(context, {asio::ip::address_v4::loopback(), 0}).local_endpoint().port();
  }
  EXPECT_EQ(client.get("http://127.0.0.1:" + std::to_string(closed)).error().code,
            http_errc::connect);
  EXPECT_EQ(client.get("http://no-such-host.invalid/").error().code, http_errc::resolve);
}

TEST(http_client, gives_up_when_no_byte_arrives_and_when_all_takes_too_long) {
  network on;
  const auto wait = [](raw_peer& peer) {
    peer.hear_until("\r\n\r\n");
    std::this_thread::sleep_for(600ms);
  };
  const auto drip = [](raw_peer& peer) {
    peer.hear_until("\r\n\r\n");
    peer.say("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    for (int i = 0; i < 12; ++i) {
      peer.say("x");
      std::this_thread::sleep_for(50ms);
    }
  };
  played_server server({wait, drip});
  test_client client(on);
  request asked;
  asked.url = server.url();
  asked.deadlines.read = 200ms;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(client.send(asked).error().code, http_errc::timeout);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 500ms);
  asked.deadlines.total = 900ms;  // includes what is left of the first scene
  const auto slow = client.send(asked);
  ASSERT_FALSE(slow);
  EXPECT_EQ(slow.error().code, http_errc::timeout);
}

TEST(http_client, gives_up_when_the_other_side_stops_reading) {
  network on;
  std::promise<void> done;
  auto finished = done.get_future().share();
  played_server server({[finished](raw_peer&) { finished.wait_for(5s); }});
  test_client client(on);
  request asked;
  asked.method = "PUT";
  asked.url = server.url();
  asked.body_source = std::make_shared<string_random_access>(std::string(64 * 1024 * 1024, 'x'));
  asked.deadlines.write = 300ms;
  EXPECT_EQ(client.send(asked).error().code, http_errc::timeout);
  done.set_value();
}

TEST(http_client, returns_an_early_refusal_of_a_body_that_was_not_read) {
  network on;
  test_server server(on, [](const request_head&, request_body&) -> awaitable<server_response> {
    server_response answer;
    answer.status = 413;
    answer.body = "too much";
    co_return answer;
  });
  test_client client(on);
  request asked;
  asked.method = "PUT";
  asked.url = server.url();
  asked.body_source = std::make_shared<string_random_access>(std::string(32 * 1024 * 1024, 'x'));
  const auto answer = client.send(asked);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 413u);
}

std::string patterned(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 1;
  for (auto& c : bytes) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  return bytes;
}

TEST(http_client, moves_large_bodies_both_ways_unchanged) {
  network on;
  test_server server(on, echo);
  test_client client(on);
  const auto bytes = patterned(64 * 1024 * 1024 + 17);
  request asked;
  asked.method = "PUT";
  asked.url = server.url();
  asked.body_source = std::make_shared<string_random_access>(bytes);
  const auto sink = std::make_shared<string_sink>(bytes.size());
  const auto answer = client.download(asked, sink, bytes.size());
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "");
  EXPECT_TRUE(sink->bytes() == bytes);
}

class failing_sink final : public byte_sink {
 public:
  result<void> write(std::string_view) override {
    return permanent(http_errc::unavailable, "the disk is full");
  }
};

class short_source final : public random_access_source {
 public:
  std::uint64_t size() const override { return 100; }
  result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) const override {
    if (offset >= 50) return std::size_t{0};
    out[0] = 'x';
    return std::size_t{1};
  }
};

TEST(http_client, downloads_only_whole_bodies_of_success_and_within_the_limit) {
  const auto download = [](std::string text, std::uint64_t max, std::shared_ptr<byte_sink> sink) {
    network on;
    played_server server({answering(std::move(text))});
    test_client client(on);
    request asked;
    asked.url = server.url();
    return client.download(asked, std::move(sink), max);
  };
  const auto sink = std::make_shared<string_sink>(1000);
  const auto refused =
      download("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone", 10, sink);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->body, "gone");
  EXPECT_EQ(sink->bytes(), "");
  const std::string ten = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
  EXPECT_EQ(download(ten + "abc", 10, sink).error().code, http_errc::cut);
  EXPECT_EQ(download(ten + "0123456789", 9, sink).error().code, http_errc::too_large);
  EXPECT_EQ(download(ten + "0123456789", 10, std::make_shared<failing_sink>()).error().message,
            "the disk is full");
}

TEST(http_client, does_not_claim_success_when_its_own_body_is_short) {
  network on;
  test_server server(on, echo);
  test_client client(on);
  request asked;
  asked.method = "PUT";
  asked.url = server.url();
  asked.body_source = std::make_shared<short_source>();
  const auto answer = client.send(asked);
  ASSERT_FALSE(answer);
  EXPECT_FALSE(answer.error().retryable);
}

TEST(http_client, uses_a_connection_again_and_no_more_than_allowed_at_once) {
  network on;
  std::atomic<int> now = 0;
  std::atomic<int> most = 0;
  test_server server(on,
                     [&](const request_head& head, request_body&) -> awaitable<server_response> {
                       most = std::max(most.load(), ++now);
                       co_await test::sleep_for(20ms);
                       --now;
                       server_response answer;
                       answer.body = head.remote_address;
                       co_return answer;
                     });
  client_options options;
  options.max_connections_per_host = 3;
  test_client client(on, options);
  std::vector<std::future<result<response>>> answers;
  for (int i = 0; i < 20; ++i) {
    request asked;
    asked.url = server.url();
    answers.push_back(asio::co_spawn(on.context(), (*client).send(asked), asio::use_future));
  }
  for (auto& each : answers) EXPECT_TRUE(each.get());
  EXPECT_EQ(most, 3);
}

TEST(http_client, a_request_that_waits_for_a_connection_waits_no_longer_than_its_deadline) {
  network on;
  test_server server(on, [](const request_head&, request_body&) -> awaitable<server_response> {
    co_await test::sleep_for(700ms);
    co_return server_response{};
  });
  client_options options;
  options.max_connections_per_host = 1;
  test_client client(on, options);
  request asked;
  asked.url = server.url();
  auto first = asio::co_spawn(on.context(), (*client).send(asked), asio::use_future);
  asked.deadlines.total = 200ms;
  EXPECT_EQ(client.send(asked).error().code, http_errc::timeout);
  EXPECT_TRUE(first.get());
}

TEST(http_client, replaces_a_dead_pooled_connection_once_for_requests_without_effect_only) {
  network on;
  std::atomic<int> connections = 0;
  // Answers once, reads the next request and hangs up: too late to be seen before sending.
  const auto dying = [&](raw_peer& peer) {
    ++connections;
    peer.hear_until("\r\n\r\n");
    peer.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    peer.hear_until("\r\n\r\n");
    peer.reset();
  };
  played_server server({dying, dying, dying});
  test_client client(on);
  EXPECT_TRUE(client.get(server.url()));
  EXPECT_TRUE(client.get(server.url()));  // the first connection dies, a second answers
  EXPECT_EQ(connections, 2);
  request post;
  post.method = "POST";
  post.url = server.url();
  const auto answer = client.send(post);  // the second dies
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, http_errc::cut);
  EXPECT_EQ(connections, 2);
}

TEST(http_client, does_not_send_on_a_pooled_connection_that_has_ended) {
  network on;
  const auto once = [](raw_peer& peer) {
    peer.hear_until("\r\n\r\n");
    peer.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  };
  played_server server({once, once});
  test_client client(on);
  request post;
  post.method = "POST";
  post.url = server.url();
  EXPECT_TRUE(client.send(post));
  std::this_thread::sleep_for(50ms);
  EXPECT_TRUE(client.send(post));
}

TEST(http_client, verifies_certificate_and_host_name) {
  network on;
  const test::temporary_certificate right("DNS:localhost,IP:127.0.0.1");
  const test::temporary_certificate wrong("DNS:elsewhere.example");
  const auto serve = [&](const test::temporary_certificate& with) {
    server_options options;
    options.certificate_file = with.certificate_file();
    options.key_file = with.key_file();
    return options;
  };
  test_server good(on, echo, serve(right));
  test_server misnamed(on, echo, serve(wrong));
  const auto url = [](test_server& of, const std::string& host) {
    return "https://" + host + ":" + std::to_string(of.port()) + "/";
  };
  const auto trusting = [](const test::temporary_certificate& whom) {
    client_options options;
    options.ca_file = whom.certificate_file();
    return options;
  };
  test_client trusts_right(on, trusting(right));
  test_client trusts_wrong(on, trusting(wrong));
  test_client trusts_system(on);
  for (const std::string host : {"localhost", "127.0.0.1"}) {
    for (int i = 0; i < 2; ++i) {
      const auto answer = trusts_right.get(url(good, host));
      ASSERT_TRUE(answer) << answer.error().message;
      EXPECT_EQ(answer->status, 200u);
    }
  }
  const auto misname = trusts_wrong.get(url(misnamed, "localhost"));
  ASSERT_FALSE(misname);
  EXPECT_EQ(misname.error().code, http_errc::tls);
  EXPECT_THAT(misname.error().message, HasSubstr("ostname mismatch"));
  const auto unknown = trusts_system.get(url(good, "localhost"));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, http_errc::tls);
  EXPECT_FALSE(unknown.error().retryable);
}

TEST(http_client, moves_large_bodies_over_tls) {
  network on;
  const test::temporary_certificate certificate("DNS:localhost");
  server_options options;
  options.certificate_file = certificate.certificate_file();
  options.key_file = certificate.key_file();
  test_server server(on, echo, options);
  client_options trusting;
  trusting.ca_file = certificate.certificate_file();
  test_client client(on, trusting);
  const auto bytes = patterned(8 * 1024 * 1024 + 5);
  request asked;
  asked.method = "PUT";
  asked.url = "https://localhost:" + std::to_string(server.port()) + "/";
  asked.body_source = std::make_shared<string_random_access>(bytes);
  const auto sink = std::make_shared<string_sink>(bytes.size());
  for (int i = 0; i < 2; ++i) {
    sink->bytes().clear();
    const auto answer = client.download(asked, sink, bytes.size());
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_TRUE(sink->bytes() == bytes);
  }
}

TEST(http_client, asks_a_proxy_in_absolute_form_and_tunnels_https) {
  network on;
  std::string plain;
  std::string tunnel;
  played_server proxy({[&](raw_peer& peer) {
                         plain = peer.hear_until("\r\n\r\n");
                         peer.say(
                             "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
                       },
                       [&](raw_peer& peer) {
                         tunnel = peer.hear_until("\r\n\r\n");
                         peer.say("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
                       }});
  client_options options;
  options.proxy = "http://127.0.0.1:" + std::to_string(proxy.port());
  test_client client(on, options);
  EXPECT_TRUE(client.get("http://registry.example/a?b"));
  EXPECT_THAT(plain,
              StartsWith("GET http://registry.example/a?b HTTP/1.1\r\nHost: registry.example\r\n"));
  const auto refused = client.get("https://registry.example/a");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, http_errc::connect);
  EXPECT_THAT(refused.error().message, HasSubstr("407"));
  EXPECT_THAT(
      tunnel,
      StartsWith("CONNECT registry.example:443 HTTP/1.1\r\nHost: registry.example:443\r\n"));
}

TEST(http_client, sends_those_who_wait_away_when_it_ends) {
  network on;
  test_server server(on, [](const request_head&, request_body&) -> awaitable<server_response> {
    co_await test::sleep_for(300ms);
    co_return server_response{};
  });
  client_options options;
  options.max_connections_per_host = 1;
  test_client client(on, options);
  request asked;
  asked.url = server.url();
  auto first = asio::co_spawn(on.context(), (*client).send(asked), asio::use_future);
  auto second = asio::co_spawn(on.context(), (*client).send(asked), asio::use_future);
  std::this_thread::sleep_for(50ms);
  client.close();
  EXPECT_EQ(second.get().error().code, http_errc::cancelled);
  EXPECT_TRUE(first.get());
}

TEST(http_response, reads_retry_after_as_seconds_and_as_date) {
  const auto after = [](std::string value, std::string date = "") {
    response answer;
    answer.headers.add("Retry-After", std::move(value));
    if (!date.empty()) answer.headers.add("Date", std::move(date));
    return answer.retry_after();
  };
  EXPECT_EQ(after("120"), 120s);
  EXPECT_EQ(after(" 0 "), 0s);
  EXPECT_EQ(after("-5"), std::nullopt);
  EXPECT_EQ(after("soon"), std::nullopt);
  EXPECT_EQ(after(""), std::nullopt);
  EXPECT_EQ(after("99999999999999999999999"), 24h);
  EXPECT_EQ(after("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:48:37 GMT"), 60s);
  EXPECT_EQ(after("Sun, 06 Nov 1994 08:49:37 GMT"), 0s);
  EXPECT_EQ(response{}.retry_after(), std::nullopt);
}

TEST(http_response, becomes_an_error_that_says_what_and_whether_to_repeat) {
  const auto of = [](unsigned status, std::string body = "") {
    response answer;
    answer.status = status;
    answer.body = std::move(body);
    answer.headers.add("Retry-After", "7");
    return to_error("search", answer);
  };
  EXPECT_EQ(of(400).code, http_errc::refused);
  EXPECT_FALSE(of(400).retryable);
  EXPECT_EQ(of(302).code, http_errc::refused);
  EXPECT_EQ(of(401).code, http_errc::unauthorized);
  EXPECT_EQ(of(403).code, http_errc::unauthorized);
  EXPECT_EQ(of(429).code, http_errc::rate_limited);
  EXPECT_TRUE(of(429).retryable);
  EXPECT_EQ(of(429).retry_after, 7s);
  EXPECT_EQ(of(503).code, http_errc::unavailable);
  EXPECT_TRUE(of(503).retryable);
  EXPECT_EQ(of(400, "person 01017012345\nsays no").message,
            "search: HTTP 400: person *********** says no");
  EXPECT_LT(of(500, std::string(100'000, 'x')).message.size(), 1000u);
}

TEST(http_client, connects_to_no_address_that_it_may_not) {
  network on;
  test_server server(on, echo);
  client_options options;
  std::atomic<bool> open{false};
  options.may_connect = [&](const asio::ip::address& to) { return open || !to.is_loopback(); };
  test_client client(on, options);
  const auto port = std::to_string(server.port());
  // Names and other spellings of an address are looked up first: what they come to is judged.
  for (const std::string host : {"127.0.0.1", "localhost", "2130706433", "0x7f.1"}) {
    const auto answer = client.get("http://" + host + ":" + port + "/");
    ASSERT_FALSE(answer) << host;
    EXPECT_EQ(answer.error().code, http_errc::forbidden) << answer.error().message;
    EXPECT_FALSE(answer.error().retryable);
  }
  open = true;
  EXPECT_TRUE(client.get(server.url()));
}

TEST(http_client, judges_an_address_in_the_url_also_when_a_proxy_connects) {
  network on;
  test_server proxy(on, echo);
  client_options options;
  options.proxy = proxy.url();
  options.may_connect = [](const asio::ip::address& to) { return !to.is_loopback(); };
  test_client client(on, options);
  EXPECT_EQ(client.get("http://127.0.0.1:1/").error().code, http_errc::forbidden);
  EXPECT_TRUE(client.get("http://sak.example.no/"));
}

TEST(http_client, leaves_the_body_of_an_answer_when_only_its_status_matters) {
  request asked;
  asked.max_response_bytes = 10;
  asked.may_cut_response = true;
  asked.deadlines.read = 200ms;
  for (const std::string text :
       {"HTTP/1.1 202 Accepted\r\nContent-Length: 1000000\r\n\r\nabc",
        "HTTP/1.1 202 Accepted\r\n\r\nmore than ten bytes of text",
        "HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n",
        "HTTP/1.1 202 Accepted\r\nContent-Length: 10\r\n\r\nabc"}) {
    const auto answer = get_from(text, asked);
    ASSERT_TRUE(answer) << text << answer.error().message;
    EXPECT_EQ(answer->status, 202u);
    EXPECT_LE(answer->body.size(), 10u);
  }
}

}  // namespace
}  // namespace kp::http
