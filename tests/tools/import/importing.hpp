#pragma once

#include "tools/import/import.hpp"

#include "config/files.hpp"
#include "config/text.hpp"
#include "tenants/loader.hpp"
#include "tenants/password.hpp"
#include "tests/tenants/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>

// Files of Java installations, and the organisations that the hub makes of them.

namespace kp::importer::test {

using kp::test::temporary_folder;

inline constexpr auto bergvik = "910077473";
inline constexpr auto skogvik = "910075918";

class import_of_installations : public temporary_folder {
 protected:
  import_of_installations() {
    request_.tenants_folder = below("tenants.d");
    request_.secrets_folder = below("secrets");
    for (const auto* number : {bergvik, skogvik})
      std::filesystem::copy(fmt::format("config/examples/keystores/{}.p12", number), folder_);
  }

  // What every installation has, and more.
  std::string basics(const char* number, const std::string& user, const std::string& more) const {
    return fmt::format(
        "# generated\n"
        "difi.move.org.number={0}\n"
        "difi.move.org.keystore.path=file:../{0}.p12\n"
        "difi.move.org.keystore.password=example  \n"
        "difi.move.feature.enableDPE=false\n"
        "difi.datasource.url=jdbc:h2:file:./integrasjonspunkt\n"
        "difi.security.user.name={1}\n"
        "difi.security.user.password=p\\u00e5-{1}\n"
        "{2}",
        number, user, more);
  }
  static std::string without_trailing_space(std::string text) {
    const auto at = text.find("example  \n");
    return text.replace(at, 10, "example\n");
  }

  // A file in a folder of its own, after which the channel is called.
  void install(const std::string& folder, const std::string& content,
               const std::string& name = "integrasjonspunkt-local.properties") {
    std::filesystem::create_directories(below(folder));
    request_.files.push_back({write(folder + "/" + name, without_trailing_space(content)), ""});
  }
  void installed(const std::string& folder, const char* number, const std::string& more,
                 const std::string& user = "") {
    install(folder, basics(number, user.empty() ? folder : user, more));
  }

  plan make() {
    const auto random = make_seeded_random(1);
    return plan_import(request_, no_variables, *random);
  }
  // Imports, writes and loads; the organisation, or nullptr with the failure shown.
  std::shared_ptr<const tenants::organisation> import(const char* number) {
    auto made = make();
    write_plan(made, request_);
    report_ = made.report.to_text();
    has_problems_ = made.report.has_problems();
    const auto loaded = tenants::load_folder(request_.tenants_folder, no_variables);
    EXPECT_EQ(lines(loaded.problems), "");
    for (const auto& one : loaded.organisations)
      if (one->id.to_string() == number) return one;
    ADD_FAILURE() << report_;
    return nullptr;
  }

  static std::optional<std::string> no_variables(const std::string&) { return std::nullopt; }
  static mode_t mode_of(const std::string& path) {
    struct stat found{};
    EXPECT_EQ(::stat(path.c_str(), &found), 0) << path;
    return found.st_mode & 0777;
  }

  import_request request_;
  std::string report_;
  bool has_problems_ = false;
};

inline const tenants::channel_settings& channel(const tenants::organisation& owner,
                                                const char* name) {
  const auto* found = owner.find(channel_name::parse(name).value());
  if (!found) throw std::runtime_error(std::string("no channel ") + name);
  return *found;
}

inline const std::set<service> dpo{service::dpo};
inline const std::set<service> none{};

}  // namespace kp::importer::test
