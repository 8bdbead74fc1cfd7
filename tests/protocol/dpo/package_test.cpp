#include "protocol/dpo/package.hpp"

#include "config/text.hpp"
#include "protocol/crypto/crypto_error.hpp"
#include "tests/protocol/crypto/test_keys.hpp"
#include "tests/support/fixtures.hpp"
#include "tests/support/tools.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace kp;
using namespace kp::dpo;
using crypto::crypto_errc;
using ::testing::ElementsAre;

namespace {

constexpr std::size_t some_limit = 256 << 20;
constexpr const char* sbd = R"({"standardBusinessDocumentHeader":{},"arkivmelding":{}})";

using opened = result<std::unique_ptr<byte_source>>;

asic::file text_file(std::string name, std::string bytes) {
  return {std::move(name), "text/plain",
          [bytes]() -> opened { return std::make_unique<string_source>(bytes); }};
}

content letter() {
  return {{"0192:910075918", "0192:910077473", "arkivmelding.xml", "application/xml"},
          {text_file("arkivmelding.xml", "<arkivmelding/>"), text_file("a.txt", "plain text")},
          &test::sender(),
          test::recipient().leaf};
}

std::string bytes_of(const std::shared_ptr<spool>& from) {
  sequential_source source(from);
  return *read_all(source, some_limit);
}

result<package> open(std::string bytes) {
  return package::open(std::make_shared<string_random_access>(std::move(bytes)));
}

std::string zip_of(const std::vector<std::pair<std::string, std::string>>& entries) {
  const auto to = *make_memory_spools(some_limit)->make();
  std::vector<zip::entry> list;
  for (const auto& [name, bytes] : entries)
    list.push_back({name, false,
                    [copy = bytes]() -> opened { return std::make_unique<string_source>(copy); }});
  EXPECT_TRUE(zip::write(to, std::move(list)));
  return bytes_of(to);
}

// Spools that remember what was put in them.
class watched_spools final : public spool_factory {
 public:
  result<std::shared_ptr<spool>> make() override {
    made.push_back(*inner_->make());
    return made.back();
  }
  std::vector<std::shared_ptr<spool>> made;

 private:
  std::shared_ptr<spool_factory> inner_ = make_memory_spools(some_limit);
};

}  // namespace

TEST(dpo_package, carries_sbd_and_files_to_the_recipient_alone) {
  const auto spools = make_memory_spools(some_limit);
  const auto made = pack(sbd, letter(), *spools, "0f0e");
  ASSERT_TRUE(made) << made.error().message;

  const auto arrived = package::open(made->zip);
  ASSERT_TRUE(arrived) << arrived.error().message;
  EXPECT_EQ(arrived->sbd(), sbd);
  EXPECT_FALSE(arrived->is_xml());
  ASSERT_TRUE(arrived->has_content());

  const auto cms = arrived->encrypted_content();
  ASSERT_TRUE(cms) << cms.error().message;
  const std::vector keys{test::recipient()};
  const auto plain = crypto::open_envelope(**cms, keys);
  ASSERT_TRUE(plain) << plain.error().message;
  const auto container = std::make_shared<string_random_access>(*read_all(**plain, some_limit));
  const auto checked = asic::verify(container);
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_THAT(checked->files, ElementsAre("manifest.xml", "arkivmelding.xml", "a.txt"));
  EXPECT_EQ(checked->signers.at(0).der(), test::sender().leaf.der());

  const auto again = arrived->encrypted_content();
  const std::vector others{test::stranger()};
  EXPECT_EQ(crypto::open_envelope(**again, others).error().code, crypto_errc::wrong_key);
}

TEST(dpo_package, has_its_entries_deflated_in_the_order_of_the_network) {
  const auto spools = make_memory_spools(some_limit);
  const auto made = pack(sbd, letter(), *spools, "0f0e");
  ASSERT_TRUE(made);
  const auto archive = *zip::reader::open(made->zip);
  ASSERT_EQ(archive->items().size(), 2u);
  EXPECT_EQ(archive->items()[0].name, "sbd.json");
  EXPECT_EQ(archive->items()[1].name, "asic.zip");
  EXPECT_FALSE(archive->items()[0].stored);
  EXPECT_FALSE(archive->items()[1].stored);
}

TEST(dpo_package, holds_the_sbd_alone_when_the_message_has_no_files) {
  const auto spools = make_memory_spools(some_limit);
  const auto made = pack(sbd, std::nullopt, *spools, {});
  ASSERT_TRUE(made) << made.error().message;
  const auto arrived = package::open(made->zip);
  ASSERT_TRUE(arrived);
  EXPECT_FALSE(arrived->has_content());
  const auto none = arrived->encrypted_content();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, crypto_errc::bad_format);
}

TEST(dpo_package, tells_the_md5_of_the_finished_zip) {
  const auto spools = make_memory_spools(some_limit);
  const auto made = pack(sbd, letter(), *spools, "0f0e");
  ASSERT_TRUE(made);
  crypto::digest expected(crypto::digest_algorithm::md5);
  expected.update(bytes_of(made->zip));
  EXPECT_EQ(made->md5, to_hex(expected.finish()));
  EXPECT_EQ(made->md5.size(), 32u);
}

TEST(dpo_package, uses_one_spool_for_the_container_and_one_for_itself) {
  watched_spools spools;
  const auto made = pack(sbd, letter(), spools, "0f0e");
  ASSERT_TRUE(made);
  ASSERT_EQ(spools.made.size(), 2u);
  EXPECT_EQ(spools.made[1], made->zip);
  EXPECT_EQ(bytes_of(made->zip).find("arkivmelding.xml"), std::string::npos)
      << "names of files do not leave unencrypted";
}

