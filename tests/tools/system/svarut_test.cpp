#include "tests/tools/system/hub_files.hpp"
#include "tests/tools/system/town.hpp"

#include "config/clock.hpp"
#include "config/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

// DPF: letters through KS SvarUt, by both of its forms, and out of KS SvarInn.

namespace {

using namespace kp::test;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string havvik = "974760673";   // sends by REST
const std::string lundvik = "983163327";  // sends by SOAP
const std::string brevhus = "havvik-brev:havvik-pass";
const std::string lesesal = "lundvik-brev:lundvik-pass";

class svarut : public in_town {
 protected:
  void SetUp() override {
    in_town::SetUp();
    if (HasFatalFailure() || std::filesystem::exists(file(havvik))) return;
    for (const auto& number : {havvik, lundvik}) register_at_ks(number);
    write(havvik, brevhus, "rest");
    write(lundvik, lesesal, "soap");
    for (const auto& who : {brevhus, lesesal})
      ASSERT_TRUE(until([&] { return here->api(who, "GET", "/api/messages/in").status == 200; }))
          << here->hub().log();
    // Then the hub has asked SvarUt with both, and faults are for what tests do.
    for (const auto& number : {havvik, lundvik})
      ASSERT_TRUE(until([&] { return credential(number, account_of(number)) == "UP"; }));
  }
  void TearDown() override {
    if (here) {
      skew_clocks(0);
      end_short_tokens();
    }
    in_town::TearDown();
  }

  // The other tests' hub has three organisations.
  static void TearDownTestSuite() {
    auto* const all = town::shared();
    if (!all || !all->problem().empty()) return;
    const auto from = all->hub().log().size();
    for (const auto& number : {havvik, lundvik})
      std::filesystem::remove(all->path("tenants.d/" + number + ".yaml"));
    EXPECT_TRUE(until([&] {
      const auto log = all->hub().log(from);
      const auto first = log.find("organisation is parked");
      return first != log.npos && log.find("organisation is parked", first + 1) != log.npos;
    }));
  }

  std::string file(const std::string& number) const {
    return here->path("tenants.d/" + number + ".yaml");
  }

  void register_at_ks(const std::string& number) {
    const auto made = here->control("POST", "/control/organisations",
                                    {{"number", number},
                                     {"name", "Kommune " + number},
                                     {"services", json::array{"DPF"}},
                                     {"address",
                                      {{"adresse", "Storgata 1"},
                                       {"postnummer", "0192"},
                                       {"poststed", "Oslo"},
                                       {"land", "Norge"}}}});
    const auto& store = made.at("keystore");
    keep("keystores/" + number + ".p12",
         kp::from_base64(store.at("base64").as_string()).value_or(""));
    keep("keystores/" + number + ".password", std::string(store.at("password").as_string()));
    here->control("POST", "/control/svarut/senders",
                  {{"organisation", number},
                   {"password", "ord"},
                   {"accountId", konto},
                   {"integrationId", "integrasjon-" + number},
                   {"integrationPassword", "ord"}});
    here->control("POST", "/control/svarut/receivers",
                  {{"organisations", json::array{number}},
                   {"name", "inn-" + number},
                   {"password", "ord"},
                   {"level", 3}});
  }

  static std::string account_of(const std::string& number) { return "SvarUt account of " + number; }
  // What /manage/health says of credentials for DPF: UP, DEGRADED, or nothing.
  std::string credential(const std::string& number, const std::string& name) const {
    const auto health =
        call(here->admin_port(), "GET", "/manage/health", basic(operator_user)).json();
    boost::system::error_code absent;
    const auto* its = health.find_pointer(
        "/components/organisations/details/organisations/" + number + "/details/credentials/DPF",
        absent);
    const auto* one = its ? its->as_object().if_contains(name) : nullptr;
    return one ? std::string(one->at("status").as_string()) : std::string();
  }

