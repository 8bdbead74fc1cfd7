#include "protocol/asic/asic.hpp"

#include "config/text.hpp"
#include "protocol/crypto/crypto_error.hpp"
#include "protocol/zip/zip.hpp"
#include "tests/protocol/crypto/test_keys.hpp"
#include "tests/support/fixtures.hpp"
#include "tests/support/tools.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace kp;
using namespace kp::asic;
using crypto::crypto_errc;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

namespace {

constexpr std::size_t some_limit = 64 << 20;

using opened = result<std::unique_ptr<byte_source>>;

file text_file(std::string name, std::string bytes, std::string type = "text/plain") {
  return {std::move(name), std::move(type),
          [bytes]() -> opened { return std::make_unique<string_source>(bytes); }};
}

const manifest letter{"0192:910075918", "0192:910077473", "arkivmelding.xml", "application/xml"};

std::vector<file> letter_files() {
  return {text_file("arkivmelding.xml", "<arkivmelding/>", "application/xml"),
          text_file("vedlegg æøå 1.pdf", "%PDF-", "application/pdf")};
}

struct built {
  result<void> outcome;
  std::string bytes;
};

built container(const std::optional<manifest>& inner, std::vector<file> files,
                const build_options& options = {.signature_id = "0f0e"}) {
  const auto to = *make_memory_spools(some_limit)->make();
  built made{build(to, inner, std::move(files), test::sender(), options), {}};
  sequential_source source(to);
  made.bytes = *read_all(source, some_limit);
  return made;
}

std::shared_ptr<string_random_access> from(std::string bytes) {
  return std::make_shared<string_random_access>(std::move(bytes));
}

std::map<std::string, std::string> unpack(const std::string& bytes) {
  std::map<std::string, std::string> entries;
  const auto archive = *zip::reader::open(from(bytes));
  for (std::size_t i = 0; i < archive->items().size(); ++i)
    entries[archive->items()[i].name] = *read_all(**archive->read(i), some_limit);
  return entries;
}

// A container of exactly these entries, whether it is a right one or not.
std::string pack(const std::vector<std::pair<std::string, std::string>>& entries) {
  const auto to = *make_memory_spools(some_limit)->make();
  std::vector<zip::entry> list;
  for (const auto& [name, bytes] : entries)
    list.push_back({name, false,
                    [copy = bytes]() -> opened { return std::make_unique<string_source>(copy); }});
  EXPECT_TRUE(zip::write(to, std::move(list)));
  sequential_source source(to);
  return *read_all(source, some_limit);
}

// The entries of a good container, one of them changed, gone or added.
std::string changed(const std::string& name, const std::optional<std::string>& bytes) {
  auto entries = unpack(container(letter, letter_files()).bytes);
  if (bytes)
    entries[name] = *bytes;
  else
    entries.erase(name);
  return pack({entries.begin(), entries.end()});
}

std::string failure_of(const std::string& bytes) {
  const auto checked = verify(from(bytes));
  return checked ? "valid" : checked.error().message;
}

std::string xades(const std::string& uri, const std::string& content) {
  return R"(<a:XAdESSignatures xmlns:a="http://uri.etsi.org/02918/v1.2.1#"><Signature xmlns=)"
         R"("http://www.w3.org/2000/09/xmldsig#"><SignedInfo><Reference URI=")" +
         uri +
         R"("><DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><DigestValue>)" +
         to_base64(crypto::sha256(content)) +
         "</DigestValue></Reference></SignedInfo></Signature></a:XAdESSignatures>";
}

}  // namespace

TEST(asic_build, makes_a_container_that_verifies_and_names_its_signer) {
  for (const auto digest : {crypto::digest_algorithm::sha1, crypto::digest_algorithm::sha256}) {
    const auto made = container(letter, letter_files(), {digest, "0f0e"});
    ASSERT_TRUE(made.outcome) << made.outcome.error().message;
    const auto checked = verify(from(made.bytes));
    ASSERT_TRUE(checked) << checked.error().message;
    EXPECT_THAT(checked->files,
                ElementsAre("manifest.xml", "arkivmelding.xml", "vedlegg æøå 1.pdf"));
    ASSERT_EQ(checked->signers.size(), 1u);
    EXPECT_EQ(checked->signers[0].organisation()->to_string(), "910077473");
  }
}

