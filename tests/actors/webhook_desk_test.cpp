#include "actors/webhook_desk.hpp"

#include "tests/actors/webhook_house.hpp"

namespace kp::test {
namespace {

using namespace std::chrono_literals;
using storage::status_name;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class webhook_desk_test : public webhook_test {
 protected:
  static json::object parsed(const api_answer& answer) {
    return json::parse(answer.body).as_object();
  }
  static std::string error_field(const api_answer& answer) {
    EXPECT_EQ(answer.status, 400u) << answer.body;
    const auto body = parsed(answer);
    return body.contains("errors") ? std::string(body.at("errors").at(0).at("field").as_string())
                                   : "";
  }
  static std::string exception_of(const api_answer& answer) {
    const auto body = parsed(answer);
    const std::string name(body.at("exception").as_string());
    return name.substr(name.rfind('.') + 1);
  }
  api_answer create(const std::string& body) {
    return call(endpoint::create_subscription, {}, body);
  }
  std::size_t signatures_of(const fake_subscribers::posted& p) const {
    const auto field = p.header("Knutepunkt-Signature");
    std::size_t count = 0;
    for (auto at = field.find("v1="); at != std::string::npos; at = field.find("v1=", at + 1))
      ++count;
    return count;
  }
  bool signed_with(const fake_subscribers::posted& p, const std::string& with) const {
    const auto field = p.header("Knutepunkt-Signature");
    const auto time = field.substr(2, field.find(',') - 2);
    return field.find("v1=" + to_hex(crypto::hmac_sha256(with, time + "." + p.body))) !=
           std::string::npos;
  }
};

TEST_F(webhook_desk_test, answers_create_as_clients_know_it_and_adds_a_secret_only_there) {
  KP_FIXTURE(request, "rest/subscription-create.request.json");
  KP_FIXTURE(known_text, "rest/subscription-create.response.json");
  const auto made = create(request);
  ASSERT_EQ(made.status, 200u) << made.body;
  auto body = parsed(made);
  auto known = json::parse(known_text).as_object();
  const auto generated = std::string(body.at("secret").as_string());
  EXPECT_EQ(generated.size(), 64u);
  body.erase("secret");
  const auto id = std::to_string(body.at("id").to_number<std::int64_t>());
  known["id"] = body.at("id");
  EXPECT_EQ(body, known);
  EXPECT_EQ(parsed(call(endpoint::find_subscription, id)), known);

  ASSERT_THAT(posted(), ElementsAre("ping"));
  EXPECT_TRUE(signed_with(subscribers.all[0], generated));
  for (const auto& answer :
       {call(endpoint::find_subscription, id), call(endpoint::list_subscriptions)})
    EXPECT_THAT(answer.body, Not(HasSubstr("secret")));
  // What the store has does not show it.
  EXPECT_TRUE(house.store->scan("", "\xff", storage::scan_order::ascending,
                                [&](std::string_view, std::string_view value) {
                                  EXPECT_EQ(value.find(generated), std::string_view::npos);
                                  return true;
                                }));
}

TEST_F(webhook_desk_test, shows_no_secret_that_the_client_has_chosen) {
  const auto made = create(form("s", hook));
  EXPECT_EQ(made.status, 200u);
  EXPECT_THAT(made.body, Not(HasSubstr("secret")));
  EXPECT_TRUE(signed_with(subscribers.all[0], secret));
}

TEST_F(webhook_desk_test, lists_pages_as_clients_know_them) {
  KP_FIXTURE(known_text, "rest/subscriptions-list.response.json");
  const auto known = json::parse(known_text).as_object();
  for (auto each : known.at("content").as_array()) {
    each.as_object()["name"] = std::string(each.at("filter").as_string());  // names must differ
    ASSERT_EQ(create(json::serialize(each)).status, 200u);
  }
  auto page = parsed(call(endpoint::list_subscriptions));
  EXPECT_EQ(page.at("content").as_array().size(), 2u);
  auto expected = known;
  expected["content"] = page.at("content");
  EXPECT_EQ(page, expected);

  KP_FIXTURE(second_text, "rest/subscriptions-list-page1.response.json");
  auto second = json::parse(second_text).as_object();
  page = parsed(call(endpoint::list_subscriptions, {}, {}, "page=1&size=1"));
  EXPECT_EQ(page.at("content").at(0).at("filter"), "status=FEIL,LEVETID_UTLOPT");
  second["content"] = page.at("content");
  EXPECT_EQ(page, second);
  page = parsed(call(endpoint::list_subscriptions, {}, {}, "sort=name,desc"));
  EXPECT_EQ(page.at("sort").at("sorted"), true);
  EXPECT_EQ(call(endpoint::list_subscriptions, {}, {}, "sort=colour").status, 400u);
}

TEST_F(webhook_desk_test, keeps_channels_apart) {
  const auto id = subscribe(hook, {}, fag);
  EXPECT_EQ(parsed(call(endpoint::list_subscriptions)).at("totalElements"), 0);
  for (const auto what : {endpoint::find_subscription, endpoint::remove_subscription,
                          endpoint::list_dead_letters, endpoint::replay_dead_letters})
    EXPECT_EQ(call(what, id).status, 404u);
  EXPECT_EQ(call(endpoint::update_subscription, id, "{}").status, 404u);
  EXPECT_EQ(call(endpoint::remove_subscriptions).status, 200u);
  EXPECT_EQ(call(endpoint::find_subscription, id, {}, {}, fag).status, 200u);
}

TEST_F(webhook_desk_test, tells_what_is_not_found_as_today) {
  const auto missing = call(endpoint::find_subscription, "12345");
  EXPECT_EQ(missing.status, 404u);
  EXPECT_EQ(exception_of(missing), "SubscriptionNotFoundException");
  EXPECT_EQ(parsed(missing).at("message"), "Subscription with id = 12,345 was not found");
  const auto no_number = call(endpoint::find_subscription, "abc");
  EXPECT_EQ(no_number.status, 400u);
  EXPECT_EQ(exception_of(no_number), "MethodArgumentTypeMismatchException");
  EXPECT_EQ(call(endpoint::update_subscription, "abc", "{}").status, 400u);
  EXPECT_EQ(call(endpoint::remove_subscription, "7").status, 404u);
  const auto id = subscribe();
  EXPECT_EQ(call(endpoint::replay_dead_letter, id + "/9").status, 404u);
  EXPECT_EQ(call(endpoint::remove_dead_letter, id + "/9").status, 404u);
}

TEST_F(webhook_desk_test, refuses_a_second_with_the_same_name_and_endpoint) {
  subscribe();
  const auto again = create(form("s", hook));
  EXPECT_EQ(again.status, 400u);
  EXPECT_EQ(exception_of(again), "SubscriptionWithSameNameAndPushEndpointAlreadyExists");
  EXPECT_TRUE(subscribers.all.empty()) << "no ping for what is refused";
  EXPECT_EQ(create(form("t", hook)).status, 200u);
  EXPECT_EQ(create(form("s", other_hook)).status, 200u);
}

TEST_F(webhook_desk_test, refuses_of_two_that_come_together_the_later) {
  subscribers.answers = [](const auto&) { return std::nullopt; };
  std::vector<unsigned> statuses;
  for (int i = 0; i < 2; ++i)
    house.system.later<api_answer>(
        dispatcher,
        webhook_call{arkiv, api_call{endpoint::create_subscription,
                                     "/api/subscriptions",
                                     {},
                                     {},
                                     form("s", hook),
                                     "application/json"}},
        [&](const api_answer& answer) { statuses.push_back(answer.status); });
  house.system.run();
  EXPECT_EQ(subscribers.held.size(), 2u);
  while (!subscribers.held.empty()) subscribers.answer_next(200);
  house.system.run();
  EXPECT_THAT(statuses, ElementsAre(200u, 400u));
}

TEST_F(webhook_desk_test, accepts_an_endpoint_that_does_not_answer_the_ping) {
  for (const unsigned code : {500u, 0u}) {
    subscribers.answers = [code](const auto&) { return fake_subscribers::status(code); };
    EXPECT_EQ(create(form("s" + std::to_string(code), hook)).status, 200u);
  }
}

TEST_F(webhook_desk_test, bounds_the_subscriptions_of_a_channel) {
  for (std::size_t i = 0; i < max_subscriptions; ++i)
    ASSERT_EQ(create(form("s" + std::to_string(i), hook)).status, 200u);
  const auto one_more = create(form("one more", hook));
  EXPECT_EQ(one_more.status, 400u);
  EXPECT_THAT(one_more.body, HasSubstr("100 subscriptions already"));
  EXPECT_EQ(call(endpoint::create_subscription, {}, form("s", hook), {}, fag).status, 200u);
  EXPECT_EQ(call(endpoint::remove_subscriptions).status, 200u);
  EXPECT_EQ(parsed(call(endpoint::list_subscriptions)).at("totalElements"), 0);
}

TEST_F(webhook_desk_test, changes_only_what_is_given) {
  const auto id = subscribe(hook, "status=FEIL");
  const auto update = [&](const std::string& body) {
    const auto answer = call(endpoint::update_subscription, id, body);
    EXPECT_EQ(answer.status, 200u) << answer.body;
    EXPECT_EQ(answer.body, "");
  };
  update(R"({"name":"renamed","filter":null})");
  EXPECT_TRUE(subscribers.all.empty()) << "no ping";
  auto now = parsed(call(endpoint::find_subscription, id));
  EXPECT_EQ(now.at("name"), "renamed");
  EXPECT_EQ(now.at("filter"), "status=FEIL");
  update(json::serialize(json::object{{"pushEndpoint", other_hook}, {"filter", "status=LEVERT"}}));
  EXPECT_THAT(posted(other_hook), ElementsAre("ping"));
  update(json::serialize(json::object{{"pushEndpoint", other_hook}}));
  EXPECT_EQ(subscribers.all.size(), 1u) << "a ping only when it changes";
  happens(1, status_name::levert);
  EXPECT_THAT(posted(other_hook), ElementsAre("ping", "LEVERT"));
  EXPECT_EQ(error_field(call(endpoint::update_subscription, id, R"({"filter":""})")), "filter");
  EXPECT_EQ(error_field(call(endpoint::update_subscription, id, R"({"event":"x"})")), "event");
}

TEST_F(webhook_desk_test, compares_name_and_endpoint_of_an_update_only_as_submitted) {
  subscribe();
  const auto made = create(form("t", hook));
  const auto id = std::to_string(parsed(made).at("id").to_number<std::int64_t>());
  const auto both = json::serialize(json::object{{"name", "s"}, {"pushEndpoint", hook}});
  EXPECT_EQ(exception_of(call(endpoint::update_subscription, id, both)),
            "SubscriptionWithSameNameAndPushEndpointAlreadyExists");
  EXPECT_EQ(call(endpoint::update_subscription, id, R"({"name":"s"})").status, 200u);
}

TEST_F(webhook_desk_test, signs_with_both_secrets_for_a_day_after_a_change) {
  const auto id = subscribe();
  const std::string next = "the-next-secret,-longer";
  EXPECT_EQ(call(endpoint::update_subscription, id, json::serialize(json::object{{"secret", next}}))
                .status,
            200u);
  happens(1, status_name::opprettet);
  ASSERT_EQ(subscribers.all.size(), 1u);
  EXPECT_EQ(signatures_of(subscribers.all[0]), 2u);
  EXPECT_TRUE(signed_with(subscribers.all[0], secret));
  EXPECT_TRUE(signed_with(subscribers.all[0], next));
  pass(25h, 1min);
  happens(2, status_name::opprettet);
  EXPECT_EQ(signatures_of(subscribers.all[1]), 1u);
  EXPECT_TRUE(signed_with(subscribers.all[1], next));
  EXPECT_EQ(error_field(call(endpoint::update_subscription, id, R"({"secret":"short"})")),
            "secret");
}

TEST_F(webhook_desk_test, deletes_dead_letters) {
  const auto id = subscribe();
  subscribers.answers = [](const auto&) { return fake_subscribers::status(422); };
  for (unsigned n = 1; n <= 3; ++n) happens(n, status_name::opprettet);
  pass(50h, 5min);
  ASSERT_EQ(dead_letters(id), 3);
  const auto list = parsed(call(endpoint::list_dead_letters, id, {}, "size=1&page=1"));
  EXPECT_EQ(list.at("content").as_array().size(), 1u);
  EXPECT_EQ(list.at("content").at(0).at("messageId").as_string(), message(2).to_string());
  const auto letter = std::to_string(list.at("content").at(0).at("id").to_number<std::int64_t>());
  EXPECT_EQ(call(endpoint::remove_dead_letter, id + "/" + letter).status, 200u);
  EXPECT_EQ(dead_letters(id), 2);
  EXPECT_EQ(call(endpoint::remove_dead_letters, id).status, 200u);
  EXPECT_EQ(dead_letters(id), 0);
}

TEST_F(webhook_desk_test, refuses_targets_that_the_settings_forbid) {
  house.hub->settings.webhooks.to_private = webhook_settings::private_targets::forbid;
  house.hub->settings.webhooks.https_only = true;
  for (const auto* url : {"https://10.0.0.1/", "https://[::1]/", "https://169.254.169.254/x",
                          "http://sak.example.no/"}) {
    const auto answer = create(form("s", url));
    EXPECT_EQ(error_field(answer), "pushEndpoint") << url;
    EXPECT_THAT(answer.body, HasSubstr("must be a valid URL: this hub "));
  }
  EXPECT_EQ(create(form("s", "https://sak.example.no/")).status, 200u);
}

}  // namespace
}  // namespace kp::test
