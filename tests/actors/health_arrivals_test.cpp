#include "actors/health_arrivals.hpp"

#include "actors/channel_router.hpp"
#include "actors/seat_messages.hpp"
#include "dpo_house.hpp"
#include "protocol/dph/messages.hpp"
#include "storage/health_references.hpp"

#include <gmock/gmock.h>

// Arrivals of DPH: whose they are, what receipts register, and the receipts that the hub gives.

namespace kp::actors {
namespace {

using storage::status_name;
using test::arkiv;
using test::fag;
using testing::SizeIs;

const std::string sent_id = "1c62e13e-e05b-431b-81f9-197cb794fabc";
const std::string arrived_id = "8baf0255-2687-49e3-9398-bbdf32bfccfc";
const std::string receipt_id = "3f4f5a1e-4a0f-4e0f-9d5a-54f1cf0f7a01";
const std::string nhn_id = "3ef83023-3532-4f9c-9b9a-0ebfba6de4c5";
const std::string own = "her-id:8093", practice = "her-id:9001";

message_id id_of(const std::string& text) {
  return *message_id::parse(text);
}

class health_arrivals : public ::testing::Test {
 protected:
  health_arrivals() { use(false); }

  // "arkiv" has HER-id 8093, "fag" has 8094, and 8095 is with an installation elsewhere.
  void use(bool automatic) {
    auto settings = std::make_shared<tenants::organisation>(*house.context->settings);
    settings->dph.enabled = true;
    settings->dph.automatic_receipts = automatic;
    settings->channels.resize(2, settings->channels.front());
    settings->channels[0].addresses.her_ids = {8093};
    settings->channels[0].receives.insert(service::dph);
    settings->channels[1].addresses.her_ids = {8094};
    auto elsewhere = settings->channels[1];
    elsewhere.name = *channel_name::parse("elsewhere");
    elsewhere.external = true;
    elsewhere.addresses.her_ids = {8095};
    settings->channels.push_back(elsewhere);
    house.use(std::move(settings));
    router = house.system.spawn(
        channel_router, channel_router_args{house.context, house.organisation, house.writer});
    house.system.run();
  }

  void sent(channel_number channel = arkiv, const std::string& sender = own,
            std::vector<storage::status_change> statuses = {{status_name::sendt, {}, {}, {}}}) {
    storage::conversation c;
    storage::batch changes;
    c.id = *house.ids->next(changes);
    c.message = id_of(sent_id);
    c.conversation_ref = *conversation_id::parse(sent_id);
    c.channel = channel;
    c.via = service::dph;
    c.sender = c.sender_identifier = sender;
    c.receiver = practice;
    c.last_update = house.system.time().now();
    statuses.insert(statuses.begin(), {status_name::opprettet, {}, {}, {}});
    ASSERT_TRUE(storage::start_conversation(changes, house.context->conversations,
                                            house.context->statuses, *house.ids, c, statuses));
    house.commit(changes);
  }
  arrival_outcome receive(const sbd::document& document, const std::string& transfer = nhn_id,
                          channel_number channel = arkiv) {
    arrival a;
    a.via = service::dph;
    a.channel = channel;
    a.transfer = transfer;
    a.sbd = sbd::to_text(document);
    a.document = std::make_shared<const sbd::document>(document);
    const auto answer = house.system.ask<arrival_outcome>(router, std::move(a));
    EXPECT_TRUE(answer);
    return answer.value_or(arrival_outcome{});
  }
  sbd::document receipt(dph::receipt_state state, const std::string& about = sent_id,
                        const std::string& to = own) {
    dph::receipt_header header{receipt_id, receipt_id, practice, to, house.system.time().now(), {}};
    header.ttl = std::chrono::hours(24);
    dph::receipt what;
    what.about = about;
    what.state = state;
    auto made = dph::make_receipt(header, what);
    made->business_message["rawReceipt"] = "<AppRec/>";
    return *std::move(made);
  }
  sbd::document message(std::chrono::hours life = std::chrono::hours(24)) {
    const auto now = house.system.time().now();
    const auto party = [](const std::string& who) {
      return boost::json::array{{{"identifier", {{"value", who}, {"authority", "nhn-actorid"}}}}};
    };
    auto document =
        sbd::parse(boost::json::serialize(boost::json::object{
                       {"standardBusinessDocumentHeader",
                        {{"sender", party(practice)},
                         {"receiver", party(own)},
                         {"documentIdentification",
                          {{"instanceIdentifier", arrived_id}, {"type", "dialogmelding"}}}}},
                       {"dialogmelding", {{"hoveddokument", "dialogmelding.xml"}}}}),
                   now);
    EXPECT_TRUE(dph::complete(*document, now, life));
    return *std::move(document);
  }
  std::vector<storage::outbox_item> outbox() const {
    std::vector<storage::outbox_item> items;
    const auto all = house.context->outbox(service::dph);
    for (const auto row : *all.of_message(id_of(arrived_id))) items.push_back(**all.find(row));
    return items;
  }
  std::string statuses() const { return house.statuses(direction::outgoing, id_of(sent_id)); }
  std::optional<storage::inbound_message> in_inbox(const std::string& id) const {
    return *house.context->inbox.find(id_of(id));
  }

