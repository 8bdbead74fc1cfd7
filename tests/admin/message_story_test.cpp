#include "admin/message_story.hpp"
#include "admin/store_levels.hpp"
#include "storage/repositories.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace {

using namespace kp;
using namespace kp::admin;
using namespace kp::storage;
using std::chrono::seconds;
using testing::HasSubstr;

const organisation_id bergvik = organisation_id::from_number(910077473);
const organisation_id fjordnes = organisation_id::from_number(910075918);
constexpr time_point now{seconds(1'772'000'000)};
const message_id letter = *message_id::parse("3380ed76-5d4c-43e7-aa70-8ed8d97e4835");

class story : public testing::Test {
 protected:
  result<void> commit(const batch& b) { return store->commit(std::span(&b, 1)).at(0); }

  std::string explanation() { return std::string(tell().at("explanation").as_string()); }
  boost::json::object tell(time_point at = now) {
    const auto told = tell_story(*store, bergvik, letter, name_of, at);
    EXPECT_TRUE(told && *told);
    return told && *told ? **told : boost::json::object{{"explanation", ""}};
  }

  void create(bool queued) {
    outgoing_message m;
    m.message = letter;
    m.via = service::dpo;
    m.type = "arkivmelding";
    m.queued = queued;
    m.sbd = "the content of the letter";
    batch b;
    outgoing_messages(*store, bergvik).insert(b, m);
    conversation c;
    c.message = letter;
    c.via = service::dpo;
    row_ids ids(*store, bergvik);
    ASSERT_TRUE(start_conversation(b, conversations(*store, bergvik), statuses(*store, bergvik),
                                   ids, c, {{status_name::opprettet, {}, {}, now}}));
    ASSERT_TRUE(commit(b));
  }

  outbox_item queue() {
    outbox_item item;
    item.id = 7;
    item.via = service::dpo;
    item.message = letter;
    item.queued = item.due = now;
    batch b;
    outbox(*store, bergvik, service::dpo).insert(b, item);
    EXPECT_TRUE(commit(b));
    return item;
  }

  std::unique_ptr<engine> store = make_memory_engine();
  channel_namer name_of = [](channel_number) { return std::string("arkiv"); };
};

}  // namespace

TEST_F(story, of_a_message_that_nobody_knows_is_none) {
  const auto told = tell_story(*store, bergvik, letter, name_of, now);
  ASSERT_TRUE(told);
  EXPECT_FALSE(*told);
}

TEST_F(story, of_another_organisation_is_none) {
  create(true);
  const auto told = tell_story(*store, fjordnes, letter, name_of, now);
  ASSERT_TRUE(told);
  EXPECT_FALSE(*told);
}

TEST_F(story, of_what_the_client_has_not_sent_says_so) {
  create(false);
  EXPECT_EQ(explanation(), "The client of channel arkiv has created it and not sent it yet.");
}

TEST_F(story, tells_failed_attempts_the_last_error_and_the_next_attempt) {
  create(true);
  const auto item = queue();
  EXPECT_EQ(explanation(), "The message waits for its first attempt.");
  const outbox out(*store, bergvik, service::dpo);
  batch claim;
  time_point from{};
  const auto claimed = out.claim_due(claim, from, now, 1, "sender", seconds(60));
  ASSERT_TRUE(claimed && claimed->size() == 1);
  ASSERT_TRUE(commit(claim));
  EXPECT_TRUE(tell().at("outbox").at(0).at("beingSent").as_bool());
  batch postponed;
  out.postpone(postponed, claimed->front(), now + seconds(20), "Broker upload: HTTP 503");
  ASSERT_TRUE(commit(postponed));

  const auto told = tell();
  const auto& waiting = told.at("outbox").at(0);
  EXPECT_EQ(waiting.at("failedAttempts").to_number<int>(), 1);
  EXPECT_EQ(waiting.at("lastError"), "Broker upload: HTTP 503");
  EXPECT_EQ(std::string(waiting.at("nextAttempt").as_string()),
            format_timestamp(now + seconds(20)));
  EXPECT_FALSE(waiting.at("beingSent").as_bool());
  EXPECT_EQ(told.at("conversations").at(0).at("statuses").at(0).at("status"), "OPPRETTET");
  EXPECT_THAT(explanation(), HasSubstr("One attempt to send the message failed, the last with: "
                                       "Broker upload: HTTP 503. The next is at "));
  EXPECT_THAT(boost::json::serialize(told), testing::Not(HasSubstr("the content of the letter")));
}

TEST_F(story, of_an_arrival_says_who_is_to_fetch_it) {
  inbound_message m;
  m.message = letter;
  m.via = service::dpo;
  m.order = 1;
  batch b;
  const inbox incoming(*store, bergvik);
  incoming.insert(b, m);
  ASSERT_TRUE(commit(b));
  EXPECT_EQ(explanation(), "It waits for a client of channel arkiv to fetch it.");
  batch peek;
  std::uint64_t from = 0;
  const auto locked =
      incoming.peek(peek, channel_number{}, from, {}, "client", now, std::chrono::minutes(5));
  ASSERT_TRUE(locked && *locked);
  ASSERT_TRUE(commit(peek));
  EXPECT_THAT(explanation(), HasSubstr("has locked it until "));
}

TEST_F(story, levels_count_each_queue_and_know_the_oldest) {
  queue();
  const auto levels = read_levels(*store, std::vector{bergvik, fjordnes});
  ASSERT_TRUE(levels);
  EXPECT_EQ(levels->at(bergvik).outboxes.at(service::dpo).items, 1u);
  EXPECT_EQ(levels->at(bergvik).outboxes.at(service::dpo).oldest, now);
  EXPECT_EQ(levels->at(bergvik).outgoing(), 1u);
  EXPECT_EQ(levels->at(fjordnes).outgoing(), 0u);
}
