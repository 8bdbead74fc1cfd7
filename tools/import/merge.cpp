#include "tools/import/merge.hpp"

#include "config/text.hpp"
#include "config/yaml.hpp"
#include "tools/import/credentials.hpp"
#include "tools/import/kept_secret.hpp"
#include "tools/import/keystores.hpp"
#include "tools/import/seats.hpp"
#include "tools/import/service_values.hpp"
#include "tools/import/sizes.hpp"
#include "tools/import/svarut.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>

namespace kp::importer {

namespace {

class merger {
 public:
  merger(organisation_id id, const std::vector<std::unique_ptr<installation>>& from,
         const import_request& request, std::set<std::string>& users, random_source& random,
         findings& report)
      : id_(id),
        from_(from),
        request_(request),
        users_(users),
        random_(random),
        report_(report),
        made_{organisation_draft(id), {}} {}

  merged merge() {
    for (const auto& one : from_) {
      for (const auto& file : one->files()) made_.draft.sources.push_back(file);
      made_.draft.channels.emplace_back();
      made_.draft.channels.back().name = one->channel();
    }
    assign_seats(made_.draft, from_, request_, report_);
    main_ = receiver_of(made_.draft, service::dpo).value_or(0);
    keystores();
    clients();
    dpo();
    carry_svarut(made_, id_, from_, request_, report_);
    carry_service_values(made_, id_, from_, request_, report_);
    for (std::size_t i = 0; i < from_.size(); ++i) channel(i);
    for (const auto& one : from_)
      report_rest(*one, services_of(*one), request_.environment, id_.to_string(), report_);
    return std::move(made_);
  }

 private:
  using getter = std::function<std::string(installation&)>;

  // What the organisation has one of: that of the installation that receives, else of the first.
  std::string common(const char* name, const std::vector<std::size_t>& those, const getter& value) {
    if (those.empty()) return "";
    const auto leader = std::ranges::find(those, main_) != those.end() ? main_ : those.front();
    auto chosen = value(*from_[leader]);
    for (const auto i : those) {
      if (i == leader || value(*from_[i]) == chosen) continue;
      const auto* stated = from_[i]->find(name) ? from_[i].get() : from_[leader].get();
      stated->report(
          report_, kind::problem, name,
          fmt::format("channels {} and {} differ, and the organisation has one for all",
                      in_quotes(from_[leader]->channel()), in_quotes(from_[i]->channel())),
          fmt::format("That of {} was taken: {}.", in_quotes(from_[leader]->channel()),
                      in_quotes(chosen)));
    }
    return chosen;
  }

  std::vector<std::size_t> all() const {
    std::vector<std::size_t> places(from_.size());
    for (std::size_t i = 0; i < places.size(); ++i) places[i] = i;
    return places;
  }

  std::vector<std::size_t> senders_of_dpo() const {
    auto places = all();
    std::erase_if(places, [&](std::size_t i) {
      return !made_.draft.channels[i].sends.contains(service::dpo);
    });
    return places;
  }

  // The one of the receiving installation signs; others are for what was sent to their
  // certificates.
  void keystores() {
    std::vector<std::pair<found_keystore, installation*>> found;
    auto order = all();
    std::rotate(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(main_),
                order.begin() + static_cast<std::ptrdiff_t>(main_) + 1);
    for (const auto i : order) {
      auto store = find_keystore(*from_[i], id_, report_);
      if (!store) continue;
      const bool twice = std::ranges::any_of(found, [&](const auto& other) {
        return other.first.path == store->path ||
               (!store->content.empty() && other.first.content == store->content);
      });
      if (!twice) found.emplace_back(*std::move(store), from_[i].get());
    }
    for (std::size_t n = 0; n < found.size(); ++n) {
      auto& [store, whose] = found[n];
      keystore_draft draft{store.path, store.alias, password_file(n, store, *whose)};
      if (n == 0) {
        made_.draft.keystore = std::move(draft);
        continue;
      }
      made_.draft.previous_keystores.push_back(std::move(draft));
      const auto newer = store.not_after > found[0].first.not_after;
      whose->report(report_, newer ? kind::problem : kind::step, "difi.move.org.keystore.path",
                    fmt::format("channel {} has another key store than {}",
                                in_quotes(whose->channel()), in_quotes(found[0].second->channel())),
                    newer ? "Its certificate is the newer one, but it was put under "
                            "previous_keystores, which only decrypt. Change the two if it is the "
                            "one in Virksert."
                          : "It was put under previous_keystores, which only decrypt.");
    }
  }

