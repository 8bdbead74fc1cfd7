#include "tests/support/fixtures.hpp"
#include "tests/tools/system/town.hpp"

#include "config/ids.hpp"

#include <set>

// Messages on their way through the whole hub: out over the REST API, through the national
// services, in, and what comes back.

namespace {

using namespace kp::test;
using testing::ElementsAre;

class delivery : public in_town {
 protected:
  std::size_t transfers_with_reference(const std::string& sender, const std::string& reference) {
    std::size_t count = 0;
    for (const auto& each : transfers_of(sender))
      if (each.at("sendersFileTransferReference").as_string() == reference) ++count;
    return count;
  }
  int waiting(const std::string& who) {
    const auto list = here->api(who, "GET", "/api/messages/out").json();
    return list.at("totalElements").to_number<int>();
  }
  rest_answer post_parts(const std::vector<std::string>& parts) {
    std::string body;
    for (const auto& part : parts) body += part;
    return here->api(arkiv, "POST", "/api/messages/out/multipart",
                     {{"Content-Type", "multipart/form-data; boundary=grense"}},
                     body + "--grense--\r\n");
  }
};

std::string part(const std::string& name, const std::string& type, const std::string& bytes) {
  return "--grense\r\nContent-Disposition: form-data; name=" + name + "\r\nContent-Type: " + type +
         "\r\n\r\n" + bytes + "\r\n";
}
std::string sbd_part(const json::object& document) {
  return part("\"sbd\"", "application/json", json::serialize(document));
}
std::string xml_part() {
  return part("\"Arkivmelding\"; filename=\"arkivmelding.xml\"", "application/xml",
              arkivmelding_xml());
}
std::string pdf_part(const std::string& bytes) {
  return part("\"Brev\"; filename=\"brev.pdf\"", "application/pdf", bytes);
}

std::set<std::string> keys_of(const json::value& object) {
  std::set<std::string> keys;
  for (const auto& member : object.as_object()) keys.emplace(member.key());
  return keys;
}

}  // namespace

