#include "admin/webhooks.hpp"

#include "admin/message_story.hpp"
#include "admin/tenant_access.hpp"
#include "storage/subscriptions.hpp"

#include <boost/json/array.hpp>

namespace kp::admin {

namespace {

namespace json = boost::json;

constexpr std::size_t most_listed = 1000;

// Where it posts to, without what may be a secret in path or query.
std::string place_of(const std::string& endpoint) {
  const auto begin = endpoint.find("://");
  const auto slash = endpoint.find('/', begin == std::string::npos ? 0 : begin + 3);
  auto host = endpoint.substr(0, slash);
  if (const auto at = host.rfind('@'); at != std::string::npos && begin != std::string::npos)
    host.erase(begin + 3, at - begin - 2);
  return slash == std::string::npos || slash + 1 == endpoint.size() ? host : host + "/…";
}

result<json::object> tell_all(const storage::engine& store, organisation_id organisation) {
  const storage::subscriptions subscriptions(store, organisation);
  KP_TRY(const auto name_of, read_channel_names(store, organisation));
  KP_TRY(const auto known, subscriptions.all());
  json::array all;
  for (const auto& each : known) {
    if (all.size() >= most_listed) break;
    KP_TRY(const auto progress, subscriptions.progress(each.id));
    KP_TRY(const auto parked, subscriptions.parked(each.id));
    const storage::page_request newest{0, 1, storage::scan_order::descending};
    KP_TRY(const auto dead, subscriptions.dead_letters(each.id, newest, {}));
    json::object one{{"id", each.id},
                     {"channel", name_of(each.channel)},
                     {"name", each.name},
                     {"resource", each.resource},
                     {"event", each.event},
                     {"endpoint", place_of(each.push_endpoint)},
                     {"state", progress.paused  ? "paused"
                               : parked.empty() ? "ok"
                                                : "retrying"},
                     {"parked", parked.size()},
                     {"dead", dead.total}};
    if (progress.paused) {
      one["pausedSince"] = format_timestamp(*progress.paused);
      one["lastError"] = progress.why_paused;
    } else if (!parked.empty()) {
      one["lastError"] = parked.back().last_error;
    } else if (!dead.items.empty()) {
      one["lastError"] = dead.items.front().last_error;
    }
    all.push_back(std::move(one));
  }
  json::object out{{"organisation", organisation.to_string()}, {"total", known.size()}};
  out["subscriptions"] = std::move(all);
  return out;
}

}  // namespace

void add_webhooks(routes& all, const actors::hub_parts& hub) {
  const auto tenants = std::make_shared<tenant_access>(hub);
  auto show = [](std::shared_ptr<tenant_access> in, request asked) -> http::awaitable<answer> {
    const auto who = in->find(asked.variables[0]);
    if (!who) co_return tenant_access::unknown(asked.variables[0]);
    auto work = [context = in->shared_context(), who] { return tell_all(context->store, who->id); };
    auto told = co_await http::on_workers(in->context().workers, std::move(work));
    if (!told) co_return problem_answer(503, told.error().message);
    co_return json_answer(*told);
  };
  all.add({"GET", "/admin/organisations/{}/webhooks", access::read,
           [tenants, show](request asked) { return show(tenants, std::move(asked)); }, 0});
}

}  // namespace kp::admin
