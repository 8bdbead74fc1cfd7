#include "tools/check/check.hpp"

#include "config/files.hpp"
#include "config/text.hpp"
#include "protocol/crypto/certificate.hpp"
#include "tenants/channel_rules.hpp"
#include "tenants/loader.hpp"

#include <fmt/format.h>

namespace kp {

namespace {

constexpr std::size_t largest_keystore = 1024 * 1024;
constexpr std::chrono::days soon{30};

class keystore_check {
 public:
  keystore_check(check_report& report, const environment& variables, time_point now)
      : report_(report), variables_(variables), now_(now) {}

  void run(const tenants::organisation& owner) {
    if (const auto leaf = open(owner, owner.keystore)) check_validity(owner.keystore, *leaf);
    // Old ones only decrypt; they may have expired. What else is wrong with them, open() reports.
    for (const auto& previous : owner.previous_keystores) (void)open(owner, previous);
  }

 private:
  void problem_at(const tenants::keystore_settings& store, std::string rule, std::string remedy) {
    report_.problems.push_back(
        {store.where, fmt::format("key store {}: {}", store.path, rule), std::move(remedy)});
  }

  // The certificate, when the store opens and is the organisation's.
  std::optional<crypto::certificate> open(const tenants::organisation& owner,
                                          const tenants::keystore_settings& store) {
    const auto bytes = read_file(store.path, largest_keystore);
    if (!bytes) {
      report_.problems.push_back(
          {store.where, "key store " + bytes.error().message, "Check path and permissions."});
      return std::nullopt;
    }
    auto password = store.password.read(variables_);
    if (!password) {
      problem_at(store, password.error().message, "Set it for the user that runs the hub.");
      return std::nullopt;
    }
    const auto opened = crypto::keystore::open_pkcs12(*bytes, *password, store.alias);
    wipe(*password);
    if (!opened) {
      problem_at(store, opened.error().message,
                 fmt::format("Check file, password ({}) and alias.", store.password.describe()));
      return std::nullopt;
    }
    const auto named = opened->leaf.organisation();
    if (!named) {
      problem_at(store, "its certificate names no organisation",
                 "Use the organisation's certificate for authentication "
                 "(virksomhetssertifikat).");
      return std::nullopt;
    }
    if (*named != owner.id) {
      problem_at(store,
                 fmt::format("its certificate belongs to organisation {}, not to {}",
                             named->to_string(), owner.id.to_string()),
                 "Give the organisation its own key store, or correct `number`.");
      return std::nullopt;
    }
    return opened->leaf;
  }

  void check_validity(const tenants::keystore_settings& store, const crypto::certificate& leaf) {
    if (now_ < leaf.not_before()) {
      problem_at(store,
                 fmt::format("its certificate is not valid before {}",
                             format_timestamp(leaf.not_before())),
                 "Use the one that is valid now; check the clock of this machine.");
    } else if (!leaf.valid_at(now_)) {
      problem_at(store,
                 fmt::format("its certificate expired {}", format_timestamp(leaf.not_after())),
                 "Order a new one; keep this key store under `previous_keystores`.");
    } else if (const auto left = leaf.not_after() - now_; left < soon) {
      const auto days = std::chrono::duration_cast<std::chrono::days>(left).count();
      report_.warnings.push_back(
          {store.where,
           fmt::format("key store {}: its certificate expires in {} days, {}", store.path, days,
                       format_timestamp(leaf.not_after())),
           "Order a new one."});
    }
  }

  check_report& report_;
  const environment& variables_;
  time_point now_;
};

}  // namespace

check_report check_configuration(const std::string& hub_file, const environment& variables,
                                 const clock& time) {
  check_report report;
  auto hub = load_hub(hub_file, variables);
  report.problems = std::move(hub.problems);
  if (hub.tenants_folder.empty()) return report;
  auto tenants = tenants::load_folder(hub.tenants_folder, variables);
  report.organisations = tenants.organisations.size();
  keystore_check keystores(report, variables, time.now());
  for (const auto& organisation : tenants.organisations) {
    report.channels += organisation->channels.size();
    keystores.run(*organisation);
    for (auto& one : tenants::channel_warnings(*organisation))
      report.warnings.push_back(std::move(one));
  }
  if (hub.settings)
    for (auto& one : tenants::check_against_hub(tenants, *hub.settings))
      report.problems.push_back(std::move(one));
  for (auto& one : tenants.problems) report.problems.push_back(std::move(one));
  sort_by_position(report.problems);
  sort_by_position(report.warnings);
  return report;
}

std::string to_string(const check_report& report) {
  std::string out;
  for (const auto& one : report.problems) out += to_string(one) + "\n";
  for (const auto& one : report.warnings) out += "warning: " + to_string(one) + "\n";
  out += fmt::format("{} organisations, {} channels, {} problems", report.organisations,
                     report.channels, report.problems.size());
  if (!report.warnings.empty()) out += fmt::format(", {} warnings", report.warnings.size());
  return out + "\n";
}

}  // namespace kp