TEST(asic_build, writes_the_entries_in_the_order_of_the_network_with_mimetype_at_byte_38) {
  const auto made = container(letter, letter_files());
  const auto archive = *zip::reader::open(from(made.bytes));
  std::vector<std::string> names;
  for (const auto& item : archive->items()) names.push_back(item.name);
  EXPECT_THAT(names, ElementsAre("mimetype", "manifest.xml", "arkivmelding.xml",
                                 "vedlegg æøå 1.pdf", "META-INF/ASiCManifest.xml",
                                 "META-INF/signature-0f0e.p7s", "META-INF/manifest.xml"));
  EXPECT_TRUE(archive->items()[0].stored);
  for (std::size_t i = 1; i < names.size(); ++i) EXPECT_FALSE(archive->items()[i].stored);
  EXPECT_EQ(made.bytes.substr(38, 31), "application/vnd.etsi.asic-e+zip");
  EXPECT_TRUE(made.bytes.ends_with("mimetype=application/vnd.etsi.asic-e+zip"));
}

TEST(asic_build, leaves_the_inner_manifest_out_when_there_is_none) {
  const auto made = container(std::nullopt, letter_files());
  ASSERT_TRUE(made.outcome);
  const auto checked = verify(from(made.bytes));
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_THAT(checked->files, ElementsAre("arkivmelding.xml", "vedlegg æøå 1.pdf"));
}

TEST(asic_build, lists_raw_names_types_and_digests_in_the_manifests) {
  const auto entries = unpack(container(letter, letter_files()).bytes);
  const auto& manifest = entries.at("META-INF/ASiCManifest.xml");
  EXPECT_THAT(manifest, HasSubstr(R"(<SigReference URI="META-INF/signature-0f0e.p7s" )"
                                  R"(MimeType="application/x-pkcs7-signature" />)"));
  EXPECT_THAT(manifest, HasSubstr(R"(URI="vedlegg æøå 1.pdf" MimeType="application/pdf")"));
  EXPECT_THAT(manifest, HasSubstr(to_base64(crypto::sha256("%PDF-"))));
  EXPECT_THAT(manifest, HasSubstr(to_base64(crypto::sha256(entries.at("manifest.xml")))));
  const auto& listing = entries.at("META-INF/manifest.xml");
  EXPECT_THAT(listing,
              HasSubstr(R"(ns1:full-path="/" ns1:media-type="application/vnd.etsi.asic-e+zip")"));
  EXPECT_THAT(listing,
              HasSubstr(R"(ns1:full-path="manifest.xml" ns1:media-type="application/xml")"));
}

TEST(asic_build, keeps_names_that_xml_must_escape) {
  const auto made = container(std::nullopt, {text_file("R&D <1> \"x\".txt", "a")});
  ASSERT_TRUE(made.outcome) << made.outcome.error().message;
  EXPECT_EQ(failure_of(made.bytes), "valid");
}

TEST(asic_build, writes_the_inner_manifest_as_the_java_hub_does) {
  KP_FIXTURE(expected, "dpo/examples/transport-manifest.xml");
  EXPECT_EQ(to_xml(letter), expected);
}

