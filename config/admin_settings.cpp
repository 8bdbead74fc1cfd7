#include "config/admin_declarations.hpp"
#include "config/setting_list.hpp"

#include <fmt/format.h>

#include <map>

namespace kp {

namespace {

constexpr std::size_t most_admins = 100;
constexpr std::string_view hash_form = "$scrypt$";

declarations<admin_credential> declare_credential() {
  declarations<admin_credential> all{admin_credential{}};
  all.add("user", text_kind{}, [](auto& s) -> auto& { return s.user; },
          "The user name, without colon.", {.required = true});
  all.add("password_hash", text_kind{}, [](auto& s) -> auto& { return s.password_hash; },
          "What `knutepunkt credential` prints for the password.", {.required = true});
  all.add(
      "role", word_kind<admin_role>{{{"read", admin_role::read}, {"operate", admin_role::operate}}},
      [](auto& s) -> auto& { return s.role; },
      "`read` sees health, metrics and messages\' states; `operate` may change things too.");
  return all;
}

}  // namespace

const declarations<admin_credential>& admin_credential_settings() {
  static const auto all = declare_credential();
  return all;
}

void declare_admin(declarations<hub_settings>& all) {
  all.add(
      "admin.address", ip_address_kind{}, [](auto& s) -> auto& { return s.admin.address; },
      "Where the admin listener listens (/manage and /admin).");
  all.add("admin.port", integer_kind{1, 65535}, [](auto& s) -> auto& { return s.admin.port; },
          "The TCP port of the admin listener.", {.fallback = "none: there is no admin listener"});
  all.add(
      "admin.certificate", path_kind{true},
      [](auto& s) -> auto& { return s.admin.certificate_file; },
      "PEM file with the certificate chain of the admin listener; together with admin.key.");
  all.add(
      "admin.key", path_kind{true}, [](auto& s) -> auto& { return s.admin.key_file; },
      "PEM file with the private key to admin.certificate.");
  all.add(
      "admin.credentials",
      list_kind<admin_credential>{&admin_credential_settings, "admin credential", "user",
                                  most_admins},
      [](auto& s) -> auto& { return s.admin.credentials; },
      "Who may use the admin listener. Without any it tells only whether the hub is up.");
  all.add(
      "metrics.max_organisations", integer_kind{0, 100'000},
      [](auto& s) -> auto& { return s.metrics_organisations; },
      "Organisations with a label of their own in the metrics; the others share \"other\".");
}

void check_admin(settings_tree& tree, const admin_settings& settings) {
  const auto report = [&](source_position where, std::string rule, std::string remedy) {
    tree.problems().push_back({std::move(where), std::move(rule), std::move(remedy)});
  };
  if (tree.has("admin.certificate") != tree.has("admin.key"))
    report(tree.where(tree.has("admin.key") ? "admin.key" : "admin.certificate"),
           "the admin listener has only one of certificate and key",
           "Give both for HTTPS, or none for plain HTTP.");
  if (settings.port == 0 && !settings.credentials.empty())
    report(tree.where("admin.credentials"), "there are admin credentials, but no admin listener",
           "Give admin.port, or remove the credentials.");
  std::map<std::string, int> lines;
  for (const auto& one : settings.credentials) {
    if (one.user.find(':') != std::string::npos)
      report(one.where, fmt::format("the user name {} has a colon", in_quotes(one.user)),
             "HTTP Basic does not allow that; choose another name.");
    if (!one.password_hash.starts_with(hash_form))
      report(one.where, fmt::format("the password_hash of admin {} is none", in_quotes(one.user)),
             "Make it with `knutepunkt credential`; passwords themselves do not stand here.");
    const auto [first, is_new] = lines.emplace(one.user, one.where.line);
    if (!is_new)
      report(one.where,
             fmt::format("admin {} stands twice, first in line {}", in_quotes(one.user),
                         first->second),
             "Remove one.");
  }
}

}  // namespace kp
