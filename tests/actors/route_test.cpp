#include "actors/route.hpp"

#include <gtest/gtest.h>

using namespace kp;
using namespace kp::actors;

namespace {

const route::call* call_of(const route& r) {
  return std::get_if<route::call>(&r.to);
}
const route::refusal* refusal_of(const route& r) {
  return std::get_if<route::refusal>(&r.to);
}

}  // namespace

TEST(route, finds_each_endpoint_with_its_argument) {
  const struct {
    const char* method;
    const char* path;
    endpoint what;
    const char* argument;
  } cases[] = {
      {"GET", "/api/capabilities/0192:910077473", endpoint::capabilities, "0192:910077473"},
      {"POST", "/api/messages/out", endpoint::create, ""},
      {"GET", "/api/messages/out", endpoint::list_out, ""},
      {"GET", "/api/messages/out/abc", endpoint::find_out, "abc"},
      {"POST", "/api/messages/out/abc", endpoint::send, "abc"},
      {"DELETE", "/api/messages/out/abc", endpoint::remove_out, "abc"},
      {"GET", "/api/messages/in", endpoint::list_in, ""},
      {"GET", "/api/messages/in/peek", endpoint::peek, ""},
      {"GET", "/api/messages/in/pop/abc", endpoint::pop, "abc"},
      {"DELETE", "/api/messages/in/abc", endpoint::remove_in, "abc"},
      {"GET", "/api/statuses", endpoint::list_statuses, ""},
      {"GET", "/api/statuses/abc", endpoint::statuses_of_message, "abc"},
      {"GET", "/api/statuses/peek", endpoint::peek_status, ""},
      {"DELETE", "/api/statuses/7", endpoint::remove_queued_status, "7"},
      {"GET", "/api/conversations/queue", endpoint::list_polled_conversations, ""},
      {"GET", "/api/conversations", endpoint::list_conversations, ""},
      {"GET", "/api/conversations/7", endpoint::find_conversation, "7"},
      {"GET", "/api/conversations/messageId/abc", endpoint::conversation_of_message, "abc"},
      {"DELETE", "/api/conversations/7", endpoint::remove_conversation, "7"},
      {"DELETE", "/api/conversations/messageId/abc", endpoint::remove_conversation_of_message,
       "abc"},
      {"GET", "/api/subscriptions", endpoint::list_subscriptions, ""},
      {"POST", "/api/subscriptions", endpoint::create_subscription, ""},
      {"DELETE", "/api/subscriptions", endpoint::remove_subscriptions, ""},
      {"GET", "/api/subscriptions/84", endpoint::find_subscription, "84"},
      {"PUT", "/api/subscriptions/84", endpoint::update_subscription, "84"},
      {"DELETE", "/api/subscriptions/84", endpoint::remove_subscription, "84"},
      {"GET", "/api/subscriptions/84/dead-letters", endpoint::list_dead_letters, "84"},
      {"DELETE", "/api/subscriptions/84/dead-letters", endpoint::remove_dead_letters, "84"},
      {"POST", "/api/subscriptions/84/dead-letters/replay", endpoint::replay_dead_letters, "84"},
      {"DELETE", "/api/subscriptions/84/dead-letters/7", endpoint::remove_dead_letter, "84/7"},
      {"POST", "/api/subscriptions/84/dead-letters/7/replay", endpoint::replay_dead_letter, "84/7"},
  };
  for (const auto& c : cases) {
    const auto found = find_route(c.method, c.path, "");
    const auto* call = call_of(found);
    ASSERT_TRUE(call) << c.method << ' ' << c.path;
    EXPECT_EQ(call->what, c.what) << c.path;
    EXPECT_EQ(call->argument, c.argument) << c.path;
    EXPECT_EQ(call->takes_body, c.what == endpoint::create ||
                                    c.what == endpoint::create_subscription ||
                                    c.what == endpoint::update_subscription);
  }
}

TEST(route, narrows_by_organisation_and_channel_before_api) {
  const auto one = find_route("GET", "/910077473/api/statuses", "");
  ASSERT_TRUE(call_of(one));
  EXPECT_EQ(one.scope.organisation->to_string(), "910077473");
  EXPECT_FALSE(one.scope.channel);

  const auto two = find_route("GET", "/910077473/arkiv/api/statuses", "");
  ASSERT_TRUE(call_of(two));
  EXPECT_EQ(two.scope.channel->to_string(), "arkiv");
}

TEST(route, refuses_prefixes_that_are_no_organisation_or_channel) {
  for (const auto* path :
       {"/910077474/api/statuses", "/x/api/statuses", "/910077473/A B/api/statuses",
        "/910077473/arkiv/x/api/statuses", "/statuses", "", "/", "/api", "/api/"}) {
    const auto found = find_route("GET", path, "");
    ASSERT_TRUE(refusal_of(found)) << path;
    EXPECT_EQ(refusal_of(found)->why.status, 404u) << path;
  }
}

TEST(route, does_not_match_a_trailing_slash) {
  for (const auto* path : {"/api/statuses/", "/api/messages/out/", "/api/messages//out"})
    EXPECT_TRUE(refusal_of(find_route("GET", path, ""))) << path;
}

TEST(route, answers_405_with_what_is_allowed) {
  const auto found = find_route("PATCH", "/api/messages/out/abc", "");
  ASSERT_TRUE(refusal_of(found));
  EXPECT_EQ(refusal_of(found)->why.status, 405u);
  EXPECT_EQ(refusal_of(found)->allow, "GET, POST, DELETE, PUT");
}

