#include "protocol/crypto/revocation_list.hpp"

#include "protocol/crypto/business_certificate.hpp"
#include "protocol/crypto/crypto_error.hpp"
#include "tests/protocol/crypto/test_authority.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// Certificates that are taken back (certificates.md 4.1).

namespace kp::crypto {
namespace {

using namespace std::chrono_literals;
using test::issue;
using test::list_of_revoked;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const keystore& root() {
  static const auto it = issue("root", test::usual_authority, nullptr);
  return it;
}
const keystore& between() {
  static const auto it = issue("between", test::usual_authority, &root());
  return it;
}
const certificate& leaf() {
  static const auto it = issue("leaf", test::usual_leaf, &between(), 42).leaf;
  return it;
}
const certificate_judge& judge() {
  static const auto it = *certificate_judge::from_pem(
      between().leaf.pem() + "\n" + root().leaf.pem() + "\n", test_policies());
  return it;
}
std::string verdict(const std::vector<revocation_list>& lists) {
  const auto said = judge().judge(leaf(), wall_clock().now(), lists);
  return said ? "trusted" : said.error().message;
}
revocation_list list(const std::string& bytes) {
  return *revocation_list::parse(bytes);
}
std::string pem_of(const revocation_list& of) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> to(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_X509_CRL(to.get(), of.native());
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(to.get(), &bytes);
  return std::string(bytes, static_cast<std::size_t>(length));
}

}  // namespace

TEST(revocation_list, revokes_the_certificates_of_its_issuer_that_it_names) {
  EXPECT_EQ(verdict({list(list_of_revoked(between(), {41, 42, 43}))}), "Certificate is revoked.");
  EXPECT_EQ(verdict({list(list_of_revoked(between(), {41, 43}))}), "trusted");
  EXPECT_EQ(verdict({list(list_of_revoked(between(), {}))}), "trusted");
}

TEST(revocation_list, of_another_issuer_revokes_nothing) {
  EXPECT_EQ(verdict({list(list_of_revoked(root(), {42}))}), "trusted");
  EXPECT_EQ(verdict({list(list_of_revoked(root(), {})), list(list_of_revoked(between(), {42}))}),
            "Certificate is revoked.");
}

TEST(revocation_list, counts_also_when_the_next_one_should_have_come) {
  EXPECT_EQ(verdict({list(list_of_revoked(between(), {42}, -1h))}), "Certificate is revoked.");
  EXPECT_EQ(verdict({list(list_of_revoked(between(), {41}, -1h))}), "trusted");
}

TEST(revocation_list, does_not_make_a_stranger_trusted) {
  const auto other = issue("between", test::usual_authority, nullptr);
  const auto forged = issue("leaf", test::usual_leaf, &other, 42).leaf;
  const auto said =
      judge().judge(forged, wall_clock().now(), std::vector{list(list_of_revoked(between(), {}))});
  ASSERT_FALSE(said);
  EXPECT_THAT(said.error().message, HasSubstr("no path to a configured root"));
}

TEST(revocation_list, must_come_from_one_of_the_authorities) {
  EXPECT_TRUE(judge().check(list(list_of_revoked(between(), {1}))));
  EXPECT_TRUE(judge().check(list(list_of_revoked(root(), {1}))));
  const auto same_name = issue("between", test::usual_authority, nullptr);
  EXPECT_FALSE(judge().check(list(list_of_revoked(same_name, {1}))));
  auto changed = list_of_revoked(between(), {1});
  changed.back() = static_cast<char>(changed.back() ^ 1);
  EXPECT_FALSE(judge().check(list(changed)));
  const auto signs_nothing =
      issue("mute",
            {{NID_key_usage, "critical,keyCertSign"}, {NID_basic_constraints, "critical,CA:TRUE"}},
            nullptr);
  const auto alone = *certificate_judge::from_pem(signs_nothing.leaf.pem(), test_policies());
  EXPECT_FALSE(alone.check(list(list_of_revoked(signs_nothing, {1}))));
}

TEST(revocation_list, is_read_as_der_and_as_pem_and_tells_its_times) {
  const auto der = list_of_revoked(between(), {1}, 1h);
  const auto now = wall_clock().now();
  for (const auto& bytes : {der, pem_of(list(der))}) {
    const auto read = revocation_list::parse(bytes);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_LT(read->made(), now - 1h);
    EXPECT_GT(read->next_comes(), now + 50min);
  }
  for (const auto* bad : {"", "nothing", "-----BEGIN X509 CRL-----\n"}) {
    const auto read = revocation_list::parse(bad);
    ASSERT_FALSE(read) << bad;
    EXPECT_EQ(read.error().code, crypto_errc::bad_format) << bad;
  }
}

TEST(revocation_addresses, are_the_web_addresses_of_the_distribution_points) {
  auto extensions = test::usual_leaf;
  extensions.push_back({NID_crl_distribution_points,
                        "URI:http://crl.example.no/a.crl,URI:ldap://crl.example.no/x,"
                        "URI:https://crl.example.no/b.crl"});
  EXPECT_THAT(revocation_addresses(issue("leaf", extensions, &root()).leaf),
              ElementsAre("http://crl.example.no/a.crl", "https://crl.example.no/b.crl"));
  EXPECT_THAT(revocation_addresses(leaf()), IsEmpty());
  extensions.back().value = "URI:http://a/,URI:http://b/,URI:http://c/,URI:http://d/,URI:http://e/";
  EXPECT_EQ(revocation_addresses(issue("leaf", extensions, &root()).leaf).size(),
            most_revocation_addresses);
}

}  // namespace kp::crypto
