#include "config/hub_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

// What hub.yaml says of the status service, statistics and alerts.

namespace {

using namespace kp;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class reporting_settings : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("knutepunkt-reporting-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  loaded_hub load(const std::string& more, const std::string& environment = "sandbox") {
    std::ofstream(folder_ / "hub.yaml")
        << "environment: " + environment + "\nstorage: {path: store}\n" + more;
    return load_hub((folder_ / "hub.yaml").string(),
                    [](const std::string& name) -> std::optional<std::string> {
                      if (name == "KP_ALERT_SECRET") return "hemmelig";
                      return std::nullopt;
                    });
  }
  std::string problems(const std::string& more, const std::string& environment = "sandbox") {
    std::string all;
    for (const auto& p : load(more, environment).problems) all += to_string(p) + "\n";
    return all;
  }
  std::filesystem::path folder_;
};

}  // namespace

TEST_F(reporting_settings, tell_nobody_unless_they_say_so) {
  const auto loaded = load("");
  ASSERT_TRUE(loaded.settings);
  EXPECT_EQ(loaded.settings->national.status_service_url, "");
  EXPECT_FALSE(loaded.settings->alerts.tells_anybody());
  EXPECT_EQ(loaded.settings->statistics_keep_days, 90u);
}

TEST_F(reporting_settings, say_where_the_status_service_is) {
  const auto loaded = load(
      "status_service: {url: \"rsockets://status.example.no:7070\", scopes: [move/dpe.read], "
      "max_waiting: 500, give_up_after_hours: 2, waits_for_answers: false}\n");
  ASSERT_TRUE(loaded.settings);
  const auto& s = *loaded.settings;
  EXPECT_EQ(s.national.status_service_url, "rsockets://status.example.no:7070");
  EXPECT_THAT(s.status_service.scopes, ElementsAre("move/dpe.read"));
  EXPECT_EQ(s.status_service.max_waiting, 500u);
  EXPECT_EQ(s.status_service.give_up_after, 2h);
  EXPECT_FALSE(s.status_service.waits_for_answers);
  for (const auto* wrong : {"rsocket://status.example.no", "rsocket://:7070", "rsocket://h:70x",
                            "rsockets://h:7070/log-fire", "ftp://h:21", "rsocket://u@h:7070"})
    EXPECT_THAT(problems(std::string("status_service: {url: \"") + wrong + "\"}\n"),
                HasSubstr("status_service.url"))
        << wrong;
}

TEST_F(reporting_settings, send_no_token_unencrypted_unless_that_is_wanted) {
  for (const auto* url :
       {"http://status.example.no/api/status", "rsocket://status.example.no:7070"}) {
    const auto line = std::string("status_service: {url: \"") + url + "\"";
    EXPECT_THAT(problems(line + "}\n", "test"), HasSubstr("unencrypted")) << url;
    EXPECT_EQ(problems(line + ", allow_unencrypted: true}\n", "test"), "");
    EXPECT_EQ(problems(line + "}\n"), "");
  }
  for (const auto* url :
       {"https://status.example.no/api/status", "rsockets://status.example.no:7070",
        "rsocket://127.0.0.1:7070", "http://127.0.0.1:8090/api/status"})
    EXPECT_EQ(problems(std::string("status_service: {url: \"") + url + "\"}\n", "test"), "") << url;
}

TEST_F(reporting_settings, say_whom_alerts_are_for) {
  const auto loaded = load(
      "alerts:\n  expired: false\n  nothing_delivered_hours: 6\n  every_minutes: 15\n  webhooks:\n"
      "    - url: https://vakt.example.no/x\n      secret: {env: KP_ALERT_SECRET}\n"
      "    - url: http://10.0.0.1/y\n"
      "  mail: {server: \"smtp://mail.example.no:587\", from: hub@example.no, "
      "to: [drift@example.no, vakt@example.no]}\n");
  ASSERT_TRUE(loaded.settings);
  const auto& alerts = loaded.settings->alerts;
  EXPECT_TRUE(alerts.tells_anybody());
  EXPECT_TRUE(alerts.failed);
  EXPECT_FALSE(alerts.expired);
  EXPECT_EQ(alerts.nothing_delivered, 6h);
  EXPECT_EQ(alerts.every, 15min);
  ASSERT_EQ(alerts.webhooks.size(), 2u);
  EXPECT_EQ(alerts.webhooks[0].url, "https://vakt.example.no/x");
  EXPECT_TRUE(alerts.webhooks[0].signing);
  EXPECT_FALSE(alerts.webhooks[1].signing);
  EXPECT_EQ(alerts.mail.server, "smtp://mail.example.no:587");
  EXPECT_THAT(alerts.mail.to, ElementsAre("drift@example.no", "vakt@example.no"));
}

TEST_F(reporting_settings, refuse_mail_that_cannot_be_sent) {
  const auto mail = [&](const std::string& inside) {
    return problems("alerts: {mail: {" + inside + "}}\n");
  };
  const std::string good = "server: \"smtp://m:25\", from: a@b.no, to: [c@d.no]";
  EXPECT_EQ(mail(good), "");
  EXPECT_THAT(mail("server: mail.example.no"), HasSubstr("no mail server"));
  EXPECT_THAT(mail("server: \"smtp://m\", from: a@b.no, to: [c@d.no]"),
              HasSubstr("no mail server"));
  EXPECT_THAT(mail("from: a@b.no, to: [c@d.no]"), HasSubstr("have no mail server"));
  EXPECT_THAT(mail("server: \"smtp://m:25\", from: hub, to: [c@d.no]"),
              HasSubstr("alerts.mail.from is no mail address"));
  EXPECT_THAT(mail("server: \"smtp://m:25\", from: a@b.no"), HasSubstr("no receiver"));
  EXPECT_THAT(mail("server: \"smtp://m:25\", from: a@b.no, to: [\"c@d.no, e@f.no\"]"),
              HasSubstr("is no mail address"));
  EXPECT_THAT(mail(good + ", user: hub"), HasSubstr("both user and password"));
}

TEST_F(reporting_settings, name_each_place_once) {
  EXPECT_THAT(problems("alerts: {webhooks: [{url: \"http://a/\"}, {url: \"http://a/\"}]}\n"),
              HasSubstr("stands twice"));
  EXPECT_THAT(problems("alerts: {webhooks: [{secret: {env: KP_ALERT_SECRET}}]}\n"),
              HasSubstr("url is missing"));
}
