#include "config/text.hpp"
#include "tests/support/fixtures.hpp"
#include "tests/tools/sandbox/support.hpp"
#include "tools/sandbox/dph_jose.hpp"
#include "tools/sandbox/dph_package.hpp"
#include "tools/sandbox/dph_schema.hpp"

#include <fmt/format.h>

// The NHN adapter. What it seals and opens is held against vectors of other libraries first; then
// the same functions play the hub.

namespace kp::sandbox::test {

namespace {

using kp::test::fixture;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr auto own_number = "910077473";
constexpr auto other_number = "910075918";
constexpr auto scope = "eformidling:dph";
constexpr auto base = "/nhn-adapter/api";
constexpr int own_id = 8093, practice_id = 9001;

rsa_key key_in(const std::string& pem) {
  return *rsa_key::from_private_pem(pem);
}

TEST(sandbox_dph_vectors, opens_and_verifies_what_another_jose_library_made) {
  KP_FIXTURE(adapter_key, "dph/vectors/dph-adapter-key.pem");
  KP_FIXTURE(sender_leaf, "dph/vectors/dph-sender-cert.pem");
  for (const std::string name : {"sbd-out", "get-document"}) {
    const auto jwe = fixture("dph/vectors/" + name + ".jwe");
    const auto jws = fixture("dph/vectors/" + name + ".jws");
    ASSERT_TRUE(jwe && jws);
    const auto opened = open_jwe(key_in(adapter_key), *jwe);
    ASSERT_TRUE(opened) << name;
    EXPECT_EQ(*opened, *jws);
    EXPECT_TRUE(is_pss_signed_by(*parse_jwt(*opened), *certificate::from_pem(sender_leaf)->key()));
  }
}

TEST(sandbox_dph_vectors, opens_what_another_cms_library_made) {
  KP_FIXTURE(adapter_key, "dph/vectors/dph-adapter-key.pem");
  KP_FIXTURE(cms, "dph/vectors/dph-asic.oaep-aes256gcm.cms");
  KP_FIXTURE(zip, "dph/vectors/dph-asic.zip");
  KP_FIXTURE(small, "dph/vectors/dph-plain.oaep-aes256gcm.cms");
  const auto opened = open_gcm_cms(cms, key_in(adapter_key));
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(*opened, zip);
  EXPECT_EQ(*open_gcm_cms(small, key_in(adapter_key)), "Hello CMS interop\n");
  const auto container = read_container(*opened);
  ASSERT_TRUE(container) << container.error().message;
  EXPECT_EQ(container->signer, "910077473");
  EXPECT_THAT(container->files, SizeIs(2));
}

TEST(sandbox_dph_vectors, what_is_changed_or_cut_does_not_open) {
  KP_FIXTURE(adapter_key, "dph/vectors/dph-adapter-key.pem");
  KP_FIXTURE(cms, "dph/vectors/dph-plain.oaep-aes256gcm.cms");
  const auto key = key_in(adapter_key);
  auto changed = cms;
  changed[cms.size() - 30] = static_cast<char>(changed[cms.size() - 30] ^ 1);
  EXPECT_FALSE(open_gcm_cms(changed, key));
  for (std::size_t size = 0; size < cms.size(); size += 11)
    EXPECT_FALSE(open_gcm_cms(cms.substr(0, size), key)) << size;
}

TEST(sandbox_dph_vectors, judges_documents_by_the_schema) {
  KP_FIXTURE(minimal, "dph/xml/dialogmelding-v1.1-minimal.xml");
  KP_FIXTURE(older, "dph/xml/msghead/foresporsel-1.0.xml");
  EXPECT_EQ(judge_dialogmelding(minimal), "");
  EXPECT_THAT(judge_dialogmelding(older), StartsWith("T02 "));
  EXPECT_THAT(judge_dialogmelding("<a>"), StartsWith("T01 "));
}

class sandbox_dph : public with_sandbox {
 protected:
  void SetUp() override {
    with_sandbox::SetUp();
    own.emplace(add(own_number, {{"services", json::array{"DPH"}}}));
    other.emplace(add(other_number, {{"services", json::array{"DPH"}}}));
    for (const auto& [id, owner] : {std::pair{own_id, own_number}, {practice_id, other_number}})
      control("POST", "/control/dph/herids",
              {{"herId", id}, {"organisation", owner}, {"name", "Party"}});
    control("POST", "/control/dph/patients",
            {{"number", "17912099997"},
             {"firstName", "Raff"},
             {"lastName", "Raffen"},
             {"practitioner", practice_id}});
  }

