#include "admin/parked.hpp"

#include "admin/tenant_access.hpp"
#include "config/log.hpp"
#include "storage/parked_deliveries.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

namespace kp::admin {

namespace {

namespace json = boost::json;

constexpr std::size_t most_bytes = 64u << 20;  // what a delivery may have

json::object tell(const storage::parked_delivery& one) {
  boost::system::error_code failed;
  auto headers = json::parse(one.headers, failed);
  if (failed) headers = one.headers;
  json::object out{{"id", one.id},
                   {"service", "DPFIO"},
                   {"account", one.account},
                   {"reason", one.reason},
                   {"parked", format_timestamp(one.at)},
                   {"bytes", one.body ? one.body->size : 0}};
  out["headers"] = std::move(headers);
  return out;
}

class parked_module {
 public:
  explicit parked_module(const actors::hub_parts& hub) : tenants_(hub) {}

  http::awaitable<answer> list(request asked) {
    const auto who = tenants_.find(asked.variables[0]);
    if (!who) co_return tenant_access::unknown(asked.variables[0]);
    auto work = [hub = tenants_.shared_context(), who]() -> result<json::object> {
      KP_TRY(const auto found, storage::parked_deliveries(hub->store, who->id).all());
      json::array all;
      for (const auto& each : found) all.push_back(tell(each));
      json::object out{{"organisation", who->id.to_string()}};
      out["parked"] = std::move(all);
      return out;
    };
    auto told = co_await http::on_workers(tenants_.context().workers, std::move(work));
    if (!told) co_return problem_answer(503, told.error().message);
    co_return json_answer(*told);
  }

  http::awaitable<answer> content(request asked) {
    const auto who = tenants_.find(asked.variables[0]);
    if (!who) co_return tenant_access::unknown(asked.variables[0]);
    auto work = [hub = tenants_.shared_context(), who,
                 id = asked.variables[1]]() -> result<std::optional<std::string>> {
      KP_TRY(const auto found, storage::parked_deliveries(hub->store, who->id).find(id));
      if (!found) return std::optional<std::string>();
      if (!found->body) return std::optional(std::string());
      KP_TRY(auto bytes, hub->blobs.open(who->id, *found->body));
      sequential_source source(std::move(bytes));
      KP_TRY(auto all, read_all(source, most_bytes));
      return std::optional(std::move(all));
    };
    auto read = co_await http::on_workers(tenants_.context().workers, std::move(work));
    if (!read) co_return problem_answer(503, read.error().message);
    if (!*read) co_return unknown(asked.variables[1]);
    answer out;
    out.headers.add("Content-Type", "application/octet-stream");
    out.body = **std::move(read);
    co_return out;
  }

  http::awaitable<answer> remove(request asked) {
    const auto who = tenants_.find(asked.variables[0]);
    if (!who) co_return tenant_access::unknown(asked.variables[0]);
    auto work = [hub = tenants_.shared_context(), who, id = asked.variables[1]]() -> result<bool> {
      const storage::parked_deliveries parked(hub->store, who->id);
      KP_TRY(const auto found, parked.find(id));
      if (!found) return false;
      storage::batch changes;
      parked.remove(changes, *found);
      if (found->body) hub->blobs.remove(changes, who->id, *found->body);
      KP_CHECK(hub->commit_from_worker(std::move(changes)));
      if (found->body) hub->blobs.release(who->id, *found->body);
      return true;
    };
    auto done = co_await http::on_workers(tenants_.context().workers, std::move(work));
    if (!done) co_return problem_answer(503, done.error().message);
    if (!*done) co_return unknown(asked.variables[1]);
    log(log_level::info, "a parked delivery was removed by an operator",
        {{"organisation", who->id.to_string()},
         {"parked", asked.variables[1]},
         {"by", asked.by()}});
    co_return json_answer(json::object{{"removed", asked.variables[1]}});
  }

 private:
  static answer unknown(const std::string& id) {
    return problem_answer(404, fmt::format("Nothing is parked under {}.", id));
  }

  tenant_access tenants_;
};

}  // namespace

void add_parked(routes& all, const actors::hub_parts& hub) {
  const auto here = std::make_shared<parked_module>(hub);
  const std::string path = "/admin/organisations/{}/parked";
  all.add({"GET", path, access::read,
           [here](request asked) { return here->list(std::move(asked)); }, 0});
  all.add({"GET", path + "/{}/content", access::operate,
           [here](request asked) { return here->content(std::move(asked)); }, 0});
  all.add({"DELETE", path + "/{}", access::operate,
           [here](request asked) { return here->remove(std::move(asked)); }, 0});
}

}  // namespace kp::admin
