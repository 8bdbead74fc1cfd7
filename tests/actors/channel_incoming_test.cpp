#include "protocol/sbd/document.hpp"
#include "tests/actors/support_channel.hpp"

namespace kp::test {
namespace {

class channel_incoming : public channel_test {
 protected:
  const std::string first = "ff88849c-e281-4809-8555-7cd54952b919";
  const std::string second = "ff88849c-e281-4809-8555-7cd54952b920";
  const std::string third = "ff88849c-e281-4809-8555-7cd54952b921";

  api_answer peek(const std::string& query = {}) { return call(sak, endpoint::peek, {}, query); }
  std::string peeked(const std::string& query = {}) {
    const auto answer = peek(query);
    return answer.status == 200 ? message_id_in(answer.body) : "";
  }
  api_answer pop(const std::string& id) { return call(sak, endpoint::pop, id); }
  api_answer remove(const std::string& id) { return call(sak, endpoint::remove_in, id); }
};

TEST_F(channel_incoming, peek_locks_the_oldest_and_each_peek_another) {
  arrives(first);
  arrives(second);
  EXPECT_EQ(peeked(), first);
  EXPECT_EQ(peeked(), second);
  const auto nothing = peek();
  EXPECT_EQ(nothing.status, 204u);
  EXPECT_EQ(nothing.body, "");
}

TEST_F(channel_incoming, a_peeked_document_is_as_it_arrived) {
  KP_FIXTURE(example, "rest/e2e-receive-dpo.sbd.json");
  arrives(first);
  auto m = context->inbox.find(*message_id::parse(first)).value().value();
  storage::batch b;
  context->inbox.remove(b, m, std::nullopt);
  commit(b);
  m.sbd = example;
  storage::batch again;
  context->inbox.insert(again, m);
  commit(again);
  auto expected = parsed(example).as_object();
  expected["arkivmelding"] = json::object{};  // an unknown member is no part of the document
  EXPECT_EQ(parsed(peek().body), expected);
}

TEST_F(channel_incoming, peek_takes_filters) {
  arrives(first);
  arrives(second, {.document = {.sender = "0192:910075918",
                                .receiver = "0192:910077473",
                                .conversation = "47efbd4c-413d-4e2c-bbc5-257ef4a65a45",
                                .process = "urn:other"}});
  EXPECT_EQ(peeked("serviceIdentifier=DPE"), "");
  EXPECT_EQ(peeked("senderIdentifier=999999999"), "");
  EXPECT_EQ(peeked("messageId="), "");
  EXPECT_EQ(peeked("process=urn:other&serviceIdentifier=DPO"), second);
  EXPECT_EQ(peeked("senderIdentifier=910075918&receiverIdentifier=910077473&conversationId="
                   "37efbd4c-413d-4e2c-bbc5-257ef4a65a45"),
            first);
}

TEST_F(channel_incoming, an_unknown_service_is_told_in_the_words_of_today) {
  const auto answer = peek("serviceIdentifier=DPX");
  EXPECT_EQ(answer.status, 400u);
  EXPECT_EQ(exception_of(answer), "InvalidDataAccessApiUsageException");
  EXPECT_EQ(said(answer), "No enum constant no.difi.meldingsutveksling.ServiceIdentifier.DPX");
}

TEST_F(channel_incoming, several_peeks_at_once_get_different_messages_without_failing_each_other) {
  std::set<std::string> expected, got;
  for (int i = 10; i < 30; ++i)
    expected.insert(arrives(fmt::format("ff88849c-e281-4809-8555-7cd54952b9{}", i)));
  store.commits = 0;
  for (int i = 0; i < 20; ++i)
    system.later<api_answer>(sak, call_of(endpoint::peek), [&](const api_answer& a) {
      if (a.status == 200) got.insert(message_id_in(a.body));
    });
  system.run();
  EXPECT_EQ(got, expected);
  EXPECT_EQ(store.commits, 20u);
}

TEST_F(channel_incoming, an_overdue_lock_is_swept_and_its_message_goes_to_the_back) {
  arrives(first);
  arrives(second);
  EXPECT_EQ(peeked(), first);
  system.pass(std::chrono::minutes(5));
  EXPECT_EQ(peeked(), second);
  EXPECT_EQ(peeked(), first);
  EXPECT_EQ(peeked(), "");
}

TEST_F(channel_incoming, overdue_locks_are_swept_without_anybody_peeking) {
  arrives(first);
  EXPECT_EQ(peeked(), first);
  const auto before = context->inbox.find(*message_id::parse(first)).value()->last_updated;
  system.pass(std::chrono::minutes(5) + std::chrono::seconds(6));
  EXPECT_FALSE(context->inbox.lock_of(*message_id::parse(first)).value());
  EXPECT_GT(context->inbox.find(*message_id::parse(first)).value()->last_updated, before);
  arrives(second);
  EXPECT_EQ(peeked(), first);
}

TEST_F(channel_incoming, locks_from_before_a_restart_are_swept_too) {
  arrives(first);
  EXPECT_EQ(peeked(), first);
  system.stop(sak);
  system.pass(std::chrono::minutes(5), std::chrono::seconds(10));
  sak = open("sak");
  system.pass(std::chrono::seconds(6));
  EXPECT_FALSE(context->inbox.lock_of(*message_id::parse(first)).value());
}

TEST_F(channel_incoming, many_peeks_with_overdue_locks_share_the_sweep) {
  std::set<std::string> expected, got;
  for (int i = 10; i < 20; ++i)
    expected.insert(arrives(fmt::format("ff88849c-e281-4809-8555-7cd54952b9{}", i)));
  for (int i = 0; i < 10; ++i) peeked();
  system.time().advance(std::chrono::minutes(6));
  for (int i = 0; i < 10; ++i)
    system.later<api_answer>(sak, call_of(endpoint::peek), [&](const api_answer& a) {
      EXPECT_EQ(a.status, 200u);
      if (a.status == 200) got.insert(message_id_in(a.body));
    });
  system.run();
  EXPECT_EQ(got, expected);
}

TEST_F(channel_incoming, the_lock_lasts_as_long_as_the_channel_says) {
  settings->channels[0].lock_timeout = std::chrono::minutes(1);
  arrives(first);
  EXPECT_EQ(peeked(), first);
  system.pass(std::chrono::seconds(59));
  EXPECT_EQ(peeked(), "");
  system.pass(std::chrono::seconds(1));
  EXPECT_EQ(peeked(), first);
}

TEST_F(channel_incoming, pop_streams_the_container_of_a_locked_message_again_and_again) {
  arrives(first);
  EXPECT_EQ(peeked(), first);
  for (int i = 0; i < 2; ++i) {
    const auto answer = pop(first);
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.headers.find("Content-Disposition"), "attachment; filename=asic.zip");
    EXPECT_EQ(answer.headers.find("Content-Type"), "application/vnd.etsi.asic-e+zip");
    ASSERT_TRUE(answer.content);
    EXPECT_EQ(answer.content->size, 4u);
  }
}

TEST_F(channel_incoming, pop_and_delete_need_a_message_and_a_lock) {
  for (const auto what : {endpoint::pop, endpoint::remove_in}) {
    auto answer = call(sak, what, first);
    EXPECT_EQ(answer.status, 404u);
    EXPECT_EQ(exception_of(answer), "MessageNotFoundException");
    EXPECT_EQ(call(sak, what, "x").status, 404u);
  }
  arrives(first);
  for (const auto what : {endpoint::pop, endpoint::remove_in}) {
    const auto answer = call(sak, what, first);
    EXPECT_EQ(answer.status, 400u);
    EXPECT_EQ(exception_of(answer), "MessageNotLockedException");
    EXPECT_EQ(said(answer), "Message with messageId = " + first + " was not locked");
  }
  EXPECT_EQ(peeked(), first);
  system.pass(std::chrono::minutes(5));
  for (const auto what : {endpoint::pop, endpoint::remove_in})
    EXPECT_EQ(exception_of(call(sak, what, first)), "MessageNotLockedException");
}

TEST_F(channel_incoming, receipts_and_messages_without_content_pop_as_204) {
  arrives(first, {.document = {.type = "arkivmelding_kvittering",
                               .conversation = "37efbd4c-413d-4e2c-bbc5-257ef4a65a45",
                               .business = R"({"receiptType":"OK"})"}});
  arrives(second, {.state = storage::content_state::none});
  EXPECT_EQ(peeked(), first);
  EXPECT_EQ(peeked(), second);
  EXPECT_EQ(pop(first).status, 204u);
  EXPECT_EQ(pop(second).status, 204u);
  EXPECT_FALSE(pop(second).content);
}

TEST_F(channel_incoming, unreadable_content_is_500_and_feil_once) {
  arrives(first, {.state = storage::content_state::unreadable});
  EXPECT_EQ(peeked(), first);
  for (int i = 0; i < 2; ++i) {
    const auto answer = pop(first);
    EXPECT_EQ(answer.status, 500u);
    EXPECT_EQ(exception_of(answer), "AsicReadException");
  }
  EXPECT_EQ(statuses_of(sak, first),
            (std::vector<std::string>{"OPPRETTET", "INNKOMMENDE_MOTTATT", "FEIL"}));
  EXPECT_EQ(remove(first).status, 200u);
}

TEST_F(channel_incoming, delete_ends_the_cycle_with_the_statuses_of_today) {
  KP_FIXTURE(example, "rest/e2e-receive-dpo-statuses.json");
  arrives(first);
  EXPECT_EQ(peeked(), first);
  EXPECT_EQ(pop(first).status, 200u);
  const auto answer = remove(first);
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(message_id_in(answer.body), first);
  EXPECT_EQ(remove(first).status, 404u);

  const auto statuses = call(sak, endpoint::statuses_of_message, first);
  EXPECT_EQ(statuses.headers.find("Content-Type"), "application/json; charset=utf-8");
  auto given = parsed(statuses.body).as_object();
  auto expected = parsed(example).as_object();
  for (auto* page : {&given, &expected})
    for (auto& status : page->at("content").as_array())
      for (const auto* name : {"id", "convId", "lastUpdate"}) {
        ASSERT_TRUE(status.as_object().contains(name));
        status.as_object().erase(name);
      }
  EXPECT_EQ(given, expected);
}

TEST_F(channel_incoming, delete_is_one_commit_and_tells_the_sender) {
  arrives(first);
  EXPECT_EQ(peeked(), first);
  const auto content_ref = context->inbox.find(*message_id::parse(first)).value()->content.value();
  store.commits = 0;
  heard.outbox.clear();
  EXPECT_EQ(remove(first).status, 200u);
  EXPECT_EQ(store.commits, 1u);
  EXPECT_EQ(heard.outbox, std::vector{service::dpo});
  EXPECT_FALSE(blob_is_recorded(content_ref));
  wait_for([&] { return !blobs.released().empty(); });
  EXPECT_EQ(blobs.released(), std::vector<std::string>{content_ref.id});

  const auto items = outbox_of(first);
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0].kind, storage::outbox_kind::status);
  EXPECT_EQ(items[0].expires, system.time().now() + std::chrono::hours(24));
  const auto& said_to_sender = items[0].sbd;
  const std::string header = "/standardBusinessDocumentHeader";
  EXPECT_EQ(text_at(said_to_sender, "/status/status"), "LEVERT");
  EXPECT_EQ(message_id_in(said_to_sender), first);
  EXPECT_EQ(text_at(said_to_sender, header + "/receiver/0/identifier/value"), "0192:910075918");
  EXPECT_EQ(text_at(said_to_sender, header + "/businessScope/scope/0/identifier"),
            "urn:no:difi:profile:arkivmelding:response:ver1.0");
  EXPECT_EQ(text_at(said_to_sender, header + "/businessScope/scope/1/type"), "");
}

