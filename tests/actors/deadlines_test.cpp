#include "actors/deadlines.hpp"

#include "dpo_house.hpp"

namespace kp::actors {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using test::arkiv;
using test::letter;

class deadlines_test : public ::testing::Test {
 protected:
  void begin() {
    keeper = house.system.spawn(deadlines, deadlines_args{house.context, house.writer});
    house.system.run();
  }
  // A message in the inbox, locked when told so, with its conversation.
  storage::blob_ref received(const letter& l, bool locked = false) {
    const auto now = house.system.time().now();
    storage::batch changes;
    storage::conversation c;
    c.id = *house.ids->next(changes);
    c.message = l.id();
    c.conversation_ref = *conversation_id::parse(l.conversation);
    c.channel = arkiv;
    c.way = direction::incoming;
    c.via = service::dpo;
    c.expires = l.expires.value_or(now + hours(24));
    EXPECT_TRUE(storage::start_conversation(
        changes, house.context->conversations, house.context->statuses, *house.ids, c,
        {{storage::status_name::opprettet, {}, {}, now},
         {storage::status_name::innkommende_mottatt, {}, {}, now}}));
    storage::inbound_message m;
    m.id = *house.ids->next(changes);
    m.order = *house.ids->next(changes);
    m.message = l.id();
    m.channel = arkiv;
    m.via = service::dpo;
    m.expires = l.expires;
    m.content = storage::blob_ref{"beef", 4, std::string(32, 'x')};
    house.context->inbox.insert(changes, m);
    house.commit(changes);
    if (locked) {
      storage::batch lock;
      std::uint64_t from = 0;
      const auto taken = house.context->inbox.peek(lock, arkiv, from, {}, "client", now, hours(48));
      EXPECT_TRUE(taken && *taken);
      house.commit(lock);
    }
    return *m.content;
  }

  test::dpo_house house;
  caf::actor keeper;
};

TEST_F(deadlines_test, an_unfinished_conversation_ends_when_its_time_has_passed) {
  house.started(arkiv, letter{}.id());
  begin();
  house.system.pass(hours(24) - std::chrono::seconds(1), minutes(1));
  EXPECT_EQ(house.statuses(direction::outgoing, letter{}.id()), "OPPRETTET");
  house.system.pass(std::chrono::seconds(2));
  EXPECT_EQ(house.statuses(direction::outgoing, letter{}.id()), "OPPRETTET LEVETID_UTLOPT");
  EXPECT_FALSE(house.last_status(direction::outgoing, letter{}.id()).description);
}

TEST_F(deadlines_test, a_finished_conversation_is_left_alone) {
  auto c = house.started(arkiv, letter{}.id());
  storage::batch changes;
  ASSERT_TRUE(storage::register_status(
      changes, house.context->conversations, house.context->statuses, *house.ids, c,
      {storage::status_name::levert, {}, {}, house.system.time().now()}));
  house.commit(changes);
  begin();
  house.system.pass(hours(25), minutes(1));
  EXPECT_EQ(house.statuses(direction::outgoing, letter{}.id()), "OPPRETTET LEVERT");
}

TEST_F(deadlines_test, what_was_added_after_the_start_is_heard_of_by_a_nudge) {
  begin();
  house.started(arkiv, letter{}.id(), hours(1));
  caf::anon_send(keeper, expiry_changed{});
  house.system.pass(minutes(61), minutes(1));
  EXPECT_EQ(house.statuses(direction::outgoing, letter{}.id()), "OPPRETTET LEVETID_UTLOPT");
}

TEST_F(deadlines_test, many_nudges_share_a_look_and_none_is_forgotten) {
  begin();
  for (int i = 0; i < 100; ++i) {
    house.started(arkiv, house.random->new_message_id(), hours(1));
    caf::anon_send(keeper, expiry_changed{});
  }
  house.started(arkiv, letter{}.id(), std::chrono::seconds(5));
  caf::anon_send(keeper, expiry_changed{});
  house.system.pass(std::chrono::seconds(7), std::chrono::seconds(1));
  EXPECT_EQ(house.statuses(direction::outgoing, letter{}.id()), "OPPRETTET LEVETID_UTLOPT");
}

TEST_F(deadlines_test, an_unread_message_leaves_the_inbox_with_its_content_even_when_locked) {
  const auto content = received(letter{}, true);
  begin();
  house.system.pass(hours(24) + minutes(1), minutes(1));
  EXPECT_EQ(house.statuses(direction::incoming, letter{}.id()),
            "OPPRETTET INNKOMMENDE_MOTTATT LEVETID_UTLOPT");
  EXPECT_FALSE(house.context->inbox.find(letter{}.id())->has_value());
  house.finish_workers();
  EXPECT_TRUE(house.blobs.was_released(content.id));
}

TEST_F(deadlines_test, a_message_without_a_time_of_its_own_stays_in_the_inbox) {
  letter l;
  l.expires.reset();
  received(l);
  begin();
  house.system.pass(hours(25), minutes(1));
  EXPECT_EQ(house.statuses(direction::incoming, l.id()),
            "OPPRETTET INNKOMMENDE_MOTTATT LEVETID_UTLOPT");
  EXPECT_TRUE(house.context->inbox.find(l.id())->has_value());
}

TEST_F(deadlines_test, hundreds_of_overdue_conversations_all_end) {
  std::vector<message_id> all;
  for (int i = 0; i < 250; ++i) {
    all.push_back(house.random->new_message_id());
    house.started(arkiv, all.back(), hours(1));
  }
  house.system.time().advance(hours(2));
  begin();
  for (const auto& id : all)
    ASSERT_EQ(house.statuses(direction::outgoing, id), "OPPRETTET LEVETID_UTLOPT");
}

TEST_F(deadlines_test, events_are_kept_for_their_time_and_then_go) {
  storage::batch names;
  const storage::channel_registry registry(*house.store, house.context->id());
  ASSERT_EQ(registry.add(names, *channel_name::parse("arkiv"), {}), arkiv);
  house.commit(names);
  house.hub->settings.events_keep = hours(3);
  for (int i = 0; i < 700; ++i) house.started(arkiv, house.random->new_message_id(), hours(200));
  begin();
  const auto kept = [&] { return house.context->feed.after(arkiv, 0, 1000)->size(); };
  house.system.pass(hours(2) + minutes(59), minutes(1));
  EXPECT_EQ(kept(), 700u);
  house.started(arkiv, letter{}.id(), hours(200));
  house.system.pass(minutes(31), minutes(1));
  EXPECT_EQ(kept(), 1u);
  EXPECT_GT(*house.context->feed.trimmed(arkiv), 0u);
}

}  // namespace
}  // namespace kp::actors
