#include "config/text.hpp"
#include "tests/support/fixtures.hpp"
#include "tests/support/tools.hpp"
#include "tests/tools/sandbox/support.hpp"

#include <fmt/format.h>

// SvarUt and SvarInn as a hub meets them, with envelopes made and opened by the openssl program.

namespace kp::sandbox::test {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class svarut_house : public with_sandbox {
 protected:
  void SetUp() override {
    with_sandbox::SetUp();
    if (!kp::test::has_tool("openssl")) GTEST_SKIP() << "openssl is not here";
    kommune = add("910077473", {{"services", json::array{"DPF"}}});
    other = add("910075918", {{"services", json::array{"DPF"}}});
    receiver = add("910076787", {{"services", json::array{"DPF"}}});
    sender =
        control("POST", "/control/svarut/senders", {{"organisation", "910077473"}}).as_object();
    files.write("svarut.pem", get("/forsendelse/publickey/hent").body);
  }

  fields rest(const member& as) {
    auto out = bearer(token(as, "ks:fiks"));
    out["IntegrasjonId"] = sender.at("integrationId").as_string().c_str();
    out["IntegrasjonPassord"] = sender.at("integrationPassword").as_string().c_str();
    return out;
  }
  fields soap() const {
    return {{"Authorization",
             "Basic " + to_base64(text(sender, "username") + ":" + text(sender, "password"))},
            {"Content-Type", "application/soap+xml"}};
  }
  static std::string text(const json::object& of, std::string_view name) {
    return std::string(of.at(name).as_string());
  }
  std::string account_path(const std::string& rest) const {
    return "/api/v3/kontoer/" + text(sender, "accountId") + rest;
  }

  std::string encrypted(const std::string& plain) {
    files.write("plain", plain);
    const auto ran = kp::test::run(fmt::format(
        "openssl cms -encrypt -binary -outform DER -aes256 -in {} -out {} -recip {} -keyopt "
        "rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256 -keyopt rsa_mgf1_md:sha256",
        files.path("plain"), files.path("cms"), files.path("svarut.pem")));
    EXPECT_EQ(ran.status, 0) << ran.output;
    return files.read("cms");
  }

  static json::object forsendelse() {
    return json::parse(R"({"tittel":"Nye lysrør",
      "mottaker":{"navn":"C4","digitalId":"910076787",
        "adresse":{"adresselinje1":"Storgata 1","poststed":"Oslo"}},
      "kryptert":true,"sikkerhetsniva":"BETYDELIG",
      "metadataFraAvleverendeSystem":{"saksaar":2017,"journalposttype":"U",
        "journaldato":"2017-05-23T00:00:00+02:00"},
      "svarSendesTil":{"navn":"K","type":"ORGANISASJON","digitalId":"910077473",
        "adresse":{"adresselinje1":"Veien 2","poststed":"Oslo"}},
      "dokumenter":[{"filnavn":"test.txt","mimeType":"text/plain"}],
      "eksternReferanse":"abc8849c-e281-4809-8555-7cd54952b946"})")
        .as_object();
  }
  http_answer send(const fields& as, const json::object& said, const std::string& document,
                   const std::string& filename = "test.txt") {
    auto headers = as;
    headers["Content-Type"] = "multipart/form-data; boundary=grense";
    return post(
        account_path("/forsendelser/organisasjon"), headers,
        "--grense\r\nContent-Disposition: form-data; name=\"forsendelse\"\r\n"
        "Content-Type: application/json\r\n\r\n" +
            json::serialize(said) +
            "\r\n--grense\r\nContent-Disposition: form-data; name=\"filer_0\"; filename=\"" +
            filename + "\"\r\nContent-Type: text/plain\r\n\r\n" + document + "\r\n--grense--\r\n");
  }
  std::string status_of(const std::string& id) {
    const auto asked = post(account_path("/forsendelser/status/sok"), rest(kommune),
                            R"({"id":[")" + id + R"("]})");
    const auto& list = asked.json().at("statuser").as_array();
    return list.empty() ? "none" : std::string(list[0].at("status").as_string());
  }
  std::string envelope(const std::string& body) const {
    return "<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\"><e:Body>" + body +
           "</e:Body></e:Envelope>";
  }
  http_answer soap_call(const std::string& envelope) {
    return post("/tjenester/forsendelseservice/ForsendelsesServiceV9", soap(), envelope);
  }

  kp::test::temporary_folder files;
  member kommune, other, receiver;
  json::object sender;
};

