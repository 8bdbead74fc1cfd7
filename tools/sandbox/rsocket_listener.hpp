#pragma once

#include "tools/sandbox/keys.hpp"
#include "tools/sandbox/rsocket_frames.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace kp::sandbox {

// What becomes of one request.
struct rsocket_answer {
  enum class what { complete, error, drop } is = what::complete;
  std::uint32_t code = 0;  // of an error
  std::string text;
  std::chrono::milliseconds delay{0};  // before it
};

// What the connection itself does wrong on purpose.
struct rsocket_troubles {
  unsigned reject_setup = 0;       // so many times
  unsigned close_after_setup = 0;  // so many times
  bool mute_keepalives = false;
};

// Decides; all on the thread of the services.
class rsocket_responder {
 public:
  virtual ~rsocket_responder() = default;
  virtual rsocket_troubles begin() = 0;  // a SETUP has come; what it says has been taken
  virtual rsocket_answer answer(const std::string& metadata, const std::string& data) = 0;
};

// RSocket over TCP, with a thread of its own (status-service.md, simulator contract).
class rsocket_listener {
 public:
  struct options {
    std::string address;
    std::uint16_t port = 0;  // 0: a free one
    // Both or none: TLS. PEM.
    std::string certificate, key;
  };
  // `on_services` runs work on the thread of the services; it must do so until stop(). Errors:
  // sandbox_errc::listen, crypto.
  static result<std::unique_ptr<rsocket_listener>> open(
      const options&, rsocket_responder&, std::function<void(std::function<void()>)> on_services);
  virtual ~rsocket_listener() = default;
  virtual std::uint16_t port() const = 0;
  // Closes every connection and joins the thread. Safe to call twice.
  virtual void stop() = 0;
};

}  // namespace kp::sandbox
