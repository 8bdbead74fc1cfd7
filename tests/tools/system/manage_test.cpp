#include "config/random.hpp"
#include "tenants/password.hpp"
#include "tests/tools/system/scrape.hpp"
#include "tests/tools/system/town.hpp"

#include <fmt/format.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

// What operators see of the real program: /manage on the admin listener.

namespace {

using namespace kp::test;
using testing::HasSubstr;
using testing::Not;

class manage : public in_town {
 protected:
  rest_answer ask(const std::string& path, const header_fields& headers = basic(operator_user)) {
    return call(here->admin_port(), "GET", path, headers);
  }
  scrape read_metrics() {
    const auto answer = ask("/manage/prometheus");
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.headers.at("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    return scrape(answer.body);
  }
  // When what earlier tests have begun is over: nothing moves for two polls and more.
  scrape read_metrics_when_quiet() {
    constexpr std::chrono::milliseconds two_polls{2500};
    const auto moved = [](const scrape& seen) {
      return seen.sum("knutepunkt_messages_total", {}) +
             seen.sum("knutepunkt_upstream_calls_total", {{"endpoint", "initialize"}}) +
             seen.sum("knutepunkt_upstream_calls_total", {{"endpoint", "download"}});
    };
    auto last = read_metrics();
    EXPECT_TRUE(until([&] {
      std::this_thread::sleep_for(two_polls);
      auto next = read_metrics();
      const bool quiet = moved(next) == moved(last);
      last = std::move(next);
      return quiet;
    }));
    return last;
  }
};

}  // namespace

TEST_F(manage, the_numbers_are_those_of_what_was_sent) {
  const auto before = read_metrics_when_quiet();
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(send_letter(arkiv, fjordnes, random_bytes(1000)));
  for (const auto& id : ids) {
    ASSERT_TRUE(until_arrived(sak, id));
    take(sak, id);
    // What fails on a busy machine is tried again after 20 seconds.
    ASSERT_TRUE(until_status(arkiv, id, "LEVERT", std::chrono::seconds(60)));
  }
  call(here->api_port(), "GET", "/api/messages/in", basic("bergvik-arkiv:wrong"));
  const auto after = read_metrics();

  const auto grew = [&](const std::string& name, std::map<std::string, std::string> labels) {
    return after.sum(name, labels) - before.sum(name, labels);
  };
  const auto messages = [&](const std::string& who, const std::string& event) {
    return grew("knutepunkt_messages_total",
                {{"organisation", who}, {"service", "DPO"}, {"event", event}});
  };
  EXPECT_EQ(messages(bergvik, "created"), 3);
  EXPECT_EQ(messages(bergvik, "sent"), 3);
  EXPECT_EQ(messages(bergvik, "delivered"), 3);
  EXPECT_EQ(messages(bergvik, "failed"), 0);
  EXPECT_EQ(messages(fjordnes, "received"), 3);
  EXPECT_EQ(messages(fjordnes, "collected"), 3);
  EXPECT_EQ(messages(fjordnes, "created"), 0);
  EXPECT_EQ(grew("knutepunkt_statuses_total", {{"status", "MOTTATT"}, {"direction", "OUTGOING"}}),
            3);
  EXPECT_EQ(grew("knutepunkt_arrivals_total", {{"organisation", fjordnes}, {"fate", "stored"}}), 3);
  EXPECT_EQ(grew("knutepunkt_arrivals_total", {{"organisation", bergvik}, {"fate", "status"}}), 6);

  const auto requests = [&](const std::string& method, const std::string& uri) {
    return grew("http_server_requests_seconds_count",
                {{"method", method}, {"uri", uri}, {"status", "200"}});
  };
  EXPECT_EQ(requests("POST", "/api/messages/out"), 3);
  EXPECT_EQ(requests("PUT", "/api/messages/out/{}"), 6);
  EXPECT_EQ(requests("POST", "/api/messages/out/{}"), 3);
  EXPECT_EQ(requests("GET", "/api/messages/in/pop/{}"), 3);
  EXPECT_EQ(requests("DELETE", "/api/messages/in/{}"), 3);
  EXPECT_EQ(grew("knutepunkt_sign_in_failures_total", {{"listener", "api"}}), 1);

  // Three letters there, and of each MOTTATT and LEVERT back.
  const auto calls = [&](const std::string& endpoint) {
    return grew("knutepunkt_upstream_calls_total",
                {{"service", "DPO"}, {"endpoint", endpoint}, {"outcome", "success"}});
  };
  EXPECT_EQ(calls("initialize"), 9);
  EXPECT_EQ(calls("upload"), 9);
  EXPECT_EQ(calls("download"), 9);
  EXPECT_GE(calls("search"), 1);
  EXPECT_EQ(grew("knutepunkt_upstream_call_seconds_count", {{"endpoint", "upload"}}), 9);
  EXPECT_GT(grew("knutepunkt_store_commits_total", {{"outcome", "committed"}}), 9);
  EXPECT_EQ(grew("knutepunkt_store_commits_total", {{"outcome", "failed"}}), 0);
  EXPECT_GT(grew("knutepunkt_content_bytes_total", {}), 3000);

  EXPECT_EQ(after["knutepunkt_organisations"], 3);
  EXPECT_EQ(after["knutepunkt_http_requests_in_flight"], 0);
  EXPECT_GT(after["process_resident_memory_bytes"], 1e6);
  EXPECT_LT(after.sum("knutepunkt_poll_age_seconds", {{"organisation", bergvik}}), 20);
  EXPECT_GT(
      after.sum("knutepunkt_certificate_expiry_timestamp_seconds", {{"organisation", bergvik}}),
      1.7e9);
}

TEST_F(manage, a_quota_that_is_exceeded_is_counted) {
  const auto refused = [&] {
    return read_metrics().sum(
        "knutepunkt_quota_exceeded_total",
        {{"organisation", skogvik}, {"quota", "messages_queued"}, {"outcome", "refused"}});
  };
  const auto before = refused();
  const auto first = create(small, arkivmelding_to(fjordnes));
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(here->create(small, arkivmelding_to(fjordnes)).status, 429u);
  EXPECT_EQ(refused() - before, 3);
  EXPECT_EQ(here->api(small, "DELETE", "/api/messages/out/" + first).status, 200u);
}

TEST_F(manage, what_is_scraped_passes_promtool_and_names_no_message) {
  if (!has_tool("promtool"))
    GTEST_SKIP() << "promtool (Debian: prometheus) is not installed; what the other tests of "
                    "/manage scrape is read strictly all the same";
  const auto id = send_letter(arkiv, fjordnes);
  ASSERT_TRUE(until_arrived(sak, id));
  const auto text = ask("/manage/prometheus").body;
  EXPECT_THAT(text, Not(HasSubstr(id)));
  const temporary_folder folder;
  folder.write("metrics", text);
  const auto judged = run("promtool check metrics < " + folder.path("metrics"));
  EXPECT_EQ(judged.status, 0) << judged.output;
}

TEST_F(manage, single_metrics_are_shown_as_today) {
  const auto names = ask("/manage/metrics");
  EXPECT_EQ(names.headers.at("content-type"), "application/vnd.spring-boot.actuator.v3+json");
  EXPECT_THAT(names.body, HasSubstr("\"http_server_requests_seconds\""));
  ASSERT_EQ(here->api(arkiv, "GET", "/api/messages/in").status, 200u);
  const auto one = ask("/manage/metrics/http.server.requests?tag=method:GET&tag=status:200");
  EXPECT_EQ(one.text("baseUnit"), "seconds");
  const auto value = one.json();
  EXPECT_EQ(value.at("measurements").at(0).at("statistic"), "COUNT");
  EXPECT_GE(value.at("measurements").at(0).at("value").to_number<double>(), 1);
  EXPECT_EQ(ask("/manage/metrics/nothing").status, 404u);
  EXPECT_EQ(ask("/manage/metrics/http.server.requests?tag=method").status, 400u);
}

TEST_F(manage, without_credentials_it_says_only_whether_the_hub_is_up) {
  for (const auto port : {here->admin_port(), here->api_port()})
    for (const auto* path :
         {"/manage/health", "/manage/health/liveness", "/manage/health/readiness"}) {
      const auto answer = call(port, "GET", path);
      EXPECT_EQ(answer.status, 200u) << path;
      EXPECT_EQ(answer.body, R"({"status":"UP"})") << path;
    }
  for (const auto* path : {"/manage", "/manage/info", "/manage/metrics", "/manage/prometheus"}) {
    EXPECT_EQ(ask(path, {}).status, 401u) << path;
    EXPECT_EQ(ask(path, basic("drift:wrong")).status, 401u) << path;
    EXPECT_EQ(ask(path, basic(arkiv)).status, 401u) << path;
    EXPECT_EQ(ask(path).status, 200u) << path;
    EXPECT_EQ(here->api(arkiv, "GET", path).status, 404u) << path << " is not for clients";
  }
}

TEST_F(manage, has_none_of_the_doors_that_stood_open_before) {
  for (const auto* path :
       {"/manage/shutdown", "/manage/heapdump", "/manage/configprops", "/manage/env",
        "/manage/loggers", "/manage/threaddump", "/manage/logfile"}) {
    EXPECT_EQ(ask(path).status, 404u) << path;
    EXPECT_EQ(call(here->admin_port(), "POST", path, basic(operator_user)).status, 404u) << path;
  }
  EXPECT_EQ(call(here->admin_port(), "POST", "/manage/health", basic(operator_user)).status, 405u);
}

TEST_F(manage, health_has_every_part_and_every_organisation) {
  const auto id = send_letter(arkiv, fjordnes);
  ASSERT_TRUE(until_arrived(sak, id));
  const auto health = ask("/manage/health");
  EXPECT_EQ(health.status, 200u);
  const auto value = health.json();
  EXPECT_EQ(value.at("status"), "UP");
  const auto& parts = value.at("components").as_object();
  for (const auto* part : {"db", "diskSpace", "listeners", "livenessState", "nextMoveQueue",
                           "organisations", "ping", "readinessState", "configuration"})
    EXPECT_EQ(parts.at(part).at("status"), "UP") << part << "\n" << health.body;
  const auto& all = parts.at("organisations").at("details").at("organisations").as_object();
  EXPECT_EQ(all.size(), 3u);
  const auto& its = all.at(bergvik).at("details");
  EXPECT_EQ(its.at("keystore").at("status"), "UP");
  EXPECT_TRUE(its.at("polls").at("DPO").as_object().contains("lastSuccess"));
  EXPECT_EQ(parts.at("upstream").at("details").at("DPO").at("upload").at("status"), "UP");
  EXPECT_EQ(ask("/manage/info").json().at("build").at("version"), KP_VERSION);
}

namespace {

// A hub of its own, without national services.
class lonely_hub : public testing::Test {
 protected:
  void SetUp() override {
    const auto program =
        std::filesystem::read_symlink("/proc/self/exe").parent_path() / "knutepunkt";
    if (!std::filesystem::exists(program)) FAIL() << program << " has not been built";
    const auto random = kp::make_secure_random();
    const auto hash = kp::tenants::hash_password("pass", *random);
    const auto nowhere = fmt::format("http://127.0.0.1:{}", free_port());
    folder.write(
        "hub.yaml",
        fmt::format("environment: sandbox\nnational:\n  maskinporten_token_url: {0}/token\n"
                    "  broker_url: {0}/broker/api/v1\n  service_registry_url: {0}/sr\n"
                    "listener: {{port: {1}}}\nstorage: {{path: store}}\nadmin:\n  port: {2}\n"
                    "  credentials:\n    - {{user: drift, password_hash: \"{3}\"}}\n",
                    nowhere, api, admin, hash));
    std::filesystem::create_directory(folder.path("tenants.d"));
    folder.write("k.p12", "no key store");
    folder.write("k.password", "secret");
    folder.write(
        "tenants.d/bergvik.yaml",
        fmt::format("number: \"{}\"\nname: Bergvik\nkeystore:\n  path: ../k.p12\n"
                    "  password: {{file: ../k.password}}\nservices:\n  dpo: {{enabled: true, "
                    "poll_interval_seconds: 1}}\nchannels:\n  - name: arkiv\n    sends: "
                    "[DPO]\n    receives: [DPO]\n    credentials:\n"
                    "      - {{user: arkiv, password_hash: \"{}\"}}\n",
                    bergvik, hash));
    folder.write("tenants.d/fjordnes.yaml", "number: \"910075918\"\nnmae: Fjordnes\n");
    hub = std::make_unique<hub_process>(program, folder.path("hub.yaml"), folder.path("log"));
    ASSERT_TRUE(hub->start()) << hub->log();
  }

