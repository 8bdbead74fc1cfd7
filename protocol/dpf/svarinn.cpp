#include "protocol/dpf/svarinn.hpp"

#include "config/text.hpp"
#include "protocol/dpf/slow_retry.hpp"
#include "protocol/http/http_error.hpp"
#include "protocol/http/url.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>

namespace kp::dpf {

namespace {

constexpr std::chrono::seconds call_deadline{60};
constexpr std::uint64_t slowest_bytes_per_second = 128 * 1024;

error refused(std::string_view what, const http::response& answer) {
  auto why = http::to_error(fmt::format("SvarInn {}", what), answer);
  if (answer.status == 401 || answer.status == 403) return later_by_operator(std::move(why));
  return why;
}

// The address as it was given; one that begins with a slash is below `base`. Only at the place of
// `base`.
result<std::string> same_place(const std::string& base, const std::string& url) {
  KP_TRY(const auto own, http::parse_url(base));
  const auto whole = url.starts_with('/') && !url.starts_with("//") ? base + url : url;
  KP_TRY(const auto asked, http::parse_url(whole));
  if (asked.tls != own.tls || asked.host != own.host || asked.port != own.port)
    return permanent(http::http_errc::forbidden,
                     fmt::format("SvarInn names a download at {}, which is not where it is itself "
                                 "({}); the credentials are not sent there",
                                 asked.origin(), own.origin()));
  return whole;
}

}  // namespace

svarinn::svarinn(http::client& http, svarinn_settings settings)
    : http_(http), settings_(std::move(settings)) {
  while (settings_.base_url.ends_with('/')) settings_.base_url.pop_back();
}

http::request svarinn::request(std::string method, std::string url) const {
  http::request out;
  out.method = std::move(method);
  out.url = std::move(url);
  out.headers.add("Authorization",
                  "Basic " + to_base64(settings_.username + ":" + settings_.password));
  out.deadlines.total = call_deadline;
  return out;
}

http::awaitable<result<std::vector<list_entry>>> svarinn::list() {
  auto asked = request("GET", settings_.base_url + "/mottaker/hentNyeForsendelser");
  asked.headers.add("Accept", "application/json");
  asked.max_response_bytes = max_list_bytes;
  auto answer = co_await http_.send(std::move(asked));
  if (!answer) co_return with_context(answer.error(), "SvarInn list");
  if (answer->status != 200) co_return refused("list", *answer);
  co_return parse_list(answer->body);
}

http::awaitable<result<void>> svarinn::download(std::string url, std::shared_ptr<byte_sink> to,
                                                std::uint64_t max_bytes) {
  KP_CO_TRY(auto where, same_place(settings_.base_url, url));
  auto asked = request("GET", std::move(where));
  asked.deadlines.total =
      call_deadline +
      std::chrono::seconds(static_cast<std::int64_t>(max_bytes / slowest_bytes_per_second));
  auto answer = co_await http_.download(std::move(asked), std::move(to), max_bytes);
  if (!answer) co_return with_context(answer.error(), "SvarInn download");
  if (answer->status != 200) co_return refused("download", *answer);
  co_return result<void>{};
}

http::awaitable<result<void>> svarinn::accept(std::string id) {
  auto asked = request("POST", fmt::format("{}/kvitterMottak/forsendelse/{}", settings_.base_url,
                                           http::encode_component(id)));
  co_return co_await receipt("receipt", std::move(asked));
}

http::awaitable<result<void>> svarinn::refuse(std::string id, std::string why, bool permanent) {
  auto asked = request("POST", fmt::format("{}/mottakFeilet/forsendelse/{}", settings_.base_url,
                                           http::encode_component(id)));
  asked.headers.add("Content-Type", "application/json");
  const boost::json::object body{{"feilmelding", std::move(why)}, {"permanent", permanent}};
  asked.body = boost::json::serialize(body);
  co_return co_await receipt("negative receipt", std::move(asked));
}

http::awaitable<result<void>> svarinn::receipt(std::string_view what, http::request asked) {
  auto answer = co_await http_.send(std::move(asked));
  if (!answer) co_return with_context(answer.error(), fmt::format("SvarInn {}", what));
  if (answer->status / 100 == 2 || answer->status == 404) co_return result<void>{};
  co_return refused(what, *answer);
}

}  // namespace kp::dpf
