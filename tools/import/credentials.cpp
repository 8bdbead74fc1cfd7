#include "tools/import/credentials.hpp"

#include "config/files.hpp"
#include "config/text.hpp"
#include "config/yaml.hpp"
#include "tenants/password.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::importer {

namespace {

constexpr std::size_t new_password_bytes = 24;

// A property, or the one of Spring that it feeds.
std::string given_name(installation& from, const char* tail) {
  for (const auto* family : {"difi.security.user.", "spring.security.user."})
    if (const auto name = fmt::format("{}{}", family, tail); from.find(name)) return name;
  return fmt::format("difi.security.user.{}", tail);
}

bool is_user(std::string_view text) {
  return !text.empty() && text.size() <= 200 && is_utf8(text) &&
         std::ranges::none_of(text, [](char c) {
           return c == ':' || static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
         });
}

}  // namespace

std::optional<credential_draft> make_credential(installation& from, organisation_id owner,
                                                const import_request& request,
                                                std::set<std::string>& users,
                                                std::vector<secret_file>& secrets,
                                                random_source& random, findings& report) {
  const auto user_name = given_name(from, "name");
  const auto password_name = given_name(from, "password");
  const bool open =
      !from.flag("difi.move.feature.enable-auth", from.flag("difi.security.enable", true));
  auto user = from.text(user_name);
  auto password = from.exact(password_name);
  const auto own_user = fmt::format("{}-{}", owner.to_string(), from.channel());

  std::string why, where = password_name;
  if (open) {
    why = "the installation lets everybody in; the hub lets nobody in without credential";
    where = "difi.security.enable";
    if (!from.find(where) && from.find("difi.move.feature.enable-auth"))
      where = "difi.move.feature.enable-auth";
  } else if (!user || !password) {
    why = "the installation names no user with a password";
    if (!user) where = user_name;
  } else if (!is_user(*user)) {
    why = "the user name has a colon or control characters, or is too long";
    where = user_name;
  } else if (password->starts_with('{') && password->find('}') != std::string::npos) {
    const auto end = password->find('}');
    const auto algorithm = password->substr(1, end - 1);
    if (algorithm == "noop")
      password->erase(0, end + 1);
    else
      why = fmt::format("the password is hashed with {}, which the hub does not use",
                        in_quotes(algorithm));
  }

  if (!why.empty()) {
    auto made = open || !user || !is_user(*user) ? own_user : *user;
    if (!request.secrets_folder) {
      from.report(
          report, kind::problem, where, why,
          fmt::format("Channel {} has no credentials yet: run `knutepunkt credential --user "
                      "{}` and add them, or import with --write-secrets, which makes a "
                      "password.",
                      in_quotes(from.channel()), made));
      return std::nullopt;
    }
    if (users.contains(made)) made = own_user;
    users.insert(made);
    const auto fresh = to_base64url(random.bytes(new_password_bytes));
    secrets.push_back(
        {absolute_path(*request.secrets_folder,
                       fmt::format("{}-{}.password", owner.to_string(), from.channel())),
         fresh});
    from.report(report, kind::problem, where, why,
                fmt::format("A new password for user {} is in {}: give it to the business system.",
                            in_quotes(made), secrets.back().path));
    return credential_draft{made, tenants::hash_password(fresh, random)};
  }

  if (trim(*password) != *password)
    from.report(report, kind::step, password_name,
                "the password begins or ends with space, which Java takes for a part of it",
                "Make sure that the business system sends it so.");
  auto unique = *user;
  for (int n = 1; users.contains(unique); ++n)
    unique = fmt::format("{}-{}{}", *user, own_user, n == 1 ? "" : fmt::format("-{}", n));
  if (unique != *user)
    from.report(report, kind::problem, user_name,
                "another channel of the hub has this user, and a request is told by its user alone",
                fmt::format("Channel {} was given the user {}, with the same password: change it "
                            "in the business system.",
                            in_quotes(from.channel()), in_quotes(unique)));
  users.insert(unique);
  credential_draft made{unique, tenants::hash_password(*password, random)};
  wipe(*password);
  return made;
}

}  // namespace kp::importer