TEST(asic_build, reads_every_file_once) {
  int opens = 0;
  std::vector<file> files{{"a.txt", "text/plain", [&]() -> opened {
                             ++opens;
                             return std::make_unique<string_source>(std::string(900'000, 'a'));
                           }}};
  EXPECT_TRUE(container(std::nullopt, std::move(files)).outcome);
  EXPECT_EQ(opens, 1);
}

TEST(asic_build, refuses_names_that_cannot_be_in_a_container) {
  for (const char* name : {"META-INF/x", "meta-inf/x", "mimetype", "", "folder/", "\xff", "a\nb"}) {
    const auto made = container(std::nullopt, {text_file(name, "x")});
    ASSERT_FALSE(made.outcome) << name;
    EXPECT_EQ(made.outcome.error().code, crypto_errc::bad_format);
    EXPECT_THAT(made.bytes, IsEmpty());
  }
  EXPECT_FALSE(container(letter, {text_file("manifest.xml", "x")}).outcome);
  EXPECT_FALSE(container(letter, {text_file("a", "x"), text_file("a", "y")}).outcome);
}

TEST(asic_build, passes_on_the_failure_of_a_file) {
  const auto made = container(
      letter, {{"a.txt", "text/plain",
                []() -> opened { return transient(crypto_errc::internal, "the disk is gone"); }}});
  ASSERT_FALSE(made.outcome);
  EXPECT_THAT(made.outcome.error().message, HasSubstr("the disk is gone"));
  EXPECT_TRUE(made.outcome.error().retryable);
}

TEST(asic_build, is_understood_by_the_tools_of_others) {
  if (!test::has_tool("unzip") || !test::has_tool("zipinfo") || !test::has_tool("openssl"))
    GTEST_SKIP() << "unzip, zipinfo and openssl are not all installed";
  const test::temporary_folder folder;
  folder.write("f.asice", container(letter, letter_files()).bytes);
  const auto whole = test::run("unzip -t " + folder.path("f.asice"));
  EXPECT_EQ(whole.status, 0) << whole.output;
  const auto listed =
      test::run("LC_ALL=C.UTF-8 zipinfo -v " + folder.path("f.asice") + " mimetype");
  EXPECT_THAT(listed.output, HasSubstr("none (stored)")) << listed.output;
  const auto signature = test::run(
      "cd " + folder.path("") +
      " && unzip -p f.asice META-INF/ASiCManifest.xml > m.xml && "
      "unzip -p f.asice 'META-INF/*.p7s' > s.p7s && "
      "openssl cms -verify -inform DER -in s.p7s -content m.xml -binary -noverify -out /dev/null");
  EXPECT_EQ(signature.status, 0) << signature.output;
}

TEST(asic_build, makes_manifests_that_fit_their_schemas) {
  const auto schema = test::fixtures_folder() + "/asic/xsd/";
  if (!test::fixture("asic/xsd/ts_102918v010201.xsd")) GTEST_SKIP() << schema << " is absent";
  if (!test::has_tool("xmllint")) GTEST_SKIP() << "xmllint is not installed";
  const test::temporary_folder folder;
  const auto entries = unpack(container(letter, letter_files()).bytes);
  folder.write("a.xml", entries.at("META-INF/ASiCManifest.xml"));
  folder.write("o.xml", entries.at("META-INF/manifest.xml"));
  const auto asic_manifest = test::run("xmllint --nonet --noout --schema " + schema +
                                       "ts_102918v010201.xsd " + folder.path("a.xml"));
  EXPECT_EQ(asic_manifest.status, 0) << asic_manifest.output;
  const auto listing = test::run("xmllint --nonet --noout --schema " + schema +
                                 "OpenDocument_manifest.xsd " + folder.path("o.xml"));
  EXPECT_EQ(listing.status, 0) << listing.output;
}

TEST(asic_verify, tells_each_defect_with_the_text_of_the_library) {
  EXPECT_EQ(failure_of(changed("arkivmelding.xml", "<arkivmelding>changed</arkivmelding>")),
            "Mismatching digest for file arkivmelding.xml");
  EXPECT_EQ(failure_of(changed("extra.txt", "x")), "File not verified: extra.txt");
  EXPECT_EQ(failure_of(changed("arkivmelding.xml", {})), "File not verified: arkivmelding.xml");
  EXPECT_EQ(failure_of(changed("mimetype", "application/vnd.etsi.asic-s+zip")),
            "Content is not ASiC-E container.");
  EXPECT_EQ(failure_of(changed("META-INF/signature.malformed", "x")),
            "Contains unknown metadata file: META-INF/signature.malformed");
  EXPECT_EQ(failure_of(changed("META-INF/signature-0f0e.p7s", {})),
            "Signature not verified: META-INF/signature-0f0e.p7s");
  EXPECT_EQ(failure_of(changed("META-INF/signature-0f0e.p7s", "junk")),
            "Unable to verify signature.");
  EXPECT_EQ(failure_of(changed("META-INF/ASiCManifest.xml", "<x")),
            "Unable to read content as XML.");
  EXPECT_EQ(failure_of(changed("META-INF/ASiCManifest.xml", {})),
            "Signature not verified: META-INF/signature-0f0e.p7s");
  EXPECT_THAT(failure_of("PK\3\4junk"), StartsWith("not a zip"));
}

TEST(asic_verify, does_not_care_about_order_or_folder_entries_or_the_listing) {
  const auto entries = unpack(container(letter, letter_files()).bytes);
  std::vector<std::pair<std::string, std::string>> backwards(entries.rbegin(), entries.rend());
  backwards.emplace_back("folder/", "");
  EXPECT_EQ(failure_of(pack(backwards)), "valid");
  EXPECT_EQ(failure_of(changed("META-INF/manifest.xml", {})), "valid");
  EXPECT_EQ(failure_of(changed("mimetype", {})), "valid");
}

TEST(asic_verify, refuses_a_manifest_changed_after_signing) {
  auto manifest = unpack(container(letter, letter_files()).bytes).at("META-INF/ASiCManifest.xml");
  manifest.insert(manifest.find("</ASiCManifest>"), " ");
  EXPECT_EQ(failure_of(changed("META-INF/ASiCManifest.xml", manifest)),
            "Unable to verify signature.");
}

TEST(asic_verify, refuses_digests_that_are_not_sha256) {
  auto xml = unpack(container(letter, letter_files()).bytes).at("META-INF/ASiCManifest.xml");
  const std::string sha256 = "http://www.w3.org/2001/04/xmlenc#sha256";
  xml.replace(xml.find(sha256), sha256.size(), "http://www.w3.org/2000/09/xmldsig#sha1");
  auto entries = unpack(container(letter, letter_files()).bytes);
  entries["META-INF/ASiCManifest.xml"] = xml;
  entries["META-INF/signature-0f0e.p7s"] =
      *crypto::sign_detached(xml, test::sender(), crypto::digest_algorithm::sha256);
  EXPECT_EQ(failure_of(pack({entries.begin(), entries.end()})),
            "Wrong digest method for file manifest.xml");
}

TEST(asic_verify, refuses_two_files_of_one_name) {
  const auto made = container(std::nullopt, {text_file("a.txt", "1"), text_file("b.txt", "2")});
  auto bytes = made.bytes;
  for (auto at = bytes.find("b.txt"); at != bytes.npos; at = bytes.find("b.txt", at))
    bytes[at] = 'a';
  EXPECT_EQ(failure_of(bytes), "Contains file twice: a.txt");
}

TEST(asic_verify, refuses_a_container_without_files_and_one_without_signatures) {
  EXPECT_EQ(failure_of(pack({{"mimetype", "application/vnd.etsi.asic-e+zip"}})),
            "The container holds no files.");
  EXPECT_EQ(failure_of(pack({{"mimetype", "application/vnd.etsi.asic-e+zip"}, {"a.txt", "a"}})),
            "File not verified: a.txt");
}

TEST(asic_verify, compares_digests_of_xades_and_names_no_signer) {
  const auto bytes = pack({{"mimetype", "application/vnd.etsi.asic-e+zip"},
                           {"a b.txt", "content"},
                           {"META-INF/signatures.xml", xades("a+b.txt", "content")}});
  const auto checked = verify(from(bytes));
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_THAT(checked->files, ElementsAre("a b.txt"));
  EXPECT_THAT(checked->signers, IsEmpty());
}

TEST(asic_verify, does_not_let_digests_without_signature_cover_files_beside_signed_ones) {
  auto entries = unpack(container(letter, letter_files()).bytes);
  entries["extra.txt"] = "smuggled";
  entries["META-INF/signatures.xml"] = xades("extra.txt", "smuggled");
  EXPECT_EQ(failure_of(pack({entries.begin(), entries.end()})), "File not verified: extra.txt");
}

TEST(asic_verify, judges_the_generated_fixtures_as_their_readme_says) {
  const std::map<std::string, std::string> expected{
      {"dpo-sha1", "valid"},
      {"dpo-sha256", "valid"},
      {"special-names", "valid"},
      {"bad-tampered-file", "Mismatching digest for file test.txt"},
      {"bad-unsigned-extra-file", "File not verified: extra.txt"}};
  for (const auto& [name, outcome] : expected) {
    KP_FIXTURE(bytes, "asic/generated/" + name + ".asice");
    EXPECT_EQ(failure_of(bytes), outcome) << name;
  }
}

TEST(asic_verify, judges_the_fixtures_of_the_library_as_their_readme_says) {
  const std::map<std::string, std::string> expected{
      {"asic-cades-test-valid", "valid"},
      {"asic-cades-test-invalid-manifest", "Unable to read content as XML."},
      {"asic-cades-test-invalid-signature", "Unable to verify signature."},
      {"asic-cades-test-invalid-sigreference", "Signature not verified: "},
      {"asic-cades-test-invalid-metadata-file",
       "Contains unknown metadata file: META-INF/signature.malformed"},
      {"asic-general-test-invalid-mime", "Content is not ASiC-E container."},
      {"asic-xades-external-digidoc4j", "valid"},
      {"ip2-einnsyn-cades", "valid"}};
  for (const auto& [name, outcome] : expected) {
    KP_FIXTURE(bytes, "asic/upstream/" + name + ".asice");
    EXPECT_THAT(failure_of(bytes), StartsWith(outcome)) << name;
  }
}

TEST(asic_verify, goes_by_the_directory_where_the_first_header_is_lost) {
  KP_FIXTURE(bytes, "asic/upstream/buggy-first-block.asice");
  EXPECT_EQ(failure_of(bytes), "valid");
  const auto repaired = *from_hex("504B03040A0000080000D568674C8A21") + bytes.substr(16);
  EXPECT_EQ(failure_of(repaired), "valid");
}
