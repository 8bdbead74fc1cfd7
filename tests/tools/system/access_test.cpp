#include "config/clock.hpp"
#include "config/text.hpp"
#include "protocol/crypto/jws.hpp"
#include "protocol/http/server.hpp"
#include "tenants/api_key.hpp"
#include "tenants/password.hpp"
#include "tests/protocol/crypto/test_keys.hpp"
#include "tests/protocol/http/loopback.hpp"
#include "tests/support/tools.hpp"
#include "tests/tools/system/hub_process.hpp"
#include "tests/tools/system/rest_client.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <filesystem>

// Who is let in: the real program, asked by curl over TLS with each kind of credential.

namespace kp::test {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

const std::string password = "arkiv-pass";
const std::string list = "/api/messages/in";

// A hub over HTTPS with two organisations, and an issuer of tokens.
class guarded_hub {
 public:
  static guarded_hub* shared() {
    static const std::unique_ptr<guarded_hub> made = [] {
      const auto program =
          std::filesystem::read_symlink("/proc/self/exe").parent_path() / "knutepunkt";
      const bool possible =
          std::filesystem::exists(program) && has_tool("curl") && has_tool("openssl");
      return possible ? std::make_unique<guarded_hub>(program) : nullptr;
    }();
    return made.get();
  }

  explicit guarded_hub(const std::filesystem::path& program)
      : issuer_(on_, [this](const http::request_head& head, http::request_body&) {
          return publish(this, head.path);
        }) {
    std::filesystem::create_directories(folder.path("tls"));
    std::filesystem::create_directories(folder.path("tenants.d"));
    std::filesystem::copy("config/examples/keystores", folder.path("keystores"));
    make_authority();
    listener_certificate("first");
    client_certificate("sak");
    client_certificate("fag");
    client_certificate("unknown");
    openssl(
        "req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=sak -keyout strange.key -out "
        "strange.pem");
    write_configuration();
    hub_.emplace(program, folder.path("hub.yaml"), folder.path("hub.log"));
    started = hub_->start();
  }

  // The status of an answer, 000 without one. Each test asks from an address of its own, so that
  // none waits for the failures of another.
  std::string status(const std::string& more, const std::string& path = list) const {
    const auto done =
        run(fmt::format("curl -sS -m 20 --interface {} -o {} -w '%{{http_code}}' "
                        "--cacert {} {} https://localhost:{}{}",
                        from, folder.path("body"), folder.path("tls/ca.pem"), more, port, path));
    return done.output.size() >= 3 ? done.output.substr(done.output.size() - 3) : "";
  }
  std::string with_certificate(const std::string& name) const {
    return fmt::format("--cert {0}/{1}.pem --key {0}/{1}.key", folder.path("tls"), name);
  }
  std::string token(json::object more = {}) const {
    const auto now =
        std::chrono::duration_cast<std::chrono::seconds>(wall_clock().now().time_since_epoch())
            .count();
    json::object all{
        {"iss", issuer_.url("/")},
        {"aud", "https://hub.example.no"},
        {"scope", "eformidling:arkiv"},
        {"client_id", "system"},
        {"consumer", {{"authority", "iso6523-actorid-upis"}, {"ID", "0192:910077473"}}},
        {"iat", now},
        {"exp", now + 100}};
    for (const auto& [name, value] : more) all[name] = value;
    const auto signed_one = crypto::sign_jws({{"kid", "k"}}, json::serialize(all), sender().key);
    return "-H 'Authorization: Bearer " + signed_one.value_or("") + "'";
  }
  static std::string bearer(const std::string& key) {
    return "-H 'Authorization: Bearer " + key + "'";
  }
  // The lines of the head of an answer.
  std::string head(const std::string& more, const std::string& path = list) const {
    return run(fmt::format("curl -sS -m 20 --interface {} -o /dev/null -D - --cacert {} {} "
                           "https://localhost:{}{}",
                           from, folder.path("tls/ca.pem"), more, port, path))
        .output;
  }
  std::string log() const { return hub_->log(); }
  std::string shown_certificate() const {
    return run(fmt::format(
                   "openssl s_client -connect localhost:{} </dev/null 2>/dev/null | openssl "
                   "x509 -noout -subject",
                   port))
        .output;
  }
  void listener_certificate(const std::string& name) const {
    folder.write("tls/extensions", "subjectAltName=DNS:localhost\n");
    openssl(
        fmt::format("req -newkey rsa:2048 -nodes -subj /CN={} -keyout new.key -out new.csr", name));
    openssl(
        "x509 -req -in new.csr -CA ca.pem -CAkey ca.key -days 1 -extfile extensions -out "
        "new.pem");
    for (const std::string kind : {"key", "pem"})
      std::filesystem::rename(folder.path("tls/new." + kind), folder.path("tls/hub." + kind));
  }

