#include "actors/measured_client.hpp"

#include "protocol/http/http_error.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

namespace {

using namespace kp;
using namespace kp::actors;

national_addresses sandbox() {
  national_addresses all;
  all.maskinporten_token_url = "https://mp.example.no/token";
  all.altinn_exchange_url = "https://altinn.example.no/exchange/maskinporten";
  all.broker_url = "https://altinn.example.no/broker/api/v1";
  all.service_registry_url = "https://sr.example.no/adressetjeneste";
  all.service_registry_key_url = "https://sr.example.no/adressetjeneste/jwk";
  all.service_bus_url = "https://bus.example.no";
  all.status_service_url = "https://status.example.no/logging/api/status";
  all.svarut_url = "https://svarut.example.no";
  all.fiks_io_url = "https://api.fiks.example.no";
  all.correspondence_url = "https://proxy.example.no/correspondence/api/v1";
  all.dph_url = "https://nhn.example.no/nhn-adapter/api";
  return all;
}

std::string purpose(std::string_view method, std::string_view url) {
  const auto what = purpose_of(sandbox(), method, url);
  return what.service + "/" + what.endpoint;
}

// Answers what the test says.
class scripted_client final : public http::client {
 public:
  explicit scripted_client(result<http::response>& next) : next_(next) {}
  http::awaitable<result<http::response>> send(http::request) override { co_return next_; }
  http::awaitable<result<http::response>> download(http::request, std::shared_ptr<byte_sink>,
                                                   std::uint64_t) override {
    co_return next_;
  }

 private:
  result<http::response>& next_;
};

class measured_calls : public testing::Test {
 protected:
  void search(result<http::response> outcome) {
    next = std::move(outcome);
    http::asio::io_context here;
    auto task = [](http::client& by) -> http::awaitable<void> {
      http::request asked;
      asked.url = "https://altinn.example.no/broker/api/v1/filetransfer?status=Published";
      const auto answer = co_await by.send(std::move(asked));
      static_cast<void>(answer);
    };
    http::asio::co_spawn(here, task(*client), http::asio::detached);
    here.run();
  }
  static http::response status(unsigned code) {
    http::response answer;
    answer.status = code;
    return answer;
  }
  double calls(const std::string& outcome) const {
    return meters->upstream_calls
        .with({{"service", "DPO"}, {"endpoint", "search"}, {"outcome", outcome}})
        .value();
  }

  wall_clock time;
  result<http::response> next = http::response{};
  std::shared_ptr<metrics::hub_meters> meters = metrics::make_hub_meters(0);
  std::shared_ptr<vital_signs> signs = make_vital_signs();
  std::unique_ptr<http::client> client =
      measure(std::make_unique<scripted_client>(next), sandbox(), time, meters, signs);
};

}  // namespace

TEST(call_purpose, is_told_from_method_and_address_without_any_id) {
  const std::string broker = "https://altinn.example.no/broker/api/v1/filetransfer";
  const std::string id = broker + "/3380ed76-5d4c-43e7-aa70-8ed8d97e4835";
  EXPECT_EQ(purpose("POST", "https://mp.example.no/token"), "maskinporten/token");
  EXPECT_EQ(purpose("GET", "https://altinn.example.no/exchange/maskinporten?test=true"),
            "altinn/exchange");
  EXPECT_EQ(purpose("GET", "https://sr.example.no/adressetjeneste/jwk"), "registry/keys");
  EXPECT_EQ(purpose("POST", "https://status.example.no/logging/api/status"),
            "status service/report");
  EXPECT_EQ(purpose("GET", "https://sr.example.no/adressetjeneste/identifier/910077473"),
            "registry/lookup");
  EXPECT_EQ(purpose("POST", broker + "/"), "DPO/initialize");
  EXPECT_EQ(purpose("POST", id + "/upload"), "DPO/upload");
  EXPECT_EQ(purpose("GET", broker + "?resourceId=x&status=Published"), "DPO/search");
  EXPECT_EQ(purpose("GET", id), "DPO/overview");
  EXPECT_EQ(purpose("GET", id + "/download"), "DPO/download");
  EXPECT_EQ(purpose("POST", id + "/confirmdownload"), "DPO/confirm");
  const std::string queue = "https://bus.example.no/nextbestqueue910077473innsyn/messages";
  EXPECT_EQ(purpose("POST", queue), "DPE/send");
  EXPECT_EQ(purpose("POST", queue + "/head?timeout=1"), "DPE/receive");
  EXPECT_EQ(purpose("DELETE", queue + "/1/2"), "DPE/complete");
  EXPECT_EQ(purpose("PUT", queue + "/1/2"), "DPE/unlock");
  EXPECT_EQ(purpose("POST", queue + "/1/2"), "DPE/renew");
  const std::string letters = "https://proxy.example.no/correspondence/api/v1/correspondence";
  EXPECT_EQ(purpose("POST", letters + "/upload"), "DPV/upload");
  EXPECT_EQ(purpose("GET", letters + "/0198408f"), "DPV/overview");
  EXPECT_EQ(purpose("GET", letters + "?resourceId=a&role=Sender"), "DPV/search");
  EXPECT_EQ(purpose("GET", "https://elsewhere.example.no/x"), "other/other");
  EXPECT_EQ(purpose("GET", "https://mp.example.no/tokens"), "other/other");
}

