#include "actors/router_seats.hpp"

#include "dpo_house.hpp"

#include <fmt/format.h>

namespace kp::actors {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using test::arkiv;
using test::fag;
using test::letter;

const auto arkiv_name = *channel_name::parse("arkiv");
const auto fag_name = *channel_name::parse("fag");

std::string message_number(int n) {
  return fmt::format("00000000-0000-4000-8000-{:012x}", n);
}

class router_seats_test : public ::testing::Test {
 protected:
  router_seats_test() { open(); }
  // As after a restart of the hub.
  void open() {
    if (router) house.system.stop(router);
    router = house.system.spawn(
        channel_router, channel_router_args{house.context, house.organisation, house.writer});
    house.system.run();
  }
  void use(const std::function<void(tenants::organisation&)>& change) {
    auto settings = std::make_shared<tenants::organisation>(*house.context->settings);
    change(*settings);
    house.use(settings);
    open();
  }
  seat_moved move(std::optional<channel_name> to, std::optional<bool> waiting = {}) {
    const auto answer = house.system.ask<seat_moved>(
        router, move_seat{service::dpo, std::move(to), "kari", waiting});
    EXPECT_TRUE(answer);
    return answer.value_or(seat_moved{});
  }
  routed route(std::optional<std::string> reference = {}) {
    const auto answer =
        house.system.ask<routed>(router, route_reference{service::dpo, std::move(reference)});
    EXPECT_TRUE(answer);
    return answer.value_or(routed{});
  }
  seat_view seat() {
    const auto shown = house.system.ask<seats_shown>(router, show_seats{});
    EXPECT_TRUE(shown && shown->seats.size() == 1);
    return shown ? shown->seats.at(0) : seat_view{};
  }
  arrival arriving(const letter& l, const routed& at) {
    arrival a;
    a.via = service::dpo;
    a.channel = *at.channel;
    a.fence = at.fence;
    a.transfer = "transfer " + l.message;
    a.sender = l.sender;
    a.document = l.parsed();
    a.sbd = l.text();
    return a;
  }
  arrival_outcome receive(arrival a) {
    const auto answer = house.system.ask<arrival_outcome>(router, std::move(a));
    EXPECT_TRUE(answer);
    return answer.value_or(arrival_outcome{});
  }
  void receive(int n) {
    letter l;
    l.message = message_number(n);
    EXPECT_EQ(receive(arriving(l, route())).fate, arrival_fate::stored);
  }
  std::optional<channel_number> channel_of(int n) {
    const auto found = house.context->inbox.find(*message_id::parse(message_number(n)));
    if (!found || !*found) return std::nullopt;
    return (*found)->channel;
  }
  std::string peek(channel_number channel, minutes life = minutes(5)) {
    storage::batch b;
    std::uint64_t from = 0;
    const auto found =
        house.context->inbox.peek(b, channel, from, {}, "peek", house.system.time().now(), life);
    EXPECT_TRUE(found);
    if (!found || !*found) return "";
    house.commit(b);
    return (*found)->message.message.to_string();
  }

