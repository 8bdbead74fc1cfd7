#pragma once

#include "actors/hub_parts.hpp"
#include "admin/routes.hpp"

#include <cstdint>
#include <memory>

namespace kp::admin {

// The HTTP listener for operators: /manage/… and /admin/…, apart from the clients' one, with
// credentials and roles of its own (hub.yaml, `admin`). Lives on the network thread, as long as the
// hub runs.
class listener {
 public:
  // Opens it. Before the network thread runs, or on it. Errors: the address cannot be listened on,
  // certificate or key cannot be read.
  static result<std::unique_ptr<listener>> open(const actors::hub_parts& hub);
  ~listener();

  std::uint16_t port() const;

 private:
  listener();
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace kp::admin
