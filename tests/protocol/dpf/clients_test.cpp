#include "protocol/crypto/cms.hpp"
#include "protocol/dpf/rest.hpp"
#include "protocol/dpf/soap.hpp"
#include "protocol/dpf/svarinn.hpp"
#include "protocol/http/http_error.hpp"
#include "tests/protocol/maskinporten/national_services.hpp"
#include "tests/support/fixtures.hpp"

#include <gmock/gmock.h>

namespace kp::dpf {
namespace {

using test::answer;
using test::national_services;
using test::seen_request;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

const std::shared_ptr<const crypto::keystore>& keys() {
  static const auto made = test::make_keystore();
  return made;
}

forsendelse small() {
  forsendelse out;
  out.id = out.external_reference = "abc8849c-e281-4809-8555-7cd54952b946";
  out.title = "Tittel";
  out.receiver = {"Mottaker", "910075924", {}};
  out.replies_go_to = {"Avsender", "910077473", {}};
  out.documents = {{"a\"b.txt", "text/plain", {}}};
  return out;
}

const std::vector<open_document> one_document{[]() -> result<std::unique_ptr<byte_source>> {
  return std::make_unique<string_source>("Kjære deg");
}};

packed pack_with(const svarut& it) {
  auto made = it.pack(small(), one_document, keys()->leaf, *make_memory_spools(1 << 20), "grense");
  EXPECT_TRUE(made) << made.error().message;
  return *std::move(made);
}

// What stands between two texts.
std::string between(const std::string& all, std::string_view begin, std::string_view end) {
  const auto from = all.find(begin);
  if (from == std::string::npos) return "<not there>";
  const auto start = from + begin.size();
  return all.substr(start, all.find(end, start) - start);
}

std::string decrypted(const std::string& cms) {
  string_source source(cms);
  const std::vector<crypto::keystore> own{*keys()};
  const auto plain = crypto::open_envelope(source, own);
  if (!plain) return plain.error().message;
  const auto all = read_all(**plain, 1 << 20);
  return all ? *all : all.error().message;
}

struct rest_house {
  explicit rest_house(national_services::script plays)
      : services([this, plays = std::move(plays)](const seen_request& seen) {
          if (seen.target == "/token")
            return answer(200, test::token_answer("token-" + std::to_string(++tokens), 120));
          return plays(seen);
        }) {
    maskinporten::client_settings settings;
    settings.token_url = services.url("/token");
    settings.audience = "https://test.maskinporten.no/";
    settings.client_id = "MOVE_IP_910077473";
    maskinporten.emplace(services.client(), services.workers(), time, *random, settings, keys());
    it = make_rest_svarut(services.client(), *maskinporten,
                          {services.url("/"), "konto", "integrasjon", "passord", {"ks:fiks"}, {}});
  }
  template <class T>
  T run(http::awaitable<T> coroutine) {
    return services.on().run(std::move(coroutine));
  }
  int tokens = 0;
  manual_clock time{test::noon};
  std::shared_ptr<random_source> random = make_seeded_random(1);
  national_services services;
  std::optional<maskinporten::client> maskinporten;
  std::unique_ptr<svarut> it;
};

TEST(rest_svarut, sends_metadata_first_and_each_document_encrypted_to_svaruts_certificate) {
  rest_house house([](const seen_request&) { return answer(200, R"({"id":"d6b2"})"); });
  const auto sent = house.run(house.it->send(pack_with(*house.it), "abc"));
  ASSERT_TRUE(sent) << sent.error().message;
  EXPECT_EQ(*sent, "d6b2");
  const auto seen = house.services.seen("/api");
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].method + " " + seen[0].target,
            "POST /api/v3/kontoer/konto/forsendelser/organisasjon");
  EXPECT_EQ(seen[0].header("Content-Type"), "multipart/form-data; boundary=grense");
  EXPECT_EQ(seen[0].header("Authorization"), "Bearer token-1");
  EXPECT_EQ(seen[0].header("IntegrasjonId"), "integrasjon");
  EXPECT_EQ(seen[0].header("IntegrasjonPassord"), "passord");
  EXPECT_THAT(seen[0].body, StartsWith("--grense\r\nContent-Disposition: form-data; "
                                       "name=\"forsendelse\"\r\nContent-Type: application/json\r\n"
                                       "\r\n{\"tittel\":\"Tittel\""));
  EXPECT_EQ(decrypted(between(seen[0].body,
                              "name=\"filer_0\"; filename=\"a%22b.txt\"\r\nContent-Type: "
                              "text/plain\r\n\r\n",
                              "\r\n--grense--\r\n")),
            "Kjære deg");
  EXPECT_EQ(seen[0].body.find("Kjære"), std::string::npos);
}

