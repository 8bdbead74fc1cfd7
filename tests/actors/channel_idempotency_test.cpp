#include "tests/actors/support_channel.hpp"

// A create that its client marks can be repeated (docs/events.md).

namespace kp::test {
namespace {

using std::chrono::hours;

class channel_idempotency : public channel_test {
 protected:
  static constexpr auto id = "b1fbd0f4-3c3a-4f0e-8a4a-0d3a2a7d0001";

  static api_call marked(const document_text& document, std::string key) {
    api_call call{endpoint::create, "/api/messages/out", {}, {},
                  document.text(),  "application/json"};
    call.idempotency_key = std::move(key);
    return call;
  }
  api_answer create_marked(const caf::actor& seat, const document_text& document,
                           std::string key = "key-1") {
    return ask(seat, marked(document, std::move(key)));
  }
  std::int64_t messages_of(const caf::actor& seat) { return total(call(seat, endpoint::list_out)); }
  void expect_same(const api_answer& one, const api_answer& other) {
    EXPECT_EQ(one.status, other.status);
    EXPECT_EQ(one.body, other.body);
    EXPECT_EQ(one.headers.find("Content-Type"), other.headers.find("Content-Type"));
  }
};

TEST_F(channel_idempotency, a_repeated_create_gets_the_first_answer_and_makes_nothing) {
  const auto first = create_marked(sak, {.message = id});
  ASSERT_EQ(first.status, 200u) << first.body;
  const auto commits = store.commits;
  expect_same(create_marked(sak, {.message = id}), first);
  EXPECT_EQ(store.commits, commits);
  EXPECT_EQ(messages_of(sak), 1);
}

TEST_F(channel_idempotency, a_message_id_that_the_hub_chose_is_told_again) {
  const auto first = create_marked(sak, {});
  ASSERT_EQ(first.status, 200u) << first.body;
  expect_same(create_marked(sak, {}), first);
  EXPECT_EQ(messages_of(sak), 1);
  EXPECT_NE(message_id_in(create_marked(sak, {}, "key-2").body), message_id_in(first.body));
  EXPECT_EQ(messages_of(sak), 2);
}

TEST_F(channel_idempotency, the_answer_outlives_the_channel_that_gave_it) {
  const auto first = create_marked(sak, {.message = id});
  system.stop(sak);
  sak = open("sak");
  system.run();
  expect_same(create_marked(sak, {.message = id}), first);
}

TEST_F(channel_idempotency, other_content_with_the_same_key_is_refused) {
  ASSERT_EQ(create_marked(sak, {.message = id}).status, 200u);
  const auto other = create_marked(sak, {.process = administrasjon, .business = R"({"x":1})"});
  EXPECT_EQ(other.status, 422u);
  EXPECT_NE(said(other).find("has been used for a request with other content"), std::string::npos);
  EXPECT_EQ(messages_of(sak), 1);
}

TEST_F(channel_idempotency, without_a_key_a_message_id_is_taken_once_as_ever) {
  ASSERT_EQ(create_marked(sak, {.message = id}).status, 200u);
  EXPECT_EQ(exception_of(create(sak, document_text{.message = id}.text())),
            "MessageAlreadyExistsException");
  EXPECT_EQ(exception_of(create_marked(sak, {.message = id}, "key-2")),
            "MessageAlreadyExistsException");
}

TEST_F(channel_idempotency, keys_of_one_channel_say_nothing_in_another) {
  ASSERT_EQ(create_marked(sak, {}).status, 200u);
  const auto elsewhere =
      create_marked(fag, {.conversation = "37efbd4c-413d-4e2c-bbc5-257ef4a65a45"});
  EXPECT_EQ(elsewhere.status, 200u) << elsewhere.body;
}

TEST_F(channel_idempotency, a_repetition_while_the_first_is_running_conflicts) {
  std::vector<api_answer> answers;
  for (int i = 0; i < 2; ++i)
    system.later<api_answer>(sak, marked({.message = id}, "key-1"),
                             [&](const api_answer& answer) { answers.push_back(answer); });
  system.run();
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].status, 409u);
  EXPECT_TRUE(answers[0].headers.find("Retry-After"));
  EXPECT_EQ(answers[1].status, 200u);
  expect_same(create_marked(sak, {.message = id}), answers[1]);
}

TEST_F(channel_idempotency, a_request_that_was_refused_is_not_remembered) {
  const auto refused = create_marked(sak, {.type = "avtalt", .standard = "urn:no:difi:x:xsd::y"});
  EXPECT_EQ(refused.status, 400u);
  EXPECT_EQ(create_marked(sak, {.message = id}).status, 200u);
}

TEST_F(channel_idempotency, a_request_that_could_not_be_stored_is_not_remembered) {
  store.fail_with = permanent(storage::storage_errc::read_only, "no space");
  EXPECT_EQ(create_marked(sak, {.message = id}).status, 503u);
  store.fail_with.reset();
  EXPECT_EQ(create_marked(sak, {.message = id}).status, 200u);
}

TEST_F(channel_idempotency, a_key_is_free_again_when_its_message_has_expired) {
  const auto first = create_marked(sak, {});
  ASSERT_EQ(first.status, 200u);
  system.time().advance(hours(23));
  expect_same(create_marked(sak, {}), first);
  system.time().advance(hours(2));
  const auto later = create_marked(sak, {});
  ASSERT_EQ(later.status, 200u);
  EXPECT_NE(message_id_in(later.body), message_id_in(first.body));
  expect_same(create_marked(sak, {}), later);
}

TEST_F(channel_idempotency, a_key_that_is_none_is_refused) {
  for (const auto& key : {std::string(), std::string(" "), std::string("a b"),
                          std::string("\xc3\xa5"), std::string(256, 'x')}) {
    const auto refused = create_marked(sak, {}, key);
    EXPECT_EQ(refused.status, 400u) << key;
    EXPECT_NE(said(refused).find("Idempotency-Key"), std::string::npos);
  }
  EXPECT_EQ(create_marked(sak, {}, std::string(255, 'x')).status, 200u);
}

TEST_F(channel_idempotency, a_repeated_multipart_request_leaves_no_content_behind) {
  const auto request = [&](const std::string& sha256) {
    multipart_send m{"/api/messages/out/multipart", document_text{.message = id}.text(), {}, {}};
    m.idempotency_key = "key-1";
    m.blob_records = std::make_shared<storage::batch>();
    multipart_file file{"brev.pdf", "Brev", "application/pdf", {}, {}};
    file.content = blobs.add(*m.blob_records, settings->id, "content");
    file.content.sha256 = sha256;
    m.files.push_back(file);
    return m;
  };
  const auto first = request("same");
  const auto answer = ask(sak, first);
  EXPECT_FALSE(blobs.released().size());
  EXPECT_TRUE(is_stored("sak", id));

  const auto again = request("same");
  expect_same(ask(sak, again), answer);
  const auto other = request("other");
  EXPECT_EQ(ask(sak, other).status, 422u);
  wait_for([&] { return blobs.released().size() == 2; });
  EXPECT_EQ(blobs.released(), (std::vector{again.files[0].content.id, other.files[0].content.id}));
  EXPECT_TRUE(blob_is_recorded(first.files[0].content));
  EXPECT_FALSE(blob_is_recorded(again.files[0].content));
}

}  // namespace
}  // namespace kp::test
