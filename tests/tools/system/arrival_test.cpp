#include "tests/tools/system/town.hpp"

#include "config/byte_io.hpp"
#include "config/random.hpp"
#include "config/text.hpp"
#include "protocol/dpo/package.hpp"

#include <boost/algorithm/string/trim.hpp>

// What other installations send, well made or not: which transfers are confirmed, which are left
// (dpo.md 5.3), and that nothing of it disturbs anybody else.

namespace {

using namespace kp::test;
using testing::Contains;
using testing::ElementsAre;

class arrival : public in_town {
 protected:
  // A transfer from Skogvik to Fjordnes with sbd.json and, when given, asic.zip.
  std::string arrive(const std::string& sbd, const std::string& asic = {}) {
    json::array entries{json::object{{"name", "sbd.json"}, {"text", sbd}}};
    if (!asic.empty())
      entries.push_back(json::object{{"name", "asic.zip"}, {"base64", kp::to_base64(asic)}});
    return inject({{"sender", "0192:" + skogvik},
                   {"recipient", "0192:" + fjordnes},
                   {"entries", std::move(entries)}});
  }
  std::string arrive(const json::object& document, const std::string& asic = {}) {
    return arrive(json::serialize(document), asic);
  }
};

json::object letter() {
  return travelling_document(skogvik, fjordnes);
}

json::object& identification(json::object& document) {
  return document.at("standardBusinessDocumentHeader").at("documentIdentification").as_object();
}
json::object& conversation(json::object& document) {
  return document.at("standardBusinessDocumentHeader")
      .at("businessScope")
      .at("scope")
      .at(0)
      .as_object();
}

}  // namespace

TEST_F(arrival, a_bad_document_is_discarded_or_left_as_the_table_of_the_network_says) {
  std::map<std::string, std::string> discarded, left;
  std::vector<std::string> ids;
  const auto add = [&](std::map<std::string, std::string>& to, const std::string& what,
                       const json::object& document) {
    ids.push_back(id_of(document));
    to[what] = arrive(document);
  };
  auto bad = letter();
  bad["arkivmelding"] = nullptr;
  add(discarded, "business message null", bad);
  bad = letter();
  bad.erase("arkivmelding");
  add(discarded, "business message missing", bad);
  bad = letter();
  bad["more"] = json::object();
  add(discarded, "a member too many", bad);
  bad = letter();
  identification(bad)["type"] = "avtalt";
  add(discarded, "another message than the type says", bad);
  bad = letter();
  identification(bad)["type"] = "leserbrev";
  add(discarded, "unknown type", bad);
  bad = letter();
  identification(bad)["instanceIdentifier"] = "melding-1";
  add(discarded, "message id is no UUID", bad);
  bad = letter();
  conversation(bad)["instanceIdentifier"] = "samtale-1";
  add(discarded, "conversation id is no UUID", bad);
  bad = letter();
  conversation(bad)["scopeInformation"].at(0).at("expectedResponseDateTime") =
      "2020-01-01T00:00:00+01:00";
  const auto expired = id_of(bad);
  discarded["expired"] = arrive(bad);
  discarded["status of an unknown message"] =
      arrive(travelling_document(skogvik, fjordnes, "status", "eformidling:xsd"));

  bad = letter();
  ids.push_back(id_of(bad));
  left["malformed JSON"] = arrive(json::serialize(bad).substr(0, 300));
  bad = letter();
  identification(bad).erase("type");
  add(left, "type missing", bad);
  bad = letter();
  identification(bad)["instanceIdentifier"] = nullptr;
  left["message id missing"] = arrive(bad);
  bad = letter();
  conversation(bad)["instanceIdentifier"] = nullptr;
  add(left, "conversation id missing", bad);
  const json::object other{{"name", "brev.txt"}, {"text", "no document"}};
  left["no SBD in the zip"] = inject({{"sender", "0192:" + skogvik},
                                      {"recipient", "0192:" + fjordnes},
                                      {"entries", json::array{other}}});
  left["no zip"] = inject({{"sender", "0192:" + skogvik},
                           {"recipient", "0192:" + fjordnes},
                           {"content", kp::to_base64("no zip")}});

  // Two: what came with the last has certainly been judged with the second.
  pass_a_round(fjordnes, sak);
  pass_a_round(fjordnes, sak);
  for (const auto& [what, transfer] : discarded)
    EXPECT_TRUE(until([&] { return received_at_broker(transfer) == "DownloadConfirmed"; }))
        << what << ": " << received_at_broker(transfer);
  for (const auto& [what, transfer] : left)
    EXPECT_EQ(received_at_broker(transfer), "DownloadStarted") << what;
  for (const auto& id : ids) {
    EXPECT_EQ(count_in_inbox(sak, id), 0) << id;
    EXPECT_EQ(here->api(sak, "GET", "/api/conversations/messageId/" + id).status, 404u) << id;
  }
  EXPECT_EQ(count_in_inbox(sak, expired), 0);
  EXPECT_THAT(statuses(sak, expired), ElementsAre("OPPRETTET", "LEVETID_UTLOPT"));
}

