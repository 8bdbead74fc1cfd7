#include "protocol/crypto/certificate.hpp"

#include "protocol/crypto/crypto_error.hpp"
#include "tests/protocol/crypto/test_keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/provider.h>

using namespace kp;
using namespace kp::crypto;
using ::testing::HasSubstr;

namespace {

struct entry {
  const keystore* of;
  const char* alias;
};

struct pkcs12_options {
  int key_cipher = NID_aes_256_cbc;
  int certificate_cipher = NID_aes_256_cbc;
  const char* key_password = "secret";
  OSSL_LIB_CTX* context = nullptr;
};

std::string pkcs12(const std::vector<entry>& entries, const pkcs12_options& options = {}) {
  STACK_OF(PKCS12_SAFEBAG)* keys = nullptr;
  STACK_OF(PKCS12_SAFEBAG)* certificates = nullptr;
  for (const auto& each : entries) {
    unsigned char id[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    X509_digest(each.of->leaf.native(), EVP_sha1(), id, &length);
    auto* key = PKCS12_add_key_ex(&keys, each.of->key.native(), 0, 2048, options.key_cipher,
                                  options.key_password, options.context, nullptr);
    auto* leaf = PKCS12_add_cert(&certificates, each.of->leaf.native());
    for (auto* bag : {key, leaf}) {
      PKCS12_add_localkeyid(bag, id, static_cast<int>(length));
      if (each.alias) PKCS12_add_friendlyname_utf8(bag, each.alias, -1);
    }
    for (const auto& issuer : each.of->chain) PKCS12_add_cert(&certificates, issuer.native());
  }
  STACK_OF(PKCS7)* safes = nullptr;
  PKCS12_add_safe_ex(&safes, certificates, options.certificate_cipher, 2048, "secret",
                     options.context, nullptr);
  PKCS12_add_safe(&safes, keys, -1, 0, nullptr);
  PKCS12* file = PKCS12_add_safes(safes, 0);
  PKCS12_set_mac(file, "secret", -1, nullptr, 0, 2048, EVP_sha256());
  unsigned char* bytes = nullptr;
  const int size = i2d_PKCS12(file, &bytes);
  std::string der(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  PKCS12_free(file);
  sk_PKCS7_pop_free(safes, PKCS7_free);
  sk_PKCS12_SAFEBAG_pop_free(keys, PKCS12_SAFEBAG_free);
  sk_PKCS12_SAFEBAG_pop_free(certificates, PKCS12_SAFEBAG_free);
  return der;
}

bool is_for(const keystore& opened, const keystore& expected) {
  return opened.leaf.der() == expected.leaf.der() &&
         EVP_PKEY_eq(opened.key.native(), expected.key.native()) == 1;
}

}  // namespace

TEST(keystore, opens_with_its_password) {
  const auto opened = keystore::open_pkcs12(pkcs12({{&test::sender(), "meldinger"}}), "secret", {});
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_TRUE(is_for(*opened, test::sender()));
  EXPECT_TRUE(opened->chain.empty());
}

TEST(keystore, says_bad_password_for_another_password) {
  const auto file = pkcs12({{&test::sender(), "meldinger"}});
  for (const char* password : {"Secret", ""}) {
    const auto opened = keystore::open_pkcs12(file, password, {});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, crypto_errc::bad_password);
  }
}

TEST(keystore, chooses_by_alias_case_sensitively) {
  const auto file = pkcs12({{&test::sender(), "gammel"}, {&test::recipient(), "Ny"}});
  const auto renewed = keystore::open_pkcs12(file, "secret", "Ny");
  ASSERT_TRUE(renewed) << renewed.error().message;
  EXPECT_TRUE(is_for(*renewed, test::recipient()));

  const auto wrong_case = keystore::open_pkcs12(file, "secret", "ny");
  ASSERT_FALSE(wrong_case);
  EXPECT_EQ(wrong_case.error().code, crypto_errc::bad_format);
  EXPECT_THAT(wrong_case.error().message, HasSubstr("\"gammel\", \"Ny\""));

  const auto none = keystore::open_pkcs12(file, "secret", {});
  ASSERT_FALSE(none) << "two keys and nothing to choose by";
  EXPECT_THAT(none.error().message, HasSubstr("alias"));
}

TEST(keystore, orders_the_chain_from_the_leaf_upwards_and_leaves_strangers_out) {
  const auto root = test::make_identity({{"CN", "Root"}}, 1);
  auto middle_key = test::make_rsa_key();
  auto middle_cert = test::make_certificate(middle_key, {{"CN", "Middle"}}, 2, &root);
  const keystore middle{middle_key, middle_cert, {}};
  auto leaf_key = test::make_rsa_key();
  auto leaf_cert = test::make_certificate(leaf_key, {{"CN", "Leaf"}}, 3, &middle);
  const keystore leaf{leaf_key, leaf_cert, {root.leaf, test::stranger().leaf, middle.leaf}};

  const auto opened = keystore::open_pkcs12(pkcs12({{&leaf, "x"}}), "secret", "x");
  ASSERT_TRUE(opened) << opened.error().message;
  ASSERT_EQ(opened->chain.size(), 2u);
  EXPECT_EQ(opened->chain[0].der(), middle.leaf.der());
  EXPECT_EQ(opened->chain[1].der(), root.leaf.der());
}

TEST(keystore, shares_the_certificates_of_authorities_with_every_other_key_store) {
  const auto root = test::make_identity({{"CN", "Root"}}, 1);
  const auto of = [&](const char* name) {
    auto key = test::make_rsa_key();
    auto leaf = test::make_certificate(key, {{"CN", name}}, 2, &root);
    const keystore whole{key, leaf, {root.leaf}};
    return keystore::open_pkcs12(pkcs12({{&whole, "x"}}), "secret", "x");
  };
  const auto one = of("One");
  const auto other = of("Other");
  ASSERT_TRUE(one && other);
  ASSERT_EQ(one->chain.size(), 1u);
  ASSERT_EQ(other->chain.size(), 1u);
  EXPECT_EQ(one->chain[0].native(), other->chain[0].native());
  EXPECT_NE(one->leaf.native(), other->leaf.native());
}

TEST(keystore, takes_the_certificate_bound_to_the_key_when_it_was_renewed_for_the_same_key) {
  const auto& now = test::sender();
  const keystore with_old_beside{
      now.key, now.leaf, {test::make_certificate(now.key, {{"CN", "SENDER"}}, 77)}};
  const auto opened = keystore::open_pkcs12(pkcs12({{&with_old_beside, "x"}}), "secret", "x");
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->leaf.serial_decimal(), now.leaf.serial_decimal());
}

