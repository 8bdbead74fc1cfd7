#include "protocol/http/pool.hpp"

#include "protocol/http/http_error.hpp"

#include <fmt/format.h>

#include <sys/socket.h>

#include <algorithm>

namespace kp::http {

namespace {

constexpr std::size_t max_waiting_per_host = 4096;
constexpr std::chrono::seconds sweep_period{5};

// What rests has nothing to say: a byte is an alert or an answer nobody asked for, an end is an
// end.
bool is_silent(connection& link) {
  char byte = 0;
  const auto count = recv(link.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace

connection_pool::place::place(std::shared_ptr<connection_pool> pool, std::string origin)
    : pool_(std::move(pool)), origin_(std::move(origin)) {}

connection_pool::place::~place() {
  if (pool_) pool_->leave(origin_);
}

std::unique_ptr<connection> connection_pool::place::take_idle() {
  auto& idle = pool_->hosts_[origin_].idle;
  const auto now = std::chrono::steady_clock::now();
  while (!idle.empty()) {
    auto last = std::move(idle.back());
    idle.pop_back();
    if (last.until > now && is_silent(*last.link)) return std::move(last.link);
  }
  return nullptr;
}

void connection_pool::place::give_back(std::unique_ptr<connection> link) {
  if (pool_->closed_) return;
  pool_->hosts_[origin_].idle.push_back(
      {std::move(link), std::chrono::steady_clock::now() + pool_->idle_});
  pool_->arm_sweep();
}

void connection_pool::place::forget_idle() {
  pool_->hosts_[origin_].idle.clear();
}

awaitable<result<connection_pool::place>> connection_pool::enter(
    std::shared_ptr<connection_pool> pool, std::string origin, watchdog::time latest) {
  if (pool->closed_) co_return permanent(http_errc::cancelled, "the hub is stopping");
  auto& at = pool->hosts_[origin];
  if (at.busy < pool->max_per_host_) {
    ++at.busy;
    co_return place(pool, origin);
  }
  if (at.waiting.size() >= max_waiting_per_host)
    co_return transient(http_errc::too_large,
                        fmt::format("too many requests wait for a connection to {}", origin));
  const auto own = std::make_shared<waiter>(pool->network_);
  own->called.expires_at(latest);
  at.waiting.push_back(own);
  co_await own->called.async_wait(asio::as_tuple(asio::use_awaitable));
  if (own->entered) co_return place(pool, origin);
  if (pool->closed_) co_return permanent(http_errc::cancelled, "the hub is stopping");
  std::erase(pool->hosts_[origin].waiting, own);
  co_return transient(http_errc::timeout,
                      fmt::format("no connection to {} became free in time", origin));
}

// The place goes to whoever has waited longest.
void connection_pool::leave(const std::string& origin) {
  const auto found = hosts_.find(origin);
  if (found == hosts_.end()) return;
  auto& at = found->second;
  if (!at.waiting.empty() && !closed_) {
    const auto next = at.waiting.front();
    at.waiting.pop_front();
    next->entered = true;
    next->called.cancel();
    return;
  }
  --at.busy;
  if (at.busy == 0 && at.idle.empty()) hosts_.erase(found);
}

void connection_pool::arm_sweep() {
  if (sweeping_ || closed_) return;
  sweeping_ = true;
  sweep_.expires_after(std::min<std::chrono::seconds>(sweep_period, idle_));
  sweep_.async_wait([self = weak_from_this()](const boost::system::error_code& failed) {
    const auto alive = self.lock();
    if (!alive) return;
    alive->sweeping_ = false;
    if (!failed) alive->sweep();
  });
}

void connection_pool::sweep() {
  const auto now = std::chrono::steady_clock::now();
  bool any = false;
  for (auto at = hosts_.begin(); at != hosts_.end();) {
    auto& idle = at->second.idle;
    std::erase_if(
        idle, [now](const resting& each) { return each.until <= now || !is_silent(*each.link); });
    any = any || !idle.empty();
    const bool unused = idle.empty() && at->second.busy == 0 && at->second.waiting.empty();
    at = unused ? hosts_.erase(at) : std::next(at);
  }
  if (any) arm_sweep();
}

void connection_pool::close() {
  closed_ = true;
  sweep_.cancel();
  for (auto& [origin, at] : hosts_) {
    at.idle.clear();
    for (const auto& each : at.waiting) each->called.cancel();
    at.waiting.clear();
  }
}

}  // namespace kp::http
