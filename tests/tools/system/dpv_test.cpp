#include "tests/tools/system/operators.hpp"

// Letters to who has no access point: through the whole hub to Altinn, and what Altinn says of
// them.

namespace {

using namespace kp::test;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class letters : public operators {
 protected:
  void TearDown() override {
    if (here) set({{"denied", json::array{}}, {"unknownResources", json::array{}}});
    operators::TearDown();
  }
  void set(json::object settings) {
    here->control("POST", "/control/correspondence/settings", std::move(settings));
  }
  void act(const std::string& id, const std::string& what) {
    here->control("POST", "/control/correspondence/act", {{"sendersReference", id}, {"act", what}});
  }
  json::array at_altinn(const std::string& id) {
    return here->control("GET", "/control/correspondence?sendersReference=" + id).as_array();
  }
  rest_answer upload(const std::string& id, const std::string& file, const std::string& type,
                     const std::string& bytes, const std::string& title) {
    return here->api(brev, "PUT", "/api/messages/out/" + id + "?title=" + title,
                     {{"Content-Type", type},
                      {"Content-Disposition", "attachment; name=\"a\"; filename=\"" + file + "\""}},
                     bytes);
  }
  std::string send(const std::string& attachment = "%PDF-1.4 brev") {
    const auto id = create(brev, arkivmelding_to(elvestad));
    EXPECT_EQ(upload(id, "arkivmelding.xml", "text/xml", arkivmelding_xml(), "XML").status, 200u);
    EXPECT_EQ(upload(id, "brev.pdf", "application/pdf", attachment, "Brevet").status, 200u);
    const auto sent = here->send(brev, id);
    EXPECT_EQ(sent.status, 200u) << sent.body;
    return id;
  }
  std::string all_statuses(const std::string& id) {
    return here->api(brev, "GET", "/api/statuses/" + id).body;
  }
};

}  // namespace

TEST_F(letters, are_published_read_and_answered_by_a_receipt_of_the_hub) {
  const auto id = send();
  ASSERT_TRUE(until_status(brev, id, "LEVERT"));
  const auto kept = at_altinn(id);
  ASSERT_EQ(kept.size(), 1u);
  const auto& letter = kept[0];
  EXPECT_EQ(letter.at("caller"), json::value(skogvik));
  const auto& fields = letter.at("fields");
  EXPECT_EQ(fields.at("correspondence.resourceId"), "eformidling-dpv-administrasjon");
  EXPECT_EQ(fields.at("correspondence.messageSender"), json::value("Kommune " + skogvik));
  EXPECT_EQ(fields.at("idempotentKey"), json::value(id));
  EXPECT_EQ(fields.at("recipients[0]"),
            json::value("urn:altinn:organization:identifier-no:" + elvestad));
  EXPECT_EQ(fields.at("correspondence.content.attachments[0].displayName"), "Brevet");
  ASSERT_EQ(letter.at("files").as_array().size(), 1u);  // the arkivmelding.xml stays here
  EXPECT_EQ(letter.at("files").at(0).at("fileName"), "brev.pdf");
  EXPECT_EQ(letter.at("files").at(0).at("size"), 13);
  EXPECT_THAT(json::serialize(letter.at("notification")), HasSubstr("Elvestad AS: Du har mottatt"));

  act(id, "read");
  ASSERT_TRUE(until_status(brev, id, "LEST"));
  EXPECT_THAT(statuses(brev, id), ElementsAre("OPPRETTET", "SENDT", "LEVERT", "LEST"));
  EXPECT_THAT(here->api(brev, "GET", "/api/messages/in?serviceIdentifier=DPV").body,
              AllOf(HasSubstr("arkivmelding_kvittering"), HasSubstr(id)));
  EXPECT_EQ(count_in_inbox(post, id), 0);
}

TEST_F(letters, whose_answer_was_lost_are_found_again_and_sent_once) {
  fault({{"endpoint", "correspondence_upload"}, {"kind", "cut_after"}, {"count", 1}});
  const auto attachment = random_bytes(300'000);
  const auto id = send(attachment);
  ASSERT_TRUE(until([&] {
    return ctl("messages " + skogvik + " --state retrying").output.find(id) != std::string::npos;
  }));
  ctl("retry " + skogvik + " " + id, watch_user);
  ASSERT_TRUE(until_status(brev, id, "LEVERT"));
  const auto kept = at_altinn(id);
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].at("files").at(0).at("size"), 300'000);
  EXPECT_THAT(statuses(brev, id), ElementsAre("OPPRETTET", "SENDT", "LEVERT"));
}

TEST_F(letters, that_altinn_refuses_are_feil_at_once_with_its_words) {
  set({{"unknownResources", json::array{"eformidling-dpv-administrasjon"}}});
  const auto id = send();
  ASSERT_TRUE(until_status(brev, id, "FEIL"));
  EXPECT_THAT(all_statuses(id), AllOf(HasSubstr("Failed to deliver message - check raw receipt"),
                                      HasSubstr("CORR-01036")));
  EXPECT_TRUE(at_altinn(id).empty());
}

TEST_F(letters, that_are_purged_end_with_annet) {
  const auto id = send();
  ASSERT_TRUE(until_status(brev, id, "LEVERT"));
  act(id, "purge");
  ASSERT_TRUE(until_status(brev, id, "ANNET"));
  EXPECT_THAT(all_statuses(id), HasSubstr("Melding slettet i Altinn, stopper polling."));
}

TEST_F(letters, of_who_is_not_on_the_access_list_wait) {
  set({{"denied", json::array{skogvik}}});
  const auto id = send();
  ASSERT_TRUE(until([&] {
    return ctl("messages " + skogvik + " --state retrying").output.find(id) != std::string::npos;
  }));
  EXPECT_THAT(ctl("messages " + skogvik + " --state retrying").output,
              HasSubstr("not on the access list"));
  set({{"denied", json::array{}}});
  ctl("retry " + skogvik + " " + id, watch_user);
  EXPECT_TRUE(until_status(brev, id, "SENDT"));
}
