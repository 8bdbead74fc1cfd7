#include "protocol/dph/adapter.hpp"

#include "config/ids.hpp"
#include "config/text.hpp"
#include "protocol/http/form_data.hpp"
#include "protocol/http/http_error.hpp"
#include "protocol/http/url.hpp"

#include <fmt/format.h>

namespace kp::dph {

namespace {

// dph.md 4.1.
constexpr std::chrono::seconds connect_wait{3};
constexpr std::chrono::seconds byte_wait{30};
// A message may take as long as its size at the slowest line that is worth waiting for.
constexpr std::uint64_t slowest_bytes_per_second = 256 * 1024;
constexpr std::chrono::seconds shortest_total{60};

maskinporten::token_request request_for(const std::string& owner) {
  return {{std::string(token_scope)}, std::nullopt, owner};
}

http::request make_request(std::string method, std::string url, std::string_view accept) {
  http::request made;
  made.method = std::move(method);
  made.url = std::move(url);
  made.headers.add("Accept", std::string(accept));
  made.deadlines.connect = connect_wait;
  made.deadlines.read = byte_wait;
  made.deadlines.write = byte_wait;
  made.deadlines.total = shortest_total;
  return made;
}

std::chrono::seconds time_for(std::uint64_t bytes) {
  return shortest_total + std::chrono::seconds(bytes / slowest_bytes_per_second);
}

// Nothing has been sent, and a token is never the message's fault.
error without_token(error why) {
  why.retryable = true;
  return why;
}

bool is_refusal_of_message(unsigned status) {
  return status >= 400 && status < 500 && status != 401 && status != 403 && status != 408 &&
         status != 425 && status != 429;
}

}  // namespace

adapter::adapter(http::client& http, http::asio::thread_pool& workers, maskinporten::client& tokens,
                 spool_factory& spools, std::string base_url)
    : http_(http),
      workers_(workers),
      tokens_(tokens),
      spools_(spools),
      base_url_(std::move(base_url)) {
  while (base_url_.ends_with('/')) base_url_.pop_back();
}

http::awaitable<result<adapter::answered>> adapter::once(const std::string& token,
                                                         http::request what, bool download) {
  what.headers.add("Authorization", "Bearer " + token);
  answered out;
  if (!download) {
    KP_CO_TRY(out.response, co_await http_.send(std::move(what)));
    co_return out;
  }
  auto make = [this] { return spools_.make(); };
  KP_CO_TRY(out.body, co_await http::on_workers(workers_, std::move(make)));
  auto sink = std::make_shared<spool_sink>(out.body);
  KP_CO_TRY(out.response,
            co_await http_.download(std::move(what), std::move(sink), longest_answer));
  co_return out;
}

http::awaitable<result<adapter::answered>> adapter::perform(std::string owner, http::request what,
                                                            int tries, bool download) {
  const auto wanted = request_for(owner);
  bool refused = false;
  for (int tried = 1;; ++tried) {
    const auto token = co_await tokens_.get(wanted);
    if (!token) co_return without_token(token.error());
    auto asked = what;
    auto answer = co_await once(token->value, std::move(asked), download);
    if (!answer) co_return answer;
    const auto status = answer->response.status;
    if (status == 401 && !refused) {
      refused = true;
      tokens_.forget(wanted);
      --tried;
      continue;
    }
    if (status < 500 || tried >= tries) co_return answer;
  }
}

http::awaitable<result<std::optional<std::string>>> adapter::send(outgoing what) {
  std::vector<http::form_part> parts;
  http::form_part message{"forretningsmelding", "application/jose"};
  message.text = std::move(what.message);
  message.filename = "sbd.jwe";
  parts.push_back(std::move(message));
  if (what.package) {
    http::form_part package{"dokumentpakke", "application/vnd.etsi.asic-e+zip"};
    package.filename = "asic.zip";
    package.file = what.package;
    parts.push_back(std::move(package));
  }
  auto asked = make_request("POST", base_url_ + "/messages/out", "text/plain");
  asked.headers.add("Content-Type", http::form_content_type(what.boundary));
  asked.body_source = http::make_form_data(parts, what.boundary);
  asked.deadlines.total = time_for(asked.body_source->size());
  const auto answer = co_await perform(std::move(what.owner), std::move(asked), 1);
  if (!answer) co_return with_context(answer.error(), "DPH send");
  if (answer->response.status / 100 != 2) {
    auto why = http::to_error("DPH send", answer->response);
    // Somebody on the way gave up waiting for the adapter.
    if (answer->response.status == 504) why.code = make_error_code(http::http_errc::timeout);
    co_return why;
  }
  std::optional<std::string> reference;
  const auto said = trim(answer->response.body);
  if (kp::detail::is_uuid(said)) reference = std::string(said);
  co_return reference;
}

http::awaitable<result<std::vector<transport_status>>> adapter::statuses(std::string owner,
                                                                         std::string reference) {
  auto asked = make_request(
      "GET",
      fmt::format("{}/messages/out/{}/statuses", base_url_, http::encode_component(reference)),
      "application/json");
  const auto answer = co_await perform(std::move(owner), std::move(asked), attempts);
  if (!answer) co_return with_context(answer.error(), "DPH statuses");
  if (answer->response.status != 200) co_return http::to_error("DPH statuses", answer->response);
  co_return parse_statuses(answer->response.body);
}

http::awaitable<result<std::vector<incoming>>> adapter::list(std::string owner,
                                                             std::int64_t her_id) {
  auto asked = make_request(
      "GET", fmt::format("{}/messages/in?receiverHerId={}", base_url_, her_id), "application/json");
  const auto answer = co_await perform(std::move(owner), std::move(asked), attempts);
  if (!answer) co_return with_context(answer.error(), "DPH list");
  if (answer->response.status == 204) co_return std::vector<incoming>{};
  if (answer->response.status != 200) co_return http::to_error("DPH list", answer->response);
  co_return parse_incoming(answer->response.body);
}

http::awaitable<result<received>> adapter::receive(std::string owner, std::string request) {
  auto asked = make_request("POST", base_url_ + "/messages/in", "multipart/mixed");
  asked.headers.add("Content-Type", "application/jose");
  asked.body = std::move(request);
  asked.deadlines.total = time_for(longest_answer);
  auto answer = co_await perform(std::move(owner), std::move(asked), attempts, true);
  if (!answer) co_return with_context(answer.error(), "DPH receive");
  received out;
  const auto& response = answer->response;
  if (is_refusal_of_message(response.status)) {
    out.refusal = parse_api_error(response.body);
    out.gone = response.status == 404 || response.status == 410;
    if (out.refusal->text.empty()) out.refusal->text = fmt::format("HTTP {}", response.status);
    co_return out;
  }
  if (response.status != 200) co_return http::to_error("DPH receive", response);
  auto read = [this, body = answer->body,
               type = std::string(response.headers.find("Content-Type").value_or(""))] {
    sequential_source source(body);
    return read_parts(type, source, spools_);
  };
  KP_CO_TRY(out.parts, co_await http::on_workers(workers_, std::move(read)));
  co_return out;
}

http::awaitable<result<void>> adapter::mark_read(std::string owner, std::string id,
                                                 std::int64_t her_id) {
  auto asked = make_request("POST",
                            fmt::format("{}/messages/in/{}/read?receiverHerId={}", base_url_,
                                        http::encode_component(id), her_id),
                            "text/plain, application/jose");
  const auto answer = co_await perform(std::move(owner), std::move(asked), attempts);
  if (!answer) co_return with_context(answer.error(), "DPH read");
  if (answer->response.status / 100 != 2 && answer->response.status != 404)
    co_return http::to_error("DPH read", answer->response);
  co_return result<void>{};
}

}  // namespace kp::dph
