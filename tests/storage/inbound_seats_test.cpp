#include "storage/inbound_seats.hpp"

#include "config/text.hpp"
#include "tests/storage/stores.hpp"

using namespace kp;
using namespace kp::storage;
using namespace kp::test;
using namespace std::chrono_literals;

namespace {

constexpr auto arkiv = channel_number{1};
constexpr auto fag = channel_number{2};

class seats_of_one : public store_test {
 protected:
  void SetUp() override {
    store_test::SetUp();
    ids = std::make_unique<row_ids>(*store, hamar);
    messages = std::make_unique<inbox>(*store, hamar);
    talks = std::make_unique<conversations>(*store, hamar);
    all_statuses = std::make_unique<statuses>(*store, hamar);
    seats = std::make_unique<inbound_seats>(*store, hamar, service::dpo);
  }
  inbound_seats::holder give(channel_number to, time_point now = at_second(0)) {
    batch b;
    const auto before = seats->find();
    EXPECT_TRUE(before);
    const auto given = seats->give(b, *before, to, now);
    EXPECT_EQ(commit(b), "");
    return given;
  }
  inbound_seats::holder held() {
    const auto found = seats->find();
    EXPECT_TRUE(found && *found);
    return found && *found ? **found : inbound_seats::holder{};
  }
  // An arrival as it is stored in the name of the holder.
  std::string arrive(unsigned n, channel_number channel, std::uint64_t fence, time_point now) {
    batch b;
    inbound_message m;
    m.id = *ids->next(b);
    m.order = *ids->next(b);
    m.message = message_number(n);
    m.channel = channel;
    m.via = service::dpo;
    messages->insert(b, m);
    conversation c;
    c.message = m.message;
    c.channel = channel;
    c.way = direction::incoming;
    c.via = service::dpo;
    c.expires = at_second(5000 + n);
    const auto started = start_conversation(b, *talks, *all_statuses, *ids, c,
                                            {{status_name::opprettet, {}, {}, now}});
    EXPECT_TRUE(started);
    if (const auto guarded = seats->guard(b, held(), fence, now); !guarded) return outcome(guarded);
    return commit(b);
  }
  std::size_t count(channel_number channel) { return messages->list(channel, {}, {})->total; }

  std::unique_ptr<row_ids> ids;
  std::unique_ptr<inbox> messages;
  std::unique_ptr<conversations> talks;
  std::unique_ptr<statuses> all_statuses;
  std::unique_ptr<inbound_seats> seats;
};

}  // namespace

TEST_P(seats_of_one, nobody_holds_a_seat_that_was_never_given) {
  const auto found = seats->find();
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
}

TEST_P(seats_of_one, each_holder_has_a_higher_number_than_the_one_before) {
  EXPECT_EQ(give(arkiv).held.fence, 1u);
  EXPECT_EQ(give(fag).held.fence, 2u);
  EXPECT_EQ(held().channel, fag);
  EXPECT_EQ(give(arkiv).held.fence, 3u);
  EXPECT_EQ(held().held.fence, 3u);
  EXPECT_EQ(held().held.expires, at_second(0) + inbound_seats::life);
}

TEST_P(seats_of_one, a_late_write_of_the_old_holder_is_refused_inside_the_commit) {
  const auto old = give(arkiv);
  batch late;
  late.put("~work", "of arkiv");
  ASSERT_TRUE(seats->guard(late, old, old.held.fence, at_second(1)));
  give(fag, at_second(2));
  EXPECT_EQ(commit(late), "fenced");
  EXPECT_FALSE(store->get("~work")->has_value());
  EXPECT_EQ(arrive(1, arkiv, old.held.fence, at_second(3)), "fenced");
  EXPECT_EQ(count(arkiv), 0u);
  EXPECT_EQ(arrive(1, fag, held().held.fence, at_second(3)), "");
  EXPECT_EQ(count(fag), 1u);
}

TEST_P(seats_of_one, of_a_move_and_a_write_in_one_group_the_earlier_decides) {
  const auto old = give(arkiv);
  std::vector<batch> group(3);
  const auto write = [&](batch& b, const char* key) {
    b.put(key, "x");
    ASSERT_TRUE(seats->guard(b, old, old.held.fence, at_second(1)));
  };
  write(group[0], "~before");
  seats->give(group[1], old, fag, at_second(1));
  write(group[2], "~after");
  const auto outcomes = store->commit(group);
  EXPECT_EQ(outcome(outcomes[0]), "");
  EXPECT_EQ(outcome(outcomes[1]), "");
  EXPECT_EQ(outcome(outcomes[2]), "fenced");
  EXPECT_TRUE(store->get("~before")->has_value());
  EXPECT_FALSE(store->get("~after")->has_value());
}

