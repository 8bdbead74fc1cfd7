#include "protocol/altinn/broker.hpp"

#include "protocol/http/http_error.hpp"
#include "tests/protocol/maskinporten/national_services.hpp"
#include "tests/support/fixtures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

namespace kp::altinn {
namespace {

using namespace std::chrono_literals;
using maskinporten::system_user;
using test::answer;
using test::national_services;
using test::seen_request;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// Tokens are only looked into for their expiry.
std::string altinn_token(std::int64_t life, int number) {
  const auto ends =
      std::chrono::duration_cast<std::chrono::seconds>(test::noon.time_since_epoch()).count() +
      life;
  const auto claims = boost::json::serialize(boost::json::object{{"exp", ends}, {"n", number}});
  return to_base64url(R"({"alg":"RS256"})") + "." + to_base64url(claims) + "." + to_base64url("s");
}

const std::shared_ptr<const crypto::keystore>& keys() {
  static const auto made = test::make_keystore();
  return made;
}

const system_user municipality{"0192:910077473", "user"};

// Maskinporten and the token exchange answer well; what Broker answers is the test's.
struct asking {
  explicit asking(national_services::script broker_plays, std::int64_t life = 1800)
      : services([this, life, broker_plays = std::move(broker_plays)](const seen_request& seen) {
          if (seen.target == "/token") return answer(200, test::token_answer("mp", 120));
          if (seen.target == "/exchange") {
            if (exchange_refuses > 0) {
              --exchange_refuses;
              return answer(401);
            }
            return answer(200, '"' + altinn_token(life, ++tokens_made) + '"');
          }
          return broker_plays(seen);
        }) {
    maskinporten::client_settings settings;
    settings.token_url = services.url("/token");
    settings.audience = "https://test.maskinporten.no/";
    settings.client_id = "MOVE_IP_910077473";
    maskinporten.emplace(services.client(), services.workers(), time, *random, settings, keys());
    tokens.emplace(services.client(), time, *maskinporten, services.url("/exchange"));
    permit may = [this](broker_endpoint endpoint) -> http::awaitable<result<void>> {
      return turn(endpoint);
    };
    limit_reached told = [this](broker_endpoint endpoint,
                                std::optional<std::chrono::seconds> wait) {
      limits.emplace_back(to_string(endpoint), wait);
    };
    it.emplace(services.client(), *tokens, municipality, services.url("/broker/api/v1"), may, told);
  }
  http::awaitable<result<void>> turn(broker_endpoint endpoint) {
    turns.emplace_back(to_string(endpoint));
    if (no_turn) co_return transient(http::http_errc::rate_limited, "no turn in time");
    co_return result<void>{};
  }
  result<std::string> token(const std::string& scope) {
    return services.on().run(tokens->get(municipality, scope));
  }
  template <class T>
  T run(http::awaitable<T> coroutine) {
    return services.on().run(std::move(coroutine));
  }

  std::atomic<int> tokens_made = 0;
  std::atomic<int> exchange_refuses = 0;
  std::vector<std::string> turns;
  std::vector<std::pair<std::string, std::optional<std::chrono::seconds>>> limits;
  std::atomic<bool> no_turn = false;
  manual_clock time{test::noon};
  std::shared_ptr<random_source> random = make_seeded_random(1);
  national_services services;
  std::optional<maskinporten::client> maskinporten;
  std::optional<token_exchange> tokens;
  std::optional<broker> it;
};

national_services::script always(unsigned status, std::string body = "",
                                 http::headers headers = {}) {
  return [=](const seen_request&) { return answer(status, body, headers); };
}

std::string problem(unsigned status, const std::string& code, const std::string& detail = "no") {
  return boost::json::serialize(
      boost::json::object{{"title", "t"}, {"status", status}, {"detail", detail}, {"code", code}});
}

initialize_request letter() {
  return {"eformidling-dpo-meldingsutveksling", "19efbd4c-413d-4e2c-bbc5-257ef4a65b38",
          "0192:910077473", "0192:910075918", std::nullopt};
}

TEST(token_exchange, trades_a_system_users_token_and_strips_quotes) {
  asking asking(always(500));
  const auto got = asking.token("altinn:broker.read");
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(*got, altinn_token(1800, 1));
  const auto seen = asking.services.seen("/exchange");
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].method, "GET");
  EXPECT_EQ(seen[0].header("Authorization"), "Bearer mp");
}

