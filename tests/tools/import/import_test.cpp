#include "tests/tools/import/importing.hpp"

// Passwords, key stores, and what is written where.

namespace kp::importer::test {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST_F(import_of_installations, writes_passwords_into_files_of_mode_0600_and_never_into_yaml) {
  installed("arkiv", bergvik, "difi.move.feature.enableDPO=true\n");
  auto made = make();
  EXPECT_EQ(write_plan(made, request_), 1u);
  const auto yaml = read_file(below("tenants.d/910077473.yaml"), 100000).value();
  EXPECT_THAT(yaml, AllOf(HasSubstr("secrets/910077473-keystore.password"),
                          Not(HasSubstr("example")), Not(HasSubstr("på-"))));
  EXPECT_EQ(mode_of(below("secrets/910077473-keystore.password")), 0600u);
  EXPECT_EQ(mode_of(below("secrets")) & 077u, 0u);
  EXPECT_THAT(made.report.to_text(), Not(HasSubstr("example")));
}

TEST_F(import_of_installations, says_which_password_to_write_when_it_may_not) {
  request_.secrets_folder.reset();
  installed("arkiv", bergvik, "difi.move.feature.enableDPO=true\n");
  auto made = make();
  EXPECT_TRUE(made.secrets.empty());
  EXPECT_THAT(made.report.to_text(),
              AllOf(HasSubstr("difi.move.org.keystore.password = ****: passwords are not copied "
                              "into YAML. Write it into " +
                              below("secrets/910077473-keystore.password") + ", mode 0600"),
                    HasSubstr("0 problems, 1 to do")));
  EXPECT_THAT(made.files.at(0).yaml, HasSubstr(below("secrets/910077473-keystore.password")));
}

TEST_F(import_of_installations, makes_a_password_where_the_installation_has_none_that_can_be_used) {
  installed("arkiv", bergvik,
            "difi.move.feature.enableDPO=true\n"
            "difi.security.user.password={bcrypt}$2a$10$abcdefghijklmnopqrstuv\n");
  installed("skogvik", skogvik, "difi.security.enable=false\n");
  auto owner = import(bergvik);
  ASSERT_NE(owner, nullptr);
  EXPECT_THAT(report_, AllOf(HasSubstr("hashed with \"bcrypt\""), Not(HasSubstr("$2a$")),
                             HasSubstr("the installation lets everybody in")));
  const auto fresh = read_file(below("secrets/910077473-arkiv.password"), 100).value();
  const auto& one = channel(*owner, "arkiv").credentials.at(0);
  EXPECT_EQ(one.user, "arkiv");
  EXPECT_TRUE(tenants::verify_password(fresh, one.password_hash));

  request_.secrets_folder.reset();
  const auto made = make();
  EXPECT_THAT(made.report.to_text(),
              HasSubstr("has no credentials yet: run `knutepunkt credential"));
}

TEST_F(import_of_installations, explains_how_to_convert_a_java_key_store) {
  write("gammel.jks", "\xFE\xED\xFE\xED rest");
  installed("arkiv", bergvik,
            "difi.move.feature.enableDPO=true\ndifi.move.org.keystore.path=../gammel.jks\n"
            "difi.move.org.keystore.type=JKS\ndifi.move.org.keystore.alias=it's\n");
  EXPECT_THAT(make().report.to_text(),
              HasSubstr(fmt::format("keytool -importkeystore -srckeystore '{0}/gammel.jks' "
                                    "-srcstoretype JKS -srcalias 'it'\\''s' -destkeystore "
                                    "'{0}/gammel.p12' -deststoretype PKCS12",
                                    folder_.string())));
  std::filesystem::copy(below("910077473.p12"), below("gammel.p12"));
  const auto converted = make();
  EXPECT_FALSE(converted.report.has_problems()) << converted.report.to_text();
  EXPECT_THAT(converted.files.at(0).yaml, HasSubstr("gammel.p12"));
}

TEST_F(import_of_installations, tries_key_stores) {
  installed("a", bergvik, "difi.move.org.keystore.password=wrong\n");
  EXPECT_THAT(make().report.to_text(), HasSubstr("Check file, password and alias."));
  request_.files.clear();
  installed("b", bergvik, fmt::format("difi.move.org.keystore.path=../{}.p12\n", skogvik));
  EXPECT_THAT(make().report.to_text(), HasSubstr("belongs to 910075918, not to 910077473"));
  request_.files.clear();
  installed("c", bergvik, "difi.move.org.keystore.path=classpath:org.p12\n");
  EXPECT_THAT(make().report.to_text(), HasSubstr("not classpath:"));
  request_.files.clear();
  installed("d", bergvik, "difi.move.org.keystore.path=nowhere.p12\n");
  EXPECT_THAT(make().report.to_text(), HasSubstr(below("d/nowhere.p12")));
}

TEST_F(import_of_installations, leaves_out_what_names_no_organisation_and_goes_on_with_the_rest) {
  installed("arkiv", bergvik, "difi.move.feature.enableDPO=true\n");
  installed("feil", "910077474", "");
  install("tom", "server.port=1\n# example  \n");
  request_.files.push_back({below("nowhere.properties"), ""});
  auto made = make();
  EXPECT_EQ(made.files.size(), 1u);
  EXPECT_THAT(made.report.to_text(),
              AllOf(HasSubstr("910077474"), HasSubstr("the installation names no organisation"),
                    HasSubstr("nowhere.properties"), HasSubstr("3 problems")));
}

TEST_F(import_of_installations, never_overwrites_a_file_unless_it_is_told_to) {
  installed("arkiv", bergvik, "difi.move.feature.enableDPO=true\n");
  installed("skogvik", skogvik, "difi.move.feature.enableDPO=true\n");
  std::filesystem::create_directories(below("tenants.d"));
  write("tenants.d/910077473.yaml", "mine\n");
  auto made = make();
  EXPECT_EQ(write_plan(made, request_), 0u);
  EXPECT_THAT(made.report.to_text(), HasSubstr("the file is there already. Nothing was written."));
  EXPECT_EQ(read_file(below("tenants.d/910077473.yaml"), 100).value(), "mine\n");
  EXPECT_FALSE(std::filesystem::exists(below("tenants.d/910075918.yaml")));
  EXPECT_FALSE(std::filesystem::exists(below("secrets")));
  request_.force = true;
  made = make();
  EXPECT_EQ(write_plan(made, request_), 2u);
  EXPECT_FALSE(made.report.has_problems()) << made.report.to_text();
  EXPECT_NE(read_file(below("tenants.d/910077473.yaml"), 100000).value(), "mine\n");
  const auto names = std::filesystem::directory_iterator(below("tenants.d"));
  EXPECT_EQ(std::distance(begin(names), end(names)), 2);
}

TEST_F(import_of_installations, writes_no_file_that_clashes_with_another_one_of_the_hub) {
  installed("arkiv", bergvik, "difi.move.feature.enableDPO=true\n", "kari");
  std::filesystem::create_directories(below("tenants.d"));
  write("k.password", "example");
  write("tenants.d/bergvik.yaml",
        fmt::format("number: {}\nkeystore: {{path: ../x.p12, password: {{file: ../k.password}}}}\n"
                    "channels:\n  - name: a\n    credentials: [{{user: ola, password_hash: "
                    "'$scrypt$ln=14,r=8,p=1$IQ5QbpTrkPSlR5dDw8UGrw==$qf8rfYJ8agylhbLHOaZ3L9ViICpDF8"
                    "suImsFi/VW2s0='}}]\n",
                    bergvik));
  auto made = make();
  EXPECT_EQ(write_plan(made, request_), 0u);
  EXPECT_THAT(made.report.to_text(),
              AllOf(HasSubstr("bergvik.yaml"), HasSubstr("The file was not written.")));
  EXPECT_FALSE(std::filesystem::exists(below("tenants.d/910077473.yaml")));
}

}  // namespace kp::importer::test