  temporary_folder folder;
  std::string from = "127.0.0.1";
  std::uint16_t port = free_port();
  bool started = false;
  tenants::new_api_key key = tenants::make_api_key(*make_secure_random());

 private:
  static http::awaitable<http::server_response> publish(guarded_hub* me, std::string path) {
    auto jwk = crypto::jwk_from_rsa_key(sender().key.native());
    jwk["kid"] = "k";
    const auto issuer = me->issuer_.url("/");
    json::object metadata{{"issuer", issuer}, {"jwks_uri", issuer + "jwks"}};
    json::object keys{{"keys", json::array{jwk}}};
    std::string text = path == "/jwks" ? json::serialize(keys) : json::serialize(metadata);
    co_return http::server_response{200, {}, std::move(text), nullptr};
  }

  void openssl(const std::string& arguments) const {
    const auto done = run("cd " + folder.path("tls") + " && openssl " + arguments);
    EXPECT_EQ(done.status, 0) << arguments << '\n' << done.output;
  }
  void make_authority() const {
    openssl(
        "req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=authority -keyout ca.key -out "
        "ca.pem");
  }
  void client_certificate(const std::string& name) const {
    openssl(
        fmt::format("req -newkey rsa:2048 -nodes -subj '/C=NO/O=Bergvik æøå/CN={0}' -utf8 "
                    "-keyout {0}.key -out {0}.csr",
                    name));
    openssl(
        fmt::format("x509 -req -in {0}.csr -CA ca.pem -CAkey ca.key -days 1 -out {0}.pem", name));
  }
  std::string printed(const std::string& name, const std::string& what) const {
    const auto text =
        run(fmt::format("openssl x509 -in {}/{}.pem -noout {}", folder.path("tls"), name, what))
            .output;
    return std::string(trim(text.substr(text.find('=') + 1)));
  }
  void write_configuration() {
    folder.write("hub.yaml", fmt::format("environment: sandbox\nlistener:\n  port: {}\n"
                                         "  certificate: tls/hub.pem\n  key: tls/hub.key\n"
                                         "  client_ca: tls/ca.pem\nstorage:\n  path: store\n"
                                         "token_issuers:\n  - name: maskinporten\n    issuer: {}\n"
                                         "    audience: https://hub.example.no\n",
                                         port, issuer_.url("/")));
    const auto head = [](const std::string& number) {
      return fmt::format(
          "number: \"{0}\"\nkeystore:\n  path: ../keystores/{0}.p12\n"
          "  password: {{file: ../keystores/{0}.password}}\nchannels:\n",
          number);
    };
    folder.write("tenants.d/bergvik.yaml",
                 head("910077473") + "  - name: arkiv\n    credentials:\n" +
                     fmt::format("      - {{user: arkiv, password_hash: \"{}\"}}\n",
                                 tenants::hash_password(password, *make_secure_random())) +
                     fmt::format("      - {{api_key: {}, api_key_hash: {}}}\n", key.id, key.hash) +
                     "      - {issuer: maskinporten, scope: \"eformidling:arkiv\", consumer: "
                     "\"0192:910077473\"}\n" +
                     fmt::format("      - certificate_sha256: {}\n",
                                 printed("sak", "-fingerprint -sha256")) +
                     "  - name: fag\n    credentials:\n" +
                     fmt::format("      - certificate_subject: '{}'\n",
                                 printed("fag", "-subject -nameopt RFC2253")));
    folder.write("tenants.d/fjordnes.yaml",
                 head("910075918") + "  - name: sak\n    credentials:\n" +
                     fmt::format("      - {{user: sak, password_hash: \"{}\"}}\n",
                                 tenants::hash_password("sak-pass", *make_secure_random())));
  }

