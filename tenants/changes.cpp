#include "tenants/changes.hpp"

#include "tenants/referenced_files.hpp"

#include <algorithm>

namespace kp::tenants {

namespace {

bool same(const keystore_settings& a, const keystore_settings& b) {
  return a.path == b.path && a.password == b.password && a.alias == b.alias;
}

// Under the same names. What cannot be read now is still what it was.
bool are_replaced(const organisation& before, const organisation& after) {
  const auto now = key_fingerprint(after.fingerprint);
  return !now.empty() && now != key_fingerprint(before.fingerprint);
}

bool same(const std::vector<keystore_settings>& a, const std::vector<keystore_settings>& b) {
  return std::ranges::equal(a, b, [](const auto& x, const auto& y) { return same(x, y); });
}

bool same(const std::vector<reportee>& a, const std::vector<reportee>& b) {
  return std::ranges::equal(a, b, [](const auto& x, const auto& y) {
    return x.organisation == y.organisation && x.name == y.name;
  });
}

bool same(const std::vector<credential>& a, const std::vector<credential>& b) {
  return std::ranges::equal(a, b, [](const auto& x, const auto& y) { return same(x, y); });
}

// Credentials apart.
bool same_seat(const channel_settings& a, const channel_settings& b) {
  return a.sends == b.sends && a.receives == b.receives && a.message_channel == b.message_channel &&
         a.lock_timeout == b.lock_timeout && a.previous_names == b.previous_names &&
         a.previous_message_channels == b.previous_message_channels && a.external == b.external &&
         a.addresses == b.addresses && a.status_queue == b.status_queue;
}

bool same_clients(const dpo_settings& a, const dpo_settings& b) {
  return a.system_user_organisation == b.system_user_organisation &&
         a.system_user_name == b.system_user_name &&
         a.maskinporten_client_id == b.maskinporten_client_id && a.enabled == b.enabled &&
         same(a.reportees, b.reportees);
}

bool same_use(const dpo_settings& a, const dpo_settings& b) {
  return a.default_ttl == b.default_ttl && a.upload_size_limit == b.upload_size_limit &&
         a.sha1_signatures == b.sha1_signatures && a.poll_interval == b.poll_interval &&
         a.quiet_poll_interval == b.quiet_poll_interval;
}

bool same_use(const dpe_settings& a, const dpe_settings& b) {
  return a.enabled == b.enabled && a.mode == b.mode && a.receipt_queue == b.receipt_queue &&
         a.transport == b.transport && a.poll_interval == b.poll_interval &&
         a.quiet_poll_interval == b.quiet_poll_interval;
}

bool same_clients(const dpi_settings& a, const dpi_settings& b) {
  return a.enabled == b.enabled && a.supplier == b.supplier &&
         a.maskinporten_client_id == b.maskinporten_client_id &&
         a.sends_own_consumer == b.sends_own_consumer;
}

bool same_use(const dpi_settings& a, const dpi_settings& b) {
  return a.enabled == b.enabled && a.language == b.language && a.poll_interval == b.poll_interval &&
         a.quiet_poll_interval == b.quiet_poll_interval;
}

bool same_clients(const dph_settings& a, const dph_settings& b) {
  return a.enabled == b.enabled && a.maskinporten_client_id == b.maskinporten_client_id &&
         a.sends_own_consumer == b.sends_own_consumer;
}

bool same_use(const dph_settings& a, const dph_settings& b) {
  return a.enabled == b.enabled && a.poll_interval == b.poll_interval &&
         a.quiet_poll_interval == b.quiet_poll_interval &&
         a.automatic_receipts == b.automatic_receipts;
}

bool same_use(const dpv_settings& a, const dpv_settings& b) {
  return a.represents == b.represents && a.sensitive_resource == b.sensitive_resource &&
         a.notify_email == b.notify_email && a.notify_sms == b.notify_sms &&
         a.email_subject == b.email_subject && a.notification_text == b.notification_text &&
         a.sensitive_notification_text == b.sensitive_notification_text &&
         a.due_date == b.due_date && a.days_to_reply == b.days_to_reply &&
         a.upload_size_limit == b.upload_size_limit && a.default_ttl == b.default_ttl &&
         a.follow_every == b.follow_every && a.follow_for == b.follow_for &&
         a.generate_receipts == b.generate_receipts;
}

bool same_clients(const dpfio_settings& a, const dpfio_settings& b) {
  return a.enabled == b.enabled && a.integration_id == b.integration_id &&
         a.integration_password == b.integration_password &&
         a.maskinporten_client_id == b.maskinporten_client_id;
}

bool same_use(const dpfio_settings& a, const dpfio_settings& b) {
  return a.fallback_sender == b.fallback_sender &&
         a.sender_from_catalogue == b.sender_from_catalogue && a.passes_ttl == b.passes_ttl &&
         a.upload_size_limit == b.upload_size_limit && a.default_ttl == b.default_ttl;
}

}  // namespace

std::set<std::string> receiving_accounts(const organisation& owner) {
  std::set<std::string> all;
  for (const auto& channel : owner.channels)
    if (!channel.external && channel.receives.contains(service::dpfio))
      all.insert(channel.addresses.dpfio_accounts.begin(), channel.addresses.dpfio_accounts.end());
  return all;
}

organisation_changes diff(const organisation& before, const organisation& after) {
  organisation_changes out;
  for (const auto& channel : after.channels) {
    const auto* was = before.find(channel.name);
    if (!was) {
      out.added.push_back(channel.name);
      continue;
    }
    if (!same_seat(*was, channel)) out.changed.push_back(channel.name);
    if (!same(was->credentials, channel.credentials) || was->quotas != channel.quotas)
      out.lookup = true;
  }
  for (const auto& channel : before.channels)
    if (!after.find(channel.name)) out.removed.push_back(channel.name);
  if (!out.added.empty() || !out.removed.empty() || before.name != after.name ||
      before.quotas != after.quotas)
    out.lookup = true;
  out.clients = !same(before.keystore, after.keystore) ||
                !same(before.previous_keystores, after.previous_keystores) ||
                are_replaced(before, after) ||
                before.maskinporten_client_id != after.maskinporten_client_id ||
                !same_clients(before.dpo, after.dpo) || !same_clients(before.dpi, after.dpi) ||
                !same_clients(before.dph, after.dph) ||
                // The scopes of tokens follow the services that are used.
                before.dpe.enabled != after.dpe.enabled || !same_clients(before.dpf, after.dpf) ||
                before.dpv.enabled != after.dpv.enabled ||
                before.dpv.maskinporten_client_id != after.dpv.maskinporten_client_id ||
                !same_clients(before.dpfio, after.dpfio) ||
                receiving_accounts(before) != receiving_accounts(after);
  out.dpo = !same_use(before.dpo, after.dpo) || before.waiting_moves != after.waiting_moves;
  out.services = !same_use(before.dpe, after.dpe) || !same_use(before.dpi, after.dpi) ||
                 !same_use(before.dpf, after.dpf) || !same_use(before.dpv, after.dpv) ||
                 !same_use(before.dpfio, after.dpfio) || !same_use(before.dph, after.dph);
  out.dpo_starts = !before.dpo.enabled && after.dpo.enabled;
  out.dpo_stops = before.dpo.enabled && !after.dpo.enabled;
  return out;
}

}  // namespace kp::tenants
