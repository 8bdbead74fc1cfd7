#include "protocol/dpi/receipt.hpp"

#include "config/text.hpp"
#include "protocol/crypto/crypto_error.hpp"
#include "protocol/crypto/jws.hpp"
#include "tests/protocol/crypto/test_keys.hpp"
#include "tests/support/fixtures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace kp::dpi {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

result<void> anybody(const crypto::certificate&) {
  return {};
}
result<void> nobody(const crypto::certificate&) {
  return permanent(crypto::crypto_errc::bad_signature, "a stranger");
}

std::string signed_by(const crypto::keystore& keys, const json::value& payload) {
  json::array chain{to_base64(keys.leaf.der())};
  return *crypto::sign_jws({{"x5c", chain}}, json::serialize(payload), keys.key);
}

std::string why(const result<receipt>& opened) {
  return opened ? "none" : opened.error().message;
}

}  // namespace

TEST(dpi_receipt, of_every_kind_from_digipost_is_read) {
  const std::map<std::string, receipt_kind> kinds{
      {"leveringskvittering", receipt_kind::delivered},
      {"aapningskvittering", receipt_kind::opened},
      {"varslingfeiletkvittering", receipt_kind::notification_failed},
      {"mottakskvittering", receipt_kind::received},
      {"returpostkvittering", receipt_kind::returned},
      {"feil", receipt_kind::failed}};
  for (const auto& [name, kind] : kinds) {
    KP_FIXTURE(jws, "dpi/receipts/" + name + ".jwt");
    KP_FIXTURE(payload, "dpi/receipts/" + name + ".payload.json");
    const auto opened = open_receipt(jws, anybody);
    ASSERT_TRUE(opened) << name << ": " << opened.error().message;
    const auto header =
        json::parse(payload).at_pointer("/standardBusinessDocument/standardBusinessDocumentHeader");
    EXPECT_EQ(opened->kind, kind) << name;
    EXPECT_EQ(json::value(opened->id),
              header.at_pointer("/documentIdentification/instanceIdentifier"));
    EXPECT_EQ(json::value(opened->conversation),
              header.at_pointer("/businessScope/scope/0/instanceIdentifier"));
    EXPECT_TRUE(opened->at.has_value());
    EXPECT_EQ(opened->sender, "984661185");
    EXPECT_NE(description(opened->kind), description(receipt_kind::other));
  }
}

TEST(dpi_receipt, keeps_what_the_provider_says_in_words) {
  KP_FIXTURE(failure, "dpi/receipts/feil.jwt");
  EXPECT_EQ(open_receipt(failure, anybody)->detail,
            "SERVER: Digipost could not process the message.");
  EXPECT_EQ(format_timestamp(*open_receipt(failure, anybody)->at), "2021-01-14T11:13:19.475+01:00");
  KP_FIXTURE(notification, "dpi/receipts/varslingfeiletkvittering.jwt");
  EXPECT_EQ(open_receipt(notification, anybody)->detail, "epost: Pføy");
}

TEST(dpi_receipt, is_not_believed_from_a_signer_that_is_not_trusted) {
  KP_FIXTURE(jws, "dpi/receipts/leveringskvittering.jwt");
  const auto opened = open_receipt(jws, nobody);
  EXPECT_EQ(opened.error().code, dpi_errc::bad_receipt);
  EXPECT_EQ(why(opened), "Verifying JWT failed: a stranger");
}

TEST(dpi_receipt, is_not_believed_when_it_has_been_changed) {
  KP_FIXTURE(jws, "dpi/receipts/leveringskvittering.jwt");
  KP_FIXTURE(other, "dpi/receipts/aapningskvittering.jwt");
  const auto dot = [](const std::string& text) { return text.find('.'); };
  const auto last = [](const std::string& text) { return text.rfind('.'); };
  const auto mixed = jws.substr(0, dot(jws)) + other.substr(dot(other), last(other) - dot(other)) +
                     jws.substr(last(jws));
  EXPECT_THAT(why(open_receipt(mixed, anybody)), HasSubstr("signature does not verify"));
}

TEST(dpi_receipt, is_refused_when_it_does_not_fit_its_schema_or_is_none) {
  KP_FIXTURE(payload, "dpi/receipts/feil.payload.json");
  auto document = json::parse(payload);
  EXPECT_EQ(why(open_receipt(signed_by(test::sender(), document), anybody)), "none");
  EXPECT_EQ(open_receipt(signed_by(test::sender(), document), anybody)->signer, "910077473");
  auto extra = document;
  extra.at_pointer("/standardBusinessDocument/feil").as_object()["maskinportentoken"] = "x";
  EXPECT_THAT(why(open_receipt(signed_by(test::sender(), extra), anybody)), HasSubstr("schema"));
  auto strange = document;
  strange.at_pointer(
      "/standardBusinessDocument/standardBusinessDocumentHeader/"
      "documentIdentification/type") = "digital";
  EXPECT_THAT(why(open_receipt(signed_by(test::sender(), strange), anybody)),
              HasSubstr("no receipt"));
  auto alone = document;
  alone.at_pointer("/standardBusinessDocument/standardBusinessDocumentHeader/businessScope/scope") =
      json::array{};
  EXPECT_THAT(why(open_receipt(signed_by(test::sender(), alone), anybody)),
              HasSubstr("names no shipment"));
  EXPECT_THAT(why(open_receipt("a.b", anybody)), HasSubstr("three parts"));
  EXPECT_THAT(why(open_receipt(*crypto::sign_jws({}, "{}", test::sender().key), anybody)),
              HasSubstr("no x5c"));
  EXPECT_THAT(why(open_receipt(std::string(300'000, 'a'), anybody)), HasSubstr("too long"));
}

// The patterns of the schema library recurse; a receipt must not be able to use that.
TEST(dpi_receipt, with_very_long_texts_does_no_harm) {
  KP_FIXTURE(payload, "dpi/receipts/feil.payload.json");
  auto document = json::parse(payload);
  const std::string digits(150'000, '1');
  document.at_pointer("/standardBusinessDocument/feil/tidspunkt") = digits;
  EXPECT_NE(why(open_receipt(signed_by(test::sender(), document), anybody)), "none");
  document = json::parse(payload);
  document.at_pointer("/standardBusinessDocument/feil/avsender/virksomhetsidentifikator/value") =
      digits;
  EXPECT_NE(why(open_receipt(signed_by(test::sender(), document), anybody)), "none");
}

}  // namespace kp::dpi
