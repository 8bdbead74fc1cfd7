#include "tests/actors/listening.hpp"

using namespace kp;
using namespace kp::actors;
using namespace kp::test;
using namespace std::chrono_literals;

namespace {

class waiting_peek : public listening_test {
 protected:
  // A peek that finds something once there is something.
  gateway_listeners::look peek() {
    return [this]() -> http::awaitable<http::server_response> {
      ++looks;
      http::server_response response;
      response.status = there ? 200 : 204;
      co_return response;
    };
  }
  http::awaitable<http::server_response> wait(std::chrono::seconds at_most,
                                              std::size_t credential = 0) {
    return listeners.wait_for(who("arkiv", credential), at_most, head, connection, peek());
  }
  // Begins to wait; the status of the answer will be in `status`.
  void begin(std::chrono::seconds at_most = 60s, std::size_t credential = 0) {
    later<http::server_response>(
        wait(at_most, credential),
        [this](const http::server_response& answer) { status = answer.status; });
    settle();
  }
  bool there = false;
  int looks = 0;
  unsigned status = 0;
};

std::string said(const std::expected<std::chrono::seconds, api::problem>& outcome) {
  return outcome ? std::to_string(outcome->count()) + " s"
                 : std::to_string(outcome.error().status) + " " + outcome.error().message;
}

}  // namespace

TEST_F(waiting_peek, is_answered_at_once_when_something_is_there) {
  there = true;
  EXPECT_EQ(ask(wait(60s)).status, 200u);
  EXPECT_EQ(looks, 1);
  EXPECT_EQ(listeners.count(), 0u);
}

TEST_F(waiting_peek, is_answered_as_soon_as_something_has_come) {
  begin();
  EXPECT_EQ(looks, 1);
  EXPECT_EQ(status, 0u);
  EXPECT_EQ(listeners.count(), 1u);
  there = true;
  const auto came = std::chrono::steady_clock::now();
  arrives();
  run_until([&] { return status != 0; });
  EXPECT_LT(std::chrono::steady_clock::now() - came, 900ms);
  EXPECT_EQ(status, 200u);
  EXPECT_EQ(looks, 2);
}

TEST_F(waiting_peek, goes_on_waiting_when_what_came_was_not_for_it) {
  begin();
  arrives();
  run_until([&] { return looks == 2; });
  EXPECT_EQ(status, 0u);
  there = true;
  arrives();
  run_until([&] { return status == 200; });
}

TEST_F(waiting_peek, hears_nothing_of_another_channel) {
  begin();
  happens("theirs", fag);
  settle();
  EXPECT_EQ(looks, 1);
}

TEST_F(waiting_peek, ends_with_204_at_its_deadline) {
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(ask(wait(1s)).status, 204u);
  EXPECT_GE(std::chrono::steady_clock::now() - began, 1s);
}

TEST_F(waiting_peek, does_not_look_and_so_not_lock_for_a_client_that_has_gone) {
  begin();
  connection.gone = true;
  there = true;
  arrives();
  run_until([&] { return status != 0; });
  EXPECT_EQ(status, 204u);
  EXPECT_EQ(looks, 1);
  EXPECT_EQ(listeners.count(), 0u);
}

TEST_F(waiting_peek, ends_when_the_hub_stops) {
  begin();
  listeners.stop();
  run_until([&] { return status == 204; });
}

TEST_F(waiting_peek, is_one_of_a_bounded_number_in_its_channel) {
  hub->settings.max_listeners_per_channel = 2;
  begin();
  begin();
  const auto third = ask(wait(60s));
  EXPECT_EQ(third.status, 429u);
  EXPECT_TRUE(third.headers.find("Retry-After"));
  EXPECT_NE(third.body.find("The channel has 2 event streams"), std::string::npos);
  const auto elsewhere = ask(listeners.wait_for(who("fag"), 0s, head, connection, peek()));
  EXPECT_EQ(elsewhere.status, 204u);
  there = true;
  arrives();
  run_until([&] { return listeners.count() == 0; });
  EXPECT_EQ(ask(wait(60s)).status, 200u);
}

TEST_F(waiting_peek, is_one_of_a_bounded_number_in_all) {
  hub->settings.max_listeners = 1;
  begin();
  const auto second = ask(listeners.wait_for(who("fag"), 1s, head, connection, peek()));
  EXPECT_EQ(second.status, 503u);
  EXPECT_TRUE(second.headers.find("Retry-After"));
}

