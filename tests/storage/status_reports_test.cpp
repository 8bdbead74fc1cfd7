#include "storage/status_reports.hpp"

#include "config/text.hpp"
#include "tests/storage/stores.hpp"

using namespace kp;
using namespace kp::storage;
using namespace kp::test;
using namespace std::chrono_literals;

namespace {

constexpr channel_number arkiv{1};

status_report sample() {
  status_report report;
  report.queued = time_point(2s);
  report.at = time_point(1s);
  report.name = status_name::levert;
  report.message = message_number(1);
  report.conversation = *conversation_id::parse("00000000-0000-4000-8000-000000000002");
  report.via = service::dpi;
  report.process = "p";
  report.document_type = "d";
  report.sender = "0192:910077473";
  report.receiver = "17912099997";
  return report;
}

class status_reports_test : public store_test {
 protected:
  void SetUp() override {
    store_test::SetUp();
    queue = std::make_unique<status_reports>(*store, hamar);
  }
  void add(unsigned number, organisation_id whose = hamar) {
    auto report = sample();
    report.message = message_number(number);
    batch b;
    append_report(b, whose, report);
    ASSERT_EQ(commit(b), "");
  }
  std::vector<message_id> messages(std::uint64_t after = 0, std::size_t limit = 100) {
    std::vector<message_id> all;
    for (const auto& each : *queue->after(after, limit)) all.push_back(each.what.message);
    return all;
  }
  std::unique_ptr<status_reports> queue;
};

// An organisation whose messages get statuses.
struct registering {
  explicit registering(engine& in, std::shared_ptr<report_gate> reports)
      : store(in), talks(in, hamar), rows(in, hamar, {}, std::move(reports)), ids(in, hamar) {}
  conversation start(unsigned number) {
    conversation c;
    c.channel = arkiv;
    c.message = message_number(number);
    c.conversation_ref = *conversation_id::parse("00000000-0000-4000-8000-000000000002");
    c.via = service::dpo;
    c.sender = "0192:910077473:991825827";
    c.sender_identifier = "991825827";
    c.receiver = "0192:991825827";
    c.receiver_identifier = "991825827";
    c.process = "urn:p";
    c.document_type = "urn:d";
    batch b;
    EXPECT_TRUE(start_conversation(b, talks, rows, ids, c,
                                   {{status_name::opprettet, "made", {}, at_second(0)}}));
    EXPECT_EQ(outcome_of(store, b), "");
    return c;
  }
  bool add(conversation& c, status_name name) {
    batch b;
    const auto added = register_status(b, talks, rows, ids, c, {name, {}, {}, at_second(1)});
    EXPECT_TRUE(added);
    EXPECT_EQ(outcome_of(store, b), "");
    return added && *added;
  }
  engine& store;
  conversations talks;
  statuses rows;
  row_ids ids;
};

}  // namespace

TEST(status_report_codec, has_pinned_bytes) {
  EXPECT_EQ(to_hex(encode(sample())),
            "018092f40180897a03"
            "2430303030303030302d303030302d343030302d383030302d303030303030303030303031"
            "2430303030303030302d303030302d343030302d383030302d303030303030303030303032"
            "03"
            "0170"
            "0164"
            "0e303139323a393130303737343733"
            "010b3137393132303939393937");
  const auto back = decode_status_report(encode(sample()));
  ASSERT_TRUE(back);
  EXPECT_EQ(encode(*back), encode(sample()));
  refused_report refused;
  refused.what = sample();
  refused.at = time_point(3s);
  refused.why = "no";
  EXPECT_EQ(to_hex(encode(refused)),
            "01" + to_hex(encode(sample())).substr(2) + "809bee02" + "026e6f");
  EXPECT_TRUE(decode_refused_report(encode(refused)));
  EXPECT_EQ(outcome(decode_status_report("\x02")), "unknown format");
  EXPECT_EQ(outcome(decode_status_report("\x01")), "corrupt");
}

