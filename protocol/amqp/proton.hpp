#pragma once

#include <proton/codec.h>
#include <proton/condition.h>
#include <proton/error.h>
#include <proton/message.h>
#include <proton/types.h>

#include "protocol/amqp/amqp_error.hpp"

#include <memory>
#include <string_view>

// What the files of this room share of qpid-proton. Inside the room only.

namespace kp::amqp {

struct free_message {
  void operator()(pn_message_t* one) const { pn_message_free(one); }
};
using message_ptr = std::unique_ptr<pn_message_t, free_message>;

inline pn_bytes_t to_pn(std::string_view text) {
  return pn_bytes(text.size(), text.data());
}
inline std::string_view to_view(pn_bytes_t bytes) {
  return bytes.start ? std::string_view(bytes.start, bytes.size) : std::string_view();
}
inline std::string_view to_view(const char* text) {
  return text ? text : std::string_view();
}

inline error of_condition(std::string_view what, pn_condition_t* why) {
  if (!why || !pn_condition_is_set(why)) return of_condition(what, "", "");
  return of_condition(what, to_view(pn_condition_get_name(why)),
                      to_view(pn_condition_get_description(why)));
}

}  // namespace kp::amqp