  test::dpo_house house;
  caf::actor router;
};

TEST_F(router_seats_test, the_channel_that_the_file_names_receives_first) {
  EXPECT_EQ(route().channel, arkiv);
  EXPECT_EQ(route().fence, 1u);
  EXPECT_EQ(seat().holder, arkiv_name);
  EXPECT_EQ(seat().configured, arkiv_name);
  EXPECT_FALSE(seat().chosen_at);
}

TEST_F(router_seats_test, what_comes_by_a_channels_own_reference_needs_no_seat) {
  EXPECT_EQ(route("foo-42").channel, fag);
  EXPECT_EQ(route("foo-42").fence, 0u);
}

TEST_F(router_seats_test, a_moved_seat_receives_and_holds_across_restarts_against_the_file) {
  const auto moved = move(fag_name);
  ASSERT_FALSE(moved.failure) << moved.failure->message;
  EXPECT_EQ(moved.from, arkiv_name);
  EXPECT_EQ(moved.to, fag_name);
  EXPECT_EQ(moved.fence, 2u);
  EXPECT_EQ(route().channel, fag);
  open();
  EXPECT_EQ(route().channel, fag);
  EXPECT_EQ(route().fence, 2u) << "a restart is no change of hands";
  EXPECT_EQ(seat().configured, arkiv_name);
  EXPECT_EQ(seat().chosen_by, "kari");
  EXPECT_EQ(seat().chosen_at, house.system.time().now());
}

TEST_F(router_seats_test, a_seat_that_is_given_back_is_the_files_again) {
  move(fag_name);
  EXPECT_EQ(move({}).to, arkiv_name);
  EXPECT_FALSE(seat().chosen_at);
  EXPECT_EQ(route().channel, arkiv);
  EXPECT_EQ(route().fence, 3u);
}

TEST_F(router_seats_test, an_operators_word_ends_when_the_file_agrees) {
  move(fag_name);
  use([](tenants::organisation& o) {
    o.channels[0].receives.clear();
    o.channels[1].receives = {service::dpo};
  });
  EXPECT_FALSE(seat().chosen_at);
  EXPECT_EQ(route().channel, fag);
  use([](tenants::organisation& o) {
    o.channels[0].receives = {service::dpo};
    o.channels[1].receives.clear();
  });
  EXPECT_EQ(route().channel, arkiv) << "and from then on the file decides";
}

TEST_F(router_seats_test, the_seat_of_a_channel_that_is_gone_goes_back_to_the_files) {
  move(fag_name);
  use([](tenants::organisation& o) { o.channels.pop_back(); });
  EXPECT_EQ(route().channel, arkiv);
}

TEST_F(router_seats_test, a_move_to_where_it_cannot_be_is_refused_in_words) {
  EXPECT_EQ(move(channel_name::parse("lonn").value()).failure->message,
            "organisation 910077473 has no channel \"lonn\"");
  use([](tenants::organisation& o) { o.channels[1].external = true; });
  EXPECT_EQ(move(fag_name).failure->message,
            "channel \"fag\" of 910077473 is an installation elsewhere; its seat is not here");
  use([](tenants::organisation& o) { o.channels[0].receives.clear(); });
  const auto back = move({});
  ASSERT_TRUE(back.failure);
  EXPECT_FALSE(back.failure->retryable);
  EXPECT_EQ(route().channel, std::nullopt);
}

TEST_F(router_seats_test, what_was_being_fetched_when_the_seat_moved_goes_to_the_new_holder_once) {
  letter l;
  const auto fetched = arriving(l, route());
  move(fag_name);
  EXPECT_EQ(receive(fetched).fate, arrival_fate::stored);
  const auto stored = *house.context->inbox.find(l.id());
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->channel, fag);
  EXPECT_EQ(receive(fetched).fate, arrival_fate::duplicate);
  EXPECT_EQ(house.outbox_of(l.id()).size(), 1u);
}

TEST_F(router_seats_test, what_was_being_fetched_when_the_seat_went_elsewhere_is_not_stored) {
  letter l;
  const auto fetched = arriving(l, route());
  storage::batch elsewhere;  // another node of the hub
  const storage::inbound_seats seats(*house.store, house.context->id(), service::dpo);
  seats.give(elsewhere, *seats.find(), channel_number{9}, house.system.time().now());
  house.commit(elsewhere);
  const auto outcome = receive(fetched);
  ASSERT_TRUE(outcome.failure);
  EXPECT_EQ(outcome.failure->code, make_error_code(storage::storage_errc::fenced));
  EXPECT_FALSE(*house.context->inbox.find(l.id()));
}

TEST_F(router_seats_test, what_nobody_has_peeked_follows_and_what_is_locked_stays) {
  for (int n = 1; n <= 3; ++n) receive(n);
  ASSERT_EQ(peek(arkiv), message_number(1));
  move(fag_name);
  house.system.pass(seconds(1));
  EXPECT_EQ(channel_of(1), arkiv);
  EXPECT_EQ(channel_of(2), fag);
  EXPECT_EQ(channel_of(3), fag);
  EXPECT_EQ(house.statuses(direction::incoming, *message_id::parse(message_number(2))),
            "OPPRETTET INNKOMMENDE_MOTTATT");
  EXPECT_EQ((*house.context->conversations.find(direction::incoming,
                                                *message_id::parse(message_number(2))))
                ->channel,
            fag);
  EXPECT_EQ(peek(fag), message_number(2));
}

TEST_F(router_seats_test, a_lock_that_runs_out_after_the_move_lets_its_message_follow) {
  receive(1);
  ASSERT_EQ(peek(arkiv), message_number(1));
  move(fag_name);
  house.system.pass(minutes(4));
  EXPECT_EQ(channel_of(1), arkiv);
  house.system.pass(minutes(1));
  storage::batch b;  // as the channel does in time
  ASSERT_EQ(*house.context->inbox.sweep(b, arkiv, *house.ids, house.system.time().now(), 10), 1u);
  house.commit(b);
  house.system.pass(minutes(1));
  EXPECT_EQ(channel_of(1), fag);
}