  // `password`: of the account that letters are sent from.
  void write(const std::string& number, const std::string& who, const std::string& form,
             const std::string& password = "ord") {
    auto text = organisation_yaml(number, "Kommune " + number,
                                  fmt::format("  - name: brev\n    sends: [DPF]\n"
                                              "    receives: [DPF]\n    credentials:\n      - {}\n",
                                              kp::test::credential(who)));
    const auto dpo = text.find("  dpo: {");
    text.replace(
        dpo, text.find('\n', dpo) - dpo,
        fmt::format("  dpf:\n    enabled: true\n    poll_interval_seconds: 1\n"
                    "    quiet_poll_interval_seconds: 1\n"
                    "    status_interval_seconds: 1\n    accounts:\n"
                    "      - {{form: {1}, account_id: {2}, integration_id: integrasjon-{0},\n"
                    "         integration_password: {{clear: {3}, allow_clear: true}},\n"
                    "         username: svarut-{0}, password: {{clear: {3}, allow_clear: true}}}}\n"
                    "    receivers:\n"
                    "      - {{name: alt, username: inn-{0},\n"
                    "         password: {{clear: ord, allow_clear: true}}}}",
                    number, form, konto, password));
    keep("tenants.d/" + number + ".yaml", text);
  }

  void keep(const std::string& name, const std::string& bytes) const {
    std::ofstream(here->path(name), std::ios::binary) << bytes;
  }

  // What SvarUt has of a message, once it has; null otherwise.
  json::value forsendelse(const std::string& message) {
    json::value found;
    for (const auto& each : here->control("GET", "/control/svarut/forsendelser").as_array())
      if (each.at("externalReference") == json::value(message)) found = each;
    return found;
  }
  std::ptrdiff_t count_of(const std::string& message) {
    const auto all = here->control("GET", "/control/svarut/forsendelser");
    return std::ranges::count_if(all.as_array(), [&](const auto& each) {
      return each.at("externalReference") == json::value(message);
    });
  }
  // Of a letter to Havvik, as SvarInn lists it.
  static json::object item(const std::string& id) {
    return {{"id", id},
            {"tittel", "Svar"},
            {"mottaker", {{"orgnr", havvik}}},
            {"svarSendesTil", {{"navn", "Kari"}, {"orgnr", nullptr}, {"fnr", nullptr}}},
            {"metadataFraAvleverendeSystem", {{"saksaar", 0}}},
            {"filmetadata", json::array{{{"filnavn", "svar.txt"}, {"mimetype", "text/plain"}}}}};
  }
  bool is_waiting(const std::string& id) const {
    const auto now = here->control("GET", "/control/svarinn/items");
    return std::ranges::any_of(now.at("waiting").as_array(),
                               [&](const auto& each) { return each.at("id") == json::value(id); });
  }
  // Whether sending it was tried in vain, for that reason.
  bool has_failed(const std::string& message, const std::string& why = {}) const {
    const auto log = here->hub().log();
    for (auto at = log.find("sending failed"); at != log.npos;
         at = log.find("sending failed", at + 1)) {
      const auto line = log.substr(at, log.find('\n', at) - at);
      if (line.find(message) != line.npos && line.find(why) != line.npos) return true;
    }
    return false;
  }
  std::string id_at_ks(const std::string& message) {
    const auto found = forsendelse(message);
    return found.is_null() ? std::string() : std::string(found.at("id").as_string());
  }

  static constexpr const char* konto = "00000000-0000-4000-8000-000000000001";
};

// A letter all the way, to the receipt that the sender's own hub makes when it has been read.
void expect_read(const std::map<std::string, std::string>& files) {
  ASSERT_TRUE(files.contains("brev.pdf"));
  EXPECT_EQ(files.at("brev.pdf"), "%PDF-1.4 brev");
  ASSERT_TRUE(files.contains("arkivmelding.xml"));
  EXPECT_THAT(files.at("arkivmelding.xml"), HasSubstr("<offentligTittel>Vedtak</offentligTittel>"));
  EXPECT_THAT(files.at("arkivmelding.xml"),
              HasSubstr("<referanseDokumentfil>brev.pdf</referanseDokumentfil>"));
}

}  // namespace

