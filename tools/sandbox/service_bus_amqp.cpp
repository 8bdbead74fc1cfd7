#include "tools/sandbox/service_bus_amqp.hpp"

#include "config/text.hpp"

#include <fmt/format.h>

namespace kp::sandbox {

namespace {

using cut = amqp_verdict::cut;

std::int64_t milliseconds(time_point at) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

amqp_verdict of_status(unsigned status, std::string text) {
  switch (status) {
    case 401:
      return {"amqp:unauthorized-access", std::move(text)};
    case 403:
      return {"amqp:resource-limit-exceeded", std::move(text)};
    case 404:
    case 410:
      return {"amqp:not-found", std::move(text)};
    case 400:
      return {"amqp:invalid-field", std::move(text)};
    case 429:
    case 503:
      return {"com.microsoft:server-busy", std::move(text)};
    default:
      return {"amqp:internal-error", std::move(text)};
  }
}

amqp_verdict of_refusal(bus_refusal why) {
  switch (why) {
    case bus_refusal::no_queue:
      return {"amqp:not-found", "The messaging entity could not be found"};
    case bus_refusal::quota:
      return {"amqp:resource-limit-exceeded", "The queue is full"};
    case bus_refusal::too_large:
      return {"amqp:link:message-size-exceeded", "The message is larger than is allowed"};
    case bus_refusal::no_lock:
      break;
  }
  return {"com.microsoft:message-lock-lost", "The lock supplied is invalid"};
}

}  // namespace

amqp_verdict service_bus_amqp::struck(endpoint where, const std::string& queue) {
  const auto fault = all_.faults.strike(where, {}, queue);
  amqp_verdict out;
  if (!fault) return out;
  if (fault->kind == fault_kind::status) return of_status(fault->status, "Injected fault");
  if (fault->kind == fault_kind::cut) out.connection = cut::before;
  if (fault->kind == fault_kind::cut_after) out.connection = cut::after;
  return out;
}

amqp_verdict service_bus_amqp::done(endpoint where, std::string_view what, const std::string& queue,
                                    amqp_verdict verdict, std::size_t bytes) {
  const bool cut_off = verdict.connection != cut::no;
  const unsigned status = cut_off ? 0 : verdict.refused() ? 400 : 200;
  all_.counters.count(where, {}, {}, status);
  all_.bus.note({{"method", "AMQP"},
                 {"path", what},
                 {"query", verdict.condition},
                 {"queue", to_lower(queue)},
                 {"contentType", ""},
                 {"bytes", bytes},
                 {"status", status}});
  return verdict;
}

amqp_broker::claim service_bus_amqp::put_token(const std::string& host, const std::string& name,
                                               const std::string& token) {
  claim out;
  auto resource = name;
  if (const auto at = resource.find("://"); at != std::string::npos) resource.erase(0, at + 3);
  const auto slash = resource.find('/');
  const auto node = slash == std::string::npos ? std::string() : resource.substr(slash + 1);
  auto verdict = struck(endpoint::service_bus_claim, node);
  out.cut = verdict.connection != cut::no;
  if (verdict.refused()) {
    out.status = verdict.condition == "amqp:unauthorized-access" ? 401 : 500;
    out.description = verdict.description;
  } else if (node.empty() || !equals_ignoring_case(resource.substr(0, slash), host)) {
    out.status = 400;
    out.description = fmt::format("'{}' is no node of {}", name, host);
  } else if (const auto why = all_.bus.refuse_token(token, host + "/" + node); !why.empty()) {
    out.status = 401;
    out.description = why;
    verdict.condition = "amqp:unauthorized-access";
  } else {
    out.status = 202;
    out.description = "Accepted";
    out.node = to_lower(node);
  }
  static_cast<void>(done(endpoint::service_bus_claim, "put-token", node, verdict));
  return out;
}

amqp_verdict service_bus_amqp::may_attach(const std::string& queue) {
  if (!all_.queues.is_there(queue)) return of_refusal(bus_refusal::no_queue);
  return {};
}

std::size_t service_bus_amqp::max_bytes() {
  return all_.queues.settings.max_bytes;
}

amqp_verdict service_bus_amqp::send(const std::string& queue, std::string body,
                                    std::string content_type) {
  const auto bytes = body.size();
  auto verdict = struck(endpoint::service_bus_send, queue);
  if (!verdict.refused() && verdict.connection != cut::before) {
    const auto sent = all_.queues.send(to_lower(queue), std::move(body), std::move(content_type));
    if (!sent) verdict = of_refusal(sent.error());
  }
  return done(endpoint::service_bus_send, "send", queue, std::move(verdict), bytes);
}

amqp_broker::received service_bus_amqp::receive(const std::string& queue) {
  received out;
  // Who waits with an open link asks all the time.
  if (all_.queues.is_there(queue) && !all_.queues.has_free(to_lower(queue))) return out;
  out.verdict = struck(endpoint::service_bus_receive, queue);
  if (!out.verdict.refused() && out.verdict.connection != cut::before) {
    const auto got = all_.queues.receive(to_lower(queue));
    if (!got) {
      out.verdict = of_refusal(got.error());
    } else if (*got) {
      const auto& from = **got;
      amqp_message made;
      made.body = *from.body;
      made.id = from.id;
      made.content_type = from.content_type;
      made.sequence = from.sequence;
      made.deliveries = from.deliveries;
      made.lock = from.lock;
      made.enqueued_ms = milliseconds(from.enqueued);
      made.locked_until_ms = milliseconds(from.locked_until);
      out.message = std::move(made);
    }
  }
  out.verdict = done(endpoint::service_bus_receive, "receive", queue, std::move(out.verdict));
  return out;
}

amqp_verdict service_bus_amqp::end_lock(const std::string& queue, const std::string& lock,
                                        amqp_end how, const std::string& reason) {
  const auto where = how == amqp_end::complete ? endpoint::service_bus_complete
                     : how == amqp_end::unlock ? endpoint::service_bus_unlock
                                               : endpoint::service_bus_set_aside;
  const auto name = to_lower(queue);
  auto verdict = struck(where, queue);
  if (!verdict.refused() && verdict.connection != cut::before) {
    const auto id = all_.queues.locked_as(name, lock);
    const auto ended = how == amqp_end::complete ? all_.queues.complete(name, id, lock)
                       : how == amqp_end::unlock ? all_.queues.unlock(name, id, lock)
                                                 : all_.queues.set_aside(name, id, lock, reason);
    if (!ended) verdict = of_refusal(ended.error());
  }
  const auto what = how == amqp_end::complete ? "complete"
                    : how == amqp_end::unlock ? "unlock"
                                              : "set_aside";
  return done(where, what, queue, std::move(verdict));
}

amqp_verdict service_bus_amqp::renew(const std::string& queue, const std::string& lock,
                                     std::int64_t& until_ms) {
  const auto name = to_lower(queue);
  auto verdict = struck(endpoint::service_bus_renew, queue);
  if (!verdict.refused() && verdict.connection != cut::before) {
    const auto renewed = all_.queues.renew(name, all_.queues.locked_as(name, lock), lock);
    if (!renewed)
      verdict = of_refusal(renewed.error());
    else
      until_ms = milliseconds(all_.time.now() + all_.queues.settings.lock);
  }
  return done(endpoint::service_bus_renew, "renew", queue, std::move(verdict));
}

}  // namespace kp::sandbox
