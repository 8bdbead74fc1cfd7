#include "storage/idempotent_answers.hpp"

#include "config/text.hpp"
#include "tests/storage/stores.hpp"

using namespace kp;
using namespace kp::storage;
using namespace kp::test;
using namespace std::chrono_literals;

namespace {

constexpr channel_number arkiv{1};
constexpr channel_number fag{2};
const std::string key(32, 'k');
const std::string other_key(32, 'o');

idempotent_answer sample(int expires_at_second = 100) {
  return {std::string(32, 'd'),        message_number(1), 200, "application/json", "{}",
          at_second(expires_at_second)};
}

class idempotent_answers_test : public store_test {
 protected:
  void SetUp() override {
    store_test::SetUp();
    answers = std::make_unique<idempotent_answers>(*store, hamar);
  }
  std::string put(channel_number channel, const std::string& under, const idempotent_answer& answer,
                  const std::optional<idempotent_answer>& before = {}) {
    batch b;
    answers->put(b, channel, under, before, answer);
    return commit(b);
  }
  std::string found(channel_number channel, const std::string& under) const {
    const auto answer = answers->find(channel, under).value();
    return answer ? answer->body : "none";
  }
  std::size_t left() const { return entries_of(*store, hamar, record_kind::idempotent_answer); }
  std::unique_ptr<idempotent_answers> answers;
};

}  // namespace

TEST_P(idempotent_answers_test, are_found_by_key_in_their_channel_only) {
  EXPECT_EQ(found(arkiv, key), "none");
  ASSERT_EQ(put(arkiv, key, sample()), "");
  EXPECT_EQ(found(arkiv, key), "{}");
  EXPECT_EQ(found(arkiv, other_key), "none");
  EXPECT_EQ(found(fag, key), "none");
  EXPECT_FALSE(idempotent_answers(*store, oslo).find(arkiv, key).value());
}

TEST_P(idempotent_answers_test, let_one_of_two_requests_with_the_same_key_win) {
  batch one, other;
  answers->put(one, arkiv, key, {}, sample());
  answers->put(other, arkiv, key, {}, sample());
  EXPECT_EQ(commit(one), "");
  EXPECT_EQ(commit(other), "precondition failed");
}

TEST_P(idempotent_answers_test, give_way_to_a_newer_one_for_whom_has_seen_them) {
  ASSERT_EQ(put(arkiv, key, sample(100)), "");
  auto newer = sample(200);
  newer.body = "newer";
  EXPECT_EQ(put(arkiv, key, newer), "precondition failed");
  EXPECT_EQ(put(arkiv, key, newer, sample(150)), "precondition failed");
  EXPECT_EQ(put(arkiv, key, newer, sample(100)), "");
  EXPECT_EQ(found(arkiv, key), "newer");
  EXPECT_EQ(left(), 2u);
}

TEST_P(idempotent_answers_test, are_swept_when_they_have_expired) {
  ASSERT_EQ(put(arkiv, key, sample(100)), "");
  ASSERT_EQ(put(arkiv, other_key, sample(101)), "");
  ASSERT_EQ(put(fag, key, sample(50)), "");
  batch b;
  EXPECT_FALSE(*answers->sweep(b, arkiv, at_second(99), 10));
  EXPECT_TRUE(b.empty());
  EXPECT_FALSE(*answers->sweep(b, arkiv, at_second(100), 10));
  EXPECT_EQ(commit(b), "");
  EXPECT_EQ(found(arkiv, key), "none");
  EXPECT_EQ(found(arkiv, other_key), "{}");
  EXPECT_EQ(found(fag, key), "{}");
  EXPECT_EQ(left(), 4u);
}

TEST_P(idempotent_answers_test, are_swept_in_portions) {
  for (int i = 0; i < 25; ++i) {
    auto each = key;
    each[0] = static_cast<char>('a' + i);
    ASSERT_EQ(put(arkiv, each, sample()), "");
  }
  for (const bool more : {true, true, false}) {
    batch b;
    EXPECT_EQ(*answers->sweep(b, arkiv, at_second(100), 10), more);
    EXPECT_EQ(commit(b), "");
  }
  EXPECT_EQ(left(), 0u);
}

TEST_P(idempotent_answers_test, are_not_swept_when_they_have_just_been_replaced) {
  ASSERT_EQ(put(arkiv, key, sample(100)), "");
  batch sweep;
  EXPECT_FALSE(*answers->sweep(sweep, arkiv, at_second(100), 10));
  ASSERT_EQ(put(arkiv, key, sample(200), sample(100)), "");
  EXPECT_EQ(commit(sweep), "precondition failed");
  EXPECT_EQ(found(arkiv, key), "{}");
}

INSTANTIATE_TEST_SUITE_P(both, idempotent_answers_test,
                         ::testing::Values(engine_kind::memory, engine_kind::rocksdb), name_of);

TEST(idempotent_answer_record, has_bytes_that_never_change) {
  auto record = sample();
  record.content = "d";
  record.expires = time_point(1s);
  const auto bytes = encode(record);
  EXPECT_EQ(to_hex(bytes),
            "01"
            "0164"
            "24" +
                to_hex("00000000-0000-4000-8000-000000000001") +
                "c801"
                "10" +
                to_hex("application/json") +
                "027b7d"
                "80897a");
  const auto read = decode_idempotent_answer(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(encode(*read), bytes);
  for (std::size_t n = 0; n < bytes.size(); ++n)
    ASSERT_EQ(outcome(decode_idempotent_answer(bytes.substr(0, n))), "corrupt") << n;
}
