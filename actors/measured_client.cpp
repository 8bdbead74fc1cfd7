#include "actors/measured_client.hpp"

#include "protocol/http/http_error.hpp"

#include <fmt/format.h>

#include <chrono>
#include <map>

namespace kp::actors {

namespace {

using steady = std::chrono::steady_clock;

bool is_at(std::string_view url, std::string_view base) {
  return !base.empty() && url.starts_with(base) &&
         (url.size() == base.size() || base.ends_with('/') || url[base.size()] == '/' ||
          url[base.size()] == '?');
}

// dpo.md 3.
std::string_view broker_call(std::string_view method, std::string_view rest) {
  const auto path = rest.substr(0, rest.find('?'));
  if (path.ends_with("/upload")) return "upload";
  if (path.ends_with("/download")) return "download";
  if (path.ends_with("/confirmdownload")) return "confirm";
  if (method == "POST") return "initialize";
  if (path.size() > std::string_view("/filetransfer/").size()) return "overview";
  return "search";
}

// dpe.md 6.
std::string_view service_bus_call(std::string_view method, std::string_view rest) {
  const auto path = rest.substr(0, rest.find('?'));
  if (path.ends_with("/messages")) return "send";
  if (path.ends_with("/messages/head")) return "receive";
  if (method == "DELETE") return "complete";
  return method == "PUT" ? "unlock" : "renew";
}

// The sandbox has its queues in the root, beside other services.
bool is_queue(std::string_view rest) {
  return rest.starts_with("/nextbestqueue");
}

// dpi.md 3.
std::string_view dpi_call(std::string_view method, std::string_view rest) {
  const auto path = rest.substr(0, rest.find('?'));
  if (path.ends_with("/statuses")) return "statuses";
  if (path.ends_with("/read")) return "read";
  return method == "POST" ? "send" : "inbox";
}

// dpf.md 6.1, 7.2, 9.1.
std::string_view svarut_call(std::string_view rest) {
  const auto path = rest.substr(0, rest.find('?'));
  if (path.find("/ForsendelsesServiceV9") != std::string_view::npos) return "soap";
  if (path.starts_with("/tjenester/svarinn")) {
    if (path.ends_with("/hentNyeForsendelser")) return "list";
    if (path.find("/kvitterMottak/") != std::string_view::npos) return "receipt";
    if (path.find("/mottakFeilet/") != std::string_view::npos) return "refusal";
    return "download";
  }
  if (path.ends_with("/organisasjon")) return "send";
  if (path.ends_with("/status/sok")) return "status";
  if (path.ends_with("/forsendelsestyper")) return "types";
  return "lookup";
}

// dpfio.md 5. The sandbox has it in the root, beside other services.
bool is_fiks_io(std::string_view rest) {
  return rest.starts_with("/fiks-io/") || rest.starts_with("/dokumentlager/");
}
std::string_view fiks_io_call(std::string_view rest) {
  const auto path = rest.substr(0, rest.find('?'));
  if (path.starts_with("/dokumentlager/")) return "document";
  if (path.ends_with("/send")) return "send";
  return path.ends_with("/offentligNokkel") ? "key" : "catalogue";
}

// dpv.md 3.
std::string_view correspondence_call(std::string_view rest) {
  const auto path = rest.substr(0, rest.find('?'));
  if (path.ends_with("/upload")) return "upload";
  return path.ends_with("/correspondence") ? "search" : "overview";
}

// dph.md 4.
std::string_view dph_call(std::string_view method, std::string_view rest) {
  const auto path = rest.substr(0, rest.find('?'));
  if (path.ends_with("/statuses")) return "statuses";
  if (path.ends_with("/read")) return "read";
  if (path.ends_with("/out")) return "send";
  return method == "POST" ? "receive" : "list";
}

std::string outcome_of(const result<http::response>& answer) {
  if (!answer) {
    if (answer.error().code.category() == make_error_code(http::http_errc::cut).category())
      return http::to_text(static_cast<http::http_errc>(answer.error().code.value()));
    return "failed";
  }
  if (answer->status < 400) return "success";
  if (answer->status == 401 || answer->status == 403) return "unauthorized";
  if (answer->status == 429) return "rate limited";
  return answer->status < 500 ? "refused" : "unavailable";
}

// Whether the service itself is in trouble, or the way to it. A refusal is an answer.
std::optional<std::string> trouble_of(const result<http::response>& answer) {
  if (!answer) return answer.error().message;
  if (answer->status >= 500 || answer->status == 429 || answer->status == 401 ||
      answer->status == 403)
    return fmt::format("HTTP {}", answer->status);
  return std::nullopt;
}

class measured_client final : public http::client {
 public:
  measured_client(std::unique_ptr<http::client> inner, national_addresses national,
                  const clock& time, std::shared_ptr<metrics::hub_meters> meters,
                  std::shared_ptr<vital_signs> signs)
      : client_(std::move(inner)),
        national_(std::move(national)),
        time_(time),
        meters_(std::move(meters)),
        signs_(std::move(signs)) {}