  std::string password_file(std::size_t n, const found_keystore& store, const installation& whose) {
    const auto name = n == 0 ? fmt::format("{}-keystore.password", id_.to_string())
                             : fmt::format("{}-keystore-{}.password", id_.to_string(), n + 1);
    return keep_secret(made_, request_, whose, "difi.move.org.keystore.password", name,
                       store.password, report_);
  }

  void clients() {
    const auto usual = "MOVE_IP_" + id_.to_string();
    const auto client = common("difi.move.oidc.clientId", all(), [&](installation& one) {
      const auto prefix = one.text("difi.move.oidc.clientIdPrefix").value_or("MOVE_IP_");
      return one.text("difi.move.oidc.clientId").value_or(prefix + id_.to_string());
    });
    if (client != usual) made_.draft.client_id = client;
  }

  void dpo() {
    const auto those = senders_of_dpo();
    if (those.empty()) return;
    auto& draft = made_.draft;
    const auto digits = id_.to_string();
    const auto organisation =
        common("difi.move.dpo.systemUser.orgId", those, [&](installation& one) {
          const auto given = one.text("difi.move.dpo.systemUser.orgId");
          return given ? with_prefix(*given) : id_.iso6523();
        });
    const auto usual_name = fmt::format("{0}_integrasjonspunkt_systembruker_{0}", digits);
    const auto name = common("difi.move.dpo.systemUser.name", those, [&](installation& one) {
      return one.text("difi.move.dpo.systemUser.name").value_or(usual_name);
    });
    if (!is_organisation(organisation))
      from_[main_]->report(report_, kind::problem, "difi.move.dpo.systemUser.orgId",
                           "it is no organisation with prefix", "Write 0192: and nine digits.");
    else if (organisation != id_.iso6523())
      draft.system_user_organisation = organisation;
    if (name != usual_name) draft.system_user_name = name;
    if (auto client = common(
            "difi.move.dpo.oidc.clientId", those,
            [](installation& one) { return one.text("difi.move.dpo.oidc.clientId").value_or(""); });
        !client.empty() && client != draft.client_id.value_or("MOVE_IP_" + digits))
      draft.dpo_client_id = std::move(client);
    lifetime(those);
    upload_limit(those);
    for (const auto i : those) reportees(*from_[i], organisation);
  }

  void lifetime(const std::vector<std::size_t>& those) {
    constexpr auto own = "difi.move.dpo.default-ttl-hours";
    constexpr auto general = "difi.move.nextmove.default-ttl-hours";
    const auto text = common(general, those, [&](installation& one) {
      const auto fallback = one.text(general).value_or("24");
      return one.text(own).value_or(fallback);
    });
    const auto hours = whole(text, 1, 8760);
    const auto* name = from_[main_]->find(own) ? own : general;
    if (!hours)
      from_[main_]->report(report_, kind::problem, name, "the hub takes 1 to 8760 hours",
                           "It was left at 24.");
    else if (*hours != 24)
      made_.draft.dpo_ttl_hours = hours;
  }

