#include "config/webhook_declarations.hpp"

namespace kp {

void declare_webhooks(declarations<hub_settings>& all) {
  using targets = webhook_settings::private_targets;
  all.add(
      "webhooks.private_targets",
      word_kind<targets>{{{"allow", targets::allow}, {"forbid", targets::forbid}}},
      [](auto& s) -> auto& { return s.webhooks.to_private; },
      "Whether webhooks are delivered to addresses outside the public internet (private networks, "
      "this machine, link-local, carrier NAT). Clients choose the addresses: allow it where they "
      "may reach that network.",
      {.fallback = "`forbid`; `allow` in the environment sandbox"});
  all.add(
      "webhooks.https_only", switch_kind{}, [](auto& s) -> auto& { return s.webhooks.https_only; },
      "Whether webhooks are delivered to https:// only.");
  all.add(
      "webhooks.give_up_after_hours", integer_kind{1, 8759},
      [](auto& s) -> auto& { return s.webhooks.give_up_after; },
      "How long an event is tried before it becomes a dead letter. Less than events.keep_hours.");
  all.add(
      "webhooks.connect_timeout_seconds", integer_kind{1, 60},
      [](auto& s) -> auto& { return s.webhooks.connect_timeout; },
      "How long name lookup, connecting and TLS may each take.");
  all.add(
      "webhooks.read_timeout_seconds", integer_kind{1, 60},
      [](auto& s) -> auto& { return s.webhooks.read_timeout; },
      "How long a subscriber may take to answer.");
}

}  // namespace kp
