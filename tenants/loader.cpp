#include "tenants/loader.hpp"

#include "config/files.hpp"
#include "config/text.hpp"
#include "config/yaml.hpp"
#include "tenants/api_key.hpp"
#include "tenants/channel_rules.hpp"
#include "tenants/organisation_settings.hpp"
#include "tenants/previous_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace kp::tenants {

namespace {

// Checks a draft and makes the organisation of it.
class builder {
 public:
  builder(organisation_draft draft, settings_tree& tree, std::vector<problem>& problems)
      : draft_(std::move(draft)), tree_(tree), problems_(problems) {}

  std::optional<organisation> build() {
    auto channels = build_channels();
    credentials();
    const auto id = number();
    system_user();
    if (!id) return std::nullopt;
    const auto digits = id->to_string();
    auto dpo = draft_.dpo;
    if (dpo.system_user_organisation.empty()) dpo.system_user_organisation = id->iso6523();
    reportees(dpo);
    if (dpo.system_user_name.empty())
      dpo.system_user_name = fmt::format("{0}_integrasjonspunkt_systembruker_{0}", digits);
    draft_.keystore.where = tree_.where("keystore");
    const auto or_else = [](const std::string& given, std::string usual) {
      return given.empty() ? std::move(usual) : given;
    };
    organisation made{*id,
                      or_else(draft_.name, digits),
                      draft_.keystore,
                      draft_.previous_keystores,
                      or_else(draft_.maskinporten_client_id, "MOVE_IP_" + digits),
                      std::move(dpo),
                      {},
                      {},
                      {}};
    other_services(made);
    made.quotas = draft_.quotas;
    made.waiting_moves = draft_.waiting_moves;
    svarut(made);
    fiks_io(made);
    // With a channel missing, the rules among channels would say things that are not so.
    if (channels) {
      made.channels = *std::move(channels);
      // Nor do people want to hear that DPO is off when they misspelt that it is on.
      if (was_refused("services.dpo.enabled")) made.dpo.enabled = true;
      for (auto& broken : check_channel_rules(made)) problems_.push_back(std::move(broken));
      for (auto& broken : check_previous_names(made)) problems_.push_back(std::move(broken));
    }
    return made;
  }

 private:
  void other_services(organisation& made) {
    const auto take = [&](auto& to, const auto& from, std::string_view key) {
      to = from;
      to.where = tree_.where(key);
    };
    take(made.dpi, draft_.dpi, "services.dpi.enabled");
    take(made.dpf, draft_.dpf, "services.dpf.enabled");
    take(made.dpv, draft_.dpv, "services.dpv.enabled");
    take(made.dpe, draft_.dpe, "services.dpe.enabled");
    take(made.dpfio, draft_.dpfio, "services.dpfio.enabled");
    take(made.dph, draft_.dph, "services.dph.enabled");
    if (made.dpi.supplier && !organisation_id::parse(*made.dpi.supplier))
      report(tree_.where("services.dpi.supplier"),
             fmt::format("services.dpi.supplier {} is no organisation number",
                         in_quotes(*made.dpi.supplier)),
             "Write its nine digits.");
  }

  void svarut(organisation& made) {
    const auto any = [&](auto uses) { return std::ranges::any_of(draft_.channels, uses); };
    const bool sends = any([](const auto& each) { return each.sends.contains(service::dpf); });
    const bool receives = any(
        [](const auto& each) { return !each.external && each.receives.contains(service::dpf); });
    for (auto& broken : check_dpf(made.dpf, made.id.to_string(), sends, receives))
      problems_.push_back(std::move(broken));
  }

  void fiks_io(const organisation& made) {
    const auto& its = made.dpfio;
    if (!organisation_id::parse(its.fallback_sender))
      report(tree_.where("services.dpfio.fallback_sender"),
             fmt::format("services.dpfio.fallback_sender {} is no organisation number",
                         in_quotes(its.fallback_sender)),
             "Write its nine digits.");
    if (!its.enabled) return;
    if (its.integration_id.size() != 36 || !message_id::parse(its.integration_id))
      report(
          its.where,
          fmt::format("services.dpfio.integration_id {} is no UUID", in_quotes(its.integration_id)),
          "Write the integration that KS shows for this organisation.");
    if (!tree_.find("services.dpfio.integration_password"))
      report(its.where, "services.dpfio has no integration_password",
             "Add it as {env: NAME} or {file: PATH}.");
  }

  bool was_refused(std::string_view key) {
    const auto value = tree_.find(key);
    if (!value) return false;
    const auto where = value->where();
    return std::ranges::any_of(problems_, [&](const problem& one) {
      return one.where.line == where.line && one.where.column == where.column;
    });
  }

  void report(const source_position& where, std::string rule, std::string remedy) {
    problems_.push_back({where, std::move(rule), std::move(remedy)});
  }

  std::optional<organisation_id> number() {
    if (draft_.number.empty()) return std::nullopt;  // has been reported
    auto id = organisation_id::parse(draft_.number);
    if (id) return *id;
    report(tree_.where("number"), id.error().message, "Correct `number`.");
    return std::nullopt;
  }

  static bool is_prefixed(std::string_view given) {
    return given.starts_with("0192:") && organisation_id::parse(given.substr(5));
  }

