#pragma once

#include "actors/messages.hpp"

namespace kp::actors {

// What the webhook dispatcher of an organisation answers, by way of the organisation.
struct webhook_call {  // -> api_answer
  channel_number channel{};
  api_call call;
};

constexpr bool is_for_webhooks(endpoint what) {
  return what >= endpoint::list_subscriptions && what <= endpoint::remove_dead_letter;
}

}  // namespace kp::actors

KP_MESSAGE(kp::actors::webhook_call);