  network on_;
  test_server issuer_;
  std::optional<hub_process> hub_;
};

class access : public testing::Test {
 protected:
  void SetUp() override {
    here = guarded_hub::shared();
    if (!here) FAIL() << "the program knutepunkt, curl or openssl is missing";
    ASSERT_TRUE(here->started) << here->log();
    static int tests = 0;
    here->from = fmt::format("127.0.0.{}", 10 + ++tests);
  }
  guarded_hub* here = nullptr;
};

TEST_F(access, is_denied_without_credentials) {
  EXPECT_EQ(here->status(""), "401");
  EXPECT_EQ(here->status("-u arkiv:wrong"), "401");
}

TEST_F(access, a_password_opens_its_channel_only) {
  const auto who = "-u arkiv:" + password;
  EXPECT_EQ(here->status(who), "200");
  EXPECT_EQ(here->status(who, "/910077473/arkiv" + list), "200");
  EXPECT_EQ(here->status(who, "/910077473/fag" + list), "401");
  EXPECT_EQ(here->status(who, "/910075918/sak" + list), "401");
}

TEST_F(access, an_api_key_opens_its_channel_only) {
  EXPECT_EQ(here->status(here->bearer(here->key.key)), "200");
  EXPECT_EQ(here->status(here->bearer(here->key.key), "/910075918" + list), "401");
  auto wrong = here->key.key;
  wrong.back() = wrong.back() == 'A' ? 'B' : 'A';
  EXPECT_EQ(here->status(here->bearer(wrong)), "401");
  EXPECT_EQ(here->status(here->bearer(here->key.id)), "401");
}

TEST_F(access, a_token_opens_the_channel_that_its_scope_and_consumer_are_for) {
  EXPECT_EQ(here->status(here->token()), "200");
  EXPECT_EQ(here->status(here->token(), "/910077473/fag" + list), "401");
  EXPECT_EQ(here->status(here->token({{"scope", "eformidling:other"}})), "401");
  EXPECT_EQ(here->status(here->token({{"aud", "https://other.example.no"}})), "401");
  EXPECT_EQ(here->status(here->token({{"exp", 1'700'000'000}})), "401");
}

TEST_F(access, a_client_certificate_opens_its_channel_only) {
  const auto sak = here->with_certificate("sak"), fag = here->with_certificate("fag");
  EXPECT_EQ(here->status(sak, "/910077473/arkiv" + list), "200") << "by fingerprint";
  EXPECT_EQ(here->status(sak, "/910077473/fag" + list), "401");
  EXPECT_EQ(here->status(fag, "/910077473/fag" + list), "200") << "by subject";
  EXPECT_EQ(here->status(fag, "/910077473/arkiv" + list), "401");
  EXPECT_EQ(here->status(here->with_certificate("unknown")), "401");
}

TEST_F(access, a_certificate_of_no_authority_that_is_trusted_ends_the_handshake) {
  EXPECT_EQ(here->status(here->with_certificate("strange")), "000");
}

TEST_F(access, header_fields_of_proxies_open_nothing) {
  EXPECT_EQ(here->status("-H 'X-SSL-Client-S-DN: CN=sak' -H 'X-Forwarded-User: arkiv' -H "
                         "'X-Client-Cert-Sha256: " +
                         std::string(64, 'a') + "'"),
            "401");
}

TEST_F(access, guessing_gets_slow_and_keeps_nobody_else_out) {
  using clock = std::chrono::steady_clock;
  for (int i = 0; i < 7; ++i) here->status("-u sak:guess" + std::to_string(i));
  auto began = clock::now();
  EXPECT_EQ(here->status("-u sak:guess7"), "401");
  EXPECT_GE(clock::now() - began, std::chrono::seconds(1));
  here->from = "127.0.0.9";
  began = clock::now();
  EXPECT_EQ(here->status("-u sak:sak-pass"), "200");
  EXPECT_LT(clock::now() - began, std::chrono::seconds(1));
}

TEST_F(access, refusals_are_logged_with_address_and_user_agent_and_without_secrets) {
  EXPECT_EQ(here->status("-A 'arkivsystem 7' -u arkiv:a-secret-guess"), "401");
  const auto log = here->log();
  EXPECT_THAT(log, HasSubstr("\"user_agent\":\"arkivsystem 7\""));
  EXPECT_THAT(log, HasSubstr("\"address\":\"" + here->from + "\""));
  for (const auto& secret : {std::string("a-secret-guess"), password, here->key.key})
    EXPECT_EQ(log.find(secret), std::string::npos);
}

TEST_F(access, every_answer_has_the_security_headers_and_over_tls_hsts) {
  const auto who = "-u arkiv:" + password;
  const std::vector<std::pair<std::string, std::string>> answers{
      {who, list},
      {who, "/api/messages/in/peek"},
      {who, "/api/nothing"},
      {who + " -X PATCH", list},
      {who + " -X OPTIONS -H 'Origin: https://elsewhere.example.no' -H "
             "'Access-Control-Request-Method: GET'",
       list},
      {who + " -H 'Origin: https://elsewhere.example.no'", list},
      {"-u arkiv:wrong", list},
      {"", "/manage/health/liveness"}};
  for (const auto& [more, path] : answers) {
    SCOPED_TRACE(more + ' ' + path);
    const auto head = here->head(more, path);
    for (const auto* line :
         {"Strict-Transport-Security: max-age=31536000 ; includeSubDomains\r\n", "Vary: Origin\r\n",
          "Vary: Access-Control-Request-Method\r\n", "Vary: Access-Control-Request-Headers\r\n",
          "X-Content-Type-Options: nosniff\r\n", "X-XSS-Protection: 0\r\n",
          "X-Frame-Options: DENY\r\n", "Pragma: no-cache\r\n", "Expires: 0\r\n",
          "Cache-Control: no-cache, no-store, max-age=0, must-revalidate\r\n"})
      EXPECT_THAT(head, HasSubstr(line));
    EXPECT_EQ(head.find("Access-Control-Allow"), std::string::npos) << "no origin is allowed";
    EXPECT_EQ(head.find("Set-Cookie"), std::string::npos);
  }
}

TEST_F(access, plain_http_on_the_tls_port_is_told_so) {
  const auto done =
      run(fmt::format("curl -sS -m 20 http://localhost:{}/api/messages/in", here->port));
  EXPECT_THAT(done.output, HasSubstr("TLS only"));
}

TEST_F(access, old_tls_is_refused) {
  EXPECT_EQ(here->status("--tls-max 1.1 -u arkiv:" + password), "000");
  EXPECT_EQ(here->status("--tls-max 1.2 -u arkiv:" + password), "200");
}

TEST_F(access, a_new_certificate_is_taken_up_while_running_and_a_broken_one_is_not) {
  ASSERT_THAT(here->shown_certificate(), HasSubstr("first"));
  const auto log_has = [&](const std::string& text) {
    for (int i = 0; i < 400; ++i) {
      if (here->log().find(text) != std::string::npos) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return false;
  };
  here->listener_certificate("second");
  ASSERT_TRUE(log_has("the listener has a new certificate"));
  EXPECT_THAT(here->shown_certificate(), HasSubstr("second"));
  here->folder.write("tls/hub.pem", "no certificate at all\n");
  ASSERT_TRUE(log_has("the listener keeps its certificate"));
  EXPECT_THAT(here->shown_certificate(), HasSubstr("second"));
  EXPECT_EQ(here->status("-u arkiv:" + password), "200");
}

}  // namespace
}  // namespace kp::test
