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
    here->control("POST", "/control/citizens",
                  {{"number", resident}, {"email", "ola@example.no"}, {"mobile", "+4799999999"}});
    here->control("POST", "/control/citizens", {{"number", reserved}, {"reserved", true}});
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
        "  - name: post\n    sends: [DPI]\n    dpi: {{channel: post.1}}\n    credentials:\n"
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
  void receipt(const std::string& id, const std::string& type, json::object more = {}) {
    more["messageId"] = id;
    more["type"] = type;
    here->control("POST", "/control/dpi/receipts", more);
  }
};

}  // namespace

TEST_F(digital_post, reaches_a_mailbox_and_is_followed_until_it_is_opened) {
  const auto id = send(digital());
  ASSERT_TRUE(until_status(letters, id, "SENDT"));
  const auto sent = shipment(id);
  ASSERT_FALSE(sent.empty());
  EXPECT_THAT(sent.at("faults").as_array(), IsEmpty()) << json::serialize(sent);
  EXPECT_EQ(sent.at("channel"), "post_1");
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
