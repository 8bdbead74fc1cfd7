#include "tools/load/messages.hpp"
#include "tools/load/percentile.hpp"
#include "tools/load/scenarios.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace kp::load {

namespace {

namespace asio = boost::asio;
using steady = std::chrono::steady_clock;

struct schedule {
  const steady_options& options;
  std::string create;
  std::string file;
  steady::time_point begin;
  std::uint64_t next = 0;
  std::uint64_t over_quota = 0;
  std::uint64_t failures = 0;
  std::string first_failure;
  std::vector<std::chrono::microseconds> took;

  bool over() const { return steady::now() >= begin + options.how_long; }
  // When message number `next` is due; at once when there is no rate.
  steady::time_point due() const {
    if (options.per_second == 0) return steady::now();
    return begin + std::chrono::microseconds(next * 1'000'000 / options.per_second);
  }
};

asio::awaitable<void> client(schedule& all) {
  const auto executor = co_await asio::this_coro::executor;
  connection c(executor, all.options.to);
  if (const auto opened = co_await c.open(); !opened) {
    ++all.failures;
    all.first_failure = opened.error().message;
    co_return;
  }
  asio::steady_timer timer(executor);
  while (!all.over() && all.failures < 100) {
    const auto due = all.due();
    ++all.next;
    timer.expires_at(due);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (all.over()) co_return;
    const auto outcome = co_await send_one(c, all.create, all.file);
    if (outcome) {
      // From when it was due, so that what a slow hub holds back counts too.
      all.took.push_back(
          std::chrono::duration_cast<std::chrono::microseconds>(steady::now() - due));
    } else if (outcome.error().code == load_errc::over_quota) {
      ++all.over_quota;
    } else {
      if (all.failures++ == 0) all.first_failure = outcome.error().message;
      if (outcome.error().code == load_errc::network) co_return;
    }
  }
}

}  // namespace

int run_steady(const steady_options& options) {
  asio::io_context network{1};
  schedule all{options,
               create_body(options.receiver, "arkivmelding.xml"),
               arkivmelding_xml(options.bytes, {}),
               steady::now(),
               0,
               0,
               0,
               {},
               {}};
  for (std::size_t i = 0; i < options.connections; ++i)
    asio::co_spawn(network, client(all), asio::detached);
  network.run();
  std::ranges::sort(all.took);
  fmt::print("{} {:.2f} {:.2f} {} {}\n", all.took.size(), milliseconds(all.took, 0.5),
             milliseconds(all.took, 0.99), all.over_quota, all.failures);
  if (all.failures == 0) return 0;
  fmt::print(stderr, "kp-bench: {} failed; the first: {}\n", all.failures, all.first_failure);
  return 1;
}

}  // namespace kp::load
