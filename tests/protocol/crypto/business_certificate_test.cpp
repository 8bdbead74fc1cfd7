#include "protocol/crypto/business_certificate.hpp"

#include "protocol/crypto/crypto_error.hpp"
#include "tests/protocol/crypto/test_authority.hpp"
#include "tests/support/fixtures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

// Whose signatures of receipts are believed (certificates.md 4).

namespace kp::crypto {
namespace {

using test::issue;
using testing::HasSubstr;
using testing::StartsWith;

const auto& usual = test::usual_leaf;
const auto& authority = test::usual_authority;

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
