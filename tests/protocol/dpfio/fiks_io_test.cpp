#include "protocol/dpfio/fiks_io.hpp"
#include "protocol/dpfio/dpfio_error.hpp"
#include "protocol/http/http_error.hpp"
#include "tests/protocol/maskinporten/national_services.hpp"
#include "tests/support/fixtures.hpp"

#include <gmock/gmock.h>
#include <boost/json.hpp>

namespace kp::dpfio {
namespace {

using http::http_errc;
using test::answer;
using test::national_services;
using test::seen_request;
using testing::HasSubstr;

const std::string ours = "47b0c75b-ddb5-447b-88d2-c4030d183fb3";
const std::string peer = "e0a0fba9-b7cf-44f8-99a6-a7f04b9e0347";
const std::string integration = "8e4f0a5e-1111-4222-8333-444455556666";

const std::shared_ptr<const crypto::keystore>& keys() {
  static const auto made = test::make_keystore();
  return made;
}

struct fiks_house {
  explicit fiks_house(national_services::script plays)
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
    it = std::make_unique<fiks_io>(services.client(), *maskinporten, time,
                                   fiks_io_settings{services.url("/"), integration, "hemmelig"});
  }
  template <class T>
  T run(http::awaitable<T> coroutine) {
    return services.on().run(std::move(coroutine));
  }
  result<accepted> send(outgoing what, bool with_data = true) {
    std::shared_ptr<const random_access_source> data;
    if (with_data) data = std::make_shared<string_random_access>("0123456789");
    return run(it->send(std::move(what), data, "3c7b1a52-0000-4000-8000-000000000001"));
  }
  // The certificate's bytes.
  result<std::string> key(const std::string& account) {
    return run(ask_for_key(it.get(), account));
  }
  static http::awaitable<result<std::string>> ask_for_key(fiks_io* of, std::string account) {
    auto key = co_await of->key(std::move(account));
    if (!key) co_return key.error();
    co_return key->der();
  }
  int tokens = 0;
  manual_clock time{test::noon};
  std::shared_ptr<random_source> random = make_seeded_random(1);
  national_services services;
  std::optional<maskinporten::client> maskinporten;
  std::unique_ptr<fiks_io> it;
};

outgoing small() {
  outgoing out;
  out.from = ours;
  out.to = peer;
  out.type = "no.digdir.einnsyn.v1";
  return out;
}

std::string between(const std::string& all, std::string_view begin, std::string_view end) {
  const auto from = all.find(begin);
  if (from == std::string::npos) return "<not there>";
  const auto start = from + begin.size();
  return all.substr(start, all.find(end, start) - start);
}

TEST(fiks_io, sends_metadata_and_content_as_ks_takes_them) {
  KP_FIXTURE(accepted_answer, "dpfio/rest/send.response.json");
  KP_FIXTURE(metadata, "dpfio/rest/send.metadata.request.json");
  fiks_house house([&](const seen_request&) { return answer(202, accepted_answer); });
  const auto sent = house.send(small());
  ASSERT_TRUE(sent) << sent.error().message;
  EXPECT_EQ(sent->id, "5b0f7c0e-0000-4000-8000-000000000001");
  const auto seen = house.services.seen("/fiks-io");
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].method + " " + seen[0].target, "POST /fiks-io/api/v1/send");
  EXPECT_EQ(seen[0].header("Authorization"), "Bearer token-1");
  EXPECT_EQ(seen[0].header("IntegrasjonId"), integration);
  EXPECT_EQ(seen[0].header("IntegrasjonPassord"), "hemmelig");
  EXPECT_THAT(seen[0].header("Content-Type"), HasSubstr("multipart/form-data; boundary="));
  EXPECT_EQ(
      boost::json::parse(between(
          seen[0].body, "name=\"metadata\"\r\nContent-Type: application/json\r\n\r\n", "\r\n--")),
      boost::json::parse(metadata));
  EXPECT_EQ(between(seen[0].body,
                    "name=\"data\"; filename=\"3c7b1a52-0000-4000-8000-000000000001\"\r\n"
                    "Content-Type: application/octet-stream\r\n\r\n",
                    "\r\n--"),
            "0123456789");
}