  void system_user() {
    const std::string_view given = draft_.dpo.system_user_organisation;
    if (given.empty() || is_prefixed(given)) return;
    report(tree_.where("services.dpo.system_user.organisation"),
           fmt::format("services.dpo.system_user.organisation {} is no organisation with prefix",
                       in_quotes(given)),
           "Write 0192: and the nine digits.");
  }

  // The sender of a message chooses the system user, so no two may be for the same one.
  void reportees(const dpo_settings& dpo) {
    std::map<std::string_view, int> lines;
    for (const auto& [organisation, name, where] : dpo.reportees) {
      if (organisation.empty()) continue;  // has been reported
      if (!is_prefixed(organisation))
        report(where,
               fmt::format("reportee {} is no organisation with prefix", in_quotes(organisation)),
               "Write 0192: and the nine digits.");
      else if (organisation == dpo.system_user_organisation)
        report(where,
               fmt::format("reportee {} is the organisation of the system user itself",
                           in_quotes(organisation)),
               "Remove it from `reportees`.");
      else if (const auto [first, is_new] = lines.emplace(organisation, where.line); !is_new)
        report(where,
               fmt::format("reportee {} stands twice, first in line {}", in_quotes(organisation),
                           first->second),
               "Remove one.");
    }
  }

  // nullopt when one cannot be made.
  std::optional<std::vector<channel_settings>> build_channels() {
    std::vector<channel_settings> made;
    made.reserve(draft_.channels.size());
    bool all_good = true;
    for (auto& draft : draft_.channels) {
      if (draft.name.empty()) {
        all_good = false;
        continue;
      }
      auto name = channel_name::parse(draft.name);
      if (!name) {
        report(draft.where, name.error().message, "Rename the channel.");
        all_good = false;
        continue;
      }
      const auto twice = std::ranges::find(made, *name, &channel_settings::name);
      if (twice != made.end()) {
        report(draft.where,
               fmt::format("there are two channels {}, the first in line {}", in_quotes(draft.name),
                           twice->where.line),
               "Rename one of them.");
        all_good = false;
        continue;
      }
      if (draft.external && !draft.credentials.empty())
        report(draft.where,
               fmt::format("channel {} is external, but has credentials; nobody can use a seat "
                           "that is elsewhere",
                           in_quotes(draft.name)),
               "Remove its `credentials`, or `external`.");
      if (draft.credentials.empty() && !draft.external)
        report(draft.where,
               fmt::format("channel {} has no credentials; nobody could use it",
                           in_quotes(draft.name)),
               "Add one under `credentials`; `knutepunkt credential` makes it.");
      made.push_back({*name, draft.sends, draft.receives, draft.message_channel, draft.credentials,
                      draft.lock_timeout, draft.where, previous_names(draft),
                      draft.previous_message_channels, draft.external, draft.addresses,
                      draft.quotas, draft.status_queue});
    }
    if (draft_.channels.empty())
      report(tree_.where("channels"), "the organisation has no channel",
             "Add one under `channels`.");
    if (!all_good) return std::nullopt;
    return made;
  }

  std::vector<channel_name> previous_names(const channel_draft& draft) {
    std::vector<channel_name> all;
    for (const auto& text : draft.previous_names) {
      if (auto name = channel_name::parse(text))
        all.push_back(*std::move(name));
      else
        report(draft.where,
               fmt::format("channel {} has a previous name that no channel can have had: {}",
                           in_quotes(draft.name), name.error().message),
               "Correct `previous_names`.");
    }
    return all;
  }

  void credentials() {
    std::map<std::string, int> lines;
    for (const auto& channel : draft_.channels) {
      for (const auto& one : channel.credentials) {
        auto wrong = check_credential(one);
        const bool good = wrong.empty();
        for (auto& each : wrong) problems_.push_back(std::move(each));
        if (!good && one.user.empty()) continue;
        const auto identity = identity_of(one);
        const auto [first, is_new] = lines.emplace(identity.key, one.where.line);
        if (!is_new)
          report(one.where,
                 fmt::format("{} stands twice, first in line {}", identity.called, first->second),
                 one.user.empty() ? identity.remedy : "Give each channel users of its own.");
      }
    }
  }

  organisation_draft draft_;
  settings_tree& tree_;
  std::vector<problem>& problems_;
};

}  // namespace

loaded load_file(const std::string& path, const environment& variables) {
  loaded out;
  const auto text = read_file(path, largest_yaml_file);
  if (!text) {
    out.problems.push_back({{path, 0, 0}, text.error().message, "Check path and permissions."});
    return out;
  }
  auto map = parse_yaml(*text, path, out.problems);
  if (!map) return out;
  settings_tree tree(std::move(*map), "the file");
  organisation_draft draft;
  organisation_settings().read(tree, draft, folder_of(path), variables);
  tree.report_unknown_keys();
  auto made = builder(std::move(draft), tree, out.problems).build();
  if (out.problems.empty() && made) {
    made->file = path;
    made->fingerprint = sha256_hex_of(*text);
    out.references.emplace(path, read_references(*made, variables));
    out.organisations.push_back(std::make_shared<const organisation>(*std::move(made)));
  }
  sort_by_position(out.problems);
  return out;
}

}  // namespace kp::tenants
