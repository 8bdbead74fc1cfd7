#pragma once

#include "config/error.hpp"
#include "tools/sandbox/http_types.hpp"

#include <functional>

namespace kp::sandbox {

inline constexpr std::size_t max_connections = 4096;  // more are closed at once
inline constexpr std::chrono::seconds idle_deadline{120};
inline constexpr std::chrono::seconds io_deadline{30};  // for each piece of at most stream_chunk

// The one HTTP/1.1 listener, with its own thread, on which everything of the sandbox happens.
class http_listener {
 public:
  // Port 0 takes a free one. Errors: sandbox_errc::listen.
  static result<std::unique_ptr<http_listener>> open(const std::string& address,
                                                     std::uint16_t port);
  virtual ~http_listener() = default;

  virtual std::uint16_t port() const = 0;
  // Begins to answer; `app` must outlive this object.
  virtual void run(application& app) = 0;
  // Runs `work` on the network thread after what is queued there. Not before run().
  virtual void post(std::function<void()> work) = 0;
  // Closes every connection and joins the thread. Safe to call twice.
  virtual void stop() = 0;
};

}  // namespace kp::sandbox
