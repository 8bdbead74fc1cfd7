#pragma once

#include "config/text.hpp"
#include "tests/tools/system/hub_files.hpp"
#include "tests/tools/system/town.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

// An organisation with HER-ids in the health network, and a practice that the sandbox plays.

namespace kp::test {

class dph_town : public in_town {
 protected:
  inline static const std::string health = "810000708";    // its business systems use the hub
  inline static const std::string hospital = "810000716";  // has delegated a HER-id to it
  inline static const std::string practice = "810000724";  // played by the sandbox
  inline static const std::string ward = "dph-legevakt:legevakt-pass";
  inline static const std::string lab = "dph-lab:lab-pass";  // only sends
  inline static const std::string quiet =
      "dph-hjem:hjem-pass";  // its HER-id belongs to the hospital
  static constexpr int ward_id = 8093, lab_id = 8094, quiet_id = 8095, practice_id = 9001;
  inline static const std::string person = "17912099997";
  inline static const std::string process = "urn:no:difi:profile:helse:helse:ver1.0";
  inline static const std::string response = "urn:no:difi:profile:helse:response:ver1.0";
  inline static const std::string note =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<Dialogmelding xmlns=\"http://www.kith.no/xmlstds/dialog/2013-01-23\"><Notat>"
      "<TemaKodet V=\"6\" S=\"2.16.578.1.12.4.1.1.7322\" DN=\"Henvendelse om pasient\"/>"
      "<TekstNotatInnhold>bl\xc3\xa5</TekstNotatInnhold></Notat></Dialogmelding>";

  void SetUp() override {
    in_town::SetUp();
    if (HasFatalFailure()) return;
    if (!opened) open_for_business();
    here->control("DELETE", "/control/dph");
  }
  static void TearDownTestSuite() {
    auto* const all = town::shared();
    if (!all || !opened) return;
    opened = false;
    const auto before = all->hub().log().size();
    std::filesystem::remove(all->path("tenants.d/health.yaml"));
    EXPECT_TRUE(until([&] {
      return all->hub().log(before).find("organisation is parked") != std::string::npos;
    }));
  }

  static std::string yaml(const std::string& more = "") {
    const auto channel = [](const std::string& name, const std::string& who, int her_id,
                            const std::string& receives) {
      return fmt::format(
          "  - name: {}\n    sends: [DPH]\n{}    dph: {{her_ids: [{}]}}\n    credentials:\n"
          "      - {}\n",
          name, receives, her_id, credential(who));
    };
    return fmt::format(
        "number: \"{0}\"\nkeystore:\n  path: ../keystores/{0}.p12\n"
        "  password: {{file: ../keystores/{0}.password}}\nservices:\n"
        "  dph: {{enabled: true, poll_interval_seconds: 1, quiet_poll_interval_seconds: 1{1}}}\nchannels:\n{2}{3}{4}",
        health, more, channel("legevakt", ward, ward_id, "    receives: [DPH]\n"),
        channel("lab", lab, lab_id, ""), channel("hjem", quiet, quiet_id, "    receives: [DPH]\n"));
  }
  void write(const std::string& text) {
    const auto before = here->hub().log().size();
    std::ofstream(here->path("tenants.d/health.tmp")) << text;
    std::filesystem::rename(here->path("tenants.d/health.tmp"),
                            here->path("tenants.d/health.yaml"));
    EXPECT_TRUE(until([&] {
      const auto log = here->hub().log(before);
      return log.find("\"organisation added") != std::string::npos ||
             log.find("\"organisation changed") != std::string::npos;
    }));
  }
  void open_for_business() {
    const auto made =
        here->control("POST", "/control/organisations",
                      {{"number", health}, {"name", "Helse"}, {"services", json::array{"DPH"}}});
    const auto keys = made.at("keystore").as_object();
    std::ofstream(here->path("keystores/" + health + ".p12"), std::ios::binary)
        << *from_base64(std::string(keys.at("base64").as_string()));
    std::ofstream(here->path("keystores/" + health + ".password"))
        << std::string(keys.at("password").as_string());
    here->control("POST", "/control/delegations",
                  {{"client", made.at("clientId")},
                   {"consumer", hospital},
                   {"scopes", json::array{"eformidling:dph"}}});
    for (const auto& [id, owner] : {std::pair{ward_id, health},
                                    {lab_id, health},
                                    {quiet_id, hospital},
                                    {practice_id, practice}})
      here->control("POST", "/control/dph/herids",
                    {{"herId", id}, {"organisation", owner}, {"name", "Part"}});
    here->control("POST", "/control/dph/patients",
                  {{"number", person},
                   {"firstName", "Raff"},
                   {"lastName", "Raffen"},
                   {"practitioner", practice_id}});
    write(yaml());
    EXPECT_TRUE(until([&] { return here->api(ward, "GET", "/api/messages/in").status == 200; }));
    opened = true;
  }

