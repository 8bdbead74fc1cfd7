#include "config/text.hpp"
#include "tests/tools/system/hub_files.hpp"
#include "tests/tools/system/replaying.hpp"

#include <fstream>
#include <iostream>

// The records of every service but DPO, in a town of their own, where Bergvik uses all of them.

namespace {

using namespace kp::test;

// Numbers of the records whose check digit is wrong, and those that take their place.
const std::string asked_for_access = "810000600";  // over DPE
const std::string behind_svarut = "810000619";
const std::string company = "810000627";
const std::map<std::string, std::string> numbers{
    {"910075935", asked_for_access}, {"910075924", behind_svarut}, {"910075946", company}};
const std::string writes_by_svarinn = "910229028";
const std::string resident = "09118532322";
const std::string without_mailbox = "17912099997";
const std::string creating = "POST /api/messages/out";

class replay_services : public replaying {
 protected:
  void SetUp() override {
    here = own();
    if (!here) FAIL() << "the program knutepunkt has not been built";
    ASSERT_EQ(here->problem(), "");
  }
  void TearDown() override {
    if (here && HasFailure()) std::cerr << here->hub().log() << '\n';
  }
  static void TearDownTestSuite() { made().reset(); }

  static std::unique_ptr<town>& made() {
    static std::unique_ptr<town> one;
    return one;
  }
  static town* own() {
    if (made()) return made().get();
    const auto program =
        std::filesystem::read_symlink("/proc/self/exe").parent_path() / "knutepunkt";
    if (!std::filesystem::exists(program)) return nullptr;
    made() = std::make_unique<town>(program);
    if (made()->problem().empty()) equip(*made());
    return made().get();
  }

  static json::object known(town& in, const std::string& number, json::array services) {
    return in
        .control("POST", "/control/organisations",
                 {{"number", number},
                  {"name", "Kommune " + number},
                  {"services", std::move(services)},
                  {"address",
                   {{"adresse", "Storgata 1"},
                    {"postnummer", "0192"},
                    {"poststed", "Oslo"},
                    {"land", "Norge"}}}})
        .as_object();
  }
  static void keep(const town& in, const std::string& name, const std::string& bytes) {
    std::ofstream(in.path(name + ".new"), std::ios::binary) << bytes;
    std::filesystem::rename(in.path(name + ".new"), in.path(name));
  }

  static void equip(town& in) {
    known(in, asked_for_access, {"DPE"});
    known(in, behind_svarut, {"DPF"});
    known(in, company, {"DPV"});
    const auto keys = known(in, bergvik, {"DPO", "DPV", "DPF", "DPE", "DPI"}).at("keystore");
    keep(in, "keystores/all.p12", *kp::from_base64(std::string(keys.at("base64").as_string())));
    keep(in, "keystores/all.password", std::string(keys.at("password").as_string()));
    in.control("POST", "/control/svarut/senders",
               {{"organisation", bergvik},
                {"password", "ord"},
                {"accountId", "00000000-0000-4000-8000-000000000001"},
                {"integrationId", "integrasjon"},
                {"integrationPassword", "ord"}});
    in.control("POST", "/control/svarut/receivers",
               {{"organisations", json::array{behind_svarut}},
                {"name", "another"},
                {"password", "ord"},
                {"level", 3}});
    in.control("POST", "/control/svarut/receivers",
               {{"organisations", json::array{bergvik}},
                {"name", "inn"},
                {"password", "ord"},
                {"level", 3}});
    json::object person{{"number", resident},
                        {"email", "kari@example.no"},
                        {"mobile", "+4799999999"},
                        {"address",
                         {{"adresse", "Utsikten 1"},
                          {"postnummer", "2900"},
                          {"poststed", "FJELLHEIMEN"},
                          {"land", "Norway"}}}};
    in.control("POST", "/control/citizens", person);
    person["number"] = without_mailbox;
    person["mailbox"] = nullptr;
    in.control("POST", "/control/citizens", person);
    keep(in, "tenants.d/bergvik.yaml",
         fmt::format(
             "number: \"{}\"\nname: Bergvik\nkeystore:\n  path: ../keystores/all.p12\n"
             "  password: {{file: ../keystores/all.password}}\nservices:\n"
             "  dpo: {{enabled: true, poll_interval_seconds: 1}}\n"
             "  dpv: {{enabled: true, follow_interval_seconds: 1}}\n"
             "  dpi: {{enabled: true, poll_interval_seconds: 1}}\n"
             "  dpe: {{enabled: true, poll_interval_seconds: 1}}\n"
             "  dpf:\n    enabled: true\n    poll_interval_seconds: 1\n    accounts:\n"
             "      - account_id: 00000000-0000-4000-8000-000000000001\n"
             "        integration_id: integrasjon\n"
             "        integration_password: {{clear: ord, allow_clear: true}}\n"
             "    receivers:\n"
             "      - {{name: alt, username: inn, password: {{clear: ord, allow_clear: true}}}}\n"
             "channels:\n{}",
             bergvik,
             channel_yaml("arkiv", arkiv,
                          "    receives: [DPO, DPF, DPE]\n    dpi: {channel: arkiv}\n",
                          "DPO, DPV, DPF, DPE, DPI") +
                 channel_yaml("barnevern", barnevern, "    message_channel: barnevern\n")));
    EXPECT_TRUE(until([&] {
      return in.api(arkiv, "GET", "/api/messages/in?serviceIdentifier=DPE").status == 200 &&
             in.hub().log().find("\"organisation changed") != std::string::npos;
    }));
  }