  http::awaitable<result<http::response>> send(http::request asked) override {
    const auto purpose = purpose_of(national_, asked.method, asked.url);
    const auto begun = steady::now();
    auto answer = co_await client_->send(std::move(asked));
    count(purpose, answer, steady::now() - begun);
    co_return answer;
  }

  http::awaitable<result<http::response>> download(http::request asked,
                                                   std::shared_ptr<byte_sink> sink,
                                                   std::uint64_t max_bytes) override {
    const auto purpose = purpose_of(national_, asked.method, asked.url);
    const auto begun = steady::now();
    auto answer = co_await client_->download(std::move(asked), std::move(sink), max_bytes);
    count(purpose, answer, steady::now() - begun);
    co_return answer;
  }

 private:
  // Beside a call over the network the look-ups of two labels weigh nothing.
  void count(const call_purpose& purpose, const result<http::response>& answer,
             steady::duration took) {
    meters_->upstream_calls
        .with({{"service", purpose.service},
               {"endpoint", purpose.endpoint},
               {"outcome", outcome_of(answer)}})
        .add();
    meters_->upstream_time.with({{"service", purpose.service}, {"endpoint", purpose.endpoint}})
        .observe(took);
    const vital_signs::call what{purpose.service, purpose.endpoint};
    if (const auto trouble = trouble_of(answer))
      signs_->call_failed(what, time_.now(), *trouble);
    else
      signs_->called(what, time_.now());
  }

  std::unique_ptr<http::client> client_;
  const national_addresses national_;
  const clock& time_;
  std::shared_ptr<metrics::hub_meters> meters_;
  std::shared_ptr<vital_signs> signs_;
};

}  // namespace

call_purpose purpose_of(const national_addresses& national, std::string_view method,
                        std::string_view url) {
  // Those of the authorities, wherever they are.
  if (url.ends_with(".crl")) return {"certificates", "revocation_list"};
  if (is_at(url, national.maskinporten_token_url)) return {"maskinporten", "token"};
  if (is_at(url, national.altinn_exchange_url)) return {"altinn", "exchange"};
  if (is_at(url, national.service_registry_key_url)) return {"registry", "keys"};
  if (is_at(url, national.service_registry_url)) return {"registry", "lookup"};
  if (is_at(url, national.status_service_url)) return {"status service", "report"};
  if (is_at(url, national.broker_url))
    return {"DPO", std::string(broker_call(method, url.substr(national.broker_url.size())))};
  if (is_at(url, national.service_bus_url)) {
    const auto rest = url.substr(national.service_bus_url.size());
    if (is_queue(rest)) return {"DPE", std::string(service_bus_call(method, rest))};
  }
  if (is_at(url, national.dpi_url))
    return {"DPI", std::string(dpi_call(method, url.substr(national.dpi_url.size())))};
  if (is_at(url, national.print_certificate_url)) return {"DPI", "print_certificate"};
  if (is_at(url, national.fiks_io_url)) {
    const auto rest = url.substr(national.fiks_io_url.size());
    if (is_fiks_io(rest)) return {"DPFIO", std::string(fiks_io_call(rest))};
  }
  if (is_at(url, national.dph_url))
    return {"DPH", std::string(dph_call(method, url.substr(national.dph_url.size())))};
  if (is_at(url, national.svarut_url))
    return {"DPF", std::string(svarut_call(url.substr(national.svarut_url.size())))};
  if (is_at(url, national.correspondence_url))
    return {"DPV",
            std::string(correspondence_call(url.substr(national.correspondence_url.size())))};
  return {"other", "other"};
}

std::unique_ptr<http::client> measure(std::unique_ptr<http::client> client,
                                      const national_addresses& national, const clock& time,
                                      std::shared_ptr<metrics::hub_meters> meters,
                                      std::shared_ptr<vital_signs> signs) {
  return std::make_unique<measured_client>(std::move(client), national, time, std::move(meters),
                                           std::move(signs));
}

}  // namespace kp::actors