TEST(token_exchange, keeps_a_token_for_25_minutes_per_scope) {
  asking asking(always(500));
  EXPECT_EQ(*asking.token("read"), altinn_token(1800, 1));
  EXPECT_EQ(*asking.token("write"), altinn_token(1800, 2));
  asking.time.advance(25min - 1s);
  EXPECT_EQ(*asking.token("read"), altinn_token(1800, 1));
  asking.time.advance(1s);
  EXPECT_EQ(*asking.token("read"), altinn_token(1800, 3));
}

TEST(token_exchange, keeps_no_token_to_its_very_end) {
  asking asking(always(500), 60);
  EXPECT_TRUE(asking.token("read"));
  asking.time.advance(49s);
  EXPECT_EQ(*asking.token("read"), altinn_token(60, 1));
  asking.time.advance(1s);
  EXPECT_EQ(*asking.token("read"), altinn_token(60, 2));
}

TEST(token_exchange, gets_a_new_maskinporten_token_once_when_refused) {
  asking asking(always(500));
  asking.exchange_refuses = 1;
  EXPECT_TRUE(asking.token("read"));
  EXPECT_EQ(asking.services.seen("/token").size(), 2u);
  asking.exchange_refuses = 2;
  const auto refused = asking.token("write");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, http::http_errc::unauthorized);
}

TEST(broker, initializes_as_the_reference_client_does) {
  KP_FIXTURE(expected, "dpo/examples/broker-initialize-request.json");
  KP_FIXTURE(response, "dpo/examples/broker-initialize-response.json");
  asking asking(always(200, response));
  const auto request = letter();
  const auto id = asking.run(asking.it->initialize(request));
  ASSERT_TRUE(id) << id.error().message;
  EXPECT_EQ(*id, "dc11ecad-dc5c-44a3-b566-b460485580f8");
  const auto seen = asking.services.seen("/broker");
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].method, "POST");
  EXPECT_EQ(seen[0].target, "/broker/api/v1/filetransfer/");
  EXPECT_EQ(seen[0].header("Accept"), "application/json");
  EXPECT_EQ(seen[0].header("Content-Type"), "application/json");
  EXPECT_EQ(seen[0].header("Authorization"), "Bearer " + altinn_token(1800, 1));
  EXPECT_EQ(boost::json::parse(seen[0].body), boost::json::parse(expected));
  EXPECT_THAT(asking.turns, ElementsAre("initialize"));
  const auto grant = asking.services.seen("/token").at(0).body;
  const auto claims = crypto::parse_jws(grant.substr(grant.find("assertion=") + 10))->payload;
  EXPECT_EQ(boost::json::parse(claims).at("scope"), "altinn:broker.write");
}

TEST(broker, sends_a_checksum_when_it_has_one_and_wants_an_id_back) {
  asking asking(always(200, R"({"fileTransferId":null})"));
  auto request = letter();
  request.checksum = "9e107d9d372bb6826bd81d3542a419d6";
  const auto id = asking.run(asking.it->initialize(request));
  ASSERT_FALSE(id);
  EXPECT_EQ(id.error().code, http::http_errc::bad_answer);
  EXPECT_EQ(boost::json::parse(asking.services.seen("/broker").at(0).body).at("checksum"),
            "9e107d9d372bb6826bd81d3542a419d6");
}

