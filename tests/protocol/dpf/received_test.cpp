#include "protocol/dpf/received.hpp"

#include "protocol/crypto/cms.hpp"
#include "protocol/crypto/crypto_error.hpp"
#include "protocol/dpf/contents.hpp"
#include "protocol/sbd/document.hpp"
#include "tests/protocol/dpf/flattened.hpp"
#include "tests/support/fixtures.hpp"

#include <gmock/gmock.h>
#include <boost/json.hpp>

namespace kp::dpf {
namespace {

namespace json = boost::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const time_point now = *parse_timestamp_with_offset("2019-03-25T12:38:23+01:00");
const receiving_rules rules{"urn:no:difi:profile:arkivmelding:administrasjon:ver1.0",
                            "urn:no:difi:arkivmelding:xsd::arkivmelding", "999999999",
                            std::chrono::hours(24)};

std::vector<list_entry> entries_of(std::string_view text) {
  auto list = parse_list(text);
  EXPECT_TRUE(list) << list.error().message;
  return list ? *std::move(list) : std::vector<list_entry>();
}

// The case of svarinn/edge-cases.json.
std::optional<list_entry> edge_case(std::string_view name) {
  const auto text = test::fixture("dpf/svarinn/edge-cases.json");
  if (!text) return std::nullopt;
  for (const auto& each : json::parse(*text).as_array())
    if (std::string_view(each.at("case").as_string()) == name)
      return entries_of(json::serialize(json::array{each.at("forsendelse")})).at(0);
  return std::nullopt;
}

std::vector<std::string> names_of(const received& from) {
  std::vector<std::string> out;
  for (const auto& file : from.files) out.push_back(file.filename);
  return out;
}

std::vector<std::string> xml_of(const received& from) {
  const auto random = make_seeded_random(1);
  const auto xml = to_arkivmelding(from, names_of(from), now, *random);
  EXPECT_TRUE(xml) << xml.error().message;
  auto lines = test::flattened(xml ? *xml : "", "arkivmelding");
  // Fresh with every translation.
  std::erase_if(lines, [](const auto& line) { return line.find("/systemID=") != line.npos; });
  return lines;
}

TEST(received, becomes_the_arkivmelding_that_todays_installations_make) {
  KP_FIXTURE(list, "dpf/svarinn/list-two-files.json");
  KP_FIXTURE(expected, "messages/svarinn/converted-arkivmelding.xml");
  const auto entries = entries_of(list);
  ASSERT_EQ(entries.size(), 1U);
  ASSERT_TRUE(entries[0].what) << entries[0].what.error().message;
  auto wanted = test::flattened(expected, "arkivmelding");
  std::erase_if(wanted, [](const auto& line) { return line.find("/systemID=") != line.npos; });
  EXPECT_EQ(xml_of(*entries[0].what), wanted);
}

TEST(received, becomes_the_sbd_that_todays_installations_make) {
  KP_FIXTURE(list, "dpf/svarinn/list-two-files.json");
  KP_FIXTURE(expected, "messages/svarinn/converted-sbd.json");
  const auto entries = entries_of(list);
  const auto sbd = to_sbd(*entries.at(0).what, rules, now);
  EXPECT_EQ(json::parse(sbd), json::parse(expected));
  const auto parsed = sbd::parse(sbd, now);
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->message()->to_string(), entries.at(0).id);
}

TEST(received, reads_the_lists_of_the_real_service) {
  KP_FIXTURE(capture, "dpf/svarinn/list-real-capture.json");
  const auto real = entries_of(capture);
  ASSERT_EQ(real.size(), 1U);
  ASSERT_TRUE(real[0].what) << real[0].what.error().message;
  EXPECT_EQ(real[0].what->receiver, "910229028");
  KP_FIXTURE(sample, "dpf/svarinn/list-ks-receiver-sample.json");
  const auto older = entries_of(sample);
  ASSERT_GT(older.size(), 1U);
  for (const auto& each : older) EXPECT_FALSE(each.id.empty());
  EXPECT_FALSE(older[1].what) << "it says neither who sent it nor who is to have it";
}

TEST(received, takes_what_lacks_metadata) {
  const auto nulls = edge_case("nulls-in-metadata");
  if (!nulls) GTEST_SKIP() << "no fixtures here";
  const auto lines = xml_of(*nulls->what);
  EXPECT_THAT(lines, Contains("/mappe/basisregistrering/journalaar=2019"));
  EXPECT_THAT(lines, Contains("/mappe/basisregistrering/journalsekvensnummer=0"));
  EXPECT_THAT(lines, Contains("/mappe/basisregistrering/journalposttype=Inngående dokument"));
  EXPECT_THAT(lines,
              Contains("/mappe/basisregistrering/journalstatus=Ferdigstilt fra saksbehandler"));
  EXPECT_THAT(lines, Contains("/mappe/basisregistrering/journaldato=2019-03-25+01:00"));
  EXPECT_THAT(lines, Contains("/mappe/basisregistrering/tittel=Forsendelsestittel"));
  EXPECT_THAT(lines, Not(Contains(HasSubstr("dokumentetsDato"))));
  EXPECT_THAT(lines, Contains("/tidspunkt=2019-03-25T12:38:23+01:00"));
  const auto zeros = edge_case("zeros-in-metadata");
  EXPECT_THAT(xml_of(*zeros->what), Contains("/mappe/basisregistrering/journalaar=0"));
}

TEST(received, clamps_dates_before_the_year_one) {
  const auto old = edge_case("date-before-year-one");
  if (!old) GTEST_SKIP() << "no fixtures here";
  EXPECT_THAT(xml_of(*old->what),
              Contains("/mappe/basisregistrering/journaldato=0001-01-01+01:00"));
}

TEST(received, names_a_private_person_in_the_title_and_the_fallback_as_sender) {
  const auto person = edge_case("person-sender-no-orgnr");
  if (!person) GTEST_SKIP() << "no fixtures here";
  const auto lines = xml_of(*person->what);
  EXPECT_THAT(lines, Contains(HasSubstr("tittel=Journalposttittel (eDialog fra 1311690")));
  const auto parsed = sbd::parse(to_sbd(*person->what, rules, now), now);
  EXPECT_EQ(parsed->header.sender.at(0).value, "0192:999999999");
}

TEST(received, carries_references_and_extra_metadata) {
  const auto reply = edge_case("reply");
  if (!reply) GTEST_SKIP() << "no fixtures here";
  const auto parsed = sbd::parse(to_sbd(*reply->what, rules, now), now);
  EXPECT_EQ(parsed->find_scope("ReceiverRef")->instance_identifier, reply->what->reply_to);
  const auto extra = edge_case("extra-metadata");
  std::vector<std::string> found;
  for (const auto& line : xml_of(*extra->what))
    if (line.find("virksomhetsspesifikkeMetadata/") != line.npos) found.push_back(line);
  EXPECT_EQ(found.size(), 2U);
  const auto plain = edge_case("plain");
  EXPECT_THAT(xml_of(*plain->what), Not(Contains(HasSubstr("virksomhetsspesifikkeMetadata"))));
}

TEST(received, refuses_a_metadata_key_that_is_no_name_of_xml_and_declares_prefixes) {
  const auto illegal = edge_case("extra-metadata-illegal-xml-name");
  if (!illegal) GTEST_SKIP() << "no fixtures here";
  const auto random = make_seeded_random(1);
  const auto failed = to_arkivmelding(*illegal->what, {}, now, *random);
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("cant create key from ekstraMetadata value"));
  auto prefixed = *edge_case("plain")->what;
  prefixed.metadata.extra = {{"x:key", "v"}};
  const auto made = to_arkivmelding(prefixed, {}, now, *random);
  ASSERT_TRUE(made);
  EXPECT_THAT(*made, HasSubstr("<x:key xmlns:x=\"urn:svarut:ekstrametadata:x\">v</x:key>"));
}

