#include "protocol/dpe/payload.hpp"

#include "config/text.hpp"
#include "protocol/crypto/crypto_error.hpp"
#include "protocol/dpe/dpe_error.hpp"
#include "protocol/zip/zip.hpp"
#include "tests/protocol/crypto/test_keys.hpp"
#include "tests/support/fixtures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace kp::dpe {
namespace {

using testing::ElementsAre;
using opened = result<std::unique_ptr<byte_source>>;

constexpr std::size_t some_limit = 64 << 20;
constexpr std::string_view sbd =
    "{\"standardBusinessDocumentHeader\":{\"a\":1},\"innsynskrav\":{\"epost\":\"\xc3\xa6@x.no\"}}";

std::string bytes_of(const std::shared_ptr<spool>& from) {
  sequential_source source(from);
  return *read_all(source, some_limit);
}
result<payload> open_text(std::string text) {
  return open(std::make_shared<string_random_access>(std::move(text)));
}
result<std::string> decrypt(const std::string& cms, const crypto::keystore& key) {
  string_source source(cms);
  const std::vector<crypto::keystore> keys{key};
  KP_TRY(const auto plain, crypto::open_envelope(source, keys));
  return read_all(*plain, some_limit);
}
content a_file() {
  return {{"0192:910075918", "0192:910077473", "krav.xml", "application/xml"},
          {{"krav.xml", "application/xml",
            []() -> opened { return std::make_unique<string_source>("<krav/>"); }}},
          &test::sender(),
          test::recipient().leaf};
}

TEST(payload, what_is_packed_is_one_json_object_that_opens_again) {
  const auto spools = make_memory_spools(some_limit);
  const auto body = pack(sbd, a_file(), *spools, "id");
  ASSERT_TRUE(body) << body.error().message;
  const auto root = boost::json::parse(bytes_of(*body));
  EXPECT_EQ(root.as_object().size(), 2u);
  EXPECT_EQ(root.at("sbd"), boost::json::parse(sbd));
  const auto asic = std::string(root.at("asic").as_string());
  EXPECT_EQ(asic.find_first_of("\r\n "), std::string::npos);

  const auto found = open(*body);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(boost::json::parse(found->sbd), boost::json::parse(sbd));
  ASSERT_TRUE(found->cms);
  EXPECT_EQ(from_base64(*from_base64(asic)), found->cms) << "base64 of base64";
  const auto container = decrypt(*found->cms, test::recipient());
  ASSERT_TRUE(container) << container.error().message;
  const auto verified = asic::verify(std::make_shared<string_random_access>(*container));
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_THAT(verified->files, ElementsAre("manifest.xml", "krav.xml"));
}

// rsaEncryption, not OAEP: receivers of DPE open nothing else for sure.
TEST(payload, the_key_goes_by_pkcs1) {
  const auto spools = make_memory_spools(some_limit);
  const auto found = open(*pack(sbd, a_file(), *spools, "id"));
  const std::string rsa_encryption("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00", 13);
  EXPECT_NE(found->cms->find(rsa_encryption), std::string::npos);
}

TEST(payload, without_files_there_is_no_asic) {
  const auto spools = make_memory_spools(some_limit);
  const auto body = pack(sbd, {}, *spools, "id");
  ASSERT_TRUE(body);
  EXPECT_FALSE(boost::json::parse(bytes_of(*body)).as_object().contains("asic"));
  EXPECT_FALSE(open(*body)->cms);
}

TEST(payload, too_much_content_is_refused_before_it_is_sent) {
  const auto spools = make_memory_spools(some_limit);
  auto much = a_file();
  much.files.front().open = []() -> opened {
    std::string noise;
    std::uint32_t state = 1;
    while (noise.size() < max_payload_bytes)
      noise += static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
    return std::make_unique<string_source>(std::move(noise));
  };
  const auto body = pack(sbd, much, *spools, "id");
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().code, crypto::crypto_errc::too_large);
}

