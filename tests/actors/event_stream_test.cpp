#include "actors/event_stream.hpp"

#include "tests/actors/listening.hpp"

#include <boost/json/parse.hpp>

using namespace kp;
using namespace kp::actors;
using namespace kp::test;

namespace {

class event_reader_test : public listening_test {
 protected:
  event_reader open(std::optional<storage::sequence_number> last_seen) {
    auto reader = event_reader::open(*store, somdalen, *channel_name::parse("arkiv"), last_seen);
    EXPECT_TRUE(reader);
    return *std::move(reader);
  }
  // The events in a text, as "id name", and their data.
  struct reading {
    std::vector<std::string> names;
    std::vector<json::object> data;
  };
  static reading read(event_reader& reader) {
    const auto text = reader.read();
    EXPECT_TRUE(text);
    return parse(text.value());
  }
  static reading parse(std::string_view text) {
    reading all;
    std::string id, name;
    while (!text.empty()) {
      const auto line = text.substr(0, text.find('\n'));
      text.remove_prefix(line.size() + 1);
      if (line.starts_with("id: ")) id = line.substr(4);
      if (line.starts_with("event: ")) name = line.substr(7);
      if (line.starts_with("data: ")) all.data.push_back(json::parse(line.substr(6)).as_object());
      if (line.empty()) all.names.push_back(id + " " + name);
    }
    return all;
  }
};

using names = std::vector<std::string>;

}  // namespace

TEST_F(event_reader_test, begins_with_what_comes_now) {
  happens("old");
  auto reader = open({});
  EXPECT_EQ(read(reader).names, names{});
  EXPECT_EQ(reader.position(), "id: 1\n\n");
  happens("new");
  EXPECT_EQ(read(reader).names, names{"2 status"});
  EXPECT_EQ(read(reader).names, names{});
}

TEST_F(event_reader_test, resumes_after_the_last_event_that_was_seen) {
  happens("one");
  happens("two");
  arrives();
  auto reader = open(1);
  EXPECT_EQ(read(reader).names, (names{"2 status", "3 arrival"}));
}

TEST_F(event_reader_test, reads_a_long_past_in_portions_and_leaves_nothing_out) {
  for (int i = 0; i < 600; ++i) happens("x");
  auto reader = open(0);
  std::size_t seen = 0;
  for (auto some = read(reader); !some.names.empty(); some = read(reader)) {
    EXPECT_LE(some.names.size(), event_reader::events_at_a_time);
    seen += some.names.size();
    EXPECT_EQ(some.names.back(), std::to_string(seen) + " status");
  }
  EXPECT_EQ(seen, 600u);
}

TEST_F(event_reader_test, tells_of_a_gap_when_what_was_missed_is_no_longer_kept) {
  happens("one");
  happens("two");
  forget_everything();
  happens("three");
  auto behind = open(1);
  const auto told = read(behind);
  EXPECT_EQ(told.names, (names{"2 gap", "3 status"}));
  EXPECT_EQ(told.data[0].at("lastEventId"), "1");
  auto level = open(2);
  EXPECT_EQ(read(level).names, names{"3 status"});
}

TEST_F(event_reader_test, tells_of_a_gap_when_the_id_was_never_given_and_gives_all_that_is_kept) {
  happens("one");
  happens("two");
  auto reader = open(99);
  EXPECT_EQ(reader.position(), "");
  EXPECT_EQ(read(reader).names, (names{"0 gap", "1 status", "2 status"}));
  EXPECT_EQ(read(reader).names, names{});
}

TEST_F(event_reader_test, tells_of_a_gap_that_opens_while_it_reads) {
  auto reader = open({});
  happens("one");
  forget_everything();
  happens("two");
  EXPECT_EQ(read(reader).names, (names{"1 gap", "2 status"}));
}

