#include "actors/channel_router.hpp"

#include "actors/arrivals.hpp"
#include "dpo_house.hpp"

namespace kp::actors {
namespace {

using test::arkiv;
using test::fag;
using test::letter;

class channel_router_test : public ::testing::Test {
 protected:
  channel_router_test() {
    router = house.system.spawn(
        channel_router, channel_router_args{house.context, house.organisation, house.writer});
  }
  std::optional<channel_number> route(std::optional<std::string> reference) {
    const auto answer =
        house.system.ask<routed>(router, route_reference{service::dpo, std::move(reference)});
    EXPECT_TRUE(answer);
    return answer ? answer->channel : std::nullopt;
  }
  static arrival arriving(const letter& l, channel_number channel = arkiv) {
    arrival a;
    a.via = service::dpo;
    a.channel = channel;
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
  arrival_outcome receive(const letter& l, channel_number channel = arkiv) {
    return receive(arriving(l, channel));
  }
  std::optional<storage::inbound_message> in_inbox(const message_id& id) {
    return *house.context->inbox.find(id);
  }

  test::dpo_house house;
  caf::actor router;
};

TEST_F(channel_router_test, keeps_the_content_of_an_arrival_whose_commit_failed_in_doubt) {
  // After a failed sync the record may be there at the next start; without its content the message
  // would be lost, as the next delivery is a duplicate.
  const auto failing = house.system.spawn_function([](caf::event_based_actor*) -> caf::behavior {
    return {[](const commit&) {
      return committed{permanent(storage::storage_errc::io, "the sync failed")};
    }};
  });
  router = house.system.spawn(channel_router,
                              channel_router_args{house.context, house.organisation, failing});
  letter l;
  auto a = arriving(l);
  a.state = storage::content_state::readable;
  a.content = storage::blob_ref{"beef", 4, ""};
  a.blob_record = std::make_shared<storage::batch>();
  EXPECT_TRUE(receive(std::move(a)).failure);
  house.finish_workers();
  EXPECT_FALSE(house.blobs.was_released("beef"));
}

TEST_F(channel_router_test, a_message_of_a_channel_to_itself_has_one_conversation) {
  letter l;
  house.started(arkiv, l.id());
  EXPECT_EQ(receive(l).fate, arrival_fate::stored);
  EXPECT_EQ(house.statuses(direction::outgoing, l.id()), "OPPRETTET INNKOMMENDE_MOTTATT");
  EXPECT_FALSE(*house.context->conversations.find(direction::incoming, l.id()));
  EXPECT_TRUE(in_inbox(l.id()));
  EXPECT_EQ(receive(l).fate, arrival_fate::duplicate);
  // That of another channel is another conversation.
  letter across;
  across.message = "0b7f3c52-8d0b-4a77-8a0c-0d3e4f1b2c3d";
  house.started(fag, across.id());
  EXPECT_EQ(receive(across).fate, arrival_fate::stored);
  EXPECT_EQ(house.statuses(direction::outgoing, across.id()), "OPPRETTET");
  EXPECT_EQ(house.statuses(direction::incoming, across.id()), "OPPRETTET INNKOMMENDE_MOTTATT");
}

TEST_F(channel_router_test, C15_references_that_are_absent_or_a_uuid_go_to_the_receiver) {
  EXPECT_EQ(route({}), arkiv);
  EXPECT_EQ(route("ff88849c-e281-4809-8555-7cd54952b916"), arkiv);
}

TEST_F(channel_router_test, C16_any_possible_message_channel_of_others_is_left_alone) {
  EXPECT_EQ(route("bar"), std::nullopt);
  EXPECT_EQ(route("2026-1234_A"), std::nullopt);
  EXPECT_EQ(route("abcdefghijklmnopqrstuvwxy"), std::nullopt);  // 25
  EXPECT_EQ(route(""), std::nullopt);
}

TEST_F(channel_router_test, C17_what_cannot_be_a_message_channel_goes_to_the_receiver) {
  EXPECT_EQ(route("abcdefghijklmnopqrstuvwxyz"), arkiv);  // 26
  EXPECT_EQ(route("sak.1"), arkiv);
  EXPECT_EQ(route("sak:1"), arkiv);
  EXPECT_EQ(route("sak 1"), arkiv);
  EXPECT_EQ(route("bær"), arkiv);
}

TEST_F(channel_router_test, C18_C19_a_message_channel_is_matched_letter_by_letter) {
  EXPECT_EQ(route("foo-42"), fag);
  EXPECT_EQ(route("FOO-42"), std::nullopt);
  EXPECT_EQ(route("foo-4"), std::nullopt);
}

TEST_F(channel_router_test, C24_without_a_receiver_only_own_references_are_taken) {
  auto settings = std::make_shared<tenants::organisation>(*house.context->settings);
  settings->channels[0].receives.clear();
  house.use(settings);
  router = house.system.spawn(channel_router,
                              channel_router_args{house.context, house.organisation, house.writer});
  EXPECT_EQ(route({}), std::nullopt);
  EXPECT_EQ(route("ff88849c-e281-4809-8555-7cd54952b916"), std::nullopt);
  EXPECT_EQ(route("foo-42"), fag);
}

TEST_F(channel_router_test, what_belongs_to_an_external_channel_is_left_alone) {
  auto settings = std::make_shared<tenants::organisation>(*house.context->settings);
  settings->channels[0].external = true;
  house.use(settings);
  router = house.system.spawn(channel_router,
                              channel_router_args{house.context, house.organisation, house.writer});
  EXPECT_EQ(route({}), std::nullopt);
  EXPECT_EQ(route("foo-42"), fag);
  settings = std::make_shared<tenants::organisation>(*settings);
  settings->channels[1].external = true;
  house.use(settings);
  router = house.system.spawn(channel_router,
                              channel_router_args{house.context, house.organisation, house.writer});
  EXPECT_EQ(route("foo-42"), std::nullopt);
}

TEST_F(channel_router_test, a_message_is_stored_with_conversation_and_answer_in_one_commit) {
  const letter l;
  auto a = arriving(l);
  a.state = storage::content_state::readable;
  a.content = storage::blob_ref{"0123456789abcdef0123456789abcdef", 5, std::string(32, 'x')};
  a.blob_record = std::make_shared<storage::batch>();
  a.blob_record->put("~blob record", "there");
  const auto outcome = receive(a);
  ASSERT_FALSE(outcome.failure) << outcome.failure->message;
  EXPECT_EQ(outcome.fate, arrival_fate::stored);

  const auto stored = in_inbox(l.id());
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->channel, arkiv);
  EXPECT_EQ(stored->sbd, l.text());
  EXPECT_EQ(stored->sender_identifier, "910075918");
  EXPECT_EQ(stored->state, storage::content_state::readable);
  EXPECT_EQ(stored->content->id, a.content->id);
  EXPECT_EQ(stored->expires, l.expires);
  EXPECT_EQ(house.store->get("~blob record")->value_or(""), "there");
  EXPECT_EQ(house.statuses(direction::incoming, l.id()), "OPPRETTET INNKOMMENDE_MOTTATT");

