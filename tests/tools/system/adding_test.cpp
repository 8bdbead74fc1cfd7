#include "tests/tools/system/operators.hpp"

#include <fmt/ranges.h>

#include <filesystem>
#include <fstream>

// kpctl probe and add: what an organisation needs of the national services.

namespace {

using namespace kp::test;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class adding : public operators {
 protected:
  void TearDown() override {
    if (here) here->control("DELETE", "/control/faults");
    if (here && std::filesystem::exists(file())) {
      const auto from = here->hub().log().size();
      std::filesystem::remove(file());
      EXPECT_TRUE(until([&] {
        return here->hub().log(from).find("organisation is parked") != std::string::npos;
      }));
    }
    operators::TearDown();
  }
  std::string file() const { return here->path("tenants.d/" + newcomer + ".yaml"); }
  tool_result add(const std::string& more) const {
    return ctl(
        fmt::format("add --config {0} --number {1} --name Nykommune "
                    "--keystore {2}/{1}.p12 --keystore-password-file {2}/{1}.password "
                    "--channel arkiv --channel fag --receiver arkiv {3} </dev/null",
                    here->path("hub.yaml"), newcomer, here->path("keystores"), more));
  }
  // At a terminal, by a person who types these lines.
  tool_result add_by_hand(const std::vector<std::string>& typed) const {
    const auto keys = here->path("typed");
    std::ofstream(keys) << fmt::format("{}\n", fmt::join(typed, "\n"));
    return run(fmt::format("TERM=dumb script -qec '{} add --config {}' /dev/null < {}",
                           program("kpctl"), here->path("hub.yaml"), keys));
  }
  tool_result probe(const std::string& number, const std::string& more = {}) const {
    return ctl(
        fmt::format("probe {} --config {} {} </dev/null", number, here->path("hub.yaml"), more));
  }
};

}  // namespace

TEST_F(adding, probes_an_organisation_that_has_all_it_needs) {
  const auto found = probe(bergvik);
  EXPECT_EQ(found.status, 0) << found.output;
  EXPECT_THAT(
      found.output,
      AllOf(HasSubstr("gets a token with the scope eformidling:dpo"), HasSubstr("is known, with"),
            HasSubstr("It is the one in the key store"), HasSubstr("may use DPO"),
            HasSubstr("Nothing is missing."), Not(HasSubstr("MISSING"))));
  EXPECT_NE(probe("123456785").status, 0);
}

TEST_F(adding, names_the_scope_the_system_user_and_the_right_that_are_missing) {
  const auto refuse = [&](const char* endpoint, unsigned status, const std::string& body) {
    here->control("DELETE", "/control/faults");
    fault({{"endpoint", endpoint},
           {"organisation", fjordnes},
           {"every", 1},
           {"kind", "status"},
           {"status", status},
           {"body", body}});
    const auto found = probe(fjordnes);
    EXPECT_NE(found.status, 0);
    return found.output;
  };
  EXPECT_THAT(
      refuse(
          "token", 400,
          R"json({"error": "invalid_scope", "error_description": "no such scope (MP-200)"})json"),
      AllOf(HasSubstr("MISSING    Maskinporten"), HasSubstr("-> a scope is not on the client")));
  EXPECT_THAT(
      refuse(
          "token", 400,
          R"json({"error": "invalid_grant", "error_description": "no system user (MP-303)"})json"),
      HasSubstr("-> there is no approved system user"));
  EXPECT_THAT(refuse("search", 403, "{}"), HasSubstr("has the right to the resource"));
}

TEST_F(adding, writes_the_file_and_the_hub_takes_it_up_at_once) {
  const auto added = add("--json");
  ASSERT_EQ(added.status, 0) << added.output;
  const auto told = json::parse(added.output);
  EXPECT_TRUE(told.at("added").as_bool());
  const auto& user = told.at("users").at(0);
  const auto who =
      std::string(user.at("user").as_string()) + ":" + std::string(user.at("password").as_string());
  EXPECT_TRUE(until([&] { return here->api(who, "GET", "/api/messages/in").status == 200; }));
  const auto letter = send_letter(sak, newcomer);
  EXPECT_TRUE(until_arrived(who, letter));
  EXPECT_THAT(add("").output, HasSubstr("has a file already"));
}