TEST_F(arrival, content_that_cannot_be_opened_is_told_at_pop_and_disturbs_nobody) {
  const auto broken = letter();
  arrive(broken, "this is no CMS");

  // Well made, but for somebody else's key.
  const auto other = letter();
  const auto registered = here->control("GET", "/control/organisations");
  std::string pem;
  for (const auto& each : registered.as_array())
    if (each.at("number").as_string() == skogvik) pem = each.at("certificate").as_string();
  const auto wrong_recipient = kp::crypto::certificate::from_pem(pem);
  ASSERT_TRUE(wrong_recipient);
  const temporary_folder nowhere;
  std::ifstream p12(here->path("keystores/" + skogvik + ".p12"), std::ios::binary);
  std::ifstream password_file(here->path("keystores/" + skogvik + ".password"));
  std::string password(std::istreambuf_iterator<char>(password_file), {});
  boost::algorithm::trim(password);
  const auto signer = kp::crypto::keystore::open_pkcs12(
      std::string(std::istreambuf_iterator<char>(p12), {}), password, std::nullopt);
  ASSERT_TRUE(signer) << signer.error().message;
  kp::dpo::content content{
      {"0192:" + fjordnes, "0192:" + skogvik, "arkivmelding.xml", "application/xml"},
      {},
      &*signer,
      *wrong_recipient};
  content.files.push_back(
      {"arkivmelding.xml", "application/xml", []() -> kp::result<std::unique_ptr<kp::byte_source>> {
         return std::make_unique<kp::string_source>(arkivmelding_xml());
       }});
  const auto spools = kp::make_memory_spools(1u << 20);
  const auto packed = kp::dpo::pack(json::serialize(other), content, *spools, new_uuid());
  ASSERT_TRUE(packed) << packed.error().message;
  kp::sequential_source zip(packed->zip);
  inject({{"sender", "0192:" + skogvik},
          {"recipient", "0192:" + fjordnes},
          {"content", kp::to_base64(*kp::read_all(zip, 1u << 20))}});

  const auto good = send_letter(arkiv, fjordnes);
  for (const auto& each : {broken, other}) {
    const auto id = id_of(each);
    ASSERT_TRUE(until_arrived(sak, id));
    ASSERT_TRUE(lock(sak, id));
    EXPECT_EQ(here->api(sak, "GET", "/api/messages/in/pop/" + id).status, 500u);
    EXPECT_THAT(statuses(sak, id), Contains("FEIL"));
    EXPECT_EQ(here->api(sak, "DELETE", "/api/messages/in/" + id).status, 200u);
  }
  ASSERT_TRUE(until_arrived(sak, good));
  EXPECT_EQ(take(sak, good).count("brev.pdf"), 1u);
}

TEST_F(arrival, a_message_that_comes_twice_is_one_message) {
  const auto document = letter();
  const auto id = id_of(document);
  const auto first = arrive(document), second = arrive(document);
  ASSERT_TRUE(until_arrived(sak, id));
  for (const auto& transfer : {first, second})
    EXPECT_TRUE(until([&] { return received_at_broker(transfer) == "DownloadConfirmed"; }));
  EXPECT_EQ(count_in_inbox(sak, id), 1);
  // Also when it comes again after it has been taken.
  ASSERT_TRUE(lock(sak, id));
  EXPECT_EQ(here->api(sak, "DELETE", "/api/messages/in/" + id).status, 200u);
  const auto third = arrive(document);
  EXPECT_TRUE(until([&] { return received_at_broker(third) == "DownloadConfirmed"; }));
  EXPECT_EQ(count_in_inbox(sak, id), 0);
  EXPECT_THAT(statuses(sak, id),
              ElementsAre("OPPRETTET", "INNKOMMENDE_MOTTATT", "INNKOMMENDE_LEVERT"));
}

TEST_F(arrival, a_transfer_for_another_installation_is_left_alone) {
  const auto theirs = letter(), ours = letter();
  const auto entries = [](const json::object& document) {
    return json::array{json::object{{"name", "sbd.json"}, {"json", document}}};
  };
  const auto transfer = inject({{"sender", "0192:" + skogvik},
                                {"recipient", "0192:" + fjordnes},
                                {"reference", "another-system"},
                                {"entries", entries(theirs)}});
  inject({{"sender", "0192:" + skogvik},
          {"recipient", "0192:" + fjordnes},
          {"reference", nullptr},
          {"entries", entries(ours)}});
  ASSERT_TRUE(until_arrived(sak, id_of(ours)));
  pass_a_round(fjordnes, sak);
  EXPECT_EQ(count_in_inbox(sak, id_of(theirs)), 0);
  EXPECT_EQ(received_at_broker(transfer), "Initialized");
}
