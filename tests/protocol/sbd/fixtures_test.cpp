#include "tests/support/fixtures.hpp"
#include "protocol/sbd/document.hpp"
#include "protocol/sbd/sbd_error.hpp"
#include "sample.hpp"

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

// The collection of documents that the installations out there exchange.

using namespace kp;
using namespace kp::sbd;

namespace json = boost::json;

namespace {

// Writing gives the same members as came in, but for what is said below.
class round_trip : public testing::TestWithParam<const char*> {};

// Only what today's software writes is left of a document: a coerced value, an added {}.
json::value as_written_today(json::value in) {
  auto& root = in.as_object();
  if (auto* digital = root.if_contains("digital")) {
    auto& message = digital->as_object();
    if (!message.contains("metadataFiler")) message["metadataFiler"] = json::object();
    if (auto* info = message.if_contains("digitalPostInfo"))
      if (auto* receipt = info->as_object().if_contains("aapningskvittering");
          receipt && receipt->is_string())
        *receipt = receipt->as_string() == "true";
  }
  if (auto* print = root.if_contains("print"))
    if (auto& message = print->as_object(); !message.contains("printinstruksjoner"))
      message["printinstruksjoner"] = json::object();
  if (auto* arkivmelding = root.if_contains("arkivmelding"))
    arkivmelding->as_object().erase("securityLevel");  // no member of the model
  auto& header = root.at("standardBusinessDocumentHeader").as_object();
  for (const auto* name : {"sender", "receiver"})
    if (!header.contains(name)) header[name] = json::array();
  return in;
}

}  // namespace

TEST_P(round_trip, gives_every_member_back) {
  KP_FIXTURE(text, GetParam());
  const auto document = parse(text, test::january());
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(json::value(to_json(*document)), as_written_today(json::parse(text)));
  const auto again = parse(to_text(*document), test::january());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(to_text(*again), to_text(*document));
}

INSTANTIATE_TEST_SUITE_P(
    fixtures, round_trip,
    testing::Values(
        "messages/sbd/arkivmelding-dpf-forsendelsetype.json",
        "messages/sbd/arkivmelding-dpf-with-refs.json", "messages/sbd/arkivmelding-dpo.json",
        "messages/sbd/arkivmelding-dpv.json", "messages/sbd/arkivmelding-minimal.json",
        "messages/sbd/arkivmelding-on-behalf-of.json", "messages/sbd/arkivmelding_kvittering.json",
        "messages/sbd/avtalt-dpo.json", "messages/sbd/dialogmelding.json",
        "messages/sbd/dialogmelding_kvittering.json", "messages/sbd/digital-dpi.json",
        "messages/sbd/digital_dpv.json", "messages/sbd/einnsyn_kvittering-dpe.json",
        "messages/sbd/innsynskrav-dpe.json", "messages/sbd/print-dpi.json",
        "messages/sbd/publisering.json", "messages/sbd/status.json",
        "messages/sbd/unordered-business-first-icd9908.json", "messages/svarinn/converted-sbd.json",
        "rest/create-arkivmelding.response.json", "rest/create-digital.response.json",
        "rest/create-digital_dpv.response.json", "rest/create-innsynskrav.response.json",
        "rest/create-print.response.json", "rest/create-publisering.response.json",
        "rest/messages-in-peek.response.json", "dpo/examples/transport-sbd-avtalt.json",
        "dpo/examples/transport-sbd-arkivmelding.json",
        "dpo/examples/channel-sbd-arkivmelding.json",
        "dpo/examples/channel-sbd-arkivmelding_kvittering.json",
        "dpo/examples/channel-sbd-status-mottatt.json",
        "dpo/examples/incoming-sbd-status-levert.json", "dpo/examples/incoming-sbd-expired.json"));

TEST(sbd_fixtures, the_transport_form_is_written_to_the_letter) {
  KP_FIXTURE(posted, "messages/sbd/arkivmelding-dpo.json");
  KP_FIXTURE(transported, "messages/sbd-normalised/dpo-sbd.json-in-transport-zip.json");
  const auto document = parse(posted, test::january());
  ASSERT_TRUE(document) << document.error().message;
  auto expected = transported;
  while (!expected.empty() && expected.back() == '\n') expected.pop_back();
  EXPECT_EQ(to_text(*document), expected);
}

TEST(sbd_fixtures, a_capitalised_type_is_read_and_written_canonically) {
  KP_FIXTURE(text, "messages/sbd/type-capitalised-key-lowercase-accepted.json");
  const auto document = parse(text, test::january());
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_TRUE(parse(to_text(*document), test::january()));
}

TEST(sbd_fixtures, a_key_that_is_not_the_type_is_refused_in_either_order) {
  for (const auto* path : {"messages/sbd/key-type-mismatch-business-first-accepted.json",
                           "messages/sbd-bad/key-type-mismatch-header-first.json"}) {
    KP_FIXTURE(text, path);
    const auto document = parse(text, test::january());
    ASSERT_FALSE(document) << path;
    EXPECT_EQ(document.error().code, sbd_errc::bad_structure);
    EXPECT_EQ(document.error().message,
              "Expected to find field named arkivmelding, but found avtalt");
  }
}

TEST(sbd_fixtures, bad_documents_are_refused_by_class) {
  struct expectation {
    const char* path;
    sbd_errc code;
  };
  const expectation expectations[] = {
      {"messages/sbd-bad/header-only.json", sbd_errc::bad_structure},
      {"messages/sbd-bad/third-root-member.json", sbd_errc::bad_structure},
      {"messages/sbd-bad/business-message-is-array.json", sbd_errc::bad_structure},
      {"messages/sbd-bad/unknown-type.json", sbd_errc::bad_structure},
      {"messages/sbd-bad/type-feil.json", sbd_errc::bad_structure},
      {"messages/sbd-bad/missing-type-header-first.json", sbd_errc::missing_type},
      {"dpo/examples/incoming-sbd-bad-null-business-message.json", sbd_errc::bad_structure},
  };
  for (const auto& expected : expectations) {
    KP_FIXTURE(text, expected.path);
    const auto document = parse(text, test::january());
    ASSERT_FALSE(document) << expected.path;
    EXPECT_EQ(document.error().code, expected.code) << expected.path;
  }
}
