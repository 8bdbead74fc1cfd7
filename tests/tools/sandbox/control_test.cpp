#include "tests/tools/sandbox/support.hpp"

#include "config/text.hpp"

#include <zip.h>

#include <filesystem>
#include <fstream>

namespace kp::sandbox::test {

namespace {

namespace fs = std::filesystem;
constexpr auto sender_number = "910077473", receiver_number = "910075918";

class sandbox_control : public with_sandbox {};

std::string entry_of(const std::string& zip, const char* name) {
  zip_error_t problem;
  zip_error_init(&problem);
  zip_t* archive = zip_open_from_source(
      zip_source_buffer_create(zip.data(), zip.size(), 0, &problem), ZIP_RDONLY, &problem);
  if (!archive) return "no archive";
  std::string out(4096, '\0');
  zip_file_t* file = zip_fopen(archive, name, 0);
  const auto size = file ? zip_fread(file, out.data(), out.size()) : 0;
  if (file) zip_fclose(file);
  zip_discard(archive);
  out.resize(static_cast<std::size_t>(size));
  return out;
}

}  // namespace

TEST_F(sandbox_control, an_injected_transfer_waits_for_its_receiver_with_the_given_reference) {
  const auto to = add(receiver_number);
  json::array entries;
  entries.push_back({{"name", "sbd.json"}, {"json", {{"status", "x"}}}});
  entries.push_back({{"name", "manifest.xml"}, {"text", "<manifest/>"}});
  const auto made = control("POST", "/control/transfers",
                            {{"sender", "0192:910077473"},
                             {"recipient", "0192:910075918"},
                             {"reference", "foo-42"},
                             {"entries", entries}});
  const std::string id(made.at("fileTransferId").as_string());
  EXPECT_EQ(made.at("sendersFileTransferReference").as_string(), "foo-42");
  const auto zip = download(reading(to), id).body;
  EXPECT_EQ(entry_of(zip, "sbd.json"), R"({"status":"x"})");
  EXPECT_EQ(entry_of(zip, "manifest.xml"), "<manifest/>");
  EXPECT_EQ(get("/control/transfers/" + id + "/content").body, zip);
  const auto nameless = control("POST", "/control/transfers",
                                {{"sender", "0192:910077473"},
                                 {"recipient", "0192:910075918"},
                                 {"reference", nullptr},
                                 {"content", "eA=="}});
  EXPECT_TRUE(nameless.at("sendersFileTransferReference").is_null());
}

TEST_F(sandbox_control, transfers_are_listed_by_organisation_and_state) {
  const auto from = add(sender_number), to = add(receiver_number);
  const auto id = sent(from, to);
  initialize(writing(from), initialize_body(sender_number, receiver_number));
  EXPECT_EQ(control("GET", "/control/transfers").as_array().size(), 2U);
  const auto published =
      control("GET", "/control/transfers?organisation=910075918&status=Published").as_array();
  ASSERT_EQ(published.size(), 1U);
  EXPECT_EQ(published[0].at("fileTransferId").as_string(), id.c_str());
  EXPECT_TRUE(control("GET", "/control/transfers?organisation=991825827").as_array().empty());
}

TEST_F(sandbox_control, an_organisation_needs_a_valid_number_and_a_known_service) {
  const auto refused = [&](json::object body) {
    const auto answer = box->control("POST", "/control/organisations", std::move(body));
    EXPECT_FALSE(answer);
    return answer ? std::string() : answer.error().message;
  };
  EXPECT_THAT(refused({{"number", "910077474"}, {"name", "X"}}),
              ::testing::HasSubstr("check digit"));
  EXPECT_THAT(refused({{"number", sender_number}}), ::testing::HasSubstr("name"));
  json::array services;
  services.emplace_back("DPX");
  EXPECT_THAT(refused({{"number", sender_number}, {"name", "X"}, {"services", services}}),
              ::testing::HasSubstr("DPX"));
  EXPECT_EQ(post("/control/organisations", {}, "{").status, 400U);
  EXPECT_EQ(post("/control/nothing", {}, "{}").status, 404U);
}

TEST_F(sandbox_control, a_certificate_that_is_there_already_is_published_and_accepted) {
  options elsewhere;
  elsewhere.port = 0;
  elsewhere.time = time;
  auto second = sandbox::start(elsewhere);
  ASSERT_TRUE(second);
  json::object body{{"number", sender_number}, {"name", "Testkommune"}};
  const auto issued = (*second)->control("POST", "/control/organisations", body)->as_object();
  const auto foreign = open_keystore(issued);
  body["certificate"] = issued.at("certificate");
  const auto answer = control("POST", "/control/organisations", body).as_object();
  EXPECT_FALSE(answer.contains("keystore"));
  EXPECT_EQ(ask_token(foreign, grant_claims(foreign, "eformidling:dpo")).status, 200U);
}

TEST_F(sandbox_control, the_state_survives_a_restart) {
  const auto from = add(sender_number, {{"seid", 1}});
  const auto authority = get("/control/ca.pem").body;
  box.reset();
  options again;
  again.port = 0;
  again.time = time;
  again.state_folder = state_folder;
  auto restarted = sandbox::start(again);
  ASSERT_TRUE(restarted) << restarted.error().message;
  box = std::move(*restarted);
  EXPECT_EQ(get("/control/ca.pem").body, authority);
  EXPECT_EQ(ask_token(from, grant_claims(from, "eformidling:dpo")).status, 200U);
  auto claims = grant_claims(from, "altinn:broker.read");
  claims["authorization_details"] = system_user(sender_number);
  EXPECT_EQ(ask_token(from, claims).status, 200U);
}

TEST_F(sandbox_control, an_organisations_file_gives_keystores_once) {
  const auto file = state_folder + "/organisations.json", stores = state_folder + "/keystores";
  std::ofstream(file) << R"([{"number":"910077473","name":"A"},{"number":"910075918","name":"B"}])";
  const auto first = register_from_file(*box, file, stores);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(*first, 2U);
  EXPECT_TRUE(fs::exists(stores + "/910077473.p12"));
  EXPECT_TRUE(fs::exists(stores + "/910075918.password"));
  EXPECT_EQ(fs::status(stores + "/910077473.p12").permissions() & fs::perms::others_read,
            fs::perms::none);
  const auto second = register_from_file(*box, file, stores);
  ASSERT_TRUE(second);
  EXPECT_EQ(*second, 0U);
}

TEST_F(sandbox_control, a_port_in_use_is_an_error) {
  options same;
  same.port = box->port();
  const auto refused = sandbox::start(same);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, sandbox_errc::listen);
}