TEST_F(adding, asks_a_person_at_a_terminal_for_what_is_not_given) {
  ASSERT_TRUE(has_tool("script")) << "bsdutils, which Debian always has, is not installed";
  const auto folder = here->path("keystores");
  const auto from = here->hub().log().size();
  const auto added = add_by_hand({newcomer, "Nykommune", folder + "/" + newcomer + ".p12",
                                  folder + "/" + newcomer + ".password", "arkiv fag", "fag"});
  EXPECT_EQ(added.status, 0) << added.output;
  std::size_t at = 0;
  for (const auto* asked :
       {"Organisation number: ", "Name (empty: the number): ", "Key store (PKCS#12 file): ",
        "File with its password (empty: a variable): ",
        "Channels, one per business system, with spaces between: ",
        "Which of them receives (empty: none here): "}) {
    const auto found = added.output.find(asked, at);
    EXPECT_NE(found, std::string::npos) << asked << "\n" << added.output;
    at = found == std::string::npos ? at : found;
  }
  std::ifstream in(file());
  const std::string written(std::istreambuf_iterator<char>(in), {});
  EXPECT_THAT(written, AllOf(HasSubstr("Nykommune"), HasSubstr("name: \"arkiv\""),
                             HasSubstr("name: \"fag\""), HasSubstr(newcomer + ".password")));
  EXPECT_LT(written.find("name: \"fag\""), written.find("receives: [DPO]"));
  // One that an earlier test has removed may still be on its way out.
  EXPECT_TRUE(until([&] {
    const auto log = here->hub().log(from);
    return log.find("organisation added") != std::string::npos ||
           log.find("organisation is back") != std::string::npos;
  }));
}

TEST_F(adding, says_what_a_person_has_left_out_and_adds_nothing) {
  ASSERT_TRUE(has_tool("script")) << "bsdutils, which Debian always has, is not installed";
  const auto nothing = add_by_hand({""});
  EXPECT_NE(nothing.status, 0);
  EXPECT_THAT(nothing.output, HasSubstr("Organisation number was not given"));
  const auto wrong = add_by_hand({"910077474", "", "x.p12", "x.password", "arkiv", ""});
  EXPECT_NE(wrong.status, 0);
  EXPECT_THAT(wrong.output, HasSubstr("\"910077474\" is not an organisation number"));
  const auto receiver = add_by_hand({newcomer, "", "x.p12", "x.password", "arkiv fag", "lonn"});
  EXPECT_NE(receiver.status, 0);
  EXPECT_THAT(receiver.output, HasSubstr("the receiver lonn is none of the channels arkiv, fag"));
  EXPECT_FALSE(std::filesystem::exists(file()));
}

TEST_F(adding, leaves_nothing_behind_when_something_is_missing_or_wrong) {
  fault({{"endpoint", "search"},
         {"organisation", newcomer},
         {"every", 1},
         {"kind", "status"},
         {"status", 403}});
  const auto refused = add("");
  EXPECT_NE(refused.status, 0);
  EXPECT_THAT(refused.output, AllOf(HasSubstr("MISSING"), HasSubstr("Nothing was added")));
  EXPECT_FALSE(std::filesystem::exists(file()));
  EXPECT_FALSE(std::filesystem::exists(here->path("tenants.d/." + newcomer + ".yaml")));
  EXPECT_THAT(add("--channel 'no/channel'").output, HasSubstr("nothing was added"));
  EXPECT_THAT(ctl("add --config " + here->path("hub.yaml") + " </dev/null").output,
              HasSubstr("Organisation number is not given; say it with --number"));
}
