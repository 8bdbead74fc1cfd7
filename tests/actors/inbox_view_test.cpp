#include "tests/actors/support_channel.hpp"

namespace kp::test {
namespace {

// A credential that is shown a part of the inbox: the rest is not there for it.
class inbox_view : public channel_test {
 protected:
  const std::string plan = "ff88849c-e281-4809-8555-7cd54952b919";
  const std::string health = "ff88849c-e281-4809-8555-7cd54952b920";

  void SetUp() override {
    arrives_of(health, "urn:health");
    arrives_of(plan, "urn:plan");
  }
  void arrives_of(const std::string& id, const std::string& process) {
    inbound letter;
    letter.document.process = process;
    arrives(id, letter);
  }
  api_answer ask_as(const std::shared_ptr<const tenants::inbox_view>& view, endpoint what,
                    const std::string& argument = {}) {
    auto request = call_of(what, argument);
    request.view = view;
    return ask(sak, request);
  }
  const std::shared_ptr<const tenants::inbox_view> plans =
      std::make_shared<tenants::inbox_view>(tenants::inbox_view{{}, {"urn:plan"}});
  const std::shared_ptr<const tenants::inbox_view> other_service =
      std::make_shared<tenants::inbox_view>(tenants::inbox_view{{service::dpv}, {}});
};

TEST_F(inbox_view, peek_and_list_show_what_is_in_it) {
  EXPECT_EQ(ask_as(other_service, endpoint::peek).status, 204u);
  EXPECT_EQ(message_id_in(ask_as(plans, endpoint::peek).body), plan) << "not the oldest";
  EXPECT_EQ(ask_as(plans, endpoint::peek).status, 204u);
  EXPECT_EQ(parsed(ask_as(plans, endpoint::list_in).body).at("totalElements"), 1);
  EXPECT_EQ(parsed(ask_as(other_service, endpoint::list_in).body).at("totalElements"), 0);
  EXPECT_EQ(parsed(ask_as(nullptr, endpoint::list_in).body).at("totalElements"), 2);
}

TEST_F(inbox_view, pop_and_delete_do_not_know_the_rest_although_it_is_locked) {
  ASSERT_EQ(message_id_in(ask_as(nullptr, endpoint::peek).body), health);
  for (const auto what : {endpoint::pop, endpoint::remove_in}) {
    const auto hidden = ask_as(plans, what, health);
    const auto missing = ask_as(plans, what, "ff88849c-e281-4809-8555-7cd54952b999");
    EXPECT_EQ(hidden.status, 404u);
    EXPECT_EQ(hidden.status, missing.status);
    EXPECT_EQ(exception_of(hidden), exception_of(missing));
  }
  EXPECT_EQ(ask_as(nullptr, endpoint::remove_in, health).status, 200u);
}

}  // namespace
}  // namespace kp::test
