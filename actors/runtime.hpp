#pragma once

#include "config/hub_settings.hpp"
#include "tenants/loader.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace kp::actors {

struct hub_parts;  // actors/hub_parts.hpp

// The hub as a whole: store, network, workers, actors. Made, run on one thread, stopped from any.
class runtime {
 public:
  // Opens the store (made when absent), the listener, and starts every organisation. Errors: what
  // cannot be opened, with where and why.
  static result<std::unique_ptr<runtime>> start(const hub_settings& settings,
                                                const tenants::loaded& tenants);
  ~runtime();
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;

  std::uint16_t port() const;

  // Calls `then` once on the network thread, when every channel can be used. Before run().
  void when_ready(std::function<void()> then);

  // For what stands beside the hub and looks into it; before run() or on the network thread.
  hub_parts parts() const;

  // Serves until stop(); then lets requests in progress finish (10 s at most), ends all actors and
  // closes the store. Returns the exit code: 0, or 3 when a part that everything leans on had
  // stopped by itself. The calling thread becomes the network thread.
  int run();

  // Safe from any thread and from a signal handler of asio; may be called again.
  void stop();

  // SIGINT and SIGTERM stop the hub in order instead of ending the process at once.
  void stop_on_signals();

 private:
  runtime();
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace kp::actors
