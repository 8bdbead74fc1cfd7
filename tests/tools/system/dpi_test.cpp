#include "tests/tools/system/hub_files.hpp"
#include "tests/tools/system/town.hpp"

#include "config/text.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

// Digital post: out over the REST API to the access point, and what mailboxes and the printer say.

namespace {

using namespace kp::test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const std::string sender_number = "810000007";
const std::string letters = "letters:letters-pass";
const std::string resident = "17912099997";
const std::string reserved = "30878199614";

class digital_post : public in_town {
 protected:
  void SetUp() override {
    in_town::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    if (!std::filesystem::exists(file())) add_organisation();
    here->control("DELETE", "/control/dpi");
    here->control("DELETE", "/control/ca");
    here->control("POST", "/control/citizens",
                  {{"number", resident}, {"email", "ola@example.no"}, {"mobile", "+4799999999"}});
    here->control("POST", "/control/citizens", {{"number", reserved}, {"reserved", true}});
  }
  void TearDown() override {
    if (here) {
      skew_clocks(0);
      end_short_tokens();
    }
    in_town::TearDown();
  }
  static void TearDownTestSuite() {
    if (auto* const town = kp::test::town::shared())
      std::filesystem::remove(town->path("tenants.d/letters.yaml"));
  }
  std::string file() const { return here->path("tenants.d/letters.yaml"); }

  void add_organisation() {
    const auto known = here->control(
        "POST", "/control/organisations",
        {{"number", sender_number}, {"name", "Avsender"}, {"services", json::array{"DPI"}}});
    const auto& store = known.at("keystore");
    const auto base = here->path("keystores/" + sender_number);
    std::ofstream(base + ".p12", std::ios::binary)
        << *kp::from_base64(std::string_view(store.at("base64").as_string()));
    std::ofstream(base + ".password") << std::string_view(store.at("password").as_string());
    std::ofstream(file() + ".tmp") << fmt::format(
        "number: \"{0}\"\nname: Avsender\nkeystore:\n  path: ../keystores/{0}.p12\n"
        "  password: {{file: ../keystores/{0}.password}}\nservices:\n"
        "  dpi: {{enabled: true, poll_interval_seconds: 1}}\nchannels:\n"
        "  - name: post\n    sends: [DPI]\n    dpi: {{channel: post.1, concurrency: 2}}\n    "
        "credentials:\n"
        "      - {1}\n",
        sender_number, credential(letters));
    std::filesystem::rename(file() + ".tmp", file());
    ASSERT_TRUE(until([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(250));
      return here->api(letters, "GET", "/api/messages/out").status == 200;
    }));
  }