TEST_F(event_reader_test, gives_a_status_the_members_of_a_webhook_event_and_of_a_message_status) {
  happens("first line\nsecond line");
  auto reader = open(0);
  const auto told = read(reader);
  ASSERT_EQ(told.data.size(), 1u);
  const auto at = format_timestamp(moment);
  EXPECT_EQ(told.data[0], (json::object{{"createdTs", at},
                                        {"resource", "messages"},
                                        {"event", "status"},
                                        {"messageId", "00000000-0000-4000-8000-000000000001"},
                                        {"conversationId", "00000000-0000-4000-8000-000000000002"},
                                        {"direction", "OUTGOING"},
                                        {"serviceIdentifier", "DPO"},
                                        {"status", "SENDT"},
                                        {"description", "first line\nsecond line"},
                                        {"id", 7},
                                        {"convId", 5},
                                        {"lastUpdate", at}}));
}

TEST_F(event_reader_test, gives_an_arrival_what_the_inbox_can_be_filtered_by) {
  arrives();
  auto reader = open(0);
  const auto told = read(reader);
  ASSERT_EQ(told.data.size(), 1u);
  EXPECT_EQ(told.data[0], (json::object{{"createdTs", format_timestamp(moment)},
                                        {"resource", "messages"},
                                        {"event", "arrival"},
                                        {"messageId", "00000000-0000-4000-8000-000000000001"},
                                        {"conversationId", "00000000-0000-4000-8000-000000000002"},
                                        {"direction", "INCOMING"},
                                        {"serviceIdentifier", "DPO"},
                                        {"senderIdentifier", "910075918"},
                                        {"receiverIdentifier", "910077473"},
                                        {"process", "urn:process"},
                                        {"type", "arkivmelding"}}));
}

TEST_F(event_reader_test, shows_a_limited_credential_its_part_of_the_arrivals_and_every_status) {
  for (std::size_t i = 0; i < 2 * event_reader::events_at_a_time; ++i) arrives();
  happens("last");
  const auto open_with = [&](std::string process) {
    auto view = std::make_shared<tenants::inbox_view>();
    view->processes.insert(std::move(process));
    return *event_reader::open(*store, somdalen, *channel_name::parse("arkiv"), 0, view);
  };
  auto limited = open_with("urn:another");
  EXPECT_EQ(read(limited).names, names{"513 status"});
  EXPECT_EQ(read(limited).names, names{});
  auto allowed = open_with("urn:process");
  EXPECT_EQ(read(allowed).names.front(), "1 arrival");
}

TEST_F(event_reader_test, shows_a_limited_credential_statuses_of_its_part_of_the_inbox) {
  const storage::conversations all(*store, somdalen);
  const auto incoming = [&](storage::row_id row, const std::string& process) {
    storage::conversation c;
    c.id = row;
    c.message = *message_id::parse(fmt::format("00000000-0000-4000-8000-00000000000{}", row));
    c.conversation_ref = event().conversation;
    c.channel = arkiv;
    c.way = direction::incoming;
    c.via = service::dpo;
    c.process = process;
    storage::batch b;
    all.insert(b, c);
    commit(b);
    auto e = event();
    e.kind = storage::event_kind::status;
    e.way = direction::incoming;
    e.name = storage::status_name::innkommende_mottatt;
    e.conversation_row = row;
    tell(e, arkiv);
  };
  incoming(5, "urn:process");
  incoming(6, "urn:another");
  incoming(7, "urn:process");
  auto view = std::make_shared<tenants::inbox_view>();
  view->processes.insert("urn:process");
  auto limited = *event_reader::open(*store, somdalen, *channel_name::parse("arkiv"), 0, view);
  EXPECT_EQ(read(limited).names, (names{"1 status", "3 status"}));
  view = std::make_shared<tenants::inbox_view>();
  view->services.insert(service::dpi);
  auto nothing = *event_reader::open(*store, somdalen, *channel_name::parse("arkiv"), 0, view);
  EXPECT_EQ(read(nothing).names, names{});
}

TEST_F(event_reader_test, sees_nothing_of_another_channel) {
  happens("ours");
  happens("theirs", fag);
  auto reader = open(0);
  EXPECT_EQ(read(reader).names, names{"1 status"});
}

TEST_F(event_reader_test, opens_no_channel_that_has_no_number) {
  EXPECT_FALSE(event_reader::open(*store, somdalen, *channel_name::parse("ukjent"), {}));
}