TEST_F(svarut_house, takes_rest_only_with_the_token_integration_and_account_that_belong_together) {
  const auto said = forsendelse();
  const auto cms = encrypted("hei");
  EXPECT_EQ(send(rest(kommune), said, cms).status, 200U);
  EXPECT_EQ(send(rest(other), said, cms).status, 401U) << "another organisation's token";
  auto wrong = rest(kommune);
  wrong["IntegrasjonPassord"] = "gal";
  EXPECT_EQ(send(wrong, said, cms).status, 401U);
  EXPECT_EQ(send({}, said, cms).status, 401U);
  EXPECT_EQ(
      post("/api/v3/kontoer/annen/forsendelser/status/sok", rest(kommune), R"({"id":[]})").status,
      403U);
}

TEST_F(svarut_house, decrypts_what_it_gets_and_refuses_what_breaks_the_schema) {
  EXPECT_THAT(send(rest(kommune), forsendelse(), "no envelope").body,
              HasSubstr("Feil under lesing av test.txt"));
  EXPECT_THAT(send(rest(kommune), forsendelse(), encrypted("hei"), "annen.txt").body,
              HasSubstr("filename stemmer ikke"));
  auto untitled = forsendelse();
  untitled.erase("tittel");
  EXPECT_THAT(send(rest(kommune), untitled, encrypted("hei")).body, HasSubstr("tittel mangler"));
  auto zero = forsendelse();
  zero["metadataFraAvleverendeSystem"].as_object()["saksaar"] = 0;
  EXPECT_EQ(send(rest(kommune), zero, encrypted("hei")).status, 400U);
  const auto sent = send(rest(kommune), forsendelse(), encrypted("hei"));
  ASSERT_EQ(sent.status, 200U) << sent.body;
  const auto all = control("GET", "/control/svarut/forsendelser").as_array();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].at("documents").at(0).at("size"), 3);
  EXPECT_EQ(all[0].at("status"), "VARSLET") << "nobody receives by SvarInn";
  EXPECT_EQ(get("/api/v2/kontoer/" + text(sender, "accountId") +
                    "/forsendelser?eksternRef=abc8849c-e281-4809-8555-7cd54952b946",
                rest(kommune))
                .json()
                .at("forsendelseIds")
                .at(0),
            sent.json().at("id"));
}

TEST_F(svarut_house, hands_a_forsendelse_to_svarinn_and_is_told_when_it_has_been_read) {
  const auto system =
      control("POST", "/control/svarut/receivers", {{"organisations", json::array{"910076787"}}})
          .as_object();
  const auto sent = send(rest(kommune), forsendelse(), encrypted("Kjære deg"));
  const auto id = std::string(sent.json().at("id").as_string());
  EXPECT_EQ(status_of(id), "KLAR_FOR_MOTTAK");
  const fields as{{"Authorization", "Basic " + to_base64(text(system, "username") + ":" +
                                                         text(system, "password"))}};
  EXPECT_EQ(get("/tjenester/svarinn/mottaker/hentNyeForsendelser").status, 401U);
  const auto list = get("/tjenester/svarinn/mottaker/hentNyeForsendelser", as).json().as_array();
  ASSERT_THAT(list, SizeIs(1));
  EXPECT_EQ(list[0].at("id"), json::value(id));
  EXPECT_EQ(list[0].at("metadataFraAvleverendeSystem").at("journaldato"), 1495490400000);
  EXPECT_EQ(list[0].at("svarSendesTil").at("orgnr"), "910077473");
  const auto url = std::string(list[0].at("downloadUrl").as_string());
  const auto path = url.substr(url.find("/tjenester"));
  const auto download = get(path, as);
  ASSERT_EQ(download.status, 200U);
  files.write("inn.cms", download.body);
  // The envelope is the receiver's own; its key is in the keystore that the sandbox gave it.
  const auto shown =
      kp::test::run("openssl cms -cmsout -print -noout -inform DER -in " + files.path("inn.cms"));
  EXPECT_THAT(shown.output, HasSubstr("rsaesOaep"));
  EXPECT_EQ(post("/tjenester/svarinn/kvitterMottak/forsendelse/" + id, as, "").status, 200U);
  EXPECT_EQ(status_of(id), "LEST");
  EXPECT_EQ(post("/tjenester/svarinn/kvitterMottak/forsendelse/" + id, as, "").status, 404U);
  EXPECT_EQ(get("/tjenester/svarinn/mottaker/hentNyeForsendelser", as).json().as_array().size(),
            0U);
}

