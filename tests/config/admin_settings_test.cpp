#include "config/hub_settings.hpp"
#include "tests/support/tools.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace kp;
using testing::HasSubstr;

constexpr std::string_view hash =
    "$scrypt$ln=14,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg==$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

class admin_settings_file : public testing::Test {
 protected:
  loaded_hub load(const std::string& admin) {
    folder_.write("hub.yaml", "environment: sandbox\nstorage: {path: store}\n" + admin);
    return load_hub(folder_.path("hub.yaml"), [](const std::string&) { return std::nullopt; });
  }
  std::string problems(const std::string& admin) {
    std::string all;
    for (const auto& one : load(admin).problems)
      all += to_string(one).substr(folder_.path("").size()) + "\n";
    return all;
  }
  static std::string user(const std::string& name, const std::string& more = "") {
    return "    - {user: \"" + name + "\", password_hash: \"" + std::string(hash) + "\"" + more +
           "}\n";
  }

  test::temporary_folder folder_;
};

}  // namespace

TEST_F(admin_settings_file, without_the_section_there_is_no_admin_listener) {
  const auto loaded = load("");
  ASSERT_TRUE(loaded.settings);
  EXPECT_EQ(loaded.settings->admin.port, 0);
  EXPECT_TRUE(loaded.settings->admin.credentials.empty());
  EXPECT_EQ(loaded.settings->metrics_organisations, 200u);
}

TEST_F(admin_settings_file, takes_address_users_and_roles) {
  const auto loaded =
      load("admin:\n  address: \"::1\"\n  port: 9094\n  credentials:\n" + user("drift") +
           user("vakt", ", role: operate") + "metrics: {max_organisations: 0}\n");
  for (const auto& one : loaded.problems) ADD_FAILURE() << to_string(one);
  ASSERT_TRUE(loaded.settings);
  const auto& admin = loaded.settings->admin;
  EXPECT_EQ(admin.address, "::1");
  EXPECT_EQ(admin.port, 9094);
  ASSERT_EQ(admin.credentials.size(), 2u);
  EXPECT_EQ(admin.credentials[0].user, "drift");
  EXPECT_EQ(admin.credentials[0].role, admin_role::read) << "no more than asked for";
  EXPECT_EQ(admin.credentials[1].role, admin_role::operate);
  EXPECT_EQ(loaded.settings->metrics_organisations, 0u);
}

TEST_F(admin_settings_file, names_what_is_wrong_with_line_and_remedy) {
  EXPECT_EQ(problems("admin:\n  credentials:\n" + user("drift")),
            "hub.yaml:4:3: there are admin credentials, but no admin listener. Give admin.port, or "
            "remove the credentials.\n");
  EXPECT_THAT(problems("admin:\n  port: 1\n  credentials:\n    - {user: drift, password_hash: "
                       "secret}\n"),
              HasSubstr("hub.yaml:6:7: the password_hash of admin \"drift\" is none. Make it with "
                        "`knutepunkt credential`"));
  EXPECT_THAT(problems("admin:\n  port: 1\n  credentials:\n" + user("drift") + user("drift")),
              HasSubstr("hub.yaml:7:7: admin \"drift\" stands twice, first in line 6"));
  EXPECT_THAT(problems("admin:\n  port: 1\n  credentials:\n" + user("a:b")), HasSubstr("colon"));
  EXPECT_THAT(problems("admin:\n  port: 1\n  credentials:\n" + user("a", ", role: root")),
              HasSubstr("cannot be \"root\""));
  EXPECT_THAT(problems("admin:\n  prot: 1\n"), HasSubstr("Did you mean \"port\""));
  folder_.write("c.pem", "x");
  EXPECT_THAT(problems("admin:\n  port: 1\n  certificate: c.pem\n"),
              HasSubstr("only one of certificate and key"));
}