  const auto items = house.outbox_of(l.id());
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0].kind, storage::outbox_kind::status);
  const auto answer = sbd::parse(items[0].sbd, house.system.time().now());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->type(), "status");
  EXPECT_EQ(answer->message(), l.id());
  EXPECT_EQ(answer->header.receiver.front().value, "0192:910075918");
  EXPECT_EQ(answer->business_message.at("status"), "MOTTATT");

  const auto transfer = house.context->transfers(service::dpo).find(a.transfer);
  ASSERT_TRUE(transfer && *transfer);
  EXPECT_EQ((*transfer)->state, storage::transfer_state::stored);
  EXPECT_EQ(house.outbox_nudges, 1);
  EXPECT_EQ(house.expiry_nudges, 1);
  house.finish_workers();
  EXPECT_FALSE(house.blobs.was_released(a.content->id));
}

TEST_F(channel_router_test, a_message_that_came_before_is_passed_over_also_after_it_was_deleted) {
  const letter l;
  ASSERT_EQ(receive(l).fate, arrival_fate::stored);
  storage::batch deletion;
  house.context->inbox.remove(deletion, *in_inbox(l.id()), std::nullopt);
  house.commit(deletion);

  auto again = arriving(l);
  again.content = storage::blob_ref{"beef", 5, std::string(32, 'x')};
  EXPECT_EQ(receive(again).fate, arrival_fate::duplicate);
  EXPECT_FALSE(in_inbox(l.id()));
  EXPECT_EQ(house.statuses(direction::incoming, l.id()), "OPPRETTET INNKOMMENDE_MOTTATT");
  EXPECT_EQ(house.outbox_of(l.id()).size(), 1u);
  house.finish_workers();
  EXPECT_TRUE(house.blobs.was_released("beef"));
}