TEST_F(svarut_house, sorts_by_the_most_specific_receiver_and_lets_one_refuse) {
  control("POST", "/control/svarut/receivers",
          {{"organisations", json::array{"910076787"}}, {"name", "alt"}});
  const auto typed =
      control(
          "POST", "/control/svarut/receivers",
          {{"organisations", json::array{"910076787"}}, {"name", "bygg"}, {"type", "Byggesøknad"}})
          .as_object();
  auto said = forsendelse();
  said["forsendelsestype"] = "Byggesøknad";
  const auto id =
      std::string(send(rest(kommune), said, encrypted("hei")).json().at("id").as_string());
  const auto waiting = control("GET", "/control/svarinn/items").at("waiting");
  EXPECT_EQ(waiting.at(0).at("receiver"), "bygg");
  const fields as{{"Authorization", "Basic " + to_base64("bygg:" + text(typed, "password"))},
                  {"Content-Type", "application/json"}};
  const auto path = "/tjenester/svarinn/mottakFeilet/forsendelse/" + id;
  EXPECT_EQ(post(path, as, R"({"feilmelding":"x","permanent":false})").status, 200U);
  EXPECT_EQ(status_of(id), "KLAR_FOR_MOTTAK");
  EXPECT_EQ(post(path, as, R"({"feilmelding":"x","permanent":true})").status, 200U);
  EXPECT_EQ(status_of(id), "VARSLET");
}

TEST_F(svarut_house, speaks_soap_with_the_schemas_order_and_without_qualified_children) {
  KP_FIXTURE(request, "dpf/soap/sendForsendelseMedId.request.xml");
  auto inlined = request;
  const auto data = inlined.find("<data>") + 6;
  inlined.replace(data, inlined.find("</data>") - data, to_base64(encrypted("hei")));
  const auto sent = soap_call(inlined);
  ASSERT_EQ(sent.status, 200U) << sent.body;
  EXPECT_THAT(sent.body, HasSubstr("<return>abc8849c-e281-4809-8555-7cd54952b946</return>"));
  EXPECT_THAT(soap_call(inlined).body, HasSubstr("Duplikat"));
  const auto all = control("GET", "/control/svarut/forsendelser").as_array();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].at("metadata").at("ekstraMetadata").at(0).at("value"), "20050");
  auto qualified = inlined;
  qualified.replace(qualified.find("<forsendelse>"), 13, "<ns2:forsendelse>");
  qualified.replace(qualified.find("</forsendelse>"), 14, "</ns2:forsendelse>");
  EXPECT_EQ(soap_call(qualified).status, 400U);
  auto disordered = inlined;
  const auto title = disordered.rfind("<tittel>Nye lysrør</tittel>");
  disordered.erase(title, 28);
  disordered.insert(disordered.find("<eksternref>"), "<tittel>Nye lysrør</tittel>");
  EXPECT_EQ(soap_call(disordered).status, 400U);
  auto credentials = soap();
  credentials["Authorization"] = "Basic " + to_base64("svarut-910077473:gal");
  EXPECT_EQ(
      post("/tjenester/forsendelseservice/ForsendelsesServiceV9", credentials, inlined).status,
      401U);
}

TEST_F(svarut_house, answers_soap_questions_about_what_the_caller_has_sent_alone) {
  KP_FIXTURE(statuses, "dpf/soap/retrieveForsendelseStatuser.request.xml");
  EXPECT_THAT(soap_call(statuses).body, testing::Not(HasSubstr("<return>")));
  KP_FIXTURE(types, "dpf/soap/retreiveForsendelseTyper.request.xml");
  EXPECT_THAT(soap_call(types).body, HasSubstr("<return>Byggesøknad</return>"));
  EXPECT_THAT(soap_call(envelope("<x/>")).body, HasSubstr("no such operation"));
}

TEST_F(svarut_house, is_where_the_registry_sends_an_organisation_with_a_receiver_without_type) {
  const auto process = std::string("urn:no:difi:profile:arkivmelding:administrasjon:ver1.0");
  const auto asked = [&](const std::string& more = "") {
    return get("/adressetjeneste/identifier/910076787/process/" + process + more,
               bearer(token(kommune, "eformidling:dpf")));
  };
  EXPECT_EQ(asked().json().at("serviceRecords").at(0).at("service").at("identifier"), "DPV");
  control("POST", "/control/svarut/receivers",
          {{"organisations", json::array{"910076787"}}, {"name", "bygg"}, {"type", "Byggesøknad"}});
  EXPECT_EQ(asked().json().at("serviceRecords").at(0).at("service").at("identifier"), "DPV");
  control("POST", "/control/svarut/receivers",
          {{"organisations", json::array{"910076787"}}, {"level", 3}});
  const auto answered = asked();
  const auto& record = answered.json().at("serviceRecords").at(0);
  EXPECT_EQ(record.at("service").at("identifier"), "DPF");
  EXPECT_EQ(record.at("service").at("securityLevel"), 3);
  EXPECT_EQ(std::string(record.at("pemCertificate").as_string()) + "\n",
            get("/forsendelse/publickey/hent").body);
  EXPECT_EQ(asked("?securityLevel=4").status, 400U);
}

}  // namespace
}  // namespace kp::sandbox::test