  json::object letter(const std::string& type, const std::string& to, const std::string& process,
                      json::object message) {
    auto document = new_document("0192:" + fjordnes, "", type, std::move(message));
    auto& header = document["standardBusinessDocumentHeader"].as_object();
    header["receiver"] =
        json::array{{{"identifier", {{"authority", "iso6523-actorid-upis"}, {"value", to}}}}};
    header["documentIdentification"].as_object()["standard"] =
        type == "print" ? "urn:no:difi:digitalpost:xsd:fysisk::print"
                        : "urn:no:difi:digitalpost:xsd:digital::" + type;
    header["businessScope"].at("scope").at(0).as_object()["identifier"] =
        "urn:no:difi:profile:digitalpost:" + process + ":ver1.0";
    return document;
  }
  json::object digital() {
    return letter(
        "digital", resident, "info",
        {{"sikkerhetsnivaa", 3},
         {"hoveddokument", "brev.pdf"},
         {"tittel", "Vedtak om barnehageplass"},
         {"spraak", "NO"},
         {"digitalPostInfo", {{"virkningsdato", "2026-01-15"}, {"aapningskvittering", true}}},
         {"varsler", {{"epostTekst", "Du har fått post"}}}});
  }
  std::string send(const json::object& document) {
    const auto id = create(letters, document);
    EXPECT_EQ(here->upload(letters, id, "brev.pdf", "application/pdf", "%PDF-1.7 brev").status,
              200u);
    const auto sent = here->send(letters, id);
    EXPECT_EQ(sent.status, 200u) << sent.body;
    return id;
  }
  json::object shipment(const std::string& id) {
    for (const auto& each : here->control("GET", "/control/dpi/shipments").as_array())
      if (each.at("id").as_string() == id) return each.as_object();
    return {};
  }
  std::size_t unread() {
    std::size_t count = 0;
    for (const auto& each : here->control("GET", "/control/dpi/receipts").as_array())
      if (!each.at("read").as_bool()) ++count;
    return count;
  }
  json::value receipt(const std::string& id, const std::string& type, json::object more = {}) {
    more["messageId"] = id;
    more["type"] = type;
    return here->control("POST", "/control/dpi/receipts", more);
  }
  // With the hub goes what it knew of revoked certificates; what the next one has logged.
  std::string deliver_to_a_new_hub(const std::string& id) {
    here->hub().kill();
    receipt(id, "leveringskvittering");
    const auto from = here->hub().log().size();
    EXPECT_TRUE(here->start_hub());
    EXPECT_TRUE(until_status(letters, id, "LEVERT"));
    return here->hub().log(from);
  }
  // What the hub has logged meanwhile.
  std::string deliver_beside_a_revoked_signer() {
    const auto id = send(digital());
    EXPECT_TRUE(until_status(letters, id, "SENDT"));
    here->hub().kill();
    const auto revoked = receipt(id, "feil", {{"secondCertificate", true}});
    here->control("POST", "/control/ca", {{"certificate", revoked.at("signer")}});
    const auto log = deliver_to_a_new_hub(id);
    EXPECT_THAT(statuses(letters, id), ElementsAre("OPPRETTET", "SENDT", "MOTTATT", "LEVERT"));
    EXPECT_TRUE(until([&] { return unread() == 1; })) << "the revoked one stays where it is";
    return log;
  }
};

}  // namespace

TEST_F(digital_post, reaches_a_mailbox_and_is_followed_until_it_is_opened) {
  const auto id = send(digital());
  ASSERT_TRUE(until_status(letters, id, "SENDT"));
  const auto sent = shipment(id);
  ASSERT_FALSE(sent.empty());
  EXPECT_THAT(sent.at("faults").as_array(), IsEmpty()) << json::serialize(sent);
  EXPECT_THAT(std::string(sent.at("channel").as_string()), StartsWith("post_1-"));
  EXPECT_EQ(sent.at("receiver"), "984661185");
  EXPECT_THAT(json::serialize(sent.at("document")), HasSubstr("ola@example.no"));
  EXPECT_THAT(json::serialize(sent.at("files")), HasSubstr("brev.pdf"));

  receipt(id, "leveringskvittering");
  ASSERT_TRUE(until_status(letters, id, "LEVERT"));
  receipt(id, "aapningskvittering");
  ASSERT_TRUE(until_status(letters, id, "LEST"));
  EXPECT_THAT(statuses(letters, id),
              ElementsAre("OPPRETTET", "SENDT", "MOTTATT", "LEVERT", "LEST"));
  EXPECT_TRUE(until([&] { return unread() == 0; }));
}

TEST_F(digital_post, is_printed_for_who_is_reserved) {
  const auto id = send(letter("print", reserved, "vedtak", {{"hoveddokument", "brev.pdf"}}));
  ASSERT_TRUE(until_status(letters, id, "SENDT"));
  const auto sent = shipment(id);
  EXPECT_THAT(sent.at("faults").as_array(), IsEmpty()) << json::serialize(sent);
  EXPECT_EQ(sent.at("type"), "utskrift");
  EXPECT_EQ(sent.at("receiver"), "974761076");
  receipt(id, "mottakskvittering");
  ASSERT_TRUE(until_status(letters, id, "LEVERT"));
  receipt(id, "returpostkvittering");
  ASSERT_TRUE(until_status(letters, id, "FEIL"));
}

