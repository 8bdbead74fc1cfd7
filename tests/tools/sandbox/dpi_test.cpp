#include "config/text.hpp"
#include "tests/support/tools.hpp"
#include "tests/tools/sandbox/support.hpp"

#include <fmt/format.h>
#include <openssl/pem.h>

#include <filesystem>

// Digital post, packed with the tools of others: zip, xmlsec1 and openssl.

namespace kp::sandbox::test {

namespace {

using kp::test::run;
using kp::test::temporary_folder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto own_number = "910077473";
constexpr auto person = "17912099997";
constexpr auto send_scope = "digitalpostinnbygger:send";
constexpr auto message_id = "4c96fb25-54b0-4560-a954-afdeed10077b";
constexpr auto conversation_id = "b63b72a3-ec7a-4d70-94f1-699ef899864f";

std::string pem_of(evp_pkey_st* key) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> to(BIO_new(BIO_s_mem()), BIO_free_all);
  PEM_write_bio_PrivateKey(to.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(to.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

std::string wrapped_pem(const std::string& base64) {
  std::string out = "-----BEGIN CERTIFICATE-----\n";
  for (std::size_t i = 0; i < base64.size(); i += 64) out += base64.substr(i, 64) + "\n";
  return out + "-----END CERTIFICATE-----\n";
}

std::string sha256_base64(const temporary_folder& in, const std::string& file) {
  return std::string(
      trim(run(fmt::format("openssl dgst -sha256 -binary {} | base64 -w0", in.path(file))).output));
}

class sandbox_dpi : public with_sandbox {
 protected:
  void SetUp() override {
    with_sandbox::SetUp();
    for (const auto* tool : {"zip", "xmlsec1", "openssl", "base64"})
      if (!kp::test::has_tool(tool)) GTEST_SKIP() << tool << " is not installed";
    own = add(own_number, {{"services", json::array{"DPI"}}});
  }

  fields as(const member& who) { return bearer(token(who, send_scope)); }

  // A template of a signature, which xmlsec1 fills in.
  std::string signature_template(const member& signer) const {
    const auto method = R"(<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>)"
                        R"(<DigestValue/>)";
    const std::string sha1(
        trim(run(fmt::format("openssl x509 -in {} -outform DER | openssl dgst -sha1 "
                             "-binary | base64",
                             where.path("own.pem")))
                 .output));
    return fmt::format(
        R"(<XAdESSignatures xmlns="http://uri.etsi.org/02918/v1.2.1#"><Signature )"
        R"(xmlns="http://www.w3.org/2000/09/xmldsig#" Id="Signature"><SignedInfo>)"
        R"(<CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>)"
        R"(<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>)"
        R"(<Reference Id="ID_0" URI="manifest.xml">{0}</Reference>)"
        R"(<Reference Id="ID_1" URI="brev.pdf">{0}</Reference>)"
        R"(<Reference Type="http://uri.etsi.org/01903#SignedProperties" URI="#SignedProperties">)"
        R"(<Transforms><Transform Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>)"
        R"(</Transforms>{0}</Reference></SignedInfo><SignatureValue/><KeyInfo><X509Data>)"
        R"(<X509Certificate>{1}</X509Certificate></X509Data></KeyInfo><Object>)"
        R"(<QualifyingProperties xmlns="http://uri.etsi.org/01903/v1.3.2#" Target="#Signature">)"
        R"(<SignedProperties Id="SignedProperties"><SignedSignatureProperties><SigningCertificate>)"
        R"(<Cert><CertDigest><d:DigestMethod xmlns:d="http://www.w3.org/2000/09/xmldsig#" )"
        R"(Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"/>)"
        R"(<d:DigestValue xmlns:d="http://www.w3.org/2000/09/xmldsig#">{2}</d:DigestValue>)"
        R"(</CertDigest></Cert></SigningCertificate></SignedSignatureProperties>)"
        R"(</SignedProperties></QualifyingProperties></Object></Signature></XAdESSignatures>)",
        method, signer.leaf_base64, sha1);
  }

  // The bytes of asic.cms, for the mailbox or the printer.
  std::string package(const member& signer, const std::string& letter_afterwards = "") {
    where.write("own.pem", wrapped_pem(signer.leaf_base64));
    where.write("own.key", pem_of(signer.key.get()));
    where.write("mimetype", "application/vnd.etsi.asic-e+zip");
    where.write("brev.pdf", "%PDF-1.7");
    where.write("manifest.xml",
                R"(<manifest xmlns="http://begrep.difi.no/sdp/schema_v10"><avsender><organisasjon )"
                R"(authority="iso6523-actorid-upis">0192:910077473</organisasjon></avsender>)"
                R"(<hoveddokument href="brev.pdf" mime="application/pdf"><tittel lang="NO">Brev)"
                R"(</tittel></hoveddokument></manifest>)");
    std::filesystem::create_directories(where.path("META-INF"));
    where.write("template.xml", signature_template(signer));
    const auto signing =
        run(fmt::format("cd {} && xmlsec1 --sign --privkey-pem own.key --id-attr:Id "
                        "http://uri.etsi.org/01903/v1.3.2#:SignedProperties --output "
                        "META-INF/signatures.xml template.xml",
                        where.path("")));
    EXPECT_EQ(signing.status, 0) << signing.output;
    if (!letter_afterwards.empty()) where.write("brev.pdf", letter_afterwards);
    where.write("to.pem", recipient());
    const auto packing = run(fmt::format(
        "cd {} && rm -f p.zip && zip -qX0 p.zip mimetype && zip -qX p.zip manifest.xml brev.pdf "
        "META-INF/signatures.xml && openssl cms -encrypt -binary -stream -outform DER -aes256 -in "
        "p.zip -out asic.cms -recip to.pem -keyopt rsa_padding_mode:oaep -keyopt "
        "rsa_oaep_md:sha256 -keyopt rsa_mgf1_md:sha256",
        where.path("")));
    EXPECT_EQ(packing.status, 0) << packing.output;
    return where.read("asic.cms");
  }

  // The certificate of the mailbox, as the registry has it.
  std::string recipient() {
    control("POST", "/control/citizens", {{"number", person}});
    return std::string(records(person, "info").at(0).at("pemCertificate").as_string());
  }

  json::array records(const std::string& number, const std::string& kind,
                      const std::string& query = "") {
    const auto answer =
        get(fmt::format("/adressetjeneste/identifier/{}/process/urn:no:difi:profile:digitalpost:{}:"
                        "ver1.0{}",
                        number, kind, query),
            bearer(token(own, "eformidling:dpi")));
    if (answer.status != 200) return {};
    return answer.json().at("serviceRecords").as_array();
  }

  json::object document(const std::string& access_token) const {
    auto whole = json::parse(R"({"standardBusinessDocument":{"standardBusinessDocumentHeader":{
        "headerVersion":"1.0",
        "sender":[{"identifier":{"value":"0192:910077473","authority":"iso6523-actorid-upis"}}],
        "receiver":[{"identifier":{"value":"0192:984661185","authority":"iso6523-actorid-upis"}}],
        "documentIdentification":{"standard":"urn:x","typeVersion":"1.0",
          "instanceIdentifier":"4c96fb25-54b0-4560-a954-afdeed10077b","type":"digital",
          "creationDateAndTime":"2026-02-25T14:16:08Z"},
        "businessScope":{"scope":[{"type":"ConversationId",
          "instanceIdentifier":"b63b72a3-ec7a-4d70-94f1-699ef899864f","identifier":"x"}]}},
      "digital":{"avsender":{"virksomhetsidentifikator":{"authority":"iso6523-actorid-upis",
          "value":"0192:910077473"}},"mottaker":{"postkasseadresse":"mailbox.179120"},
        "dokumentpakkefingeravtrykk":{"digestMethod":"http://www.w3.org/2001/04/xmlenc#sha256",
          "digestValue":""},"maskinportentoken":"","sikkerhetsnivaa":3,
        "ikkesensitivtittel":"Test","spraak":"NO"}}})");
    auto& body = whole.at("standardBusinessDocument").at("digital");
    body.at("dokumentpakkefingeravtrykk").at("digestValue") = sha256_base64(where, "asic.cms");
    body.at("maskinportentoken") = access_token;
    return whole.as_object();
  }