TEST(broker, uploads_a_body_with_its_length) {
  asking asking(always(200));
  const std::string bytes(3'000'000, 'z');
  ASSERT_TRUE(asking.run(asking.it->upload("id-1", std::make_shared<string_random_access>(bytes))));
  const auto seen = asking.services.seen("/broker").at(0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/broker/api/v1/filetransfer/id-1/upload");
  EXPECT_EQ(seen.header("Content-Type"), "application/octet-stream");
  EXPECT_EQ(seen.header("Accept"), "application/json");
  EXPECT_EQ(seen.header("Content-Length"), "3000000");
  EXPECT_TRUE(seen.body == bytes);
}

TEST(broker, searches_for_new_and_for_started_transfers) {
  KP_FIXTURE(response, "dpo/examples/broker-search-response.json");
  asking asking(always(200, response));
  EXPECT_THAT(
      *asking.run(asking.it->search("res a", recipient_status::initialized)),
      ElementsAre("dc11ecad-dc5c-44a3-b566-b460485580f8", "bbcc4621-d88f-4a94-ae2f-b38072bf5087"));
  ASSERT_TRUE(asking.run(asking.it->search("res a", recipient_status::download_started)));
  const auto seen = asking.services.seen("/broker");
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].target,
            "/broker/api/v1/"
            "filetransfer?resourceId=res%20a&status=Published&recipientStatus=Initialized");
  EXPECT_THAT(seen[1].target, HasSubstr("recipientStatus=DownloadStarted"));
  EXPECT_EQ(seen[0].header("Accept"), "application/json");
}

TEST(broker, reads_an_overview) {
  KP_FIXTURE(response, "dpo/examples/broker-overview-response.json");
  asking asking(always(200, response));
  const auto seen = asking.run(asking.it->overview("dc11ecad-dc5c-44a3-b566-b460485580f8"));
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_EQ(seen->id, "dc11ecad-dc5c-44a3-b566-b460485580f8");
  EXPECT_EQ(seen->senders_reference, "19efbd4c-413d-4e2c-bbc5-257ef4a65b38");
  EXPECT_EQ(seen->sender, "0192:910077473");
  EXPECT_EQ(seen->status, "Published");
  EXPECT_EQ(seen->size, 48213u);
  EXPECT_EQ(seen->created, parse_timestamp_with_offset("2026-01-15T09:00:01.123456Z"));
  EXPECT_THAT(seen->recipients, ElementsAre(std::pair{"0192:910075918", "Initialized"}));
}

TEST(broker, calls_json_that_is_none_a_bad_answer) {
  asking asking(always(200, "<html>"));
  EXPECT_EQ(asking.run(asking.it->search("r", recipient_status::initialized)).error().code,
            http::http_errc::bad_answer);
  EXPECT_EQ(asking.run(asking.it->overview("x")).error().code, http::http_errc::bad_answer);
}