TEST_F(svarut, carries_a_letter_by_rest_until_it_has_been_read) {
  const auto id = send_letter(brevhus, lundvik);
  ASSERT_TRUE(until_status(brevhus, id, "LEVERT"));
  const auto sent = forsendelse(id);
  ASSERT_FALSE(sent.is_null());
  EXPECT_EQ(sent.at("over"), "rest");
  EXPECT_EQ(sent.at("sender"), json::value(havvik));
  EXPECT_EQ(sent.at("title"), "Vedtak");
  ASSERT_EQ(sent.at("documents").as_array().size(), 1u) << "arkivmelding.xml stays here";
  EXPECT_EQ(sent.at("documents").at(0).at("filename"), "brev.pdf");
  EXPECT_EQ(sent.at("to").at("adresse1"), "Storgata 1");

  const auto arrived = id_at_ks(id);
  ASSERT_TRUE(until_arrived(lesesal, arrived));
  expect_read(take(lesesal, arrived));
  ASSERT_TRUE(until_status(brevhus, id, "LEST"));
  EXPECT_THAT(statuses(brevhus, id), ElementsAre("OPPRETTET", "SENDT", "LEVERT", "LEST"));
  EXPECT_THAT(statuses(lesesal, arrived),
              ElementsAre("OPPRETTET", "INNKOMMENDE_MOTTATT", "INNKOMMENDE_LEVERT"));

  const auto receipt = here->api(brevhus, "GET", "/api/messages/in/peek").json();
  EXPECT_EQ(receipt.at("arkivmelding_kvittering").at("relatedToMessageId"), json::value(id));
  EXPECT_EQ(receipt.at("arkivmelding_kvittering").at("receiptType"), "OK");
  EXPECT_EQ(here->api(brevhus, "DELETE", "/api/messages/in/" + id_of(receipt)).status, 200u);
}

TEST_F(svarut, carries_a_letter_by_soap_and_finds_it_when_the_answer_was_lost) {
  // The second call, after asking whether it is there already, is the one that sends.
  fault(
      {{"endpoint", "svarut_soap"}, {"organisation", lundvik}, {"nth", 2}, {"kind", "cut_after"}});
  const auto id = send_letter(lesesal, havvik);
  ASSERT_TRUE(until_status(lesesal, id, "LEVERT"));
  const auto arrived = id_at_ks(id);
  ASSERT_TRUE(until_arrived(brevhus, arrived));
  expect_read(take(brevhus, arrived));
  ASSERT_TRUE(until_status(lesesal, id, "LEST"));
  EXPECT_EQ(count_of(id), 1);
  EXPECT_EQ(forsendelse(id).at("over"), "soap");
}

TEST_F(svarut, sends_nothing_twice_by_rest_when_the_answer_was_lost) {
  fault({{"endpoint", "svarut_send"}, {"organisation", havvik}, {"nth", 1}, {"kind", "cut_after"}});
  const auto id = send_letter(brevhus, lundvik);
  ASSERT_TRUE(until_status(brevhus, id, "LEVERT"));
  EXPECT_EQ(count_of(id), 1);
}

TEST_F(svarut, refuses_at_once_what_ks_would_refuse) {
  auto without_level = arkivmelding_to(lundvik);
  without_level.at("arkivmelding").as_object().erase("sikkerhetsnivaa");
  const auto refused = here->create(brevhus, without_level);
  EXPECT_EQ(refused.status, 400u);
  EXPECT_THAT(refused.body, HasSubstr("sikkerhetsnivaa"));

  auto foreign = arkivmelding_to(lundvik);
  foreign.at("standardBusinessDocumentHeader").as_object()["sender"] = json::array{
      {{"identifier", {{"authority", "iso6523-actorid-upis"}, {"value", "0192:991825827"}}}}};
  EXPECT_THAT(here->create(brevhus, foreign).body,
              HasSubstr("SvarUt credentials not configured for orgnr 991825827"));

  const auto untitled = create(brevhus, arkivmelding_to(lundvik));
  auto xml = arkivmelding_xml();
  const std::string title = "<offentligTittel>Vedtak</offentligTittel>";
  xml.erase(xml.find(title), title.size());
  here->upload(brevhus, untitled, "arkivmelding.xml", "application/xml", xml);
  here->upload(brevhus, untitled, "brev.pdf", "application/pdf", "%PDF-1.4");
  const auto sent = here->send(brevhus, untitled);
  EXPECT_EQ(sent.status, 400u);
  EXPECT_THAT(sent.body, HasSubstr("offentligTittel"));
}

TEST_F(svarut, takes_only_types_that_ks_has_for_the_sender) {
  auto document = arkivmelding_to(lundvik);
  document.at("arkivmelding").as_object()["dpf"] = {{"forsendelseType", "Finnes ikke"}};
  for (const auto& who : {brevhus, lesesal})
    EXPECT_THAT(
        here->create(who, document).body,
        HasSubstr(
            "Found forsendelseType Finnes ikke, but valid types are forsendelsetype-1,Byggesø"));
  document.at("arkivmelding").as_object()["dpf"] = {{"forsendelseType", "Byggesøknad"}};
  create(brevhus, document);
}

