#include "protocol/dpf/rest.hpp"

#include "protocol/dpf/multipart.hpp"
#include "protocol/dpf/rest_json.hpp"
#include "protocol/dpf/slow_retry.hpp"
#include "protocol/http/http_error.hpp"
#include "protocol/http/url.hpp"
#include "protocol/ks/call.hpp"

#include <fmt/format.h>

namespace kp::dpf {

namespace {

class rest_svarut final : public svarut {
 public:
  rest_svarut(http::client& http, maskinporten::client& tokens, rest_settings settings)
      : settings_(std::move(settings)), calls_(http, tokens, credentials_of(settings_)) {
    while (settings_.base_url.ends_with('/')) settings_.base_url.pop_back();
  }

  // One part for the metadata, one for each document in the same order (dpf.md 7.2).
  result<packed> pack(const forsendelse& what, std::span<const open_document> documents,
                      const crypto::certificate& svaruts_own, spool_factory& spools,
                      const std::string& boundary) const override {
    KP_TRY(auto body, spools.make());
    spool_sink sink(body);
    multipart_writer parts(sink, boundary);
    KP_CHECK(parts.part({"Content-Disposition: form-data; name=\"forsendelse\"",
                         "Content-Type: application/json"}));
    KP_CHECK(parts.write(to_json(what)));
    for (std::size_t i = 0; i < documents.size(); ++i) {
      const auto& document = what.documents[i];
      KP_CHECK(
          parts.part({fmt::format("Content-Disposition: form-data; name=\"filer_{}\"; filename={}",
                                  i, quoted(document.filename)),
                      "Content-Type: " + document.mime_type}));
      KP_CHECK(write_encrypted(documents[i], svaruts_own, sink));
    }
    KP_CHECK(parts.finish());
    return packed{"multipart/form-data; boundary=" + boundary, std::move(body)};
  }

  http::awaitable<result<std::string>> send(packed what, std::string) override {
    auto asked = request("POST", account_path("v3") + "/organisasjon");
    asked.headers.add("Content-Type", what.content_type);
    asked.deadlines = send_deadlines(what.body->size());
    asked.body_source = std::move(what.body);
    KP_CO_TRY(const auto answer, co_await perform("send", std::move(asked)));
    co_return parse_sent(answer.body);
  }

  http::awaitable<result<std::vector<delivery_status>>> statuses(
      std::vector<std::string> ids) override {
    auto asked = request("POST", account_path("v3") + "/status/sok");
    asked.headers.add("Content-Type", "application/json");
    asked.body = status_search_body(ids);
    KP_CO_TRY(const auto answer, co_await perform("status search", std::move(asked)));
    co_return parse_statuses(answer.body);
  }

  http::awaitable<result<std::vector<std::string>>> find(std::string external_reference) override {
    auto asked = request(
        "GET", account_path("v2") + "?eksternRef=" + http::encode_component(external_reference));
    KP_CO_TRY(const auto answer, co_await perform("lookup by reference", std::move(asked)));
    co_return parse_found(answer.body);
  }

  http::awaitable<result<std::vector<std::string>>> types() override {
    auto asked = request("GET", "/api/v2/forsendelsestyper");
    KP_CO_TRY(const auto answer, co_await perform("types", std::move(asked)));
    co_return parse_types(answer.body);
  }

 private:
  std::string account_path(std::string_view version) const {
    return fmt::format("/api/{}/kontoer/{}/forsendelser", version,
                       http::encode_component(settings_.account_id));
  }

  http::request request(std::string method, const std::string& path) const {
    http::request out;
    out.method = std::move(method);
    out.url = settings_.base_url + path;
    out.headers.add("Accept", "application/json");
    out.deadlines.total = call_deadline;
    return out;
  }

  // The answer, which is a 200.
  http::awaitable<result<http::response>> perform(std::string_view what, http::request asked) {
    const auto named = fmt::format("SvarUt {}", what);
    auto answer = co_await calls_.send(named, std::move(asked));
    if (!answer || answer->status == 200) co_return answer;
    co_return rest_error(named, *answer);
  }

  // A token is never the message's fault.
  static error without_token(error why) {
    if (!why.retryable) return later_by_operator(std::move(why));
    return why;
  }
  static ks::caller::settings credentials_of(const rest_settings& settings) {
    maskinporten::token_request wanted;
    wanted.scopes = settings.scopes;
    wanted.consumer_org = settings.consumer;
    return {std::move(wanted), settings.integration_id, settings.integration_password,
            &without_token};
  }

  rest_settings settings_;
  ks::caller calls_;
};

}  // namespace

std::unique_ptr<svarut> make_rest_svarut(http::client& http, maskinporten::client& tokens,
                                         rest_settings settings) {
  return std::make_unique<rest_svarut>(http, tokens, std::move(settings));
}

}  // namespace kp::dpf
