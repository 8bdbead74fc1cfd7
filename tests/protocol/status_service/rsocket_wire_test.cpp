#include "protocol/rsocket/client.hpp"
#include "protocol/status_service/wire.hpp"

#include "protocol/http/http_error.hpp"
#include "tests/protocol/maskinporten/national_services.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kp::status_service {
namespace {

using rsocket::rsocket_errc;
using testing::ElementsAre;
using testing::HasSubstr;

// Answers what the test says, one after the other, and then well.
struct scripted {
  std::vector<error> failures;
  std::vector<std::string> asked;
};

class scripted_client final : public rsocket::client {
 public:
  explicit scripted_client(scripted& of) : of_(of) {}
  http::awaitable<result<void>> request(std::string metadata, std::string data) override {
    metadata_ = metadata;
    return next("request " + data);
  }
  http::awaitable<result<void>> fire(std::string, std::string data) override {
    return next("fire " + data);
  }

 private:
  http::awaitable<result<void>> next(std::string what) {
    of_.asked.push_back(std::move(what));
    if (of_.failures.empty()) co_return result<void>{};
    auto why = of_.failures.front();
    of_.failures.erase(of_.failures.begin());
    co_return why;
  }
  scripted& of_;
  std::string metadata_;
};

class rsocket_wire : public testing::Test {
 protected:
  outcome deliver(std::vector<error> failures = {}, bool waits = true) {
    script.failures = std::move(failures);
    const auto to = make_rsocket_wire(std::make_unique<scripted_client>(script), waits);
    return on.run(to->deliver("d", "t"));
  }
  verdict after(rsocket_errc code, std::string text, bool again = false) {
    const auto why = again ? transient(code, std::move(text)) : permanent(code, std::move(text));
    return deliver({why}).what;
  }
  test::network on;
  scripted script;
};

}  // namespace

TEST_F(rsocket_wire, asks_and_counts_an_answer_as_taken) {
  EXPECT_TRUE(deliver().taken());
  EXPECT_THAT(script.asked, ElementsAre("request d"));
}

TEST_F(rsocket_wire, fires_when_it_is_not_to_wait) {
  EXPECT_TRUE(deliver({}, false).taken());
  EXPECT_THAT(script.asked, ElementsAre("fire d"));
}

TEST_F(rsocket_wire, judges_errors_as_the_page_says) {
  EXPECT_EQ(after(rsocket_errc::application, "Access Denied"), verdict::unauthorized);
  EXPECT_EQ(after(rsocket_errc::application, "Jwt expired at …"), verdict::unauthorized);
  EXPECT_EQ(after(rsocket_errc::application, "No handler for destination 'log-fire'"),
            verdict::misconfigured);
  EXPECT_EQ(after(rsocket_errc::application, "null"), verdict::unavailable);
  EXPECT_EQ(after(rsocket_errc::rejected, "busy", true), verdict::unavailable);
  EXPECT_EQ(after(rsocket_errc::invalid, "what?"), verdict::refused);
  EXPECT_EQ(after(rsocket_errc::setup_refused, "no"), verdict::misconfigured);
  EXPECT_EQ(after(rsocket_errc::timeout, "late", true), verdict::unavailable);
}

TEST_F(rsocket_wire, repeats_once_what_a_lost_connection_left_unanswered) {
  const auto lost = transient(rsocket_errc::closed, "cut");
  EXPECT_TRUE(deliver({lost}).taken());
  EXPECT_THAT(script.asked, ElementsAre("request d", "request d"));
  const auto twice = deliver({lost, lost});
  EXPECT_EQ(twice.what, verdict::unavailable);
  EXPECT_THAT(twice.why, HasSubstr("cut"));
}

TEST(status_wires, are_chosen_by_the_url) {
  test::national_services services([](const test::seen_request&) { return test::answer(200); });
  const auto make = [&](const std::string& url) {
    return services.on().call([&] {
      wire_options wanted;
      wanted.url = url;
      return make_wire(services.on().context(), services.client(), wanted).has_value();
    });
  };
  EXPECT_TRUE(make("https://status.example.no/api/status"));
  EXPECT_TRUE(make("rsocket://127.0.0.1:7070"));
  EXPECT_TRUE(make("rsockets://[::1]:7070"));
  EXPECT_FALSE(make("rsocket://status.example.no"));
  EXPECT_FALSE(make("rsocket://:7070"));
}

}  // namespace kp::status_service
