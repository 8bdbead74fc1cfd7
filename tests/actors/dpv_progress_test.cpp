#include "actors/dpv_progress.hpp"

#include "actors/generated_receipt.hpp"
#include "dpo_house.hpp"

namespace kp::actors {
namespace {

using test::letter;

class dpv_progress_test : public ::testing::Test {
 protected:
  dpv_progress_test() { seen.emplace(); }

  std::string said() const {
    const auto p = dpv_progress(*house.context, letter{}.id(), seen);
    std::string names;
    for (const auto& each : p.statuses) names += std::string(storage::to_string(each.name)) + " ";
    return names + (p.ended ? "ended" : "goes on");
  }
  // As a channel starts it, with what a receipt is made of.
  void start(const std::string& document_type) {
    auto c = house.started(test::fag, letter{}.id(), std::chrono::hours(24), service::dpv);
    auto after = c;
    after.sender = "0192:910077473";
    after.receiver = "0192:910075918";
    after.document_type = document_type;
    storage::batch changes;
    house.context->conversations.update(changes, c, after);
    house.commit(changes);
  }
  void wants_receipts(bool wanted) {
    auto settings = std::make_shared<tenants::organisation>(*house.context->settings);
    settings->dpv.generate_receipts = wanted;
    house.use(std::move(settings));
  }

  test::dpo_house house;
  std::optional<dpv::overview> seen;
};

TEST_F(dpv_progress_test, V14_V15_published_is_levert_and_read_is_lest_and_the_end) {
  EXPECT_EQ(said(), "goes on");
  seen->status = "Published";
  seen->published = test::simulated_system::start();
  EXPECT_EQ(said(), "LEVERT goes on");
  seen->read = test::simulated_system::start();
  seen->status = "AttachmentsDownloaded";  // of a higher rank than Read
  EXPECT_EQ(said(), "LEVERT LEST ended");
}

TEST_F(dpv_progress_test, V16_purged_is_annet) {
  seen->status = "PurgedByRecipient";
  seen->published = test::simulated_system::start();
  EXPECT_EQ(said(), "LEVERT ANNET ended");
  seen.reset();
  const auto gone = dpv_progress(*house.context, letter{}.id(), seen);
  ASSERT_EQ(gone.statuses.size(), 1u);
  EXPECT_EQ(gone.statuses[0].description, "Melding slettet i Altinn, stopper polling.");
  EXPECT_TRUE(gone.ended);
}

TEST_F(dpv_progress_test, V17_failed_is_feil_with_altinns_reason) {
  seen->status = "Failed";
  seen->status_text = "Malware found in the letter of 26079412345";
  EXPECT_EQ(said(), "FEIL ended");
  const auto failed = dpv_progress(*house.context, letter{}.id(), seen);
  EXPECT_EQ(failed.statuses[0].description->find("26079412345"), std::string::npos);
}

TEST_F(dpv_progress_test, V18_a_status_that_nobody_knows_says_nothing) {
  seen->status = "Forwarded";
  EXPECT_EQ(said(), "goes on");
}

TEST_F(dpv_progress_test, V23_a_receipt_is_made_where_it_is_wanted_of_an_arkivmelding) {
  seen->published = test::simulated_system::start();
  start("urn:no:difi:arkivmelding:xsd::arkivmelding");
  EXPECT_TRUE(dpv_progress(*house.context, letter{}.id(), seen).arrivals.empty());
  wants_receipts(true);
  const auto p = dpv_progress(*house.context, letter{}.id(), seen);
  ASSERT_EQ(p.arrivals.size(), 1u);
  EXPECT_EQ(p.arrivals[0].comes_with, storage::status_name::levert);
  const auto& receipt = *p.arrivals[0].document;
  EXPECT_EQ(receipt.type(), "arkivmelding_kvittering");
  EXPECT_EQ(receipt.header.sender.front().value, "0192:910075918");
  EXPECT_EQ(receipt.header.receiver.front().value, "0192:910077473");
  EXPECT_EQ(receipt.process(), "urn:no:difi:profile:arkivmelding:response:ver1.0");
  EXPECT_EQ(receipt.conversation()->to_string(), letter{}.conversation);
  EXPECT_NE(receipt.message(), letter{}.id());
  EXPECT_EQ(receipt.business_message.at("relatedToMessageId"), letter{}.message.c_str());
  EXPECT_EQ(receipt.business_message.at("receiptType"), "OK");
  EXPECT_EQ(receipt.expires(), test::simulated_system::start() + std::chrono::hours(24));
  EXPECT_FALSE(receipt.message_channel());  // N8
}

TEST_F(dpv_progress_test, V23_a_letter_of_another_type_has_no_receipt) {
  seen->published = test::simulated_system::start();
  wants_receipts(true);
  start("urn:no:difi:digitalpost:xsd:digital::digital_dpv");
  EXPECT_TRUE(dpv_progress(*house.context, letter{}.id(), seen).arrivals.empty());
}

TEST(dpv_traces_test, V13_know_the_own_letter_from_another_senders) {
  const dpv_traces own{"resource", "urn:altinn:organization:identifier-no:1", "910077473"};
  const auto kept = parse_memo(to_memo(own));
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->resource, own.resource);
  dpv::overview found;
  found.senders_reference = letter{}.message;
  found.recipient = own.recipient;
  found.sender_number = own.sender_number;
  EXPECT_TRUE(is_own(found, letter{}.id(), *kept));
  found.sender_number = "910075918";
  EXPECT_FALSE(is_own(found, letter{}.id(), *kept));
  found.sender_number = own.sender_number;
  found.recipient = "urn:altinn:organization:identifier-no:2";
  EXPECT_FALSE(is_own(found, letter{}.id(), *kept));
  EXPECT_FALSE(parse_memo("not JSON"));
}

}  // namespace
}  // namespace kp::actors
