#pragma once

#include "config/text.hpp"
#include "tests/support/rabbitmq.hpp"
#include "tests/tools/system/hub_files.hpp"
#include "tests/tools/system/town.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

// An organisation with two accounts at KS FIKS IO, and a RabbitMQ of the tests' own.

namespace kp::test {

class dpfio_town : public in_town {
 protected:
  inline static const std::string havdal = "810000503";
  inline static const std::string partner = "810000511";  // played by the sandbox
  inline static const std::string innsyn = "havdal-innsyn:innsyn-pass";
  inline static const std::string bygg = "havdal-bygg:bygg-pass";
  inline static const std::string process = "no.digdir.einnsyn.v1";
  inline static const std::string integration = "8e4f0a5e-1111-4222-8333-444455556666";
  inline static const std::string innsyn_account = "47b0c75b-ddb5-447b-88d2-c4030d183fb3";
  inline static const std::string bygg_account = "5be0c75b-ddb5-447b-88d2-c4030d183fb4";
  inline static const std::string peer_account = "e0a0fba9-b7cf-44f8-99a6-a7f04b9e0347";

  void SetUp() override {
    ASSERT_TRUE(rabbitmq::installed()) << rabbitmq::missing;
    in_town::SetUp();
    if (HasFatalFailure()) return;
    if (!broker) open_for_business();
    ASSERT_TRUE(ready) << broker->log();
  }
  static void TearDownTestSuite() {
    auto* const all = town::shared();
    if (!all || !broker) return;
    const auto before = all->hub().log().size();
    std::filesystem::remove(all->path("tenants.d/havdal.yaml"));
    EXPECT_TRUE(until([&] {
      return all->hub().log(before).find("organisation is parked") != std::string::npos;
    }));
    all->control("POST", "/control/fiks-io", {{"amqpUrl", ""}});
    broker.reset();
  }

  void open_for_business() {
    broker = std::make_unique<rabbitmq>(here->sandbox_url(), false, here->amqp_port());
    if (!broker->start()) return;
    here->control("POST", "/control/fiks-io", {{"amqpUrl", broker->administrator()}});
    const auto made =
        here->control("POST", "/control/organisations",
                      {{"number", havdal}, {"name", "Havdal"}, {"services", json::array{"DPFIO"}}});
    const auto& keys = made.at("keystore").as_object();
    std::ofstream(here->path("keystores/" + havdal + ".p12"), std::ios::binary)
        << *from_base64(std::string(keys.at("base64").as_string()));
    std::ofstream(here->path("keystores/" + havdal + ".password"))
        << std::string(keys.at("password").as_string());
    for (const auto& account : {innsyn_account, bygg_account})
      here->control("POST", "/control/fiks-io/accounts",
                    {{"organisation", havdal},
                     {"accountId", account},
                     {"integrationId", integration},
                     {"integrationPassword", "hemmelig"}});
    here->control("POST", "/control/fiks-io/accounts",
                  {{"organisation", partner},
                   {"accountId", peer_account},
                   {"peer", true},
                   {"types", json::array{process}}});
    write("fallback_sender: \"999999999\"");
    ready = until([&] {
      return here->api(innsyn, "GET", "/api/messages/in").status == 200 &&
             readers(innsyn_account) == 1 && readers(bygg_account) == 1;
    });
  }
  void write(const std::string& more) {
    const auto channel = [](const std::string& name, const std::string& account,
                            const std::string& who) {
      return fmt::format(
          "  - name: {0}\n    sends: [DPFIO]\n    receives: [DPFIO]\n"
          "    dpfio: {{accounts: [{1}]}}\n    credentials:\n      - {2}\n",
          name, account, credential(who));
    };
    const auto before = here->hub().log().size();
    std::ofstream(here->path("tenants.d/havdal.tmp"))
        << fmt::format(
               "number: \"{0}\"\nname: Havdal\nkeystore:\n  path: ../keystores/{0}.p12\n"
               "  password: {{file: ../keystores/{0}.password}}\nservices:\n  dpfio:\n"
               "    enabled: true\n    integration_id: {1}\n"
               "    integration_password: {{clear: hemmelig, allow_clear: true}}\n    "
               "{2}\nchannels:\n",
               havdal, integration, more)
        << channel("innsyn", innsyn_account, innsyn) << channel("bygg", bygg_account, bygg);
    std::filesystem::rename(here->path("tenants.d/havdal.tmp"),
                            here->path("tenants.d/havdal.yaml"));
    EXPECT_TRUE(until([&] {
      const auto log = here->hub().log(before);
      return log.find("\"organisation added") != std::string::npos ||
             log.find("\"organisation changed") != std::string::npos;
    }));
  }

  std::int64_t readers(const std::string& account) {
    return here->control("GET", "/control/fiks-io/queues/" + account)
        .at("consumers")
        .to_number<std::int64_t>();
  }
  std::int64_t waiting(const std::string& account) {
    return here->control("GET", "/control/fiks-io/queues/" + account)
        .at("messages")
        .to_number<std::int64_t>();
  }
  static json::object message_to(const std::string& receiver, const std::string& reply_to = {}) {
    auto made = new_document(receiver, process, "fiksio", json::object());
    auto& header = made["standardBusinessDocumentHeader"].as_object();
    header["documentIdentification"].as_object()["standard"] = process;
    if (receiver.size() == 36)
      header["receiver"].as_array()[0].as_object()["identifier"].as_object()["value"] = receiver;
    if (!reply_to.empty())
      header["businessScope"].as_object()["scope"].as_array().push_back(
          {{"type", "ReceiverRef"}, {"instanceIdentifier", reply_to}});
    return made;
  }
  std::string send(const json::object& document, const std::string& bytes = "%PDF-1.4 krav",
                   const std::string& who = innsyn) {
    const auto id = create(who, document);
    const auto up = here->upload(who, id, "krav.pdf", "application/pdf", bytes);
    EXPECT_EQ(up.status, 200u) << up.body;
    const auto second = here->upload(who, id, "vedlegg.txt", "text/plain", "hei");
    EXPECT_EQ(second.status, 200u) << second.body;
    const auto sent = here->send(who, id);
    EXPECT_EQ(sent.status, 200u) << sent.body;
    return id;
  }
  json::array sent(const std::string& id) {
    return here->control("GET", "/control/fiks-io/sent?klientMeldingId=" + id).as_array();
  }
  std::string from_peer(json::object more) {
    json::object all{{"from", peer_account}, {"to", innsyn_account}, {"type", process}};
    if (!more.contains("content") && !more.contains("files"))
      all["files"] = json::array{json::object{{"name", "svar.txt"}, {"text", "bl\xc3\xa5"}}};
    for (const auto& [name, value] : more) all[name] = value;
    return std::string(
        here->control("POST", "/control/fiks-io/messages", all).at("id").as_string());
  }

  inline static std::unique_ptr<rabbitmq> broker;
  inline static bool ready = false;
};

}  // namespace kp::test
