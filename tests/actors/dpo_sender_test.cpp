#include "actors/outbox_sender.hpp"

#include "actors/arrivals.hpp"
#include "actors/dpo_outgoing.hpp"
#include "fake_dpo.hpp"

namespace kp::actors {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using test::arkiv;
using test::fag;
using test::letter;
using test::outage;
using test::refusal;

const std::string own = "0192:910077473";
const std::string peer = "0192:910075918";

class dpo_sender_test : public test::dpo_adapter_test {
 protected:
  static letter outgoing(std::string message = letter{}.message) {
    letter l;
    l.message = std::move(message);
    l.sender = own;
    l.receiver = peer;
    return l;
  }
  // As a channel leaves a message when its client has sent it.
  void queue(const letter& l, channel_number channel = arkiv, std::uint32_t attempts = 0) {
    house.started(channel, l.id());
    const auto now = house.system.time().now();
    storage::batch changes;
    storage::outgoing_message m;
    m.id = *house.ids->next(changes);
    m.message = l.id();
    m.channel = channel;
    m.via = service::dpo;
    m.type = l.type;
    m.receiver_identifier = "910075918";
    m.sbd = l.text();
    m.expires = l.expires.value_or(now + hours(24));
    m.queued = true;
    m.files = {{"vedlegg.pdf", {}, "application/pdf", 1, false, {"b1", 1, std::string(32, 'x')}},
               {"to.pdf", {}, "application/pdf", 3, false, {"b3", 1, std::string(32, 'x')}},
               {"arkivmelding.xml", {}, "text/xml", 2, true, {"b2", 1, std::string(32, 'x')}}};
    house.context->messages.insert(changes, m);
    auto item = new_item(changes, l, channel);
    item.attempts = attempts;
    house.context->outbox(service::dpo).insert(changes, item);
    house.commit(changes);
    caf::anon_send(adapter, outbox_changed{service::dpo});
    house.system.run();
  }
  void queue_status(const letter& l, channel_number channel = arkiv) {
    storage::batch changes;
    auto item = new_item(changes, l, channel);
    item.kind = storage::outbox_kind::status;
    item.sbd = l.text();
    house.context->outbox(service::dpo).insert(changes, item);
    house.commit(changes);
    caf::anon_send(adapter, outbox_changed{service::dpo});
    house.system.run();
  }
  storage::outbox_item new_item(storage::batch& changes, const letter& l, channel_number channel) {
    storage::outbox_item item;
    item.id = *house.ids->next(changes);
    item.via = service::dpo;
    item.channel = channel;
    item.message = l.id();
    item.queued = item.due = house.system.time().now();
    item.expires = l.expires;
    return item;
  }
  static letter own_status(const std::string& name) {
    auto l = letter::status(name);
    l.sender = own;
    l.receiver = peer;
    return l;
  }
  std::string statuses(const letter& l) { return house.statuses(direction::outgoing, l.id()); }
  bool is_gone(const letter& l, channel_number channel = arkiv) {
    return !house.context->messages.find(channel, l.id())->has_value() &&
           house.outbox_of(l.id()).empty();
  }
  void fail_with(error why) {
    broker->send_answer = [why](const dpo_parcel&) { return std::optional(why); };
  }
  // The pauses between attempts, in seconds.
  std::vector<double> pauses() const {
    std::vector<double> all;
    for (std::size_t i = 1; i < broker->sent.size(); ++i)
      all.push_back(
          std::chrono::duration<double>(broker->sent[i].at - broker->sent[i - 1].at).count());
    return all;
  }
};

TEST_F(dpo_sender_test, a_message_that_is_uploaded_is_sendt_and_leaves_with_its_files) {
  begin();
  queue(outgoing());
  ASSERT_EQ(broker->sent.size(), 1u);
  const auto& parcel = broker->sent[0].parcel;
  EXPECT_EQ(parcel.sender, own);
  EXPECT_EQ(parcel.receiver, peer);
  EXPECT_EQ(parcel.receiver_number, "910075918");
  EXPECT_EQ(parcel.as.name, "910077473_systembruker");
  ASSERT_EQ(parcel.files.size(), 3u);
  EXPECT_EQ(parcel.files[0].filename, "arkivmelding.xml");
  EXPECT_EQ(parcel.files[1].filename, "vedlegg.pdf");
  EXPECT_EQ(parcel.files[2].filename, "to.pdf");
  EXPECT_EQ(statuses(outgoing()), "OPPRETTET SENDT");
  EXPECT_TRUE(is_gone(outgoing()));
  house.finish_workers();
  EXPECT_TRUE(house.blobs.was_released("b1"));
}

TEST_F(dpo_sender_test, a_message_that_was_queued_before_the_start_is_sent) {
  queue(outgoing());
  begin();
  EXPECT_EQ(statuses(outgoing()), "OPPRETTET SENDT");
}

TEST_F(dpo_sender_test, outages_are_retried_after_20_60_180_540_1620_and_then_3600_seconds) {
  auto l = outgoing();
  l.expires = test::simulated_system::start() + hours(100);
  fail_with(outage());
  begin();
  queue(l);
  pass(hours(4), seconds(1));
  const std::vector<double> expected{20, 60, 180, 540, 1620, 3600, 3600};
  ASSERT_GE(broker->sent.size(), expected.size());
  const auto seen = pauses();
  for (std::size_t i = 0; i < std::min(expected.size(), seen.size()); ++i) {
    EXPECT_GE(seen[i], expected[i] * 0.9) << i;
    EXPECT_LE(seen[i], expected[i] * 1.1 + 2) << i;
  }
  EXPECT_EQ(statuses(l), "OPPRETTET");
  broker->send_answer = nullptr;
  pass(hours(2), seconds(10));
  EXPECT_EQ(statuses(l), "OPPRETTET SENDT");
}

TEST_F(dpo_sender_test, nothing_is_tried_before_the_time_that_the_other_side_asked_for) {
  auto why = transient(http::http_errc::rate_limited, "HTTP 429");
  why.retry_after = seconds(300);
  fail_with(why);
  begin();
  queue(outgoing());
  pass(seconds(299));
  EXPECT_EQ(broker->sent.size(), 1u);
  pass(seconds(3));
  EXPECT_EQ(broker->sent.size(), 2u);
}

TEST_F(dpo_sender_test, a_message_whose_time_passes_is_given_up_with_levetid_utlopt) {
  fail_with(outage());
  begin();
  queue(outgoing());
  pass(hours(24) + seconds(5), seconds(10));
  EXPECT_EQ(statuses(outgoing()), "OPPRETTET LEVETID_UTLOPT");
  EXPECT_EQ(house.last_status(direction::outgoing, outgoing().id()).description, lifetime_passed);
  EXPECT_TRUE(is_gone(outgoing()));
  const auto attempts = broker->sent.size();
  pass(hours(2), seconds(30));
  EXPECT_EQ(broker->sent.size(), attempts);
}

TEST_F(dpo_sender_test, a_refusal_that_repeating_does_not_cure_is_feil_at_once) {
  fail_with(refusal());
  begin();
  queue(outgoing());
  EXPECT_EQ(broker->sent.size(), 1u);
  EXPECT_EQ(statuses(outgoing()), "OPPRETTET FEIL");
  const auto last = house.last_status(direction::outgoing, outgoing().id());
  EXPECT_EQ(last.description,
            "Request to receiver '910075918' failed delivery over DPO - Moved to DLQ");
  EXPECT_EQ(last.raw_receipt, "HTTP 400: BRO-00028");
  EXPECT_TRUE(is_gone(outgoing()));
  house.finish_workers();
  EXPECT_TRUE(house.blobs.was_released("b2"));
}

TEST_F(dpo_sender_test, a_denied_token_is_retried) {
  fail_with(permanent(http::http_errc::unauthorized, "HTTP 401"));
  begin();
  queue(outgoing());
  pass(seconds(25));
  EXPECT_EQ(broker->sent.size(), 2u);
  EXPECT_EQ(statuses(outgoing()), "OPPRETTET");
}

TEST_F(dpo_sender_test, the_last_of_106_attempts_is_the_end) {
  auto l = outgoing();
  l.expires.reset();
  fail_with(outage());
  begin();
  queue(l, arkiv, max_failures - 1);
  EXPECT_EQ(statuses(l), "OPPRETTET");
  pass(minutes(70), seconds(10));
  EXPECT_EQ(broker->sent.size(), 2u);
  EXPECT_EQ(statuses(l), "OPPRETTET FEIL");
}

TEST_F(dpo_sender_test, a_sender_without_system_user_is_refused_with_the_text_of_today) {
  begin();
  auto l = outgoing();
  l.sender = "0192:974760673";
  queue(l);
  EXPECT_TRUE(broker->sent.empty());
  EXPECT_EQ(house.last_status(direction::outgoing, l.id()).raw_receipt,
            "Sender 0192:974760673 fra SBD matcher ikke konfigurerte systembrukere");
}

TEST_F(dpo_sender_test, on_behalf_of_others_the_sender_is_the_represented_one) {
  auto settings = std::make_shared<tenants::organisation>(*house.context->settings);
  settings->dpo.system_user_organisation = "0192:974760673";
  house.use(settings);
  begin();
  auto l = outgoing();
  l.sender = "0192:910077473:974760673";
  queue(l);
  ASSERT_EQ(broker->sent.size(), 1u);
  EXPECT_EQ(broker->sent[0].parcel.sender, "0192:974760673");
  const auto sbd = sbd::parse(broker->sent[0].parcel.sbd, house.system.time().now());
  EXPECT_EQ(sbd->header.sender.front().value, "0192:974760673");
}

TEST_F(dpo_sender_test, ten_go_at_a_time_and_one_that_hangs_blocks_no_other) {
  broker->hold_sends = true;
  begin();
  for (int i = 0; i < 12; ++i) queue(outgoing(house.random->uuid()));
  EXPECT_EQ(broker->sent.size(), 10u);
  for (int i = 0; i < 9; ++i) {
    broker->held_sends.back()();
    broker->held_sends.pop_back();
    house.system.run();
  }
  EXPECT_EQ(broker->sent.size(), 12u);
}

TEST_F(dpo_sender_test, an_attempt_that_takes_long_keeps_its_claim) {
  broker->hold_sends = true;
  begin();
  queue(outgoing());
  pass(minutes(10), seconds(1));
  ASSERT_EQ(broker->sent.size(), 1u);
  broker->held_sends.front()();
  house.system.run();
  EXPECT_EQ(statuses(outgoing()), "OPPRETTET SENDT");
  EXPECT_TRUE(is_gone(outgoing()));
}

TEST_F(dpo_sender_test, what_was_being_sent_at_a_crash_is_sent_again_within_a_minute) {
  broker->hold_sends = true;
  begin();
  queue(outgoing());
  restart();
  broker->hold_sends = false;
  pass(seconds(61));
  EXPECT_EQ(broker->sent.size(), 2u);
  EXPECT_EQ(statuses(outgoing()), "OPPRETTET SENDT");
  // The answer to the first one comes late and changes nothing.
  broker->held_sends.front()();
  house.system.run();
  EXPECT_EQ(statuses(outgoing()), "OPPRETTET SENDT");
}

TEST_F(dpo_sender_test, statuses_are_sent_without_a_status_of_their_own) {
  begin();
  house.started(arkiv, letter{}.id());
  queue_status(own_status("MOTTATT"));
  EXPECT_EQ(broker->sent.size(), 1u);
  EXPECT_EQ(statuses(letter{}), "OPPRETTET");
  EXPECT_TRUE(house.outbox_of(letter{}.id()).empty());
}

TEST_F(dpo_sender_test, a_status_that_cannot_be_delivered_is_dropped_in_silence) {
  begin();
  house.started(arkiv, letter{}.id());
  fail_with(refusal());
  queue_status(own_status("MOTTATT"));
  EXPECT_TRUE(house.outbox_of(letter{}.id()).empty());
  fail_with(outage());
  queue_status(own_status("LEVERT"));
  pass(hours(25), seconds(30));
  EXPECT_TRUE(house.outbox_of(letter{}.id()).empty());
  EXPECT_EQ(statuses(letter{}), "OPPRETTET");
}

TEST_F(dpo_sender_test, levert_never_overtakes_mottatt_of_the_same_message) {
  begin();
  fail_with(outage());
  queue_status(own_status("MOTTATT"));
  broker->send_answer = nullptr;
  queue_status(own_status("LEVERT"));
  pass(minutes(3), seconds(1));
  ASSERT_EQ(broker->sent.size(), 3u);
  EXPECT_NE(broker->sent[1].parcel.sbd.find("MOTTATT"), std::string::npos);
  EXPECT_NE(broker->sent[2].parcel.sbd.find("LEVERT"), std::string::npos);
}

TEST_F(dpo_sender_test, a_status_that_waits_for_an_earlier_one_has_not_been_tried) {
  begin();
  broker->hold_sends = true;
  queue_status(own_status("MOTTATT"));
  queue_status(own_status("LEVERT"));
  pass(minutes(5), seconds(1));
  const auto waiting = house.outbox_of(own_status("LEVERT").id());
  ASSERT_EQ(waiting.size(), 2u);
  EXPECT_EQ(waiting[1].attempts, 0u);
}

TEST_F(dpo_sender_test, what_the_receiver_has_answered_is_not_sent_again) {
  begin();
  fail_with(outage());
  queue(outgoing());
  ASSERT_EQ(broker->sent.size(), 1u);
  auto c = **house.context->conversations.find(direction::outgoing, outgoing().id());
  storage::batch changes;
  ASSERT_TRUE(storage::register_status(
      changes, house.context->conversations, house.context->statuses, *house.ids, c,
      {storage::status_name::mottatt, {}, {}, house.system.time().now()}));
  house.commit(changes);
  broker->send_answer = nullptr;
  pass(minutes(3), seconds(1));
  EXPECT_EQ(broker->sent.size(), 1u);
  EXPECT_TRUE(house.outbox_of(outgoing().id()).empty());
  EXPECT_FALSE(*house.context->messages.find(outgoing().id()));
  EXPECT_EQ(statuses(outgoing()), "OPPRETTET MOTTATT");
}

TEST_F(dpo_sender_test, a_status_that_came_while_the_upload_was_under_way_is_kept) {
  broker->hold_sends = true;
  begin();
  queue(outgoing());
  auto c = **house.context->conversations.find(direction::outgoing, outgoing().id());
  storage::batch changes;
  ASSERT_TRUE(storage::register_status(
      changes, house.context->conversations, house.context->statuses, *house.ids, c,
      {storage::status_name::mottatt, {}, {}, house.system.time().now()}));
  house.commit(changes);
  broker->held_sends.front()();
  house.system.run();
  EXPECT_EQ(statuses(outgoing()), "OPPRETTET MOTTATT");
}

TEST_F(dpo_sender_test, C6_C7_messages_carry_a_uuid_as_reference) {
  begin();
  auto l = outgoing();
  l.channel_scope = "foo-42";
  queue(l, fag);
  ASSERT_EQ(broker->sent.size(), 1u);
  EXPECT_TRUE(message_id::parse(broker->sent[0].parcel.reference));
  EXPECT_EQ(broker->sent[0].parcel.reference.size(), 36u);
  EXPECT_NE(broker->sent[0].parcel.sbd.find("foo-42"), std::string::npos);
}

TEST_F(dpo_sender_test, C8_C9_C12_statuses_echo_the_channel_of_the_message) {
  begin();
  auto l = own_status("MOTTATT");
  l.channel_scope = "bar-1";
  queue_status(l);
  EXPECT_EQ(broker->sent.at(0).parcel.reference, "bar-1");
  EXPECT_NE(broker->sent.at(0).parcel.sbd.find("bar-1"), std::string::npos);
  queue_status(own_status("LEVERT"));
  EXPECT_TRUE(message_id::parse(broker->sent.at(1).parcel.reference));
}

TEST_F(dpo_sender_test, C13_C14_the_own_channel_is_never_echoed_others_are) {
  begin();
  auto l = own_status("MOTTATT");
  l.channel_scope = "foo-42";
  queue_status(l, fag);
  EXPECT_TRUE(message_id::parse(broker->sent.at(0).parcel.reference));
  l.channel_scope = "bar-1";
  queue_status(l, fag);
  EXPECT_EQ(broker->sent.at(1).parcel.reference, "bar-1");
}

TEST_F(dpo_sender_test, C10_C11_C25_receipts_carry_the_channel_that_they_echo) {
  begin();
  for (int i = 0; i < 2; ++i) {
    auto l = letter::receipt(letter{}.message, "OK");
    l.message = house.random->uuid();
    l.sender = own;
    l.receiver = peer;
    l.channel_scope = "bar-1";
    queue(l, fag);
  }
  EXPECT_EQ(broker->sent.at(0).parcel.reference, "bar-1");
  EXPECT_EQ(broker->sent.at(1).parcel.reference, "bar-1");
}

}  // namespace
}  // namespace kp::actors
