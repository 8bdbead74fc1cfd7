#include "tests/actors/support_channel.hpp"

#include <set>

namespace kp::test {
namespace {

// A credential that is shown a part of the inbox: the rest is not there for it.
class inbox_view : public channel_test {
 protected:
  const std::string plan = "ff88849c-e281-4809-8555-7cd54952b919";
  const std::string health = "ff88849c-e281-4809-8555-7cd54952b920";

  void SetUp() override {
    arrives_of(health, "urn:health");
    arrives_of(plan, "urn:plan");
  }
  void arrives_of(const std::string& id, const std::string& process) {
    inbound letter;
    letter.document.process = process;
    arrives(id, letter);
  }
  api_answer ask_as(const std::shared_ptr<const tenants::inbox_view>& view, endpoint what,
                    const std::string& argument = {}) {
    auto request = call_of(what, argument);
    request.view = view;
    return ask(sak, request);
  }
  const std::shared_ptr<const tenants::inbox_view> plans =
      std::make_shared<tenants::inbox_view>(tenants::inbox_view{{}, {"urn:plan"}});
  const std::shared_ptr<const tenants::inbox_view> other_service =
      std::make_shared<tenants::inbox_view>(tenants::inbox_view{{service::dpv}, {}});
};

TEST_F(inbox_view, peek_and_list_show_what_is_in_it) {
  EXPECT_EQ(ask_as(other_service, endpoint::peek).status, 204u);
  EXPECT_EQ(message_id_in(ask_as(plans, endpoint::peek).body), plan) << "not the oldest";
  EXPECT_EQ(ask_as(plans, endpoint::peek).status, 204u);
  EXPECT_EQ(parsed(ask_as(plans, endpoint::list_in).body).at("totalElements"), 1);
  EXPECT_EQ(parsed(ask_as(other_service, endpoint::list_in).body).at("totalElements"), 0);
  EXPECT_EQ(parsed(ask_as(nullptr, endpoint::list_in).body).at("totalElements"), 2);
}

TEST_F(inbox_view, pop_and_delete_do_not_know_the_rest_although_it_is_locked) {
  ASSERT_EQ(message_id_in(ask_as(nullptr, endpoint::peek).body), health);
  for (const auto what : {endpoint::pop, endpoint::remove_in}) {
    const auto hidden = ask_as(plans, what, health);
    const auto missing = ask_as(plans, what, "ff88849c-e281-4809-8555-7cd54952b999");
    EXPECT_EQ(hidden.status, 404u);
    EXPECT_EQ(hidden.status, missing.status);
    EXPECT_EQ(exception_of(hidden), exception_of(missing));
  }
  EXPECT_EQ(ask_as(nullptr, endpoint::remove_in, health).status, 200u);
}

// Statuses and conversations: those of outgoing messages, and of its part of the inbox.
class inbox_view_elsewhere : public inbox_view {
 protected:
  const std::string sent = "00000000-0000-4000-8000-000000000009";

