#include "protocol/revocation/revocation_lists.hpp"

#include "protocol/crypto/crypto_error.hpp"
#include "tests/protocol/crypto/test_authority.hpp"
#include "tests/protocol/maskinporten/national_services.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// Revocation lists on their way from authorities that may be slow, silent or impersonated.

namespace kp::revocation {
namespace {

using namespace std::chrono_literals;
using test::answer;
using test::list_of_revoked;
using test::seen_request;
using testing::IsEmpty;
using testing::SizeIs;

const crypto::keystore& authority() {
  static const auto it = test::issue("authority", test::usual_authority, nullptr);
  return it;
}

struct asking {
  asking()
      : services([this](const seen_request& seen) {
          const std::scoped_lock lock(mutex);
          if (status != 200) return answer(status);
          if (!tag.empty() && seen.header("If-None-Match") == tag) return answer(304);
          http::headers headers;
          if (!tag.empty()) headers.add("ETag", tag);
          return answer(200, body, std::move(headers));
        }),
        it(services.client(), services.workers(), time) {}

  void serve(std::string bytes, std::string with_tag = {}) {
    const std::scoped_lock lock(mutex);
    body = std::move(bytes);
    tag = std::move(with_tag);
    status = 200;
  }
  void fail_with(unsigned code) {
    const std::scoped_lock lock(mutex);
    status = code;
  }
  void fetch(const std::string& path = "/a.crl", bool fits = true) {
    revocation_lists::check check = [fits](const crypto::revocation_list&) -> result<void> {
      if (fits) return {};
      return permanent(crypto::crypto_errc::bad_signature, "of a stranger");
    };
    // A value, because the loop that waits for it takes one.
    auto work = [](revocation_lists& lists, std::string address,
                   revocation_lists::check by) -> http::awaitable<bool> {
      std::set<std::string> wanted{std::move(address)};
      co_await lists.fetch(std::move(wanted), std::move(by));
      co_return true;
    };
    services.on().run(work(it, services.url(path), std::move(check)));
  }
  std::vector<std::string> due(const std::string& path = "/a.crl") {
    return it.due({services.url(path)});
  }
  bool is_due(const std::string& path = "/a.crl") { return !due(path).empty(); }
  std::vector<crypto::revocation_list> lists(const std::string& path = "/a.crl") {
    return it.at_hand({services.url(path)});
  }
  std::size_t requests() { return services.seen().size(); }

  std::mutex mutex;
  std::string body, tag;
  unsigned status = 200;
  manual_clock time{wall_clock().now()};
  test::national_services services;
  revocation_lists it;
};

}  // namespace

TEST(revocation_lists, are_fetched_when_they_are_needed_and_kept_for_a_while) {
  asking here;
  here.serve(list_of_revoked(authority(), {1}));
  EXPECT_TRUE(here.is_due());
  EXPECT_THAT(here.lists(), IsEmpty());
  here.fetch();
  EXPECT_THAT(here.lists(), SizeIs(1));
  EXPECT_FALSE(here.is_due());
  here.time.advance(14min);
  here.fetch();
  EXPECT_EQ(here.requests(), 1u);
  here.time.advance(2min);
  EXPECT_TRUE(here.is_due());
  here.fetch();
  EXPECT_EQ(here.requests(), 2u);
}

TEST(revocation_lists, that_have_not_changed_are_not_sent_again) {
  asking here;
  here.serve(list_of_revoked(authority(), {1}), "\"one\"");
  here.fetch();
  here.time.advance(16min);
  here.fetch();
  ASSERT_EQ(here.requests(), 2u);
  EXPECT_EQ(here.services.seen()[1].header("If-None-Match"), "\"one\"");
  EXPECT_THAT(here.lists(), SizeIs(1));
  EXPECT_FALSE(here.is_due());
}

TEST(revocation_lists, are_fetched_anew_when_their_successor_is_due) {
  asking here;
  here.serve(list_of_revoked(authority(), {1}, 5min));
  here.fetch();
  here.time.advance(4min);
  EXPECT_FALSE(here.is_due());
  here.time.advance(2min);
  EXPECT_TRUE(here.is_due());
  here.fetch();  // the same again: it counts, and is asked for ever so often
  EXPECT_THAT(here.lists(), SizeIs(1));
  EXPECT_FALSE(here.is_due());
  here.time.advance(revocation_lists::between_failures);
  EXPECT_TRUE(here.is_due());
}

TEST(revocation_lists, count_while_no_newer_one_can_be_had) {
  asking here;
  here.serve(list_of_revoked(authority(), {1}, 5min));
  here.fetch();
  here.time.advance(48h);
  here.fail_with(503);
  here.fetch();
  EXPECT_THAT(here.lists(), SizeIs(1));
  here.serve("<html>Logg inn på nettverket</html>");
  here.time.advance(revocation_lists::between_failures);
  here.fetch();
  EXPECT_THAT(here.lists(), SizeIs(1));
}

TEST(revocation_lists, that_cannot_be_had_are_asked_for_ever_so_often) {
  asking here;
  here.fail_with(404);
  here.fetch();
  EXPECT_THAT(here.lists(), IsEmpty());
  EXPECT_FALSE(here.is_due());
  here.fetch();
  EXPECT_EQ(here.requests(), 1u);
  here.time.advance(revocation_lists::between_failures);
  here.serve(list_of_revoked(authority(), {1}));
  here.fetch();
  EXPECT_THAT(here.lists(), SizeIs(1));
}

TEST(revocation_lists, of_strangers_are_not_taken) {
  asking here;
  here.serve(list_of_revoked(authority(), {1}));
  here.fetch("/a.crl", false);
  EXPECT_THAT(here.lists(), IsEmpty());
}

TEST(revocation_lists, are_not_replaced_by_older_ones) {
  asking here;
  here.serve(list_of_revoked(authority(), {1}, 1h, 1h));
  here.fetch();
  const auto made = here.lists().front().made();
  here.serve(list_of_revoked(authority(), {}, 1h, 3h));
  here.time.advance(16min);
  here.fetch();
  EXPECT_EQ(here.requests(), 2u);
  EXPECT_EQ(here.lists().front().made(), made);
}

TEST(revocation_lists, are_not_more_than_there_is_room_for) {
  asking here;
  here.serve(list_of_revoked(authority(), {1}));
  for (std::size_t i = 0; i <= revocation_lists::most_lists; ++i) {
    here.fetch("/" + std::to_string(i) + ".crl");
    here.time.advance(1s);
  }
  EXPECT_THAT(here.lists("/0.crl"), IsEmpty());
  EXPECT_THAT(here.lists("/1.crl"), SizeIs(1));
  EXPECT_THAT(here.lists("/" + std::to_string(revocation_lists::most_lists) + ".crl"), SizeIs(1));
}

}  // namespace kp::revocation
