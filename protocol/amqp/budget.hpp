#pragma once

#include "protocol/amqp/amqp_error.hpp"
#include "protocol/amqp/bell.hpp"

#include <cstddef>

namespace kp::amqp {

// So many bytes may be under way at a time; who wants more waits. For one network thread.
class budget : public std::enable_shared_from_this<budget> {
 public:
  budget(http::asio::io_context& network, std::size_t most) : freed_(network), left_(most) {}

  // What was granted, given back at the end.
  class share {
   public:
    share() = default;
    share(std::shared_ptr<budget> of, std::size_t bytes) : of_(std::move(of)), bytes_(bytes) {}
    share(share&& other) noexcept
        : of_(std::move(other.of_)), bytes_(std::exchange(other.bytes_, 0)) {}
    share& operator=(share&& other) noexcept {
      std::swap(of_, other.of_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~share() {
      if (!of_) return;
      of_->left_ += bytes_;
      of_->freed_.ring();
    }

   private:
    std::shared_ptr<budget> of_;
    std::size_t bytes_ = 0;
  };

  // Errors: busy when it takes longer than until `until`. `bytes` is at most what there is.
  http::awaitable<result<share>> take(std::size_t bytes, moment until) {
    const auto self = shared_from_this();
    while (left_ < bytes) {
      if (std::chrono::steady_clock::now() >= until)
        co_return transient(amqp_errc::busy, "AMQP: too much is under way");
      co_await freed_.wait(until);
    }
    left_ -= bytes;
    co_return share(self, bytes);
  }

 private:
  bell freed_;
  std::size_t left_;
};

}  // namespace kp::amqp
