#include "tenants/dpf_settings.hpp"

#include "config/ids.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

namespace kp::tenants {

namespace {

auto key_of(const svarut_account& a) {
  return std::tie(a.organisation, a.form, a.account_id, a.integration_id, a.integration_password,
                  a.username, a.password);
}
auto key_of(const svarinn_system& a) {
  return std::tie(a.name, a.username, a.password, a.process, a.document_type);
}

template <class List>
bool same(const List& a, const List& b) {
  return std::ranges::equal(a, b,
                            [](const auto& x, const auto& y) { return key_of(x) == key_of(y); });
}

// KS takes no other billing codes (dpf.md 2.2).
bool is_billing_code(std::string_view code) {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < code.size(); ++characters) {
    const auto rest = code.substr(i);
    const char c = rest.front();
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_';
    const bool norwegian = rest.starts_with("ø") || rest.starts_with("æ") ||
                           rest.starts_with("å") || rest.starts_with("Ø") ||
                           rest.starts_with("Æ") || rest.starts_with("Å");
    if (!plain && !norwegian) return false;
    i += plain ? 1 : 2;
  }
  return characters <= 20;
}

class checker {
 public:
  explicit checker(dpf_settings& of) : of_(of) {}

  std::vector<problem> check(const std::string& number, bool sends, bool receives) {
    accounts(number);
    receivers();
    if (!is_billing_code(of_.billing_code))
      report(
          of_.where,
          fmt::format("services.dpf.billing_code \"{}\" is none that KS takes", of_.billing_code),
          "Use at most 20 letters, digits, dots, - and _.");
    if (!organisation_id::parse(of_.fallback_sender))
      report(of_.where,
             fmt::format("services.dpf.fallback_sender \"{}\" is no organisation number",
                         of_.fallback_sender),
             "Write its nine digits.");
    if (of_.enabled && sends && of_.accounts.empty())
      report(of_.where, "a channel sends DPF, but there is no account to send with",
             "Add one under services.dpf.accounts, or remove DPF from `sends`.");
    if (of_.enabled && receives && of_.receivers.empty())
      report(of_.where, "a channel receives DPF, but there is no receiver system to receive by",
             "Add one under services.dpf.receivers, or remove DPF from `receives`.");
    return std::move(problems_);
  }

 private:
  void report(const source_position& where, std::string rule, std::string remedy) {
    problems_.push_back({where, std::move(rule), std::move(remedy)});
  }

  // The sender of a message chooses the account, so no two may be for the same one.
  void accounts(const std::string& number) {
    std::map<std::string, int> lines;
    for (auto& account : of_.accounts) {
      if (account.organisation.empty()) account.organisation = number;
      if (!organisation_id::parse(account.organisation)) {
        report(account.where,
               fmt::format("account \"{}\" of services.dpf is for no organisation number",
                           account.organisation),
               "Write the nine digits of the sender as `organisation`.");
        continue;
      }
      if (const auto [first, is_new] = lines.emplace(account.organisation, account.where.line);
          !is_new)
        report(account.where,
               fmt::format("there are two accounts of {} under services.dpf, the first in line {}",
                           account.organisation, first->second),
               "Remove one.");
      const bool rest = account.form == svarut_form::rest;
      const bool whole = rest ? !account.account_id.empty() && !account.integration_id.empty() &&
                                    account.integration_password != secret()
                              : !account.username.empty() && account.password != secret();
      if (!whole)
        report(account.where,
               fmt::format("the account of {} under services.dpf has no whole credentials",
                           account.organisation),
               rest ? "Give it account_id, integration_id and integration_password, as KS says."
                    : "Give it username and password, as KS says.");
    }
  }

  void receivers() {
    std::map<std::string, int> lines;
    for (const auto& system : of_.receivers) {
      if (const auto [first, is_new] = lines.emplace(system.name, system.where.line); !is_new)
        report(system.where,
               fmt::format("there are two receiver systems \"{}\" under services.dpf, the first in "
                           "line {}",
                           system.name, first->second),
               "Rename one.");
    }
  }

  dpf_settings& of_;
  std::vector<problem> problems_;
};

}  // namespace

bool same_clients(const dpf_settings& a, const dpf_settings& b) {
  return a.enabled == b.enabled && same(a.accounts, b.accounts) && same(a.receivers, b.receivers);
}

bool same_use(const dpf_settings& a, const dpf_settings& b) {
  const auto key = [](const dpf_settings& s) {
    return std::tie(s.digital_only, s.billing_code, s.not_printed, s.upload_size_limit,
                    s.default_ttl, s.report_failures, s.receipts, s.status_interval, s.follow_for,
                    s.fallback_sender, s.poll_interval, s.quiet_poll_interval, s.refuse_after);
  };
  return key(a) == key(b);
}

std::vector<problem> check_dpf(dpf_settings& of, const std::string& number, bool sends,
                               bool receives) {
  return checker(of).check(number, sends, receives);
}

}  // namespace kp::tenants
