#include "protocol/altinn/broker.hpp"

#include "config/log.hpp"
#include "protocol/altinn/broker_json.hpp"
#include "protocol/http/http_error.hpp"
#include "protocol/http/url.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::altinn {

namespace {

constexpr std::string_view read_scope = "altinn:broker.read";  // dpo.md 2.3
constexpr std::string_view write_scope = "altinn:broker.write";

// A transfer may take as long as its size at the slowest line that is worth waiting for.
constexpr std::uint64_t slowest_bytes_per_second = 128 * 1024;
constexpr std::chrono::seconds longest_transfer = std::chrono::hours(6);

std::chrono::milliseconds time_for(std::uint64_t bytes) {
  const std::chrono::seconds moving(static_cast<std::int64_t>(
      std::min<std::uint64_t>(bytes / slowest_bytes_per_second, 6 * 3600)));
  return std::min(std::chrono::seconds(120) + moving, longest_transfer);
}

}  // namespace

std::string_view to_string(broker_endpoint endpoint) {
  switch (endpoint) {
    case broker_endpoint::initialize:
      return "initialize";
    case broker_endpoint::upload:
      return "upload";
    case broker_endpoint::search:
      return "search";
    case broker_endpoint::overview:
      return "overview";
    case broker_endpoint::download:
      return "download";
    case broker_endpoint::confirm:
      return "confirm";
  }
  return "unknown";
}

struct broker::call {
  broker_endpoint endpoint = broker_endpoint::search;
  std::string_view scope = read_scope;
  http::request request;
  std::shared_ptr<byte_sink> sink{};  // of a download
  std::uint64_t max_bytes = 0;
};

broker::broker(http::client& http, token_exchange& tokens, maskinporten::system_user as,
               std::string base_url, permit may, limit_reached told)
    : http_(http),
      tokens_(tokens),
      as_(std::move(as)),
      base_url_(std::move(base_url)),
      may_(std::move(may)),
      told_(std::move(told)) {
  while (base_url_.ends_with('/')) base_url_.pop_back();
}

// The answer to a call that Broker accepted (2xx) or not; only 401 is handled here.
http::awaitable<result<http::response>> broker::perform(call what) {
  for (bool again = false;; again = true) {
    KP_CO_CHECK(co_await may_(what.endpoint));
    std::string scope(what.scope);
    KP_CO_TRY(const auto token, co_await tokens_.get(as_, std::move(scope)));
    auto asked = what.request;
    asked.headers.add("Authorization", "Bearer " + token);
    result<http::response> answer = http::response{};
    if (what.sink)
      answer = co_await http_.download(std::move(asked), what.sink, what.max_bytes);
    else
      answer = co_await http_.send(std::move(asked));
    if (!answer)
      co_return with_context(answer.error(), fmt::format("Broker {}", to_string(what.endpoint)));
    if (answer->status == 429 && told_) told_(what.endpoint, answer->retry_after());
    if (answer->status != 401 || again) co_return answer;
    tokens_.forget(as_, what.scope);
  }
}

http::awaitable<result<std::string>> broker::initialize(const initialize_request& asked) {
  call what{broker_endpoint::initialize, write_scope, {}};
  what.request.method = "POST";
  what.request.url = base_url_ + "/filetransfer/";
  what.request.headers = {{"Accept", "application/json"}, {"Content-Type", "application/json"}};
  what.request.body = initialize_body(asked);
  KP_CO_TRY(const auto answer, co_await perform(std::move(what)));
  if (answer.status / 100 != 2) co_return broker_error(broker_endpoint::initialize, "", answer);
  co_return parse_transfer_id(answer.body);
}

http::awaitable<result<void>> broker::upload(std::string id,
                                             std::shared_ptr<const random_access_source> from) {
  call what{broker_endpoint::upload, write_scope, {}};
  what.request.method = "POST";
  what.request.url = base_url_ + "/filetransfer/" + http::encode_component(id) + "/upload";
  what.request.headers = {{"Accept", "application/json"},
                          {"Content-Type", "application/octet-stream"}};
  what.request.deadlines.total = time_for(from->size());
  what.request.deadlines.read = std::chrono::minutes(2);  // Broker answers when it has stored it
  what.request.body_source = std::move(from);
  KP_CO_TRY(const auto answer, co_await perform(std::move(what)));
  if (answer.status / 100 != 2) co_return broker_error(broker_endpoint::upload, id, answer);
  co_return result<void>{};
}

http::awaitable<result<std::vector<std::string>>> broker::search(std::string resource_id,
                                                                 recipient_status status) {
  call what{broker_endpoint::search, read_scope, {}};
  what.request.url =
      fmt::format("{}/filetransfer?resourceId={}&status=Published&recipientStatus={}", base_url_,
                  http::encode_component(resource_id),
                  status == recipient_status::initialized ? "Initialized" : "DownloadStarted");
  what.request.headers = {{"Accept", "application/json"}};
  KP_CO_TRY(const auto answer, co_await perform(std::move(what)));
  if (answer.status / 100 != 2) co_return broker_error(broker_endpoint::search, "", answer);
  co_return parse_search(answer.body);
}

http::awaitable<result<overview>> broker::overview(std::string id) {
  call what{broker_endpoint::overview, read_scope, {}};
  what.request.url = base_url_ + "/filetransfer/" + http::encode_component(id);
  what.request.headers = {{"Accept", "application/json"}};
  KP_CO_TRY(const auto answer, co_await perform(std::move(what)));
  if (answer.status / 100 != 2) co_return broker_error(broker_endpoint::overview, id, answer);
  co_return parse_overview(answer.body);
}

http::awaitable<result<void>> broker::download(std::string id, std::shared_ptr<byte_sink> to,
                                               std::uint64_t max_bytes) {
  call what{broker_endpoint::download, read_scope, {}};
  what.request.url = base_url_ + "/filetransfer/" + http::encode_component(id) + "/download";
  what.request.deadlines.total = time_for(max_bytes);
  what.sink = std::move(to);
  what.max_bytes = max_bytes;
  KP_CO_TRY(const auto answer, co_await perform(std::move(what)));
  if (answer.status != 200) co_return broker_error(broker_endpoint::download, id, answer);
  co_return result<void>{};
}

http::awaitable<result<void>> broker::confirm(std::string id) {
  call what{broker_endpoint::confirm, read_scope, {}};
  what.request.method = "POST";
  what.request.url = base_url_ + "/filetransfer/" + http::encode_component(id) + "/confirmdownload";
  what.request.headers = {{"Accept", "application/json"}};
  KP_CO_TRY(const auto answer, co_await perform(std::move(what)));
  if (answer.status / 100 == 2) co_return result<void>{};
  auto refusal = broker_error(broker_endpoint::confirm, id, answer);
  // dpo.md 3.5: the second confirm of the only recipient is refused because the transfer has moved
  // on.
  if (answer.status != 400 || broker_code(answer.body) != "BRO-00010") co_return refusal;
  KP_CO_TRY(const auto now, co_await overview(id));
  if (now.status == "AllConfirmedDownloaded") co_return result<void>{};
  for (const auto& [recipient, status] : now.recipients)
    if (recipient == as_.organisation && status == "DownloadConfirmed") co_return result<void>{};
  co_return refusal;
}

}  // namespace kp::altinn
