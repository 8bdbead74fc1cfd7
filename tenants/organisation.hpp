#pragma once

#include "config/hub_settings.hpp"
#include "config/ids.hpp"
#include "config/quota_settings.hpp"
#include "config/secret.hpp"
#include "tenants/credential.hpp"
#include "tenants/service_settings.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

// Who: an organisation and its channels, as read from one YAML file. Pure data.

namespace kp::tenants {

struct keystore_settings {
  std::string path;  // absolute after loading
  secret password;
  std::optional<std::string> alias;
  source_position where{};  // in the organisation's file
};

struct channel_settings {
  channel_name name;
  std::set<service> sends;
  std::set<service> receives;
  std::optional<std::string> message_channel;  // DPO; ^[a-zA-Z0-9-_]{1,25}$
  std::vector<credential> credentials;
  std::chrono::minutes lock_timeout{5};  // peek, rest-api.md 7.3
  source_position where;                 // of the channel in its file
  // What other channels were called whose unfinished messages this one takes over, and the
  // references that answers to those still come with.
  std::vector<channel_name> previous_names = {};
  std::vector<std::string> previous_message_channels = {};
  // An installation at another supplier: the hub leaves its arrivals alone and has no seat for it.
  bool external = false;
  channel_addresses addresses{};
  quota_limits quotas{};
  std::set<service> status_queue = {};  // whose statuses are queued, rest-api.md 8.4
};

// Whether what comes with this reference is the channel's: its own, or one that it has taken over.
bool answers_to(const channel_settings&, std::string_view reference);

// An organisation that this one sends and receives for: the Altinn system user that it has granted.
struct reportee {
  std::string organisation;  // "0192:974760673"
  std::string name;          // of the system user
  source_position where{};   // in the organisation's file
};

struct dpo_settings {
  bool enabled = false;
  std::string system_user_organisation;  // default 0192:<number>
  std::string system_user_name;          // default <number>_integrasjonspunkt_systembruker_<number>
  std::vector<reportee> reportees;       // on behalf of, beside the system user itself
  std::optional<std::string> maskinporten_client_id;  // default MOVE_IP_<number>
  std::chrono::hours default_ttl{24};
  std::uint64_t upload_size_limit = 1ull << 30;
  bool sha1_signatures = false;  // ASiC signature digest as today's installations send
  std::chrono::seconds poll_interval{15};
  // The longest between two searches, which they come to when nothing has come or gone for long.
  std::chrono::seconds quiet_poll_interval{300};
};

struct organisation {
  organisation_id id;
  std::string name;
  keystore_settings keystore;
  std::vector<keystore_settings> previous_keystores;  // decrypt only, during certificate roll-over
  std::string maskinporten_client_id;                 // default MOVE_IP_<number>
  dpo_settings dpo;
  std::vector<channel_settings> channels;
  std::string file;         // where it was read from
  std::string fingerprint;  // changes when the file's content changes
  dpi_settings dpi{};
  dpf_settings dpf{};
  dpv_settings dpv{};
  dpe_settings dpe{};
  dpfio_settings dpfio{};
  dph_settings dph{};
  quota_settings quotas{};
  bool waiting_moves = true;  // arrivals that nobody has peeked follow the inbound seat

  bool enabled(service) const;
  // Where the file enables it; the file as a whole for one it does not.
  source_position where_enabled(service) const;
  const channel_settings* find(const channel_name&) const;
  // The one channel that receives a service, if any.
  const channel_settings* receiver(service) const;
};

}  // namespace kp::tenants
