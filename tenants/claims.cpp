#include "tenants/claims.hpp"

#include "config/yaml.hpp"
#include "tenants/channel_rules.hpp"

#include <fmt/format.h>

namespace kp::tenants {

std::vector<problem> claims::clashes(const organisation& one) const {
  std::vector<problem> problems;
  if (const auto other = organisations_.find(one.id); other != organisations_.end())
    problems.push_back({{one.file, 0, 0},
                        fmt::format("organisation {} has a file already, {}", one.id.to_string(),
                                    other->second->file),
                        "Keep one of the two files."});
  for (const auto& channel : one.channels)
    for (const auto& given : channel.credentials) {
      const auto identity = identity_of(given);
      if (const auto other = credentials_.find(identity.key); other != credentials_.end())
        problems.push_back(
            {given.where,
             fmt::format("{} is also in {}:{}, and a request without organisation in its path "
                         "could mean either",
                         identity.called, other->second->where.file, other->second->where.line),
             identity.remedy});
    }
  for (const auto& claim : hub_claims(one))
    if (const auto other = addresses_.find(claim.key); other != addresses_.end())
      problems.push_back(hub_clash(claim, *other->second.owner, *other->second.channel));
  return problems;
}

void claims::add(const std::shared_ptr<const organisation>& one) {
  organisations_.emplace(one->id, one);
  for (const auto& channel : one->channels)
    for (const auto& given : channel.credentials)
      credentials_.emplace(identity_of(given).key, &given);
  for (auto& claim : hub_claims(*one))
    addresses_.emplace(std::move(claim.key), holder{one.get(), claim.by});
}

void claims::remove(const organisation& one) {
  const auto held = organisations_.find(one.id);
  if (held == organisations_.end() || held->second.get() != &one) return;
  for (const auto& channel : one.channels)
    for (const auto& given : channel.credentials)
      if (const auto at = credentials_.find(identity_of(given).key);
          at != credentials_.end() && at->second == &given)
        credentials_.erase(at);
  for (const auto& claim : hub_claims(one))
    if (const auto at = addresses_.find(claim.key);
        at != addresses_.end() && at->second.owner == &one)
      addresses_.erase(at);
  organisations_.erase(held);
}

}  // namespace kp::tenants
