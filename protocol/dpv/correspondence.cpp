#include "protocol/dpv/correspondence.hpp"

#include "protocol/http/form_data.hpp"
#include "protocol/http/url.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::dpv {

namespace {

// An upload may take as long as its size at the slowest line that is worth waiting for.
constexpr std::uint64_t slowest_bytes_per_second = 128 * 1024;
constexpr std::chrono::seconds longest_upload = std::chrono::hours(2);

std::chrono::milliseconds time_for(std::uint64_t bytes) {
  const std::chrono::seconds moving(static_cast<std::int64_t>(
      std::min<std::uint64_t>(bytes / slowest_bytes_per_second, 2 * 3600)));
  return std::min(std::chrono::seconds(180) + moving, longest_upload);
}

// The proxy asks for a token of the organisation itself, with no system user.
const maskinporten::system_user nobody{};

}  // namespace

std::string_view to_string(endpoint which) {
  switch (which) {
    case endpoint::upload:
      return "correspondence upload";
    case endpoint::overview:
      return "correspondence overview";
    case endpoint::search:
      return "correspondence search";
  }
  return "unknown";
}

correspondence::correspondence(http::client& http, altinn::token_exchange& tokens,
                               std::string base_url, permit may, limit_reached told)
    : http_(http),
      tokens_(tokens),
      base_url_(std::move(base_url)),
      may_(std::move(may)),
      told_(std::move(told)) {
  while (base_url_.ends_with('/')) base_url_.pop_back();
}

http::awaitable<result<http::response>> correspondence::perform(endpoint where,
                                                                http::request asked) {
  for (bool again = false;; again = true) {
    if (may_) KP_CO_CHECK(co_await may_(where));
    std::string wanted(scope);
    KP_CO_TRY(const auto token, co_await tokens_.get(nobody, std::move(wanted)));
    auto attempt = asked;
    attempt.headers.add("Authorization", "Bearer " + token);
    auto answer = co_await http_.send(std::move(attempt));
    if (!answer) co_return with_context(answer.error(), "Correspondence");
    if (answer->status == 429 && told_) told_(where, answer->retry_after());
    if (answer->status != 401 || again) co_return answer;
    tokens_.forget(nobody, scope);
  }
}

http::awaitable<result<http::response>> correspondence::get(endpoint where, std::string url) {
  http::request asked;
  asked.url = std::move(url);
  asked.headers = {{"Accept", "application/json"}};
  co_return co_await perform(where, std::move(asked));
}

http::awaitable<result<correspondence::uploaded>> correspondence::upload(
    std::shared_ptr<const random_access_source> form, std::string boundary) {
  http::request asked;
  asked.method = "POST";
  asked.url = base_url_ + "/correspondence/upload";
  const auto url = asked.url;
  asked.headers = {{"Accept", "application/json"},
                   {"Content-Type", http::form_content_type(boundary)}};
  asked.deadlines.total = time_for(form->size());
  asked.deadlines.read = std::chrono::minutes(2);  // Altinn answers when it has stored the files
  asked.body_source = std::move(form);
  KP_CO_TRY(const auto answer, co_await perform(endpoint::upload, std::move(asked)));
  uploaded made;
  if (answer.status == 409) {
    made.what = outcome::known_before;
    co_return made;
  }
  if (answer.status / 100 != 2) co_return refusal(url, answer);
  KP_CO_TRY(made.id, parse_upload(answer.body));
  co_return made;
}

http::awaitable<result<std::optional<overview>>> correspondence::find(std::string id) {
  const auto url = base_url_ + "/correspondence/" + http::encode_component(id);
  KP_CO_TRY(const auto answer, co_await get(endpoint::overview, url));
  if (answer.status == 404 || answer.status == 410) co_return std::optional<overview>{};
  if (answer.status / 100 != 2) co_return refusal(url, answer);
  KP_CO_TRY(auto seen, parse_overview(answer.body));
  co_return std::optional<overview>(std::move(seen));
}

http::awaitable<result<std::vector<std::string>>> correspondence::search(std::string resource,
                                                                         std::string key) {
  auto url = fmt::format("{}/correspondence?resourceId={}&role=Sender&idempotentKey={}", base_url_,
                         http::encode_component(resource), http::encode_component(key));
  auto answer = co_await get(endpoint::search, url);
  if (answer && (answer->status == 400 || answer->status == 404)) {
    url = fmt::format("{}/correspondence?sendersReference={}", base_url_,
                      http::encode_component(key));
    answer = co_await get(endpoint::search, url);
  }
  if (!answer) co_return answer.error();
  if (answer->status / 100 != 2) co_return refusal(url, *answer);
  co_return parse_search(answer->body);
}

}  // namespace kp::dpv