TEST_F(channel_router_test, unreadable_content_is_received_with_feil_and_the_reason) {
  auto a = arriving(letter{});
  a.state = storage::content_state::unreadable;
  a.content = storage::blob_ref{"beef", 5, std::string(32, 'x')};
  a.content_problem = "wrong key";
  EXPECT_EQ(receive(a).fate, arrival_fate::stored);
  EXPECT_EQ(house.statuses(direction::incoming, letter{}.id()),
            "OPPRETTET INNKOMMENDE_MOTTATT FEIL");
  EXPECT_EQ(house.last_status(direction::incoming, letter{}.id()).description, "wrong key");
  EXPECT_EQ(in_inbox(letter{}.id())->state, storage::content_state::unreadable);
}

TEST_F(channel_router_test, an_expired_message_gets_a_conversation_but_no_place_in_the_inbox) {
  letter l;
  l.expires = test::simulated_system::start() - std::chrono::seconds(1);
  EXPECT_EQ(receive(l).fate, arrival_fate::expired);
  EXPECT_FALSE(in_inbox(l.id()));
  EXPECT_EQ(house.statuses(direction::incoming, l.id()), "OPPRETTET LEVETID_UTLOPT");
  EXPECT_EQ(house.last_status(direction::incoming, l.id()).description, lifetime_passed);
  EXPECT_TRUE(house.outbox_of(l.id()).empty());
}

TEST_F(channel_router_test, a_message_without_a_time_is_never_too_late) {
  letter l;
  l.expires.reset();
  EXPECT_EQ(receive(l).fate, arrival_fate::stored);
  EXPECT_FALSE(in_inbox(l.id())->expires);
}

TEST_F(channel_router_test, C20_a_status_is_registered_where_the_message_was_sent) {
  const auto status = letter::status("MOTTATT");
  house.started(fag, status.id());
  EXPECT_EQ(receive(status, arkiv).fate, arrival_fate::status_registered);
  EXPECT_EQ(house.statuses(direction::outgoing, status.id()), "OPPRETTET MOTTATT");
  EXPECT_FALSE(in_inbox(status.id()));
  EXPECT_EQ(house.last_status(direction::outgoing, status.id()).channel, fag);
}

TEST_F(channel_router_test, statuses_are_registered_once_and_never_go_back) {
  house.started(arkiv, letter{}.id());
  receive(letter::status("LEVERT"));
  EXPECT_EQ(receive(letter::status("MOTTATT")).fate, arrival_fate::status_registered);
  receive(letter::status("LEVERT"));
  EXPECT_EQ(house.statuses(direction::outgoing, letter{}.id()), "OPPRETTET LEVERT");
}

TEST_F(channel_router_test, an_expired_status_is_a_status_still) {
  auto status = letter::status("LEVERT");
  status.expires = test::simulated_system::start() - std::chrono::hours(24);
  house.started(arkiv, status.id());
  EXPECT_EQ(receive(status).fate, arrival_fate::status_registered);
  EXPECT_EQ(house.statuses(direction::outgoing, status.id()), "OPPRETTET LEVERT");
}

TEST_F(channel_router_test, a_status_for_an_unknown_message_changes_nothing) {
  const auto outcome = receive(letter::status("LEVERT"));
  EXPECT_FALSE(outcome.failure);
  EXPECT_EQ(outcome.fate, arrival_fate::status_unknown);
  EXPECT_EQ(house.statuses(direction::outgoing, letter{}.id()), "no conversation");
  EXPECT_EQ(house.statuses(direction::incoming, letter{}.id()), "no conversation");
}

TEST_F(channel_router_test, a_status_never_touches_an_incoming_conversation_of_the_same_id) {
  ASSERT_EQ(receive(letter{}).fate, arrival_fate::stored);
  EXPECT_EQ(receive(letter::status("LEVERT")).fate, arrival_fate::status_unknown);
  EXPECT_EQ(house.statuses(direction::incoming, letter{}.id()), "OPPRETTET INNKOMMENDE_MOTTATT");
}

