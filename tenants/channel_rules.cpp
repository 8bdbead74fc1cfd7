#include "tenants/channel_rules.hpp"

#include "config/yaml.hpp"
#include "tenants/channel_checks.hpp"

#include <fmt/format.h>

#include <array>

namespace kp::tenants {

namespace {

constexpr std::size_t longest_dpi_channel = 28;  // dpi.md 3.1; more is accepted by most

constexpr std::array rules{
    channel_rule{"service-off", "all",
                 "A channel sends and receives only what its organisation has enabled.",
                 "dpf 24, dpfio 26",
                 "No adapter is started for a service that is off: nothing is asked for.",
                 &checks::service_off, nullptr},
    channel_rule{"sends-only", "DPV, DPI",
                 "No channel receives DPV or DPI: nothing but receipts comes back, and those go to "
                 "the channel that sent.",
                 "dpv N6, N8, N9, dpi C11",
                 "Statuses are asked for by the id of what this hub has sent.", &checks::sends_only,
                 nullptr},
    channel_rule{"receives-once", "DPO, DPF, DPE",
                 "At most one channel of an organisation receives a service.",
                 "dpo C15, C20, dpf 24, dpe C2",
                 "The seat of the service is a lease in the store; what is written in the name of "
                 "an earlier holder is refused in the commit.",
                 &checks::receives_once, nullptr},
    channel_rule{"one-for-dpe", "DPE",
                 "One channel of an organisation uses DPE at all, for sending and receiving: there "
                 "is one queue, and nothing in it tells channels apart.",
                 "dpe C1 to C5, C7", "The seat, as for receives-once.", &checks::one_for_dpe,
                 nullptr},
    channel_rule{"reference-form", "DPO", "A message_channel is 1 to 25 of A-Z, a-z, 0-9, - and _.",
                 "dpo C17, C21",
                 "Another reference cannot come back: it would be taken for a random one.",
                 &checks::reference_form, nullptr},
    channel_rule{"reference-unique", "DPO", "No two channels have the same message_channel.",
                 "dpo C18 to C20",
                 "What comes back is matched letter by letter with one channel's reference.",
                 &checks::reference_unique, nullptr},
    channel_rule{"reference-needed", "DPO",
                 "When several channels send DPO, each that does not receive it has a "
                 "message_channel.",
                 "dpo C1 to C3, C15, C16, C20",
                 "The hub puts the message_channel into each message that the channel sends and "
                 "refuses another one.",
                 &checks::reference_needed, nullptr},
    channel_rule{"receipt-channel-form", "DPI",
                 "A dpi.channel is made of A-Z, a-z, 0-9, -, _ and the dot, which is sent as _; "
                 "dpi.concurrency makes several of one.",
                 "dpi C1, C7, C8", "", &checks::receipt_channel_form, nullptr},
    channel_rule{"receipt-channel-needed", "DPI",
                 "When several channels send DPI, or it is sent through a supplier, each has a "
                 "dpi.channel: asking without one would take the receipts of all.",
                 "dpi C3, C5", "", &checks::receipt_channel_needed, nullptr},
    channel_rule{"receipt-channel-unique", "DPI",
                 "No two channels that share an inbox for receipts have the same dpi.channel; case "
                 "does not count, and organisations that share a supplier share its inbox.",
                 "dpi C4, C6", "", &checks::receipt_channel_unique, &checks::receipt_channels},
    channel_rule{"account-needed", "DPFIO",
                 "A channel that uses DPFIO has an account of its own in dpfio.accounts.",
                 "dpfio 10, 22, 23", "", &checks::account_needed, nullptr},
    channel_rule{"sender-account", "DPFIO",
                 "A channel that sends DPFIO and has several accounts names the one that it sends "
                 "from.",
                 "dpfio 1, 22", "An answer goes from the account that received what it answers.",
                 &checks::sender_account, nullptr},
    channel_rule{"account-unique", "DPFIO",
                 "No two channels, of whatever organisation, have the same account.",
                 "dpfio 22, 23", "", &checks::account_unique, &checks::accounts},
    channel_rule{"her-id-needed", "DPH",
                 "A channel that uses DPH has a HER-id of its own in dph.her_ids.", "dph C2, C4",
                 "", &checks::her_id_needed, nullptr},
    channel_rule{"her-id-unique", "DPH",
                 "No two channels, of whatever organisation, have the same HER-id: reading takes "
                 "messages and receipts away from the other.",
                 "dph C3 to C5", "", &checks::her_id_unique, &checks::her_ids},
};

}  // namespace

void rule_report::channel(const channel_settings& whose, std::string_view broken,
                          std::string remedy) {
  problems.push_back(
      {whose.where,
       fmt::format("channel {} {} [{}]", in_quotes(whose.name.to_string()), broken, rule),
       std::move(remedy)});
}

void rule_report::organisation(const source_position& where, std::string_view broken,
                               std::string remedy) {
  problems.push_back(
      {where, fmt::format("the organisation {} [{}]", broken, rule), std::move(remedy)});
}

std::span<const channel_rule> channel_rules() {
  return rules;
}

std::vector<problem> check_channel_rules(const organisation& owner) {
  std::vector<problem> problems;
  for (const auto& rule : rules) {
    rule_report report{problems, rule.name};
    if (rule.check) rule.check(owner, report);
  }
  return problems;
}

std::vector<hub_claim> hub_claims(const organisation& owner) {
  std::vector<hub_claim> all;
  for (const auto& rule : rules) {
    if (!rule.claims) continue;
    for (auto& claim : rule.claims(owner))
      all.push_back(
          {fmt::format("{} {}", rule.name, claim.key), std::move(claim.what), rule.name, claim.by});
  }
  return all;
}

problem hub_clash(const hub_claim& later, const organisation& earlier,
                  const channel_settings& its_channel) {
  std::vector<problem> problems;
  rule_report report{problems, later.rule};
  report.channel(*later.by,
                 fmt::format("has the {}, as channel {} of {} ({}:{}) does already", later.what,
                             in_quotes(its_channel.name.to_string()), earlier.id.to_string(),
                             its_channel.where.file, its_channel.where.line),
                 "Give each its own.");
  return std::move(problems.front());
}

std::vector<problem> channel_warnings(const organisation& owner) {
  std::vector<problem> warnings;
  for (const auto& channel : owner.channels) {
    const auto all = dpi_channels(channel.addresses);
    // The last one is the longest of them.
    if (all.empty() || all.back().size() <= longest_dpi_channel) continue;
    warnings.push_back(
        {channel.where,
         fmt::format("channel {}: its dpi.channel {} is longer than {} characters",
                     in_quotes(channel.name.to_string()), in_quotes(all.back()),
                     longest_dpi_channel),
         "Shorten it: not every mailbox operator takes longer ones."});
  }
  return warnings;
}

std::vector<std::string> dpi_channels(const channel_addresses& of) {
  if (!of.dpi_channel) return {};
  if (of.dpi_concurrency <= 1) return {*of.dpi_channel};
  std::vector<std::string> all;
  for (std::uint32_t i = 0; i < of.dpi_concurrency; ++i)
    all.push_back(fmt::format("{}-{}", *of.dpi_channel, i));
  return all;
}

std::string normalised_dpi_channel(std::string_view text) {
  std::string same(text);
  for (auto& c : same) {
    if (c == '.') c = '_';
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return same;
}

}  // namespace kp::tenants
