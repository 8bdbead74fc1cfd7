#include "tenants/directory.hpp"
#include "tenants/password.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

using namespace kp;
using namespace kp::tenants;

namespace {

organisation_id id(const char* number) {
  return organisation_id::parse(number).value();
}
channel_name name(const char* text) {
  return channel_name::parse(text).value();
}

std::string hashed(const std::string& password) {
  return hash_password(password, *make_seeded_random(1));
}

std::shared_ptr<const organisation> make(const char* number, const char* channel, const char* user,
                                         const std::string& hash) {
  organisation made{id(number), "x", {}, {}, "", {}, {}, "", ""};
  made.channels.push_back({name(channel), {}, {}, {}, {{user, hash}}, std::chrono::minutes(5), {}});
  return std::make_shared<const organisation>(std::move(made));
}

const std::string hash_of_open = hashed("open sesam");

directory two() {
  return directory({make("910076787", "arkiv", "sak", hash_of_open),
                    make("910077473", "fag", "barn", hashed("æøå"))});
}

template <class F>
std::chrono::microseconds fastest_of_three(F&& work) {
  auto best = std::chrono::microseconds::max();
  for (int i = 0; i < 3; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    best = std::min(best, std::chrono::duration_cast<std::chrono::microseconds>(
                              std::chrono::steady_clock::now() - begin));
  }
  return best;
}

}  // namespace

TEST(password, verifies_against_its_own_hash_only) {
  const auto one = hash_password("p", *make_secure_random());
  const auto two = hash_password("p", *make_secure_random());
  EXPECT_NE(one, two) << "salted";
  EXPECT_TRUE(verify_password("p", one));
  EXPECT_TRUE(verify_password("p", two));
  EXPECT_FALSE(verify_password("P", one));
  EXPECT_FALSE(verify_password("", one));
  EXPECT_TRUE(verify_password("", hash_password("", *make_secure_random())));
}

// RFC 7914 section 12 has N=16384, r=8, p=1 with another salt length; this value was made with
// Python's hashlib.scrypt("pleaseletmein", salt=b"0123456789abcdef", n=16384, r=8, p=1, dklen=32).
TEST(password, is_scrypt_as_others_compute_it) {
  EXPECT_TRUE(verify_password("pleaseletmein",
                              "$scrypt$ln=14,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg==$"
                              "wOBlTLx2kTvDnlM7GeRqLPJSaL8dgO6Mbiarn6WFHEI="));
}

TEST(password, takes_base64_with_and_without_padding) {
  auto hash = hashed("p");
  ASSERT_TRUE(hash.ends_with('='));
  std::erase_if(hash, [at = std::size_t{0}](char c) mutable { return ++at > 22 && c == '='; });
  EXPECT_TRUE(is_password_hash(hash));
  EXPECT_TRUE(verify_password("p", hash));
}

TEST(password, refuses_other_forms_and_parameters) {
  const auto good = hashed("p");
  for (const auto& bad :
       {std::string(), std::string("p"), std::string("$2b$12$abc"), good + "AAAA",
        good.substr(0, good.size() - 4), "$scrypt$ln=15,r=8,p=1$" + good.substr(22),
        "$scrypt$ln=14,r=8,p=1$$" + good.substr(good.rfind('$') + 1), good + "$", good + "!"}) {
    EXPECT_FALSE(is_password_hash(bad)) << bad;
    EXPECT_FALSE(verify_password("p", bad)) << bad;
  }
}

TEST(directory, finds_the_channel_of_credentials) {
  const auto all = two();
  const auto seat = all.authenticate("sak", "open sesam", {});
  ASSERT_TRUE(seat);
  EXPECT_EQ(seat->owner->id, id("910076787"));
  EXPECT_EQ(seat->channel->name, name("arkiv"));
  EXPECT_EQ(all.authenticate("barn", "æøå", {})->owner->id, id("910077473"));
}