TEST_F(router_seats_test, what_follows_goes_on_after_a_restart_and_in_portions) {
  const int count = 2 * static_cast<int>(router_seats::followers_at_once) + 5;
  for (int n = 1; n <= count; ++n) receive(n);
  move(fag_name);
  EXPECT_EQ(channel_of(1), fag);
  EXPECT_EQ(channel_of(count), arkiv) << "some at a time";
  open();
  house.system.pass(seconds(2));
  EXPECT_EQ(channel_of(count), fag);
  EXPECT_EQ(house.context->inbox.list(arkiv, {}, {})->total, 0u);
  EXPECT_TRUE(
      storage::inbound_seats(*house.store, house.context->id(), service::dpo).followers()->empty());
}

TEST_F(router_seats_test, waiting_messages_stay_when_the_file_or_the_operator_says_so) {
  receive(1);
  move(fag_name, false);
  house.system.pass(minutes(1));
  EXPECT_EQ(channel_of(1), arkiv);
  move({});
  use([](tenants::organisation& o) { o.waiting_moves = false; });
  move(fag_name);
  house.system.pass(minutes(1));
  EXPECT_EQ(channel_of(1), arkiv);
}

TEST_F(router_seats_test, a_change_of_the_file_moves_the_seat_and_what_waits) {
  receive(1);
  use([](tenants::organisation& o) {
    o.channels[0].receives.clear();
    o.channels[1].receives = {service::dpo};
  });
  house.system.pass(seconds(1));
  EXPECT_EQ(route().channel, fag);
  EXPECT_EQ(route().fence, 2u);
  EXPECT_EQ(channel_of(1), fag);
}

TEST_F(router_seats_test, statuses_and_receipts_reach_the_sender_wherever_the_seat_is) {
  const auto sent = *message_id::parse(message_number(7));
  house.started(arkiv, sent);
  move(fag_name);
  open();
  auto levert = letter::status("LEVERT");
  levert.message = sent.to_string();
  EXPECT_EQ(receive(arriving(levert, route())).fate, arrival_fate::status_registered);
  EXPECT_EQ(house.statuses(direction::outgoing, sent), "OPPRETTET LEVERT");
  EXPECT_EQ(house.last_status(direction::outgoing, sent).channel, arkiv);

  const auto receipt = letter::receipt(sent.to_string(), "OK");
  EXPECT_EQ(receive(arriving(receipt, route())).fate, arrival_fate::stored);
  EXPECT_EQ((*house.context->inbox.find(receipt.id()))->channel, arkiv);
  EXPECT_EQ(house.last_status(direction::outgoing, sent).name, storage::status_name::lest);
}

TEST_F(router_seats_test, a_waiting_receipt_stays_with_the_channel_that_sent) {
  const auto sent = *message_id::parse(message_number(7));
  house.started(arkiv, sent);
  const auto receipt = letter::receipt(sent.to_string(), "OK");
  ASSERT_EQ(receive(arriving(receipt, route())).fate, arrival_fate::stored);
  receive(1);
  move(fag_name);
  house.system.pass(seconds(1));
  EXPECT_EQ((*house.context->inbox.find(receipt.id()))->channel, arkiv);
  EXPECT_EQ(channel_of(1), fag);
}

TEST_F(router_seats_test, what_is_left_alone_is_counted_by_reason) {
  route("somebody-elses");
  route("another");
  use([](tenants::organisation& o) { o.channels[0].external = true; });
  EXPECT_EQ(route().channel, std::nullopt);
  EXPECT_TRUE(seat().external);
  route("somebody-elses");
  auto levert = letter::status("LEVERT");
  arrival a = arriving(levert, routed{fag, 0});
  EXPECT_EQ(receive(a).fate, arrival_fate::status_unknown);
  const auto counts = house.system.ask<left_alone_counts>(router, count_left_alone{});
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->unknown_reference, 1u);
  EXPECT_EQ(counts->external, 1u);
  EXPECT_EQ(counts->unknown_message, 1u);
}

TEST_F(router_seats_test, a_seat_that_expired_at_rest_is_the_holders_still) {
  const auto before = route();
  house.system.pass(minutes(60), minutes(5));
  letter l;
  EXPECT_EQ(receive(arriving(l, before)).fate, arrival_fate::stored);
  l.message = message_number(2);
  EXPECT_EQ(receive(arriving(l, before)).fate, arrival_fate::stored);
  EXPECT_EQ(channel_of(2), arkiv);
  EXPECT_EQ(route().fence, 2u);
}

}  // namespace
}  // namespace kp::actors