TEST_F(sandbox_control, paths_and_methods_that_nobody_serves_are_refused) {
  EXPECT_EQ(get("/nowhere").status, 404U);
  EXPECT_EQ(get("/token").status, 405U);
  EXPECT_EQ(post("/adressetjeneste/jwk", {}, "").status, 405U);
}

TEST_F(sandbox_control, shows_what_a_subscriber_has_been_told) {
  EXPECT_EQ(control("GET", "/control/webhooks/sak").as_array().size(), 0u);
  EXPECT_EQ(post("/webhook/sak", {{"Knutepunkt-Attempt", "1"}}, R"({"event":"ping"})").status,
            200u);
  EXPECT_EQ(post("/webhook/sak", {}, "no JSON").status, 200u);
  const auto told = control("GET", "/control/webhooks/sak");
  ASSERT_EQ(told.as_array().size(), 2u);
  EXPECT_EQ(told.at(0).at("headers").at("Knutepunkt-Attempt").as_string(), "1");
  EXPECT_EQ(told.at(0).at("body").at("event").as_string(), "ping");
  EXPECT_EQ(told.at(1).at("body").as_string(), "no JSON");
  EXPECT_EQ(control("GET", "/control/webhooks/other").as_array().size(), 0u);
  EXPECT_EQ(get("/webhook/sak").status, 405u);
  control("POST", "/control/faults",
          {{"endpoint", "webhook"}, {"kind", "status"}, {"status", 503}, {"count", 1}});
  EXPECT_EQ(post("/webhook/sak", {}, "{}").status, 503u);
  control("DELETE", "/control/webhooks");
  EXPECT_EQ(control("GET", "/control/webhooks/sak").as_array().size(), 0u);
}

}  // namespace kp::sandbox::test