TEST(route, takes_multipart_only_by_its_content_type) {
  const auto multipart =
      find_route("POST", "/api/messages/out/multipart", "multipart/form-data; boundary=b1");
  EXPECT_TRUE(std::holds_alternative<route::multipart>(multipart.to));
  const auto send = find_route("POST", "/api/messages/out/multipart", "application/json");
  ASSERT_TRUE(call_of(send));
  EXPECT_EQ(call_of(send)->argument, "multipart");
}

TEST(route, never_locks_a_message_for_a_head_request) {
  EXPECT_TRUE(call_of(find_route("HEAD", "/api/statuses", "")));
  const auto peek = find_route("HEAD", "/api/messages/in/peek", "");
  ASSERT_TRUE(refusal_of(peek));
  EXPECT_EQ(refusal_of(peek)->why.status, 405u);
}

TEST(route, gives_the_event_stream_to_get_alone) {
  for (const auto* path : {"/api/events", "/910077473/arkiv/api/events"})
    EXPECT_TRUE(std::holds_alternative<route::events>(find_route("GET", path, "").to)) << path;
  for (const auto* method : {"HEAD", "POST"}) {
    const auto other = find_route(method, "/api/events", "");
    ASSERT_TRUE(refusal_of(other));
    EXPECT_EQ(refusal_of(other)->why.status, 405u);
    EXPECT_EQ(refusal_of(other)->allow, "GET");
  }
  EXPECT_TRUE(refusal_of(find_route("GET", "/api/events/1", "")));
}

TEST(route, takes_a_word_for_an_id_where_the_method_leaves_nothing_else) {
  EXPECT_EQ(call_of(find_route("DELETE", "/api/statuses/peek", ""))->argument, "peek");
  EXPECT_EQ(call_of(find_route("GET", "/api/conversations/messageId", ""))->argument, "messageId");
}

TEST(route, answers_options_by_what_is_allowed_there) {
  const auto allowed = [](const char* path) {
    const auto found = find_route("OPTIONS", path, "");
    const auto* options = std::get_if<route::options>(&found.to);
    return options ? options->allow : "nothing";
  };
  EXPECT_EQ(allowed("/api/statuses"), "GET,HEAD,OPTIONS");
  EXPECT_EQ(allowed("/api/statuses/peek"), "GET,DELETE,HEAD,OPTIONS");
  EXPECT_EQ(allowed("/api/messages/out/abc"), "GET,POST,DELETE,PUT,HEAD,OPTIONS");
  EXPECT_EQ(allowed("/api/messages/in/pop/abc"), "GET,HEAD,OPTIONS");
  EXPECT_EQ(allowed("/api/messages/in/peek"), "GET,DELETE,OPTIONS");  // HEAD would lock one
  EXPECT_EQ(allowed("/api/openapi.json"), "GET,HEAD,OPTIONS");
  EXPECT_EQ(allowed("/api/nothing"), "nothing");
}

TEST(route, describes_itself_with_every_prefix) {
  for (const auto* path :
       {"/api/openapi.json", "/910077473/api/openapi.json", "/910077473/arkiv/api/openapi.json"})
    for (const auto* method : {"GET", "HEAD"})
      EXPECT_TRUE(std::holds_alternative<route::description>(find_route(method, path, "").to))
          << path;
  EXPECT_EQ(refusal_of(find_route("POST", "/api/openapi.json", ""))->allow, "GET");
  EXPECT_TRUE(refusal_of(find_route("GET", "/api/openapi.json/x", "")));
}

TEST(route, knows_which_answers_are_json) {
  for (const auto* path : {"/api/statuses", "/api/messages/in/peek", "/api/conversations/queue"})
    EXPECT_TRUE(answers_json(find_route("GET", path, ""))) << path;
  EXPECT_TRUE(answers_json(
      find_route("POST", "/api/messages/out/multipart", "multipart/form-data; boundary=b1")));
  EXPECT_TRUE(answers_json(find_route("DELETE", "/api/messages/in/abc", "")));
  EXPECT_FALSE(answers_json(find_route("GET", "/api/messages/in/pop/abc", "")));
  EXPECT_FALSE(answers_json(find_route("DELETE", "/api/statuses/7", "")));
  EXPECT_FALSE(answers_json(find_route("PUT", "/api/subscriptions/7", "")));
  EXPECT_FALSE(answers_json(find_route("DELETE", "/api/subscriptions", "")));
  EXPECT_FALSE(answers_json(find_route("PUT", "/api/messages/out/abc", "")));
  EXPECT_FALSE(answers_json(find_route("POST", "/api/messages/out/abc", "")));
}

TEST(route, refuses_multipart_without_a_boundary_and_takes_other_bodies_for_sending) {
  const auto to = [](const char* type) {
    return find_route("POST", "/api/messages/out/multipart", type);
  };
  const auto without = to("multipart/form-data");
  ASSERT_TRUE(refusal_of(without));
  EXPECT_EQ(refusal_of(without)->why.status, 400u);
  EXPECT_TRUE(std::holds_alternative<route::multipart>(to("Multipart/Form-Data; boundary=x").to));
  const auto sent = to("application/json");
  ASSERT_TRUE(call_of(sent));
  EXPECT_EQ(call_of(sent)->what, endpoint::send);
}