TEST(fiks_io, a_reply_names_what_it_answers_its_headers_and_its_time_in_milliseconds) {
  KP_FIXTURE(metadata, "dpfio/rest/send.metadata-reply.request.json");
  fiks_house house([](const seen_request&) { return answer(202, R"({"meldingId":"x"})"); });
  auto reply = small();
  reply.type = "no.ks.fiks.kvittering.mottatt.v1";
  reply.reply_to = "21efbd4c-413d-4e2c-bbc5-257ef4a65a91";
  reply.ttl = std::chrono::hours(48);
  reply.headers = {{"klientMeldingId", "0f4d8a43-0000-4000-8000-000000000001"},
                   {"klientKorrelasjonsId", "sak-1"}};
  ASSERT_TRUE(house.send(reply, false));
  const auto seen = house.services.seen("/fiks-io");
  EXPECT_EQ(boost::json::parse(between(seen[0].body, "application/json\r\n\r\n", "\r\n--")),
            boost::json::parse(metadata));
  EXPECT_EQ(seen[0].body.find("name=\"data\""), std::string::npos) << "no content, no part";
}

TEST(fiks_io, what_was_accepted_is_accepted_though_the_answer_cannot_be_read) {
  fiks_house house([](const seen_request&) { return answer(202, R"({"meldingId":"5b0f)"); });
  const auto sent = house.send(small());
  ASSERT_TRUE(sent) << sent.error().message;
  EXPECT_EQ(sent->id, "");
}

TEST(fiks_io, a_refused_token_is_replaced_once_and_refused_credentials_are_left_alone_for_an_hour) {
  int calls = 0;
  fiks_house once([&](const seen_request&) {
    return ++calls == 1 ? answer(401) : answer(202, R"({"meldingId":"x"})");
  });
  EXPECT_TRUE(once.send(small()));
  EXPECT_EQ(once.services.seen("/fiks-io").at(1).header("Authorization"), "Bearer token-2");
  for (const auto status : {401U, 403U}) {
    fiks_house refused([&](const seen_request&) {
      return answer(status, R"({"message":"Autentisering feilet for integrasjon med id x"})");
    });
    const auto sent = refused.send(small());
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().code, http_errc::unauthorized);
    EXPECT_TRUE(sent.error().retryable);
    EXPECT_EQ(sent.error().retry_after, std::chrono::hours(1));
    EXPECT_THAT(sent.error().message, HasSubstr("Autentisering feilet"));
    EXPECT_EQ(sent.error().message.find("hemmelig"), std::string::npos);
  }
}

TEST(fiks_io, refusals_are_final_and_trouble_is_not) {
  KP_FIXTURE(body, "dpfio/rest/error.response.json");
  for (const auto status : {400U, 404U, 409U, 413U, 422U}) {
    fiks_house house([&](const seen_request&) { return answer(status, body); });
    const auto sent = house.send(small());
    ASSERT_FALSE(sent) << status;
    EXPECT_FALSE(sent.error().retryable) << status;
    EXPECT_THAT(sent.error().message, HasSubstr("Fant ingen konto"));
  }
  for (const auto status : {429U, 500U, 503U}) {
    fiks_house house([&](const seen_request&) {
      http::headers headers;
      headers.add("Retry-After", "7");
      return answer(status, body, headers);
    });
    const auto sent = house.send(small());
    ASSERT_FALSE(sent) << status;
    EXPECT_TRUE(sent.error().retryable) << status;
    EXPECT_EQ(sent.error().retry_after, std::chrono::seconds(7)) << status;
  }
}

TEST(fiks_io, without_a_token_nothing_is_sent_and_all_is_tried_again) {
  fiks_house house([](const seen_request&) { return answer(500); });
  house.it =
      std::make_unique<fiks_io>(house.services.client(), *house.maskinporten, house.time,
                                fiks_io_settings{house.services.url("/"), integration, "hemmelig"});
  fiks_house refusing([](const seen_request&) { return answer(202); });
  maskinporten::client_settings settings;
  settings.token_url = house.services.url("/elsewhere");
  settings.audience = "https://test.maskinporten.no/";
  settings.client_id = "x";
  maskinporten::client nobody(house.services.client(), house.services.workers(), house.time,
                              *house.random, settings, keys());
  fiks_io it(refusing.services.client(), nobody, house.time,
             fiks_io_settings{refusing.services.url("/"), integration, "hemmelig"});
  const auto sent = house.run(it.send(small(), nullptr, "u"));
  ASSERT_FALSE(sent);
  EXPECT_TRUE(sent.error().retryable);
  EXPECT_TRUE(refusing.services.seen("/fiks-io").empty());
}

TEST(fiks_io, accounts_are_found_by_id_and_by_organisation) {
  KP_FIXTURE(body, "dpfio/rest/katalog-konto.response.json");
  KP_FIXTURE(closed, "dpfio/rest/katalog-konto-not-receiver.response.json");
  fiks_house house([&](const seen_request& seen) {
    if (seen.target.find("lookup") != std::string::npos) return answer(200, body);
    if (seen.target.ends_with(ours)) return answer(404, R"({"message":"Fant ingen konto"})");
    return answer(200, closed);
  });
  const auto found =
      house.run(house.it->find(wanted_account{"910075935", "no.digdir.einnsyn.v1", 4}));
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->id, peer);
  EXPECT_EQ(found->organisation, "910075935");
  EXPECT_TRUE(found->valid_receiver);
  EXPECT_EQ(house.services.seen("/fiks-io").at(0).target,
            "/fiks-io/katalog/api/v1/lookup?identifikator=ORG_NO.910075935&meldingProtokoll="
            "no.digdir.einnsyn.v1&sikkerhetsniva=4");
  const auto shut = house.run(house.it->find(peer));
  ASSERT_TRUE(shut);
  EXPECT_FALSE(shut->valid_receiver);
  EXPECT_EQ(shut->note, "Mangler offentlig nøkkel");
  const auto none = house.run(house.it->find(ours));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, dpfio_errc::unknown_account);
  EXPECT_FALSE(none.error().retryable);
}

