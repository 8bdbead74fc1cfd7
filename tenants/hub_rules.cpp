#include "config/yaml.hpp"
#include "tenants/loader.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::tenants {

std::vector<problem> check_against_hub(const loaded& tenants, const hub_settings& hub) {
  std::vector<problem> problems;
  std::vector<std::string> issuers;
  for (const auto& each : hub.token_issuers) issuers.push_back(each.name);
  const auto check = [&](const credential& one) {
    if (one.kind() == credential_kind::token &&
        std::ranges::find(issuers, one.issuer) == issuers.end()) {
      const auto meant = nearest(one.issuer, issuers);
      problems.push_back({one.where,
                          fmt::format("the hub trusts no token issuer {}", in_quotes(one.issuer)),
                          meant ? fmt::format("Did you mean {}?", in_quotes(*meant))
                                : "Add it to token_issuers in hub.yaml."});
    }
    if (one.kind() == credential_kind::certificate && hub.api.client_ca_file.empty())
      problems.push_back(
          {one.where, "a credential is a client certificate, which the listener asks nobody for",
           "Give listener.client_ca in hub.yaml."});
  };
  for (const auto& organisation : tenants.organisations)
    if (organisation->dpi.enabled && hub.dpi_authorities_file.empty())
      problems.push_back({organisation->dpi.where,
                          "DPI is enabled, but the hub knows nobody whose receipts it may trust",
                          "Give upstream.dpi_authorities in hub.yaml."});
  for (const auto& organisation : tenants.organisations)
    for (const auto& channel : organisation->channels)
      for (const auto& one : channel.credentials) check(one);
  sort_by_position(problems);
  return problems;
}

}  // namespace kp::tenants