  static json::object document(int from, const std::string& to, json::object body,
                               const std::string& type = "dialogmelding",
                               const std::string& via = process) {
    auto made = new_document("0", via, type, std::move(body));
    auto& head = made["standardBusinessDocumentHeader"].as_object();
    const auto party = [](const std::string& who) {
      return json::array{
          json::object{{"identifier", json::object{{"authority", "nhn-actorid"}, {"value", who}}}}};
    };
    head["sender"] = party(fmt::format("her-id:{}", from));
    head["receiver"] = party(to);
    head["documentIdentification"].as_object()["standard"] =
        type == "dialogmelding" ? "urn:no:difi:helse:xsd:schema::dialogmelding"
                                : "urn:no:difi:helse:xsd::dialogmelding_kvittering";
    return made;
  }
  static json::object about_patient(bool attachment = false) {
    json::object body{{"hoveddokument", "dialogmelding.xml"},
                      {"pasient", {{"fnr", person}, {"fornavn", "Raff"}, {"etternavn", "Raffen"}}}};
    if (attachment)
      body["metadataFiler"] =
          json::object{{"svar.pdf", json::object{{"issueDate", "2026-01-02T03:04:05Z"},
                                                 {"description", "Svar"}}}};
    return body;
  }
  std::string send(const std::string& who, int from, const std::string& main = note,
                   bool attachment = false) {
    const auto id = create(who, document(from, "her-id:9001", about_patient(attachment)));
    upload_and_send(who, id, main, attachment);
    return id;
  }
  void upload_and_send(const std::string& who, const std::string& id, const std::string& main,
                       bool attachment = false) {
    const auto up = here->upload(who, id, "dialogmelding.xml", "application/xml", main);
    EXPECT_EQ(up.status, 200u) << up.body;
    if (attachment) {
      const auto more = here->upload(who, id, "svar.pdf", "application/pdf", "%PDF-1.7 svar");
      EXPECT_EQ(more.status, 200u) << more.body;
    }
    const auto sent = here->send(who, id);
    EXPECT_EQ(sent.status, 200u) << sent.body;
  }
  // What the network has of a message; an empty object when nothing.
  json::object in_network(const std::string& message) {
    for (const auto& each : here->control("GET", "/control/dph/messages").as_array())
      if (each.at("messageId").as_string() == message) return each.as_object();
    return {};
  }
  std::string inject(json::object what, std::string* at_nhn = nullptr) {
    if (!what.contains("sender")) what["sender"] = practice_id;
    if (!what.contains("receiver")) what["receiver"] = ward_id;
    const auto made = here->control("POST", "/control/dph/messages", std::move(what));
    if (at_nhn) *at_nhn = std::string(made.at("id").as_string());
    return std::string(made.at("messageId").as_string());
  }
  // How often the network has been sent a message.
  int copies_of(const std::string& message) {
    int copies = 0;
    for (const auto& each : here->control("GET", "/control/dph/messages").as_array())
      copies += each.at("messageId").as_string() == message;
    return copies;
  }
  bool is_read(const std::string& message) {
    const auto it = in_network(message);
    return it.contains("read") && it.at("read").as_bool();
  }
  json::array given_receipts() { return here->control("GET", "/control/dph/receipts").as_array(); }
  json::object conversation(const std::string& who, const std::string& message) {
    const auto told = here->api(who, "GET", "/api/conversations?messageId=" + message);
    EXPECT_EQ(told.status, 200u) << told.body;
    const auto all = told.json().at("content").as_array();
    EXPECT_THAT(all, testing::SizeIs(1));
    return all.empty() ? json::object{} : all[0].as_object();
  }

  inline static bool opened = false;
};

}  // namespace kp::test