TEST_P(status_reports_test, are_read_in_the_order_of_commits_from_where_one_was) {
  for (unsigned i = 1; i <= 5; ++i) add(i);
  add(6, oslo);
  EXPECT_EQ(messages(0, 2), (std::vector{message_number(1), message_number(2)}));
  const auto second = queue->after(0, 2)->back().sequence;
  EXPECT_EQ(messages(second),
            (std::vector{message_number(3), message_number(4), message_number(5)}));
  EXPECT_EQ(*queue->count(100), 5u);
  EXPECT_EQ(*queue->count(3), 3u);
  EXPECT_EQ(*queue->count(0), 0u);
  batch b;
  queue->remove(b, second);
  EXPECT_EQ(commit(b), "");
  EXPECT_EQ(messages().size(), 4u);
}

TEST_P(status_reports_test, keeps_the_newest_of_those_that_were_refused) {
  for (unsigned i = 1; i <= 4; ++i) add(i);
  for (const auto& each : *queue->after(0, 10)) {
    batch b;
    ASSERT_TRUE(
        queue->refuse(b, each, at_second(each.what.at.time_since_epoch().count()), "bad", 2));
    EXPECT_EQ(commit(b), "");
  }
  EXPECT_EQ(*queue->count(10), 0u);
  const auto refused = *queue->refused(10);
  ASSERT_EQ(refused.size(), 2u);
  EXPECT_EQ(refused[0].what.message, message_number(4));
  EXPECT_EQ(refused[1].what.message, message_number(3));
  EXPECT_EQ(refused[0].why, "bad");
}

TEST_P(status_reports_test, are_made_with_every_status_that_is_registered_and_with_no_other) {
  const manual_clock time(at_second(9));
  int woken = 0;
  const auto gate = std::make_shared<report_gate>(time, 10, [&] { ++woken; });
  registering all(*store, gate);
  auto c = all.start(1);
  EXPECT_TRUE(all.add(c, status_name::sendt));
  EXPECT_FALSE(all.add(c, status_name::sendt));
  const auto found = *queue->after(0, 10);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].what.name, status_name::opprettet);
  EXPECT_EQ(found[1].what.name, status_name::sendt);
  const auto& told = found[1].what;
  EXPECT_EQ(told.queued, at_second(9));
  EXPECT_EQ(told.at, at_second(1));
  EXPECT_EQ(told.message, c.message);
  EXPECT_EQ(told.conversation, c.conversation_ref);
  EXPECT_EQ(told.via, service::dpo);
  EXPECT_EQ(told.process, "urn:p");
  EXPECT_EQ(told.document_type, "urn:d");
  EXPECT_EQ(told.sender, "0192:910077473:991825827");
  EXPECT_EQ(told.receiver, "0192:991825827");
  EXPECT_EQ(gate->waiting(), 2u);
  EXPECT_EQ(woken, 1) << "only an empty queue wakes";
}

TEST_P(status_reports_test, outlive_the_conversation_that_they_tell_of) {
  const manual_clock time(at_second(9));
  registering all(*store, std::make_shared<report_gate>(time, 10, [] {}));
  const auto c = all.start(1);
  batch b;
  all.rows.remove_of(b, c, *all.rows.of_conversation(c));
  all.talks.remove(b, c);
  EXPECT_EQ(commit(b), "");
  EXPECT_EQ(messages(), (std::vector{message_number(1)}));
}

TEST_P(status_reports_test, are_not_made_where_nobody_is_told) {
  registering all(*store, nullptr);
  all.start(1);
  EXPECT_TRUE(messages().empty());
}

TEST_P(status_reports_test, end_at_the_bound_of_the_queue_while_statuses_go_on) {
  const manual_clock time(at_second(9));
  const auto gate = std::make_shared<report_gate>(time, 2, [] {});
  registering all(*store, gate);
  auto c = all.start(1);
  EXPECT_TRUE(all.add(c, status_name::sendt));
  EXPECT_TRUE(all.add(c, status_name::mottatt));
  EXPECT_EQ(messages().size(), 2u);
  EXPECT_EQ(gate->turned_away(), 1u);
  EXPECT_EQ(gate->waiting(), 2u);
  gate->left(1);
  EXPECT_TRUE(all.add(c, status_name::levert));
  EXPECT_EQ(messages().size(), 3u);
  gate->left(100);
  EXPECT_EQ(gate->waiting(), 0u);
}

INSTANTIATE_TEST_SUITE_P(engines, status_reports_test,
                         testing::Values(engine_kind::memory, engine_kind::rocksdb), name_of);
