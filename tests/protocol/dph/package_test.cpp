#include "protocol/dph/package.hpp"

#include "protocol/crypto/crypto_error.hpp"
#include "protocol/zip/zip.hpp"
#include "tests/protocol/crypto/test_keys.hpp"
#include "tests/support/fixtures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kp::dph {
namespace {

using testing::ElementsAre;

constexpr std::size_t some_limit = 64 << 20;

asic::file file(const std::string& name, const std::string& bytes) {
  return {name, "application/xml",
          [bytes]() -> result<std::unique_ptr<byte_source>> {
            return std::make_unique<string_source>(bytes);
          },
          bytes.size()};
}

result<std::shared_ptr<spool>> decrypted(std::string cms, const crypto::keystore& own,
                                         spool_factory& spools) {
  string_source source(std::move(cms));
  const std::vector<crypto::keystore> keys{own};
  KP_TRY(const auto plain, crypto::open_envelope(source, keys));
  KP_TRY(auto made, spools.make());
  spool_sink sink(made);
  KP_TRY([[maybe_unused]] const auto size, copy(*plain, sink));
  return made;
}

std::string packed(spool_factory& spools) {
  const auto made = pack({file("dialogmelding.xml", "<x/>"), file("vedlegg.pdf", "%PDF")},
                         test::sender(), test::recipient().leaf, spools, "id-1");
  EXPECT_TRUE(made) << made.error().message;
  sequential_source source(*made);
  return *read_all(source, some_limit);
}

TEST(dph_package, holds_the_files_in_order_signed_and_without_a_manifest_of_its_own) {
  const auto spools = make_memory_spools(some_limit);
  const auto zip = decrypted(packed(*spools), test::recipient(), *spools);
  ASSERT_TRUE(zip) << zip.error().message;
  const auto verified = asic::verify(*zip);
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_THAT(verified->files, ElementsAre("dialogmelding.xml", "vedlegg.pdf"));
  ASSERT_EQ(verified->signers.size(), 1u);
  EXPECT_EQ(verified->signers[0].organisation()->to_string(), "910077473");
  const auto reader = *zip::reader::open(*zip);
  std::vector<std::string> names;
  for (const auto& item : reader->items()) names.push_back(item.name);
  EXPECT_THAT(names, ElementsAre("mimetype", "dialogmelding.xml", "vedlegg.pdf",
                                 "META-INF/ASiCManifest.xml", "META-INF/signature-id-1.p7s",
                                 "META-INF/manifest.xml"));
}

// EnvelopedData, not AuthEnvelopedData; AES-256-GCM (asic-and-crypto.md 6.3).
TEST(dph_package, is_the_structure_that_java_reads) {
  const auto spools = make_memory_spools(some_limit);
  const auto cms = packed(*spools);
  EXPECT_EQ(cms.substr(0, 13),
            std::string("\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03", 13));
  EXPECT_NE(cms.find("\x60\x86\x48\x01\x65\x03\x04\x01\x2e"), std::string::npos);
}

TEST(dph_package, one_changed_bit_is_noticed_before_the_end) {
  const auto spools = make_memory_spools(some_limit);
  auto cms = packed(*spools);
  cms[cms.size() - 40] = static_cast<char>(cms[cms.size() - 40] ^ 1);
  EXPECT_EQ(decrypted(cms, test::recipient(), *spools).error().code,
            crypto::crypto_errc::bad_signature);
}

TEST(dph_package, opens_the_chunks_that_the_adapters_library_writes) {
  KP_FIXTURE(cms, "dph/vectors/dph-asic.oaep-aes256gcm.cms");
  KP_FIXTURE(plain, "dph/vectors/dph-asic.zip");
  KP_FIXTURE(key, "dph/vectors/dph-adapter-key.pem");
  KP_FIXTURE(leaf, "dph/vectors/dph-adapter-cert.pem");
  const crypto::keystore own{
      *crypto::private_key::from_pem(key), *crypto::certificate::from_pem(leaf), {}};
  const auto spools = make_memory_spools(some_limit);
  const auto zip = decrypted(cms, own, *spools);
  ASSERT_TRUE(zip) << zip.error().message;
  sequential_source source(*zip);
  EXPECT_EQ(*read_all(source, some_limit), plain);
  const auto verified = asic::verify(*zip);
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_THAT(verified->files, ElementsAre("dialogmelding.xml", "vedlegg.pdf"));
}

}  // namespace
}  // namespace kp::dph