  void upload_limit(const std::vector<std::size_t>& those) {
    constexpr auto name = "difi.move.dpo.upload-size-limit";
    constexpr std::uint64_t usual = 1ull << 30;
    const auto text =
        common(name, those, [&](installation& one) { return one.text(name).value_or("1GB"); });
    const auto size = size_of(text);
    if (!size || *size < 1024 || *size > 10 * usual)
      from_[main_]->report(report_, kind::problem, name, "the hub takes 1KB to 10GB",
                           "It was left at 1GB.");
    else if (*size != usual)
      made_.draft.dpo_upload_limit = size;
  }

  static std::optional<std::int64_t> whole(std::string_view text, std::int64_t lowest,
                                           std::int64_t highest) {
    std::int64_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc{} || end != text.data() + text.size() || number < lowest ||
        number > highest)
      return std::nullopt;
    return number;
  }

  static std::string with_prefix(const std::string& given) {
    return organisation_id::parse(given) ? "0192:" + given : given;
  }
  static bool is_organisation(std::string_view text) {
    return text.starts_with("0192:") && organisation_id::parse(text.substr(5));
  }

  void reportees(installation& one, const std::string& system_user) {
    auto& all = made_.draft.reportees;
    std::set<std::string> keys;
    for (const auto* member : {"orgId", "name"})
      for (auto& key : one.keys(fmt::format("difi.move.dpo.reportees[*].{}", member)))
        keys.insert(std::move(key));
    for (const auto& key : keys) {
      const auto id_name = fmt::format("difi.move.dpo.reportees[{}].orgId", key);
      const auto name_name = fmt::format("difi.move.dpo.reportees[{}].name", key);
      const auto given = one.text(id_name);
      const auto name = one.text(name_name);
      const auto organisation = with_prefix(given.value_or(""));
      const auto held = std::ranges::find(all, organisation, &reportee_draft::organisation);
      if (!given || !name || !is_organisation(organisation)) {
        one.report(report_, kind::problem,
                   given && is_organisation(organisation) ? name_name : id_name,
                   "a reportee needs an organisation number and the name of its system user",
                   "Complete it, and import again.");
      } else if (organisation == system_user) {
        one.report(report_, kind::left_out, id_name,
                   "it is the organisation of the system user itself", "");
      } else if (held == all.end()) {
        all.push_back({organisation, *name});
      } else if (held->name != *name) {
        one.report(report_, kind::problem, name_name,
                   fmt::format("another installation has the system user {} for {}",
                               in_quotes(held->name), organisation),
                   "That one was taken. Remove the one that is not approved.");
      }
    }
  }

  void channel(std::size_t i) {
    auto& one = *from_[i];
    auto& draft = made_.draft.channels[i];
    constexpr auto lock = "difi.move.nextmove.lockTimeoutMinutes";
    if (const auto given = one.text(lock)) {
      const auto minutes = whole(*given, 1, 1440);
      if (!minutes)
        one.report(report_, kind::problem, lock, "the hub takes 1 to 1440 minutes",
                   "It was left at 5.");
      else if (*minutes != 5)
        draft.lock_timeout_minutes = minutes;
    }
    constexpr auto queue = "difi.move.feature.statusQueueIncludes";
    for (const auto& word : one.list(queue)) {
      std::string upper = word;
      for (auto& c : upper)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
      if (const auto which = parse_service(upper))
        draft.status_queue.insert(*which);
      else
        one.report(report_, kind::problem, queue,
                   fmt::format("{} is no message service of the hub", in_quotes(word)),
                   "It was left out.");
    }
    draft.credential = make_credential(one, id_, request_, users_, made_.secrets, random_, report_);
  }

  organisation_id id_;
  const std::vector<std::unique_ptr<installation>>& from_;
  const import_request& request_;
  std::set<std::string>& users_;
  random_source& random_;
  findings& report_;
  merged made_;
  std::size_t main_ = 0;
};

}  // namespace

merged merge(organisation_id id, const std::vector<std::unique_ptr<installation>>& from,
             const import_request& request, std::set<std::string>& users, random_source& random,
             findings& report) {
  return merger(id, from, request, users, random, report).merge();
}

}  // namespace kp::importer
