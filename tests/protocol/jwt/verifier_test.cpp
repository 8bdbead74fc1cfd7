#include "protocol/jwt/verifier.hpp"

#include "config/text.hpp"
#include "protocol/crypto/jws_any.hpp"
#include "protocol/jwt/jwt_error.hpp"
#include "tests/protocol/crypto/test_keys.hpp"
#include "tests/protocol/http/loopback.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <boost/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

namespace kp::jwt {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using testing::HasSubstr;

const time_point noon = parse_timestamp_with_offset("2026-03-02T12:00:00Z").value();

std::int64_t seconds(time_point at) {
  return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
}

const crypto::private_key& first_key() {
  static const auto key = test::make_rsa_key();
  return key;
}
const crypto::private_key& second_key() {
  static const auto key = test::make_rsa_key();
  return key;
}

json::object public_half(const crypto::private_key& key, const std::string& kid) {
  auto jwk = crypto::jwk_from_rsa_key(key.native());
  jwk["kid"] = kid;
  jwk["alg"] = "RS256";
  return jwk;
}

// An issuer with metadata and keys that a test can change, and somebody who verifies.
class house {
 public:
  house()
      : server_(on_, [this](const http::request_head& head, http::request_body&) {
          return answer(this, head.path);
        }) {
    issuer_ = server_.url("/");
    publish({public_half(first_key(), "one")});
    on_.call([&] {
      client_ = *http::client::make(on_.context(), workers_, {});
      by_ = {.name = "issuer", .issuer = issuer_, .audience = "https://hub", .keys_url = {}};
      it_.emplace(*client_, time, std::vector{by_});
    });
  }
  ~house() {
    on_.call([&] {
      it_.reset();
      client_.reset();
    });
    workers_.join();
  }

  void publish(json::array keys) {
    on_.call([&] { keys_ = json::serialize(json::object{{"keys", std::move(keys)}}); });
  }
  json::object claims() const {
    return {{"iss", issuer_},
            {"aud", "https://hub"},
            {"scope", "eformidling:arkiv other"},
            {"client_id", "client"},
            {"consumer", {{"authority", "iso6523-actorid-upis"}, {"ID", "0192:910077473"}}},
            {"iat", seconds(time.now())},
            {"exp", seconds(time.now()) + 120}};
  }
  std::string sign(const json::object& all, const crypto::private_key& key = first_key(),
                   const std::string& kid = "one") const {
    return crypto::sign_jws({{"kid", kid}}, json::serialize(all), key).value();
  }
  result<verified_token> verify(const std::string& token) { return on_.run(it_->verify(token)); }
  // The code of what came of it; nothing when it was accepted.
  std::error_code refusal(const std::string& token) {
    const auto got = verify(token);
    return got ? std::error_code() : got.error().code;
  }
  const std::string& issuer() const { return issuer_; }

  manual_clock time{noon};
  std::atomic<int> fetches = 0;
  std::atomic<bool> down = false;

 private:
  static http::awaitable<http::server_response> answer(house* me, std::string path) {
    if (me->down) co_return http::server_response{503, {}, "down", nullptr};
    if (path == "/keys") {
      ++me->fetches;
      co_return http::server_response{200, {}, me->keys_, nullptr};
    }
    // Maskinporten has no OpenID Connect metadata.
    if (path != "/.well-known/oauth-authorization-server")
      co_return http::server_response{404, {}, "", nullptr};
    json::object metadata{{"issuer", me->issuer_}, {"jwks_uri", me->issuer_ + "keys"}};
    std::string text = json::serialize(metadata);
    co_return http::server_response{200, {}, std::move(text), nullptr};
  }

  test::network on_;
  http::asio::thread_pool workers_{1};
  test::test_server server_;
  std::string issuer_, keys_;
  token_issuer by_;
  std::unique_ptr<http::client> client_;
  std::optional<verifier> it_;
};

TEST(jwt, says_who_holds_a_good_token) {
  house at;
  const auto got = at.verify(at.sign(at.claims()));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->issuer, "issuer");
  EXPECT_THAT(got->holder.scopes, testing::ElementsAre("eformidling:arkiv", "other"));
  EXPECT_EQ(got->holder.consumer, "0192:910077473");
  EXPECT_EQ(got->holder.client_id, "client");
}

TEST(jwt, keys_are_fetched_once_for_many_tokens) {
  house at;
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(at.verify(at.sign(at.claims())));
  EXPECT_EQ(at.fetches, 1);
}

TEST(jwt, times_are_judged_with_the_clock_skew) {
  house at;
  const auto with = [&](const char* name, std::int64_t second) {
    auto all = at.claims();
    all[name] = second;
    return at.refusal(at.sign(all));
  };
  const auto now = seconds(noon);
  EXPECT_EQ(with("exp", now - 29), std::error_code());
  EXPECT_EQ(with("exp", now - 30), jwt_errc::not_valid_now);
  EXPECT_EQ(with("nbf", now + 30), std::error_code());
  EXPECT_EQ(with("nbf", now + 31), jwt_errc::not_valid_now);
  EXPECT_EQ(with("iat", now + 31), jwt_errc::not_valid_now);
  auto endless = at.claims();
  endless.erase("exp");
  EXPECT_EQ(at.refusal(at.sign(endless)), jwt_errc::malformed);
  endless["exp"] = "tomorrow";
  EXPECT_EQ(at.refusal(at.sign(endless)), jwt_errc::malformed);
}

