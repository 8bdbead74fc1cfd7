#pragma once

#include "tools/sandbox/fiks_broker.hpp"

#include <amqp.h>

namespace kp::sandbox {

// One connection of the administrator. Every call waits five seconds at most; after a failed one it
// is of no use any more.
class fiks_session {
 public:
  fiks_session() = default;
  ~fiks_session();
  fiks_session(const fiks_session&) = delete;
  fiks_session& operator=(const fiks_session&) = delete;

  // Connects, and declares the exchange and the queue of the dead.
  result<void> open(const std::string& url);
  result<void> declare(const std::string& queue);
  result<void> publish(const fiks_delivery&);
  result<fiks_queue> look(const std::string& queue);
  result<std::optional<fiks_delivery>> take(const std::string& queue);
  result<void> purge(const std::string& queue);

 private:
  result<void> answered(std::string_view doing);
  result<void> until_confirmed();

  amqp_connection_state_t state_ = nullptr;
};

}  // namespace kp::sandbox
