#pragma once

#include "config/setting.hpp"
#include "config/setting_list.hpp"
#include "tenants/dpf_settings.hpp"
#include "tenants/usual_traits.hpp"

#include <string>

// The declared settings of services.dpf (tenants/dpf_settings.hpp). Inside the room only.

namespace kp::tenants {

const declarations<svarut_account>& svarut_account_settings();
const declarations<svarinn_system>& svarinn_system_settings();

// [one, two]
struct word_list_kind {
  std::size_t most;
  std::string type() const { return "list of texts"; }
  std::string range() const { return ""; }
  std::string show(const std::vector<std::string>&) const { return ""; }
  std::optional<std::vector<std::string>> read(const yaml_value&, value_reader&) const;
};

template <class Draft, class Place>
void declare_dpf(declarations<Draft>& all, Place dpf) {
  constexpr std::size_t most_accounts = 100, most_receivers = 50, most_extensions = 100;
  all.add(
      "services.dpf.enabled", switch_kind{}, [dpf](auto& s) -> auto& { return dpf(s).enabled; },
      "Whether the organisation uses DPF (KS SvarUt and SvarInn).", usual);
  all.add(
      "services.dpf.accounts",
      list_kind<svarut_account>{&svarut_account_settings, "account", "organisation", most_accounts},
      [dpf](auto& s) -> auto& { return dpf(s).accounts; },
      "By what is sent with SvarUt: one for the organisation, and one for each other that it sends "
      "for.",
      usual);
  all.add(
      "services.dpf.receivers",
      list_kind<svarinn_system>{&svarinn_system_settings, "receiver system", "name",
                                most_receivers},
      [dpf](auto& s) -> auto& { return dpf(s).receivers; },
      "The receiver systems in SvarInn whose letters go to the channel that receives DPF.", usual);
  all.add(
      "services.dpf.digital_only", switch_kind{},
      [dpf](auto& s) -> auto& { return dpf(s).digital_only; },
      "Whether SvarUt may never print and post a letter.", usual);
  all.add(
      "services.dpf.billing_code", text_kind{},
      [dpf](auto& s) -> auto& { return dpf(s).billing_code; },
      "The code (konteringskode) that KS bills letters under.", usual);
  all.add(
      "services.dpf.not_printed", word_list_kind{most_extensions},
      [dpf](auto& s) -> auto& { return dpf(s).not_printed; },
      "Extensions of files that are left out when a letter is printed; \"*\" is all but PDF.",
      usual);
  all.add(
      "services.dpf.upload_size_limit", size_kind{1024, 10ull << 30},
      [dpf](auto& s) -> auto& { return dpf(s).upload_size_limit; },
      "How large all attachments of a message may be together. SvarUt refuses more than 350MB "
      "unless digital_only is true.",
      usual);
  all.add(
      "services.dpf.default_ttl_hours", integer_kind{1, 8760},
      [dpf](auto& s) -> auto& { return dpf(s).default_ttl; },
      "How many hours a message lives that does not say so itself.", usual);
  all.add(
      "services.dpf.report_failures", switch_kind{},
      [dpf](auto& s) -> auto& { return dpf(s).report_failures; },
      "Whether a letter that SvarUt rejects or cannot deliver (AVVIST, FEILET_UNDER_MOTTAK, "
      "IKKE_LEVERT) becomes FEIL. Otherwise it stays LEVERT, as in today's installations.",
      usual);
  all.add(
      "services.dpf.receipts", switch_kind{}, [dpf](auto& s) -> auto& { return dpf(s).receipts; },
      "Whether the channel gets an arkivmelding_kvittering when a letter has been read.", usual);
  all.add(
      "services.dpf.status_interval_seconds", integer_kind{1, 3600},
      [dpf](auto& s) -> auto& { return dpf(s).status_interval; },
      "How often SvarUt is asked how a fresh letter fares; older ones more and more seldom, down "
      "to "
      "once an hour.",
      usual);
  all.add(
      "services.dpf.follow_for_hours", integer_kind{1, 43800},
      [dpf](auto& s) -> auto& { return dpf(s).follow_for; },
      "For how many hours SvarUt is asked whether a letter has been read.", usual);
  all.add(
      "services.dpf.fallback_sender", text_kind{},
      [dpf](auto& s) -> auto& { return dpf(s).fallback_sender; },
      "The sender of letters that no organisation has sent: private persons who answer.", usual);
  all.add(
      "services.dpf.poll_interval_seconds", integer_kind{1, 86400},
      [dpf](auto& s) -> auto& { return dpf(s).poll_interval; },
      "How many seconds lie between two searches for letters in SvarInn while letters come or go.",
      usual);
  all.add(
      "services.dpf.quiet_poll_interval_seconds", integer_kind{1, 86400},
      [dpf](auto& s) -> auto& { return dpf(s).quiet_poll_interval; },
      "How many seconds lie between two searches at most when nothing has come or gone for long: "
      "they wait a tenth of that silence. As poll_interval_seconds or less: never longer than "
      "that.",
      usual);
  all.add(
      "services.dpf.refuse_after", integer_kind{0, 1000},
      [dpf](auto& s) -> auto& { return dpf(s).refuse_after; },
      "After how many tries SvarInn is told that a letter cannot be received, so that KS takes "
      "another way to deliver it. 0 is never: it is tried again and again.",
      usual);
}

}  // namespace kp::tenants
