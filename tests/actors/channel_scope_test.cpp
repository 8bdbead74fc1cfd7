#include "tests/actors/support_channel.hpp"

namespace kp::test {
namespace {

// dpo.md 9: the rules that a channel keeps when it creates.
class channel_scope : public channel_test {
 protected:
  struct named {
    std::string channel, instance;
  };
  std::vector<named> channels_in(const std::string& body) {
    std::vector<named> found;
    const auto value = parsed(body);
    for (const auto& scope :
         value.at_pointer("/standardBusinessDocumentHeader/businessScope/scope").as_array()) {
      if (scope.at("type") != "MessageChannel") continue;
      found.push_back({std::string(scope.at("identifier").as_string()),
                       std::string(scope.at("instanceIdentifier").as_string())});
    }
    return found;
  }
  std::vector<std::string> names_in(const api_answer& answer) {
    EXPECT_EQ(answer.status, 200u) << answer.body;
    std::vector<std::string> names;
    for (const auto& each : channels_in(answer.body)) names.push_back(each.channel);
    return names;
  }
  // An earlier arrival came with this channel.
  void came_with(const std::string& message, std::string_view message_channel) {
    storage::batch b;
    context->references.put(b, *message_id::parse(message), message_channel);
    commit(b);
  }
  static document_text receipt_for(const std::string& message) {
    return {.type = "arkivmelding_kvittering",
            .process = "urn:no:difi:profile:arkivmelding:response:ver1.0",
            .business =
                R"({"receiptType":"OK","relatedToMessageId":")" + message + R"(","messages":[]})"};
  }
  const std::string original = "ff88849c-e281-4809-8555-7cd54952b916";
  const std::vector<std::string> none, foo{"foo-42"}, bar{"bar"};
};

TEST_F(channel_scope, c1_a_missing_scope_gets_the_own_channel_with_a_uuid) {
  const auto answer = create(fag, document_text{}.text());
  EXPECT_EQ(names_in(answer), foo);
  EXPECT_TRUE(message_id::parse(channels_in(answer.body).at(0).instance));
}

TEST_F(channel_scope, c2_a_blank_scope_is_filled) {
  EXPECT_EQ(names_in(create(fag, document_text{.scopes = channel_scope_text("")}.text())), foo);
  const auto without = document_text{.scopes = R"({"type":"MessageChannel"})"};
  EXPECT_EQ(names_in(create(fag, without.text())), foo);
}

TEST_F(channel_scope, c3_another_channel_is_refused_and_nothing_is_stored) {
  const auto answer = create(fag, document_text{.scopes = channel_scope_text("bar")}.text());
  EXPECT_EQ(answer.status, 400u);
  EXPECT_EQ(exception_of(answer), "MessageChannelInvalidException");
  EXPECT_EQ(said(answer), "Valid channels: foo-42, but found bar in SBDH");
  EXPECT_EQ(total(call(fag, endpoint::list_out)), 0);
  EXPECT_EQ(total(call(fag, endpoint::list_conversations)), 0);
}

TEST_F(channel_scope, c3_the_own_channel_may_be_named) {
  EXPECT_EQ(names_in(create(fag, document_text{.scopes = channel_scope_text("foo-42")}.text())),
            foo);
}

TEST_F(channel_scope, c4_without_own_channel_any_scope_passes_unchanged) {
  EXPECT_EQ(names_in(create(sak, document_text{.scopes = channel_scope_text("bar")}.text())), bar);
}

TEST_F(channel_scope, c5_and_c7_no_scope_is_added_without_own_channel) {
  EXPECT_EQ(names_in(create(sak, document_text{}.text())), none);
}

TEST_F(channel_scope, c6_the_scope_is_in_the_stored_document) {
  const auto id = created(fag, {});
  EXPECT_EQ(channels_in(stored("fag", id).sbd).size(), 1u);
}

TEST_F(channel_scope, c10_a_receipt_echoes_the_channel_of_what_it_answers) {
  came_with(original, "foo-42");
  EXPECT_EQ(names_in(create(sak, receipt_for(original).text())), foo);
}

TEST_F(channel_scope, c11_a_second_receipt_echoes_again) {
  came_with(original, "foo-42");
  EXPECT_EQ(names_in(create(sak, receipt_for(original).text())), foo);
  EXPECT_EQ(names_in(create(sak, receipt_for(original).text())), foo);
}

TEST_F(channel_scope, c12_a_receipt_for_what_came_without_channel_has_none) {
  EXPECT_EQ(names_in(create(sak, receipt_for(original).text())), none);
}

TEST_F(channel_scope, c25_the_echo_replaces_the_own_channel) {
  came_with(original, "bar");
  EXPECT_EQ(names_in(create(fag, receipt_for(original).text())), bar);
}

TEST_F(channel_scope, c25_the_echo_replaces_whatever_the_client_named_as_it) {
  came_with(original, "bar");
  auto receipt = receipt_for(original);
  receipt.scopes = channel_scope_text("bar");
  EXPECT_EQ(names_in(create(fag, receipt.text())), bar);
  receipt.scopes = channel_scope_text("foo-42") + "," + channel_scope_text("bar");
  EXPECT_EQ(names_in(create(fag, receipt.text())), bar);
  receipt.scopes = channel_scope_text("other");
  EXPECT_EQ(create(fag, receipt.text()).status, 400u);
}

TEST_F(channel_scope, an_ordinary_message_that_mentions_another_echoes_nothing) {
  came_with(original, "bar");
  const auto mention = document_text{
      .type = "avtalt", .business = R"({"content":{"relatedToMessageId":")" + original + R"("}})"};
  EXPECT_EQ(names_in(create(sak, mention.text())), none);
}

}  // namespace
}  // namespace kp::test
