#include "tools/import/svarut.hpp"

#include "tools/import/kept_secret.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::importer {

namespace {

constexpr std::string_view ut = "difi.move.fiks.ut.";
constexpr std::string_view inn = "difi.move.fiks.inn.";

class carrier {
 public:
  carrier(merged& made, organisation_id id, const import_request& request, findings& report)
      : made_(made), id_(id), request_(request), report_(report) {}

  void carry(installation& one, channel_draft& channel) {
    if (channel.sends.contains(service::dpf)) {
      accounts(one);
      options(one);
      if (made_.draft.svarut.accounts.empty()) {
        channel.sends.erase(service::dpf);
        one.report(report_, kind::problem, std::string(ut) + "username",
                   "DPF is on, but there are no credentials for SvarUt",
                   "The channel was made without sending DPF; add services.dpf.accounts.");
      }
    }
    if (!channel.receives.contains(service::dpf)) return;
    receivers(one);
    if (made_.draft.svarut.receivers.empty()) {
      channel.receives.erase(service::dpf);
      one.report(report_, kind::problem, std::string(inn) + "username",
                 "DPF is on, but there are no credentials for SvarInn",
                 "The channel was made without receiving DPF; add services.dpf.receivers.");
    }
  }

 private:
  static std::string in(std::string_view group, std::string_view name) {
    return std::string(group) + std::string(name);
  }

  // Where the hub is to read a password.
  std::string keep(const installation& whose, const std::string& property, const std::string& name,
                   const std::optional<std::string>& password) {
    return keep_secret(made_, request_, whose, property,
                       fmt::format("{}-{}.password", id_.to_string(), name), password, report_);
  }

  void add(const installation& whose, const std::string& property, svarut_account_draft account) {
    auto& all = made_.draft.svarut.accounts;
    const auto there =
        std::ranges::find(all, account.organisation, &svarut_account_draft::organisation);
    if (there == all.end())
      all.push_back(std::move(account));
    else if (there->user != account.user || there->account_id != account.account_id)
      whose.report(
          report_, kind::problem, property,
          fmt::format("another installation has other credentials for {}", account.organisation),
          "Those of the first were taken; the hub has one account for each sender.");
  }

  void accounts(installation& one) {
    const bool rest = one.text(in(ut, "type")).value_or("ws") == "rest";
    const auto own = id_.to_string();
    if (rest) {
      const auto account = one.text(in(ut, "rest.kontoid"));
      const auto integration = one.text(in(ut, "rest.integrasjon-id"));
      const auto property = in(ut, "rest.integrasjon-passord");
      const auto password = one.exact(property);
      if (account && integration) {
        const auto file = keep(one, property, "svarut-integration", password);
        for (auto& sender : senders(one, true))
          add(one, property, {std::move(sender), true, *account, *integration, "", file});
      }
      return;
    }
    const auto login = [&](const std::string& organisation, const std::string& group) {
      const auto user = one.text(group + "username");
      const auto password = one.exact(group + "password");
      if (user)
        add(one, group + "username",
            {organisation, false, "", "", *user,
             keep(one, group + "password", "svarut-" + organisation, password)});
    };
    login(own, std::string(ut));
    for (const auto& sender : senders(one, false))
      login(sender, fmt::format("{}paa-vegne-av.{}.", ut, sender));
  }

  std::vector<std::string> senders(installation& one, bool with_own) const {
    auto all = one.keys(in(ut, "paa-vegne-av.*.username"));
    if (with_own) all.insert(all.begin(), id_.to_string());
    return all;
  }

  void receivers(installation& one) {
    const auto process = one.text(in(inn, "process"));
    const auto document_type = one.text(in(inn, "document-type"));
    const auto login = [&](const std::string& name, const std::string& group) {
      const auto user = one.text(group + "username");
      const auto password = one.exact(group + "password");
      if (user)
        made_.draft.svarut.receivers.push_back(
            {name, *user, keep(one, group + "password", "svarinn-" + name, password), process,
             document_type});
    };
    login(id_.to_string(), std::string(inn));
    for (const auto& other : one.keys(in(inn, "paa-vegne-av.*.username")))
      login(other, fmt::format("{}paa-vegne-av.{}.", inn, other));
    if (const auto fallback = one.text(in(inn, "fallback-sender-org-nr"));
        fallback && *fallback != "999999999")
      made_.draft.svarut.fallback_sender = fallback;
  }

  void options(installation& one) {
    auto& draft = made_.draft.svarut;
    if (one.flag(in(ut, "kun-digital-levering"), false)) draft.digital_only = true;
    if (const auto code = one.text(in(ut, "konteringsKode"))) draft.billing_code = code;
    for (auto& extension : one.list(in(ut, "ekskluderesFraPrint")))
      if (std::ranges::find(draft.not_printed, extension) == draft.not_printed.end())
        draft.not_printed.push_back(std::move(extension));
  }

  merged& made_;
  organisation_id id_;
  const import_request& request_;
  findings& report_;
};

}  // namespace

void carry_svarut(merged& made, organisation_id id,
                  const std::vector<std::unique_ptr<installation>>& from,
                  const import_request& request, findings& report) {
  carrier each(made, id, request, report);
  for (std::size_t i = 0; i < from.size(); ++i) each.carry(*from[i], made.draft.channels[i]);
  const auto uses = [](const channel_draft& one) {
    return one.sends.contains(service::dpf) || one.receives.contains(service::dpf);
  };
  if (std::ranges::none_of(made.draft.channels, uses)) made.draft.enabled.erase(service::dpf);
}

}  // namespace kp::importer
