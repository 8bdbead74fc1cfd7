#include "config/hub_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace kp;
using testing::HasSubstr;

namespace {

class hub_settings_file : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::temp_directory_path() / ("knutepunkt-hub-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  loaded_hub load(const std::string& yaml) {
    std::ofstream(folder_ / "hub.yaml") << yaml;
    return load_hub((folder_ / "hub.yaml").string(), variables_);
  }
  // Everything that is wrong, a line each, without the folder.
  std::string problems(const std::string& yaml) {
    std::string all;
    for (const auto& p : load(yaml).problems)
      all += to_string(p).substr(folder_.string().size() + 1) + "\n";
    return all;
  }
  std::string below(const std::string& name) const { return (folder_ / name).string(); }

  std::filesystem::path folder_;
  environment variables_ = [](const std::string& name) -> std::optional<std::string> {
    if (name == "KP_MASTER_KEY") return std::string(64, 'a');
    if (name == "KP_SHORT") return "abc";
    return std::nullopt;
  };
};

const std::string least = "environment: sandbox\nstorage: {path: store}\n";

}  // namespace

TEST_F(hub_settings_file, needs_only_environment_and_storage) {
  const auto loaded = load(least);
  ASSERT_TRUE(loaded.settings) << problems(least);
  const auto& s = *loaded.settings;
  EXPECT_EQ(s.preset, environment_preset::sandbox);
  EXPECT_EQ(s.api.address, "127.0.0.1");
  EXPECT_EQ(s.api.port, 9093);
  EXPECT_EQ(s.storage_path, below("store"));
  EXPECT_EQ(s.tenants_folder, below("tenants.d"));
  EXPECT_TRUE(s.master_key_is_default);
  EXPECT_EQ(s.master_key.describe(), "file " + below("store/master.key"));
  EXPECT_EQ(s.national.maskinporten_audience, "http://127.0.0.1:8090/");
  EXPECT_EQ(s.national.service_registry_key_url, "http://127.0.0.1:8090/adressetjeneste/jwk");
  EXPECT_EQ(s.file, below("hub.yaml"));
}

TEST_F(hub_settings_file, takes_every_key) {
  std::ofstream(below("tls.pem")) << "x";
  const auto loaded = load(R"(
environment: test
national:
  maskinporten_token_url: https://mp.example.no/token
  maskinporten_audience: https://mp.example.no/
  altinn_exchange_url: https://altinn.example.no/exchange
  broker_url: https://altinn.example.no/broker/api/v1/
  broker_resource: my-resource
  service_registry_url: https://sr.example.no/adressetjeneste/
  service_registry_key_url: https://sr.example.no/keys
listener: {address: "::", port: 443, certificate: tls.pem, key: tls.pem}
storage:
  path: /var/lib/knutepunkt
  master_key: {env: KP_MASTER_KEY}
tenants: {folder: ../others}
upstream: {ca_file: tls.pem, proxy: "http://proxy:3128/", broker_search_per_minute: 7, broker_calls_per_minute: 60}
limits:
  max_connections: 10
  max_requests_in_flight: 9
  max_requests_in_flight_per_organisation: 8
  io_workers: 3
log: {level: debug}
)");
  for (const auto& p : loaded.problems) ADD_FAILURE() << to_string(p);
  ASSERT_TRUE(loaded.settings);
  const auto& s = *loaded.settings;
  EXPECT_EQ(s.national.broker_url, "https://altinn.example.no/broker/api/v1");
  EXPECT_EQ(s.national.broker_resource, "my-resource");
  EXPECT_EQ(s.national.maskinporten_token_url, "https://mp.example.no/token");
  EXPECT_EQ(s.national.maskinporten_audience, "https://mp.example.no/");
  EXPECT_EQ(s.national.altinn_exchange_url, "https://altinn.example.no/exchange");
  EXPECT_EQ(s.national.service_registry_url, "https://sr.example.no/adressetjeneste");
  EXPECT_EQ(s.national.service_registry_key_url, "https://sr.example.no/keys");
  EXPECT_EQ(s.api.address, "::");
  EXPECT_EQ(s.api.port, 443);
  EXPECT_EQ(s.api.certificate_file, below("tls.pem"));
  EXPECT_EQ(s.api.key_file, below("tls.pem"));
  EXPECT_EQ(s.storage_path, "/var/lib/knutepunkt");
  EXPECT_FALSE(s.master_key_is_default);
  EXPECT_EQ(s.master_key.read(variables_).value(), std::string(64, 'a'));
  EXPECT_EQ(s.tenants_folder, (folder_.parent_path() / "others").string());
  EXPECT_EQ(s.ca_file, below("tls.pem"));
  EXPECT_EQ(s.proxy, "http://proxy:3128");
  EXPECT_EQ(s.broker_search_per_minute, 7U);
  EXPECT_EQ(s.broker_calls_per_minute, 60U);
  EXPECT_EQ(s.max_connections, 10U);
  EXPECT_EQ(s.max_requests_in_flight, 9U);
  EXPECT_EQ(s.max_requests_in_flight_per_organisation, 8U);
  EXPECT_EQ(s.io_workers, 3U);
  EXPECT_EQ(s.log_level, "debug");
}