TEST_P(seats_of_one, of_two_who_move_at_once_one_does) {
  const auto before = seats->find();
  batch one, two;
  seats->give(one, *before, arkiv, at_second(0));
  seats->give(two, *before, fag, at_second(0));
  EXPECT_EQ(commit(one), "");
  EXPECT_EQ(commit(two), "precondition failed");
  EXPECT_EQ(held().channel, arkiv);
}

TEST_P(seats_of_one, writes_prolong_the_seat_when_half_its_life_is_over) {
  const auto given = give(arkiv);
  ASSERT_EQ(arrive(1, arkiv, 1, at_second(60)), "");
  EXPECT_EQ(held().held.expires, given.held.expires);
  ASSERT_EQ(arrive(2, arkiv, 1, at_second(600)), "");
  EXPECT_EQ(held().held.expires, at_second(600) + inbound_seats::life);
  EXPECT_EQ(held().held.fence, 1u);
}

TEST_P(seats_of_one, a_seat_that_has_expired_is_taken_anew_by_its_holder_with_a_higher_number) {
  give(arkiv);
  ASSERT_EQ(arrive(1, arkiv, 1, at_second(10'000)), "");
  EXPECT_EQ(held().channel, arkiv);
  EXPECT_EQ(held().held.fence, 2u);
  EXPECT_EQ(arrive(2, arkiv, 1, at_second(10'001)), "fenced");
  EXPECT_EQ(arrive(2, arkiv, 2, at_second(10'001)), "");
}

TEST_P(seats_of_one, services_and_organisations_have_seats_of_their_own) {
  give(arkiv);
  const auto other_service = inbound_seats(*store, hamar, service::dpf).find();
  const auto other_organisation = inbound_seats(*store, oslo, service::dpo).find();
  ASSERT_TRUE(other_service && other_organisation);
  EXPECT_FALSE(*other_service);
  EXPECT_FALSE(*other_organisation);
}

TEST_P(seats_of_one, an_operators_choice_is_kept_until_it_is_forgotten) {
  batch b;
  seats->choose(b, {fag, arkiv, at_second(5), "kari"});
  ASSERT_EQ(commit(b), "");
  const auto chosen = seats->choice();
  ASSERT_TRUE(chosen && *chosen);
  EXPECT_EQ((*chosen)->channel, fag);
  EXPECT_EQ((*chosen)->configured, arkiv);
  EXPECT_EQ((*chosen)->at, at_second(5));
  EXPECT_EQ((*chosen)->by, "kari");
  batch back;
  seats->forget_choice(back);
  ASSERT_EQ(commit(back), "");
  EXPECT_FALSE(*seats->choice());
}

TEST_P(seats_of_one, followers_are_listed_until_they_have_settled) {
  batch b;
  seats->follow(b, arkiv);
  seats->follow(b, fag);
  ASSERT_EQ(commit(b), "");
  EXPECT_EQ(*seats->followers(), (std::vector{arkiv, fag}));
  batch c;
  seats->settled(c, arkiv);
  ASSERT_EQ(commit(c), "");
  EXPECT_EQ(*seats->followers(), std::vector{fag});
  EXPECT_TRUE(inbound_seats(*store, hamar, service::dpf).followers()->empty());
}

TEST_P(seats_of_one, waiting_messages_move_in_order_with_conversation_and_statuses) {
  give(arkiv);
  for (unsigned n = 1; n <= 3; ++n) ASSERT_EQ(arrive(n, arkiv, 1, at_second(1)), "");
  std::uint64_t from = 0;
  batch peeking;
  ASSERT_TRUE(messages->peek(peeking, arkiv, from, {}, "peek", at_second(2), 300s).value());
  ASSERT_EQ(commit(peeking), "");

  batch b;
  const auto moved = messages->move_waiting(b, arkiv, fag, *ids, 10, {});
  ASSERT_TRUE(moved);
  ASSERT_EQ(moved->size(), 2u);
  for (const auto& m : *moved) {
    const auto c = talks->find(direction::incoming, m.message);
    ASSERT_TRUE(c && *c);
    ASSERT_TRUE(all_statuses->move(b, **c, *all_statuses->of_conversation(**c), fag));
    talks->move(b, **c, fag);
  }
  ASSERT_EQ(commit(b), "");

  EXPECT_EQ(count(arkiv), 1u) << "the one that is locked stays";
  EXPECT_EQ(count(fag), 2u);
  std::uint64_t place = 1'000'000;  // what was peeked before does not hide them
  for (unsigned n = 2; n <= 3; ++n) {
    place = 0;
    batch p;
    const auto found = messages->peek(p, fag, place, {}, "peek", at_second(3), 300s);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->message.message, message_number(n));
    ASSERT_EQ(commit(p), "");
    const auto c = talks->find(direction::incoming, message_number(n));
    ASSERT_TRUE(c && *c);
    EXPECT_EQ((*c)->channel, fag);
    EXPECT_EQ(all_statuses->of_conversation(**c)->size(), 1u);
  }
  EXPECT_EQ(all_statuses->list(arkiv, {}, {})->total, 1u);
  EXPECT_EQ(all_statuses->list(fag, {}, {})->total, 2u);
  EXPECT_EQ(entries_of(*store, hamar, record_kind::conversation), 3u);
  EXPECT_EQ(entries_of(*store, hamar, record_kind::conversation_expiry), 3u);
  EXPECT_EQ(talks->expired(at_second(10'000), 10)->size(), 3u) << "each is still found when due";
  EXPECT_EQ(entries_of(*store, hamar, record_kind::inbound_listing), 3u);
}

TEST_P(seats_of_one, a_message_that_is_peeked_while_it_moves_does_one_of_the_two) {
  give(arkiv);
  ASSERT_EQ(arrive(1, arkiv, 1, at_second(1)), "");
  const auto race = [&](bool peek_first) {
    batch moving, peeking;
    std::uint64_t from = 0;
    const auto moved = messages->move_waiting(moving, arkiv, fag, *ids, 10, {});
    const auto locked = messages->peek(peeking, arkiv, from, {}, "peek", at_second(2), 300s);
    EXPECT_TRUE(moved && moved->size() == 1 && locked && *locked);
    auto& first = peek_first ? peeking : moving;
    auto& second = peek_first ? moving : peeking;
    EXPECT_EQ(commit(first), "");
    EXPECT_EQ(commit(second), "precondition failed");
  };
  race(true);
  EXPECT_EQ(count(arkiv), 1u);
  batch b;
  ASSERT_EQ(*messages->sweep(b, arkiv, *ids, at_second(400), 10), 1u);
  ASSERT_EQ(commit(b), "");
  race(false);
  EXPECT_EQ(count(arkiv), 0u);
  EXPECT_EQ(count(fag), 1u);
}

TEST_P(seats_of_one, what_does_not_match_stays_and_the_limit_holds) {
  give(arkiv);
  for (unsigned n = 1; n <= 5; ++n) ASSERT_EQ(arrive(n, arkiv, 1, at_second(1)), "");
  batch b;
  const auto moved = messages->move_waiting(b, arkiv, fag, *ids, 2, [](const inbound_message& m) {
    return m.message != message_number(1);
  });
  ASSERT_TRUE(moved);
  ASSERT_EQ(moved->size(), 2u);
  EXPECT_EQ((*moved)[0].message, message_number(2));
  ASSERT_EQ(commit(b), "");
  EXPECT_EQ(count(arkiv), 3u);
}

TEST(seat_choice_encoding, stays_what_it_is) {
  const seat_choice chosen{channel_number{2}, channel_number{1},
                           time_point(1'700'000'000'123'456us), "kari"};
  EXPECT_EQ(to_hex(encode(chosen)), "0102018089818283898506046b617269");
  const auto read = decode_seat_choice(encode(chosen));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->channel, chosen.channel);
  EXPECT_EQ(read->configured, chosen.configured);
  EXPECT_EQ(read->at, chosen.at);
  EXPECT_EQ(read->by, chosen.by);
  auto newer = encode(chosen);
  newer[0] = 2;
  EXPECT_EQ(outcome(decode_seat_choice(newer)), "unknown format");
}

INSTANTIATE_TEST_SUITE_P(both, seats_of_one,
                         ::testing::Values(engine_kind::memory, engine_kind::rocksdb), name_of);
