#include "protocol/webhooks/subscription_form.hpp"

#include "tests/support/fixtures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace kp::webhooks {
namespace {

namespace json = boost::json;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view type = "application/json; charset=UTF-8";

subscription_form good() {
  return {"inbox", "https://sak.example.no/hook", "messages", "status", std::nullopt, std::nullopt};
}

json::object only_error(const std::optional<api::problem>& found) {
  if (!found || found->errors.size() != 1) {
    ADD_FAILURE() << (found ? found->message : "no problem");
    return {};
  }
  EXPECT_EQ(found->status, 400u);
  EXPECT_EQ(found->exception, "org.springframework.web.bind.MethodArgumentNotValidException");
  EXPECT_EQ(found->message, "Validation failed for object='subscription'. Error count: 1");
  return found->errors.front();
}

std::string text(const json::object& o, std::string_view name) {
  const auto* value = o.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : "";
}

TEST(subscription_form, is_read_from_what_clients_send) {
  KP_FIXTURE(body, "rest/subscription-create.request.json");
  const auto form = read_subscription(type, body);
  ASSERT_TRUE(form);
  EXPECT_EQ(form->name, "Incoming messages");
  EXPECT_EQ(form->push_endpoint, "http://my.pushendpoint.no/messages/incoming");
  EXPECT_EQ(form->resource, "messages");
  EXPECT_EQ(form->event, "status");
  EXPECT_EQ(form->filter, "status=INNKOMMENDE_MOTTAT&direction=INCOMING");
  EXPECT_FALSE(form->secret);
  EXPECT_FALSE(judge_subscription(*form, true, {}));
  KP_FIXTURE(other, "rest/e2e-webhook-subscription.request.json");
  const auto second = read_subscription(type, other);
  ASSERT_TRUE(second);
  EXPECT_FALSE(second->filter);
  EXPECT_FALSE(judge_subscription(*second, true, {}));
}

TEST(subscription_form, ignores_what_it_does_not_know_and_takes_scalars_as_text) {
  const auto form = read_subscription(
      type, R"({"id":7,"name":42,"pushEndpoint":null,"event":true,"other":[1],"filter":""})");
  ASSERT_TRUE(form);
  EXPECT_EQ(form->name, "42");
  EXPECT_FALSE(form->push_endpoint);
  EXPECT_EQ(form->event, "true");
  EXPECT_EQ(form->filter, "");
}

TEST(subscription_form, that_cannot_be_read_is_told_why) {
  const auto of = [](std::string_view content_type, std::string_view body) {
    const auto form = read_subscription(content_type, body);
    EXPECT_FALSE(form);
    return form ? api::problem{} : form.error();
  };
  EXPECT_EQ(of("text/plain", "{}").status, 415u);
  EXPECT_EQ(of("", "{}").message, "Content-Type 'application/octet-stream' is not supported.");
  for (const auto* body : {"", " \n", "{", "[]", "\"x\"", R"({"name":{}})", R"({"filter":[]})"}) {
    const auto why = of(type, body);
    EXPECT_EQ(why.status, 400u) << body;
    EXPECT_THAT(*why.exception, HasSubstr("HttpMessageNotReadableException")) << body;
  }
}

TEST(subscription_form, that_is_new_needs_four_members) {
  const auto found = judge_subscription({}, true, {});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->message, "Validation failed for object='subscription'. Error count: 4");
  std::vector<std::string> fields;
  for (const auto& each : found->errors) {
    fields.push_back(text(each, "field"));
    EXPECT_EQ(text(each, "code"), "NotNull");
    EXPECT_EQ(text(each, "defaultMessage"), "must not be null");
    EXPECT_FALSE(each.contains("rejectedValue"));
  }
  EXPECT_THAT(fields, testing::ElementsAre("name", "pushEndpoint", "resource", "event"));
  EXPECT_FALSE(judge_subscription({}, false, {})) << "a change may leave everything as it is";
}