TEST(rest_svarut, asks_for_statuses_references_and_types) {
  rest_house house([](const seen_request& seen) {
    if (seen.target.ends_with("/status/sok"))
      return answer(200, R"({"statuser":[{"id":"1","status":"LEST"},{"id":null}]})");
    if (seen.target.find("eksternRef") != std::string::npos)
      return answer(200, R"({"forsendelseIds":["9"]})");
    return answer(200, R"({"forsendelsestyper":["a"]})");
  });
  const auto statuses = house.run(house.it->statuses({"1", "2"}));
  ASSERT_TRUE(statuses) << statuses.error().message;
  ASSERT_EQ(statuses->size(), 1U);
  EXPECT_EQ(statuses->at(0).status, "LEST");
  EXPECT_THAT(*house.run(house.it->find("m&1")), ElementsAre("9"));
  EXPECT_THAT(*house.run(house.it->types()), ElementsAre("a"));
  const auto seen = house.services.seen("/api");
  EXPECT_EQ(seen[0].body, R"({"id":["1","2"]})");
  EXPECT_EQ(seen[1].target, "/api/v2/kontoer/konto/forsendelser?eksternRef=m%261");
  EXPECT_EQ(seen[2].target, "/api/v2/forsendelsestyper");
}

TEST(rest_svarut, takes_a_new_token_after_a_401_and_leaves_refused_credentials_alone_for_an_hour) {
  int calls = 0;
  rest_house once([&calls](const seen_request&) {
    return ++calls == 1 ? answer(401) : answer(200, R"({"forsendelsestyper":[]})");
  });
  EXPECT_TRUE(once.run(once.it->types()));
  EXPECT_EQ(once.services.seen("/api")[1].header("Authorization"), "Bearer token-2");
  rest_house always([](const seen_request&) { return answer(401, "{}"); });
  const auto refused = always.run(always.it->types());
  ASSERT_FALSE(refused);
  EXPECT_EQ(always.services.seen("/api").size(), 2U);
  EXPECT_TRUE(refused.error().retryable);
  EXPECT_EQ(refused.error().retry_after, std::chrono::hours(1));
}

TEST(soap_svarut, sends_one_envelope_with_attachments) {
  KP_FIXTURE(response, "dpf/soap/sendForsendelseMedId.response.xml");
  national_services services([&](const seen_request&) {
    // SvarUt may answer in one part of a multipart, too.
    return answer(200, "--x\r\nContent-Type: application/xop+xml\r\n\r\n" + response + "\r\n--x--",
                  {{"Content-Type", "multipart/related; boundary=\"x\"; type=\"a/b\""}});
  });
  const auto it = make_soap_svarut(services.client(), {services.url("/v9"), "bruker", "ord"});
  const auto sent = services.on().run(it->send(pack_with(*it), "abc"));
  ASSERT_TRUE(sent) << sent.error().message;
  const auto seen = services.seen();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].header("Authorization"), "Basic " + to_base64("bruker:ord"));
  EXPECT_THAT(seen[0].header("Content-Type"), HasSubstr("start=\"<forsendelse@knutepunkt>\""));
  EXPECT_THAT(seen[0].body, HasSubstr("href=\"cid:dokument-0@knutepunkt\""));
  EXPECT_EQ(decrypted(between(seen[0].body, "Content-ID: <dokument-0@knutepunkt>\r\n\r\n",
                              "\r\n--grense--\r\n")),
            "Kjære deg");
}