TEST(dpo_package, passes_on_what_goes_wrong_with_files_and_recipient) {
  const auto spools = make_memory_spools(some_limit);
  auto broken = letter();
  broken.files[1].open = []() -> opened {
    return transient(crypto_errc::internal, "the disk is gone");
  };
  const auto made = pack(sbd, broken, *spools, "0f0e");
  ASSERT_FALSE(made);
  EXPECT_TRUE(made.error().retryable);

  const auto small = make_memory_spools(200);
  EXPECT_FALSE(pack(sbd, letter(), *small, "0f0e"));

  auto nothing = letter();
  nothing.files.clear();
  EXPECT_FALSE(pack(sbd, nothing, *spools, "0f0e"));
}

TEST(dpo_package, carries_files_far_larger_than_its_chunks) {
  const auto spools = make_memory_spools(some_limit);
  auto large = letter();
  large.files[1] = text_file("large.bin", std::string(5'000'000, 'l'));
  const auto made = pack(sbd, large, *spools, "0f0e");
  ASSERT_TRUE(made) << made.error().message;
  const auto arrived = package::open(made->zip);
  const auto cms = arrived->encrypted_content();
  const std::vector keys{test::recipient()};
  const auto plain = crypto::open_envelope(**cms, keys);
  ASSERT_TRUE(plain);
  const auto container = std::make_shared<string_random_access>(*read_all(**plain, some_limit));
  EXPECT_TRUE(asic::verify(container));
}

TEST(dpo_package, does_not_care_about_order_and_unknown_entries) {
  const auto arrived = open(zip_of({{"recipients.xml", "<x/>"},
                                    {"asic.zip", "cms"},
                                    {"manifest.xml", "<x/>"},
                                    {"sbd.json", sbd}}));
  ASSERT_TRUE(arrived) << arrived.error().message;
  EXPECT_EQ(arrived->sbd(), sbd);
  EXPECT_EQ(*read_all(**arrived->encrypted_content(), 100), "cms");
}

TEST(dpo_package, accepts_the_legacy_form_and_takes_the_last_of_both) {
  const auto legacy = open(zip_of({{"content.xml", "<sbd/>"}}));
  ASSERT_TRUE(legacy) << legacy.error().message;
  EXPECT_TRUE(legacy->is_xml());
  EXPECT_EQ(legacy->sbd(), "<sbd/>");
  const auto xml_last = open(zip_of({{"sbd.json", "{}"}, {"content.xml", "<sbd/>"}}));
  EXPECT_TRUE(xml_last->is_xml());
  EXPECT_EQ(xml_last->sbd(), "<sbd/>");
  const auto json_last = open(zip_of({{"content.xml", "<sbd/>"}, {"sbd.json", "{}"}}));
  EXPECT_FALSE(json_last->is_xml());
  EXPECT_EQ(json_last->sbd(), "{}");
}

TEST(dpo_package, is_bad_format_without_an_sbd_and_when_it_is_no_zip) {
  for (const auto& bytes : {zip_of({{"asic.zip", "cms"}}), std::string("no zip"), std::string()}) {
    const auto arrived = open(bytes);
    ASSERT_FALSE(arrived);
    EXPECT_EQ(arrived.error().code, crypto_errc::bad_format);
  }
}

TEST(dpo_package, bounds_the_sbd) {
  EXPECT_TRUE(open(zip_of({{"sbd.json", std::string(package::max_sbd_bytes, ' ')}})));
  const auto arrived = open(zip_of({{"sbd.json", std::string(package::max_sbd_bytes + 1, ' ')}}));
  ASSERT_FALSE(arrived);
  EXPECT_EQ(arrived.error().code, crypto_errc::too_large);
}

TEST(dpo_package, opens_the_package_of_a_java_hub) {
  KP_FIXTURE(bytes, "asic/generated/dpo-transport-sbd.zip");
  KP_FIXTURE(envelope, "asic/generated/dpo-sha1.oaep-cbc.cms");
  const auto arrived = open(bytes);
  ASSERT_TRUE(arrived) << arrived.error().message;
  EXPECT_FALSE(arrived->is_xml());
  EXPECT_EQ(arrived->sbd().front(), '{');
  const auto cms = arrived->encrypted_content();
  ASSERT_TRUE(cms);
  EXPECT_TRUE(*read_all(**cms, some_limit) == envelope);
}

TEST(dpo_package, is_understood_by_the_tools_of_others) {
  if (!test::has_tool("unzip") || !test::has_tool("openssl"))
    GTEST_SKIP() << "unzip and openssl are not both installed";
  const test::temporary_folder folder;
  const auto spools = make_memory_spools(some_limit);
  auto large = letter();
  large.files[1] = text_file("large.bin", std::string(700'000, 'l'));
  folder.write("sbd.zip", bytes_of(pack(sbd, large, *spools, "0f0e")->zip));
  folder.write("cert.pem", test::recipient().leaf.pem());
  folder.write("key.pem", test::to_pem(test::recipient().key));
  const auto done = test::run(
      "cd " + folder.path("") +
      " && unzip -t sbd.zip && unzip -p sbd.zip asic.zip > x.cms && openssl cms -decrypt -binary "
      "-inform DER -in x.cms -recip cert.pem -inkey key.pem -out x.asice && unzip -t x.asice && "
      "unzip -p x.asice META-INF/ASiCManifest.xml > m.xml && "
      "unzip -p x.asice 'META-INF/*.p7s' > s.p7s && openssl cms -verify -inform DER -in s.p7s "
      "-content m.xml -binary -noverify -out /dev/null");
  EXPECT_EQ(done.status, 0) << done.output;
}
