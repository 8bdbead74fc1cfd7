#pragma once

#include "protocol/sbd/shape.hpp"

#include <string>
#include <string_view>

// The message types with a model (messages.md 5), each with the shape of its business message.

namespace kp::sbd::detail {

struct message_type {
  std::string_view name;  // canonical, lower case
  bool needs_file = false;
  std::string_view response_process;  // of the status that answers an arrival; "" for none
  const shape* message = nullptr;
  // No longer a type of today's installations, whose text for an unknown one does not name it.
  bool is_unlisted = false;
};

const message_type* find_message_type(std::string_view name);  // case-insensitive
std::string all_message_types();                               // comma-separated

}  // namespace kp::sbd::detail
