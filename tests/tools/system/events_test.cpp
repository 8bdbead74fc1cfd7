#include "tests/tools/system/event_source.hpp"
#include "tests/tools/system/town.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <future>
#include <iostream>

// Following a channel: the event stream and the peek that waits, over restarts and hang-ups.

namespace {

using namespace kp::test;
using namespace std::chrono_literals;

class events : public in_town {
 protected:
  std::unique_ptr<event_source> follow(const std::string& who, header_fields headers = {},
                                       const std::string& query = {}) {
    headers.merge(basic(who));
    auto stream = std::make_unique<event_source>(here->api_port(), std::move(headers), query);
    EXPECT_EQ(stream->status(), 200u);
    return stream;
  }
  static auto status_of(const std::string& message, const std::string& status) {
    return [=](const streamed_event& e) {
      return e.name == "status" && e.data.at("messageId").as_string() == message &&
             e.data.at("status").as_string() == status;
    };
  }
  static auto arrival_of(const std::string& message) {
    return [=](const streamed_event& e) {
      return e.name == "arrival" && e.data.at("messageId").as_string() == message;
    };
  }
  static std::vector<std::uint64_t> ids_of(const event_source& stream) {
    std::vector<std::uint64_t> ids;
    for (const auto& each : stream.events()) ids.push_back(each.id);
    return ids;
  }
};

}  // namespace

TEST_F(events, tell_sender_and_receiver_of_a_letter_on_its_way) {
  const auto sender = follow(arkiv);
  const auto receiver = follow(sak);
  const auto bystander = follow(post);
  const auto id = send_letter(arkiv, fjordnes);
  EXPECT_TRUE(receiver->until(arrival_of(id)));
  EXPECT_TRUE(receiver->until(status_of(id, "INNKOMMENDE_MOTTATT")));
  EXPECT_TRUE(sender->until(status_of(id, "OPPRETTET")));
  EXPECT_TRUE(sender->until(status_of(id, "SENDT")));
  EXPECT_TRUE(sender->until(status_of(id, "MOTTATT")));
  EXPECT_FALSE(take(sak, id).empty());
  EXPECT_TRUE(receiver->until(status_of(id, "INNKOMMENDE_LEVERT")));
  EXPECT_TRUE(sender->until(status_of(id, "LEVERT")));

  const auto told = receiver->events();
  const auto arrival = std::ranges::find_if(told, arrival_of(id));
  ASSERT_NE(arrival, told.end());
  EXPECT_EQ(arrival->data.at("senderIdentifier").as_string(), bergvik);
  EXPECT_EQ(arrival->data.at("receiverIdentifier").as_string(), fjordnes);
  EXPECT_EQ(arrival->data.at("process").as_string(), administration);
  EXPECT_EQ(arrival->data.at("direction").as_string(), "INCOMING");
  EXPECT_EQ(arrival->data.at("type").as_string(), "arkivmelding");
  for (const auto& each : sender->events())
    EXPECT_EQ(each.data.at("direction").as_string(), "OUTGOING");
  EXPECT_TRUE(bystander->events().empty());
}

TEST_F(events, carry_the_ids_of_the_statuses_api) {
  const auto stream = follow(arkiv);
  const auto id = send_letter(arkiv, fjordnes);
  ASSERT_TRUE(stream->until(status_of(id, "MOTTATT")));
  const auto page = here->api(arkiv, "GET", "/api/statuses/" + id).json();
  const auto told = stream->events();
  for (const auto& row : page.at("content").as_array()) {
    const auto event =
        std::ranges::find_if(told, status_of(id, std::string(row.at("status").as_string())));
    ASSERT_NE(event, told.end()) << json::serialize(row);
    for (const auto* member : {"id", "convId", "lastUpdate", "messageId", "conversationId"})
      EXPECT_EQ(event->data.at(member), row.at(member)) << member;
  }
}

