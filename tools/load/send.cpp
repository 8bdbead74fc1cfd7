#include "tools/load/messages.hpp"
#include "tools/load/scenarios.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <vector>

namespace kp::load {

namespace {

const std::vector<connection::field> none;

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

asio::awaitable<result<void>> one_message(connection& c, const shared& all) {
  KP_CO_TRY(const auto created,
            co_await c.exchange("POST", "/api/messages/out", json_fields(), all.create));
  const auto id = created.status == 200 ? message_id_of(created.body) : std::string();
  if (id.empty())
    co_return permanent(load_errc::refused,
                        fmt::format("create answered {}: {}", created.status, created.body));
  const auto path = "/api/messages/out/" + id;
  KP_CO_TRY(const auto uploaded,
            co_await c.exchange("PUT", path, file_fields("application/xml", "arkivmelding.xml"),
                                all.file));
  if (uploaded.status != 200)
    co_return permanent(load_errc::refused,
                        fmt::format("upload answered {}: {}", uploaded.status, uploaded.body));
  KP_CO_TRY(const auto sent, co_await c.exchange("POST", path, none, {}));
  if (sent.status != 200)
    co_return permanent(load_errc::refused,
                        fmt::format("send answered {}: {}", sent.status, sent.body));
  co_return result<void>{};
}

asio::awaitable<void> client(shared& all) {
  connection c(co_await asio::this_coro::executor, all.options.to);
  if (const auto opened = co_await c.open(); !opened) {
    all.fail(opened.error().message);
    co_return;
  }
  while (all.started < all.options.messages && all.failures < 100) {
    ++all.started;
    const auto begin = steady::now();
    const auto outcome = co_await one_message(c, all);
    if (!outcome) {
      all.fail(outcome.error().message);
      if (outcome.error().code == load_errc::network) co_return;
      continue;
    }
    all.took.push_back(
        std::chrono::duration_cast<std::chrono::microseconds>(steady::now() - begin));
  }
}

double milliseconds(const std::vector<std::chrono::microseconds>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
  return static_cast<double>(sorted[at].count()) / 1000.0;
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
  if (all.failures > 0) {
    fmt::print("  {} failed; the first: {}\n", all.failures, all.first_failure);
    return 1;
  }
  return 0;
}

}  // namespace kp::load