TEST(subscription_form, names_an_event_that_is_not_expected_as_today) {
  KP_FIXTURE(known_text, "rest/error-constraint-violation-subscription.json");
  const auto known = json::parse(known_text).at("errors").at(0).as_object();
  auto form = good();
  form.event = "nonexistent";
  for (const bool is_new : {true, false}) {
    const auto error = only_error(judge_subscription(form, is_new, {}));
    for (const auto* name : {"code", "defaultMessage", "field", "rejectedValue"})
      EXPECT_EQ(text(error, name), text(known, name)) << name;
    EXPECT_EQ(text(error, "objectName"), "subscription");
    EXPECT_EQ(error.at("codes"), json::value({"OneOf.subscription.event", "OneOf.event",
                                              "OneOf.java.lang.String", "OneOf"}));
    EXPECT_EQ(error.at("arguments").at(1), json::value({"all", "status"}));
  }
  form = good();
  form.resource = "ALL";
  EXPECT_EQ(text(only_error(judge_subscription(form, true, {})), "defaultMessage"),
            "'ALL' is not expected. Allowed values are: [all, messages]");
}

TEST(subscription_form, refuses_an_endpoint_that_nothing_can_be_posted_to) {
  for (const auto* url : {"", "sak.example.no/hook", "/hook", "ftp://sak.example.no/hook",
                          "https://", "https://user:word@sak.example.no/", "https://a b/"}) {
    auto form = good();
    form.push_endpoint = url;
    const auto error = only_error(judge_subscription(form, true, {}));
    EXPECT_EQ(text(error, "code"), "URL") << url;
    EXPECT_EQ(text(error, "defaultMessage"), "must be a valid URL") << url;
    EXPECT_EQ(text(error, "field"), "pushEndpoint");
    EXPECT_EQ(text(error, "rejectedValue"), url);
  }
  auto form = good();
  form.push_endpoint = "http://10.0.0.1/hook";
  const auto error = only_error(judge_subscription(
      form, true, [](std::string_view) { return std::optional<std::string>("not here"); }));
  EXPECT_EQ(text(error, "defaultMessage"), "must be a valid URL: not here");
}

TEST(subscription_form, refuses_a_filter_that_is_none) {
  for (const auto* filter : {"", "stauts=FEIL", "a!=b"}) {
    auto form = good();
    form.filter = filter;
    const auto error = only_error(judge_subscription(form, false, {}));
    EXPECT_EQ(text(error, "code"), "WebhookFilter");
    EXPECT_EQ(text(error, "defaultMessage"), "Must be a valid filter definition.");
    EXPECT_EQ(text(error, "rejectedValue"), filter);
  }
}

TEST(subscription_form, bounds_what_is_kept) {
  auto form = good();
  form.name = std::string(max_name + 1, 'n');
  form.push_endpoint = "https://sak.example.no/" + std::string(max_push_endpoint, 'p');
  form.filter = "status=" + std::string(max_filter, 'f');
  const auto found = judge_subscription(form, true, {});
  ASSERT_TRUE(found);
  ASSERT_EQ(found->errors.size(), 3u);
  for (const auto& each : found->errors) EXPECT_EQ(text(each, "code"), "Size");
}

TEST(subscription_form, never_repeats_a_secret_that_it_refuses) {
  for (const auto& secret :
       {std::string("short"), std::string(max_secret + 1, 's'),
        std::string("with a space in between"), std::string("blåbærsyltetøy!")}) {
    auto form = good();
    form.secret = secret;
    const auto error = only_error(judge_subscription(form, true, {}));
    EXPECT_EQ(text(error, "field"), "secret");
    EXPECT_THAT(json::serialize(error), Not(HasSubstr(secret)));
  }
  auto form = good();
  form.secret = std::string(min_secret, 's');
  EXPECT_FALSE(judge_subscription(form, true, {}));
}

TEST(subscription_form, has_the_problems_of_today) {
  KP_FIXTURE(known_text, "rest/error-subscription-not-found.json");
  const auto known = json::parse(known_text).as_object();
  const auto missing = subscription_not_found(84);
  EXPECT_EQ(missing.status, 404u);
  EXPECT_EQ(missing.message, text(known, "message"));
  EXPECT_EQ(*missing.exception, text(known, "exception"));
  EXPECT_EQ(subscription_not_found(12345).message, "Subscription with id = 12,345 was not found");
  EXPECT_EQ(*subscription_exists().exception,
            "no.difi.meldingsutveksling.exceptions."
            "SubscriptionWithSameNameAndPushEndpointAlreadyExists");
}

}  // namespace
}  // namespace kp::webhooks
