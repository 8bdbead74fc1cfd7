#include "admin/services.hpp"

#include "actors/operator_messages.hpp"
#include "admin/tenant_access.hpp"
#include "tenants/connected_services.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>

namespace kp::admin {

namespace {

namespace json = boost::json;

constexpr std::size_t max_order = 4096;  // bytes of a body
constexpr std::size_t max_reason = 500;

json::object tell(service via, bool enabled, const storage::service_pause& now) {
  json::object out{{"service", to_string(via)},
                   {"enabled", enabled},
                   {"sending", now.sending ? "paused" : "on"},
                   {"receiving", now.receiving ? "paused" : "on"}};
  if (now.sending || now.receiving) {
    out["since"] = format_timestamp(now.at);
    out["by"] = now.by;
    if (!now.reason.empty()) out["reason"] = now.reason;
  }
  return out;
}

class services_module {
 public:
  explicit services_module(const actors::hub_parts& hub) : tenants_(hub) {}

  http::awaitable<answer> list(request asked) {
    const auto who = tenants_.find(asked.variables[0]);
    if (!who) co_return tenant_access::unknown(asked.variables[0]);
    auto work = [hub = tenants_.shared_context(), who]() -> result<json::object> {
      const storage::service_pauses pauses(hub->store, who->id);
      json::array all;
      for (const auto via : tenants::connected_services) {
        KP_TRY(const auto paused, pauses.find(via));
        all.push_back(tell(via, who->enabled(via), paused.value_or(storage::service_pause{})));
      }
      json::object out{{"organisation", who->id.to_string()}};
      out["services"] = std::move(all);
      return out;
    };
    auto told = co_await http::on_workers(tenants_.context().workers, std::move(work));
    if (!told) co_return problem_answer(503, told.error().message);
    co_return json_answer(*told);
  }

  // Without a word of which, both.
  http::awaitable<answer> change(request asked, bool pause) {
    const auto who = tenants_.find(asked.variables[0]);
    if (!who) co_return tenant_access::unknown(asked.variables[0]);
    const auto via = parse_service(asked.variables[1]);
    if (!via || !who->enabled(*via))
      co_return problem_answer(
          404, fmt::format("{} has not enabled a service {}.", who->name, asked.variables[1]));
    const auto body = read_order(asked.body, {"sending", "receiving", "reason"});
    if (!body) co_return problem_answer(400, body.error().message);
    const auto sending = flag_of(*body, "sending");
    if (!sending) co_return problem_answer(400, sending.error().message);
    const auto receiving = flag_of(*body, "receiving");
    if (!receiving) co_return problem_answer(400, receiving.error().message);
    const auto reason = text_of(*body, "reason");
    if (!reason) co_return problem_answer(400, reason.error().message);
    if (*reason && (*reason)->size() > max_reason)
      co_return problem_answer(400, fmt::format("The reason is longer than {}.", max_reason));
    const bool both = !sending->value_or(false) && !receiving->value_or(false);
    if (both && (*sending || *receiving))
      co_return problem_answer(400,
                               "Say with true what it is about: sending, receiving, or none "
                               "of them for both.");
    actors::pause_service order;
    order.via = *via;
    if (both || sending->value_or(false)) order.sending = pause;
    if (both || receiving->value_or(false)) order.receiving = pause;
    order.by = asked.by();
    order.reason = reason->value_or("");
    const auto done = co_await tenants_.ask<actors::service_paused>(who->id, order);
    if (!done) co_return refusal(done.error());
    if (done->failure) co_return refusal(*done->failure);
    auto out = tell(*via, true, done->now);
    out["organisation"] = who->id.to_string();
    co_return json_answer(out);
  }

 private:
  tenant_access tenants_;
};

}  // namespace

void add_services(routes& all, const actors::hub_parts& hub) {
  const auto here = std::make_shared<services_module>(hub);
  const std::string path = "/admin/organisations/{}/services";
  all.add({"GET", path, access::read,
           [here](request asked) { return here->list(std::move(asked)); }, 0});
  for (const bool pause : {true, false})
    all.add({"POST", path + (pause ? "/{}/pause" : "/{}/resume"), access::operate,
             [here, pause](request asked) { return here->change(std::move(asked), pause); },
             max_order});
}

}  // namespace kp::admin