TEST(directory, refuses_wrong_passwords_and_unknown_users) {
  const auto all = two();
  EXPECT_FALSE(all.authenticate("sak", "open Sesam", {}));
  EXPECT_FALSE(all.authenticate("sak", "", {}));
  EXPECT_FALSE(all.authenticate("Sak", "open sesam", {}));
  EXPECT_FALSE(all.authenticate("nobody", "open sesam", {}));
  EXPECT_FALSE(all.authenticate("", "", {}));
}

TEST(directory, credentials_count_inside_the_scope_only) {
  const auto all = two();
  EXPECT_TRUE(all.authenticate("sak", "open sesam", {id("910076787"), {}}));
  EXPECT_TRUE(all.authenticate("sak", "open sesam", {id("910076787"), name("arkiv")}));
  EXPECT_FALSE(all.authenticate("sak", "open sesam", {id("910077473"), {}}));
  EXPECT_FALSE(all.authenticate("sak", "open sesam", {id("910076787"), name("fag")}));
  EXPECT_FALSE(all.known("sak", "open sesam", {id("910077473"), {}}));
  EXPECT_FALSE(all.known("sak", "open sesam", {id("910076787"), name("fag")}));
}

TEST(directory, remembers_a_password_once_it_has_been_found_right) {
  const auto all = two();
  EXPECT_FALSE(all.known("sak", "open sesam", {}));
  EXPECT_FALSE(all.authenticate("sak", "wrong", {}));
  EXPECT_FALSE(all.known("sak", "wrong", {}));
  ASSERT_TRUE(all.authenticate("sak", "open sesam", {}));
  EXPECT_TRUE(all.known("sak", "open sesam", {}));
  EXPECT_FALSE(all.known("sak", "wrong", {}));
  EXPECT_FALSE(all.known("barn", "open sesam", {}));
  EXPECT_FALSE(all.authenticate("sak", "wrong", {}));
  EXPECT_TRUE(all.known("sak", "open sesam", {})) << "a wrong one does not make it forget";
}

TEST(directory, a_right_password_is_cheap_again_and_a_wrong_one_never) {
  const auto all = two();
  ASSERT_TRUE(all.authenticate("sak", "open sesam", {}));
  const auto scrypt = fastest_of_three([] { (void)verify_password("x", hash_of_open); });
  const auto right = fastest_of_three([&] { (void)all.authenticate("sak", "open sesam", {}); });
  const auto wrong = fastest_of_three([&] { (void)all.authenticate("sak", "wrong", {}); });
  const auto nobody = fastest_of_three([&] { (void)all.authenticate("nobody", "wrong", {}); });
  EXPECT_LT(right * 5, scrypt);
  EXPECT_GT(wrong * 2, scrypt);
  EXPECT_GT(nobody * 2, scrypt);
}

TEST(directory, that_replaces_another_keeps_what_has_not_changed) {
  const auto before = two();
  ASSERT_TRUE(before.authenticate("sak", "open sesam", {}));
  ASSERT_TRUE(before.authenticate("barn", "æøå", {}));
  const directory after({make("910076787", "arkiv", "sak", hash_of_open),
                         make("910077473", "fag", "barn", hashed("new"))},
                        before);
  EXPECT_TRUE(after.known("sak", "open sesam", {}));
  EXPECT_FALSE(after.known("barn", "æøå", {}));
  EXPECT_FALSE(after.authenticate("barn", "æøå", {}));
  EXPECT_TRUE(after.authenticate("barn", "new", {}));
}

TEST(directory, finds_organisations_by_number) {
  const auto all = two();
  EXPECT_EQ(all.organisations().size(), 2U);
  EXPECT_EQ(all.find(id("910077473"))->id, id("910077473"));
  EXPECT_EQ(all.find(id("987654325")), nullptr);
}

TEST(directory, answers_several_threads) {
  const auto all = two();
  std::atomic<int> right{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        for (int n = 0; n < 3; ++n) {
          right += all.authenticate("sak", "open sesam", {}).has_value();
          right += all.authenticate("barn", "wrong", {}).has_value();
          right += all.known("sak", "open sesam", {}).has_value();
        }
      });
  }
  EXPECT_EQ(right, 24);
}
