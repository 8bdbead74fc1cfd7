#include "tools/import/seats.hpp"

#include "config/text.hpp"
#include "config/yaml.hpp"
#include "tenants/channel_rules.hpp"
#include "tenants/connected_services.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace kp::importer {

namespace {

using enum service;

constexpr std::array toggles{
    std::pair{dpo, "difi.move.feature.enableDPO"},
    std::pair{dpv, "difi.move.feature.enableDPV"},
    std::pair{dpi, "difi.move.feature.enableDPI"},
    std::pair{dpf, "difi.move.feature.enableDPF"},
    std::pair{dpe, "difi.move.feature.enableDPE"},
    std::pair{dph, "difi.move.feature.enableDPH"},
    std::pair{dpfio, "difi.move.feature.enableDPFIO"},
};
constexpr auto reference_name = "difi.move.dpo.messageChannel";
constexpr auto mpc_name = "difi.move.dpi.mpcId";
constexpr auto concurrency_name = "difi.move.dpi.mpcConcurrency";
constexpr auto account_name = "difi.move.fiks.io.konto-id";
constexpr auto her_ids_name = "difi.move.dph.her-ids";
constexpr std::size_t longest_reference = 25;

const char* toggle_of(service which) {
  return std::ranges::find(toggles, which, [](const auto& one) { return one.first; })->second;
}

bool is_reference(std::string_view text) {
  return !text.empty() && text.size() <= longest_reference && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

class assigner {
 public:
  assigner(organisation_draft& draft, const std::vector<std::unique_ptr<installation>>& from,
           const import_request& request, findings& report)
      : draft_(draft), from_(from), request_(request), report_(report) {}

  void assign() {
    for (const auto& one : from_) {
      services_.push_back(services_of(*one));
      einnsyn_by_default(*one, services_.back());
    }
    references();
    for (std::size_t i = 0; i < from_.size(); ++i) {
      for (const auto which : services_[i]) {
        if (!tenants::is_connected(which)) continue;
        draft_.enabled.insert(which);
        draft_.channels[i].sends.insert(which);
      }
      addresses(i);
    }
    receives(dpo, "receives-once");
    receives(dpf, "receives-once");
    receives(dpe, "one-for-dpe");
    reference_for_each_sender();
    receipt_channels();
  }

 private:
  void say(std::size_t i, kind is, std::string_view name, std::string why, std::string todo) {
    from_[i]->report(report_, is, name, std::move(why), std::move(todo));
  }
  const std::string& name(std::size_t i) const { return draft_.channels[i].name; }

  void einnsyn_by_default(installation& one, const std::set<service>& on) {
    if (request_.environment == environment_preset::production && !on.contains(dpe) &&
        !one.find(toggle_of(dpe)))
      one.report(report_, kind::step, toggle_of(dpe),
                 "it is not set, which means true in production; it was taken for off",
                 "If the organisation uses eInnsyn, set it to true and import again.");
  }

  // Written ones, each once.
  void references() {
    for (std::size_t i = 0; i < from_.size(); ++i) {
      if (!services_[i].contains(dpo)) continue;
      const auto given = from_[i]->text(reference_name);
      if (!given) continue;
      const auto twice = std::ranges::find(draft_.channels, given, &channel_draft::message_channel);
      if (!is_reference(*given)) {
        say(i, kind::problem, reference_name, "it is no reference [reference-form]",
            "Use 1 to 25 of A-Z, a-z, 0-9, - and _.");
      } else if (twice != draft_.channels.end()) {
        draft_.channels[i].message_channel = unused_reference(i);
        say(i, kind::problem, reference_name,
            fmt::format("channel {} has it too; each would take the other's statuses and receipts "
                        "[reference-unique]",
                        in_quotes(twice->name)),
            fmt::format("Channel {} was given {} instead; answers to what it has sent with the old "
                        "one go to {}.",
                        in_quotes(name(i)), in_quotes(*draft_.channels[i].message_channel),
                        in_quotes(twice->name)));
      } else {
        draft_.channels[i].message_channel = given;
      }
    }
  }

  std::string unused_reference(std::size_t i) const {
    const auto taken = [&](const std::string& text) {
      return std::ranges::any_of(draft_.channels, [&](const channel_draft& other) {
        return other.message_channel == text;
      });
    };
    const auto base = name(i).substr(0, longest_reference);
    auto made = base;
    for (int n = 2; taken(made); ++n) {
      const auto tail = fmt::format("-{}", n);
      made = base.substr(0, longest_reference - tail.size()) + tail;
    }
    return made;
  }

  // Where a message is addressed to something finer than the organisation.
  void addresses(std::size_t i) {
    auto& channel = draft_.channels[i];
    if (services_[i].contains(dpfio)) account(i);
    if (services_[i].contains(dph)) her_ids(i);
    const auto settle = [&](service which, bool has, const char* what, const char* rule,
                            const char* name) {
      if (!channel.sends.contains(which)) return;
      if (has) {
        channel.receives.insert(which);
        return;
      }
      channel.sends.erase(which);
      say(i, kind::problem, name,
          fmt::format("channel {} has no {} of its own for {} [{}]", in_quotes(channel.name), what,
                      to_string(which), rule),
          fmt::format("{} was left out of the channel.", to_string(which)));
    };
    settle(dpfio, !channel.dpfio_accounts.empty(), "account", "account-needed", account_name);
    settle(dph, !channel.her_ids.empty(), "HER-id", "her-id-needed", her_ids_name);
  }

  void account(std::size_t i) {
    const auto given = from_[i]->text(account_name);
    if (!given) return;
    const auto account = to_lower(*given);
    if (account.size() != 36 || !detail::is_uuid(account)) {
      say(i, kind::problem, account_name, "it is no account (UUID)", "Correct it.");
      return;
    }
    for (const auto& other : draft_.channels) {
      if (std::ranges::find(other.dpfio_accounts, account) == other.dpfio_accounts.end()) continue;
      say(i, kind::problem, account_name,
          fmt::format("channel {} has it too; each would take the other's messages "
                      "[account-unique]",
                      in_quotes(other.name)),
          "It was left with that channel. Give each its own.");
      return;
    }
    draft_.channels[i].dpfio_accounts.push_back(account);
  }

  void her_ids(std::size_t i) {
    for (const auto& text : from_[i]->list(her_ids_name)) {
      const bool digits = !text.empty() && text.size() <= 18 &&
                          std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
      const auto id = digits ? std::stoll(text) : 0;
      if (id < 1) {
        say(i, kind::problem, her_ids_name, fmt::format("{} is no HER-id", in_quotes(text)),
            "Correct it.");
        continue;
      }
      const auto holder = std::ranges::find_if(draft_.channels, [&](const channel_draft& other) {
        return std::ranges::find(other.her_ids, id) != other.her_ids.end();
      });
      if (holder == draft_.channels.end())
        draft_.channels[i].her_ids.push_back(id);
      else if (holder->name != name(i))
        say(i, kind::problem, her_ids_name,
            fmt::format("channel {} has HER-id {} too; reading takes messages away from the other "
                        "[her-id-unique]",
                        in_quotes(holder->name), id),
            "It was left with that channel. Give each its own.");
    }
  }

  // Who would fetch what comes for the organisation itself.
  bool fetches(std::size_t i, service which) {
    if (which == dpo) return !draft_.channels[i].message_channel;
    if (which == dpf) return from_[i]->flag("difi.move.fiks.inn.enable", true);
    return true;
  }

  void receives(service which, const char* rule) {
    if (!draft_.enabled.contains(which)) return;
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < from_.size(); ++i)
      if (draft_.channels[i].sends.contains(which) && fetches(i, which)) all.push_back(i);
    auto chosen = decided(which);
    if (const auto asked = request_.receivers.find(which);
        !chosen && asked != request_.receivers.end() && is_here(asked->second))
      report_.add({kind::problem,
                   {from_.front()->files().front(), 0, 0},
                   "",
                   "",
                   fmt::format("--receives {0}={1}: channel {1} has {0} switched off",
                               to_string(which), asked->second),
                   "Choose another one."});
    if (!chosen && !all.empty()) chosen = all.front();
    const bool decided_by_operator = decided(which).has_value();
    if (!chosen) {
      report_.add({kind::step,
                   {from_.front()->files().front(), 0, 0},
                   "",
                   "",
                   fmt::format("no installation of {} receives {}", draft_.id.to_string(),
                               to_string(which)),
                   fmt::format("If one at another supplier does, give the file a channel with "
                               "external: true; else choose with --receives {}=CHANNEL.",
                               to_string(which))});
      return;
    }
    draft_.channels[*chosen].receives.insert(which);
    for (const auto i : all) {
      if (i == *chosen) continue;
      if (which == dpe) draft_.channels[i].sends.erase(which);
      if (decided_by_operator) continue;
      say(i, kind::problem, which == dpo ? reference_name : toggle_of(which),
          fmt::format("channel {} fetches what comes by {}, as channel {} does already; arrivals "
                      "would go to either [{}]",
                      in_quotes(name(i)), to_string(which), in_quotes(name(*chosen)), rule),
          fmt::format("Channel {0} was chosen{1}. Say --receives {2}={0} if that is right, or "
                      "--receives {2}={3}.",
                      name(*chosen), which == dpe ? " for the whole service" : "", to_string(which),
                      name(i)));
    }
  }

  bool is_here(const std::string& channel) const {
    return std::ranges::find(draft_.channels, channel, &channel_draft::name) !=
           draft_.channels.end();
  }

  std::optional<std::size_t> decided(service which) const {
    const auto found = request_.receivers.find(which);
    if (found == request_.receivers.end()) return std::nullopt;
    for (std::size_t i = 0; i < draft_.channels.size(); ++i)
      if (name(i) == found->second && draft_.channels[i].sends.contains(which)) return i;
    return std::nullopt;
  }

  void reference_for_each_sender() {
    const auto sends = [](const channel_draft& one) { return one.sends.contains(dpo); };
    if (std::ranges::count_if(draft_.channels, sends) < 2) return;
    for (std::size_t i = 0; i < from_.size(); ++i) {
      auto& channel = draft_.channels[i];
      if (!sends(channel) || channel.message_channel || channel.receives.contains(dpo)) continue;
      channel.message_channel = unused_reference(i);
      say(i, kind::step, reference_name,
          fmt::format("channel {} needs a reference beside the one that receives "
                      "[reference-needed]; it was given {}",
                      in_quotes(channel.name), in_quotes(*channel.message_channel)),
          "Answers to what the installation sent without one go to the channel that receives; let "
          "them come in before you switch.");
    }
  }

  // More than one, when it is set.
  std::optional<std::int64_t> concurrency(std::size_t i) {
    const auto given = from_[i]->text(concurrency_name);
    if (!given) return std::nullopt;
    const auto number = from_[i]->number(concurrency_name);
    if (number && *number >= 1 && *number <= tenants::most_dpi_channels)
      return *number == 1 ? std::nullopt : number;
    say(i, kind::problem, concurrency_name,
        fmt::format("the hub takes 1 to {}", tenants::most_dpi_channels),
        "It was left at 1. Receipts wait under the other channels at the access point.");
    return std::nullopt;
  }

  // Carried over also while the hub does not connect DPI: receipts wait under the name.
  void receipt_channels() {
    for (std::size_t i = 0; i < from_.size(); ++i) {
      if (!services_[i].contains(dpi)) continue;
      const auto known = recognise(mpc_name).known;
      const auto given =
          from_[i]->text(mpc_name).value_or(std::string(usual_value(*known, request_.environment)));
      auto& channel = draft_.channels[i];
      const auto twice = std::ranges::find_if(draft_.channels, [&](const channel_draft& other) {
        return other.dpi_channel && tenants::normalised_dpi_channel(*other.dpi_channel) ==
                                        tenants::normalised_dpi_channel(given);
      });
      const bool good = std::ranges::all_of(
          given, [](char c) { return c == '.' || is_reference(std::string_view(&c, 1)); });
      if (good && twice == draft_.channels.end()) {
        channel.dpi_channel = given;
        channel.dpi_concurrency = concurrency(i);
        continue;
      }
      channel.sends.erase(dpi);
      if (!good)
        say(i, kind::problem, mpc_name, "it is no channel [receipt-channel-form]",
            "DPI was left out of the channel. Use A-Z, a-z, 0-9, -, _ and the dot.");
      else
        say(i, kind::problem, mpc_name,
            fmt::format("channel {} takes receipts from {} too [receipt-channel-unique]",
                        in_quotes(twice->name), in_quotes(given)),
            fmt::format("DPI was left out of channel {}. Give each its own dpi.channel.",
                        in_quotes(channel.name)));
    }
  }

  organisation_draft& draft_;
  const std::vector<std::unique_ptr<installation>>& from_;
  const import_request& request_;
  findings& report_;
  std::vector<std::set<service>> services_;
};

}  // namespace

std::set<service> services_of(installation& one) {
  std::set<service> on;
  for (const auto& [which, name] : toggles)
    if (one.flag(name, false)) on.insert(which);
  return on;
}

void assign_seats(organisation_draft& draft, const std::vector<std::unique_ptr<installation>>& from,
                  const import_request& request, findings& report) {
  assigner(draft, from, request, report).assign();
}

std::optional<std::size_t> receiver_of(const organisation_draft& draft, service which) {
  for (std::size_t i = 0; i < draft.channels.size(); ++i)
    if (draft.channels[i].receives.contains(which)) return i;
  return std::nullopt;
}

}  // namespace kp::importer