TEST(payload, what_todays_installations_send_opens) {
  KP_FIXTURE(text, "dpe/examples/payload-innsynskrav-with-asic.json");
  KP_FIXTURE(cms, "dpe/vectors/dpe-asic-sha1.rsa15-aes256cbc.cms");
  KP_FIXTURE(container, "dpe/vectors/dpe-asic-sha1.zip");
  KP_FIXTURE(key, "dpe/vectors/dpe-recipient-key.pem");
  KP_FIXTURE(certificate, "dpe/vectors/dpe-recipient-cert.pem");
  const auto found = open_text(text);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(boost::json::parse(found->sbd), boost::json::parse(text).at("sbd"));
  EXPECT_EQ(found->cms, cms);
  const crypto::keystore keys{
      *crypto::private_key::from_pem(key), *crypto::certificate::from_pem(certificate), {}};
  const auto plain = decrypt(*found->cms, keys);
  ASSERT_TRUE(plain) << plain.error().message;
  EXPECT_EQ(*plain, container);
  EXPECT_TRUE(asic::verify(std::make_shared<string_random_access>(container))) << "SHA-1 too";
}

TEST(payload, an_oaep_envelope_opens_too) {
  KP_FIXTURE(cms, "dpe/vectors/dpe-asic-sha256.oaep-aes256cbc.cms");
  KP_FIXTURE(container, "dpe/vectors/dpe-asic-sha256.zip");
  KP_FIXTURE(key, "dpe/vectors/dpe-recipient-key.pem");
  KP_FIXTURE(certificate, "dpe/vectors/dpe-recipient-cert.pem");
  const auto found = open_text(boost::json::serialize(
      boost::json::object{{"sbd", boost::json::object{}}, {"asic", to_base64(to_base64(cms))}}));
  ASSERT_TRUE(found) << found.error().message;
  const crypto::keystore keys{
      *crypto::private_key::from_pem(key), *crypto::certificate::from_pem(certificate), {}};
  EXPECT_EQ(*decrypt(*found->cms, keys), container);
}

TEST(payload, content_that_was_encoded_once_is_understood) {
  const std::string cms("\x30\x80 any", 6);
  const auto found = open_text(boost::json::serialize(
      boost::json::object{{"sbd", boost::json::object{}}, {"asic", to_base64(cms)}}));
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->cms, cms);
}

TEST(payload, examples_without_content_have_none) {
  for (const auto* name :
       {"payload-einnsyn_kvittering-no-asic.json", "payload-status-mottatt-no-asic.json"}) {
    KP_FIXTURE(text, std::string("dpe/examples/") + name);
    const auto found = open_text(text);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_FALSE(found->cms);
  }
  EXPECT_FALSE(open_text(R"({"asic":null,"sbd":{},"new":[1]})")->cms) << "unknown members pass";
}

TEST(payload, what_is_no_payload_is_refused_for_good) {
  KP_FIXTURE(poison, "dpe/examples/payload-poison-not-json.txt");
  const std::string not_base64 = R"({"sbd":{},"asic":"*"})";
  for (const auto& text :
       {poison, std::string(), std::string("[]"), std::string("{}"),
        std::string(R"({"sbd":"text"})"), std::string(R"({"sbd":{},"asic":5})"), not_base64,
        std::string(R"({"sbd":{},"asic":"AAAA"})"), std::string(R"({"sbd":{},"sbd":{}})"),
        std::string("{\"sbd\":{\"a\":\"\xe6\"}}")}) {
    const auto found = open_text(text);
    ASSERT_FALSE(found) << text;
    EXPECT_EQ(found.error().code, dpe_errc::bad_payload) << found.error().message;
    EXPECT_FALSE(found.error().retryable);
  }
  EXPECT_EQ(open_text(std::string(max_payload_bytes + 1, ' ')).error().code,
            crypto::crypto_errc::too_large);
}

}  // namespace
}  // namespace kp::dpe
