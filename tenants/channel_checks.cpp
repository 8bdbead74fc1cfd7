#include "tenants/channel_checks.hpp"

#include "config/yaml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>

namespace kp::tenants::checks {

namespace {

// The longest reference that is not mistaken for a random one (dpo.md 6.1).
constexpr std::size_t longest_reference = 25;

bool uses(const channel_settings& channel, service what) {
  return channel.sends.contains(what) || channel.receives.contains(what);
}

std::string name_and_line(const channel_settings& channel) {
  return fmt::format("channel {} (line {})", in_quotes(channel.name.to_string()),
                     channel.where.line);
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string lower(std::string_view text) {
  std::string made(text);
  std::ranges::transform(made, made.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return made;
}

// Reports each channel that claims what another one before it in the file claims.
void report_shared(const std::vector<channel_rule::claim>& claims, rule_report& report) {
  for (auto claim = claims.begin(); claim != claims.end(); ++claim) {
    const auto same = std::find_if(claims.begin(), claim,
                                   [&](const auto& other) { return other.key == claim->key; });
    if (same != claim && same->by != claim->by)
      report.channel(*claim->by,
                     fmt::format("has the {} of {}; each would take the other's messages and "
                                 "receipts",
                                 claim->what, name_and_line(*same->by)),
                     "Give each its own.");
  }
}

}  // namespace

void service_off(const organisation& owner, rule_report& report) {
  for (const auto& channel : owner.channels) {
    if (channel.external) continue;
    for (const auto& [list, verb] :
         {std::pair{&channel.sends, "sends"}, {&channel.receives, "receives"}}) {
      for (const auto used : *list) {
        if (owner.enabled(used)) continue;
        const auto name = to_string(used);
        report.channel(channel,
                       fmt::format("{} {}, but the organisation has not enabled it", verb, name),
                       fmt::format("Set services.{}.enabled to true, or remove {} from `{}`.",
                                   lower(name), name, verb));
      }
    }
  }
}

void sends_only(const organisation& owner, rule_report& report) {
  for (const auto& channel : owner.channels)
    for (const auto what : {service::dpv, service::dpi})
      if (channel.receives.contains(what))
        report.channel(
            channel,
            fmt::format("receives {}, by which nothing arrives; statuses and receipts come back "
                        "to the channel that sent",
                        to_string(what)),
            fmt::format("Remove {} from `receives`.", to_string(what)));
}

void receives_once(const organisation& owner, rule_report& report) {
  for (const auto what : {service::dpo, service::dpf, service::dpe}) {
    const channel_settings* first = nullptr;
    for (const auto& channel : owner.channels) {
      if (!channel.receives.contains(what)) continue;
      if (first)
        report.channel(channel,
                       fmt::format("receives {}, as {} does already; arrivals would go to either",
                                   to_string(what), name_and_line(*first)),
                       fmt::format("Remove {} from `receives` of one of them.", to_string(what)));
      else
        first = &channel;
    }
  }
}

void one_for_dpe(const organisation& owner, rule_report& report) {
  const channel_settings* first = nullptr;
  for (const auto& channel : owner.channels) {
    if (!uses(channel, service::dpe)) continue;
    if (first)
      report.channel(channel,
                     fmt::format("uses DPE, as {} does already; in the one queue of the "
                                 "organisation each would take the other's messages and statuses",
                                 name_and_line(*first)),
                     "Remove DPE from `sends` and `receives` of one of them.");
    else
      first = &channel;
  }
}

void reference_form(const organisation& owner, rule_report& report) {
  for (const auto& channel : owner.channels) {
    if (!channel.message_channel) continue;
    const auto& text = *channel.message_channel;
    const auto allowed = [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_'; };
    if (!text.empty() && text.size() <= longest_reference && std::ranges::all_of(text, allowed))
      continue;
    report.channel(
        channel, fmt::format("has the message_channel {}, which is no reference", in_quotes(text)),
        fmt::format("Use 1 to {} of the characters A-Z, a-z, 0-9, - and _.", longest_reference));
  }
}

void reference_unique(const organisation& owner, rule_report& report) {
  for (auto channel = owner.channels.begin(); channel != owner.channels.end(); ++channel) {
    if (!channel->message_channel) continue;
    const auto same = std::find_if(owner.channels.begin(), channel, [&](const auto& other) {
      return other.message_channel == channel->message_channel;
    });
    if (same != channel)
      report.channel(*channel,
                     fmt::format("has the message_channel {} of {}; each would take the other's "
                                 "statuses and receipts",
                                 in_quotes(*channel->message_channel), name_and_line(*same)),
                     "Give each its own.");
  }
}

// dpo.md 6: at most one seat of an organisation is without a reference, the one that receives.
void reference_needed(const organisation& owner, rule_report& report) {
  const auto sends = [](const auto& channel) { return channel.sends.contains(service::dpo); };
  if (std::ranges::count_if(owner.channels, sends) < 2) return;
  for (const auto& channel : owner.channels) {
    if (!sends(channel) || channel.message_channel || channel.receives.contains(service::dpo))
      continue;
    report.channel(channel,
                   "sends DPO beside other channels, but does not receive it and has no "
                   "message_channel; its statuses and receipts would not find it",
                   fmt::format("Give it a message_channel, e.g. {}, or remove DPO from `sends`.",
                               channel.name.to_string().substr(0, longest_reference)));
  }
}

void receipt_channel_form(const organisation& owner, rule_report& report) {
  for (const auto& channel : owner.channels) {
    if (!channel.addresses.dpi_channel) {
      if (channel.addresses.dpi_concurrency > 1)
        report.channel(channel, "has a dpi.concurrency, but no dpi.channel to make several of",
                       fmt::format("Give it a dpi.channel, e.g. {}, or remove dpi.concurrency.",
                                   channel.name.to_string()));
      continue;
    }
    const auto& text = *channel.addresses.dpi_channel;
    const auto allowed = [](char c) {
      return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.';
    };
    if (!text.empty() && std::ranges::all_of(text, allowed)) continue;
    report.channel(channel,
                   fmt::format("has the dpi.channel {}, which is no channel", in_quotes(text)),
                   "Use the characters A-Z, a-z, 0-9, -, _ and the dot.");
  }
}

void receipt_channel_needed(const organisation& owner, rule_report& report) {
  const auto sends = [](const auto& channel) { return channel.sends.contains(service::dpi); };
  const auto remedy = [](const auto& channel) {
    return fmt::format("Give it a dpi.channel, e.g. {}, or remove DPI from `sends`.",
                       channel.name.to_string());
  };
  // Who else sends through the supplier shares its inbox.
  if (owner.dpi.supplier)
    for (const auto& channel : owner.channels)
      if (sends(channel) && !channel.addresses.dpi_channel)
        report.channel(channel,
                       "sends DPI through a supplier, but has no dpi.channel; it would take the "
                       "receipts of all who do",
                       remedy(channel));
  if (owner.dpi.supplier || std::ranges::count_if(owner.channels, sends) < 2) return;
  for (const auto& channel : owner.channels)
    if (sends(channel) && !channel.addresses.dpi_channel)
      report.channel(channel,
                     "sends DPI beside other channels, but has no dpi.channel; it would take the "
                     "receipts of all",
                     remedy(channel));
}

std::vector<channel_rule::claim> receipt_channels(const organisation& owner) {
  std::vector<channel_rule::claim> claims;
  const auto account = owner.dpi.supplier.value_or(owner.id.to_string());
  for (const auto& channel : owner.channels)
    for (const auto& kanal : dpi_channels(channel.addresses))
      claims.push_back({fmt::format("{} {}", account, normalised_dpi_channel(kanal)),
                        fmt::format("dpi.channel {} at {}", in_quotes(kanal), account), &channel});
  return claims;
}

void receipt_channel_unique(const organisation& owner, rule_report& report) {
  report_shared(receipt_channels(owner), report);
}

void account_needed(const organisation& owner, rule_report& report) {
  for (const auto& channel : owner.channels)
    if (uses(channel, service::dpfio) && channel.addresses.dpfio_accounts.empty())
      report.channel(channel, "uses DPFIO, but has no account; messages are addressed to accounts",
                     "Name its accounts under dpfio.accounts, or remove DPFIO.");
}

void sender_account(const organisation& owner, rule_report& report) {
  for (const auto& channel : owner.channels) {
    const auto& [all, sender] =
        std::tie(channel.addresses.dpfio_accounts, channel.addresses.dpfio_sender);
    if (sender && !all.contains(*sender))
      report.channel(channel, fmt::format("sends from account {}, which is not its own", *sender),
                     "Name it under dpfio.accounts too.");
    if (!sender && all.size() > 1 && channel.sends.contains(service::dpfio))
      report.channel(channel, "sends DPFIO and has several accounts, but does not say from which",
                     "Name one of them as dpfio.sender.");
  }
}

std::vector<channel_rule::claim> accounts(const organisation& owner) {
  std::vector<channel_rule::claim> claims;
  for (const auto& channel : owner.channels)
    for (const auto& account : channel.addresses.dpfio_accounts)
      claims.push_back({account, "account " + account, &channel});
  return claims;
}

void account_unique(const organisation& owner, rule_report& report) {
  report_shared(accounts(owner), report);
}

void her_id_needed(const organisation& owner, rule_report& report) {
  for (const auto& channel : owner.channels)
    if (uses(channel, service::dph) && channel.addresses.her_ids.empty())
      report.channel(channel, "uses DPH, but has no HER-id; messages are addressed to HER-ids",
                     "Name its HER-ids under dph.her_ids, or remove DPH.");
}

std::vector<channel_rule::claim> her_ids(const organisation& owner) {
  std::vector<channel_rule::claim> claims;
  for (const auto& channel : owner.channels)
    for (const auto id : channel.addresses.her_ids)
      claims.push_back({std::to_string(id), fmt::format("HER-id {}", id), &channel});
  return claims;
}

void her_id_unique(const organisation& owner, rule_report& report) {
  report_shared(her_ids(owner), report);
}

}  // namespace kp::tenants::checks