TEST_F(channel_incoming, c9_the_channel_of_the_sender_is_in_levert) {
  arrives(first, {.document = {.conversation = "37efbd4c-413d-4e2c-bbc5-257ef4a65a45",
                               .scopes = channel_scope_text("foo-42")}});
  EXPECT_EQ(peeked(), first);
  EXPECT_EQ(remove(first).status, 200u);
  const auto items = outbox_of(first);
  ASSERT_EQ(items.size(), 1u);
  const auto status = sbd::parse(items[0].sbd, system.time().now());
  ASSERT_TRUE(status);
  EXPECT_EQ(status->message_channel(), "foo-42");
}

TEST_F(channel_incoming, two_deletes_at_once_deliver_once) {
  arrives(first);
  EXPECT_EQ(peeked(), first);
  std::vector<unsigned> answers;
  for (int i = 0; i < 2; ++i)
    system.later<api_answer>(sak, call_of(endpoint::remove_in, first),
                             [&](const api_answer& a) { answers.push_back(a.status); });
  system.run();
  std::ranges::sort(answers);
  EXPECT_EQ(answers, (std::vector<unsigned>{200, 404}));
  EXPECT_EQ(outbox_of(first).size(), 1u);
}

TEST_F(channel_incoming, a_message_whose_conversation_was_deleted_can_still_be_removed) {
  arrives(first);
  EXPECT_EQ(call(sak, endpoint::remove_conversation_of_message, first).status, 200u);
  EXPECT_EQ(peeked(), first);
  EXPECT_EQ(remove(first).status, 200u);
  EXPECT_TRUE(statuses_of(sak, first).empty());
}