TEST_F(digital_post, whose_answer_is_lost_is_not_sent_twice) {
  fault({{"endpoint", "dpi_send"}, {"kind", "cut_after"}});
  const auto id = send(digital());
  ASSERT_TRUE(until_status(letters, id, "SENDT"));
  EXPECT_EQ(here->control("GET", "/control/dpi/shipments").as_array().size(), 1u);
}

TEST_F(digital_post, with_a_token_that_is_refused_goes_with_a_new_one) {
  fault({{"endpoint", "dpi_send"}, {"kind", "status"}, {"status", 401}});
  const auto id = send(digital());
  ASSERT_TRUE(until_status(letters, id, "SENDT"));
}

TEST_F(digital_post, that_is_refused_ends_in_feil_and_says_why) {
  fault({{"endpoint", "dpi_send"},
         {"kind", "status"},
         {"status", 400},
         {"count", 5},
         {"contentType", "application/problem+json"},
         {"body", R"({"title":"Bad Request","detail":"the mailbox is closed"})"}});
  const auto id = send(digital());
  ASSERT_TRUE(until_status(letters, id, "FEIL"));
}

TEST_F(digital_post, believes_no_receipt_that_a_stranger_has_signed) {
  const auto id = send(digital());
  ASSERT_TRUE(until_status(letters, id, "SENDT"));
  receipt(id, "feil", {{"stray", true}});
  receipt(id, "feil", {{"wrongSignature", true}});
  receipt(id, "feil", {{"invalid", true}});
  receipt(id, "leveringskvittering", {{"bits", 256}});
  ASSERT_TRUE(until_status(letters, id, "LEVERT"));
  EXPECT_THAT(statuses(letters, id), ElementsAre("OPPRETTET", "SENDT", "MOTTATT", "LEVERT"));
  EXPECT_EQ(unread(), 3u);
}

TEST_F(digital_post, believes_no_receipt_whose_signer_has_been_revoked) {
  const auto log = deliver_beside_a_revoked_signer();
  EXPECT_THAT(log, HasSubstr("Certificate is revoked."));
}

TEST_F(digital_post, believes_no_revoked_signer_by_an_outdated_list_either) {
  here->control("POST", "/control/ca", {{"listLastsSeconds", -60}});
  const auto log = deliver_beside_a_revoked_signer();
  EXPECT_THAT(log, HasSubstr("the successor of a revocation list is overdue"));
}

TEST_F(digital_post, believes_receipts_while_nobody_can_say_who_is_revoked) {
  fault({{"endpoint", "revocation_list"}, {"kind", "status"}, {"status", 503}, {"every", 1}});
  const auto id = send(digital());
  ASSERT_TRUE(until_status(letters, id, "SENDT"));
  const auto log = deliver_to_a_new_hub(id);
  EXPECT_THAT(log, HasSubstr("a revocation list cannot be fetched"));
}

// The first pause of sending is 20 seconds, a tenth more or less; all wait for it together.
TEST_F(digital_post, that_cannot_go_now_waits_and_goes_once_when_it_can) {
  const auto trouble_with = [&](json::object what) {
    what["endpoint"] = "dpi_send";
    fault(what);
    const auto id = send(digital());
    EXPECT_TRUE(until_fault_struck());
    return id;
  };
  std::vector<std::string> ids;
  // A token that is refused is replaced once before that.
  ids.push_back(
      trouble_with({{"kind", "status"},
                    {"status", 403},
                    {"count", 2},
                    {"body", R"({"title":"Forbidden","detail":"the scope is missing"})"}}));
  ids.push_back(trouble_with({{"kind", "status"}, {"status", 429}, {"retryAfter", 2}}));
  ids.push_back(trouble_with({{"kind", "status"}, {"status", 503}}));
  ids.push_back(trouble_with({{"kind", "cut"}}));
  const auto late = trouble_with({{"kind", "delay"}, {"delayMs", 1500}});
  ASSERT_TRUE(until_status(letters, late, "SENDT"));
  for (const auto& id : ids) EXPECT_THAT(statuses(letters, id), ElementsAre("OPPRETTET"));
  EXPECT_THAT(here->hub().log(), HasSubstr("the scope is missing"));
  for (const auto& id : ids)
    EXPECT_TRUE(until_status(letters, id, "SENDT", std::chrono::seconds(35)));
  EXPECT_EQ(here->control("GET", "/control/dpi/shipments").as_array().size(), ids.size() + 1);
}

