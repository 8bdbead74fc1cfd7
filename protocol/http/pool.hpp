#pragma once

#include "config/error.hpp"
#include "protocol/http/connection.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace kp::http {

// How many connections there are to each host, and those that rest between requests.
class connection_pool : public std::enable_shared_from_this<connection_pool> {
 public:
  // The right to one connection to a host, until destroyed.
  class place {
   public:
    place(std::shared_ptr<connection_pool> pool, std::string origin);
    place(place&&) noexcept = default;
    place& operator=(place&&) = delete;
    ~place();
    // The connection used last that is still open, or none.
    std::unique_ptr<connection> take_idle();
    void give_back(std::unique_ptr<connection> resting);
    void forget_idle();

   private:
    std::shared_ptr<connection_pool> pool_;
    std::string origin_;
  };

  connection_pool(asio::io_context& network, std::size_t max_per_host, std::chrono::seconds idle)
      : network_(network), sweep_(network), max_per_host_(max_per_host), idle_(idle) {}

  // Waits for a place, first come first served. Errors: http_errc::timeout, cancelled.
  static awaitable<result<place>> enter(std::shared_ptr<connection_pool> pool, std::string origin,
                                        watchdog::time latest);
  // Closes what rests and sends those who wait away.
  void close();

 private:
  struct resting {
    std::unique_ptr<connection> link;
    watchdog::time until;
  };
  struct waiter {
    explicit waiter(asio::io_context& network) : called(network) {}
    asio::steady_timer called;
    bool entered = false;
  };
  struct host {
    std::size_t busy = 0;
    std::vector<resting> idle;
    std::deque<std::shared_ptr<waiter>> waiting;
  };

  void leave(const std::string& origin);
  void sweep();
  void arm_sweep();

  asio::io_context& network_;
  asio::steady_timer sweep_;
  std::size_t max_per_host_;
  std::chrono::seconds idle_;
  std::map<std::string, host> hosts_;
  bool sweeping_ = false;
  bool closed_ = false;
};

}  // namespace kp::http
