#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <vector>

namespace kp::http {

// Ends waits that are overdue. One timer looks at all that is guarded every `tick`, so that setting
// a deadline costs a store and not a timer; a deadline is met up to one tick late. Runs only while
// something is guarded. For one network thread.
class watchdog : public std::enable_shared_from_this<watchdog> {
 public:
  using time = std::chrono::steady_clock::time_point;
  static constexpr time never = time::max();

  class guarded {
   public:
    explicit guarded(std::shared_ptr<watchdog> by);
    virtual ~guarded();
    guarded(const guarded&) = delete;
    guarded& operator=(const guarded&) = delete;
    void set_deadline(time at) { deadline_ = at; }
    time deadline() const { return deadline_; }

   protected:
    // Ends the wait. Must not destroy what is guarded at once. The deadline is `never` again.
    virtual void overdue() = 0;

   private:
    friend class watchdog;
    std::shared_ptr<watchdog> by_;
    std::size_t index_ = 0;
    time deadline_ = never;
  };

  watchdog(boost::asio::io_context& network, std::chrono::milliseconds tick)
      : timer_(network), tick_(tick) {}

 private:
  void look();
  void arm();

  boost::asio::steady_timer timer_;
  std::chrono::milliseconds tick_;
  std::vector<guarded*> guarded_;
  bool armed_ = false;
};

}  // namespace kp::http
