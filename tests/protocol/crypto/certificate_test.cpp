#include "protocol/crypto/certificate.hpp"

#include "protocol/crypto/crypto_error.hpp"
#include "tests/protocol/crypto/test_keys.hpp"
#include "tests/support/fixtures.hpp"

#include <gtest/gtest.h>

using namespace kp;
using namespace kp::crypto;
using namespace std::chrono_literals;

namespace {

// Which rule finds the number does not depend on the key, so one key does for all.
std::string organisation_of(const std::vector<test::subject_part>& subject) {
  const auto id = test::make_certificate(test::sender().key, subject).organisation();
  return id ? id->to_string() : "none";
}

time_point now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

}  // namespace

TEST(certificate, survives_pem_and_der) {
  const auto& leaf = test::sender().leaf;
  const auto from_pem = certificate::from_pem("text before\n" + leaf.pem());
  ASSERT_TRUE(from_pem) << from_pem.error().message;
  EXPECT_EQ(from_pem->der(), leaf.der());
  const auto from_der = certificate::from_der(leaf.der());
  ASSERT_TRUE(from_der) << from_der.error().message;
  EXPECT_EQ(from_der->pem(), leaf.pem());
}

TEST(certificate, refuses_text_without_one_as_bad_format) {
  for (const auto& read :
       {certificate::from_pem("no certificate"), certificate::from_pem(""),
        certificate::from_der("\x30\x03\x02\x01\x01"), certificate::from_der("")}) {
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, crypto_errc::bad_format);
    EXPECT_FALSE(read.error().retryable);
  }
}

TEST(certificate, tells_subject_serial_and_validity) {
  const auto cert = test::make_certificate(
      test::sender().key, {{"O", "Sør-Øst kommune"}, {"CN", "Sør-Øst, prod"}}, 123456789012345);
  EXPECT_EQ(cert.subject(), "CN=Sør-Øst\\, prod,O=Sør-Øst kommune");
  EXPECT_EQ(cert.serial_decimal(), "123456789012345");
  EXPECT_TRUE(cert.valid_at(now()));
  EXPECT_FALSE(cert.valid_at(cert.not_before() - 1us));
  EXPECT_TRUE(cert.valid_at(cert.not_before()));
  EXPECT_TRUE(cert.valid_at(cert.not_after()));
  EXPECT_FALSE(cert.valid_at(cert.not_after() + 1us));
  EXPECT_EQ(cert.not_after() - cert.not_before(), 25h);
}

TEST(certificate, finds_the_organisation_by_the_three_rules_in_order) {
  EXPECT_EQ(organisation_of({{"serialNumber", "910077473"}}), "910077473");
  EXPECT_EQ(organisation_of({{"O", "Buypass AS-983163327"}}), "983163327");
  EXPECT_EQ(organisation_of({{"O", "Buypass AS - 983163327"}}), "983163327");
  EXPECT_EQ(organisation_of({{"organizationIdentifier", "NTRNO-910075918"}}), "910075918");
  EXPECT_EQ(organisation_of({{"organizationIdentifier", "PSDNO-FSA-910075918"}}), "910075918");
  EXPECT_EQ(organisation_of({{"organizationIdentifier", "910075918"}}), "910075918");
  EXPECT_EQ(organisation_of({{"organizationIdentifier", "NTRNO-910075918"},
                             {"O", "Buypass AS-983163327"},
                             {"serialNumber", "910077473"}}),
            "910077473");
  EXPECT_EQ(organisation_of({{"organizationIdentifier", "NTRNO-910075918"},
                             {"O", "Buypass AS-983163327"},
                             {"serialNumber", "9578-4050-100103666"}}),
            "983163327");
}

TEST(certificate, finds_no_organisation_where_there_is_none) {
  EXPECT_EQ(organisation_of({{"CN", "910077473"}}), "none");
  EXPECT_EQ(organisation_of({{"O", "Etat 910077473"}}), "none");
  EXPECT_EQ(organisation_of({{"O", "983163327"}}), "none");
  EXPECT_EQ(organisation_of({{"O", "-983163327"}}), "none");
  EXPECT_EQ(organisation_of({{"O", "Etat-X983163327"}}), "none");
  EXPECT_EQ(organisation_of({{"serialNumber", "9100774730"}}), "none");
  EXPECT_EQ(organisation_of({{"organizationIdentifier", "VATNO-910075918"}}), "none");
}

TEST(certificate, reads_the_published_ones_of_the_network) {
  KP_FIXTURE(pem, "platform/ca/PROD/root-buypass-class-3-root-ca-g2-st.pem");
  const auto cert = certificate::from_pem(pem);
  ASSERT_TRUE(cert) << cert.error().message;
  ASSERT_TRUE(cert->organisation());
  EXPECT_EQ(cert->organisation()->to_string(), "983163327");
}

TEST(private_key, reads_pem_and_refuses_what_is_encrypted_without_asking) {
  const auto pem = test::to_pem(test::sender().key);
  const auto key = private_key::from_pem(pem);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(EVP_PKEY_eq(key->native(), test::sender().key.native()), 1);

  std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PKCS8PrivateKey(bio.get(), key->native(), EVP_aes_128_cbc(), "abcd", 4, nullptr,
                                nullptr);
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &bytes);
  const auto encrypted =
      private_key::from_pem(std::string_view(bytes, static_cast<std::size_t>(length)));
  ASSERT_FALSE(encrypted);
  EXPECT_EQ(encrypted.error().code, crypto_errc::bad_format);
}