TEST_F(channel_router_test, C22_a_status_with_a_channel_scope_leaves_no_reference) {
  auto status = letter::status("LEVERT");
  status.channel_scope = "foo-42";
  house.started(arkiv, status.id());
  receive(status);
  EXPECT_FALSE(house.context->references.find(status.id())->has_value());
}

TEST_F(channel_router_test, C23_the_channel_of_a_message_is_remembered_and_echoed_in_its_status) {
  letter l;
  l.channel_scope = "foo-42";
  receive(l);
  EXPECT_EQ(house.context->references.find(l.id())->value_or(""), "foo-42");
  const auto answer = sbd::parse(house.outbox_of(l.id()).at(0).sbd, house.system.time().now());
  EXPECT_EQ(answer->message_channel(), "foo-42");
}

TEST_F(channel_router_test, C26_a_scope_without_identifier_is_no_reference) {
  letter l;
  l.channel_scope = "-";
  EXPECT_EQ(receive(l).fate, arrival_fate::stored);
  EXPECT_FALSE(house.context->references.find(l.id())->has_value());
  const auto answer = sbd::parse(house.outbox_of(l.id()).at(0).sbd, house.system.time().now());
  EXPECT_FALSE(answer->message_channel());
}

TEST_F(channel_router_test, a_receipt_goes_to_the_channel_that_sent_and_is_read_as_lest) {
  const auto receipt = letter::receipt(letter{}.message, "OK");
  house.started(fag, letter{}.id());
  EXPECT_EQ(receive(receipt, arkiv).fate, arrival_fate::stored);
  EXPECT_EQ(in_inbox(receipt.id())->channel, fag);
  EXPECT_EQ(house.statuses(direction::outgoing, letter{}.id()), "OPPRETTET LEST");
  const auto last = house.last_status(direction::outgoing, letter{}.id());
  EXPECT_EQ(last.description, "ArkivmeldingKvittering: OK");
  ASSERT_TRUE(last.raw_receipt);
  EXPECT_EQ(boost::json::parse(*last.raw_receipt).as_object().at("receiptType"), "OK");
  EXPECT_EQ(house.outbox_of(receipt.id()).size(), 1u);
}

TEST_F(channel_router_test, a_receipt_of_failure_is_feil_and_one_for_nobody_goes_where_routed) {
  house.started(fag, letter{}.id());
  receive(letter::receipt(letter{}.message, "ERROR"));
  EXPECT_EQ(house.statuses(direction::outgoing, letter{}.id()), "OPPRETTET FEIL");

  auto stray = letter::receipt("bb88849c-e281-4809-8555-7cd54952b000", "OK");
  stray.message = "cc88849c-e281-4809-8555-7cd54952b000";
  EXPECT_EQ(receive(stray).fate, arrival_fate::stored);
  EXPECT_EQ(in_inbox(stray.id())->channel, arkiv);
}

TEST_F(channel_router_test, statuses_that_race_with_others_are_decided_anew) {
  house.started(arkiv, letter{}.id());
  int answers = 0;
  for (const auto* name : {"MOTTATT", "LEVERT", "LEST", "ANNET"})
    house.system.later<arrival_outcome>(router, arriving(letter::status(name)),
                                        [&](const arrival_outcome& o) {
                                          EXPECT_FALSE(o.failure);
                                          ++answers;
                                        });
  house.system.run();
  EXPECT_EQ(answers, 4);
  EXPECT_EQ(house.statuses(direction::outgoing, letter{}.id()), "OPPRETTET MOTTATT LEVERT LEST")
      << "nothing that is not known comes after it has been read";
}

TEST_F(channel_router_test, what_cannot_be_stored_is_not_called_received) {
  const auto broken_writer =
      house.system.spawn_function([](caf::event_based_actor*) -> caf::behavior {
        return {[](const commit&) {
          return committed{permanent(storage::storage_errc::read_only, "disk gone")};
        }};
      });
  router = house.system.spawn(
      channel_router, channel_router_args{house.context, house.organisation, broken_writer});
  auto a = arriving(letter{});
  a.content = storage::blob_ref{"beef", 5, std::string(32, 'x')};
  const auto outcome = receive(a);
  EXPECT_FALSE(outcome.fate);
  ASSERT_TRUE(outcome.failure);
  house.finish_workers();
  EXPECT_TRUE(house.blobs.was_released("beef"));
}

}  // namespace
}  // namespace kp::actors
