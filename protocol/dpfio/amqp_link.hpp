#pragma once

#include "protocol/dpfio/broker.hpp"

#include <amqp.h>

#include <optional>

// One AMQP connection by librabbitmq, for this folder alone.

namespace kp::dpfio {

// Used by one thread at a time. Between open() and close() nothing waits for long: frames are read
// as far as they have come.
class amqp_link {
 public:
  // Connects, signs in and consumes from every queue that it may. Blocks, each step within
  // `deadline`. Errors: broker_refused, broker_lost.
  static result<std::unique_ptr<amqp_link>> open(const broker_options&, spool_factory&);
  ~amqp_link();
  amqp_link(const amqp_link&) = delete;
  amqp_link& operator=(const amqp_link&) = delete;

  const std::map<std::string, std::string>& refused() const { return refused_; }
  int socket() const;
  // Something can be read without the socket.
  bool has_more() const;
  // Reads one frame, and sends a heartbeat when one is due; false when nothing has come. `out` is
  // filled when a delivery is complete. Errors end the connection.
  result<bool> step(std::optional<delivery>& out);
  result<void> acknowledge(std::uint16_t channel, std::uint64_t tag);
  // Says good-bye; blocks for a second at most.
  void close();

 private:
  explicit amqp_link(spool_factory& spools) : spools_(spools) {}
  result<void> connect(const broker_options&);
  result<void> sign_in(const broker_options&);
  result<void> consume(const broker_options&);
  result<void> read_method(const amqp_frame_t&);
  result<void> read_header(const amqp_frame_t&, std::optional<delivery>& out);
  result<void> read_body(const amqp_frame_t&, std::optional<delivery>& out);
  // A delivery whose frames are still coming; at most one for each channel.
  struct assembly {
    delivery what;
    std::uint64_t read = 0;
  };

  spool_factory& spools_;
  amqp_connection_state_t state_ = nullptr;
  std::map<std::uint16_t, assembly> coming_;
  std::map<std::string, std::string> refused_;
};

}  // namespace kp::dpfio
