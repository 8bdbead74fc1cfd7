#include "admin/messages.hpp"

#include "actors/operator_messages.hpp"
#include "admin/message_queue.hpp"
#include "admin/tenant_access.hpp"
#include "storage/storage_error.hpp"

#include <fmt/format.h>

#include <charconv>

namespace kp::admin {

namespace {

namespace json = boost::json;
using actors::message_action;

constexpr std::size_t max_order = 4096;  // bytes of a body
constexpr std::size_t max_reason = 500;  // characters

result<std::uint64_t> number_of(const api::query& query, std::string_view name,
                                std::uint64_t otherwise, std::uint64_t most) {
  const auto text = query.find(name);
  if (!text) return otherwise;
  std::uint64_t value = 0;
  const auto [stopped, failed] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (failed != std::errc() || stopped != text->data() + text->size() || value > most)
    return permanent(
        http::http_errc::refused,
        fmt::format("{}={} in the query is no number from 0 to {}.", name, *text, most));
  return value;
}

result<queue_question> read_question(const api::query& query) {
  queue_question asked;
  if (const auto state = query.find("state")) {
    const auto known = parse_queue_state(*state);
    if (!known)
      return permanent(http::http_errc::refused,
                       fmt::format("There is no state {}; there are queued (all but failed), "
                                   "waiting, retrying, sending, parked, failed.",
                                   *state));
    asked.state = *known;
  }
  if (const auto name = query.find("service")) {
    asked.via = parse_service(*name);
    if (!asked.via)
      return permanent(http::http_errc::refused, fmt::format("There is no service {}.", *name));
  }
  asked.channel = query.find("channel");
  KP_TRY(asked.size, number_of(query, "size", asked.size, queue_question::max_size));
  KP_TRY(asked.page, number_of(query, "page", 0, queue_question::deepest));
  if (asked.page * asked.size > queue_question::deepest)
    return permanent(http::http_errc::refused,
                     fmt::format("Only the first {} are listed; narrow the list by channel, "
                                 "service or state.",
                                 queue_question::deepest));
  return asked;
}

std::string_view done_word(message_action what) {
  switch (what) {
    case message_action::retry:
      return "is due now";
    case message_action::park:
      return "is parked";
    case message_action::unpark:
      return "is not parked any more, and due now";
    case message_action::remove:
      return "is deleted";
  }
  return "is changed";
}

class messages_module {
 public:
  explicit messages_module(const actors::hub_parts& hub) : tenants_(hub) {}

  http::awaitable<answer> list(request asked) {
    const auto who = tenants_.find(asked.variables[0]);
    if (!who) co_return tenant_access::unknown(asked.variables[0]);
    const auto question = read_question(asked.query);
    if (!question) co_return problem_answer(400, question.error().message);
    auto work = [hub = tenants_.shared_context(), id = who->id,
                 question = *question]() -> result<json::object> {
      KP_TRY(const auto name_of, read_channel_names(hub->store, id));
      return list_messages(hub->store, id, question, name_of, hub->time.now());
    };
    auto told = co_await http::on_workers(tenants_.context().workers, std::move(work));
    if (!told) co_return problem_answer(503, told.error().message);
    co_return json_answer(*told);
  }

  http::awaitable<answer> change(request asked, message_action what) {
    const auto who = tenants_.find(asked.variables[0]);
    if (!who) co_return tenant_access::unknown(asked.variables[0]);
    const auto message = message_id::parse(asked.variables[1]);
    if (!message)
      co_return problem_answer(400,
                               fmt::format("{} is no message id (a UUID).", asked.variables[1]));
    const auto body = read_order(asked.body, {"reason"});
    if (!body) co_return problem_answer(400, body.error().message);
    const auto reason = text_of(*body, "reason");
    if (!reason) co_return problem_answer(400, reason.error().message);
    if (*reason && (*reason)->size() > max_reason)
      co_return problem_answer(400, fmt::format("The reason is longer than {}.", max_reason));
    if (what == message_action::remove && (!*reason || (*reason)->empty()))
      co_return problem_answer(400,
                               "Give the reason in the body, {\"reason\": \"…\"}: the sender reads "
                               "it with the status FEIL.");
    actors::order_message order;
    order.what = what;
    order.message = *message;
    order.by = asked.by();
    order.reason = reason->value_or("");
    const auto done = co_await tenants_.ask<actors::message_ordered>(who->id, order);
    if (!done) co_return refusal(done.error());
    if (done->failure && done->failure->code == make_error_code(storage::storage_errc::fenced))
      co_return problem_answer(
          409, fmt::format("Message {} is being sent just now; see how that ends, and ask again.",
                           message->to_string()));
    if (done->failure) co_return refusal(*done->failure);
    if (!done->known)
      co_return problem_answer(
          404, fmt::format("{} has no message {} in a queue; its history tells what became of it.",
                           who->name, message->to_string()));
    json::object out{{"organisation", who->id.to_string()},
                     {"messageId", message->to_string()},
                     {"items", done->items},
                     {"outcome", done_word(what)}};
    co_return json_answer(out);
  }

 private:
  tenant_access tenants_;
};

}  // namespace

void add_messages(routes& all, const actors::hub_parts& hub) {
  const auto here = std::make_shared<messages_module>(hub);
  const std::string path = "/admin/organisations/{}/messages";
  all.add({"GET", path, access::read,
           [here](request asked) { return here->list(std::move(asked)); }, 0});
  const auto change = [&](const char* method, const char* tail, message_action what) {
    all.add({method, path + "/{}" + tail, access::operate,
             [here, what](request asked) { return here->change(std::move(asked), what); },
             max_order});
  };
  change("POST", "/retry", message_action::retry);
  change("POST", "/park", message_action::park);
  change("POST", "/unpark", message_action::unpark);
  change("DELETE", "", message_action::remove);
}

}  // namespace kp::admin
