#include "protocol/dpe/service_bus.hpp"

#include "protocol/dpe/sas.hpp"
#include "protocol/http/http_error.hpp"
#include "protocol/http/url.hpp"
#include "protocol/maskinporten/json.hpp"

#include <fmt/format.h>

namespace kp::dpe {

namespace {

constexpr std::chrono::milliseconds answer_deadline{
    15'000};  // dpe.md 6.5, beside what a wait takes
constexpr std::chrono::milliseconds body_deadline{120'000};

std::optional<std::string> text_or_number(const boost::json::value& of, std::string_view name) {
  if (auto text = json::text(of, name)) return text;
  const auto number = json::integer(of, name);
  return number ? std::optional(std::to_string(*number)) : std::nullopt;
}

error refusal(std::string_view verb, const http::response& answer) {
  auto why = http::to_error(fmt::format("Service Bus {}", verb), answer);
  // Nothing but a malformed request stays wrong: queues are made, grow empty and are found again.
  if (answer.status != 400 && answer.status != 404) why.retryable = true;
  return why;
}

}  // namespace

result<locked_message> parse_broker_properties(std::string_view header, std::string queue) {
  const auto properties = json::parse(header);
  locked_message found;
  found.queue = std::move(queue);
  const auto id = properties ? text_or_number(*properties, "MessageId") : std::nullopt;
  const auto lock = properties ? json::text(*properties, "LockToken") : std::nullopt;
  if (!id || !lock || id->empty() || lock->empty())
    return transient(http::http_errc::bad_answer,
                     "Service Bus receive: BrokerProperties do not name a message and its lock");
  found.message_id = *id;
  found.lock_token = *lock;
  found.sequence_number = text_or_number(*properties, "SequenceNumber").value_or("");
  if (const auto count = json::integer(*properties, "DeliveryCount"); count && *count > 0)
    found.delivery_count = static_cast<std::uint32_t>(std::min<std::int64_t>(*count, 1'000'000));
  return found;
}

struct service_bus::call {
  http::request request{};  // without Authorization
  std::string question{};   // added to the URL, and not signed: "?timeout=1"
  std::shared_ptr<byte_sink> sink{};
  std::uint64_t max_bytes = 0;
};

service_bus::service_bus(http::client& http, const clock& time, sas_keys& keys,
                         service_bus_settings settings)
    : http_(http), time_(time), keys_(keys), settings_(std::move(settings)) {
  while (settings_.base_url.ends_with('/')) settings_.base_url.pop_back();
}

// The answer, whatever its status. The token is made when it is used: it lives for seconds.
http::awaitable<result<http::response>> service_bus::perform(call what) {
  std::optional<http::response> refused;
  std::string refused_key;
  for (;;) {
    auto key = co_await keys_.get();
    if (refused && (!key || *key == refused_key)) co_return *std::move(refused);
    if (!key) co_return key.error();
    auto asked = what.request;
    asked.headers.add("Authorization", shared_access_signature(asked.url, settings_.key_name, *key,
                                                               time_.now() + token_life));
    asked.url += what.question;
    result<http::response> answer = http::response{};
    if (what.sink)
      answer = co_await http_.download(std::move(asked), what.sink, what.max_bytes);
    else
      answer = co_await http_.send(std::move(asked));
    if (!answer) co_return answer;
    if (answer->status != 401) co_return answer;
    keys_.refused(*key);
    if (refused) co_return answer;
    refused = *std::move(answer);
    refused_key = *std::move(key);
  }
}

http::awaitable<result<void>> service_bus::send(std::string queue,
                                                std::shared_ptr<const random_access_source> body) {
  call what;
  what.request.method = "POST";
  what.request.url =
      fmt::format("{}/{}/messages", settings_.base_url, http::encode_component(queue));
  what.request.headers = {{"BrokerProperties", "{}"}, {"Content-Type", "application/octet-stream"}};
  what.request.body_source = std::move(body);
  what.request.deadlines.total = body_deadline;
  KP_CO_TRY(const auto answer, co_await perform(std::move(what)));
  if (answer.status / 100 != 2) co_return refusal("send", answer);
  co_return result<void>{};
}

http::awaitable<result<std::optional<locked_message>>> service_bus::receive(
    std::string queue, std::chrono::seconds wait, std::shared_ptr<byte_sink> to,
    std::uint64_t max_bytes) {
  call what;
  what.request.method = "POST";
  what.request.url =
      fmt::format("{}/{}/messages/head", settings_.base_url, http::encode_component(queue));
  what.question = fmt::format("?timeout={}", wait.count());
  what.request.deadlines.read = answer_deadline + wait;
  what.request.deadlines.total = body_deadline + wait;
  what.sink = std::move(to);
  what.max_bytes = max_bytes;
  KP_CO_TRY(const auto answer, co_await perform(std::move(what)));
  if (answer.status == 204) co_return std::optional<locked_message>{};
  if (answer.status / 100 != 2) co_return refusal("receive", answer);
  KP_CO_TRY(auto locked,
            parse_broker_properties(answer.headers.find("BrokerProperties").value_or(""), queue));
  co_return std::optional<locked_message>(std::move(locked));
}

http::awaitable<result<void>> service_bus::with_lock(std::string_view verb, std::string method,
                                                     locked_message which) {
  call what;
  what.request.method = std::move(method);
  what.request.url = fmt::format(
      "{}/{}/messages/{}/{}", settings_.base_url, http::encode_component(which.queue),
      http::encode_component(which.message_id), http::encode_component(which.lock_token));
  what.request.deadlines.read = answer_deadline;
  KP_CO_TRY(const auto answer, co_await perform(std::move(what)));
  if (answer.status / 100 != 2) co_return refusal(verb, answer);
  co_return result<void>{};
}

http::awaitable<result<void>> service_bus::complete(locked_message which) {
  return with_lock("complete", "DELETE", std::move(which));
}
http::awaitable<result<void>> service_bus::unlock(locked_message which) {
  return with_lock("unlock", "PUT", std::move(which));
}
http::awaitable<result<void>> service_bus::renew(locked_message which) {
  return with_lock("renew", "POST", std::move(which));
}
http::awaitable<result<void>> service_bus::set_aside(locked_message, std::string) {
  co_return permanent(http::http_errc::refused,
                      "Service Bus: a message cannot be set aside over REST");
}

}  // namespace kp::dpe
