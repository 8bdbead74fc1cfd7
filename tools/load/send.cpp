#include "tools/load/figures.hpp"
#include "tools/load/messages.hpp"
#include "tools/load/percentile.hpp"
#include "tools/load/scenarios.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <vector>

namespace kp::load {

namespace {

namespace asio = boost::asio;
using steady = std::chrono::steady_clock;

struct shared {
  const send_options& options;
  std::string create;
  std::string file;
  std::uint64_t started = 0;
  std::uint64_t failures = 0;
  std::string first_failure;
  std::vector<std::chrono::microseconds> took;

  void fail(std::string why) {
    if (failures++ == 0) first_failure = std::move(why);
  }
};

asio::awaitable<void> client(shared& all) {
  connection c(co_await asio::this_coro::executor, all.options.to);
  if (const auto opened = co_await c.open(); !opened) {
    all.fail(opened.error().message);
    co_return;
  }
  while (all.started < all.options.messages && all.failures < 100) {
    ++all.started;
    const auto begin = steady::now();
    const auto outcome = co_await send_one(c, all.create, all.file);
    if (!outcome) {
      all.fail(outcome.error().message);
      if (outcome.error().code == load_errc::network) co_return;
      continue;
    }
    all.took.push_back(
        std::chrono::duration_cast<std::chrono::microseconds>(steady::now() - begin));
  }
}

}  // namespace

int run_send(const send_options& options) {
  asio::io_context network{1};
  shared all{options,
             create_body(options.receiver, "arkivmelding.xml"),
             arkivmelding_xml(options.bytes, {}),
             0,
             0,
             {},
             {}};
  all.took.reserve(options.messages);
  const auto begin = steady::now();
  for (std::size_t i = 0; i < options.connections; ++i)
    asio::co_spawn(network, client(all), asio::detached);
  network.run();
  const std::chrono::duration<double> elapsed = steady::now() - begin;
  std::ranges::sort(all.took);
  fmt::print("send: {} messages of {} bytes over {} connections in {:.1f} s\n", all.took.size(),
             options.bytes, options.connections, elapsed.count());
  fmt::print("  {:.0f} messages/s (create, upload, send; each acknowledged when durable)\n",
             static_cast<double>(all.took.size()) / elapsed.count());
  fmt::print("  p50 {:.1f} ms   p99 {:.1f} ms   for a message\n", milliseconds(all.took, 0.5),
             milliseconds(all.took, 0.99));
  note(options.figures, "accept", static_cast<double>(all.took.size()) / elapsed.count());
  note(options.figures, "accept_p99", milliseconds(all.took, 0.99));
  if (all.failures > 0) {
    fmt::print("  {} failed; the first: {}\n", all.failures, all.first_failure);
    return 1;
  }
  return 0;
}

}  // namespace kp::load
