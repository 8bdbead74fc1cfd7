#include "protocol/dpfio/payload.hpp"
#include "protocol/crypto/crypto_error.hpp"
#include "protocol/zip/zip.hpp"
#include "tests/protocol/maskinporten/national_services.hpp"
#include "tests/support/fixtures.hpp"
#include "tests/support/tools.hpp"

#include <gmock/gmock.h>

namespace kp::dpfio {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::size_t plenty = 16u << 20;

result<crypto::keystore> keys_of(const std::string& name) {
  const auto key = test::fixture("dpfio/payload/" + name + ".key.pem");
  const auto leaf = test::fixture("dpfio/payload/" + name + ".cert.pem");
  if (!key || !leaf) return permanent(crypto::crypto_errc::bad_format, "no fixtures");
  KP_TRY(auto private_half, crypto::private_key::from_pem(*key));
  KP_TRY(auto certificate, crypto::certificate::from_pem(*leaf));
  return crypto::keystore{std::move(private_half), std::move(certificate), {}};
}

std::shared_ptr<spool> spool_of(std::string_view bytes, spool_factory& spools) {
  auto made = *spools.make();
  EXPECT_TRUE(made->write_at(0, bytes));
  return made;
}

result<std::shared_ptr<spool>> decrypted(const std::string& cms,
                                         std::span<const crypto::keystore> keys) {
  static const auto spools = make_memory_spools(plenty);
  string_source source(cms);
  KP_TRY(const auto plain, crypto::open_envelope(source, keys));
  KP_TRY(auto made, spools->make());
  spool_sink sink(made);
  const auto copied = copy(*plain, sink);
  if (!copied) return copied.error();
  return made;
}

asic::file file(std::string name, std::string type, std::string bytes) {
  return {std::move(name), std::move(type),
          [bytes = std::move(bytes)]() -> result<std::unique_ptr<byte_source>> {
            return std::make_unique<string_source>(bytes);
          }};
}

TEST(payload,
     containers_of_java_and_dotnet_clients_are_opened_with_the_account_key_or_an_older_one) {
  const auto ours = keys_of("our-konto"), retired = keys_of("retired-key");
  if (!ours || !retired) GTEST_SKIP() << "no fixtures in " << test::fixtures_folder();
  const std::vector<crypto::keystore> keys{*ours, *retired};
  for (const auto* name :
       {"java-style", "dotnet-style-signed", "dotnet-style-unsigned", "java-style.retired-key"}) {
    KP_FIXTURE(cms, std::string("dpfio/payload/") + name + ".cms");
    const auto plain = decrypted(cms, keys);
    ASSERT_TRUE(plain) << name << ": " << plain.error().message;
    const auto checked = check(*plain);
    ASSERT_TRUE(checked) << name << ": " << checked.error().message;
    EXPECT_THAT(checked->files, ElementsAre("primary.html", "before_the_law.txt")) << name;
    const bool is_signed = std::string_view(name) != "dotnet-style-unsigned";
    EXPECT_EQ(checked->signers.empty(), !is_signed) << name;
    if (is_signed) {
      EXPECT_THAT(checked->signers.front().subject(), HasSubstr("910075935")) << name;
    }
  }
}

TEST(payload, an_unsigned_container_is_refused_where_signatures_are_demanded) {
  KP_FIXTURE(container, "dpfio/payload/dotnet-style-unsigned.asice");
  const auto spools = make_memory_spools(plenty);
  EXPECT_FALSE(asic::verify(spool_of(container, *spools)));
}

TEST(payload, what_is_not_for_the_account_or_no_container_is_refused) {
  const auto ours = keys_of("our-konto");
  if (!ours) GTEST_SKIP() << "no fixtures in " << test::fixtures_folder();
  const std::vector<crypto::keystore> keys{*ours};
  KP_FIXTURE(foreign, "dpfio/payload/java-style.to-peer.cms");
  EXPECT_FALSE(decrypted(foreign, keys));
  KP_FIXTURE(no_cms, "dpfio/payload/not-cms.bin");
  EXPECT_FALSE(decrypted(no_cms, keys));
  KP_FIXTURE(no_zip, "dpfio/payload/not-a-zip.cms");
  const auto plain = decrypted(no_zip, keys);
  ASSERT_TRUE(plain) << plain.error().message;
  EXPECT_FALSE(check(*plain));
}

TEST(payload, a_changed_file_is_found_in_signed_and_unsigned_containers) {
  const auto spools = make_memory_spools(plenty);
  for (const auto* name : {"java-style", "dotnet-style-unsigned"}) {
    KP_FIXTURE(container, std::string("dpfio/payload/") + name + ".asice");
    const auto opened = zip::reader::open(std::make_shared<string_random_access>(container));
    ASSERT_TRUE(opened);
    std::vector<zip::entry> entries;
    for (std::size_t i = 0; i < (*opened)->items().size(); ++i) {
      const auto source = (*opened)->read(i);
      ASSERT_TRUE(source);
      auto bytes = *read_all(**source, plenty);
      const auto entry_name = (*opened)->items()[i].name;
      if (entry_name == "primary.html") bytes += "!";
      entries.push_back({entry_name, i == 0, [bytes]() -> result<std::unique_ptr<byte_source>> {
                           return std::make_unique<string_source>(bytes);
                         }});
    }
    const auto changed = *spools->make();
    ASSERT_TRUE(zip::write(changed, std::move(entries)));
    const auto checked = check(changed);
    ASSERT_FALSE(checked) << name;
    EXPECT_THAT(checked.error().message, HasSubstr("Mismatching digest for file primary.html"));
  }
}

TEST(payload, what_is_made_is_what_ks_and_openssl_take) {
  ASSERT_TRUE(test::has_tool("openssl") && test::has_tool("unzip")) << "tools/setup installs them";
  const auto keys = test::make_keystore();
  const auto spools = make_memory_spools(plenty);
  std::vector<asic::file> files;
  files.push_back(file("brev.pdf", "application/pdf", "%PDF-1.4"));
  files.push_back(file("bl\xc3\xa5 m\xc3\xa5ne.txt", "text/plain", "hei"));
  const auto packed = pack(std::move(files), *keys, keys->leaf, *spools, "abc");
  ASSERT_TRUE(packed) << packed.error().message;
  const test::temporary_folder folder;
  sequential_source bytes(*packed);
  folder.write("x.cms", *read_all(bytes, plenty));
  folder.write("cert.pem", keys->leaf.pem());
  const auto printed =
      test::run("openssl cms -cmsout -print -noout -inform DER -in " + folder.path("x.cms"));
  EXPECT_THAT(printed.output, HasSubstr("aes-256-cbc"));
  EXPECT_THAT(printed.output, HasSubstr("rsaesOaep"));
  EXPECT_EQ(printed.output.find("d.ktri"), printed.output.rfind("d.ktri")) << "one recipient";
  const std::vector<crypto::keystore> own{*keys};
  const auto plain = decrypted(folder.read("x.cms"), own);
  ASSERT_TRUE(plain) << plain.error().message;
  sequential_source container(*plain);
  folder.write("x.asice", *read_all(container, plenty));
  const auto listed = test::run("unzip -Z1 " + folder.path("x.asice"));
  EXPECT_THAT(listed.output, testing::StartsWith("mimetype\nbrev.pdf\n"));
  EXPECT_THAT(listed.output, HasSubstr("META-INF/asicmanifest.xml\nMETA-INF/signature-abc.p7s\n"));
  EXPECT_EQ(listed.output.find("sbd"), std::string::npos);
  EXPECT_EQ(listed.output.find("\nmanifest.xml"), std::string::npos);
  const auto manifest =
      test::run("unzip -p " + folder.path("x.asice") + " META-INF/asicmanifest.xml");
  EXPECT_THAT(manifest.output, HasSubstr("URI=\"brev.pdf\" MimeType=\"application/pdf\" "
                                         "Rootfile=\"true\""));
  EXPECT_EQ(manifest.output.find("Rootfile"), manifest.output.rfind("Rootfile"));
  const auto checked = check(*plain);
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(checked->signers.size(), 1U);
}

}  // namespace
}  // namespace kp::dpfio