TEST(soap_svarut, judges_faults_by_what_they_say_and_all_else_as_worth_a_retry) {
  KP_FIXTURE(duplicate, "dpf/soap/fault-duplikat.response.xml");
  KP_FIXTURE(other, "dpf/soap/fault-transient.response.xml");
  std::string body = duplicate;
  unsigned status = 500;
  national_services services([&](const seen_request&) {
    return answer(status, body, {{"Content-Type", "application/soap+xml"}});
  });
  const auto it = make_soap_svarut(services.client(), {services.url("/v9"), "bruker", "ord"});
  const auto refused = services.on().run(it->types());
  ASSERT_FALSE(refused);
  EXPECT_FALSE(refused.error().retryable);
  EXPECT_TRUE(is_duplicate(refused.error()));
  body = other;
  EXPECT_TRUE(services.on().run(it->types()).error().retryable);
  body = "<html/>";
  status = 404;
  EXPECT_TRUE(services.on().run(it->types()).error().retryable);
  status = 401;
  EXPECT_EQ(services.on().run(it->types()).error().retry_after, std::chrono::hours(1));
}

TEST(svarinn, lists_downloads_and_receipts_with_the_credentials_of_its_receiver_system) {
  KP_FIXTURE(list, "dpf/svarinn/list-two-files.json");
  national_services services([&](const seen_request& seen) {
    if (seen.target.ends_with("hentNyeForsendelser")) return answer(200, list);
    if (seen.method == "GET") return answer(200, "bytes");
    return answer(seen.target.ends_with("/2") ? 404 : 200);
  });
  svarinn it(services.client(), {services.url("/tjenester/svarinn/"), "mottaker", "ord"});
  const auto entries = services.on().run(it.list());
  ASSERT_TRUE(entries) << entries.error().message;
  ASSERT_EQ(entries->size(), 1U);
  const auto sink = std::make_shared<string_sink>(100);
  ASSERT_TRUE(services.on().run(it.download(entries->at(0).what->download_url, sink, 100)));
  EXPECT_EQ(sink->bytes(), "bytes");
  EXPECT_TRUE(services.on().run(it.accept("1")));
  EXPECT_TRUE(services.on().run(it.accept("2"))) << "it had been receipted before";
  EXPECT_TRUE(services.on().run(it.refuse("3", "ødelagt", true)));
  const auto seen = services.seen();
  for (const auto& each : seen)
    EXPECT_EQ(each.header("Authorization"), "Basic " + to_base64("mottaker:ord"));
  EXPECT_EQ(seen[0].target, "/tjenester/svarinn/mottaker/hentNyeForsendelser");
  EXPECT_EQ(seen[1].target, "/tjenester/svarinn/mottaker/forsendelse/" + entries->at(0).id);
  EXPECT_EQ(seen[2].target, "/tjenester/svarinn/kvitterMottak/forsendelse/1");
  EXPECT_EQ(seen[2].body, "");
  EXPECT_EQ(seen[4].target, "/tjenester/svarinn/mottakFeilet/forsendelse/3");
  EXPECT_EQ(seen[4].body, R"({"feilmelding":"ødelagt","permanent":true})");
}

TEST(svarinn, sends_its_credentials_nowhere_else) {
  national_services services([](const seen_request&) { return answer(200); });
  svarinn it(services.client(), {services.url("/tjenester/svarinn"), "mottaker", "ord"});
  for (const auto* url : {"http://127.0.0.1:1/x", "https://svarut.ks.no/x", "//evil/x", "x"}) {
    const auto failed =
        services.on().run(it.download(url, std::make_shared<string_sink>(100), 100));
    ASSERT_FALSE(failed) << url;
    EXPECT_FALSE(failed.error().retryable) << url;
  }
  EXPECT_TRUE(services.seen().empty());
}

}  // namespace
}  // namespace kp::dpf