TEST_F(hub_settings_file, tells_where_tenants_are_although_it_has_problems) {
  EXPECT_EQ(load("tenants: {folder: t}\n").tenants_folder, below("t"));
  EXPECT_EQ(load("zzz: 1\n").tenants_folder, below("tenants.d"));
  EXPECT_EQ(load("[").tenants_folder, "");
}

TEST_F(hub_settings_file, the_keys_of_the_registry_follow_its_address) {
  const auto loaded = load(least + "national: {service_registry_url: \"http://10.0.0.7:1/sr/\"}\n");
  ASSERT_TRUE(loaded.settings);
  EXPECT_EQ(loaded.settings->national.service_registry_key_url, "http://10.0.0.7:1/sr/jwk");
}

TEST_F(hub_settings_file, the_service_bus_speaks_amqp_at_the_host_it_has) {
  const auto usual = load("environment: production\nstorage: {path: s}\ntenants: {folder: t}\n");
  ASSERT_TRUE(usual.settings);
  EXPECT_EQ(usual.settings->national.service_bus_amqp_url,
            "amqps://efm-dpe-prod.servicebus.windows.net:5671");
  const auto other = load(least + "national: {service_bus_url: \"https://bus.example.no\"}\n");
  ASSERT_TRUE(other.settings);
  EXPECT_EQ(other.settings->national.service_bus_amqp_url, "amqps://bus.example.no:5671");
  const auto written = load(least + "national: {service_bus_amqp_url: \"amqp://[::1]:7\"}\n");
  ASSERT_TRUE(written.settings);
  EXPECT_EQ(written.settings->national.service_bus_amqp_url, "amqp://[::1]:7");
}

TEST_F(hub_settings_file, amqp_without_tls_is_for_this_machine) {
  EXPECT_THAT(problems("environment: test\nstorage: {path: s}\ntenants: {folder: t}\n"
                       "national: {service_bus_amqp_url: \"amqp://bus.example.no\"}\n"),
              testing::HasSubstr("would send tokens and letters unencrypted. Write amqps://"));
  EXPECT_THAT(problems(least + "national: {service_bus_amqp_url: \"https://bus.example.no\"}\n"),
              testing::HasSubstr("is no address for AMQP. Write it as amqps://host:5671"));
}

