#include "config/ids.hpp"
#include "config/quota_declarations.hpp"
#include "config/setting_list.hpp"
#include "config/text_list_kind.hpp"
#include "tenants/channel_rules.hpp"
#include "tenants/loader.hpp"
#include "tenants/organisation_settings.hpp"
#include "tenants/set_kind.hpp"
#include "tenants/usual_traits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

// The settings of a channel and of its credentials.

namespace kp::tenants {

namespace {

constexpr std::size_t most_credentials = 50;
constexpr std::size_t most_previous_names = 50;

// [DPO, ...]
struct service_list_kind {
  std::string type() const { return "list of services"; }
  std::string range() const { return ""; }
  std::string show(const std::set<service>&) const { return ""; }

  std::optional<std::set<service>> read(const yaml_value& value, value_reader& reader) const {
    if (!value.is_list()) {
      reader.refuse(value, reader.what + " must be a list", "Write it as [DPO], or [] for none.");
      return std::nullopt;
    }
    const auto before = reader.problems.size();
    std::set<service> all;
    for (const auto& item : value.items()) {
      const auto word = reader.scalar(item);
      if (!word) continue;
      const auto named = parse_service(*word);
      if (!named)
        reader.refuse(item,
                      fmt::format("{}: {} is no message service", reader.what, in_quotes(*word)),
                      "Write DPO, DPI, DPF, DPV, DPE, DPFIO or DPH, in capital letters.");
      else if (!all.insert(*named).second)
        reader.refuse(item, fmt::format("{} names {} twice", reader.what, *word), "Remove one.");
    }
    if (reader.problems.size() > before) return std::nullopt;
    return all;
  }
};

std::optional<std::string> as_account(const std::string& text) {
  if (text.size() != 36 || !detail::is_uuid(text)) return std::nullopt;
  std::string lower = text;
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

struct account_kind {
  std::string type() const { return "text"; }
  std::string range() const { return "an account: a UUID"; }
  std::string show(const std::optional<std::string>&) const { return ""; }
  std::optional<std::string> read(const yaml_value& value, value_reader& reader) const {
    const auto text = text_kind{}.read(value, reader);
    if (!text) return std::nullopt;
    auto account = as_account(*text);
    if (!account)
      reader.refuse(value, fmt::format("{}: {} is no account", reader.what, in_quotes(*text)),
                    "Write the UUID that KS shows for it.");
    return account;
  }
};

std::optional<std::int64_t> as_her_id(const std::string& text) {
  std::int64_t number = 0;
  const auto end = text.data() + text.size();
  const auto [stopped, failed] = std::from_chars(text.data(), end, number);
  if (failed != std::errc() || stopped != end || number < 1) return std::nullopt;
  return number;
}

// [text, ...], not empty
struct text_set_kind {
  std::string type() const { return "list of texts"; }
  std::string range() const { return ""; }
  std::string show(const std::set<std::string>&) const { return ""; }

  std::optional<std::set<std::string>> read(const yaml_value& value, value_reader& reader) const {
    if (!value.is_list() || value.items().empty()) {
      reader.refuse(value, reader.what + " must be a list of at least one",
                    "Write it as [one, other], or remove it for all.");
      return std::nullopt;
    }
    std::set<std::string> all;
    for (const auto& item : value.items()) {
      auto text = text_kind{}.read(item, reader);
      if (!text) return std::nullopt;
      all.insert(*std::move(text));
    }
    return all;
  }
};

// A SHA-256 as openssl prints it.
struct fingerprint_kind {
  std::string type() const { return "SHA-256 fingerprint"; }
  std::string range() const { return ""; }
  std::string show(const std::string& value) const { return value; }
  std::optional<std::string> read(const yaml_value& value, value_reader& reader) const {
    auto text = text_kind{}.read(value, reader);
    if (!text) return std::nullopt;
    auto normal = normal_fingerprint(*text);
    return normal.empty() ? text : normal;  // what is none is reported by check_credential
  }
};

declarations<channel_draft> declare_channel() {
  declarations<channel_draft> all{channel_draft{}};
  all.add(
      "name", text_kind{}, [](auto& s) -> auto& { return s.name; },
      "The channel's name in paths and logs: 1 to 64 of a-z, 0-9, - and _.", needed);
  all.add(
      "sends", service_list_kind{}, [](auto& s) -> auto& { return s.sends; },
      "The message services that the channel sends with.", usual);
  all.add(
      "receives", service_list_kind{}, [](auto& s) -> auto& { return s.receives; },
      "The message services whose arrivals go to the channel.", usual);
  all.add(
      "message_channel", text_kind{}, [](auto& s) -> auto& { return s.message_channel; },
      "The reference (kanal) that brings statuses and receipts back to this channel: 1 to 25 of "
      "A-Z, a-z, 0-9, - and _.",
      usual);
  all.add(
      "previous_names", text_list_kind{most_previous_names},
      [](auto& s) -> auto& { return s.previous_names; },
      "What this channel was called before, and channels that it takes over: it serves their "
      "unfinished messages. See [tenants.md](tenants.md).",
      usual);
  all.add(
      "previous_message_channels", text_list_kind{most_previous_names},
      [](auto& s) -> auto& { return s.previous_message_channels; },
      "References (message_channel) of channels that this one has taken over; statuses and "
      "receipts that still come with them are its.",
      usual);
  all.add(
      "lock_timeout_minutes", integer_kind{1, 1440},
      [](auto& s) -> auto& { return s.lock_timeout; },
      "How many minutes a message that was peeked is kept from others.", usual);
  all.add(
      "status_queue", service_list_kind{}, [](auto& s) -> auto& { return s.status_queue; },
      "The message services whose statuses wait for the business system under "
      "/api/statuses/peek, each until it is deleted there. Without any the queue is off.",
      usual);
  all.add(
      "credentials",
      list_kind<credential>{&credential_settings, "credential", "user", most_credentials},
      [](auto& s) -> auto& { return s.credentials; },
      "Who may use the channel's REST API, each by a password, an API key, a token or a client "
      "certificate; at least one, none for an external channel.",
      usual);
  all.add(
      "external", switch_kind{}, [](auto& s) -> auto& { return s.external; },
      "Whether the channel is an installation at another supplier. The hub leaves its arrivals "
      "alone; it has no credentials.",
      usual);
  all.add(
      "dpi.channel", text_kind{}, [](auto& s) -> auto& { return s.addresses.dpi_channel; },
      "The channel (kanal) that brings receipts of DPI back to this channel: A-Z, a-z, 0-9, -, _ "
      "and the dot, which is sent as _; case does not count.",
      usual);
  all.add(
      "dpi.concurrency", integer_kind{1, most_dpi_channels},
      [](auto& s) -> auto& { return s.addresses.dpi_concurrency; },
      "Over how many channels (kanal) at the access point the letters and receipts of this channel "
      "are spread: dpi.channel-0, -1 and so on, as mpcConcurrency of an Integrasjonspunkt does. With 1 "
      "it is dpi.channel as it stands.",
      usual);
  all.add(
      "dpfio.accounts", set_kind<std::string>{"an account: a UUID", &as_account},
      [](auto& s) -> auto& { return s.addresses.dpfio_accounts; },
      "The accounts in Fiks IO that are this channel's.", usual);
  all.add(
      "dpfio.sender", account_kind{}, [](auto& s) -> auto& { return s.addresses.dpfio_sender; },
      "The one of dpfio.accounts that new messages are sent from. An answer goes from the account "
      "that it answers for.",
      otherwise("the only one"));
  all.add(
      "dph.her_ids", set_kind<std::int64_t>{"a HER-id: a positive number", &as_her_id},
      [](auto& s) -> auto& { return s.addresses.her_ids; }, "The HER-ids that are this channel's.",
      usual);
  declare_quota_limits(
      all, "quotas.", [](auto& s) -> auto& { return s.quotas; }, "of this channel",
      "quotas.channel of the organisation");
  return all;
}

declarations<credential> declare_credential() {
  declarations<credential> all{credential{}};
  const auto text = [&](const char* key, std::string credential::* place, const char* sentence) {
    all.add(key, text_kind{}, [place](auto& s) -> auto& { return s.*place; }, sentence, usual);
  };
  text("user", &credential::user,
       "HTTP Basic: the user name, without colon; unique among all organisations of the hub.");
  text("password_hash", &credential::password_hash,
       "HTTP Basic: what `knutepunkt credential` prints for the password.");
  text("api_key", &credential::api_key,
       "API key: its public part, as `knutepunkt credential --api-key` prints it.");
  text("api_key_hash", &credential::api_key_hash,
       "API key: its hash, as `knutepunkt credential --api-key` prints it.");
  text("issuer", &credential::issuer, "Token: the name of one of token_issuers in hub.yaml.");
  text("scope", &credential::scope, "Token: the scope that it must have.");
  text("consumer", &credential::consumer,
       "Token: the organisation that it must be issued to, with prefix: 0192:910077473. This or "
       "client_id, or both.");
  text("client_id", &credential::client_id, "Token: the client that it must be issued to.");
  all.add(
      "certificate_sha256", fingerprint_kind{},
      [](auto& s) -> auto& { return s.certificate_sha256; },
      "Client certificate: its SHA-256 fingerprint. Needs listener.client_ca in hub.yaml.", usual);
  all.add(
      "certificate_subject", text_kind{1000},
      [](auto& s) -> auto& { return s.certificate_subject; },
      "Client certificate: its whole subject as `openssl x509 -subject -nameopt RFC2253` prints "
      "it, instead of the fingerprint.",
      usual);
  all.add(
      "inbox.services", service_list_kind{}, [](auto& s) -> auto& { return s.inbox.services; },
      "Only messages of these services are shown to this credential in the inbox.",
      otherwise("every service"));
  all.add(
      "inbox.processes", text_set_kind{}, [](auto& s) -> auto& { return s.inbox.processes; },
      "Only messages of these processes are shown to this credential in the inbox.",
      otherwise("every process"));
  return all;
}

}  // namespace

const declarations<channel_draft>& channel_draft_settings() {
  static const auto all = declare_channel();
  return all;
}

const declarations<credential>& credential_settings() {
  static const auto all = declare_credential();
  return all;
}

}  // namespace kp::tenants