TEST(received, leaves_out_what_cannot_be_delivered_without_harm_to_others) {
  const auto missing = edge_case("missing-svarSendesTil");
  if (!missing) GTEST_SKIP() << "no fixtures here";
  EXPECT_FALSE(missing->what);
  EXPECT_EQ(missing->id, "11111111-0000-4000-8000-00000000000b");
  const auto untyped = edge_case("filmetadata-without-mimetype");
  ASSERT_TRUE(untyped->what);
  EXPECT_EQ(untyped->what->files.at(0).mime_type, "application/octet-stream");
  EXPECT_EQ(edge_case("on-behalf-of-receiver")->what->receiver, "910075935");
  const auto unknown = edge_case("unknown-json-members");
  EXPECT_TRUE(unknown->what);
  EXPECT_FALSE(parse_list("{}"));
  EXPECT_TRUE(parse_list("{}").error().retryable);
  const auto bad = entries_of(R"([{"id":"../../x"},7])");
  ASSERT_EQ(bad.size(), 2U);
  EXPECT_FALSE(bad[0].what);
  EXPECT_FALSE(bad[1].what);
}

// ---- contents -----------------------------------------------------------------------------------

result<crypto::keystore> key_of(const std::string& name) {
  const auto key = test::fixture("dpf/cms/" + name + ".key.pem");
  const auto leaf = test::fixture("dpf/cms/" + name + ".cert.pem");
  if (!key || !leaf) return permanent(crypto::crypto_errc::internal, "no fixtures here");
  KP_TRY(auto secret, crypto::private_key::from_pem(*key));
  KP_TRY(auto certificate, crypto::certificate::from_pem(*leaf));
  return crypto::keystore{std::move(secret), std::move(certificate), {}};
}

