#pragma once

#include "tenants/channel_rules.hpp"

#include <map>
#include <string>
#include <vector>

// Small organisations, and for each channel rule one that breaks it.

namespace kp::test {

using services = std::set<service>;
inline const services dpo{service::dpo};
inline const services none{};

inline tenants::channel_settings channel(const char* name, services sends, services receives,
                                         std::optional<std::string> reference = {}, int line = 1) {
  return {channel_name::parse(name).value(),
          std::move(sends),
          std::move(receives),
          std::move(reference),
          {},
          std::chrono::minutes(5),
          {"a.yaml", line, 3}};
}

inline tenants::channel_settings with_dpi(tenants::channel_settings made, const char* kanal) {
  made.addresses.dpi_channel = kanal;
  return made;
}
inline tenants::channel_settings with_account(tenants::channel_settings made, const char* account) {
  made.addresses.dpfio_accounts.insert(account);
  return made;
}
inline tenants::channel_settings with_her_id(tenants::channel_settings made, std::int64_t id) {
  made.addresses.her_ids.insert(id);
  return made;
}
inline tenants::channel_settings elsewhere(tenants::channel_settings made) {
  made.external = true;
  return made;
}

// With every service enabled.
inline tenants::organisation organisation_with(std::vector<tenants::channel_settings> channels,
                                               const char* number = "910076787") {
  tenants::organisation owner{
      organisation_id::parse(number).value(), "x", {}, {}, "", {}, {}, "a.yaml", ""};
  owner.dpo.enabled = owner.dpi.enabled = owner.dpf.enabled = owner.dpv.enabled =
      owner.dpe.enabled = owner.dpfio.enabled = owner.dph.enabled = true;
  owner.channels = std::move(channels);
  return owner;
}

// The problems of one rule.
inline std::vector<std::string> broken_rule(const tenants::organisation& owner,
                                            std::string_view rule) {
  std::vector<std::string> all;
  for (const auto& one : tenants::check_channel_rules(owner))
    if (one.rule.ends_with("[" + std::string(rule) + "]")) all.push_back(to_string(one));
  return all;
}

inline std::vector<std::string> broken_rules(const tenants::organisation& owner) {
  std::vector<std::string> all;
  for (const auto& one : tenants::check_channel_rules(owner)) all.push_back(to_string(one));
  return all;
}

inline constexpr const char* some_account = "2b7e1d54-6c30-4a5b-9f0d-0a1b2c3d4e5f";

// By rule, an organisation that breaks it in line 9.
inline std::map<std::string, tenants::organisation, std::less<>> rule_examples() {
  const services dpi{service::dpi}, dpe{service::dpe}, dpfio{service::dpfio}, dph{service::dph};
  std::map<std::string, tenants::organisation, std::less<>> all;
  const auto add = [&](const char* rule, std::vector<tenants::channel_settings> channels) {
    all.emplace(rule, organisation_with(std::move(channels)));
  };
  auto off = organisation_with({channel("arkiv", dpo, none, {}, 9)});
  off.dpo.enabled = false;
  all.emplace("service-off", off);
  add("sends-only", {channel("post", {service::dpv}, {service::dpv}, {}, 9)});
  add("receives-once", {channel("arkiv", dpo, dpo, {}, 4), channel("fag", none, dpo, "fag", 9)});
  add("one-for-dpe", {channel("innsyn", dpe, dpe, {}, 4), channel("fag", dpe, none, {}, 9)});
  add("reference-form", {channel("fag", dpo, none, "fag.1", 9)});
  add("reference-unique",
      {channel("bygg", dpo, none, "fag", 4), channel("fag", dpo, none, "fag", 9)});
  add("reference-needed", {channel("arkiv", dpo, dpo, {}, 4), channel("fag", dpo, none, {}, 9)});
  add("receipt-channel-form", {with_dpi(channel("post", dpi, none, {}, 9), "post 1")});
  add("receipt-channel-needed",
      {with_dpi(channel("post", dpi, none, {}, 4), "post"), channel("fag", dpi, none, {}, 9)});
  add("receipt-channel-unique", {with_dpi(channel("post", dpi, none, {}, 4), "Post.1"),
                                 with_dpi(channel("fag", dpi, none, {}, 9), "post_1")});
  add("account-needed", {channel("bygg", dpfio, dpfio, {}, 9)});
  add("sender-account",
      {with_account(with_account(channel("bygg", dpfio, none, {}, 9), some_account),
                    "3c8f2e65-7d41-4b6c-8a1e-1b2c3d4e5f60")});
  add("account-unique", {with_account(channel("bygg", dpfio, dpfio, {}, 4), some_account),
                         with_account(channel("plan", dpfio, dpfio, {}, 9), some_account)});
  add("her-id-needed", {channel("lege", dph, dph, {}, 9)});
  add("her-id-unique", {with_her_id(channel("lege", dph, dph, {}, 4), 8093),
                        with_her_id(channel("pleie", dph, none, {}, 9), 8093)});
  return all;
}

}  // namespace kp::test