TEST(purposes, of_calls_to_ks_are_told_by_their_path) {
  const std::string ks = "https://svarut.example.no";
  EXPECT_EQ(purpose("POST", ks + "/api/v3/kontoer/1/forsendelser/organisasjon"), "DPF/send");
  EXPECT_EQ(purpose("POST", ks + "/api/v3/kontoer/1/forsendelser/status/sok"), "DPF/status");
  EXPECT_EQ(purpose("GET", ks + "/api/v2/kontoer/1/forsendelser?eksternRef=x"), "DPF/lookup");
  EXPECT_EQ(purpose("POST", ks + "/tjenester/forsendelseservice/ForsendelsesServiceV9"),
            "DPF/soap");
  EXPECT_EQ(purpose("GET", ks + "/tjenester/svarinn/mottaker/hentNyeForsendelser"), "DPF/list");
  EXPECT_EQ(purpose("GET", ks + "/tjenester/svarinn/forsendelse/1"), "DPF/download");
  EXPECT_EQ(purpose("POST", "https://api.fiks.example.no/fiks-io/api/v1/send"), "DPFIO/send");
  EXPECT_EQ(purpose("GET", "https://api.fiks.example.no/fiks-io/katalog/api/v1/kontoer/x"),
            "DPFIO/catalogue");
  EXPECT_EQ(purpose("GET",
                    "https://api.fiks.example.no/fiks-io/katalog/api/v1/kontoer/x/offentligNokkel"),
            "DPFIO/key");
  EXPECT_EQ(purpose("GET", "https://api.fiks.example.no/dokumentlager/nedlasting/x"),
            "DPFIO/document");
  EXPECT_EQ(purpose("POST", ks + "/tjenester/svarinn/kvitterMottak/forsendelse/1"), "DPF/receipt");
}

TEST(purposes, of_calls_to_the_nhn_adapter_name_no_message) {
  const std::string nhn = "https://nhn.example.no/nhn-adapter/api";
  EXPECT_EQ(purpose("POST", nhn + "/messages/out"), "DPH/send");
  EXPECT_EQ(purpose("GET", nhn + "/messages/out/3ef83023/statuses"), "DPH/statuses");
  EXPECT_EQ(purpose("GET", nhn + "/messages/in?receiverHerId=8093"), "DPH/list");
  EXPECT_EQ(purpose("POST", nhn + "/messages/in"), "DPH/receive");
  EXPECT_EQ(purpose("POST", nhn + "/messages/in/3ef83023/read?receiverHerId=8093"), "DPH/read");
}

TEST_F(measured_calls, are_counted_by_outcome_and_remembered_for_health) {
  search(status(200));
  search(status(404));
  EXPECT_TRUE(signs->calls().at({"DPO", "search"}).good()) << "a refusal is an answer";
  search(status(429));
  search(status(503));
  EXPECT_EQ(signs->calls().at({"DPO", "search"}).failure, "HTTP 503");
  search(transient(http::http_errc::connect, "connection refused"));
  EXPECT_EQ(calls("success"), 1);
  EXPECT_EQ(calls("refused"), 1);
  EXPECT_EQ(calls("rate limited"), 1);
  EXPECT_EQ(calls("unavailable"), 1);
  EXPECT_EQ(calls("connect failed"), 1);
  EXPECT_FALSE(signs->calls().at({"DPO", "search"}).good());
  EXPECT_EQ(signs->calls().at({"DPO", "search"}).failure, "connection refused");
}