// The plain bytes of a download.
result<std::string> opened(const std::string& name, const std::string& whose) {
  const auto cms = test::fixture("dpf/cms/" + name);
  if (!cms) return permanent(crypto::crypto_errc::internal, "no fixtures here");
  KP_TRY(auto key, key_of(whose));
  const std::vector<crypto::keystore> keys{std::move(key)};
  string_source source(*cms);
  KP_TRY(const auto plain, crypto::open_envelope(source, keys));
  return read_all(*plain, 64 << 20);
}

received with_files(std::vector<listed_file> files) {
  received out;
  out.files = std::move(files);
  return out;
}

std::shared_ptr<const random_access_source> as_source(std::string bytes) {
  return std::make_shared<string_random_access>(std::move(bytes));
}

TEST(contents, open_whatever_key_transport_and_encoding_the_envelope_has) {
  KP_FIXTURE(plain, "dpf/cms/svarinn-two-files.zip");
  for (const auto* name : {"svarinn-two-files.oaep-der.cms", "svarinn-two-files.oaep-indef.cms",
                           "svarinn-two-files.pkcs1.cms"}) {
    const auto bytes = opened(name, "receiver-org");
    ASSERT_TRUE(bytes) << name << ": " << bytes.error().message;
    EXPECT_EQ(*bytes, plain) << name;
  }
  EXPECT_FALSE(opened("svarinn-two-files.other-recipient.cms", "receiver-org"));
  EXPECT_FALSE(opened("svarinn-two-files.truncated.cms", "receiver-org"));
}

TEST(contents, of_the_real_service_have_their_name_type_and_size) {
  KP_FIXTURE(list, "dpf/svarinn/list-real-capture.json");
  const auto entry = *entries_of(list).at(0).what;
  const auto plain = opened("somdalen-dokumenter-ae68b33d.cms", "somdalen");
  ASSERT_TRUE(plain) << plain.error().message;
  const auto files = open_contents(entry, as_source(*plain));
  ASSERT_TRUE(files) << files.error().message;
  ASSERT_EQ(files->files.size(), 1U);
  EXPECT_EQ(files->files[0].filename, entry.files[0].filename);
  EXPECT_EQ(files->files[0].mime_type, entry.files[0].mime_type);
  EXPECT_THAT(files->references, ElementsAre(entry.files[0].filename));
}