TEST_F(delivery, a_message_arrives_byte_for_byte_and_is_answered_up_to_its_receipt) {
  const auto attachment = random_bytes(40'000);
  const auto id = send_letter(arkiv, fjordnes, attachment);
  ASSERT_TRUE(until_arrived(sak, id));
  const auto files = take(sak, id);
  EXPECT_EQ(files.at("arkivmelding.xml"), arkivmelding_xml());
  EXPECT_EQ(files.at("brev.pdf"), attachment);
  EXPECT_EQ(count_in_inbox(sak, id), 0);
  EXPECT_THAT(statuses(sak, id),
              ElementsAre("OPPRETTET", "INNKOMMENDE_MOTTATT", "INNKOMMENDE_LEVERT"));
  ASSERT_TRUE(until_status(arkiv, id, "LEVERT"));

  const auto receipt = send_receipt(sak, bergvik, id);
  ASSERT_TRUE(until_status(arkiv, id, "LEST"));
  EXPECT_THAT(statuses(arkiv, id), ElementsAre("OPPRETTET", "SENDT", "MOTTATT", "LEVERT", "LEST"));
  EXPECT_TRUE(until_arrived(arkiv, receipt));
}

TEST_F(delivery, what_is_answered_reaches_the_channel_that_sent_and_no_other) {
  const auto before = transfers_with_reference(fjordnes, "barnevern");
  const auto id = send_letter(barnevern, fjordnes);
  ASSERT_TRUE(until_arrived(sak, id));
  take(sak, id);
  const auto receipt = send_receipt(sak, bergvik, id);
  ASSERT_TRUE(until_status(barnevern, id, "LEST"));
  ASSERT_TRUE(until_arrived(barnevern, receipt));
  EXPECT_THAT(statuses(barnevern, id),
              ElementsAre("OPPRETTET", "SENDT", "MOTTATT", "LEVERT", "LEST"));
  EXPECT_EQ(count_in_inbox(arkiv, receipt), 0);
  EXPECT_THAT(statuses(arkiv, id), ElementsAre());
  EXPECT_EQ(here->api(arkiv, "GET", "/api/conversations/messageId/" + id).status, 404u);
  EXPECT_EQ(here->api(barnevern, "GET", "/api/conversations/messageId/" + id).status, 200u);
  // The receiver named the channel in the reference of all its three transfers.
  EXPECT_GE(transfers_with_reference(fjordnes, "barnevern"), before + 3);
}

TEST_F(delivery, one_message_is_one_initialize_in_the_documented_form_with_a_checksum) {
  KP_FIXTURE(documented, "dpo/examples/broker-initialize-request.json");
  const auto before = transfers_of(bergvik).size();
  const auto id = send_letter(arkiv, fjordnes);
  ASSERT_TRUE(until_arrived(sak, id));
  ASSERT_TRUE(until_status(arkiv, id, "MOTTATT"));
  const auto sent = transfers_of(bergvik);
  ASSERT_EQ(sent.size(), before + 1);
  const auto& body = sent.back().at("initialize");
  const auto example = json::parse(documented);
  EXPECT_EQ(keys_of(body), keys_of(example));
  for (const auto* key :
       {"fileName", "resourceId", "sender", "recipients", "propertyList", "disableVirusScan"})
    EXPECT_EQ(body.at(key), example.at(key)) << key;
  const auto reference = std::string(body.at("sendersFileTransferReference").as_string());
  EXPECT_TRUE(kp::message_id::parse(reference)) << reference;
  // That it is the right one is the sandbox's to check: it refuses an upload that does not fit.
  EXPECT_EQ(body.at("checksum").as_string().size(), 32u);
}

TEST_F(delivery, a_message_of_many_megabytes_arrives_whole) {
  for (const std::size_t size : {8u << 20, 64u << 20}) {
    const auto attachment = random_bytes(size);
    const auto id = send_letter(arkiv, fjordnes, attachment);
    ASSERT_TRUE(until_arrived(sak, id, std::chrono::seconds(60)));
    EXPECT_TRUE(take(sak, id)["brev.pdf"] == attachment) << size;
  }
}

TEST_F(delivery, two_organisations_write_to_each_other_at_the_same_time) {
  std::vector<std::string> there, back;
  for (int i = 0; i < 5; ++i) {
    there.push_back(send_letter(arkiv, skogvik));
    back.push_back(send_letter(post, bergvik));
  }
  for (const auto& id : there) {
    EXPECT_TRUE(until_arrived(post, id));
    EXPECT_TRUE(until_status(arkiv, id, "MOTTATT"));
  }
  for (const auto& id : back) {
    EXPECT_TRUE(until_arrived(arkiv, id));
    EXPECT_EQ(count_in_inbox(barnevern, id), 0);
  }
}

TEST_F(delivery, multipart_creates_uploads_and_sends_at_once) {
  const auto before = waiting(arkiv);
  const auto too_large = post_parts(
      {sbd_part(arkivmelding_to(fjordnes)), xml_part(), pdf_part(random_bytes((5u << 20) + 1))});
  EXPECT_EQ(too_large.status, 400u);
  EXPECT_THAT(too_large.text("message"), testing::HasSubstr("'brev.pdf' is too large"));
  EXPECT_EQ(waiting(arkiv), before);

  const auto sent =
      post_parts({sbd_part(arkivmelding_to(fjordnes)), xml_part(), pdf_part("%PDF-1.4 brev")});
  ASSERT_EQ(sent.status, 200u) << sent.body;
  const auto id = id_of(sent.json());
  ASSERT_TRUE(until_arrived(sak, id));
  EXPECT_EQ(take(sak, id)["brev.pdf"], "%PDF-1.4 brev");
}

TEST_F(delivery, a_multipart_that_lacks_a_file_is_kept_completed_and_sent) {
  auto document = arkivmelding_to(fjordnes);
  const auto id = new_uuid();
  document["standardBusinessDocumentHeader"]
      .at("documentIdentification")
      .as_object()["instanceIdentifier"] = id;
  const auto incomplete = post_parts({sbd_part(document), xml_part()});
  EXPECT_EQ(incomplete.status, 400u);
  EXPECT_THAT(incomplete.text("message"), testing::HasSubstr("brev.pdf"));
  const auto again =
      post_parts({sbd_part(document), xml_part(), pdf_part("%PDF-1.4 brev")}).text("exception");
  EXPECT_THAT(again, testing::HasSubstr("MessageAlreadyExistsException"));
  EXPECT_EQ(here->upload(arkiv, id, "brev.pdf", "application/pdf", "%PDF-1.4 brev").status, 200u);
  EXPECT_EQ(here->send(arkiv, id).status, 200u);
  EXPECT_TRUE(until_arrived(sak, id));
}