TEST_F(svarut, ends_in_feil_what_ks_refuses) {
  fault({{"endpoint", "svarut_send"},
         {"organisation", havvik},
         {"nth", 1},
         {"kind", "status"},
         {"status", 400},
         {"body", R"({"message":"Ugyldig innhold: noe"})"}});
  const auto id = send_letter(brevhus, lundvik);
  ASSERT_TRUE(until_status(brevhus, id, "FEIL"));
  EXPECT_THAT(here->api(brevhus, "GET", "/api/statuses/" + id).body,
              HasSubstr("Ugyldig innhold: noe"));
  EXPECT_TRUE(id_at_ks(id).empty());
}

TEST_F(svarut, leaves_a_broken_letter_in_svarinn_and_takes_the_others) {
  const auto broken = new_uuid(), good = new_uuid();
  here->control("POST", "/control/svarinn/items",
                {{"receiver", "inn-" + havvik},
                 {"forsendelse", item(broken)},
                 {"content", kp::to_base64("no envelope")}});
  here->control("POST", "/control/svarinn/items",
                {{"receiver", "inn-" + havvik},
                 {"forsendelse", item(good)},
                 {"files", json::array{{{"name", "svar.txt"}, {"text", "Takk"}}}}});
  ASSERT_TRUE(until_arrived(brevhus, good));
  const auto peeked = here->api(brevhus, "GET", "/api/messages/in/peek?messageId=" + good).json();
  EXPECT_EQ(
      peeked.at("standardBusinessDocumentHeader").at("sender").at(0).at("identifier").at("value"),
      "0192:999999999");
  EXPECT_EQ(here->api(brevhus, "DELETE", "/api/messages/in/" + good).status, 200u);
  EXPECT_TRUE(until([&] { return !is_waiting(good); })) << "it is receipted once it is stored";
  EXPECT_TRUE(is_waiting(broken));
  EXPECT_EQ(count_in_inbox(brevhus, broken), 0);
}

TEST_F(svarut, tells_early_that_ks_refuses_the_credentials_of_an_account) {
  EXPECT_TRUE(until([&] { return credential(havvik, "SvarInn receiver alt") == "UP"; }));
  for (const auto& [number, who, form] :
       {std::tuple{havvik, brevhus, "rest"}, std::tuple{lundvik, lesesal, "soap"}}) {
    const auto from = here->hub().log().size();
    write(number, who, form, "galt");
    EXPECT_TRUE(until([&] { return credential(number, account_of(number)) == "DEGRADED"; }));
    EXPECT_THAT(here->hub().log(from), HasSubstr("credentials are refused"));
    write(number, who, form);
    EXPECT_TRUE(until([&] { return credential(number, account_of(number)) == "UP"; }));
  }
}

TEST_F(svarut, ends_in_feil_what_ks_refuses_by_soap) {
  // The second call, after asking whether it is there already, is the one that sends.
  fault({{"endpoint", "svarut_soap"},
         {"organisation", lundvik},
         {"nth", 2},
         {"kind", "status"},
         {"status", 500},
         {"contentType", "application/soap+xml"},
         {"body",
          "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body><s:Fault>"
          "<s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text xml:lang=\"no\">"
          "Ugyldig innhold: noe</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>"}});
  const auto id = send_letter(lesesal, havvik);
  ASSERT_TRUE(until_status(lesesal, id, "FEIL"));
  EXPECT_THAT(here->api(lesesal, "GET", "/api/statuses/" + id).body,
              HasSubstr("Ugyldig innhold: noe"));
  EXPECT_TRUE(id_at_ks(id).empty());
}

// The first pause of sending is 20 seconds, a tenth more or less; all wait for it together.
TEST_F(svarut, sends_once_by_either_form_what_could_not_go_at_first) {
  std::vector<std::pair<std::string, std::string>> all;  // who, message
  const auto trouble_with = [&](const std::string& who, json::object what) {
    const auto& number = who == brevhus ? havvik : lundvik;
    const auto id = prepare_letter(who, who == brevhus ? lundvik : havvik);
    what["organisation"] = number;
    what["every"] = 1;  // other letters are asked about meanwhile
    fault(what);
    EXPECT_EQ(here->send(who, id).status, 200u);
    EXPECT_TRUE(until([&] { return has_failed(id); }, std::chrono::seconds(60))) << id;
    here->control("DELETE", "/control/faults");
    all.emplace_back(who, id);
  };
  const auto of = [](const char* endpoint, json::object how) {
    how["endpoint"] = endpoint;
    return how;
  };
  for (const int status : {429, 503})
    trouble_with(brevhus, of("svarut_send", {{"kind", "status"}, {"status", status}}));
  trouble_with(brevhus, of("svarut_send", {{"kind", "cut"}}));
  for (const int status : {429, 503})
    trouble_with(lesesal, of("svarut_soap", {{"kind", "status"}, {"status", status}}));
  trouble_with(lesesal, of("svarut_soap", {{"kind", "cut"}}));
  trouble_with(lesesal, of("svarut_soap", {{"kind", "truncate"}}));
  for (const auto* endpoint : {"svarut_send", "svarut_soap", "svarut_status"})
    fault(of(endpoint, {{"kind", "delay"}, {"delayMs", 1000}}));
  for (const auto& [who, id] : all) {
    EXPECT_TRUE(until_status(who, id, "LEVERT", std::chrono::seconds(120))) << who << ' ' << id;
    EXPECT_EQ(count_of(id), 1) << who << ' ' << id;
  }
}