TEST_F(hub_settings_file, reports_everything_at_once_with_file_line_rule_and_remedy) {
  EXPECT_EQ(problems(R"(environment: prod
lissener: {port: 1}
listener: {port: 70000, adress: ::1}
limits: {io_workers: two}
log: {level: INFO}
)"),
            "hub.yaml:1:1: storage.path is missing. Add it: The folder that holds everything the "
            "hub keeps; made at the first start. Keep it on a local disk.\n"
            "hub.yaml:1:14: environment cannot be \"prod\". Write one of production, test, "
            "sandbox.\n"
            "hub.yaml:2:1: the file has no key \"lissener\". Did you mean \"listener\"?\n"
            "hub.yaml:3:18: listener.port cannot be \"70000\". Write a whole number from 1 to "
            "65535.\n"
            "hub.yaml:3:25: listener has no key \"adress\". Did you mean \"address\"?\n"
            "hub.yaml:4:22: limits.io_workers cannot be \"two\". Write a whole number from 1 to "
            "256.\n"
            "hub.yaml:5:14: log.level cannot be \"INFO\". Did you mean \"info\"?\n");
}

TEST_F(hub_settings_file, numbers_stay_inside_their_range) {
  for (const auto* port : {"0", "65536", "-1", "1.5", "0x10", "99999999999999999999", "80 80"})
    EXPECT_THAT(problems(least + "listener: {port: " + port + "}\n"), HasSubstr("listener.port"))
        << port;
  EXPECT_EQ(problems(least + "listener: {port: 65535}\n"), "");
}

TEST_F(hub_settings_file, a_certificate_and_its_key_come_together) {
  std::ofstream(below("tls.pem")) << "x";
  EXPECT_THAT(problems(least + "listener: {certificate: tls.pem}\n"),
              HasSubstr("hub.yaml:3:12: the listener has only one of certificate and key"));
  EXPECT_THAT(problems(least + "listener: {key: tls.pem}\n"), HasSubstr("only one of"));
  EXPECT_THAT(problems(least + "listener: {certificate: gone.pem, key: tls.pem}\n"),
              HasSubstr("gone.pem cannot be read"));
}

TEST_F(hub_settings_file, one_organisation_cannot_have_more_requests_than_all) {
  EXPECT_THAT(problems(least + "limits: {max_requests_in_flight: 100}\n"),
              HasSubstr("hub.yaml:3:1: one organisation may have more requests in flight (256)"));
}

TEST_F(hub_settings_file,
       webhooks_reach_private_addresses_where_that_is_allowed_or_in_the_sandbox) {
  const auto allows = [&](const std::string& environment, const std::string& more) {
    const auto loaded = load("environment: " + environment + "\nstorage: {path: store}\n" + more);
    EXPECT_TRUE(loaded.settings);
    return loaded.settings && loaded.settings->webhooks.allows_private();
  };
  EXPECT_TRUE(allows("sandbox", ""));
  EXPECT_FALSE(allows("test", ""));
  EXPECT_FALSE(allows("production", ""));
  EXPECT_TRUE(allows("production", "webhooks: {private_targets: allow}\n"));
  EXPECT_FALSE(allows("sandbox", "webhooks: {private_targets: forbid}\n"));
}

TEST_F(hub_settings_file, events_are_kept_for_longer_than_webhooks_are_tried) {
  EXPECT_EQ(problems(least + "webhooks: {give_up_after_hours: 71}\n"), "");
  EXPECT_THAT(problems(least + "webhooks: {give_up_after_hours: 72}\n"),
              HasSubstr("webhooks are tried for 72 hours, but events are kept for 72"));
  EXPECT_THAT(problems(least + "events: {keep_hours: 24}\n"), HasSubstr("hub.yaml:3:10: webhooks"));
}

TEST_F(hub_settings_file, plain_http_is_for_the_sandbox_and_this_machine) {
  const std::string test = "environment: test\nstorage: {path: store}\nnational: {broker_url: ";
  EXPECT_THAT(problems(test + "\"http://broker.example.no/x\"}\n"), HasSubstr("unencrypted"));
  EXPECT_EQ(problems(test + "\"http://127.0.0.1:8090/x\"}\n"), "");
  EXPECT_EQ(problems(test + "\"http://[::1]:8090/x\"}\n"), "");
  EXPECT_EQ(problems(test + "\"https://broker.example.no/x\"}\n"), "");
  EXPECT_EQ(problems(least + "national: {broker_url: \"http://sandbox:8090/x\"}\n"), "");
}

