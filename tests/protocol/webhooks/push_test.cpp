#include "protocol/webhooks/push.hpp"

#include "tests/support/fixtures.hpp"

#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace kp::webhooks {
namespace {

namespace json = boost::json;

std::vector<std::string> names_of(const json::value& object) {
  std::vector<std::string> names;
  for (const auto& [name, value] : object.as_object()) names.emplace_back(name);
  return names;
}

status_event event_of(const json::value& body) {
  const auto& o = body.as_object();
  const auto text = [&](const char* name) { return std::string(o.at(name).as_string()); };
  status_event event;
  event.created = *parse_timestamp_with_offset(text("createdTs"));
  event.message = *message_id::parse(text("messageId"));
  event.conversation = *conversation_id::parse(text("conversationId"));
  event.way = text("direction") == "INCOMING" ? direction::incoming : direction::outgoing;
  if (o.contains("serviceIdentifier")) event.via = *parse_service(text("serviceIdentifier"));
  event.status = o.at("status").as_string();
  if (o.contains("description")) event.description = text("description");
  return event;
}

TEST(webhook_push, posts_a_status_as_clients_know_it) {
  KP_FIXTURE(text, "rest/webhook-message-status.json");
  const auto known = json::parse(text);
  const auto made = json::parse(event_body(event_of(known)));
  EXPECT_EQ(made, known);
  EXPECT_EQ(names_of(made), names_of(known)) << "in this order";
}

TEST(webhook_push, leaves_out_a_service_that_is_not_known) {
  KP_FIXTURE(text, "rest/e2e-webhook-status-push.json");
  const auto known = json::parse(text);
  EXPECT_EQ(json::parse(event_body(event_of(known))), known);
}

TEST(webhook_push, leaves_out_a_description_that_is_not_there) {
  status_event event;
  event.status = "SENDT";
  EXPECT_EQ(event_body(event).find("description"), std::string::npos);
}

TEST(webhook_push, pings_as_clients_know_it) {
  KP_FIXTURE(text, "rest/webhook-ping.json");
  const auto known = json::parse(text);
  const auto at = *parse_timestamp_with_offset(std::string(known.at("createdTs").as_string()));
  EXPECT_EQ(json::parse(ping_body(at)), known);
}

constexpr time_point then{std::chrono::seconds(1'772'000'000) + std::chrono::milliseconds(999)};

// printf '1772000000.{"event":"ping"}' | openssl dgst -sha256 -hmac 'a secret of the test'
TEST(webhook_push, signs_time_and_body_with_every_secret) {
  const std::string first =
      "t=1772000000,v1=71b3ff71fd09e020c2114563510caf4b4f80127ca0a246106941ae196bb83034";
  EXPECT_EQ(signature(R"({"event":"ping"})", then, {"a secret of the test"}), first);
  EXPECT_EQ(signature(R"({"event":"ping"})", then, {"a secret of the test", "the one before"}),
            first + ",v1=c77593c0409b925c3667f5eaf223c2f15cbd6d861b648aeaea93818e11646104");
}

TEST(webhook_push, has_the_headers_that_a_receiver_needs) {
  const auto headers = push_headers("{}", then, {"s"}, "910077473-1-42", 3);
  EXPECT_EQ(headers.find("Content-Type"), "application/json");
  EXPECT_EQ(headers.find("Knutepunkt-Signature"), signature("{}", then, {"s"}));
  EXPECT_EQ(headers.find("Knutepunkt-Event-Id"), "910077473-1-42");
  EXPECT_EQ(headers.find("Knutepunkt-Attempt"), "3");
}

}  // namespace
}  // namespace kp::webhooks
