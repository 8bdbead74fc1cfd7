#include "actors/bells.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>

namespace kp::actors {

bells::subscription bells::listen(place where, std::function<void()> rung) {
  auto heard = std::make_shared<listener>(listener{std::move(rung)});
  const std::scoped_lock lock(mutex_);
  auto& there = listeners_[where];
  std::erase_if(there, [](const auto& each) { return each.expired(); });
  there.push_back(heard);
  return subscription(std::move(heard));
}

void bells::ring(place where) {
  // Called outside the lock, so that a listener may listen and ring itself.
  std::vector<std::shared_ptr<listener>> awake;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = listeners_.find(where);
    if (found == listeners_.end()) return;
    for (const auto& each : found->second)
      if (auto one = each.lock()) awake.push_back(std::move(one));
    if (awake.empty()) listeners_.erase(found);
  }
  for (const auto& each : awake) each->rung();
}

bool bells::heard() const {
  const std::scoped_lock lock(mutex_);
  return !listeners_.empty();
}

struct bell_ear::state {
  explicit state(http::asio::any_io_executor executor) : timer(std::move(executor)) {}
  http::asio::steady_timer timer;
  std::atomic<bool> on_its_way{false};  // many rings, one message to the network thread
  bool rung = false;
  bool interrupted = false;
};

bell_ear::bell_ear(bells& where, bells::place place, http::asio::any_io_executor executor)
    : state_(std::make_shared<state>(executor)) {
  subscription_ = where.listen(place, [executor, in = state_] {
    if (in->on_its_way.exchange(true)) return;
    http::asio::post(executor, [in] {
      in->on_its_way = false;
      in->rung = true;
      in->timer.cancel();
    });
  });
}

bell_ear::~bell_ear() = default;

http::awaitable<bool> bell_ear::wait(std::chrono::milliseconds at_most) {
  const auto in = state_;
  if (!in->rung && !in->interrupted) {
    in->timer.expires_after(at_most);
    boost::system::error_code ignored;  // cancelled means rung or interrupted
    co_await in->timer.async_wait(http::asio::redirect_error(http::asio::use_awaitable, ignored));
  }
  co_return std::exchange(in->rung, false);
}

void bell_ear::interrupt() {
  state_->interrupted = true;
  state_->timer.cancel();
}

bool bell_ear::interrupted() const {
  return state_->interrupted;
}

}  // namespace kp::actors