TEST_F(svarut, is_not_sent_without_a_token_says_why_and_ends_when_its_time_has_passed) {
  begin_short_tokens();
  const auto soon = [&] {
    auto document = arkivmelding_to(lundvik);
    document.at("standardBusinessDocumentHeader")
        .at("businessScope")
        .at("scope")
        .at(0)
        .as_object()["scopeInformation"] =
        json::array{{{"expectedResponseDateTime",
                      kp::format_timestamp(kp::wall_clock().now() + std::chrono::seconds(15))}}};
    const auto id = create(brevhus, document);
    here->upload(brevhus, id, "arkivmelding.xml", "application/xml", arkivmelding_xml());
    here->upload(brevhus, id, "brev.pdf", "application/pdf", "%PDF-1.4");
    return id;
  };
  const auto refused = [&](const std::string& id, const std::string& why) {
    std::this_thread::sleep_for(std::chrono::seconds(1));  // as long as tokens from before live
    EXPECT_EQ(here->send(brevhus, id).status, 200u);
    EXPECT_TRUE(until([&] { return has_failed(id, why); })) << why;
  };
  const auto without_scope = soon(), by_wrong_clock = soon();
  fault({{"endpoint", "token"},
         {"organisation", havvik},
         {"every", 1},
         {"kind", "status"},
         {"status", 400},
         {"body", R"({"error":"invalid_scope","error_description":"MP-200"})"}});
  refused(without_scope, "a scope is not on the client");
  here->control("DELETE", "/control/faults");
  skew_clocks(-60);
  refused(by_wrong_clock, "this machine's clock is ahead");
  for (const auto& id : {without_scope, by_wrong_clock}) {
    EXPECT_TRUE(until_status(brevhus, id, "LEVETID_UTLOPT"));
    EXPECT_EQ(count_of(id), 0);
  }
}

TEST_F(svarut, takes_a_letter_once_whatever_happens_on_its_way) {
  const auto id = new_uuid();
  const auto trouble_with = [&](const char* endpoint, const std::string& transfer,
                                json::object what) {
    what["endpoint"] = endpoint;
    what["organisation"] = havvik;
    what["transfer"] = transfer;
    fault(what);
  };
  // What has gone wrong is taken up by the next start, without a pause.
  const auto strikes_and_is_taken_up_by_the_next_start = [&] {
    ASSERT_TRUE(until_fault_struck());
    here->hub().kill();
    ASSERT_TRUE(here->start_hub()) << here->hub().log();
  };
  trouble_with("svarinn_list", "", {{"kind", "malformed_json"}});
  trouble_with("svarinn_list", "", {{"kind", "delay"}, {"delayMs", 1000}});
  trouble_with("svarinn_download", id, {{"kind", "truncate"}});
  here->control("POST", "/control/svarinn/items",
                {{"receiver", "inn-" + havvik},
                 {"forsendelse", item(id)},
                 {"files", json::array{{{"name", "svar.txt"}, {"text", "Takk"}}}}});
  strikes_and_is_taken_up_by_the_next_start();
  trouble_with("svarinn_receipt", id, {{"kind", "status"}, {"status", 500}});
  strikes_and_is_taken_up_by_the_next_start();
  EXPECT_TRUE(until([&] { return !is_waiting(id); }));
  EXPECT_EQ(count_in_inbox(brevhus, id), 1);
  EXPECT_THAT(statuses(brevhus, id), ElementsAre("OPPRETTET", "INNKOMMENDE_MOTTATT"));
  take(brevhus, id);
}