TEST_F(digital_post, waits_while_maskinporten_refuses_tokens_and_says_why) {
  begin_short_tokens();
  const auto prepared = [&] {
    const auto id = create(letters, digital());
    here->upload(letters, id, "brev.pdf", "application/pdf", "%PDF-1.7 brev");
    return id;
  };
  const auto without_scope = prepared(), by_wrong_clock = prepared();
  const auto refused = [&](const std::string& id, const std::string& why) {
    const auto from = here->hub().log().size();
    EXPECT_EQ(here->send(letters, id).status, 200u);
    EXPECT_TRUE(until([&] {
      const auto log = here->hub().log(from);
      return log.find("sending failed") != log.npos && log.find(why) != log.npos;
    })) << why;
  };
  fault({{"endpoint", "token"},
         {"organisation", sender_number},
         {"every", 1},
         {"kind", "status"},
         {"status", 400},
         {"body", R"({"error":"invalid_scope","error_description":"Invalid scope, MP-200"})"}});
  refused(without_scope, "invalid_scope");
    here->control("DELETE", "/control/faults");
    skew_clocks(-60);
    refused(by_wrong_clock, "Issue time is after now");
    skew_clocks(0);
    end_short_tokens();
    for (const auto& id : {without_scope, by_wrong_clock}) {
      EXPECT_TRUE(until_status(letters, id, "SENDT", std::chrono::seconds(40)));
      EXPECT_THAT(shipment(id).at("faults").as_array(), IsEmpty());
    }
}

TEST_F(digital_post, takes_receipts_by_slow_and_broken_answers_and_registers_each_once) {
    const auto id = send(digital());
    ASSERT_TRUE(until_status(letters, id, "SENDT"));
    fault({{"endpoint", "dpi_inbox"}, {"kind", "truncate"}});
    fault({{"endpoint", "dpi_inbox"}, {"kind", "malformed_json"}});
    fault({{"endpoint", "dpi_inbox"}, {"kind", "delay"}, {"delayMs", 1500}});
    fault({{"endpoint", "dpi_read"}, {"kind", "status"}, {"status", 503}});
    // The same twice, and one about a message that nobody here has sent.
    receipt(id, "leveringskvittering", {{"copies", 2}});
    receipt(id, "feil", {{"conversationId", new_uuid()}});
    receipt(id, "aapningskvittering");
    ASSERT_TRUE(until_status(letters, id, "LEST", std::chrono::seconds(40)));
    EXPECT_THAT(statuses(letters, id),
                ElementsAre("OPPRETTET", "SENDT", "MOTTATT", "LEVERT", "LEST"));
    EXPECT_TRUE(until([&] { return unread() == 0; }));
}

TEST_F(digital_post, takes_receipts_of_providers_whose_clocks_are_wrong) {
    for (const int skew : {-90, 90}) {
      const auto id = send(digital());
      ASSERT_TRUE(until_status(letters, id, "SENDT"));
      skew_clocks(skew);
      receipt(id, "leveringskvittering");
      receipt(id, "aapningskvittering");
      skew_clocks(0);
      ASSERT_TRUE(until_status(letters, id, "LEST")) << skew;
      EXPECT_THAT(statuses(letters, id), testing::Contains("LEVERT"));
    }
}
