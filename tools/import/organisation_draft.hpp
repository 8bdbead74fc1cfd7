#pragma once

#include "config/ids.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

// What an import makes of the installations of one organisation, before it is YAML. The members are
// those of the organisation's file (docs/organisation.md); what has its default is left out.

namespace kp::importer {

struct keystore_draft {
  std::string path;  // absolute
  std::optional<std::string> alias;
  std::string password_file;  // as it is written into the file
};

struct reportee_draft {
  std::string organisation;  // with prefix
  std::string name;
};

struct credential_draft {
  std::string user;
  std::string password_hash;
};

struct channel_draft {
  std::string name;
  std::set<service> sends, receives;
  std::optional<std::string> message_channel;
  std::optional<std::int64_t> lock_timeout_minutes;
  std::set<service> status_queue;
  std::optional<std::string> dpi_channel;
  std::optional<std::int64_t> dpi_concurrency;
  std::vector<std::string> dpfio_accounts;
  std::vector<std::int64_t> her_ids;
  std::optional<credential_draft> credential;
};

struct svarut_account_draft {
  std::string organisation;  // nine digits
  bool rest = false;
  std::string account_id, integration_id;  // rest
  std::string user;                        // soap
  std::string password_file;
};

struct svarinn_system_draft {
  std::string name, user, password_file;
  std::optional<std::string> process, document_type;
};

struct svarut_draft {
  std::vector<svarut_account_draft> accounts;
  std::vector<svarinn_system_draft> receivers;
  bool digital_only = false;
  std::optional<std::string> billing_code, fallback_sender;
  std::vector<std::string> not_printed;
};

// Where the hub reads a secret.
struct secret_setting {
  std::string file;
};
using setting_value = std::variant<bool, std::int64_t, std::string, secret_setting>;
struct setting_draft {
  std::string key;
  setting_value value;
};

struct organisation_draft {
  explicit organisation_draft(organisation_id whose) : id(whose) {}
  organisation_id id;
  std::vector<std::string> sources;  // the files it was made from
  std::optional<keystore_draft> keystore;
  std::vector<keystore_draft> previous_keystores;
  std::optional<std::string> client_id;
  std::set<service> enabled;
  std::optional<std::string> system_user_organisation, system_user_name;
  std::vector<reportee_draft> reportees;
  std::optional<std::string> dpo_client_id;
  std::optional<std::int64_t> dpo_ttl_hours;
  std::optional<std::uint64_t> dpo_upload_limit;
  svarut_draft svarut;
  std::map<service, std::vector<setting_draft>> values;  // further ones, under services.*
  std::vector<channel_draft> channels;
};

// A file with a password that the hub is to read.
struct secret_file {
  std::string path;  // absolute
  std::string content;
};

// The YAML of an organisation's file. With `trial`, passwords are asked for as environment
// variables, so that the loader can be tried on it before any secret is on disk.
std::string to_yaml(const organisation_draft&, bool trial = false);

}  // namespace kp::importer