  http_answer send(const std::string& access_token, const json::object& what,
                   const std::string& cms, const std::string& query = "?kanal=Post_1") {
    const auto jws =
        compact({{"alg", "RS256"}, {"x5c", json::array{own.leaf_base64}}}, what, own.key.get());
    const auto body = fmt::format(
        "--b\r\nContent-Disposition: form-data; name=\"forretningsmelding\"; "
        "filename=\"sbd.jwt\"\r\nContent-Type: application/jwt\r\n\r\n{}\r\n--b\r\n"
        "Content-Disposition: form-data; name=\"dokumentpakke\"; filename=\"asic.cms\"\r\n"
        "Content-Type: application/cms\r\n\r\n{}\r\n--b--\r\n",
        jws, cms);
    return post("/dpi/messages/out" + query,
                {{"Authorization", "Bearer " + access_token},
                 {"Content-Type", "multipart/form-data; boundary=b"}},
                body);
  }
  json::object shipment() {
    return control("GET", "/control/dpi/shipments").as_array().at(0).as_object();
  }

  member own;
  temporary_folder where;
};

}  // namespace

TEST_F(sandbox_dpi, takes_a_shipment_and_tells_of_its_way_and_its_receipts) {
  const auto cms = package(own);
  const auto access = token(own, send_scope);
  const auto sent = send(access, document(access), cms);
  ASSERT_EQ(sent.status, 201U) << sent.body;
  const auto kept = shipment();
  EXPECT_THAT(kept.at("faults").as_array(), IsEmpty()) << json::serialize(kept);
  EXPECT_EQ(kept.at("channel"), "post_1");
  EXPECT_EQ(kept.at("mailbox"), "mailbox.179120");

  const auto statuses =
      get(fmt::format("/dpi/messages/out/{}/statuses", message_id), as(own)).json().as_array();
  ASSERT_EQ(statuses.size(), 2U);
  EXPECT_EQ(statuses[1].at("status"), "SENDT");
  EXPECT_EQ(get("/dpi/messages/out/other/statuses", as(own)).status, 404U);

  EXPECT_EQ(get("/dpi/messages/in", as(own)).status, 204U);
  control("POST", "/control/dpi/receipts", {{"messageId", message_id}, {"copies", 3}});
  EXPECT_EQ(get("/dpi/messages/in?kanal=POST_1&page_size=2", as(own)).json().as_array().size(), 2U);
  EXPECT_EQ(
      get("/dpi/messages/in?kanal=POST_1&page_size=2&page=2", as(own)).json().as_array().size(),
      1U);
  EXPECT_EQ(get("/dpi/messages/in?kanal=other", as(own)).status, 204U);
  const auto other = add("910075918", {{"services", json::array{"DPI"}}});
  EXPECT_EQ(get("/dpi/messages/in", as(other)).status, 204U);

  const auto jws = std::string(
      get("/dpi/messages/in", as(own)).json().as_array()[0].at("forretningsmelding").as_string());
  const auto receipt = claims_of(jws).at("standardBusinessDocument");
  const auto& head = receipt.at("standardBusinessDocumentHeader");
  EXPECT_EQ(head.at("businessScope").at("scope").at(0).at("instanceIdentifier"), conversation_id);
  const auto id =
      std::string(head.at("documentIdentification").at("instanceIdentifier").as_string());
  EXPECT_EQ(post("/dpi/messages/in/" + id + "/read", as(other), "").status, 404U);
  EXPECT_EQ(post("/dpi/messages/in/" + id + "/read", as(own), "").status, 200U);
  EXPECT_EQ(post("/dpi/messages/in/" + id + "/read", as(own), "").status, 404U);
  EXPECT_EQ(get("/dpi/messages/in", as(own)).json().as_array().size(), 2U);
}

