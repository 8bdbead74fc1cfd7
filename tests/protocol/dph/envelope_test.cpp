#include "protocol/dph/envelope.hpp"

#include "config/text.hpp"
#include "protocol/crypto/jws.hpp"
#include "tests/protocol/crypto/test_keys.hpp"
#include "tests/support/fixtures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace kp::dph {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const signer_check anybody = [](const crypto::certificate&) { return result<void>{}; };

crypto::keystore key_of(const std::string& certificate_pem, const std::string& key_pem) {
  return {
      *crypto::private_key::from_pem(key_pem), *crypto::certificate::from_pem(certificate_pem), {}};
}

std::string head_of(const std::string& compact) {
  return *from_base64url(compact.substr(0, compact.find('.')));
}

TEST(dph_envelope, what_is_sealed_opens_with_the_recipients_key_and_names_the_signer) {
  const auto sealed = seal(R"({"id":"x"})", test::sender(), test::recipient().leaf);
  ASSERT_TRUE(sealed) << sealed.error().message;
  std::string signer;
  const auto opened = open(*sealed, test::recipient(), [&](const crypto::certificate& leaf) {
    signer = leaf.organisation()->to_string();
    return result<void>{};
  });
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(*opened, R"({"id":"x"})");
  EXPECT_EQ(signer, "910077473");
}

TEST(dph_envelope, has_the_header_that_the_adapter_asks_for) {
  const auto sealed = *seal("{}", test::sender(), test::recipient().leaf);
  const auto head = boost::json::parse(head_of(sealed)).as_object();
  EXPECT_EQ(head.size(), 3u);
  EXPECT_EQ(head.at("alg"), "RSA-OAEP-256");
  EXPECT_EQ(head.at("enc"), "A256GCM");
  EXPECT_EQ(head.at("cty"), "JWT");
}

TEST(dph_envelope, two_of_the_same_differ) {
  EXPECT_NE(*seal("{}", test::sender(), test::recipient().leaf),
            *seal("{}", test::sender(), test::recipient().leaf));
}

TEST(dph_envelope, opens_what_another_library_has_sealed) {
  KP_FIXTURE(adapter_key, "dph/vectors/dph-adapter-key.pem");
  KP_FIXTURE(adapter_leaf, "dph/vectors/dph-adapter-cert.pem");
  KP_FIXTURE(sender_key, "dph/vectors/dph-sender-key.pem");
  KP_FIXTURE(sender_leaf, "dph/vectors/dph-sender-cert.pem");
  const auto adapter = key_of(adapter_leaf, adapter_key), sender = key_of(sender_leaf, sender_key);
  for (const auto& [name, own] :
       {std::pair{"sbd-out", &adapter}, {"get-document", &adapter}, {"sbd-in-reply", &sender}}) {
    const auto jwe = test::fixture(std::string("dph/vectors/") + name + ".jwe");
    const auto payload = test::fixture(std::string("dph/vectors/") + name + ".payload.json");
    ASSERT_TRUE(jwe && payload) << name;
    const auto& other = own == &adapter ? sender : adapter;
    const auto opened = open(*jwe, *own, [&](const crypto::certificate& leaf) -> result<void> {
      if (leaf.der() == other.leaf.der()) return {};
      return permanent(dph_errc::bad_signature, "another signer");
    });
    ASSERT_TRUE(opened) << name << ": " << opened.error().message;
    EXPECT_EQ(*opened, *payload) << name;
  }
}

TEST(dph_envelope, another_key_opens_nothing) {
  const auto sealed = *seal("{}", test::sender(), test::recipient().leaf);
  const auto opened = open(sealed, test::sender(), anybody);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, dph_errc::unreadable);
  EXPECT_FALSE(opened.error().retryable);
  EXPECT_THAT(opened.error().message, StartsWith("S02"));
}

TEST(dph_envelope, a_changed_byte_anywhere_is_noticed) {
  const auto sealed = *seal(R"({"id":"x"})", test::sender(), test::recipient().leaf);
  for (std::size_t part = 0, at = 0; part < 5; ++part) {
    const auto end = std::min(sealed.find('.', at), sealed.size());
    auto changed = sealed;
    const auto middle = (at + end) / 2;
    changed[middle] = changed[middle] == 'A' ? 'B' : 'A';
    EXPECT_EQ(open(changed, test::recipient(), anybody).error().code, dph_errc::unreadable) << part;
    at = end + 1;
  }
}

TEST(dph_envelope, a_signer_that_is_not_believed_stops_it) {
  const auto sealed = *seal("{}", test::sender(), test::recipient().leaf);
  const auto opened = open(sealed, test::recipient(), [](const auto&) -> result<void> {
    return permanent(dph_errc::bad_signature, "nobody knows it");
  });
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, dph_errc::bad_signature);
  EXPECT_THAT(opened.error().message, HasSubstr("nobody knows it"));
}

// The certificate of one and the key of another.
TEST(dph_envelope, a_signature_by_another_key_than_x5c_does_not_hold) {
  const crypto::keystore mixed{test::recipient().key, test::sender().leaf, {}};
  const auto sealed = *seal("{}", mixed, test::recipient().leaf);
  EXPECT_EQ(open(sealed, test::recipient(), anybody).error().code, dph_errc::bad_signature);
}

TEST(dph_envelope, only_the_networks_algorithms_are_tried) {
  const auto sealed = *seal("{}", test::sender(), test::recipient().leaf);
  const auto rest = sealed.substr(sealed.find('.'));
  for (const auto* head :
       {R"({"alg":"RSA1_5","enc":"A256GCM"})", R"({"alg":"dir","enc":"A256GCM"})",
        R"({"alg":"RSA-OAEP-256","enc":"A128CBC-HS256"})",
        R"({"alg":"RSA-OAEP-256","enc":"A256GCM","zip":"DEF"})",
        R"({"alg":"RSA-OAEP-256","enc":"A256GCM","crit":["x"]})", "[]", "{"}) {
    const auto opened = open(to_base64url(head) + rest, test::recipient(), anybody);
    ASSERT_FALSE(opened) << head;
    EXPECT_EQ(opened.error().code, dph_errc::unreadable) << head;
    EXPECT_THAT(opened.error().message, HasSubstr("JWE")) << head;
  }
}

TEST(dph_envelope, what_is_no_jwe_is_unreadable) {
  for (const std::string text : {"", "a.b.c", "a.b.c.d", "a.b.c.d.e.f", "....", "<html>"})
    EXPECT_EQ(open(text, test::recipient(), anybody).error().code, dph_errc::unreadable) << text;
}

}  // namespace
}  // namespace kp::dph
