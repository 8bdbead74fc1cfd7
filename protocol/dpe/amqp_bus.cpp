#include "protocol/dpe/amqp_bus.hpp"

#include "protocol/dpe/payload.hpp"
#include "protocol/dpe/sas.hpp"
#include "protocol/http/http_error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::dpe {

namespace {

using amqp::amqp_errc;

constexpr std::size_t most_grants = 1000;  // of queues that were sent to
constexpr std::size_t longest_id = 128;    // Azure allows no longer ones
constexpr std::string_view management = "/$management";

// As the broker itself would name it.
std::string new_id(random_source& random) {
  auto id = random.uuid();
  std::erase(id, '-');
  return id;
}

result<std::string> whole(const random_access_source& from) {
  const auto size = from.size();
  if (size > max_payload_bytes)
    return permanent(amqp_errc::too_large,
                     fmt::format("a message of {} bytes is too large for DPE", size));
  std::string bytes(size, '\0');
  std::size_t at = 0;
  while (at < bytes.size()) {
    KP_TRY(const auto count, from.read_at(at, std::span(bytes).subspan(at)));
    if (count == 0)
      return transient(amqp_errc::bad_answer, "a message is shorter than it was said to be");
    at += count;
  }
  return bytes;
}

// Of its queue, whatever id its sender has chosen.
std::string known_as(const amqp::content& message) {
  const auto id = message.id.substr(0, longest_id);
  return message.sequence_number ? fmt::format("{}-{}", *message.sequence_number, id) : id;
}

// What the management node, or the one of claims, says of a request.
result<void> judged(const amqp::answer& said, std::string_view what) {
  if (said.status / 100 == 2) return {};
  auto why = amqp::of_condition(what, said.condition, said.description);
  if (said.condition.empty())
    why = transient(said.status == 401   ? amqp_errc::unauthorized
                    : said.status == 410 ? amqp_errc::lock_lost
                    : said.status == 404 ? amqp_errc::not_found
                                         : amqp_errc::busy,
                    why.message);
  if (said.status == 410) why.retryable = false;
  why.message += fmt::format(" [{}]", said.status);
  return why;
}

}  // namespace

amqp_bus::amqp_bus(amqp::client& over, http::asio::thread_pool& workers, const clock& time,
                   random_source& random, sas_keys& keys, amqp_bus_settings settings)
    : over_(over),
      workers_(workers),
      time_(time),
      random_(random),
      keys_(keys),
      settings_(std::move(settings)) {}

http::awaitable<result<void>> amqp_bus::claim(std::string node) {
  KP_CO_TRY(const auto connection, co_await over_.connect());
  const auto found = grants_.find(node);
  if (found != grants_.end() && found->second.connection == connection &&
      time_.now() + renew_before < found->second.until)
    co_return result<void>{};
  co_return co_await put_token(std::move(node), connection);
}

http::awaitable<result<void>> amqp_bus::put_token(std::string node, std::uint64_t connection) {
  const auto resource = fmt::format("amqps://{}/{}", settings_.host, node);
  std::optional<error> refused;
  std::string refused_key;
  for (;;) {
    auto key = co_await keys_.get();
    if (refused && (!key || *key == refused_key)) co_return *refused;
    if (!key) co_return key.error();
    const auto until = time_.now() + token_life;
    amqp::question asked;
    asked.operation = "put-token";
    asked.properties = {{"type", "servicebus.windows.net:sastoken"}, {"name", resource}};
    asked.body = shared_access_signature(resource, settings_.key_name, *key, until);
    KP_CO_TRY(const auto said, co_await over_.ask("$cbs", std::move(asked)));
    const auto done = judged(said, "Service Bus put-token");
    if (done) {
      std::erase_if(grants_, [&](const auto& each) {
        return each.second.connection != connection || each.second.until < time_.now();
      });
      if (grants_.size() >= most_grants) grants_.clear();
      grants_[node] = {connection, until};
      co_return result<void>{};
    }
    if (said.status != 401) co_return done;
    keys_.refused(*key);
    if (refused) co_return done;
    refused = done.error();
    refused_key = *std::move(key);
  }
}

error amqp_bus::noted(const std::string& node, error why) {
  if (why.code == amqp_errc::unauthorized) grants_.erase(node);
  return why;
}

