#include "protocol/crypto/jwe.hpp"

#include "config/text.hpp"
#include "protocol/crypto/crypto_error.hpp"
#include "protocol/crypto/jws_any.hpp"
#include "tests/protocol/crypto/test_keys.hpp"
#include "tests/support/fixtures.hpp"

#include <gtest/gtest.h>

namespace kp::crypto {
namespace {

TEST(jwe, opens_what_another_library_sealed) {
  KP_FIXTURE(jwe, "dph/vectors/sbd-out.jwe");
  KP_FIXTURE(jws, "dph/vectors/sbd-out.jws");
  KP_FIXTURE(key, "dph/vectors/dph-adapter-key.pem");
  const auto opened = open_jwe(jwe + "\n", *private_key::from_pem(key));
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(*opened, jws);
}

TEST(jwe, opens_with_the_recipients_key_alone) {
  const std::string text(100'000, 'x');
  for (const auto& jwt : {std::string(), std::string("a.b.c"), text}) {
    const auto sealed = make_jwe(jwt, test::recipient().leaf);
    ASSERT_TRUE(sealed) << sealed.error().message;
    EXPECT_EQ(*open_jwe(*sealed, test::recipient().key), jwt);
    EXPECT_EQ(open_jwe(*sealed, test::sender().key).error().code, crypto_errc::wrong_key);
  }
}

TEST(jwe, notices_a_change_in_every_part) {
  const auto sealed = *make_jwe("a.b.c", test::recipient().leaf);
  for (std::size_t part = 0, at = 0; part < 5; ++part) {
    const auto end = std::min(sealed.find('.', at), sealed.size());
    auto changed = sealed;
    const auto middle = (at + end) / 2;
    changed[middle] = changed[middle] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(open_jwe(changed, test::recipient().key)) << part;
    at = end + 1;
  }
  // The header is authenticated: the same words in another order do not open.
  const auto other = to_base64url(R"({"cty":"JWT","alg":"RSA-OAEP-256","enc":"A256GCM"})");
  EXPECT_EQ(open_jwe(other + sealed.substr(sealed.find('.')), test::recipient().key).error().code,
            crypto_errc::bad_signature);
}

TEST(jwe, other_kinds_are_not_tried) {
  const auto sealed = *make_jwe("a.b.c", test::recipient().leaf);
  const auto rest = sealed.substr(sealed.find('.'));
  for (const auto* head :
       {R"({"alg":"RSA1_5","enc":"A256GCM"})", R"({"alg":"dir","enc":"A256GCM"})",
        R"({"alg":"RSA-OAEP-256","enc":"A128CBC-HS256"})",
        R"({"alg":"RSA-OAEP-256","enc":"A256GCM","zip":"DEF"})",
        R"({"alg":"RSA-OAEP-256","enc":"A256GCM","crit":["x"]})"})
    EXPECT_EQ(open_jwe(to_base64url(head) + rest, test::recipient().key).error().code,
              crypto_errc::unsupported)
        << head;
  for (const std::string text : {"", "a.b.c", "a.b.c.d.e.f", "....", "<html>", "?.b.c.d.e"})
    EXPECT_EQ(open_jwe(text, test::recipient().key).error().code, crypto_errc::bad_format) << text;
}

TEST(jws_pss, verifies_as_ps256_and_only_with_its_key) {
  const auto signed_text = sign_pss_jws({{"x", 1}}, "{\"a\":1}", test::sender().key);
  ASSERT_TRUE(signed_text) << signed_text.error().message;
  const auto verified =
      verify_any_jws(*signed_text, X509_get0_pubkey(test::sender().leaf.native()));
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(verified->payload, "{\"a\":1}");
  EXPECT_EQ(verified->header.at("alg"), "PS256");
  EXPECT_FALSE(verify_any_jws(*signed_text, X509_get0_pubkey(test::recipient().leaf.native())));
}

}  // namespace
}  // namespace kp::crypto