  rest_answer health(const std::string& which = "") const {
    return call(admin, "GET", "/manage/health" + which, basic("drift:pass"));
  }

  temporary_folder folder;
  const std::uint16_t api = free_port();
  const std::uint16_t admin = free_port();
  std::unique_ptr<hub_process> hub;
};

}  // namespace

TEST_F(lonely_hub, a_broken_organisation_is_named_with_its_fault_and_the_hub_stays_up) {
  ASSERT_TRUE(until([&] { return health().body.find("k.p12") != std::string::npos; }))
      << health().body;
  const auto answer = health();
  EXPECT_EQ(answer.status, 200u);
  const auto value = answer.json();
  EXPECT_EQ(value.at("status"), "UP");
  const auto& parts = value.at("components");
  EXPECT_EQ(parts.at("organisations").at("status"), "DEGRADED");
  const auto& its = parts.at("organisations").at("details").at("organisations").at(bergvik);
  EXPECT_EQ(its.at("status"), "DOWN");
  EXPECT_THAT(std::string(its.at("details").at("keystore").at("problem").as_string()),
              HasSubstr("k.p12"));
  EXPECT_EQ(parts.at("configuration").at("status"), "DEGRADED");
  EXPECT_THAT(answer.body, HasSubstr("fjordnes.yaml"));
  EXPECT_THAT(answer.body, HasSubstr("nmae"));

  const scrape metrics(call(admin, "GET", "/manage/prometheus", basic("drift:pass")).body);
  EXPECT_EQ(metrics["knutepunkt_organisations_in_trouble"], 1);
  EXPECT_GE(metrics["knutepunkt_configuration_problems"], 1);

  std::filesystem::remove(folder.path("tenants.d/fjordnes.yaml"));
  EXPECT_TRUE(until([&] {
    return health().json().at("components").at("configuration").at("status") == "UP";
  })) << health().body;
}

TEST_F(lonely_hub, is_not_ready_any_more_while_it_finishes_what_it_has_begun) {
  EXPECT_EQ(health("/readiness").body, R"({"status":"UP"})");
  // A request whose body does not come holds the hub up.
  boost::asio::io_context io;
  boost::asio::ip::tcp::socket slow(io);
  slow.connect({boost::asio::ip::address_v4::loopback(), api});
  boost::asio::write(
      slow, boost::asio::buffer("POST /api/messages/out HTTP/1.1\r\nHost: x\r\nAuthorization: " +
                                basic("arkiv:pass").at("Authorization") +
                                "\r\nContent-Length: 100\r\n\r\n{"));
  const auto in_flight = [&] {
    const scrape metrics(call(admin, "GET", "/manage/prometheus", basic("drift:pass")).body);
    return metrics["knutepunkt_http_requests_in_flight"];
  };
  ASSERT_TRUE(until([&] { return in_flight() == 1; }));
  std::thread stopping([&] { EXPECT_EQ(hub->stop(), 0); });
  EXPECT_TRUE(until([&] { return health("/readiness").status == 503; }));
  EXPECT_EQ(health("/readiness").body, R"({"status":"DOWN"})");
  EXPECT_EQ(health("/liveness").body, R"({"status":"UP"})");
  EXPECT_EQ(health().status, 503u);
  slow.close();
  stopping.join();
}