TEST(keystore, says_so_when_the_key_has_another_password_than_the_store) {
  pkcs12_options options;
  options.key_password = "other";
  const auto opened =
      keystore::open_pkcs12(pkcs12({{&test::sender(), "x"}}, options), "secret", {});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, crypto_errc::bad_password);
  EXPECT_THAT(opened.error().message, HasSubstr("must be the same"));
}

TEST(keystore, tells_how_to_convert_a_java_key_store) {
  using namespace std::string_literals;
  for (const auto& magic : {"\xFE\xED\xFE\xED\0\0\0\2"s, "\xCE\xCE\xCE\xCE\0\0\0\2"s}) {
    const auto opened = keystore::open_pkcs12(magic, "secret", {});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, crypto_errc::bad_format);
    EXPECT_THAT(opened.error().message, HasSubstr("keytool -importkeystore"));
  }
}

TEST(keystore, refuses_what_is_no_key_store) {
  const auto whole = pkcs12({{&test::sender(), "x"}});
  for (const auto& bytes : {std::string(), std::string("hello"), whole.substr(0, 500),
                            test::sender().leaf.der(), test::sender().leaf.pem()}) {
    const auto opened = keystore::open_pkcs12(bytes, "secret", {});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, crypto_errc::bad_format) << opened.error().message;
  }
}

TEST(keystore, opens_files_of_old_tools_with_3des_and_rc2) {
  OSSL_LIB_CTX* context = OSSL_LIB_CTX_new();
  OSSL_PROVIDER* legacy = OSSL_PROVIDER_load(context, "legacy");
  OSSL_PROVIDER* usual = OSSL_PROVIDER_load(context, "default");
  std::string file;
  if (legacy && usual)
    file = pkcs12({{&test::sender(), "gammel"}},
                  {.key_cipher = NID_pbe_WithSHA1And3_Key_TripleDES_CBC,
                   .certificate_cipher = NID_pbe_WithSHA1And40BitRC2_CBC,
                   .context = context});
  OSSL_PROVIDER_unload(usual);
  OSSL_PROVIDER_unload(legacy);
  OSSL_LIB_CTX_free(context);
  if (file.empty()) GTEST_SKIP() << "OpenSSL's legacy provider is not installed";

  const auto opened = keystore::open_pkcs12(file, "secret", "gammel");
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_TRUE(is_for(*opened, test::sender()));
  // The key must work after the context it was read in is gone.
  unsigned char signature[512];
  std::size_t length = sizeof(signature);
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> md(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  ASSERT_EQ(EVP_DigestSignInit(md.get(), nullptr, EVP_sha256(), nullptr, opened->key.native()), 1);
  EXPECT_EQ(
      EVP_DigestSign(md.get(), signature, &length, reinterpret_cast<const unsigned char*>("x"), 1),
      1);
}