TEST(jwt, for_somebody_else_or_of_somebody_else_is_refused_without_a_fetch) {
  house at;
  auto all = at.claims();
  all["aud"] = json::array{"https://other", "https://hub"};
  EXPECT_TRUE(at.verify(at.sign(all)));
  const int before = at.fetches;
  all["aud"] = "https://other";
  EXPECT_EQ(at.refusal(at.sign(all)), jwt_errc::wrong_audience);
  all = at.claims();
  all.erase("aud");
  EXPECT_EQ(at.refusal(at.sign(all)), jwt_errc::wrong_audience);
  all = at.claims();
  all["iss"] = at.issuer() + "other/";
  EXPECT_EQ(at.refusal(at.sign(all)), jwt_errc::untrusted_issuer);
  EXPECT_EQ(at.fetches, before);
}

TEST(jwt, signed_by_nobody_or_by_a_stranger_is_refused) {
  house at;
  const auto good = at.sign(at.claims());
  EXPECT_EQ(at.refusal(at.sign(at.claims(), second_key())), jwt_errc::bad_signature);
  const auto payload = good.substr(good.find('.'), good.rfind('.') - good.find('.') + 1);
  for (const std::string header :
       {R"({"alg":"none","kid":"one"})", R"({"alg":"HS256","kid":"one"})",
        R"({"alg":"ES256","kid":"one"})", R"({"alg":"RS512","kid":"one"})", R"({"kid":"one"})"})
    EXPECT_EQ(at.refusal(to_base64url(header) + payload + good.substr(good.rfind('.') + 1)),
              jwt_errc::bad_signature)
        << header;
  EXPECT_EQ(at.refusal(to_base64url(R"({"alg":"none"})") + payload), jwt_errc::bad_signature);
  for (const std::string none : {"", ".", "..", "a.b.c", "a.b", "{}.{}.{}"})
    EXPECT_EQ(at.refusal(none), jwt_errc::malformed) << none;
}

TEST(jwt, a_new_key_is_found_and_an_unknown_one_is_not_asked_for_all_the_time) {
  house at;
  ASSERT_TRUE(at.verify(at.sign(at.claims())));
  at.publish({public_half(second_key(), "two")});
  const auto renewed = [&] { return at.sign(at.claims(), second_key(), "two"); };
  EXPECT_EQ(at.refusal(renewed()), jwt_errc::bad_signature) << "asked a moment ago";
  EXPECT_EQ(at.fetches, 1);
  at.time.advance(between_fetches);
  EXPECT_TRUE(at.verify(renewed()));
  EXPECT_EQ(at.refusal(at.sign(at.claims(), first_key(), "one")), jwt_errc::bad_signature)
      << "the old key is gone";
  EXPECT_EQ(at.fetches, 2);
}

TEST(jwt, old_keys_serve_for_a_day_while_the_issuer_is_down) {
  house at;
  ASSERT_TRUE(at.verify(at.sign(at.claims())));
  at.down = true;
  at.time.advance(23h);
  EXPECT_TRUE(at.verify(at.sign(at.claims())));
  at.time.advance(2h);
  const auto got = at.verify(at.sign(at.claims()));
  ASSERT_FALSE(got);
  EXPECT_TRUE(got.error().retryable) << "not the token's fault";
  at.down = false;
  at.time.advance(between_fetches);
  EXPECT_TRUE(at.verify(at.sign(at.claims())));
}

// A token of an EC key, signed with OpenSSL's own DER signature turned into r and s.
TEST(jwt, elliptic_curves_are_accepted) {
  const std::shared_ptr<EVP_PKEY> key(EVP_EC_gen("prime256v1"), EVP_PKEY_free);
  BIGNUM *x = nullptr, *y = nullptr;
  ASSERT_EQ(EVP_PKEY_get_bn_param(key.get(), OSSL_PKEY_PARAM_EC_PUB_X, &x), 1);
  ASSERT_EQ(EVP_PKEY_get_bn_param(key.get(), OSSL_PKEY_PARAM_EC_PUB_Y, &y), 1);
  const auto padded = [](const BIGNUM* number) {
    std::string bytes(32, '\0');
    BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), 32);
    return bytes;
  };
  json::object jwk{{"kty", "EC"}, {"crv", "P-256"}, {"kid", "ec"}};
  jwk["x"] = to_base64url(padded(x));
  jwk["y"] = to_base64url(padded(y));
  BN_free(x);
  BN_free(y);

  house at;
  at.publish({jwk});
  const auto text = to_base64url(R"({"alg":"ES256","kid":"ec"})") + '.' +
                    to_base64url(json::serialize(at.claims()));
  std::string der(200, '\0');
  auto length = der.size();
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key.get());
  ASSERT_EQ(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(der.data()), &length,
                           reinterpret_cast<const unsigned char*>(text.data()), text.size()),
            1);
  EVP_MD_CTX_free(context);
  const auto* in = reinterpret_cast<const unsigned char*>(der.data());
  ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &in, static_cast<long>(length));
  const auto raw = padded(ECDSA_SIG_get0_r(pair)) + padded(ECDSA_SIG_get0_s(pair));
  ECDSA_SIG_free(pair);
  const auto got = at.verify(text + '.' + to_base64url(raw));
  EXPECT_TRUE(got) << got.error().message;
  auto broken = raw;
  broken[40] = static_cast<char>(broken[40] ^ 1);
  EXPECT_EQ(at.refusal(text + '.' + to_base64url(broken)), jwt_errc::bad_signature);

  jwk["y"] = to_base64url(std::string(32, 'y'));
  EXPECT_FALSE(crypto::public_key_from_jwk(jwk)) << "no point of the curve";
}

}  // namespace
}  // namespace kp::jwt
