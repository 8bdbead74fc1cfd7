#pragma once

#include "config/problem.hpp"
#include "tenants/organisation.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kp::tenants {

// What a channel rule has to say of an organisation.
struct rule_report {
  std::vector<problem>& problems;
  std::string_view rule;  // its name, which ends every error text

  // "channel "fag" <broken> [<rule>]. <remedy>"
  void channel(const channel_settings&, std::string_view broken, std::string remedy);
  void organisation(const source_position&, std::string_view broken, std::string remedy);
};

// One rule of who may send and receive with what. This table is the whole of them; the page
// docs/channel-rules.md explains each, and a test holds the two together.
struct channel_rule {
  std::string_view name;
  std::string_view services;  // "DPO, DPF", "all"
  std::string_view says;      // one sentence for an operator
  std::string_view source;    // the statements it comes from, as the reference numbers them
  std::string_view held;      // how it is held while the hub runs
  // Reports where the file of one organisation breaks it.
  void (*check)(const organisation&, rule_report&) = nullptr;
  // What an organisation claims and no channel of another organisation of the hub may claim too.
  struct claim {
    std::string key;   // unique across the rule
    std::string what;  // "HER-id 8093"
    const channel_settings* by;
  };
  std::vector<claim> (*claims)(const organisation&) = nullptr;
};
std::span<const channel_rule> channel_rules();

// Every rule on one organisation. Each problem names file, line, the channel, what is broken with
// the rule's name, and what to do.
std::vector<problem> check_channel_rules(const organisation&);

// What an organisation claims for itself in the whole hub, by every rule.
struct hub_claim {
  std::string key;   // unique in the hub
  std::string what;  // "HER-id 8093"
  std::string_view rule;
  const channel_settings* by;
};
std::vector<hub_claim> hub_claims(const organisation&);
// Two organisations claim the same; the problem is the later one's.
problem hub_clash(const hub_claim& later, const organisation& earlier,
                  const channel_settings& its_channel);

// What is allowed but may not work everywhere, for `knutepunkt check`.
std::vector<problem> channel_warnings(const organisation&);

inline constexpr std::uint32_t most_dpi_channels = 16;
// The channels (kanal) that the letters of a channel are spread over: dpi.channel, or with
// dpi.concurrency above 1 dpi.channel-0 and so on (dpi.md C7). None without dpi.channel. Dots are as
// they are configured.
std::vector<std::string> dpi_channels(const channel_addresses&);

// A channel of DPI as corner 2 compares it: dots sent as _, case does not count (dpi.md C1, C4).
std::string normalised_dpi_channel(std::string_view);

}  // namespace kp::tenants
