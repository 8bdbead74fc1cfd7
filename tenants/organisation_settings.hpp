#pragma once

#include "config/setting.hpp"
#include "tenants/organisation.hpp"

// The declared settings of an organisation's file, and the values as written, before they are
// checked against each other. Inside the room only.

namespace kp::tenants {

struct channel_draft {
  std::string name;
  std::set<service> sends;
  std::set<service> receives;
  std::optional<std::string> message_channel;
  std::chrono::minutes lock_timeout{5};
  std::set<service> status_queue;
  std::vector<credential> credentials;
  std::vector<std::string> previous_names;
  std::vector<std::string> previous_message_channels;
  source_position where;
  bool external = false;
  channel_addresses addresses{};
  quota_limits quotas{};
};

struct organisation_draft {
  std::string number;
  std::string name;
  keystore_settings keystore;
  std::vector<keystore_settings> previous_keystores;
  std::string maskinporten_client_id;
  dpo_settings dpo;
  std::vector<channel_draft> channels;
  dpi_settings dpi{};
  dpf_settings dpf{};
  dpv_settings dpv{};
  dpe_settings dpe{};
  dpfio_settings dpfio{};
  dph_settings dph{};
  quota_settings quotas{};
  bool waiting_moves = true;
};

const declarations<organisation_draft>& organisation_settings();
const declarations<keystore_settings>& previous_keystore_settings();
const declarations<reportee>& reportee_settings();
const declarations<channel_draft>& channel_draft_settings();
const declarations<credential>& credential_settings();

}  // namespace kp::tenants