namespace {

// Something that a change of tenants does to a channel, and to whom of those who wait in it.
struct change {
  std::string what;
  std::function<void(tenants::organisation&)> how;
  bool ends_password, ends_key;
};

std::vector<change> changes() {
  const auto arkiv = [](tenants::organisation& o) -> tenants::channel_settings& {
    return o.channels.front();
  };
  return {
      {"nothing", [](auto&) {}, false, false},
      {"another file position", [=](auto& o) { arkiv(o).credentials[0].where.line = 9; }, false,
       false},
      {"the organisation's name", [](auto& o) { o.name = "Somdalen kommune"; }, false, false},
      {"a third credential",
       [=](auto& o) { arkiv(o).credentials.insert(arkiv(o).credentials.begin(), {}); }, false,
       false},
      {"another password", [=](auto& o) { arkiv(o).credentials[0].password_hash = "new"; }, true,
       false},
      {"the password removed",
       [=](auto& o) { arkiv(o).credentials.erase(arkiv(o).credentials.begin()); }, true, false},
      {"another key", [=](auto& o) { arkiv(o).credentials[1].api_key_hash = "new"; }, false, true},
      {"a part of the inbox only",
       [=](auto& o) { arkiv(o).credentials[1].inbox.services = {service::dpo}; }, false, true},
      {"the credentials given to another channel",
       [](auto& o) { std::swap(o.channels[0].credentials, o.channels[1].credentials); }, true,
       true},
      {"the channel removed", [](auto& o) { o.channels.erase(o.channels.begin()); }, true, true},
      {"the channel elsewhere", [=](auto& o) { arkiv(o).external = true; }, true, true},
  };
}

}  // namespace

TEST_F(waiting_peek, ends_with_401_as_soon_as_its_credential_is_not_what_it_was) {
  for (const auto& [what, how, ends_password, ends_key] : changes()) {
    SCOPED_TRACE(what);
    for (const std::size_t credential : {0u, 1u}) {
      SCOPED_TRACE(credential == 0 ? "password" : "API key");
      known = directory_of({settings()});
      listeners.follow(known);
      there = false;
      looks = 0;
      status = 0;
      begin(60s, credential);
      ASSERT_EQ(listeners.count(), 1u);
      auto now = settings();
      how(now);
      listeners.follow(directory_of({now}));
      const bool ends = credential == 0 ? ends_password : ends_key;
      const auto changed = std::chrono::steady_clock::now();
      there = true;
      arrives();
      run_until([&] { return status != 0; });
      EXPECT_EQ(status, ends ? 401u : 200u);
      EXPECT_EQ(looks, ends ? 1 : 2) << "who may no longer must lock nothing";
      EXPECT_LT(std::chrono::steady_clock::now() - changed, 900ms);
    }
  }
}

TEST_F(waiting_peek, ends_when_its_organisation_is_gone) {
  begin();
  listeners.follow(directory_of({}));
  run_until([&] { return status == 401; });
  EXPECT_EQ(looks, 1);
  EXPECT_EQ(listeners.count(), 0u);
}

TEST_F(waiting_peek, does_not_begin_for_who_has_lost_the_place_meanwhile) {
  const auto still_known = known;
  listeners.follow(directory_of({}));
  const auto late = ask(wait(60s));
  EXPECT_EQ(late.status, 401u);
  EXPECT_EQ(late.headers.find("WWW-Authenticate"), "Basic realm=\"Realm\"");
  EXPECT_EQ(looks, 0);
}

TEST(wait_of_a_peek, is_given_in_seconds_with_or_without_their_unit) {
  EXPECT_EQ(said(gateway_listeners::wait_of("")), "0 s");
  EXPECT_EQ(said(gateway_listeners::wait_of("process=x")), "0 s");
  EXPECT_EQ(said(gateway_listeners::wait_of("wait=30s")), "30 s");
  EXPECT_EQ(said(gateway_listeners::wait_of("process=x&wait=30")), "30 s");
  EXPECT_EQ(said(gateway_listeners::wait_of("wait=0")), "0 s");
  EXPECT_EQ(said(gateway_listeners::wait_of("wait=60s")), "60 s");
}

TEST(wait_of_a_peek, is_refused_when_it_is_no_number_of_seconds_up_to_a_minute) {
  for (const auto* query : {"wait=", "wait=s", "wait=61", "wait=-1", "wait=1m", "wait=1.5",
                            "wait=99999999999999999999"})
    EXPECT_TRUE(said(gateway_listeners::wait_of(query)).starts_with("400 wait cannot be this"))
        << query;
}
