#include "protocol/asic/asic.hpp"
#include "protocol/crypto/crypto_error.hpp"
#include "protocol/zip/zip.hpp"
#include "tests/protocol/crypto/test_keys.hpp"
#include "tests/support/tools.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

// XAdES of DPI's containers, held against another implementation (xmlsec).

using namespace kp;
using namespace kp::asic;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace {

constexpr std::size_t some_limit = 64 << 20;
using opened = result<std::unique_ptr<byte_source>>;

file text_file(std::string name, std::string bytes, std::string type = "text/plain") {
  return {std::move(name), std::move(type),
          [bytes]() -> opened { return std::make_unique<string_source>(bytes); }};
}

std::vector<file> letter_files() {
  return {text_file("manifest.xml", "<manifest/>", "application/xml"),
          text_file("brev.pdf", "%PDF-", "application/pdf"),
          text_file("vedlegg æøå & 1.pdf", "%PDF-1", "application/pdf")};
}

const build_options as_xades{
    .form = signature_form::xades,
    .signing_time = time_point(std::chrono::seconds(1'647'436'568))};  // 2022-03-16T13:16:08Z

std::string container(std::vector<file> files, const crypto::keystore& signer) {
  const auto to = *make_memory_spools(some_limit)->make();
  const auto made = build(to, std::nullopt, std::move(files), signer, as_xades);
  EXPECT_TRUE(made) << made.error().message;
  sequential_source source(to);
  return *read_all(source, some_limit);
}

std::vector<std::pair<std::string, std::string>> unpack(const std::string& bytes) {
  std::vector<std::pair<std::string, std::string>> entries;
  const auto archive = *zip::reader::open(std::make_shared<string_random_access>(bytes));
  for (std::size_t i = 0; i < archive->items().size(); ++i)
    entries.emplace_back(archive->items()[i].name, *read_all(**archive->read(i), some_limit));
  return entries;
}

std::string with_plus(std::string name) {
  std::ranges::replace(name, ' ', '+');
  return name;
}

// xmlsec's verdict on an unpacked container. It looks for files under the names as they are
// encoded, so that spaces are plus signs there. Without a certificate to trust it judges the
// signature alone.
test::tool_result judged_by_xmlsec(const test::temporary_folder& where,
                                   const std::string& trusted_pem = {}) {
  where.write("trusted.pem", trusted_pem);
  return test::run(fmt::format(
      "cd {} && xmlsec1 --verify {} "
      "--id-attr:Id http://uri.etsi.org/01903/v1.3.2#:SignedProperties "
      "META-INF/signatures.xml",
      where.path(""), trusted_pem.empty() ? "--insecure" : "--trusted-pem trusted.pem"));
}

void write_all(const test::temporary_folder& where,
               const std::vector<std::pair<std::string, std::string>>& entries) {
  std::filesystem::create_directories(where.path("META-INF"));
  for (const auto& [name, bytes] : entries) where.write(with_plus(name), bytes);
}

}  // namespace

TEST(xades, is_laid_out_as_the_network_has_it) {
  const auto entries = unpack(container(letter_files(), test::sender()));
  std::vector<std::string> names;
  for (const auto& [name, bytes] : entries) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("mimetype", "manifest.xml", "brev.pdf", "vedlegg æøå & 1.pdf",
                                 "META-INF/signatures.xml", "META-INF/manifest.xml"));
  const auto& xml = entries[4].second;
  EXPECT_THAT(xml,
              HasSubstr(R"(<Reference Id="ID_2" URI="vedlegg+%C3%A6%C3%B8%C3%A5+%26+1.pdf">)"));
  EXPECT_THAT(xml, HasSubstr("<SigningTime>2022-03-16T13:16:08Z</SigningTime>"));
  EXPECT_THAT(xml,
              HasSubstr(R"(<DataObjectFormat ObjectReference="#ID_1"><MimeType>application/pdf)"));
  EXPECT_THAT(xml, HasSubstr("<ns2:X509SerialNumber>1001</ns2:X509SerialNumber>"));
}

TEST(xades, has_digests_that_the_library_of_todays_installations_accepts) {
  const auto bytes = container(letter_files(), test::sender());
  const auto checked = verify(std::make_shared<string_random_access>(bytes));
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_THAT(checked->files, ElementsAre("manifest.xml", "brev.pdf", "vedlegg æøå & 1.pdf"));
}

TEST(xades, verifies_with_another_implementation) {
  if (!test::has_tool("xmlsec1")) GTEST_SKIP() << "xmlsec1 is not installed";
  const test::temporary_folder where;
  write_all(where, unpack(container(letter_files(), test::sender())));
  const auto said = judged_by_xmlsec(where, test::sender().leaf.pem());
  EXPECT_EQ(said.status, 0) << said.output;
  EXPECT_THAT(said.output, HasSubstr("SignedInfo References (ok/all): 4/4"));
}

TEST(xades, does_not_verify_when_a_file_or_a_signed_property_is_changed) {
  if (!test::has_tool("xmlsec1")) GTEST_SKIP() << "xmlsec1 is not installed";
  const auto entries = unpack(container(letter_files(), test::sender()));
  const test::temporary_folder where;
  write_all(where, entries);
  where.write("brev.pdf", "%PDF+");
  EXPECT_NE(judged_by_xmlsec(where, test::sender().leaf.pem()).status, 0);

  auto changed = entries;
  auto& xml = changed[4].second;
  xml.replace(xml.find("2022-03-16"), 10, "2022-03-17");
  write_all(where, changed);
  EXPECT_NE(judged_by_xmlsec(where, test::sender().leaf.pem()).status, 0);
}

TEST(xades, holds_the_whole_chain_leaf_first) {
  const auto& issuer = test::stranger();
  auto key = test::make_rsa_key();
  auto leaf = test::make_certificate(key, {{"CN", "LEAF, \"AS\" <&>"}}, 77, &issuer);
  const crypto::keystore signer{std::move(key), std::move(leaf), {issuer.leaf}};
  const auto entries = unpack(container(letter_files(), signer));
  const auto& xml = entries[4].second;
  const auto first = xml.find("<X509Certificate>"), second = xml.rfind("<X509Certificate>");
  EXPECT_NE(first, second);
  EXPECT_THAT(xml, HasSubstr("<ns2:X509IssuerName>"));
  if (!test::has_tool("xmlsec1")) GTEST_SKIP() << "xmlsec1 is not installed";
  const test::temporary_folder where;
  write_all(where, entries);
  const auto said = judged_by_xmlsec(where);
  EXPECT_EQ(said.status, 0) << said.output;
}

TEST(xades, refuses_a_mime_type_that_xml_cannot_hold) {
  const auto to = *make_memory_spools(some_limit)->make();
  const auto made = build(to, std::nullopt, {text_file("a.txt", "a", std::string("text/\1plain"))},
                          test::sender(), as_xades);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, crypto::crypto_errc::bad_format);
}