  fields as(const member& who) { return bearer(token(who, scope)); }
  certificate adapter() {
    return *certificate::from_pem(get("/adressetjeneste/virksert/991825827", as(*own)).body);
  }
  static rsa_key key_of(const member& who) { return rsa_key(who.key); }
  static certificate leaf_of(const member& who) { return certificate(who.certificate); }
  std::string sealed(const member& by, const json::value& content) {
    return make_jwe(*adapter().key(),
                    make_pss_jws(key_of(by), leaf_of(by), json::serialize(content)),
                    std::string(32, 'k'), std::string(12, 'n'));
  }
  std::string packed(const member& by, const named_files& files) {
    const auto zip = sign_files(files, {leaf_of(by), key_of(by)}, "id");
    return *make_gcm_cms(*zip, adapter(), std::string(32, 'k'), std::string(12, 'n'), false);
  }
  static named_files usual_files() {
    return {{"dialogmelding.xml", fixture("dph/xml/dialogmelding-v1.1-minimal.xml").value_or("")},
            {"vedlegg.pdf", "%PDF"}};
  }
  static json::object document(int from = own_id, int to = practice_id) {
    auto made =
        json::parse(fixture("dph/examples/sbd-dialogmelding-out.json").value_or("{}")).as_object();
    auto& head = made["standardBusinessDocumentHeader"].as_object();
    const auto put = [&](const char* role, int id) {
      head[role].as_array()[0].as_object()["identifier"].as_object()["value"] =
          fmt::format("her-id:{}", id);
    };
    put("sender", from);
    put("receiver", to);
    return made;
  }
  http_answer send(const member& by, const json::object& sbd, std::optional<std::string> package) {
    const auto part = [](const std::string& name, const std::string& file, const std::string& type,
                         const std::string& body) {
      return fmt::format(
          "--edge\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\n"
          "Content-Type: {}\r\n\r\n{}\r\n",
          name, file, type, body);
    };
    auto body = part("forretningsmelding", "sbd.jwe", "application/jose", sealed(by, sbd));
    if (package)
      body += part("dokumentpakke", "asic.zip", "application/vnd.etsi.asic-e+zip", *package);
    auto headers = as(by);
    headers["Content-Type"] = "multipart/form-data; boundary=edge";
    return post(std::string(base) + "/messages/out", headers, body + "--edge--\r\n");
  }
  http_answer send(const json::object& sbd = document()) {
    return send(*own, sbd, packed(*own, usual_files()));
  }
  http_answer list(const member& by, int id) {
    return get(fmt::format("{}/messages/in?receiverHerId={}", base, id), as(by));
  }
  http_answer receive(const member& by, const std::string& id) {
    auto headers = as(by);
    headers["Content-Type"] = "application/jose";
    headers["Accept"] = "multipart/mixed";
    return post(std::string(base) + "/messages/in", headers, sealed(by, json::object{{"id", id}}));
  }
  http_answer read(const member& by, const std::string& id, int her_id) {
    return post(fmt::format("{}/messages/in/{}/read?receiverHerId={}", base, id, her_id), as(by),
                "");
  }
  // The parts of an answer by name.
  static std::map<std::string, std::string> parts_of(const http_answer& answer) {
    std::map<std::string, std::string> parts;
    const auto type = answer.headers.at("content-type");
    const auto from = type.find("boundary=\"") + 10;
    const auto line = "--" + type.substr(from, type.rfind('"') - from);
    for (auto at = answer.body.find(line); at != std::string::npos;) {
      const auto next = answer.body.find(line, at + line.size());
      if (next == std::string::npos) break;
      const auto part = answer.body.substr(at, next - at);
      const auto name = part.find("name=\"") + 6;
      const auto body = part.find("\r\n\r\n") + 4;
      parts[part.substr(name, part.find('"', name) - name)] =
          part.substr(body, part.size() - body - 2);
      at = next;
    }
    return parts;
  }
  json::object document_in(const http_answer& answer, const member& reader) {
    const auto jws = open_jwe(key_of(reader), parts_of(answer).at("forretningsmelding"));
    if (!jws) return {};
    const auto token = parse_jwt(*jws);
    EXPECT_TRUE(is_pss_signed_by(*token, *adapter().key()));
    return token->claims;
  }
  json::array messages() { return control("GET", "/control/dph/messages").as_array(); }

