#include "tests/actors/support_channel.hpp"

namespace kp::test {
namespace {

// Lists, conversations, statuses, and that a channel sees its own only.
class channel_lists : public channel_test {
 protected:
  static std::string id_of(int i) {
    return fmt::format("ff88849c-e281-4809-8555-7cd54952b9{:02}", i);
  }
  std::vector<std::string> messages_in(const api_answer& answer) {
    std::vector<std::string> ids;
    for (const auto& each : content(parsed(answer.body)))
      ids.emplace_back(each.as_object().contains("messageId")
                           ? std::string(each.at("messageId").as_string())
                           : message_id_in(json::serialize(each)));
    return ids;
  }
  std::string conversation_row(const caf::actor& seat, const std::string& message) {
    const auto page =
        parsed(call(seat, endpoint::list_conversations, {}, "messageId=" + message).body);
    return std::to_string(content(page).at(0).at("id").as_int64());
  }
};

TEST_F(channel_lists, outgoing_messages_are_filtered_paged_and_sorted) {
  for (int i = 1; i <= 12; ++i) created(sak, {.message = id_of(i)});
  const auto page = parsed(call(sak, endpoint::list_out).body);
  EXPECT_EQ(content(page).size(), 10u);
  EXPECT_EQ(page.at("totalElements"), 12);
  EXPECT_EQ(page.at("last"), false);
  EXPECT_EQ(messages_in(call(sak, endpoint::list_out, {}, "page=1&size=5")),
            (std::vector{id_of(6), id_of(7), id_of(8), id_of(9), id_of(10)}));
  EXPECT_EQ(messages_in(call(sak, endpoint::list_out, {}, "sort=messageId,desc&size=2")),
            (std::vector{id_of(12), id_of(11)}));
  EXPECT_EQ(messages_in(call(sak, endpoint::list_out, {}, "sort=messageId,desc&size=2&page=5")),
            (std::vector{id_of(2), id_of(1)}));
  EXPECT_EQ(messages_in(call(sak, endpoint::list_out, {},
                             "messageId=" + id_of(3) + "&messageId=" + id_of(5))),
            (std::vector{id_of(3), id_of(5)}));
  EXPECT_EQ(total(call(sak, endpoint::list_out, {}, "messageId=&serviceIdentifier=DPO")), 12);
  EXPECT_EQ(total(call(sak, endpoint::list_out, {}, "serviceIdentifier=DPV")), 0);
  EXPECT_EQ(total(call(sak, endpoint::list_out, {}, "receiverIdentifier=910075918")), 12);
  EXPECT_EQ(total(call(sak, endpoint::list_out, {}, "page=99999999999999999&size=2000")), 12);
}

TEST_F(channel_lists, an_unknown_sort_property_is_told_in_the_words_of_today) {
  for (const auto what : {endpoint::list_out, endpoint::list_in, endpoint::list_statuses,
                          endpoint::list_conversations}) {
    const auto answer = call(sak, what, {}, "sort=colour,asc");
    EXPECT_EQ(answer.status, 400u);
    EXPECT_EQ(exception_of(answer), "PropertyReferenceException");
  }
  EXPECT_EQ(call(sak, endpoint::list_statuses, {}, "sort=lastUpdated,asc").status, 400u);
}

TEST_F(channel_lists, conversations_show_the_latest_first) {
  created(sak, {.message = id_of(1)});
  system.pass(std::chrono::minutes(1));
  created(sak, {.message = id_of(2)});
  system.pass(std::chrono::minutes(1));
  EXPECT_EQ(upload(sak, id_of(1), "arkivmelding.xml", arkivmelding_xml).status, 200u);
  const auto answer = call(sak, endpoint::list_conversations);
  EXPECT_EQ(messages_in(answer), (std::vector{id_of(1), id_of(2)}));
  EXPECT_EQ(parsed(answer.body).at("sort").at("sorted"), true);
  EXPECT_EQ(messages_in(call(sak, endpoint::list_conversations, {}, "sort=id,desc")),
            (std::vector{id_of(2), id_of(1)}));
}

TEST_F(channel_lists, conversations_are_filtered) {
  created(sak, {.message = id_of(1)});
  arrives(id_of(2));
  const auto count = [&](const std::string& query) {
    return total(call(sak, endpoint::list_conversations, {}, query));
  };
  EXPECT_EQ(count(""), 2);
  EXPECT_EQ(count("direction=OUTGOING"), 1);
  EXPECT_EQ(count("direction=INCOMING&finished=false&pollable=false"), 1);
  EXPECT_EQ(count("finished=true"), 0);
  EXPECT_EQ(count("sender=0192:910077473&senderIdentifier=910077473"), 1);
  EXPECT_EQ(count("receiver=0192:910075918&receiverIdentifier=910075918"), 1);
  EXPECT_EQ(count("messageTitle=&direction=OUTGOING"), 1);
  EXPECT_EQ(count("serviceIdentifier=DPO"), 2);
  EXPECT_EQ(count("serviceIdentifier=UNKNOWN"), 0);
  // The clock says 2026-02-25 in Oslo.
  EXPECT_EQ(count("lastUpdateFrom=2026-02-25&lastUpdateTo=2026-02-25"), 2);
  EXPECT_EQ(count("lastUpdateFrom=2026-02-26"), 0);
  EXPECT_EQ(count("lastUpdateTo=2026-02-24"), 0);
  for (const auto* bad : {"direction=SIDEWAYS", "finished=perhaps", "lastUpdateFrom=25.02.2026"}) {
    const auto answer = call(sak, endpoint::list_conversations, {}, bad);
    EXPECT_EQ(answer.status, 400u) << bad;
    EXPECT_EQ(exception_of(answer), "MethodArgumentNotValidException") << bad;
  }
  EXPECT_EQ(call(sak, endpoint::list_conversations, {}, "serviceIdentifier=X").status, 400u);
  EXPECT_EQ(call(sak, endpoint::list_out, {}, "serviceIdentifier=X").status, 400u);
}

TEST_F(channel_lists, single_conversations_are_outgoing_ones) {
  created(sak, {.message = id_of(1)});
  arrives(id_of(2));
  const auto row = conversation_row(sak, id_of(1));
  const auto found = call(sak, endpoint::find_conversation, row);
  EXPECT_EQ(found.status, 200u);
  EXPECT_EQ(text_at(found.body, "/messageId"), id_of(1));
  const auto incoming = call(sak, endpoint::find_conversation, conversation_row(sak, id_of(2)));
  EXPECT_EQ(incoming.status, 404u);
  EXPECT_EQ(exception_of(incoming), "ConversationNotFoundException");
  EXPECT_EQ(exception_of(call(sak, endpoint::conversation_of_message, id_of(2))),
            "MessageNotFoundException");
  EXPECT_EQ(call(sak, endpoint::find_conversation, "abc").status, 400u);
  EXPECT_EQ(call(sak, endpoint::remove_conversation, "abc").status, 400u);
}

TEST_F(channel_lists, a_removed_conversation_takes_its_statuses_along_in_either_direction) {
  created(sak, {.message = id_of(1)});
  arrives(id_of(2));
  storage::batch reference;
  context->references.put(reference, *message_id::parse(id_of(2)), "foo-42");
  ASSERT_TRUE(store.commit({&reference, 1}).front());
  EXPECT_EQ(call(sak, endpoint::remove_conversation, conversation_row(sak, id_of(2))).status, 200u);
  EXPECT_EQ(call(sak, endpoint::remove_conversation_of_message, id_of(1)).status, 200u);
  EXPECT_FALSE(*context->references.find(*message_id::parse(id_of(2))));
  EXPECT_EQ(total(call(sak, endpoint::list_conversations)), 0);
  EXPECT_EQ(total(call(sak, endpoint::list_statuses)), 0);
  EXPECT_EQ(call(sak, endpoint::remove_conversation, "12345").status, 200u);
  EXPECT_EQ(call(sak, endpoint::remove_conversation_of_message, id_of(1)).status, 200u);
}

TEST_F(channel_lists, statuses_are_filtered_and_in_the_order_of_their_ids) {
  created(sak, {.message = id_of(1)});
  system.pass(std::chrono::hours(1), std::chrono::minutes(10));
  arrives(id_of(2));
  const auto count = [&](const std::string& query) {
    return total(call(sak, endpoint::list_statuses, {}, query));
  };
  const auto all = parsed(call(sak, endpoint::list_statuses).body);
  ASSERT_EQ(content(all).size(), 3u);
  EXPECT_LT(content(all)[0].at("id").as_int64(), content(all)[1].at("id").as_int64());
  EXPECT_EQ(count("status=OPPRETTET"), 2);
  EXPECT_EQ(count("status=opprettet"), 0);
  EXPECT_EQ(count("messageId=" + id_of(2)), 2);
  EXPECT_EQ(count("id=" + std::to_string(content(all)[0].at("id").as_int64())), 1);
  EXPECT_EQ(
      count("fromDateTime=2026-02-25T08:00:00%2B01:00&toDateTime=2026-02-25T09:00:00%2B01:00"), 2);
  EXPECT_EQ(count("fromDateTime=2036-02-25T08:00:00%2B01:00"), 3);
  const auto first = parsed(call(sak, endpoint::list_statuses, {}, "sort=status,asc&size=1").body);
  EXPECT_EQ(content(first)[0].at("status"), "INNKOMMENDE_MOTTATT");
  EXPECT_EQ(call(sak, endpoint::list_statuses, {}, "id=x").status, 400u);
  EXPECT_EQ(call(sak, endpoint::list_statuses, {}, "fromDateTime=yesterday").status, 400u);
}

TEST_F(channel_lists, statuses_of_an_unknown_message_are_an_empty_page) {
  KP_FIXTURE(example, "rest/e2e-statuses-empty-page.json");
  for (const auto& id : {id_of(1), std::string("nonsense")}) {
    const auto answer = call(sak, endpoint::statuses_of_message, id);
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(parsed(answer.body), parsed(example));
  }
}

TEST_F(channel_lists, statuses_and_conversations_are_found_by_conversation_id) {
  const auto other = std::string("0b7f3c52-8d0b-4a77-8a0c-0d3e4f1b2c3d");
  created(sak, {.message = id_of(1), .conversation = other});
  created(sak, {.message = id_of(2), .conversation = other});
  created(sak, {.message = id_of(3)});
  EXPECT_EQ(total(call(sak, endpoint::list_statuses, {}, "conversationId=" + other)), 2);
  EXPECT_EQ(messages_in(call(sak, endpoint::list_conversations, {},
                             "sort=messageId,desc&conversationId=" + other)),
            (std::vector{id_of(2), id_of(1)}));
  EXPECT_EQ(total(call(sak, endpoint::list_conversations, {},
                       "conversationId=" + other + "&messageId=" + id_of(3))),
            0);
  for (const auto what : {endpoint::list_statuses, endpoint::list_conversations}) {
    EXPECT_EQ(total(call(sak, what, {}, "conversationId=nonsense")), 0);
    EXPECT_EQ(total(call(sak, what, {}, "messageId=nonsense")), 0);
    EXPECT_EQ(total(call(sak, what, {}, "messageId=")), 0);
    EXPECT_EQ(total(call(fag, what, {}, "conversationId=" + other)), 0);
    EXPECT_EQ(total(call(fag, what, {}, "messageId=" + id_of(1))), 0);
  }
}

TEST_F(channel_lists, statuses_are_in_the_order_of_their_update_when_asked) {
  created(sak, {.message = id_of(1)});
  system.pass(std::chrono::minutes(1));
  created(sak, {.message = id_of(2)});
  EXPECT_EQ(messages_in(call(sak, endpoint::list_statuses, {}, "sort=lastUpdate,desc")),
            (std::vector{id_of(2), id_of(1)}));
  EXPECT_EQ(messages_in(call(sak, endpoint::list_statuses, {}, "sort=status&sort=lastUpdate,desc")),
            (std::vector{id_of(2), id_of(1)}));
  EXPECT_EQ(messages_in(call(sak, endpoint::list_statuses, {}, "sort=id,desc&size=1&page=1")),
            (std::vector{id_of(1)}));
}

TEST_F(channel_lists, a_sort_may_ignore_case) {
  created(sak, {.message = id_of(1), .conversation = "bb7f3c52-8d0b-4a77-8a0c-0d3e4f1b2c3d"});
  created(sak, {.message = id_of(2), .conversation = "AA7f3c52-8d0b-4a77-8a0c-0d3e4f1b2c3d"});
  created(sak, {.message = id_of(3), .conversation = "cc7f3c52-8d0b-4a77-8a0c-0d3e4f1b2c3d"});
  created(sak, {.message = id_of(4), .conversation = "CC7f3c52-8d0b-4a77-8a0c-0d3e4f1b2c3d"});
  EXPECT_EQ(messages_in(call(sak, endpoint::list_out, {}, "sort=conversationId")),
            (std::vector{id_of(2), id_of(4), id_of(1), id_of(3)}));
  EXPECT_EQ(messages_in(call(sak, endpoint::list_out, {}, "sort=conversationId,desc,ignorecase")),
            (std::vector{id_of(3), id_of(4), id_of(1), id_of(2)}));
}

TEST_F(channel_lists, everything_that_is_wrong_with_a_query_is_told_at_once) {
  const auto answer = call(sak, endpoint::list_statuses, {}, "id=x&fromDateTime=y&toDateTime=z");
  EXPECT_EQ(answer.status, 400u);
  EXPECT_EQ(said(answer), "Validation failed for object='messageStatusQueryInput'. Error count: 3");
  const auto body = parsed(answer.body);
  const auto& errors = body.at("errors").as_array();
  ASSERT_EQ(errors.size(), 3u);
  EXPECT_EQ(errors[2].at("field"), "toDateTime");
  EXPECT_EQ(errors[0].at("code"), "typeMismatch");
  EXPECT_EQ(errors[0].at("bindingFailure"), true);
  EXPECT_EQ(call(sak, endpoint::list_out, {}, "id=x").status, 400u);
}

TEST_F(channel_lists, the_status_queue_is_off_until_it_is_asked_for) {
  created(sak, {.message = id_of(1)});
  EXPECT_EQ(call(sak, endpoint::peek_status).status, 204u);
  const auto row = content(parsed(call(sak, endpoint::list_statuses).body))[0].at("id").as_int64();
  const auto gone = call(sak, endpoint::remove_queued_status, std::to_string(row));
  EXPECT_EQ(gone.status, 404u);
  EXPECT_EQ(gone.body, "");
}

TEST_F(channel_lists, the_status_queue_gives_one_status_until_it_is_deleted) {
  settings->channels[0].status_queue = {service::dpo};
  context = std::make_shared<organisation_context>(hub, settings, numbers, context->ids);
  sak = open("sak");
  fag = open("fag");
  created(sak, {.message = id_of(1)});
  arrives(id_of(2));
  const auto peek = [&] { return parsed(call(sak, endpoint::peek_status).body); };
  const auto first = peek();
  EXPECT_EQ(first.at("messageId").as_string(), id_of(1));
  EXPECT_EQ(first.at("status"), "OPPRETTET");
  EXPECT_TRUE(first.as_object().contains("convId"));
  EXPECT_EQ(peek(), first);
  const auto id = std::to_string(first.at("id").as_int64());
  EXPECT_EQ(call(fag, endpoint::peek_status).status, 204u);
  EXPECT_EQ(call(fag, endpoint::remove_queued_status, id).status, 404u);

  const auto taken = call(sak, endpoint::remove_queued_status, id);
  EXPECT_EQ(taken.status, 200u);
  EXPECT_EQ(taken.body, "");
  EXPECT_EQ(call(sak, endpoint::remove_queued_status, id).status, 404u);
  EXPECT_EQ(total(call(sak, endpoint::list_statuses, {}, "messageId=" + id_of(1))), 1);
  for (const auto* name : {"OPPRETTET", "INNKOMMENDE_MOTTATT"}) {
    const auto next = peek();
    EXPECT_EQ(next.at("messageId").as_string(), id_of(2));
    EXPECT_EQ(next.at("status"), name);
    call(sak, endpoint::remove_queued_status, std::to_string(next.at("id").as_int64()));
  }
  EXPECT_EQ(call(sak, endpoint::peek_status).status, 204u);
  const auto bad = call(sak, endpoint::remove_queued_status, "peek");
  EXPECT_EQ(bad.status, 400u);
  EXPECT_EQ(exception_of(bad), "MethodArgumentTypeMismatchException");
}

TEST_F(channel_lists, conversations_that_are_polled_have_a_list_of_their_own) {
  created(sak, {.message = id_of(1)});
  EXPECT_EQ(total(call(sak, endpoint::list_polled_conversations)), 0);
  auto c = **context->conversations.find(direction::outgoing, *message_id::parse(id_of(1)));
  storage::batch b;
  auto polled = c;
  polled.pollable = true;
  context->conversations.update(b, c, polled);
  ASSERT_TRUE(store.commit({&b, 1}).front());
  EXPECT_EQ(messages_in(call(sak, endpoint::list_polled_conversations)), std::vector{id_of(1)});
  EXPECT_EQ(total(call(sak, endpoint::list_conversations, {}, "pollable=true")), 1);
  EXPECT_EQ(total(call(fag, endpoint::list_polled_conversations)), 0);
}

TEST_F(channel_lists, another_channel_sees_and_changes_nothing_of_this_one) {
  const auto out = created(sak, {.message = id_of(1)});
  const auto in = arrives(id_of(2));
  const auto row = conversation_row(sak, out);
  EXPECT_EQ(message_id_in(call(sak, endpoint::peek).body), in);

  for (const auto what : {endpoint::list_out, endpoint::list_in, endpoint::list_statuses,
                          endpoint::list_conversations})
    EXPECT_EQ(total(call(fag, what)), 0);
  EXPECT_EQ(total(call(fag, endpoint::statuses_of_message, out)), 0);
  EXPECT_EQ(call(fag, endpoint::peek).status, 204u);
  for (const auto what : {endpoint::find_out, endpoint::send, endpoint::conversation_of_message})
    EXPECT_EQ(call(fag, what, out).status, 404u);
  for (const auto what : {endpoint::pop, endpoint::remove_in})
    EXPECT_EQ(call(fag, what, in).status, 404u);
  EXPECT_EQ(call(fag, endpoint::find_conversation, row).status, 404u);
  EXPECT_EQ(ask<upload_admission>(fag, begin_of(out, "a.pdf", 1)).refusal.value().status, 404u);

  EXPECT_EQ(call(fag, endpoint::remove_out, out).status, 200u);
  EXPECT_EQ(call(fag, endpoint::remove_conversation, row).status, 200u);
  EXPECT_EQ(call(fag, endpoint::remove_conversation_of_message, out).status, 200u);
  EXPECT_EQ(call(fag, endpoint::remove_conversation_of_message, in).status, 200u);
  EXPECT_EQ(call(sak, endpoint::find_out, out).status, 200u);
  EXPECT_EQ(total(call(sak, endpoint::list_conversations)), 2);
  EXPECT_EQ(call(sak, endpoint::pop, in).status, 200u);
}

}  // namespace
}  // namespace kp::test
