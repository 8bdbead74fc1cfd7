#include "tools/load/figures.hpp"
#include "tools/load/messages.hpp"
#include "tools/load/scenarios.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <fstream>

namespace kp::load {

namespace {

const std::vector<connection::field> none;

namespace asio = boost::asio;
using steady = std::chrono::steady_clock;

// Resident memory in MiB from /proc; 0 when there is no such process.
double resident(int pid) {
  std::ifstream in(fmt::format("/proc/{}/statm", pid));
  std::uint64_t all = 0;
  std::uint64_t pages = 0;
  return in >> all >> pages ? static_cast<double>(pages) * 4096 / (1 << 20) : 0;
}

struct watch {
  int pid;
  double before;
  double peak;
  bool done = false;
};

asio::awaitable<void> look(watch& w) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (!w.done) {
    w.peak = std::max(w.peak, resident(w.pid));
    timer.expires_after(std::chrono::milliseconds(20));
    co_await timer.async_wait(asio::use_awaitable);
  }
}

double seconds_since(steady::time_point begin) {
  return std::chrono::duration<double>(steady::now() - begin).count();
}

asio::awaitable<result<std::string>> send_one(const large_options& options, const watch& w) {
  connection c(co_await asio::this_coro::executor, options.sender);
  KP_CO_CHECK(co_await c.open());
  KP_CO_TRY(const auto created,
            co_await c.exchange("POST", "/api/messages/out", json_fields(),
                                create_body(options.receiver_number, "big.bin")));
  const auto id = message_id_of(created.body);
  if (created.status != 200) co_return permanent(load_errc::refused, "create: " + created.body);
  const auto path = "/api/messages/out/" + id;
  KP_CO_TRY(const auto xml,
            co_await c.exchange("PUT", path, file_fields("application/xml", "arkivmelding.xml"),
                                arkivmelding_xml(2048, "big.bin")));
  if (xml.status != 200) co_return permanent(load_errc::refused, "arkivmelding.xml: " + xml.body);
  // Bytes that do not compress, as documents that are compressed already.
  std::string piece(1 << 20, '\0');
  std::uint64_t state = 88172645463325252ull;
  for (auto& byte : piece) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    byte = static_cast<char>(state);
  }
  const auto begin = steady::now();
  KP_CO_TRY(const auto put,
            co_await c.put_large(path, file_fields("application/octet-stream", "big.bin"),
                                 options.bytes, piece));
  if (put.status != 200) co_return permanent(load_errc::refused, "upload: " + put.body);
  const auto took = seconds_since(begin);
  fmt::print("  upload    {:6.1f} s   hub memory {:+.0f} MiB\n", took, w.peak - w.before);
  note(options.figures, "large_out", static_cast<double>(options.bytes) / 1e9 / took);
  KP_CO_TRY(const auto sent, co_await c.exchange("POST", path, none, {}));
  if (sent.status != 200) co_return permanent(load_errc::refused, "send: " + sent.body);
  co_return id;
}

asio::awaitable<result<void>> receive_one(const large_options& options, const std::string& id,
                                          const watch& w) {
  connection c(co_await asio::this_coro::executor, options.receiver);
  KP_CO_CHECK(co_await c.open());
  asio::steady_timer timer(co_await asio::this_coro::executor);
  const auto begin = steady::now();
  for (;;) {
    KP_CO_TRY(const auto peeked,
              co_await c.exchange("GET", "/api/messages/in/peek?messageId=" + id, none, {}));
    if (peeked.status == 200) break;
    if (steady::now() - begin > options.deadline)
      co_return permanent(load_errc::refused, "the message did not arrive in time");
    timer.expires_after(std::chrono::milliseconds(200));
    co_await timer.async_wait(asio::use_awaitable);
  }
  fmt::print(
      "  transfer  {:6.1f} s   hub memory {:+.0f} MiB   (pack, sign, encrypt, national "
      "service, poll, decrypt, verify)\n",
      seconds_since(begin), w.peak - w.before);
  const auto popping = steady::now();
  KP_CO_TRY(const auto bytes, co_await c.get_large("/api/messages/in/pop/" + id));
  note(options.figures, "large_in", static_cast<double>(bytes) / 1e9 / seconds_since(popping));
  fmt::print("  pop       {:6.1f} s   hub memory {:+.0f} MiB   {} bytes\n", seconds_since(popping),
             w.peak - w.before, bytes);
  if (bytes < options.bytes)
    co_return permanent(load_errc::refused, "the container is smaller than its content");
  KP_CO_TRY(const auto removed, co_await c.exchange("DELETE", "/api/messages/in/" + id, none, {}));
  if (removed.status != 200) co_return permanent(load_errc::refused, "delete: " + removed.body);
  co_return result<void>{};
}

asio::awaitable<void> both(const large_options& options, watch& w, int& exit_code) {
  result<void> outcome;
  if (auto id = co_await send_one(options, w))
    outcome = co_await receive_one(options, *id, w);
  else
    outcome = result<void>(id.error());
  w.done = true;
  if (outcome) {
    note(options.figures, "large_memory", w.peak - w.before);
    fmt::print("  hub memory: {:.0f} MiB before, {:.0f} MiB at most, {:+.0f} MiB\n", w.before,
               w.peak, w.peak - w.before);
  } else {
    fmt::print("  failed: {}\n", outcome.error().message);
    exit_code = 1;
  }
}

}  // namespace

int run_large(const large_options& options) {
  asio::io_context network{1};
  const auto before = resident(options.hub_pid);
  watch w{options.hub_pid, before, before};
  int exit_code = 0;
  fmt::print("large: one attachment of {:.0f} MiB out and in\n",
             static_cast<double>(options.bytes) / (1 << 20));
  if (options.hub_pid != 0) asio::co_spawn(network, look(w), asio::detached);
  asio::co_spawn(network, both(options, w, exit_code), asio::detached);
  network.run();
  return exit_code;
}

}  // namespace kp::load