class event_stream_test : public event_reader_test {
 protected:
  void SetUp() override {
    auto answer = ask(listeners.stream(who("arkiv"), head, connection));
    ASSERT_EQ(answer.status, 200u) << answer.body;
    ASSERT_TRUE(answer.stream);
    EXPECT_EQ(answer.headers.find("Content-Type"), "text/event-stream;charset=UTF-8");
    stream = answer.stream;
  }
  std::string next() {
    auto piece = ask(stream->next());
    EXPECT_TRUE(piece);
    return std::string(piece.value());
  }
  std::shared_ptr<http::response_body> stream;
};

TEST_F(event_stream_test, says_at_once_that_it_is_open_and_where_it_stands) {
  EXPECT_EQ(next(), "retry: 3000\nid: 0\n\n");
}

TEST_F(event_stream_test, gives_an_event_as_soon_as_it_is_durable) {
  next();
  bool done = false;
  std::string text;
  later<result<std::string_view>>(stream->next(), [&](const result<std::string_view>& piece) {
    done = true;
    text = piece.value();
  });
  settle();
  EXPECT_FALSE(done);
  happens("now");
  run_until([&] { return done; });
  EXPECT_EQ(parse(text).names, names{"1 status"});
}

TEST_F(event_stream_test, ends_in_order_when_the_hub_stops) {
  next();
  bool ended = false;
  later<result<std::string_view>>(stream->next(), [&](const result<std::string_view>& piece) {
    ended = piece && piece->empty();
  });
  settle();
  listeners.stop();
  run_until([&] { return ended; });
  EXPECT_EQ(ask(listeners.stream(who("arkiv"), head, connection)).status, 503u);
}

TEST_F(event_stream_test, ends_at_once_and_shows_nothing_more_when_its_credential_is_removed) {
  next();
  bool ended = false;
  later<result<std::string_view>>(stream->next(), [&](const result<std::string_view>& piece) {
    ended = piece && piece->empty();
  });
  settle();
  auto now = settings();
  now.channels.front().credentials.erase(now.channels.front().credentials.begin());
  const auto changed = std::chrono::steady_clock::now();
  listeners.follow(directory_of({now}));
  happens("not for it");
  run_until([&] { return ended; });
  EXPECT_LT(std::chrono::steady_clock::now() - changed, std::chrono::milliseconds(900));
  EXPECT_EQ(ask(listeners.stream(who("arkiv"), head, connection)).status, 401u);
  EXPECT_EQ(ask(listeners.stream(who("arkiv", 1), head, connection)).status, 200u);
}

TEST_F(event_stream_test, goes_on_when_something_else_of_its_organisation_changes) {
  next();
  auto now = settings();
  now.channels.pop_back();
  now.channels.front().lock_timeout = std::chrono::minutes(9);
  listeners.follow(directory_of({now}));
  happens("still for it");
  EXPECT_EQ(parse(next()).names, names{"1 status"});
}

TEST_F(event_stream_test, ends_when_the_client_has_gone) {
  next();
  connection.gone = true;
  EXPECT_EQ(next(), "");
  EXPECT_EQ(listeners.count(), 1u);
  stream.reset();
  EXPECT_EQ(listeners.count(), 0u);
}

TEST_F(event_stream_test, refuses_an_id_that_is_no_number) {
  head.headers.add("Last-Event-ID", "abc");
  const auto answer = ask(listeners.stream(who("arkiv"), head, connection));
  EXPECT_EQ(answer.status, 400u);
  EXPECT_NE(answer.body.find("Last-Event-ID"), std::string::npos);
}

TEST_F(event_stream_test, takes_the_id_from_the_query_when_there_is_no_header) {
  happens("one");
  happens("two");
  head.query = "lastEventId=1";
  stream = ask(listeners.stream(who("arkiv"), head, connection)).stream;
  next();
  EXPECT_EQ(parse(next()).names, names{"2 status"});
  head.headers.add("Last-Event-ID", "0");
  stream = ask(listeners.stream(who("arkiv"), head, connection)).stream;
  next();
  EXPECT_EQ(parse(next()).names, (names{"1 status", "2 status"}));
}