TEST(fiks_io, a_key_is_kept_for_ten_minutes_and_asked_for_without_credentials) {
  KP_FIXTURE(body, "dpfio/rest/katalog-offentlig-nokkel.response.json");
  KP_FIXTURE(pem, "dpfio/payload/peer-konto.cert.pem");
  fiks_house house([&](const seen_request&) { return answer(200, body); });
  // The certificate of the fixture is younger than noon.
  house.time.advance(std::chrono::hours(24 * 365 * 2));
  const auto path = "/fiks-io/katalog/api/v1/kontoer/" + peer + "/offentligNokkel";
  const auto key = house.key(peer);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(*key, crypto::certificate::from_pem(pem)->der());
  EXPECT_TRUE(house.key(peer));
  ASSERT_EQ(house.services.seen(path).size(), 1U);
  EXPECT_EQ(house.services.seen(path)[0].header("Authorization"), "<none>");
  house.time.advance(std::chrono::minutes(10));
  EXPECT_TRUE(house.key(peer));
  EXPECT_EQ(house.services.seen(path).size(), 2U);
}

TEST(fiks_io, a_key_that_is_absent_or_void_is_waited_for) {
  KP_FIXTURE(body, "dpfio/rest/katalog-offentlig-nokkel.response.json");
  auto value = boost::json::parse(body).as_object();
  value["valid"] = false;
  value["statusMessage"] = "Utløpt";
  for (const auto& said :
       {answer(404), answer(200, boost::json::serialize(value)), answer(200, body)}) {
    fiks_house house([&](const seen_request&) { return said; });  // at noon none is valid yet
    const auto key = house.key(peer);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code, dpfio_errc::no_key);
    EXPECT_TRUE(key.error().retryable);
  }
}

TEST(fiks_io, what_was_too_large_for_the_queue_is_fetched) {
  fiks_house house([](const seen_request& seen) {
    return seen.target.ends_with("/77") ? answer(200, "inhalt") : answer(404);
  });
  const auto sink = std::make_shared<string_sink>(100);
  ASSERT_TRUE(house.run(house.it->download("77", sink, 100)));
  EXPECT_EQ(sink->bytes(), "inhalt");
  EXPECT_EQ(house.services.seen("/dokumentlager").at(0).header("IntegrasjonId"), integration);
  const auto gone = house.run(house.it->download("78", sink, 100));
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, http_errc::refused);
  EXPECT_FALSE(gone.error().retryable);
}

}  // namespace
}  // namespace kp::dpfio
