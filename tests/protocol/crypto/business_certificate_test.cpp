#include "protocol/crypto/business_certificate.hpp"

#include "protocol/crypto/crypto_error.hpp"
#include "tests/protocol/crypto/test_keys.hpp"
#include "tests/support/fixtures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/conf.h>

#include <filesystem>

// Whose signatures of receipts are believed (certificates.md 4).

namespace kp::crypto {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct extension {
  int kind;
  std::string value;  // as OpenSSL's configuration has it
};

const std::vector<extension> usual{{NID_key_usage, "critical,digitalSignature"},
                                   {NID_basic_constraints, "critical,CA:FALSE"},
                                   {NID_certificate_policies, "2.16.578.1.29.913.200.1.0"}};

keystore issue(const std::string& name, const std::vector<extension>& extensions,
               const keystore* issuer, long until_seconds = 86'400) {
  auto key = test::make_rsa_key();
  std::shared_ptr<X509> x509(X509_new(), X509_free);
  X509_set_version(x509.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 7);
  X509_gmtime_adj(X509_getm_notBefore(x509.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x509.get()), until_seconds);
  auto* subject = X509_get_subject_name(x509.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(x509.get(), issuer ? X509_get_subject_name(issuer->leaf.native()) : subject);
  X509_set_pubkey(x509.get(), key.native());
  for (const auto& [kind, value] : extensions) {
    X509V3_CTX context;
    // Policies are read only in the presence of a configuration, be it an empty one.
    const std::unique_ptr<CONF, decltype(&NCONF_free)> none(NCONF_new(nullptr), NCONF_free);
    X509V3_set_ctx(&context, x509.get(), x509.get(), nullptr, nullptr, 0);
    X509V3_set_nconf(&context, none.get());
    auto* made = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    if (!made) std::abort();
    X509_add_ext(x509.get(), made, -1);
    X509_EXTENSION_free(made);
  }
  X509_sign(x509.get(), issuer ? issuer->key.native() : key.native(), EVP_sha256());
  return {std::move(key), certificate(x509), {}};
}

const std::vector<extension> authority{{NID_key_usage, "critical,keyCertSign"},
                                       {NID_basic_constraints, "critical,CA:TRUE"}};
const keystore& root() {
  static const auto it = issue("root", authority, nullptr);
  return it;
}
const keystore& between() {
  static const auto it = issue("between", authority, &root());
  return it;
}
certificate_judge judge(const std::string& pem) {
  return *certificate_judge::from_pem(pem, test_policies());
}
certificate_judge whole_judge() {
  return judge(between().leaf.pem() + "\n" + root().leaf.pem() + "\n");
}
time_point now() {
  return wall_clock().now();
}
std::string verdict(const certificate_judge& by, const keystore& of, time_point at = now()) {
  const auto said = by.judge(of.leaf, at);
  return said ? "trusted" : said.error().message;
}

}  // namespace

TEST(business_certificate, is_trusted_through_the_configured_authorities) {
  EXPECT_EQ(verdict(whole_judge(), issue("leaf", usual, &between())), "trusted");
  EXPECT_EQ(verdict(judge(root().leaf.pem()), issue("leaf", usual, &root())), "trusted");
  EXPECT_THAT(verdict(judge(root().leaf.pem()), issue("leaf", usual, &between())),
              StartsWith("Certificate has no path to a configured root"));
}

TEST(business_certificate, of_others_is_not_trusted) {
  const auto stranger = issue("root", authority, nullptr);
  EXPECT_THAT(verdict(whole_judge(), issue("leaf", usual, &stranger)),
              StartsWith("Certificate has no path to a configured root"));
  EXPECT_EQ(verdict(whole_judge(), issue("alone", usual, nullptr)),
            "Certificate should be publicly signed.");
}

TEST(business_certificate, is_trusted_while_it_is_valid) {
  const auto leaf = issue("leaf", usual, &root());
  const auto late = verdict(whole_judge(), leaf, now() + std::chrono::hours(25));
  EXPECT_EQ(late, "Certificate does not have a valid expiration date.");
  EXPECT_EQ(verdict(whole_judge(), leaf, now() - std::chrono::hours(2)), late);
}

TEST(business_certificate, must_have_an_accepted_policy) {
  const auto with = [](const char* policy) {
    auto extensions = usual;
    extensions[2].value = policy;
    return verdict(whole_judge(), issue("leaf", extensions, &root()));
  };
  EXPECT_EQ(with("2.16.578.1.29.913.210.4.7"), "trusted");  // below a *
  EXPECT_EQ(with("2.16.578.1.26.1.0.3.2,1.2.3.4"), "trusted");
  EXPECT_EQ(with("2.16.578.1.29.913.2100"), "No accepted policies found in certificate.");
  EXPECT_EQ(with("1.2.3.4"), "No accepted policies found in certificate.");
}

TEST(business_certificate, must_have_key_usage_and_nothing_else_as_critical) {
  auto extensions = usual;
  extensions[0].value = "digitalSignature";
  EXPECT_EQ(verdict(whole_judge(), issue("leaf", extensions, &root())),
            "Certificate has no critical key usage.");
  extensions = usual;
  extensions.push_back({NID_ext_key_usage, "critical,emailProtection"});
  EXPECT_THAT(verdict(whole_judge(), issue("leaf", extensions, &root())),
              HasSubstr("critical extension that is not known: 2.5.29.37"));
}

TEST(business_certificate, authorities_that_are_in_use_can_be_loaded) {
  for (const auto* mode : {"PROD", "TEST"}) {
    const auto folder = std::filesystem::path(test::fixtures_folder()) / "platform/ca" / mode;
    if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is not there";
    std::string pem;
    for (const auto& file : std::filesystem::recursive_directory_iterator(folder))
      if (file.is_regular_file())
        pem +=
            *test::fixture(std::filesystem::relative(file.path(), test::fixtures_folder())) + "\n";
    EXPECT_TRUE(certificate_judge::from_pem(pem, production_policies())) << mode;
  }
  EXPECT_FALSE(certificate_judge::from_pem("nothing", test_policies()));
}

}  // namespace kp::crypto