  std::string text_of(const std::string& name) override {
    auto text = replaying::text_of(name);
    for (const auto& [wrong, right] : numbers)
      for (auto at = text.find(wrong); at != text.npos; at = text.find(wrong, at))
        text.replace(at, wrong.size(), right);
    return text;
  }

  // The older records name an organisation, today digital post goes to residents; the registry
  // knows print and DPV for those without a mailbox.
  static auto to(const std::string& receiver) {
    return [receiver](json::value& document) {
      document.at("standardBusinessDocumentHeader")
          .at("receiver")
          .at(0)
          .at("identifier")
          .at("value") = receiver;
    };
  }
  static replay_rules shape() {
    replay_rules rules;
    rules.shape_only = true;
    return rules;
  }
  std::string compose(const std::string& type, json::object body, const std::string& file) {
    const auto made =
        here->control("POST", "/control/servicebus/compose",
                      {{"type", type},
                       {"sender", asked_for_access},
                       {"receiver", bergvik},
                       {"body", std::move(body)},
                       {"files", json::array{json::object{{"name", file}, {"text", "<a/>"}}}}});
    return std::string(made.at("messageId").as_string());
  }
};

}  // namespace

TEST_F(replay_services, post_messages_out) {
  KP_NEEDS_RECORDS;
  for (const auto& [type, receiver] :
       std::map<std::string, std::string>{{"digital", resident},
                                          {"digital_dpv", without_mailbox},
                                          {"print", without_mailbox},
                                          {"innsynskrav", "0192:" + asked_for_access},
                                          {"publisering", "0192:" + asked_for_access}}) {
    renamed.clear();
    create_as_on_record(fmt::format("create-{}.request.json", type),
                        fmt::format("create-{}.response.json", type), to(receiver));
  }
  // A process of a registry that was played; today's name of it.
  const auto named_as_today = [](json::value& document) {
    auto& header = document.at("standardBusinessDocumentHeader");
    header.at("businessScope").at("scope").at(0).at("identifier") =
        "urn:no:difi:profile:einnsyn:innsynskrav:ver1.0";
    header.at("documentIdentification").at("standard") = "urn:no:difi:einnsyn:xsd::innsynskrav";
  };
  renamed.clear();
  create_as_on_record("e2e-send-dpe.request.json", "e2e-send-dpe.request.json", named_as_today);
  for (const auto* name :
       {"e2e-send-digital_dpv.request.json", "e2e-send-dpf.request.json",
        "e2e-send-dpf-with-refs.request.json", "e2e-send-dpv-arkivmelding.request.json"}) {
    renamed.clear();
    create_as_on_record(name, name);
  }
  renamed.clear();
  const std::string print = "e2e-send-dpi-print.request.json";
  auto with_instructions = completed();
  with_instructions.added.insert("printinstruksjoner");  // no instructions, in so many words
  create_as_on_record(print, print, to(without_mailbox), with_instructions);
  renamed.clear();
  const std::string digital = "e2e-send-dpi-digital.request.json";
  auto typed = completed();
  typed.any = {"aapningskvittering"};  // a text on record, which is what it means here: false
  create_as_on_record(digital, digital, {}, typed);
  for (const auto* name : {"e2e-send-dpi-print-no-receiver-address.request.json",
                           "e2e-send-dpi-print-no-return-address.request.json"}) {
    renamed.clear();
    const auto answer = post("/api/messages/out", today(name));
    note(creating, name, {answer.status == 400 ? "pass" : answer.body, answer.status != 400});
  }
}

TEST_F(replay_services, a_receipt_to_einnsyn) {
  KP_NEEDS_RECORDS;
  const std::string name = "e2e-send-einnsyn_kvittering.request.json";
  const auto id = create_as_on_record(name, name);
  ASSERT_EQ(here->send(arkiv, id).status, 200u);
  ASSERT_TRUE(until_status(arkiv, id, "SENDT"));
  judge("GET /api/statuses/{messageId}", "e2e-send-einnsyn_kvittering-statuses.json", 200,
        here->api(arkiv, "GET", "/api/statuses/" + id));
}

TEST_F(replay_services, post_messages_out_of_a_service_that_is_off) {
  KP_NEEDS_RECORDS;
  auto document = today("create-digital.request.json");
  to(resident)(document);
  judge(creating, "error-service-not-enabled.json", 400,
        post("/api/messages/out", document, barnevern));
}