http::awaitable<result<void>> amqp_bus::send(std::string queue,
                                             std::shared_ptr<const random_access_source> body) {
  KP_CO_CHECK(co_await claim(queue));
  auto work = [body = std::move(body), id = new_id(random_)]() -> result<std::string> {
    KP_TRY(const auto bytes, whole(*body));
    return amqp::encode(bytes, id);
  };
  KP_CO_TRY(auto message, co_await http::on_workers(workers_, std::move(work)));
  auto sent = co_await over_.send(queue, std::move(message));
  if (!sent) co_return noted(queue, sent.error());
  co_return result<void>{};
}

http::awaitable<result<std::optional<locked_message>>> amqp_bus::receive(
    std::string queue, std::chrono::seconds, std::shared_ptr<byte_sink> to,
    std::uint64_t max_bytes) {
  KP_CO_CHECK(co_await claim(queue));
  auto got = co_await over_.receive(queue, max_bytes);
  if (!got) {
    auto why = noted(queue, got.error());
    if (why.code == amqp_errc::too_large) why.code = make_error_code(http::http_errc::too_large);
    co_return why;
  }
  if (!*got) co_return std::optional<locked_message>{};
  const auto token = amqp::lock_token_of((*got)->tag);
  if (!token)
    co_return transient(amqp_errc::bad_answer, "Service Bus: a message came without a lock token");
  locked_message locked;
  locked.queue = std::move(queue);
  locked.lock_token = *token;
  auto work = [bytes = std::move((*got)->bytes), to = std::move(to)]() -> result<amqp::content> {
    KP_TRY(auto found, amqp::decode(bytes));
    // What has no such body is for who reads it to judge.
    KP_CHECK(to->write(found.body.value_or(std::string())));
    KP_CHECK(to->finish());
    found.body.reset();
    return found;
  };
  KP_CO_TRY(const auto found, co_await http::on_workers(workers_, std::move(work)));
  locked.delivery_count = found.delivery_count;
  if (found.sequence_number) locked.sequence_number = std::to_string(*found.sequence_number);
  locked.message_id = known_as(found);
  if (locked.message_id.empty())
    co_return transient(amqp_errc::bad_answer, "Service Bus: a message came without a number");
  co_return std::optional<locked_message>(std::move(locked));
}

http::awaitable<result<void>> amqp_bus::manage(std::string queue, amqp::question asked) {
  auto node = queue + std::string(management);
  const auto what = "Service Bus " + asked.operation;
  KP_CO_CHECK(co_await claim(node));
  auto said = co_await over_.ask(node, std::move(asked));
  if (!said) co_return noted(node, said.error());
  auto done = judged(*said, what);
  if (!done) co_return noted(node, done.error());
  co_return done;
}

http::awaitable<result<void>> amqp_bus::settle(locked_message which, amqp::outcome how,
                                               std::string disposition, std::string reason) {
  const auto tag = amqp::tag_of(which.lock_token);
  if (!tag) co_return permanent(amqp_errc::lock_lost, "Service Bus: this is no lock token");
  auto done = co_await over_.settle(which.queue, *tag, how, reason);
  if (done || done.error().code != amqp_errc::no_link) co_return done;
  amqp::lock_arguments body;
  body.lock_tokens = {which.lock_token};
  body.texts["disposition-status"] = std::move(disposition);
  if (how == amqp::outcome::rejected) {
    body.texts["deadletter-reason"] = "unreadable";
    body.texts["deadletter-description"] = std::move(reason);
  }
  amqp::question asked;
  asked.operation = "com.microsoft:update-disposition";
  asked.body = std::move(body);
  co_return co_await manage(std::move(which.queue), std::move(asked));
}

http::awaitable<result<void>> amqp_bus::complete(locked_message which) {
  return settle(std::move(which), amqp::outcome::accepted, "completed", {});
}
http::awaitable<result<void>> amqp_bus::unlock(locked_message which) {
  return settle(std::move(which), amqp::outcome::released, "abandoned", {});
}
http::awaitable<result<void>> amqp_bus::set_aside(locked_message which, std::string reason) {
  return settle(std::move(which), amqp::outcome::rejected, "suspended", std::move(reason));
}

http::awaitable<result<void>> amqp_bus::renew(locked_message which) {
  amqp::lock_arguments body;
  body.lock_tokens = {which.lock_token};
  amqp::question asked;
  asked.operation = "com.microsoft:renew-lock";
  asked.body = std::move(body);
  co_return co_await manage(std::move(which.queue), std::move(asked));
}

}  // namespace kp::dpe
