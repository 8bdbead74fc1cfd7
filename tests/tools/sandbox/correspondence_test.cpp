#include "support.hpp"

#include <gmock/gmock.h>

namespace kp::sandbox::test {
namespace {

using testing::HasSubstr;
using field_map = std::map<std::string, std::string>;

const std::string base = "/altinn-proxy/correspondence/api/v1/correspondence";
const std::string message = "abc8849c-e281-4809-8555-7cd54952b926";

class correspondence_box : public with_sandbox {
 protected:
  void SetUp() override {
    with_sandbox::SetUp();
    own = add("910077473", {{"name", "Sender"}, {"services", json::array{"DPO", "DPV"}}});
    add("910075918", {{"name", "Mottaker"}});
    as = bearer(altinn_token(own, "eformidling:dpv"));
  }
  static field_map letter() {
    return {{"correspondence.resourceId", "eformidling-dpv-administrasjon"},
            {"correspondence.sendersReference", message},
            {"correspondence.messageSender", "Sender"},
            {"correspondence.content.language", "nb"},
            {"correspondence.content.messageTitle", "Nye lysrør"},
            {"correspondence.content.messageBody", "Hei"},
            {"correspondence.content.attachments[0].fileName", "test.txt"},
            {"correspondence.isConfidential", "false"},
            {"correspondence.ignoreReservation", "false"},
            {"correspondence.notification.notificationTemplate", "CustomMessage"},
            {"correspondence.notification.notificationChannel", "Sms"},
            {"correspondence.notification.smsBody", "$correspondenceRecipientName$: brev"},
            {"correspondence.notification.sendReminder", "false"},
            {"correspondence.propertyList.senderOrgNumber", "910077473"},
            {"recipients[0]", "urn:altinn:organization:identifier-no:910075918"},
            {"idempotentKey", message}};
  }
  static std::string form(const field_map& fields_of, const field_map& files) {
    std::string out;
    for (const auto& [name, value] : fields_of)
      out += "--b\r\nContent-Disposition: form-data; name=\"" + name +
             "\"\r\nContent-Type: text/plain\r\n\r\n" + value + "\r\n";
    for (const auto& [name, bytes] : files)
      out += "--b\r\nContent-Disposition: form-data; name=\"attachments\"; filename=\"" + name +
             "\"\r\nContent-Type: application/octet-stream\r\n\r\n" + bytes + "\r\n";
    return out + "--b--\r\n";
  }
  http_answer send(const field_map& of, const field_map& files = {{"test.txt", "Testing 1 2 3"}}) {
    auto headers = as;
    headers["Content-Type"] = "multipart/form-data; boundary=b";
    return post(base + "/upload", headers, form(of, files));
  }
  std::string sent(const field_map& of = letter()) {
    const auto answered = send(of);
    EXPECT_EQ(answered.status, 200u) << answered.body;
    return json::value_to<std::string>(
        answered.json().at("correspondences").at(0).at("correspondenceId"));
  }
  std::string refused(const std::string& name, const std::string& value) {
    auto fields_of = letter();
    fields_of[name] = value;
    const auto answered = send(fields_of);
    return std::to_string(answered.status) + " " + answered.error_code();
  }
  json::value overview(const std::string& id) { return get(base + "/" + id, as).json(); }
  void act(const std::string& id, const std::string& what) {
    control("POST", "/control/correspondence/act", {{"id", id}, {"act", what}});
  }

