#include "tests/support/fixtures.hpp"
#include "tests/tools/sandbox/support.hpp"

namespace kp::sandbox::test {

namespace {

constexpr auto org = "971203420";

class sandbox_status_service : public with_sandbox {
 protected:
  void SetUp() override {
    with_sandbox::SetUp();
    own = add(org, {{"scopes", json::array{"move/dpe.read", "eformidling:dpo"}}});
  }
  fields as(const std::string& scope = "move/dpe.read") {
    return {{"Authorization", "Bearer " + token(own, scope)}, {"Content-Type", "application/json"}};
  }
  http_answer tell(const std::string& body) { return post("/logging/api/status", as(), body); }
  json::object seen(const std::string& query = "") {
    return control("GET", "/control/status-service" + query).as_object();
  }
  static std::string example() { return fixture_or("platform/status/documented-example.json"); }
  static std::string fixture_or(const std::string& path) {
    return kp::test::fixture(path).value_or("");
  }
  member own;
};

}  // namespace

TEST_F(sandbox_status_service, takes_the_published_example_with_the_claims_of_its_sender) {
  KP_FIXTURE(example, "platform/status/documented-example.json");
  const auto answer = tell(example);
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.body, "");
  const auto all =
      seen("?messageId=65f237bc-7d64-45cb-8f4d-3d81345b4668").at("statuses").as_array();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].at("status").as_string(), "LEVERT");
  EXPECT_EQ(all[0].at("transport").as_string(), "http");
  EXPECT_EQ(all[0].at("raw").as_string(), example);
  EXPECT_EQ(all[0].at("claims").at("client_id").as_string(), "MOVE_IP_971203420");
  EXPECT_TRUE(seen("?messageId=other").at("statuses").as_array().empty());
}

TEST_F(sandbox_status_service, takes_every_field_it_knows_below_both_paths_and_repetitions) {
  KP_FIXTURE(full, "platform/status/http-full-statusmessage.json");
  EXPECT_EQ(tell(full).status, 200U);
  EXPECT_EQ(post("/api/status", as(), full).status, 200U);
  EXPECT_EQ(seen().at("statuses").as_array().size(), 2U);
  control("DELETE", "/control/status-service");
  EXPECT_TRUE(seen().at("statuses").as_array().empty());
}

TEST_F(sandbox_status_service, refuses_without_a_token_that_is_valid_now) {
  KP_FIXTURE(example, "platform/status/documented-example.json");
  const auto none = post("/logging/api/status", {{"Content-Type", "application/json"}}, example);
  EXPECT_EQ(none.status, 401U);
  EXPECT_EQ(none.headers.at("www-authenticate"), "Bearer");
  EXPECT_EQ(none.body, "");
  const auto before = as();
  time->advance(std::chrono::seconds(121));
  EXPECT_EQ(post("/logging/api/status", before, example).status, 401U);
  auto forged = as();
  // In the middle of the signature: of its last character not every bit counts.
  auto& changed = forged["Authorization"].rbegin()[100];
  changed = changed == 'A' ? 'B' : 'A';
  EXPECT_EQ(post("/logging/api/status", forged, example).status, 401U);
  EXPECT_TRUE(seen().at("statuses").as_array().empty());
}

TEST_F(sandbox_status_service, refuses_what_the_service_refuses_in_its_words) {
  KP_FIXTURE(bad_sender, "platform/status/invalid-sender-400.json");
  KP_FIXTURE(bad_message, "platform/status/invalid-message-id-400.json");
  KP_FIXTURE(bad_status, "platform/status/invalid-status-400.json");
  KP_FIXTURE(no_owner, "platform/status/missing-orgnr-400.json");
  const auto sender = tell(bad_sender);
  EXPECT_EQ(sender.status, 400U);
  EXPECT_EQ(sender.body, "Sender field (971203420) is not valid ISO6523 format.");
  const auto message = tell(bad_message);
  EXPECT_EQ(message.status, 400U);
  EXPECT_EQ(message.body, "message_id and conversation_id must be of type UUID");
  for (const auto& body : {bad_status, no_owner, std::string("{"), "[" + example() + "]"}) {
    const auto refused = tell(body);
    EXPECT_EQ(refused.status, 400U) << body;
    EXPECT_EQ(refused.json().at("path").as_string(), "/logging/api/status");
  }
  auto plain = as();
  plain["Content-Type"] = "text/plain";
  EXPECT_EQ(post("/logging/api/status", plain, example()).status, 415U);
  EXPECT_EQ(get("/logging/api/status", as()).status, 405U);
}

TEST_F(sandbox_status_service, asks_for_a_scope_and_for_the_owner_when_told_to) {
  KP_FIXTURE(example, "platform/status/documented-example.json");
  control("POST", "/control/status-service",
          {{"requireScopeAnyOf", json::array{"move/dpe.read"}}, {"bindOrgnr", true}});
  EXPECT_EQ(tell(example).status, 200U);
  EXPECT_EQ(post("/logging/api/status", as("eformidling:dpo"), example).status, 403U);
  const auto other = add("910077473", {{"scopes", json::array{"move/dpe.read"}}});
  auto theirs = as();
  theirs["Authorization"] = "Bearer " + token(other, "move/dpe.read");
  EXPECT_EQ(post("/logging/api/status", theirs, example).status, 403U);
}

TEST_F(sandbox_status_service, files_any_log_event_by_its_logger) {
  KP_FIXTURE(line, "platform/status/logstash-tcp-status-line.json");
  EXPECT_EQ(post("/api", as(), line).status, 200U);
  EXPECT_EQ(post("/api", as(), R"({"logger_name":"no.difi.X","message":"started"})").status, 200U);
  EXPECT_EQ(post("/api", as(), R"({"message":"whose?"})").status, 400U);
  EXPECT_EQ(seen().at("statuses").as_array().size(), 1U);
  EXPECT_EQ(seen().at("otherEvents").as_int64(), 1);
}

TEST_F(sandbox_status_service, fails_on_purpose_as_the_other_services_do) {
  KP_FIXTURE(example, "platform/status/documented-example.json");
  control("POST", "/control/faults",
          {{"endpoint", "status_service"}, {"kind", "status"}, {"status", 429}, {"retryAfter", 7}});
  const auto limited = tell(example);
  EXPECT_EQ(limited.status, 429U);
  EXPECT_EQ(limited.headers.at("retry-after"), "7");
  control("DELETE", "/control/faults");
  control("POST", "/control/faults", {{"endpoint", "status_service"}, {"kind", "cut_after"}});
  EXPECT_EQ(tell(example).status, 0U);
  EXPECT_EQ(tell(example).status, 200U);
  EXPECT_EQ(seen().at("statuses").as_array().size(), 2U) << "the cut one had its effect";
}

}  // namespace kp::sandbox::test