  test::dpo_house house;
  caf::actor router;
};

TEST_F(health_arrivals, a_her_id_belongs_to_one_channel) {
  const auto route = [&](const std::string& to) {
    return house.system.ask<routed>(router, route_reference{service::dph, to})->channel;
  };
  EXPECT_EQ(route("her-id:8093"), arkiv);
  EXPECT_EQ(route("her-id:8094"), fag);
  EXPECT_EQ(route("her-id:8095"), std::nullopt) << "an installation elsewhere";
  EXPECT_EQ(route("her-id:1"), std::nullopt);
  EXPECT_EQ(route("8093"), std::nullopt);
  EXPECT_EQ(house.system.ask<routed>(router, route_reference{service::dph, {}})->channel,
            std::nullopt);
}

TEST_F(health_arrivals, there_is_no_seat_to_move) {
  const auto shown = house.system.ask<seats_shown>(router, show_seats{});
  ASSERT_TRUE(shown);
  for (const auto& seat : shown->seats) EXPECT_NE(seat.via, service::dph);
}

TEST_F(health_arrivals, a_receipt_is_the_last_word_and_is_shown_to_the_client) {
  sent();
  EXPECT_EQ(receive(receipt(dph::receipt_state::ok)).fate, arrival_fate::stored);
  EXPECT_EQ(statuses(), "OPPRETTET SENDT LEVERT");
  const auto last = house.last_status(direction::outgoing, id_of(sent_id));
  EXPECT_EQ(last.description, "Application receipt has been recieved.");
  EXPECT_EQ(last.raw_receipt, "<AppRec/>");
  EXPECT_TRUE(in_inbox(receipt_id));
}

TEST_F(health_arrivals, a_negative_receipt_is_feil) {
  sent();
  EXPECT_EQ(receive(receipt(dph::receipt_state::rejected)).fate, arrival_fate::stored);
  EXPECT_EQ(statuses(), "OPPRETTET SENDT FEIL");
  EXPECT_EQ(house.last_status(direction::outgoing, id_of(sent_id)).description,
            "Message has been rejected by the application");
}

TEST_F(health_arrivals, so_is_one_that_finds_an_error_in_a_part) {
  sent();
  EXPECT_EQ(receive(receipt(dph::receipt_state::error_in_part)).fate, arrival_fate::stored);
  EXPECT_EQ(statuses(), "OPPRETTET SENDT FEIL");
}

// The answer to sending was lost; the receipt proves that it had arrived.
TEST_F(health_arrivals, a_receipt_for_what_is_not_on_record_as_sent_says_that_it_was) {
  sent(arkiv, own, {});
  EXPECT_EQ(receive(receipt(dph::receipt_state::rejected)).fate, arrival_fate::stored);
  EXPECT_EQ(statuses(), "OPPRETTET SENDT FEIL");
}

TEST_F(health_arrivals, a_receipt_comes_into_effect_once) {
  sent();
  EXPECT_EQ(receive(receipt(dph::receipt_state::ok)).fate, arrival_fate::stored);
  EXPECT_EQ(receive(receipt(dph::receipt_state::ok)).fate, arrival_fate::duplicate);
  EXPECT_EQ(statuses(), "OPPRETTET SENDT LEVERT");
}

TEST_F(health_arrivals, a_receipt_about_nothing_here_changes_nothing_and_is_shown_still) {
  sent();
  EXPECT_EQ(receive(receipt(dph::receipt_state::ok, arrived_id)).fate, arrival_fate::stored);
  EXPECT_EQ(statuses(), "OPPRETTET SENDT");
  EXPECT_TRUE(in_inbox(receipt_id));
}

// dph.md 14 C5, C8: what another HER-id has sent is not answered by this one's receipts.
TEST_F(health_arrivals, a_receipt_for_another_her_id_than_the_senders_is_not_believed) {
  sent(fag, "her-id:8094");
  EXPECT_EQ(receive(receipt(dph::receipt_state::ok)).fate, arrival_fate::stored);
  EXPECT_EQ(statuses(), "OPPRETTET SENDT");
}

TEST_F(health_arrivals, a_receipt_goes_to_the_channel_that_sent) {
  sent(fag);
  EXPECT_EQ(receive(receipt(dph::receipt_state::ok)).fate, arrival_fate::stored);
  ASSERT_TRUE(in_inbox(receipt_id));
  EXPECT_EQ(in_inbox(receipt_id)->channel, fag);
}

TEST_F(health_arrivals, a_message_is_known_by_what_nhn_calls_it) {
  EXPECT_EQ(receive(message()).fate, arrival_fate::stored);
  const auto c = *house.context->conversations.find(direction::incoming, id_of(arrived_id));
  ASSERT_TRUE(c);
  EXPECT_EQ(c->external_system_reference, nhn_id);
  const auto known = storage::health_references(*house.store, house.context->id()).find(nhn_id);
  ASSERT_TRUE(known && *known);
  EXPECT_EQ((*known)->receiver, own);
  EXPECT_EQ((*known)->sender, practice);
  EXPECT_THAT(outbox(), SizeIs(0)) << "clients give receipts";
  EXPECT_TRUE(*house.context->transfers(service::dph).find(nhn_id));
}

// Reading took it from NHN: late is better than never.
TEST_F(health_arrivals, a_message_that_comes_late_is_not_thrown_away) {
  auto late = message(std::chrono::hours(1));
  house.system.pass(std::chrono::hours(2), std::chrono::minutes(10));
  EXPECT_EQ(receive(late).fate, arrival_fate::stored);
  EXPECT_TRUE(in_inbox(arrived_id));
}

TEST_F(health_arrivals, the_hub_gives_receipts_itself_when_asked_to_and_shows_none) {
  use(true);
  EXPECT_EQ(receive(message()).fate, arrival_fate::stored);
  ASSERT_THAT(outbox(), SizeIs(1));
  EXPECT_EQ(outbox()[0].kind, storage::outbox_kind::status);
  const auto given = sbd::parse(outbox()[0].sbd, house.system.time().now());
  ASSERT_TRUE(given);
  EXPECT_EQ(given->header.sender.front().value, own);
  EXPECT_EQ(given->header.receiver.front().value, practice);
  const auto what = dph::parse_receipt(*given);
  ASSERT_TRUE(what);
  EXPECT_EQ(what->about, nhn_id);
  EXPECT_EQ(what->state, dph::receipt_state::ok);
  EXPECT_GE(house.outbox_nudges, 1);
  EXPECT_EQ(receive(message()).fate, arrival_fate::duplicate);
  EXPECT_THAT(outbox(), SizeIs(1)) << "a copy is not answered";

  sent();
  EXPECT_EQ(receive(receipt(dph::receipt_state::ok), "another").fate,
            arrival_fate::status_registered);
  EXPECT_EQ(statuses(), "OPPRETTET SENDT LEVERT");
  EXPECT_FALSE(in_inbox(receipt_id));
  EXPECT_TRUE(*house.context->transfers(service::dph).find("another"))
      << "after a crash it is only confirmed";
  EXPECT_EQ(receive(receipt(dph::receipt_state::ok, arrived_id), "third").fate,
            arrival_fate::status_unknown);
}

}  // namespace
}  // namespace kp::actors