  void SetUp() override {
    settings->channels[0].status_queue = {service::dpo};
    context = std::make_shared<organisation_context>(hub, settings, numbers, context->ids);
    sak = open("sak");
    arrives_of(health, "urn:health");
    arrives_of(plan, "urn:plan");
    created(sak, {.message = sent});
  }
  // The messages in a list, each as often as it stands there.
  std::multiset<std::string> listed(const api_answer& answer) {
    EXPECT_EQ(answer.status, 200u) << answer.body;
    const auto page = parsed(answer.body);
    std::multiset<std::string> all;
    for (const auto& each : page.at("content").as_array())
      all.emplace(each.at("messageId").as_string());
    EXPECT_EQ(page.at("totalElements").as_int64(), std::ssize(all));
    return all;
  }
  using messages = std::multiset<std::string>;
};

TEST_F(inbox_view_elsewhere, lists_of_statuses_leave_the_rest_out) {
  const auto statuses = [&](const auto& view, const std::string& query) {
    auto request = call_of(endpoint::list_statuses, {}, query);
    request.view = view;
    return listed(ask(sak, request));
  };
  for (const auto* query : {"", "sort=lastUpdate", "sort=status,desc",
                            "conversationId=37efbd4c-413d-4e2c-bbc5-257ef4a65a45",
                            "fromDateTime=2020-01-01T00:00:00Z&toDateTime=2040-01-01T00:00:00Z"}) {
    SCOPED_TRACE(query);
    auto all = statuses(nullptr, query);
    EXPECT_EQ(all.count(health), 2u);
    all.erase(health);
    EXPECT_EQ(statuses(plans, query), all);
    EXPECT_EQ(all.count(plan), 2u);
    all.erase(plan);
    EXPECT_EQ(statuses(other_service, query), all);
  }
  EXPECT_EQ(statuses(plans, ""), (messages{plan, plan, sent}));
  EXPECT_EQ(statuses(plans, "messageId=" + health), messages{});
  EXPECT_EQ(listed(ask_as(plans, endpoint::statuses_of_message, health)), messages{});
  EXPECT_EQ(listed(ask_as(plans, endpoint::statuses_of_message, plan)), (messages{plan, plan}));
  EXPECT_EQ(listed(ask_as(plans, endpoint::statuses_of_message, sent)), messages{sent});
}

TEST_F(inbox_view_elsewhere, lists_of_conversations_leave_the_rest_out) {
  const auto conversations = [&](const auto& view, const std::string& query = {}) {
    auto request = call_of(endpoint::list_conversations, {}, query);
    request.view = view;
    return listed(ask(sak, request));
  };
  EXPECT_EQ(conversations(nullptr), (messages{health, plan, sent}));
  EXPECT_EQ(conversations(plans), (messages{plan, sent}));
  EXPECT_EQ(conversations(plans, "direction=INCOMING"), messages{plan});
  EXPECT_EQ(conversations(plans, "messageId=" + health), messages{});
  EXPECT_EQ(conversations(other_service), messages{sent});
  EXPECT_EQ(ask_as(plans, endpoint::conversation_of_message, sent).status, 200u);
}

TEST_F(inbox_view_elsewhere, a_conversation_of_the_rest_is_removed_by_nobody_who_does_not_see_it) {
  auto request = call_of(endpoint::list_conversations, {}, "messageId=" + health);
  const auto all = parsed(ask(sak, request).body);
  const auto row = std::to_string(all.at("content").at(0).at("id").as_int64());
  EXPECT_EQ(ask_as(plans, endpoint::remove_conversation, row).status, 200u);
  EXPECT_EQ(ask_as(plans, endpoint::remove_conversation_of_message, health).status, 200u);
  EXPECT_EQ(listed(ask(sak, request)), messages{health});
  EXPECT_EQ(ask_as(plans, endpoint::remove_conversation_of_message, plan).status, 200u);
  EXPECT_EQ(ask_as(nullptr, endpoint::remove_conversation, row).status, 200u);
  EXPECT_EQ(listed(ask_as(nullptr, endpoint::list_conversations)), messages{sent});
}

TEST_F(inbox_view_elsewhere, the_status_queue_passes_over_the_rest_and_keeps_it) {
  const auto head = [&](const auto& view) {
    const auto answer = ask_as(view, endpoint::peek_status);
    EXPECT_EQ(answer.status, 200u);
    return parsed(answer.body);
  };
  const auto hidden = head(nullptr);
  EXPECT_EQ(hidden.at("messageId").as_string(), health);
  const auto take = [&](const auto& view, const boost::json::value& what) {
    return ask_as(view, endpoint::remove_queued_status, std::to_string(what.at("id").as_int64()))
        .status;
  };
  EXPECT_EQ(take(plans, hidden), 404u);
  for (const auto& next : {plan, plan, sent}) {
    const auto shown = head(plans);
    EXPECT_EQ(shown.at("messageId").as_string(), next);
    EXPECT_EQ(take(plans, shown), 200u);
  }
  EXPECT_EQ(ask_as(plans, endpoint::peek_status).status, 204u);
  EXPECT_EQ(head(nullptr), hidden);
  EXPECT_EQ(take(nullptr, hidden), 200u);
}

}  // namespace
}  // namespace kp::test
