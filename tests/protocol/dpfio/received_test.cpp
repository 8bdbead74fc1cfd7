#include "protocol/dpfio/received.hpp"
#include "protocol/dpfio/dpfio_error.hpp"
#include "tests/protocol/maskinporten/national_services.hpp"
#include "tests/support/fixtures.hpp"

#include <gmock/gmock.h>
#include <boost/json.hpp>

namespace kp::dpfio {
namespace {

using testing::HasSubstr;

const std::string ours = "47b0c75b-ddb5-447b-88d2-c4030d183fb3";
const std::string peer = "e0a0fba9-b7cf-44f8-99a6-a7f04b9e0347";
const std::string id = "21efbd4c-413d-4e2c-bbc5-257ef4a65a91";

delivery plain() {
  delivery out;
  out.routing_key = "fiksio.konto." + ours;
  out.headers = {{"melding-id", id}, {"type", "no.digdir.einnsyn.v1"}, {"avsender-id", peer}};
  return out;
}

// As librabbitmq hands it over: texts alone.
delivery from_fixture(const boost::json::object& of) {
  delivery out;
  out.routing_key = of.at("routingKey").as_string();
  out.redelivered = of.at("redelivered").as_bool();
  const auto& properties = of.at("properties").as_object();
  for (const auto& [name, value] : properties.at("headers").as_object())
    if (value.is_string()) out.headers.emplace(name, value.as_string());
  return out;
}

TEST(received, every_delivery_of_the_fixtures_is_read_or_refused_as_they_expect) {
  KP_FIXTURE(text, "dpfio/amqp/messages.json");
  const auto all = boost::json::parse(text).as_array();
  ASSERT_GE(all.size(), 10U);
  for (const auto& each : all) {
    const auto name = std::string(each.at("case").as_string());
    const auto read = read_delivery(from_fixture(each.as_object()));
    const bool unparsable = name == "missing-type" || name == "bad-uuid";
    ASSERT_EQ(read.has_value(), !unparsable) << name;
    if (unparsable) {
      EXPECT_EQ(read.error().code, dpfio_errc::bad_delivery);
      EXPECT_FALSE(read.error().retryable);
      continue;
    }
    EXPECT_EQ(read->account, ours) << name;
    EXPECT_EQ(read->sender.size(), 36U) << name;
    if (name == "all-optional-headers") {
      EXPECT_EQ(read->reply_to, "5b0f7c0e-0000-4000-8000-000000000001");
      EXPECT_EQ(read->sender_name, "FIKS IO testorg");
      EXPECT_EQ(*read->header("klientKorrelasjonsId"), "sak-1");
    }
    if (name == "dokumentlager") {
      EXPECT_EQ(read->document, "77777777-0000-4000-8000-000000000001");
    }
    if (name == "no-payload-expired-notice") {
      EXPECT_EQ(notice_of(read->type), notice::expired);
    }
    if (name == "no-payload-server-error-notice") {
      EXPECT_EQ(notice_of(read->type), notice::failed);
    }
    if (name == "plain") {
      EXPECT_EQ(notice_of(read->type), notice::none);
    }
  }
}

TEST(received, the_account_is_told_by_the_routing_key_alone) {
  auto foreign = plain();
  foreign.routing_key = "something.else";
  EXPECT_FALSE(read_delivery(foreign));
  foreign.routing_key = "fiksio.konto.no-uuid";
  EXPECT_FALSE(read_delivery(foreign));
  EXPECT_EQ(account_of("fiksio.konto." + ours), ours);
  EXPECT_EQ(queue_of(ours), "fiksio.konto." + ours);
}

TEST(received, says_which_header_is_missing_or_wrong) {
  for (const auto* name : {"melding-id", "type", "avsender-id"}) {
    auto without = plain();
    without.headers.erase(name);
    const auto read = read_delivery(without);
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().message, HasSubstr(name));
  }
  auto bad = plain();
  bad.headers["type"] = std::string("a\nb");
  EXPECT_FALSE(read_delivery(bad));
  bad = plain();
  bad.headers["dokumentlager-id"] = "nowhere";
  EXPECT_FALSE(read_delivery(bad));
  bad = plain();
  bad.size = most_body + 1;  // and no body
  EXPECT_FALSE(read_delivery(bad));
}

TEST(received, a_reference_that_is_none_does_no_harm) {
  auto odd = plain();
  odd.headers["svar-til"] = "not-a-uuid";
  odd.headers["egendefinert-header.klientMeldingId"] = std::string(5000, 'x');
  const auto read = read_delivery(odd);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_FALSE(read->reply_to);
  EXPECT_EQ(read->header("klientMeldingId"), nullptr);
}

TEST(received, the_document_of_the_business_system_is_the_expected_one) {
  KP_FIXTURE(text, "dpfio/sbd/received.expected.json");
  auto expected = boost::json::parse(text).as_object();
  const auto read = read_delivery(plain());
  ASSERT_TRUE(read);
  const auto made =
      to_document(*read, {"0192:910077473", "0192:910077473", std::chrono::hours(24)}, test::noon);
  auto shown = sbd::to_json(made);
  // Times vary.
  for (auto* each : {&expected, &shown}) {
    auto& header = each->at("standardBusinessDocumentHeader").as_object();
    header.at("documentIdentification").as_object()["creationDateAndTime"] = "";
    header.at("businessScope").at("scope").as_array().at(0).as_object()["scopeInformation"] = "";
  }
  EXPECT_EQ(shown, expected);
  const auto read_again = sbd::parse(sbd::to_text(made), test::noon);
  ASSERT_TRUE(read_again) << read_again.error().message;
  EXPECT_EQ(read_again->process(), "no.digdir.einnsyn.v1");
  EXPECT_EQ(read_again->message()->to_string(), id);
  EXPECT_EQ(read_again->expires(), test::noon + std::chrono::hours(24));
}

TEST(received, references_of_sender_and_receiver_are_shown) {
  auto reply = plain();
  reply.headers["svar-til"] = "5B0F7C0E-0000-4000-8000-000000000001";
  reply.headers["egendefinert-header.klientMeldingId"] = "sak/1";
  const auto read = read_delivery(reply);
  ASSERT_TRUE(read);
  const auto made = to_document(*read, {"0192:910075935", "0192:910077473"}, test::noon);
  ASSERT_NE(made.find_scope("ReceiverRef"), nullptr);
  EXPECT_EQ(made.find_scope("ReceiverRef")->instance_identifier,
            "5b0f7c0e-0000-4000-8000-000000000001");
  EXPECT_EQ(made.find_scope("SenderRef")->instance_identifier, "sak/1");
}

}  // namespace
}  // namespace kp::dpfio