TEST_F(sandbox_dpi, refuses_what_an_access_point_refuses) {
  const auto cms = package(own);
  const auto access = token(own, send_scope);
  const auto refusal = [&](json::object changed, const std::string& query = "?kanal=a") {
    const auto answer = send(access, changed, cms, query);
    EXPECT_EQ(answer.status, 400U);
    return answer.status == 400 ? std::string(answer.json().at("detail").as_string()) : "";
  };
  const auto with = [&](const char* pointer, const json::value& value) {
    json::value changed(document(access));
    changed.at_pointer(std::string("/standardBusinessDocument/") + pointer) = value;
    return changed.as_object();
  };
  EXPECT_THAT(refusal(with("digital/maskinportentoken", "other")), HasSubstr("maskinportentoken"));
  EXPECT_THAT(refusal(with("digital/dokumentpakkefingeravtrykk/digestValue", "x")),
              HasSubstr("another package"));
  EXPECT_THAT(refusal(with("digital/avsender/virksomhetsidentifikator/value", "0192:910075918")),
              HasSubstr("consumer"));
  EXPECT_THAT(refusal(with("digital/sikkerhetsnivaa", 7)), HasSubstr("sikkerhetsnivaa"));
  EXPECT_THAT(refusal(document(access), "?kanal=a.b"), HasSubstr("kanal"));
  control("POST", "/control/dpi", {{"enforceChannelLength", true}});
  EXPECT_THAT(refusal(document(access), "?kanal=no_difi_move_integrasjonspunkt"), HasSubstr("28"));
  EXPECT_EQ(send("nothing", document(access), cms).status, 401U);
  const auto narrow = token(own, "eformidling:dpi");
  EXPECT_EQ(send(narrow, document(narrow), cms).status, 403U);
  EXPECT_EQ(send(access, document(access), cms).status, 201U);
  EXPECT_THAT(refusal(document(access)), HasSubstr("sent before"));
}