TEST(contents, may_be_an_empty_archive_or_a_lone_file_without_one) {
  KP_FIXTURE(empty, "dpf/cms/empty-decrypted.zip");
  const auto none = open_contents(with_files({}), as_source(empty));
  ASSERT_TRUE(none) << none.error().message;
  EXPECT_THAT(none->files, IsEmpty());
  KP_FIXTURE(pdf, "dpf/cms/ks-single-pdf.pdf");
  const auto decrypted = opened("ks-single-pdf.cms", "ks-sp");
  ASSERT_TRUE(decrypted) << decrypted.error().message;
  EXPECT_EQ(*decrypted, pdf);
  const auto lone =
      open_contents(with_files({{"brev.pdf", "application/pdf", "", {}}}), as_source(pdf));
  ASSERT_TRUE(lone) << lone.error().message;
  ASSERT_EQ(lone->files.size(), 1U);
  const auto again = lone->files[0].open();
  EXPECT_EQ(*read_all(**again, 64 << 20), pdf);
  const auto unclear =
      open_contents(with_files({{"a", "x/y", "", {}}, {"b", "x/y", "", {}}}), as_source(pdf));
  EXPECT_FALSE(unclear);
}

TEST(contents, never_leave_the_message_nor_take_names_of_the_hub) {
  KP_FIXTURE(traversal, "dpf/cms/svarinn-traversal.zip");
  const auto files = open_contents(with_files({{"../../evil.txt", "text/plain", "", {}},
                                               {"arkivmelding.xml", "text/xml", "", {}}}),
                                   as_source(traversal));
  ASSERT_TRUE(files) << files.error().message;
  for (const auto& file : files->files) EXPECT_EQ(file.filename.find('/'), std::string::npos);
  EXPECT_THAT(files->references, ElementsAre("evil.txt", "arkivmelding-2.xml"));
}

TEST(contents, that_are_not_listed_have_no_known_type_and_names_may_be_norwegian) {
  KP_FIXTURE(unlisted, "dpf/cms/svarinn-unlisted-file.zip");
  const auto files = open_contents(with_files({}), as_source(unlisted));
  ASSERT_TRUE(files) << files.error().message;
  ASSERT_FALSE(files->files.empty());
  EXPECT_EQ(files->files[0].mime_type, "application/octet-stream");
  KP_FIXTURE(norwegian, "dpf/cms/svarinn-norwegian-names.zip");
  const auto named = open_contents(with_files({}), as_source(norwegian));
  ASSERT_TRUE(named) << named.error().message;
  EXPECT_TRUE(std::ranges::any_of(named->files, [](const auto& file) {
    return file.filename.find("ø") != std::string::npos ||
           file.filename.find("æ") != std::string::npos ||
           file.filename.find("å") != std::string::npos;
  }));
}

TEST(contents, warn_when_sizes_or_hashes_differ) {
  const auto files =
      open_contents(with_files({{"brev.pdf", "application/pdf", "", 7}}), as_source("%PDF"));
  ASSERT_TRUE(files);
  EXPECT_THAT(files->warnings, ElementsAre(HasSubstr("4 bytes where SvarInn said 7")));
  int warned = 0;
  const auto watched = [&](const std::string& hash) {
    const auto source =
        watch_hash(std::make_unique<string_source>("abc"), hash, [&warned] { ++warned; });
    EXPECT_EQ(*read_all(*source, 10), "abc");
  };
  watched("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD");
  watched("");
  EXPECT_EQ(warned, 0);
  watched("00");
  EXPECT_EQ(warned, 1);
}

}  // namespace
}  // namespace kp::dpf