TEST_F(events, are_resumed_after_a_kill_without_a_loss_or_a_repetition) {
  send_letter(arkiv, fjordnes);
  auto first = follow(arkiv);
  ASSERT_TRUE(until([&] { return first->last_id() > 0; })) << "the id to begin from";
  const auto start = first->last_id();
  const auto before = send_letter(arkiv, fjordnes);
  ASSERT_TRUE(first->until(status_of(before, "OPPRETTET")));
  here->hub().kill();
  const auto seen = ids_of(*first);
  const auto last = first->last_id();
  ASSERT_TRUE(here->start_hub()) << here->hub().log();
  const auto after = send_letter(arkiv, fjordnes);

  const auto resumed = follow(arkiv, {{"Last-Event-ID", std::to_string(last)}});
  ASSERT_TRUE(resumed->until(status_of(after, "MOTTATT")));
  const auto whole = follow(arkiv, {}, "?lastEventId=" + std::to_string(start));
  ASSERT_TRUE(whole->until(status_of(after, "MOTTATT")));
  auto together = seen;
  for (const auto id : ids_of(*resumed)) together.push_back(id);
  auto all = ids_of(*whole);
  const auto length = std::min(all.size(), together.size());
  ASSERT_GT(length, 4u);
  all.resize(length);
  together.resize(length);
  EXPECT_EQ(together, all);
  EXPECT_EQ(std::ranges::adjacent_find(all, std::ranges::greater_equal{}), all.end());
}

TEST_F(events, begin_with_a_gap_for_an_id_that_was_never_given) {
  const auto stream = follow(arkiv, {{"Last-Event-ID", "9000000000000000000"}});
  EXPECT_TRUE(stream->until([](const streamed_event& e) { return e.name == "gap"; }));
  EXPECT_EQ(stream->events().front().name, "gap");
}

TEST_F(events, need_credentials) {
  const event_source stranger(here->api_port(), {});
  EXPECT_EQ(stranger.status(), 401u);
  EXPECT_EQ(here->api(arkiv, "GET", "/api/events", {{"Last-Event-ID", "x"}}).status, 400u);
  EXPECT_EQ(here->api(arkiv, "POST", "/api/events").status, 405u);
}

TEST_F(events, end_in_order_when_the_hub_is_stopped) {
  const auto stream = follow(arkiv);
  // For a message that does not come, whatever other tests have left in the inbox.
  const auto quiet = "/api/messages/in/peek?wait=60s&messageId=" + new_uuid();
  auto peek = std::async(std::launch::async, [&] { return here->api(post, "GET", quiet); });
  ASSERT_TRUE(until([&] { return here->api(post, "GET", "/api/messages/in").status == 200; }));
  std::this_thread::sleep_for(100ms);  // for the peek to have begun, which nothing shows
  const auto asked = std::chrono::steady_clock::now();
  EXPECT_EQ(here->hub().stop(), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - asked, 5s);
  EXPECT_TRUE(stream->ends_in_order());
  EXPECT_EQ(peek.get().status, 204u);
}

TEST_F(events, wake_a_waiting_peek_at_once) {
  const auto stream = follow(sak);
  std::chrono::steady_clock::time_point answered;
  const auto document = travelling_document(skogvik, fjordnes);
  const auto id = id_of(document);
  auto peek = std::async(std::launch::async, [&] {
    auto answer = here->api(sak, "GET", "/api/messages/in/peek?wait=15s&messageId=" + id);
    answered = std::chrono::steady_clock::now();
    return answer;
  });
  inject({{"sender", "0192:" + skogvik},
          {"recipient", "0192:" + fjordnes},
          {"entries", json::array{json::object{{"name", "sbd.json"}, {"json", document}}}}});
  ASSERT_TRUE(stream->until(arrival_of(id)));
  const auto answer = peek.get();
  EXPECT_EQ(answer.status, 200u) << answer.body;
  EXPECT_EQ(id_of(answer.json()), id);
  const auto told = stream->events();
  const auto came = std::ranges::find_if(told, arrival_of(id))->came;
  const auto late = std::chrono::duration_cast<std::chrono::milliseconds>(answered - came);
  std::cout << "the peek was answered " << late.count() << " ms after the event was streamed\n";
  EXPECT_LT(late, 500ms);
}