TEST(broker, downloads_into_a_sink_within_a_limit) {
  asking asking(always(200, std::string(500'000, 'q')));
  const auto sink = std::make_shared<string_sink>(1'000'000);
  ASSERT_TRUE(asking.run(asking.it->download("id-1", sink, 500'000)));
  EXPECT_EQ(sink->bytes(), std::string(500'000, 'q'));
  const auto seen = asking.services.seen("/broker").at(0);
  EXPECT_EQ(seen.target, "/broker/api/v1/filetransfer/id-1/download");
  EXPECT_EQ(seen.header("Accept"), "<none>");
  EXPECT_EQ(asking.run(asking.it->download("id-1", sink, 499'999)).error().code,
            http::http_errc::too_large);
}

TEST(broker, replaces_a_refused_token_once) {
  std::atomic<int> refusals = 1;
  asking asking(
      [&](const seen_request&) { return refusals-- > 0 ? answer(401) : answer(200, "[]"); });
  EXPECT_TRUE(asking.run(asking.it->search("r", recipient_status::initialized)));
  const auto seen = asking.services.seen("/broker");
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_NE(seen[0].header("Authorization"), seen[1].header("Authorization"));
  EXPECT_THAT(asking.turns, ElementsAre("search", "search"));
  refusals = 5;
  const auto refused = asking.run(asking.it->search("r", recipient_status::initialized));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, http::http_errc::unauthorized);
  EXPECT_EQ(asking.services.seen("/broker").size(), 4u);
}

TEST(broker, says_brokers_code_and_detail) {
  const auto refused = [](unsigned status, std::string body, http::headers headers = {}) {
    asking asking(always(status, std::move(body), std::move(headers)));
    return asking.run(asking.it->overview("id-1")).error();
  };
  const auto gone = refused(404, problem(404, "BRO-00001", "not found"));
  EXPECT_EQ(gone.code, http::http_errc::refused);
  EXPECT_EQ(gone.message, "Broker overview id-1: HTTP 404: BRO-00001: not found");
  EXPECT_FALSE(gone.retryable);
  const auto storage = refused(503, problem(503, "BRO-00021"));
  EXPECT_EQ(storage.code, http::http_errc::unavailable);
  EXPECT_TRUE(storage.retryable);
  const auto limited = refused(429, "slow down", {{"Retry-After", "17"}});
  EXPECT_EQ(limited.code, http::http_errc::rate_limited);
  EXPECT_EQ(limited.retry_after, 17s);
  const auto invalid = refused(400, R"({"title":"bad","errors":{"sender":["no pattern"]}})");
  EXPECT_THAT(invalid.message, HasSubstr("bad; sender: no pattern"));
  EXPECT_EQ(refused(502, "<html>").code, http::http_errc::unavailable);
}

TEST(broker, tells_others_of_a_limit_that_broker_reports_and_of_nothing_else) {
  http::headers headers{{"Retry-After", "17"}};
  std::atomic<unsigned> status = 429;
  asking asking([&](const seen_request& seen) {
    return answer(status, "", seen.method == "GET" ? headers : http::headers{});
  });
  EXPECT_FALSE(asking.run(asking.it->overview("id-1")));
  EXPECT_FALSE(asking.run(asking.it->initialize(letter())));
  ASSERT_EQ(asking.limits.size(), 2u);
  EXPECT_EQ(asking.limits[0], std::pair(std::string("overview"), std::optional(17s)));
  EXPECT_EQ(asking.limits[1],
            std::pair(std::string("initialize"), std::optional<std::chrono::seconds>()));
  status = 503;
  EXPECT_FALSE(asking.run(asking.it->overview("id-1")));
  // A turn that does not come is the hub's own limit.
  asking.no_turn = true;
  EXPECT_FALSE(asking.run(asking.it->overview("id-1")));
  EXPECT_EQ(asking.limits.size(), 2u);
}

TEST(broker, makes_no_call_without_a_turn) {
  asking asking(always(200, "[]"));
  asking.no_turn = true;
  EXPECT_EQ(asking.run(asking.it->search("r", recipient_status::initialized)).error().message,
            "no turn in time");
  EXPECT_TRUE(asking.services.seen().empty());
}

TEST(broker, confirms_and_takes_a_second_confirm_for_success_only_when_it_was_one) {
  const auto confirm = [](std::string status, std::string recipient_code) {
    asking asking([=](const seen_request& seen) {
      if (seen.method == "POST") return answer(400, problem(400, "BRO-00010"));
      return answer(
          200,
          boost::json::serialize(boost::json::object{
              {"fileTransferId", "id-1"},
              {"fileTransferStatus", status},
              {"recipients", boost::json::array{boost::json::object{
                                 {"recipient", "0192:910077473"},
                                 {"currentRecipientFileTransferStatusCode", recipient_code}}}}}));
    });
    return asking.run(asking.it->confirm("id-1")).has_value();
  };
  EXPECT_TRUE(confirm("AllConfirmedDownloaded", ""));
  EXPECT_TRUE(confirm("Purged", "DownloadConfirmed"));
  EXPECT_FALSE(confirm("Failed", "Initialized"));

  asking fine(always(204));
  EXPECT_TRUE(fine.run(fine.it->confirm("id-1")));
  const auto seen = fine.services.seen("/broker");
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].method, "POST");
  EXPECT_EQ(seen[0].target, "/broker/api/v1/filetransfer/id-1/confirmdownload");
  EXPECT_EQ(seen[0].header("Content-Length"), "0");

  asking early(always(400, problem(400, "BRO-00019")));
  const auto refused = early.run(early.it->confirm("id-1"));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("BRO-00019"));
  EXPECT_EQ(early.services.seen("/broker").size(), 1u);
}

}  // namespace
}  // namespace kp::altinn
