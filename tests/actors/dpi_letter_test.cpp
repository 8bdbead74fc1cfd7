#include "actors/dpi_letter.hpp"

#include "dpo_house.hpp"
#include "tests/protocol/crypto/test_keys.hpp"

#include <gmock/gmock.h>

namespace kp::test {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto digital_urn = "urn:no:difi:digitalpost:xsd:digital::digital";
constexpr auto print_urn = "urn:no:difi:digitalpost:xsd:fysisk::print";

class dpi_letters : public ::testing::Test {
 protected:
  dpi_letters() {
    auto settings = std::make_shared<tenants::organisation>(*house.context->settings);
    settings->dpi.enabled = true;
    settings->channels[0].addresses.dpi_channel = "post.1";
    house.use(std::move(settings));
  }
  static letter of(const std::string& type) {
    letter made;
    made.type = type;
    made.sender = "0192:910077473";
    made.receiver = "17912099997";
    made.body = {{"hoveddokument", "brev.pdf"}, {"spraak", "NN"}};
    return made;
  }
  static storage::stored_file file(const std::string& name, std::uint32_t number) {
    storage::stored_file made;
    made.filename = name;
    made.mime_type = "application/pdf";
    made.number = number;
    return made;
  }
  result<actors::dpi_letter> make(std::string sbd, const std::string& urn) {
    // The letters of the house name their standard by their type alone.
    const auto at = sbd.find("\"standard\":\"") + 12;
    sbd.replace(at, sbd.find('"', at) - at, urn);
    storage::outgoing_message message;
    message.sbd = std::move(sbd);
    message.files = {file("vedlegg.pdf", 1), file("brev.pdf", 2)};
    storage::outbox_item item;
    item.channel = arkiv;
    return actors::make_letter(*house.context, item, message);
  }
  static registry::service_record record(const std::string& urn) {
    registry::service_record made;
    made.via = service::dpi;
    made.document_types = {urn};
    made.pem_certificate = recipient().leaf.pem();
    made.mailbox_operator = "984661185";
    made.mailbox_address = "ola#1";
    made.email = "ola@example.no";
    made.language = "EN";
    return made;
  }

  dpo_house house;
};

}  // namespace

TEST_F(dpi_letters, have_the_main_document_first_and_their_channel_with_underscores) {
  const auto made = make(of("digital").text(), digital_urn);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->files[0].filename, "brev.pdf");
  EXPECT_EQ(made->files[1].filename, "vedlegg.pdf");
  EXPECT_EQ(made->channel, "post_1");
  EXPECT_EQ(made->lookup->identifier, "17912099997");
  EXPECT_FALSE(made->print);
}

TEST_F(dpi_letters, are_spread_over_the_channels_and_each_attempt_has_the_same) {
  auto channel = house.context->settings->channels[0];
  channel.addresses.dpi_channel = "post.1";
  channel.addresses.dpi_concurrency = 3;
  std::map<std::string, int> used;
  auto random = make_seeded_random(7);
  for (int i = 0; i < 300; ++i) {
    const auto letter = *message_id::parse(random->uuid());
    const auto under = actors::wire_channel(channel, letter);
    ASSERT_TRUE(under);
    EXPECT_EQ(actors::wire_channel(channel, letter), under);
    ++used[*under];
  }
  EXPECT_EQ(used.size(), 3u);
  for (const auto& [name, count] : used) EXPECT_GT(count, 60) << name;
  channel.addresses.dpi_concurrency = 1;
  EXPECT_EQ(actors::wire_channel(channel, *message_id::parse(random->uuid())), "post_1");
}

TEST_F(dpi_letters, go_to_the_mailbox_of_the_record_for_their_type) {
  const auto made = make(of("digital").text(), digital_urn);
  ASSERT_TRUE(made) << made.error().message;
  registry::answer answer;
  answer.records = {record(print_urn), record(digital_urn)};
  answer.records[0].mailbox_address = "wrong";
  const auto to = actors::address_letter(*house.context, *made, answer);
  ASSERT_TRUE(to) << to.error().message;
  EXPECT_EQ(to->to.organisation, "984661185");
  EXPECT_EQ(to->to.mailbox, "ola#1");
  EXPECT_EQ(to->to.email, "ola@example.no");
  EXPECT_EQ(to->language, "NN");
  EXPECT_EQ(to->certificate.der(), recipient().leaf.der());
}

TEST_F(dpi_letters, without_a_mailbox_go_nowhere) {
  const auto made = make(of("digital").text(), digital_urn);
  ASSERT_TRUE(made);
  registry::answer answer;
  answer.records = {record(print_urn)};
  const auto to = actors::address_letter(*house.context, *made, answer);
  ASSERT_FALSE(to);
  EXPECT_EQ(to.error().code, dpi::dpi_errc::missing_address);
  EXPECT_FALSE(to.error().retryable);
  EXPECT_FALSE(actors::address_letter(*house.context, *made, std::nullopt));
}

TEST_F(dpi_letters, on_paper_need_no_record_and_take_its_language) {
  const auto made = make(of("print").text(), print_urn);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(made->print);
  const auto alone = actors::address_letter(*house.context, *made, std::nullopt);
  ASSERT_TRUE(alone);
  EXPECT_EQ(alone->language, "NO");
  EXPECT_EQ(alone->to.mailbox, "");
  registry::answer answer;
  answer.records = {record(print_urn)};
  EXPECT_EQ(actors::address_letter(*house.context, *made, answer)->language, "EN");
}

TEST_F(dpi_letters, without_their_main_document_are_refused_for_good) {
  auto lost = of("digital");
  lost.body["hoveddokument"] = "other.pdf";
  const auto made = make(lost.text(), digital_urn);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, dpi::dpi_errc::bad_file);
  EXPECT_FALSE(made.error().retryable);
}

}  // namespace kp::test