TEST_F(hub_settings_file, addresses_that_cannot_be_called_are_refused_and_not_repeated) {
  for (const auto* url :
       {"ftp://x", "https://", "https:///x", "https://h:0/", "https://h:x/", "https://u:geheim@h/",
        "https://h/x?y=geheim", "https://h/#x", "https://h /x", "https://[::1]x/"}) {
    const auto found = problems(least + "national: {broker_url: \"" + url + "\"}\n");
    EXPECT_THAT(found, HasSubstr("national.broker_url ")) << url;
    EXPECT_EQ(found.find("geheim"), std::string::npos);
  }
  EXPECT_THAT(problems(least + "upstream: {proxy: \"https://p:1\"}\n"),
              HasSubstr("http://host:port"));
  EXPECT_THAT(problems(least + "upstream: {proxy: \"http://p:1/x\"}\n"),
              HasSubstr("http://host:port"));
}

TEST_F(hub_settings_file, a_secret_in_the_clear_must_be_allowed) {
  const auto key = std::string(64, 'b');
  const auto storage = "environment: sandbox\nstorage: {path: s, master_key: {";
  const auto refused = problems(storage + ("clear: " + key) + "}}\n");
  EXPECT_THAT(refused, HasSubstr("storage.master_key stands in the clear in this file"));
  EXPECT_THAT(refused, HasSubstr("allow_clear: true"));
  EXPECT_EQ(refused.find(key), std::string::npos);
  EXPECT_THAT(problems(storage + ("clear: " + key) + ", allow_clear: false}}\n"),
              HasSubstr("in the clear"));
  EXPECT_EQ(problems(storage + ("clear: " + key) + ", allow_clear: true}}\n"), "");
}

TEST_F(hub_settings_file, a_secret_says_one_place_that_holds_a_fitting_value) {
  const std::string storage = "environment: sandbox\nstorage: {path: s, master_key: ";
  EXPECT_THAT(problems(storage + "abc}\n"), HasSubstr("must say where its value is kept"));
  EXPECT_THAT(problems(storage + "{}}\n"), HasSubstr("exactly one of env, file and clear"));
  EXPECT_THAT(problems(storage + "{env: A, file: b}}\n"), HasSubstr("exactly one of"));
  EXPECT_THAT(problems(storage + "{env: A B}}\n"), HasSubstr("no name of an environment"));
  EXPECT_THAT(problems(storage + "{env: NOT_SET}}\n"),
              HasSubstr("environment variable NOT_SET is not set"));
  EXPECT_THAT(problems(storage + "{file: gone}}\n"), HasSubstr(below("gone") + " cannot be read"));
  EXPECT_THAT(problems(storage + "{evn: A}}\n"), HasSubstr("Did you mean \"env\"?"));
  EXPECT_THAT(problems(storage + "{env: KP_SHORT}}\n"), HasSubstr("64 hexadecimal digits"));
  EXPECT_THAT(problems(storage + "{env: KP_MASTER_KEY, allow_clear: true}}\n"),
              HasSubstr("there is no clear"));
  EXPECT_EQ(problems(storage + "{env: KP_MASTER_KEY}}\n"), "");
}

TEST(hub_settings, the_reference_page_is_what_the_declarations_say) {
  std::ifstream in("docs/settings.md");
  ASSERT_TRUE(in) << "tests run in the project's folder";
  const std::string page(std::istreambuf_iterator<char>(in), {});
  EXPECT_EQ(page, describe_hub_settings())
      << "write it anew: knutepunkt settings > docs/settings.md";
}

TEST(hub_settings, the_reference_tells_defaults_ranges_and_secrets) {
  const auto page = describe_hub_settings();
  EXPECT_THAT(page, HasSubstr("| `listener.port` | whole number: 1 to 65535 | `9093` | yes |"));
  EXPECT_THAT(page, HasSubstr("| `environment` | word: production, test, sandbox | required |"));
  EXPECT_THAT(page, HasSubstr("Secret: never shown"));
}