TEST_F(channel_incoming, the_list_shows_locked_and_unlocked_alike_and_locks_nothing) {
  arrives(first);
  arrives(second);
  arrives(third);
  EXPECT_EQ(peeked(), first);
  const auto page = parsed(call(sak, endpoint::list_in, {}, "size=2&page=1").body);
  EXPECT_EQ(page.at("totalElements"), 3);
  EXPECT_EQ(page.at("totalPages"), 2);
  EXPECT_EQ(page.at("sort").at("sorted"), false);
  ASSERT_EQ(content(page).size(), 1u);
  EXPECT_EQ(message_id_in(json::serialize(content(page)[0])), third);
  const auto sorted =
      parsed(call(sak, endpoint::list_in, {}, "sort=lockTimeout,desc&sort=messageId,desc").body);
  EXPECT_EQ(message_id_in(json::serialize(content(sorted)[0])), first);
  EXPECT_EQ(message_id_in(json::serialize(content(sorted)[1])), third);
  EXPECT_EQ(total(call(sak, endpoint::list_in, {}, "serviceIdentifier=DPO")), 3);
  EXPECT_EQ(total(call(sak, endpoint::list_in, {}, "messageId=")), 0);
  EXPECT_EQ(peeked(), second);
}

}  // namespace
}  // namespace kp::test