TEST_F(events, leave_no_message_locked_for_a_client_that_hung_up_while_it_waited) {
  const auto document = travelling_document(skogvik, fjordnes);
  const auto id = id_of(document);
  {
    boost::asio::io_context io;
    boost::asio::ip::tcp::socket gone(io);
    gone.connect({boost::asio::ip::address_v4::loopback(), here->api_port()});
    const auto request =
        "GET /api/messages/in/peek?wait=60s&messageId=" + id +
        " HTTP/1.1\r\nHost: localhost\r\nAuthorization: " + basic(sak).at("Authorization") +
        "\r\n\r\n";
    boost::asio::write(gone, boost::asio::buffer(request));
    std::this_thread::sleep_for(100ms);  // for the wait to have begun, which nothing shows
  }
  inject({{"sender", "0192:" + skogvik},
          {"recipient", "0192:" + fjordnes},
          {"entries", json::array{json::object{{"name", "sbd.json"}, {"json", document}}}}});
  ASSERT_TRUE(until_arrived(sak, id));
  EXPECT_TRUE(lock(sak, id));
}

TEST_F(events, make_a_waiting_peek_end_with_204_when_nothing_comes) {
  const auto begun = std::chrono::steady_clock::now();
  const auto answer =
      here->api(post, "GET", "/api/messages/in/peek?wait=1s&messageId=" + new_uuid());
  EXPECT_EQ(answer.status, 204u);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, 1s);
  EXPECT_EQ(here->api(post, "GET", "/api/messages/in/peek?wait=1h").status, 400u);
}

TEST_F(events, are_streamed_to_a_bounded_number_of_listeners_of_a_channel) {
  std::vector<std::unique_ptr<event_source>> streams;
  for (int i = 0; i < 16; ++i) streams.push_back(follow(barnevern));
  const auto refused = here->api(barnevern, "GET", "/api/events");
  EXPECT_EQ(refused.status, 429u);
  EXPECT_TRUE(refused.headers.contains("retry-after"));
  streams.pop_back();
  // The hub notices soon that one has gone.
  EXPECT_TRUE(until([&] {
    const event_source another(here->api_port(), basic(barnevern));
    return another.status() == 200;
  }));
}

namespace {

class repeated_create : public in_town {
 protected:
  rest_answer create_marked(const json::object& document, const std::string& key) {
    return here->api(arkiv, "POST", "/api/messages/out",
                     {{"Content-Type", "application/json"}, {"Idempotency-Key", key}},
                     json::serialize(document));
  }
};

}  // namespace

TEST_F(repeated_create, gets_its_first_answer_also_after_a_kill) {
  const auto key = new_uuid();
  const auto document = arkivmelding_to(fjordnes);
  const auto first = create_marked(document, key);
  ASSERT_EQ(first.status, 200u) << first.body;
  here->hub().kill();
  ASSERT_TRUE(here->start_hub()) << here->hub().log();
  const auto again = create_marked(document, key);
  EXPECT_EQ(again.status, 200u);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.headers.at("content-type"), first.headers.at("content-type"));
  EXPECT_EQ(create_marked(arkivmelding_to(skogvik), key).status, 422u);
  EXPECT_NE(id_of(create_marked(document, new_uuid()).json()), id_of(first.json()));
}

// The kill comes at some moment around the commit: whatever it hit, there is one message in the
// end.
TEST_F(repeated_create, makes_one_message_whenever_the_hub_is_killed) {
  for (const auto wait : {0ms, 1ms, 3ms}) {
    const auto key = new_uuid();
    auto document = arkivmelding_to(fjordnes);
    // With an id of its own: a message without its answer would make the next create a 400.
    document.at("standardBusinessDocumentHeader")
        .at("documentIdentification")
        .as_object()["instanceIdentifier"] = new_uuid();
    auto lost = std::async(std::launch::async, [&] { return create_marked(document, key); });
    std::this_thread::sleep_for(wait);
    here->hub().kill();
    const auto first = lost.get();
    ASSERT_TRUE(here->start_hub()) << here->hub().log();
    const auto again = create_marked(document, key);
    ASSERT_EQ(again.status, 200u) << again.body;
    if (first.status == 200) EXPECT_EQ(again.body, first.body);
    EXPECT_EQ(create_marked(document, key).body, again.body);
  }
}