  member own;
  fields as;
};

TEST_F(correspondence_box, takes_a_letter_publishes_it_and_shows_how_it_fares) {
  const auto id = sent();
  auto seen = overview(id);
  EXPECT_EQ(seen.at("status"), "Published");
  EXPECT_TRUE(seen.at("published").is_string());
  EXPECT_TRUE(seen.at("read").is_null());
  EXPECT_TRUE(seen.at("content").is_null());
  act(id, "fetch");
  EXPECT_EQ(overview(id).at("status"), "Published");
  act(id, "read");
  act(id, "download");
  seen = overview(id);
  EXPECT_EQ(seen.at("status"), "AttachmentsDownloaded");
  EXPECT_TRUE(seen.at("read").is_string());
  const auto kept = control("GET", "/control/correspondence").at(0);
  EXPECT_EQ(kept.at("fields").at("correspondence.content.messageTitle"), "Nye lysrør");
  EXPECT_EQ(kept.at("files").at(0).at("size"), 13);
  EXPECT_EQ(kept.at("notification").at("text"), "Mottaker: brev");
  EXPECT_EQ(kept.at("caller"), "910077473");
}

TEST_F(correspondence_box, scans_first_and_publishes_when_it_is_time) {
  control("POST", "/control/correspondence/settings", {{"scanDelayMs", 60'000}});
  const auto id = sent();
  EXPECT_EQ(overview(id).at("status"), "Initialized");
  EXPECT_TRUE(overview(id).at("content").is_object());
  time->advance(std::chrono::seconds(61));
  as = bearer(altinn_token(own, "eformidling:dpv"));
  EXPECT_EQ(overview(id).at("status"), "Published");
}

TEST_F(correspondence_box, a_key_is_used_once_whoever_uses_it_and_survives_a_purge) {
  const auto id = sent();
  EXPECT_EQ(send(letter()).error_code(), "CORR-01034");
  act(id, "purge");
  EXPECT_EQ(send(letter()).status, 409u);
  auto other = letter();
  other["idempotentKey"] = "bbc8849c-e281-4809-8555-7cd54952b926";
  other["correspondence.content.messageTitle"] = "";
  EXPECT_EQ(send(other).error_code(), "CORR-01020");
  other["correspondence.content.messageTitle"] = "Nå med tittel";
  EXPECT_EQ(send(other).status, 200u);  // a refusal uses no key
}

TEST_F(correspondence_box, refuses_what_altinn_refuses) {
  EXPECT_EQ(refused("correspondence.resourceId", "no-such"), "400 CORR-01036");
  EXPECT_EQ(refused("correspondence.isConfidential", "true"), "400 CORR-01061");
  EXPECT_EQ(refused("correspondence.resourceId", "eformidling-dpv-taushetsbelagt"),
            "400 CORR-01060");
  EXPECT_EQ(refused("recipients[0]", "urn:altinn:organization:identifier-no:999999999"),
            "404 CORR-01029");
  EXPECT_EQ(refused("correspondence.content.messageTitle", "<b>Fet</b>"), "400 CORR-01002");
  EXPECT_EQ(refused("correspondence.content.messageBody", ""), "400 CORR-01021");
  EXPECT_EQ(refused("correspondence.dueDateTime", "2020-01-01T00:00:00Z"), "400 CORR-01008");
  EXPECT_EQ(refused("correspondence.notification.smsBody", ""), "400 CORR-03004");
  EXPECT_EQ(refused("correspondence.content.attachments[0].fileName", "other.txt"),
            "400 CORR-01005");
  EXPECT_EQ(refused("idempotentKey", "not-a-guid"), "400 ");
  EXPECT_EQ(send(letter(), {}).error_code(), "CORR-01005");
  EXPECT_EQ(send(letter(), {{"test.txt", ""}}).error_code(), "CORR-02004");
  auto exe = letter();
  exe["correspondence.content.attachments[0].fileName"] = "a.exe";
  EXPECT_EQ(send(exe, {{"a.exe", "x"}}).error_code(), "CORR-02013");
  auto headers = as;
  headers["Content-Type"] = "application/json";
  EXPECT_EQ(post(base + "/upload", headers, "{}").status, 415u);
}

TEST_F(correspondence_box, knows_persons_and_who_has_reserved_themselves) {
  const std::string person = "urn:altinn:person:identifier-no:17912099997";
  EXPECT_EQ(refused("recipients[0]", person), "404 CORR-01029");
  control("POST", "/control/correspondence/settings",
          {{"persons", json::array{"17912099997"}}, {"reserved", json::array{"17912099997"}}});
  EXPECT_EQ(refused("recipients[0]", person), "422 CORR-01030");
  auto anyway = letter();
  anyway["recipients[0]"] = person;
  anyway["correspondence.ignoreReservation"] = "true";
  EXPECT_EQ(send(anyway).status, 200u);
}

TEST_F(correspondence_box, the_proxy_lets_in_who_has_scope_and_access) {
  as.erase("Authorization");
  EXPECT_EQ(send(letter()).status, 401u);
  EXPECT_THAT(send(letter()).body, HasSubstr("Proxy AuthN error : "));
  as = bearer(altinn_token(own, "altinn:broker.write"));
  EXPECT_EQ(send(letter()).status, 403u);
  as = bearer(altinn_token(own, "eformidling:dpv"));
  control("POST", "/control/correspondence/settings", {{"denied", json::array{"910077473"}}});
  EXPECT_THAT(send(letter()).body, HasSubstr("910077473"));
  control("POST", "/control/correspondence/settings", {{"denied", json::array{}}});
  EXPECT_EQ(send(letter()).status, 200u);
}

TEST_F(correspondence_box, is_searched_by_key_strictly_or_not) {
  const auto id = sent();
  const auto found = get(
      base + "?resourceId=eformidling-dpv-administrasjon&role=Sender&idempotentKey=" + message, as);
  EXPECT_EQ(found.json().at("ids").at(0), json::value(id));
  EXPECT_EQ(get(base + "?sendersReference=" + message, as).status, 400u);
  control("POST", "/control/correspondence/settings", {{"strictSearch", false}});
  EXPECT_EQ(get(base + "?sendersReference=" + message, as).json().at("ids").at(0), json::value(id));
}

TEST_F(correspondence_box, a_purged_letter_is_gone_or_says_so) {
  const auto id = sent();
  act(id, "purgeByAltinn");
  EXPECT_EQ(get(base + "/" + id, as).error_code(), "CORR-01001");
  control("POST", "/control/correspondence/settings", {{"purged", "410"}});
  EXPECT_EQ(get(base + "/" + id, as).status, 410u);
  control("POST", "/control/correspondence/settings", {{"purged", "as-status"}});
  EXPECT_EQ(overview(id).at("status"), "PurgedByAltinn");
}

TEST_F(correspondence_box, writes_times_without_zone_and_statuses_of_a_newer_server_on_demand) {
  const auto id = sent();
  control("POST", "/control/correspondence/settings",
          {{"zoneless", true}, {"status", "Forwarded"}});
  const auto seen = overview(id);
  EXPECT_EQ(seen.at("status"), "Forwarded");
  EXPECT_EQ(json::value_to<std::string>(seen.at("published")).find('+'), std::string::npos);
}

TEST_F(correspondence_box, a_letter_that_fails_says_why) {
  control("POST", "/control/correspondence/settings", {{"scanDelayMs", 60'000}});
  const auto id = sent();
  control("POST", "/control/correspondence/act",
          {{"id", id}, {"act", "fail"}, {"reason", "Malware found"}});
  EXPECT_EQ(overview(id).at("status"), "Failed");
  EXPECT_EQ(overview(id).at("statusText"), "Malware found");
}

}  // namespace
}  // namespace kp::sandbox::test
