#include "protocol/dpi/parcel.hpp"

#include "config/text.hpp"
#include "protocol/crypto/jws.hpp"
#include "protocol/dpi/form.hpp"
#include "protocol/dpi/manifest.hpp"
#include "protocol/zip/zip.hpp"
#include "tests/protocol/crypto/test_keys.hpp"
#include "tests/support/fixtures.hpp"
#include "tests/support/tools.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509.h>
#include <boost/json.hpp>

namespace kp::dpi {
namespace {

namespace json = boost::json;
using opened = result<std::unique_ptr<byte_source>>;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::size_t some_limit = 64 << 20;
constexpr time_point when{std::chrono::seconds(1'647'436'568)};

sbd::document letter(json::object metadata = {}, const std::string& type = "digital") {
  sbd::document made;
  made.header.identification.type = type;
  made.business_message = {{"hoveddokument", "brev.pdf"},
                           {"avsenderId", "avd & 1"},
                           {"fakturaReferanse", "F-1"},
                           {"metadataFiler", std::move(metadata)}};
  return made;
}

file_facts pdf(const std::string& name, const std::string& title = "") {
  return {name, "application/pdf", title};
}
const file_facts lenke{"lenke.xml", "application/vnd.difi.dpi.lenke+xml", ""};

std::string xsd_verdict(const std::string& xml) {
  const test::temporary_folder where;
  where.write("manifest.xml", xml);
  const auto said =
      test::run(fmt::format("xmllint --noout --nonet --schema {}/dpi/xsd/sdp-manifest.xsd {}",
                            test::fixtures_folder(), where.path("manifest.xml")));
  return said.status == 0 ? "valid" : said.output;
}

asic::file text_file(std::string name, std::string bytes) {
  return {std::move(name), "application/pdf",
          [bytes]() -> opened { return std::make_unique<string_source>(bytes); }};
}

std::string all_of(const std::shared_ptr<const random_access_source>& from) {
  sequential_source source(from);
  return *read_all(source, some_limit);
}

std::map<std::string, std::string> unpack(const std::string& bytes) {
  std::map<std::string, std::string> entries;
  const auto archive = *zip::reader::open(std::make_shared<string_random_access>(bytes));
  for (std::size_t i = 0; i < archive->items().size(); ++i)
    entries[archive->items()[i].name] = *read_all(**archive->read(i), some_limit);
  return entries;
}

std::string decrypt(const std::string& cms, const crypto::keystore& keys) {
  string_source source(cms);
  const auto plain = crypto::open_envelope(source, std::span(&keys, 1));
  EXPECT_TRUE(plain) << plain.error().message;
  return plain ? *read_all(**plain, some_limit) : "";
}

}  // namespace

TEST(dpi_arrange, puts_the_main_document_first_and_metadata_with_its_document) {
  const auto document = letter({{"brev.pdf", "lenke.xml"}, {"vedlegg.pdf", "mer.xml"}});
  const auto arranged = arrange(document, {pdf("vedlegg.pdf", "Vedlegg"),
                                           lenke,
                                           pdf("brev.pdf", "Brev"),
                                           {"mer.xml", "application/xml", ""},
                                           pdf("annet.pdf")});
  ASSERT_TRUE(arranged) << arranged.error().message;
  EXPECT_THAT(packing_order(*arranged),
              ElementsAre("brev.pdf", "lenke.xml", "vedlegg.pdf", "mer.xml", "annet.pdf"));
  EXPECT_EQ(arranged->size(), 3u);
}

TEST(dpi_arrange, refuses_what_mailboxes_refuse) {
  const auto failure = [](const sbd::document& document, const std::vector<file_facts>& files) {
    const auto arranged = arrange(document, files);
    return arranged ? "none" : arranged.error().message;
  };
  EXPECT_THAT(failure(letter(), {pdf("vedlegg.pdf")}), HasSubstr("main document"));
  EXPECT_THAT(failure(letter(), {pdf("brev.pdf"), pdf("brev.pdf")}), HasSubstr("two files"));
  EXPECT_THAT(failure(letter(), {pdf("brev.pdf"), pdf("a.x")}), HasSubstr("3 characters"));
  EXPECT_EQ(failure(letter(), {pdf("brev.pdf"), pdf("øæ.x")}), "none");
  EXPECT_THAT(failure(letter(), {pdf("brev.pdf"), pdf(std::string(97, 'a') + ".pdf")}),
              HasSubstr("101 characters"));
  EXPECT_THAT(failure(letter({{"brev.pdf", "lenke.xml"}}), {pdf("brev.pdf")}),
              HasSubstr("lenke.xml"));
  std::vector<file_facts> many{pdf("brev.pdf")};
  for (int i = 0; i < 200; ++i) many.push_back(pdf(fmt::format("v{:04}.pdf", i)));
  EXPECT_EQ(failure(letter(), many), "none");
  many.push_back(pdf("more.pdf"));
  EXPECT_THAT(failure(letter(), many), HasSubstr("201 attachments"));
}

TEST(dpi_manifest, is_what_the_schema_of_sdp_says) {
  if (!test::has_tool("xmllint")) GTEST_SKIP() << "xmllint is not installed";
  KP_FIXTURE(schema, "dpi/xsd/sdp-manifest.xsd");
  ASSERT_FALSE(schema.empty());
  const auto document = letter({{"brev.pdf", "lenke.xml"}});
  const auto arranged =
      *arrange(document, {pdf("brev.pdf", "Brev <&> \"sak\""), lenke, pdf("vedlegg.pdf")});
  const auto digital =
      manifest_xml(document, {"910077473", "910075918"}, {"984661185", "ola#1"}, arranged, "NO");
  EXPECT_EQ(xsd_verdict(digital), "valid") << digital;
  EXPECT_THAT(digital, HasSubstr("<postkasseadresse>ola#1</postkasseadresse>"));
  EXPECT_THAT(digital, HasSubstr("\">0192:910075918</organisasjon>"));
  EXPECT_THAT(digital, HasSubstr("<tittel lang=\"NO\">Missing title</tittel>"));
  EXPECT_THAT(digital, HasSubstr("<data href=\"lenke.xml\""));
  const auto print = manifest_xml(letter({}, "print"), {"910077473", "910077473"},
                                  {"974761076", ""}, arranged, "NO");
  EXPECT_EQ(xsd_verdict(print), "valid") << print;
  EXPECT_THAT(print, testing::Not(HasSubstr("mottaker")));
}

TEST(dpi_manifest, cuts_a_title_that_is_too_long_between_characters) {
  const auto arranged = *arrange(letter(), {pdf("brev.pdf", "a" + std::string(300 * 2, '\xc3'))});
  static_cast<void>(arranged);
  std::string title = "a";
  for (int i = 0; i < 300; ++i) title += "ø";
  const auto xml = manifest_xml(letter(), {"910077473", "910077473"}, {"984661185", "x"},
                                *arrange(letter(), {pdf("brev.pdf", title)}), "NO");
  std::string expected = ">a";
  for (int i = 0; i < 254; ++i) expected += "ø";
  EXPECT_THAT(xml, HasSubstr(expected + "</tittel>"));
}

TEST(dpi_parcel, is_opened_by_the_recipient_and_its_digest_is_of_the_encrypted_bytes) {
  const auto made = pack("<manifest/>", {text_file("brev.pdf", "%PDF-")}, test::sender(),
                         test::recipient().leaf, *make_memory_spools(some_limit), when);
  ASSERT_TRUE(made) << made.error().message;
  const auto cms = all_of(made->cms);
  EXPECT_EQ(made->digest, to_base64(crypto::sha256(cms)));
  const auto entries = unpack(decrypt(cms, test::recipient()));
  EXPECT_EQ(entries.at("manifest.xml"), "<manifest/>");
  EXPECT_EQ(entries.at("brev.pdf"), "%PDF-");
  EXPECT_TRUE(entries.contains("META-INF/signatures.xml"));
  const test::temporary_folder where;
  where.write("asic.cms", cms);
  const auto shown =
      test::run("openssl cms -cmsout -print -noout -inform DER -in " + where.path("asic.cms"));
  EXPECT_THAT(shown.output, HasSubstr("rsaesOaep"));
  EXPECT_THAT(shown.output, HasSubstr("aes-256-cbc"));
  EXPECT_THAT(shown.output, testing::Not(HasSubstr("sha1")));
}

TEST(dpi_parcel, published_packages_open_and_have_the_digests_that_their_messages_tell) {
  KP_FIXTURE(key, "dpi/complete/eksempel.p12");
  const auto keys = crypto::keystore::open_pkcs12(key, "changeit", std::nullopt);
  ASSERT_TRUE(keys) << keys.error().message;
  for (const auto* name :
       {"digital", "digital-pa-vegne-av", "digital-avsenderidentifikator", "utskrift"}) {
    const auto base = std::string("dpi/complete/") + name;
    KP_FIXTURE(cms, base + "-dokumentpakke.cms");
    KP_FIXTURE(zip, base + "-dokumentpakke.zip");
    KP_FIXTURE(message, base + "-forretningsmelding.json");
    EXPECT_EQ(decrypt(cms, *keys), zip) << name;
    EXPECT_THAT(message, HasSubstr(to_base64(crypto::sha256(cms)))) << name;
  }
}

TEST(dpi_parcel, signs_the_business_message_with_the_leaf_alone) {
  const auto jws = sign({{"standardBusinessDocument", json::object{}}}, test::sender());
  ASSERT_TRUE(jws) << jws.error().message;
  const auto read = crypto::verify_jws(*jws, X509_get0_pubkey(test::sender().leaf.native()));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->payload, R"({"standardBusinessDocument":{}})");
  EXPECT_EQ(
      read->header,
      (json::object{{"alg", "RS256"}, {"x5c", json::array{to_base64(test::sender().leaf.der())}}}));
}

TEST(dpi_form, is_the_same_from_every_offset) {
  const auto form = make_form("a.b.c", std::make_shared<string_random_access>("cms bytes"), "edge");
  const auto whole = all_of(form);
  EXPECT_EQ(form->size(), whole.size());
  EXPECT_EQ(whole,
            "--edge\r\nContent-Disposition: form-data; name=\"forretningsmelding\"; "
            "filename=\"sbd.jwt\"\r\nContent-Type: application/jwt\r\n\r\na.b.c\r\n"
            "--edge\r\nContent-Disposition: form-data; name=\"dokumentpakke\"; "
            "filename=\"asic.cms\"\r\nContent-Type: application/cms\r\n\r\ncms bytes\r\n--edge--"
            "\r\n");
  for (std::size_t i = 0; i <= whole.size(); ++i) {
    std::string out(7, '?');
    const auto count = form->read_at(i, out);
    ASSERT_TRUE(count);
    EXPECT_EQ(out.substr(0, *count), whole.substr(i, 7));
  }
}

}  // namespace kp::dpi
