#pragma once

#include "config/setting.hpp"
#include "tenants/service_settings.hpp"
#include "tenants/usual_traits.hpp"

// The declared settings of services.dpfio. Inside the room only.

namespace kp::tenants {

template <class Draft, class Place>
void declare_dpfio(declarations<Draft>& all, Place dpfio) {
  all.add(
      "services.dpfio.enabled", switch_kind{},
      [dpfio](auto& s) -> auto& { return dpfio(s).enabled; },
      "Whether the organisation uses DPFIO (KS FIKS IO).", usual);
  all.add(
      "services.dpfio.integration_id", text_kind{},
      [dpfio](auto& s) -> auto& { return dpfio(s).integration_id; },
      "The integration at KS that may use the accounts of the channels, a UUID.", usual);
  all.add("services.dpfio.integration_password", secret_kind{},
          [dpfio](auto& s) -> auto& { return dpfio(s).integration_password; }, "Its password.",
          {.restart = false, .secret = true});
  all.add("services.dpfio.client_id", text_kind{},
          [dpfio](auto& s) -> auto& { return dpfio(s).maskinporten_client_id; },
          "The Maskinporten client with the scope ks:fiks.",
          {.restart = false, .fallback = "that of maskinporten.client_id"});
  all.add(
      "services.dpfio.fallback_sender", text_kind{},
      [dpfio](auto& s) -> auto& { return dpfio(s).fallback_sender; },
      "The sender of messages from accounts whose organisation FIKS IO does not tell.", usual);
  all.add(
      "services.dpfio.sender_from_catalogue", switch_kind{},
      [dpfio](auto& s) -> auto& { return dpfio(s).sender_from_catalogue; },
      "Whether the sender of a message is the organisation that FIKS IO's catalogue knows the "
      "account of. Otherwise it is always fallback_sender, as in earlier installations.",
      usual);
  all.add(
      "services.dpfio.passes_ttl", switch_kind{},
      [dpfio](auto& s) -> auto& { return dpfio(s).passes_ttl; },
      "Whether a message ends at FIKS IO when its own time has passed. Otherwise it waits there "
      "for "
      "its receiver for seven days.",
      usual);
  all.add(
      "services.dpfio.upload_size_limit", size_kind{1024, 5ull << 30},
      [dpfio](auto& s) -> auto& { return dpfio(s).upload_size_limit; },
      "How large all attachments of a message may be together.", usual);
  all.add(
      "services.dpfio.default_ttl_hours", integer_kind{1, 8760},
      [dpfio](auto& s) -> auto& { return dpfio(s).default_ttl; },
      "How many hours a message lives that does not say so itself.", usual);
}

}  // namespace kp::tenants