  std::optional<member> own, other;
};

TEST_F(sandbox_dph, a_message_is_opened_judged_and_given_to_its_receiver) {
  const auto sent = send();
  ASSERT_EQ(sent.status, 200u) << sent.body;
  EXPECT_THAT(sent.body, SizeIs(36));
  EXPECT_THAT(sent.headers.at("content-type"), StartsWith("text/plain"));
  ASSERT_THAT(messages(), SizeIs(1));
  EXPECT_EQ(messages()[0].at("id").as_string(), sent.body);
  EXPECT_EQ(messages()[0].at("files").as_array().size(), 2u);
  const auto waiting = list(*other, practice_id).json().as_array();
  ASSERT_THAT(waiting, SizeIs(1));
  EXPECT_EQ(waiting[0].at("id").as_string(), sent.body);
  EXPECT_EQ(waiting[0].as_object().size(), 6u);
  EXPECT_TRUE(waiting[0].at("businessDocumentDate").is_null());
  const auto got = receive(*other, sent.body);
  ASSERT_EQ(got.status, 200u) << got.body;
  const auto body = document_in(got, *other).at("dialogmelding").as_object();
  EXPECT_EQ(body.at("hoveddokument"), "dialogmelding.xml");
  EXPECT_TRUE(body.at("metadataFiler").as_object().contains("vedlegg0.pdf")) << "renamed";
  const auto zip = open_gcm_cms(parts_of(got).at("dokumentpakke"), key_of(*other));
  ASSERT_TRUE(zip) << zip.error().message;
  const auto files = read_container(*zip)->files;
  ASSERT_THAT(files, SizeIs(2));
  EXPECT_EQ(files[1].first, "vedlegg0.pdf");
}

TEST_F(sandbox_dph, what_is_wrong_with_a_message_is_told) {
  const auto refused = [&](const json::object& sbd, const named_files& files) {
    const auto answer = send(*own, sbd, packed(*own, files));
    EXPECT_EQ(answer.status, 400u) << answer.body;
    return std::string(answer.json().at("errorCode").as_string()) + " " +
           std::string(answer.json().at("message").as_string());
  };
  auto files = usual_files();
  files[0].second = "<a/>";
  EXPECT_THAT(refused(document(), files), StartsWith("T02"));
  files[0].second = "text";
  EXPECT_THAT(refused(document(), files), StartsWith("T01"));
  EXPECT_THAT(refused(document(), {usual_files()[1]}), HasSubstr("Main document"));
  auto more = usual_files();
  more.emplace_back("b.pdf", "x");
  EXPECT_THAT(refused(document(), more), HasSubstr("no metadata for b.pdf"));
  EXPECT_THAT(refused(document(), {usual_files()[0]}), HasSubstr("not there"));
  more = usual_files();
  more.emplace_back("manifest.xml", "<x/>");
  EXPECT_THAT(refused(document(), more), HasSubstr("manifest.xml"));
  auto sbd = document();
  sbd["dialogmelding"].as_object().erase("pasient");
  EXPECT_THAT(refused(sbd, usual_files()), HasSubstr("pasient"));
  EXPECT_THAT(refused(document(own_id, 4), usual_files()), HasSubstr("HerId"));
  EXPECT_THAT(messages(), IsEmpty());
}

TEST_F(sandbox_dph, a_stranger_or_a_broken_seal_is_an_error_of_the_adapter) {
  EXPECT_EQ(send(*other, document(), packed(*other, usual_files())).status, 500u);
  EXPECT_THAT(send(*other, document(), packed(*other, usual_files())).body, HasSubstr("E7777"));
  EXPECT_EQ(send(*own, document(), std::nullopt).status, 500u) << "the package is missing";
  EXPECT_EQ(send(*own, document(), "no cms").status, 500u);
  control("POST", "/control/dph", {{"strict", true}});
  EXPECT_EQ(send(*other, document(), packed(*other, usual_files())).status, 403u);
  EXPECT_EQ(list(*other, own_id).status, 403u);
}

TEST_F(sandbox_dph, asks_for_a_token_with_the_scope) {
  const auto target = fmt::format("{}/messages/in?receiverHerId={}", base, own_id);
  EXPECT_EQ(get(target).status, 401u);
  auto wider = add("910076787", {{"services", json::array{"DPO", "DPH"}}});
  EXPECT_EQ(get(target, bearer(token(wider, "eformidling:dpo"))).status, 403u);
  time->advance(std::chrono::hours(1));
  EXPECT_EQ(list(*own, own_id).status, 200u);
}

TEST_F(sandbox_dph, statuses_and_receipts_come_as_they_are_told) {
  const auto sent = send().body;
  const auto target = fmt::format("{}/messages/out/{}/statuses", base, sent);
  const auto status = [&] { return get(target, as(*own)).json().at(0).as_object(); };
  EXPECT_EQ(status().at("transportStatus"), "UNCONFIRMED");
  EXPECT_FALSE(status().contains("apprecStatus"));
  const std::string message(messages()[0].at("messageId").as_string());
  control("POST", "/control/dph/statuses",
          {{"messageId", message}, {"transportStatus", "ACKNOWLEDGED"}});
  EXPECT_EQ(status().at("transportStatus"), "ACKNOWLEDGED");
  control("POST", "/control/dph/receipts",
          {{"about", message},
           {"status", "REJECTED"},
           {"messages", json::array{json::object{{"code", "E21"}, {"text", "nobody"}}}}});
  EXPECT_EQ(status().at("apprecStatus"), "REJECTED");
  const auto waiting = list(*own, own_id).json().as_array();
  ASSERT_THAT(waiting, SizeIs(1));
  EXPECT_TRUE(waiting[0].at("isAppRec").as_bool());
  const auto got = receive(*own, std::string(waiting[0].at("id").as_string()));
  EXPECT_FALSE(parts_of(got).contains("dokumentpakke"));
  const auto body = document_in(got, *own).at("dialogmelding_kvittering").as_object();
  EXPECT_EQ(body.at("relatedToMessageId").as_string(), message);
  EXPECT_EQ(body.at("status"), "REJECTED");
  control("POST", "/control/dph/statuses",
          {{"messageId", message}, {"apprecStatus", "OK_ERROR_IN_MESSAGE_PART"}});
  EXPECT_EQ(get(target, as(*own)).status, 400u) << "dph.md 12 D3";
  EXPECT_EQ(get(std::string(base) + "/messages/out/unknown/statuses", as(*own)).status, 404u);
}

TEST_F(sandbox_dph, a_receipt_that_is_given_is_recorded_and_reaches_the_sender) {
  const auto sent = send().body;
  auto receipt =
      json::parse(fixture("dph/examples/sbd-kvittering-out-rejected.json").value_or("{}"))
          .as_object();
  receipt["dialogmelding_kvittering"].as_object()["relatedToMessageId"] = sent;
  EXPECT_EQ(send(*other, receipt, std::nullopt).status, 200u);
  const auto given = control("GET", "/control/dph/receipts").as_array();
  ASSERT_THAT(given, SizeIs(1));
  EXPECT_EQ(given[0].at("about").as_string(), sent);
  EXPECT_THAT(list(*own, own_id).json().as_array(), SizeIs(1));
  receipt["dialogmelding_kvittering"].as_object()["relatedToMessageId"] = "unknown";
  EXPECT_EQ(send(*other, receipt, std::nullopt).status, 404u);
}

TEST_F(sandbox_dph, what_is_read_is_gone_for_everybody) {
  const auto made = control("POST", "/control/dph/messages",
                            {{"sender", practice_id}, {"receiver", own_id}, {"scopes", false}});
  const std::string id(made.at("id").as_string());
  EXPECT_THAT(list(*own, own_id).json().as_array(), SizeIs(1));
  const auto document = document_in(receive(*own, id), *own);
  EXPECT_THAT(
      document.at("standardBusinessDocumentHeader").at("businessScope").at("scope").as_array(),
      IsEmpty());
  EXPECT_EQ(read(*own, id, own_id).body, "Message deleted");
  EXPECT_THAT(list(*own, own_id).json().as_array(), IsEmpty());
  EXPECT_EQ(receive(*own, id).status, 404u);
  EXPECT_EQ(read(*own, id, own_id).status, 200u);
  control("POST", "/control/dph", {{"readAgain", 404}});
  EXPECT_EQ(read(*own, id, own_id).status, 404u);
  EXPECT_EQ(get(std::string(base) + "/messages/in", as(*own)).status, 400u);
}

TEST_F(sandbox_dph, messages_come_spoilt_as_asked_until_they_are_mended) {
  const auto inject = [&](json::object more) {
    more["sender"] = practice_id;
    more["receiver"] = own_id;
    return std::string(control("POST", "/control/dph/messages", more).at("id").as_string());
  };
  const auto tag = inject({{"spoilt", "tag"}});
  EXPECT_FALSE(open_gcm_cms(parts_of(receive(*own, tag)).at("dokumentpakke"), key_of(*own)));
  const auto recipient = inject({{"spoilt", "recipient"}});
  EXPECT_FALSE(open_jwe(key_of(*own), parts_of(receive(*own, recipient)).at("forretningsmelding")));
  const auto stray = inject({{"spoilt", "stray"}});
  const auto jws = open_jwe(key_of(*own), parts_of(receive(*own, stray)).at("forretningsmelding"));
  ASSERT_TRUE(jws);
  EXPECT_FALSE(is_pss_signed_by(*parse_jwt(*jws), *adapter().key()));
  const auto refused =
      inject({{"refuse", json::object{{"status", 400}, {"code", "T10"}, {"text", "old"}}}});
  const auto answer = receive(*own, refused);
  EXPECT_EQ(answer.status, 400u);
  EXPECT_EQ(answer.json().at("errorCode"), "T10");
  control("POST", "/control/dph/mend", {{"id", refused}});
  EXPECT_EQ(receive(*own, refused).status, 200u);
}

TEST_F(sandbox_dph, the_registry_knows_health_addresses_with_the_beta_header_alone) {
  auto headers = as(*own);
  EXPECT_EQ(get("/adressetjeneste/info/her-id:9001", headers).status, 404u);
  headers["X-Enable-Beta-Features"] = "true";
  const auto info = get("/adressetjeneste/info/her-id:9001", headers);
  ASSERT_EQ(info.status, 200u);
  EXPECT_EQ(info.json().at("infoRecord").at("organizationNumber"), other_number);
  EXPECT_EQ(get("/adressetjeneste/info/her-id:1", headers).status, 404u);
  const auto practitioner = get("/adressetjeneste/info/fastlege-for:17912099997", headers);
  EXPECT_EQ(practitioner.json().at("infoRecord").at("herId"), practice_id);
  const auto records =
      get("/adressetjeneste/identifier/fastlege-for:17912099997/process/"
          "urn:no:difi:profile:helse:helse:ver1.0",
          headers);
  ASSERT_EQ(records.status, 200u) << records.body;
  const auto record = records.json().at("serviceRecords").at(0);
  EXPECT_EQ(record.at("service").at("identifier"), "DPH");
  EXPECT_EQ(record.at("patient").at("lastName"), "Raffen");
  auto wider = add("910076787", {{"services", json::array{"DPO"}}});
  auto without = bearer(token(wider, "eformidling:dpo"));
  without["X-Enable-Beta-Features"] = "true";
  EXPECT_EQ(get("/adressetjeneste/info/her-id:9001", without).status, 401u);
}

TEST_F(sandbox_dph, rules_answer_by_themselves_and_the_journal_tells_what_came) {
  control("POST", "/control/dph/rules",
          {{"receiver", practice_id}, {"transportStatus", "ACKNOWLEDGED"}, {"receipt", "OK"}});
  EXPECT_EQ(send().status, 200u);
  EXPECT_EQ(messages()[0].at("transportStatus"), "ACKNOWLEDGED");
  EXPECT_THAT(list(*own, own_id).json().as_array(), SizeIs(1));
  const auto journal = control("GET", "/control/dph/journal").as_array();
  ASSERT_THAT(journal, SizeIs(2));
  EXPECT_EQ(journal[0].at("organisation"), own_number);
  EXPECT_EQ(journal[0].at("content").at("dialogmelding").at("pasient").at("etternavn"), "Raffen");
  control("DELETE", "/control/dph");
  EXPECT_THAT(messages(), IsEmpty());
}

}  // namespace

}  // namespace kp::sandbox::test