TEST_F(sandbox_dpi, answers_a_broken_package_with_a_receipt) {
  const auto cms = package(own, "%PDF-changed");
  const auto access = token(own, send_scope);
  ASSERT_EQ(send(access, document(access), cms).status, 201U);
  EXPECT_THAT(json::serialize(shipment().at("faults")), HasSubstr("does not verify"));
  const auto jws = std::string(
      get("/dpi/messages/in", as(own)).json().as_array()[0].at("forretningsmelding").as_string());
  EXPECT_TRUE(claims_of(jws).at("standardBusinessDocument").as_object().contains("feil"));
}

TEST_F(sandbox_dpi, routes_residents_as_the_registry_does) {
  const auto kinds = [&](const std::string& kind, const json::object& more,
                         const std::string& query = "") {
    json::object body{{"number", person}};
    for (const auto& [name, value] : more) body[name] = value;
    control("POST", "/control/citizens", body);
    std::vector<std::string> out;
    for (const auto& record : records(person, kind, query)) {
      const auto type = std::string(record.at("documentTypes").at(0).as_string());
      out.push_back(type.substr(type.rfind(':') + 1));
    }
    return out;
  };
  const json::object no_mailbox{{"mailbox", nullptr}};
  EXPECT_THAT(kinds("info", {}), ElementsAre("digital"));
  EXPECT_THAT(kinds("info", {{"reserved", true}}), ElementsAre("digital"));
  EXPECT_THAT(kinds("info", no_mailbox), ElementsAre("print", "digital_dpv"));
  EXPECT_THAT(kinds("info", no_mailbox, "?print=false"), ElementsAre("digital_dpv"));
  EXPECT_THAT(kinds("vedtak", {}), ElementsAre("digital"));
  EXPECT_THAT(kinds("vedtak", {{"reserved", true}}), ElementsAre("print"));
  EXPECT_THAT(kinds("vedtak", {{"notifiable", false}}), ElementsAre("print"));
  EXPECT_THAT(kinds("vedtak", no_mailbox), ElementsAre("print", "digital_dpv"));
  EXPECT_THAT(kinds("vedtak", {{"reserved", true}, {"protected", true}}), IsEmpty());
  const auto print = get("/rest/v2/printSertifikat");
  EXPECT_EQ(print.json().at("postkasseleverandoerAdresse"), "974761076");
}

}  // namespace kp::sandbox::test
