#include "tools/load/receive.hpp"

#include "tools/load/figures.hpp"
#include "tools/load/messages.hpp"
#include "tools/load/percentile.hpp"
#include "tools/load/receiver.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>

namespace kp::load {

namespace {

namespace asio = boost::asio;
using steady = std::chrono::steady_clock;

const std::vector<connection::field> none;

struct tally {
  std::uint64_t begun = 0;
  std::string failure;  // the first one
  std::vector<std::chrono::microseconds> took;

  void fail(const error& why) {
    if (failure.empty()) failure = why.message;
  }
  void add(steady::time_point begin) {
    took.push_back(std::chrono::duration_cast<std::chrono::microseconds>(steady::now() - begin));
  }
};

double seconds_since(steady::time_point begin) {
  return std::chrono::duration<double>(steady::now() - begin).count();
}

int failed(const tally& t) {
  fmt::print(stderr, "kp-bench: {}\n", t.failure);
  return 1;
}

asio::awaitable<void> send_some(tally& all, const target& to, std::uint64_t messages,
                                const std::string& create, const std::string& file) {
  connection c(co_await asio::this_coro::executor, to);
  if (const auto opened = co_await c.open(); !opened) {
    all.fail(opened.error());
    co_return;
  }
  while (all.begun < messages && all.failure.empty()) {
    ++all.begun;
    const auto begin = steady::now();
    const auto done = co_await send_one(c, create, file);
    if (!done) all.fail(done.error());
    all.add(begin);
  }
}

// totalElements of a list.
asio::awaitable<result<std::uint64_t>> total_of(connection& c, std::string path) {
  KP_CO_TRY(const auto answer, co_await c.exchange("GET", std::move(path), none, {}));
  if (answer.status != 200) co_return permanent(load_errc::refused, answer.body);
  boost::system::error_code bad;
  const auto page = boost::json::parse(answer.body, bad);
  const auto* total = page.is_object() ? page.as_object().if_contains("totalElements") : nullptr;
  if (!total) co_return permanent(load_errc::refused, "a page without totalElements");
  co_return total->to_number<std::uint64_t>();
}

asio::awaitable<void> wait_for_all(tally& all, const flow_options& o, std::uint64_t wanted) {
  const auto executor = co_await asio::this_coro::executor;
  connection c(executor, o.receiver);
  asio::steady_timer timer(executor);
  if (const auto opened = co_await c.open(); !opened) {
    all.fail(opened.error());
    co_return;
  }
  for (const auto begin = steady::now(); all.failure.empty();) {
    const auto arrived = co_await total_of(c, "/api/messages/in?size=1");
    if (!arrived) all.fail(arrived.error());
    if (arrived && *arrived >= wanted) co_return;
    if (steady::now() - begin > o.deadline)
      all.fail(permanent(load_errc::refused,
                         fmt::format("{} of {} arrived in time", arrived ? *arrived : 0, wanted)));
    timer.expires_after(std::chrono::milliseconds(50));
    co_await timer.async_wait(asio::use_awaitable);
  }
}

asio::awaitable<result<bool>> take_one(connection& c) {
  KP_CO_TRY(const auto peeked, co_await c.exchange("GET", "/api/messages/in/peek", none, {}));
  if (peeked.status == 204) co_return false;
  if (peeked.status != 200) co_return permanent(load_errc::refused, "peek: " + peeked.body);
  const auto id = message_id_of(peeked.body);
  KP_CO_TRY(const auto popped, co_await c.exchange("GET", "/api/messages/in/pop/" + id, none, {}));
  if (popped.status != 200) co_return permanent(load_errc::refused, "pop: " + popped.body);
  KP_CO_TRY(const auto gone, co_await c.exchange("DELETE", "/api/messages/in/" + id, none, {}));
  if (gone.status != 200) co_return permanent(load_errc::refused, "delete: " + gone.body);
  co_return true;
}

asio::awaitable<void> take_some(tally& all, const receive_options& o) {
  connection c(co_await asio::this_coro::executor, o.from);
  if (const auto opened = co_await c.open(); !opened) {
    all.fail(opened.error());
    co_return;
  }
  while (all.begun < o.messages && all.failure.empty()) {
    ++all.begun;
    const auto begin = steady::now();
    const auto took = co_await take_one(c);
    if (!took) all.fail(took.error());
    if (!took || !*took) co_return;
    all.add(begin);
  }
}

asio::awaitable<void> read_some(tally& all, const read_options& o) {
  connection c(co_await asio::this_coro::executor, o.from);
  if (const auto opened = co_await c.open(); !opened) {
    all.fail(opened.error());
    co_return;
  }
  while (all.begun < o.requests && all.failure.empty()) {
    ++all.begun;
    const auto begin = steady::now();
    const auto answer = co_await c.exchange("GET", o.path, none, {});
    if (!answer) all.fail(answer.error());
    if (answer && answer->status != 200)
      all.fail(permanent(load_errc::refused, fmt::format("{}: {}", answer->status, answer->body)));
    all.add(begin);
  }
}

asio::awaitable<void> subscribe(tally& all, const hooks_options& o, std::uint16_t port) {
  connection c(co_await asio::this_coro::executor, o.of);
  if (const auto opened = co_await c.open(); !opened) {
    all.fail(opened.error());
    co_return;
  }
  for (std::size_t i = 0; i < o.subscriptions && all.failure.empty(); ++i) {
    auto form = fmt::format(
        R"({{"name":"bench {0}","pushEndpoint":"http://127.0.0.1:{1}/{0}","resource":"all",)"
        R"("event":"all","secret":"secret-of-the-bench"}})",
        i, port);
    const auto made =
        co_await c.exchange("POST", "/api/subscriptions", json_fields(), std::move(form));
    if (!made) all.fail(made.error());
    if (made && made->status != 200)
      all.fail(permanent(load_errc::refused, "subscribe: " + made->body));
  }
}

}  // namespace

int run_flow(const flow_options& o) {
  asio::io_context network{1};
  tally all;
  const auto create = create_body(o.receiver_number, "arkivmelding.xml");
  const auto file = arkivmelding_xml(o.bytes, {});
  const auto begin = steady::now();
  for (std::size_t i = 0; i < o.connections; ++i)
    asio::co_spawn(network, send_some(all, o.sender, o.messages, create, file), asio::detached);
  asio::co_spawn(network, wait_for_all(all, o, o.messages), asio::detached);
  network.run();
  if (!all.failure.empty()) return failed(all);
  const auto rate = static_cast<double>(o.messages) / seconds_since(begin);
  fmt::print("flow: {} messages arrived in {:.1f} s, {:.0f} messages/s\n", o.messages,
             seconds_since(begin), rate);
  note(o.figures, "flow", rate);
  return 0;
}

int run_receive(const receive_options& o) {
  asio::io_context network{1};
  tally all;
  const auto begin = steady::now();
  for (std::size_t i = 0; i < o.connections; ++i)
    asio::co_spawn(network, take_some(all, o), asio::detached);
  network.run();
  if (all.failure.empty() && all.took.empty()) all.failure = "nothing waits in the inbox";
  if (!all.failure.empty()) return failed(all);
  const auto rate = static_cast<double>(all.took.size()) / seconds_since(begin);
  std::ranges::sort(all.took);
  fmt::print(
      "receive: {} messages over {} connections, {:.0f} messages/s, p50 {:.1f} ms, p99 "
      "{:.1f} ms (peek, pop, delete)\n",
      all.took.size(), o.connections, rate, milliseconds(all.took, 0.5),
      milliseconds(all.took, 0.99));
  note(o.figures, "receive", rate);
  note(o.figures, "receive_p99", milliseconds(all.took, 0.99));
  return 0;
}

int run_read(const read_options& o) {
  asio::io_context network{1};
  tally all;
  asio::co_spawn(network, read_some(all, o), asio::detached);
  network.run();
  if (!all.failure.empty()) return failed(all);
  std::ranges::sort(all.took);
  fmt::print("read: GET {}: p50 {:.2f} ms, p99 {:.2f} ms of {}\n", o.path,
             milliseconds(all.took, 0.5), milliseconds(all.took, 0.99), all.took.size());
  note(o.figures, o.name, milliseconds(all.took, 0.99));
  return 0;
}

int run_hooks(const hooks_options& o) {
  receiver told;
  tally all;
  {
    asio::io_context network{1};
    asio::co_spawn(network, subscribe(all, o, told.port()), asio::detached);
    network.run();
  }
  if (!all.failure.empty()) return failed(all);
  const auto pings = told.taken();
  const auto create = create_body(o.receiver_number, "arkivmelding.xml");
  const auto file = arkivmelding_xml(2048, {});
  // OPPRETTET and SENDT of every message; more may follow.
  const auto wanted = o.messages * o.subscriptions * 2;
  const auto begin = steady::now();
  asio::io_context network{1};
  for (std::size_t i = 0; i < o.connections; ++i)
    asio::co_spawn(network, send_some(all, o.of, o.messages, create, file), asio::detached);
  network.run();
  while (all.failure.empty() && told.taken() - pings < wanted) {
    if (steady::now() - begin > o.deadline)
      all.failure = fmt::format("{} of {} deliveries came in time", told.taken() - pings, wanted);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  if (!all.failure.empty()) return failed(all);
  const auto rate = static_cast<double>(told.taken() - pings) / seconds_since(begin);
  fmt::print("hooks: {} messages, {} subscribers, {:.0f} deliveries/s\n", o.messages,
             o.subscriptions, rate);
  note(o.figures, "hooks", rate);
  return 0;
}

}  // namespace kp::load