TEST_F(replay_services, post_messages_out_multipart) {
  KP_NEEDS_RECORDS;
  auto sbd = today("e2e-send-dpf-multipart-sbd.json");
  sbd.at("standardBusinessDocumentHeader").at("receiver").at(0).at("identifier").at("value") =
      "0192:" + behind_svarut;
  const auto part = [](const std::string& name, const std::string& type, const std::string& bytes) {
    return "--grense\r\nContent-Disposition: form-data; name=" + name +
           "\r\nContent-Type: " + type + "\r\n\r\n" + bytes + "\r\n";
  };
  const auto sent = here->api(
      arkiv, "POST", "/api/messages/out/multipart",
      {{"Content-Type", "multipart/form-data; boundary=grense"}},
      part("sbd", "application/json", json::serialize(sbd)) +
          part("Arkivmelding; filename=arkivmelding.xml", "application/xml", arkivmelding_xml()) +
          part("Brev; filename=brev.pdf", "application/pdf", "%PDF-1.4 brev") + "--grense--\r\n");
  ASSERT_EQ(sent.status, 200u) << sent.body;
  judge("POST /api/messages/out/multipart", "e2e-send-dpf-multipart-sbd.json", sbd, sent.json(),
        completed());
}

TEST_F(replay_services, messages_in_over_dpf) {
  KP_NEEDS_RECORDS;
  const auto expected = today("e2e-receive-dpf.sbd.json");
  const auto id = id_of(expected);
  here->control("POST", "/control/svarinn/items",
                {{"receiver", "inn"},
                 {"forsendelse",
                  {{"id", id},
                   {"tittel", "Svar"},
                   {"mottaker", {{"orgnr", bergvik}}},
                   {"svarSendesTil", {{"navn", "Kari"}, {"orgnr", writes_by_svarinn}}},
                   {"metadataFraAvleverendeSystem", {{"saksaar", 0}}},
                   {"filmetadata", json::array{json::object{{"filnavn", "svar.txt"},
                                                            {"mimetype", "text/plain"}}}}}},
                 {"files", json::array{json::object{{"name", "svar.txt"}, {"text", "Takk"}}}}});
  ASSERT_TRUE(until_arrived(arkiv, id));
  const auto peeked = here->api(arkiv, "GET", "/api/messages/in/peek?messageId=" + id);
  replay_rules rules;
  rules.any = {"expectedResponseDateTime"};  // a day from the letter's date, which is today's
  judge("GET /api/messages/in/peek", "e2e-receive-dpf.sbd.json", expected, peeked.json(), rules);
  EXPECT_EQ(here->api(arkiv, "DELETE", "/api/messages/in/" + id).status, 200u);
}

TEST_F(replay_services, messages_in_over_dpe) {
  KP_NEEDS_RECORDS;
  const std::string peek = "GET /api/messages/in/peek";
  const auto id =
      compose("innsynskrav", {{"orgnr", bergvik}, {"epost", "a@example.no"}}, "krav.xml");
  ASSERT_TRUE(until_arrived(arkiv, id));
  auto rules = shape();
  rules.any = {"innsynskrav"};  // the record's has members that no request for access has
  judge(peek, "e2e-receive-dpe.sbd.json", 200,
        here->api(arkiv, "GET", "/api/messages/in/peek?messageId=" + id), rules);
  EXPECT_EQ(here->api(arkiv, "GET", "/api/messages/in/pop/" + id).status, 200u);
  EXPECT_EQ(here->api(arkiv, "DELETE", "/api/messages/in/" + id).status, 200u);
  replay_rules ids;
  ids.any = {"messageId", "conversationId"};
  judge("GET /api/statuses/{messageId}", "e2e-receive-dpe-statuses.json", 200,
        here->api(arkiv, "GET", "/api/statuses/" + id), ids);

  const auto published = compose("publisering", {{"orgnr", bergvik}}, "post.xml");
  ASSERT_TRUE(until_arrived(arkiv, published));
  judge(peek, "messages-in-peek-dpe.response.json", 200,
        here->api(arkiv, "GET", "/api/messages/in/peek?messageId=" + published), shape());
  EXPECT_EQ(here->api(arkiv, "DELETE", "/api/messages/in/" + published).status, 200u);
}

TEST_F(replay_services, capabilities_of_residents) {
  KP_NEEDS_RECORDS;
  const std::string endpoint = "GET /api/capabilities/{receiverIdentifier}";
  const auto answer = here->api(arkiv, "GET", "/api/capabilities/" + resident);
  auto older = shape();
  older.added = {"digitalPostAddress"};
  judge(endpoint, "capabilities-person.response.json", 200, answer, older);
  judge(endpoint, "e2e-capabilities-dpi-person.json", 200, answer, shape());
}
