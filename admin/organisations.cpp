#include "admin/organisations.hpp"

#include "admin/health.hpp"
#include "admin/message_story.hpp"
#include "admin/store_levels.hpp"
#include "admin/tenant_access.hpp"
#include "storage/codec.hpp"
#include "storage/keys.hpp"
#include "storage/repositories.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>

namespace kp::admin {

namespace {

namespace json = boost::json;

// Items of a queue that are listed; the counts are whole.
constexpr std::size_t most_items = 100;

json::array names_of(const std::set<service>& services) {
  json::array names;
  for (const auto one : services) names.emplace_back(to_string(one));
  return names;
}

// "DPO" where both are paused, else with which.
json::array paused_of(const actors::vital_signs::organisation* seen) {
  json::array all;
  if (!seen) return all;
  for (const auto& [via, pause] : seen->pauses) {
    const std::string_view which = !pause.receiving ? " sending"
                                   : !pause.sending ? " receiving"
                                                    : "";
    all.emplace_back(fmt::format("{}{}", to_string(via), which));
  }
  return all;
}

json::object tell_levels(const queue_levels& levels) {
  json::object outboxes;
  for (const auto& [via, level] : levels.outboxes) {
    json::object one{{"items", level.items}};
    if (level.oldest) one["oldest"] = format_timestamp(*level.oldest);
    outboxes[to_string(via)] = std::move(one);
  }
  return {{"outbox", std::move(outboxes)},
          {"inboundWaiting", levels.waiting},
          {"inboundLocked", levels.locked}};
}

result<json::object> tell_queues(const storage::engine& store, organisation_id id, time_point now) {
  KP_TRY(const auto levels, read_levels(store, id));
  KP_TRY(const auto name_of, read_channel_names(store, id));
  std::vector<storage::outbox_item> first;
  const auto prefix = storage::key_builder(id, storage::record_kind::outbox_item).str();
  const auto keep = [&](std::string_view, std::string_view value) {
    if (auto item = storage::decode<storage::outbox_item>(value)) first.push_back(*std::move(item));
    return first.size() < most_items;
  };
  KP_CHECK(store.scan(prefix, storage::prefix_end(prefix), storage::scan_order::ascending, keep));
  auto out = tell_levels(levels);
  json::array items;
  for (const auto& item : first) {
    KP_TRY(auto one, tell(store, id, item, name_of, now));
    items.push_back(std::move(one));
  }
  out["items"] = std::move(items);
  return out;
}

result<json::array> tell_channels(const storage::engine& store, const tenants::organisation& who) {
  const storage::channel_registry registry(store, who.id);
  const storage::outgoing_messages outgoing(store, who.id);
  const storage::inbox incoming(store, who.id);
  KP_TRY(const auto known, registry.all());
  json::array all;
  for (const auto& channel : who.channels) {
    json::object one{{"name", channel.name.to_string()},
                     {"sends", names_of(channel.sends)},
                     {"receives", names_of(channel.receives)},
                     {"lockMinutes", channel.lock_timeout.count()}};
    if (channel.message_channel) one["messageChannel"] = *channel.message_channel;
    json::array credentials;
    for (const auto& credential : channel.credentials)
      credentials.emplace_back(tenants::identity_of(credential).called);
    one["credentials"] = std::move(credentials);
    for (const auto& entry : known) {
      if (entry.name != channel.name) continue;
      const storage::page_request none{0, 0, storage::scan_order::ascending};
      KP_TRY(const auto out, outgoing.list(entry.number, none, {}));
      KP_TRY(const auto in, incoming.list(entry.number, none, {}));
      one["outgoing"] = out.total;
      one["inbox"] = in.total;
    }
    all.push_back(std::move(one));
  }
  return all;
}

class organisations_module : public std::enable_shared_from_this<organisations_module> {
 public:
  explicit organisations_module(const actors::hub_parts& hub)
      : hub_(hub.context), desk_(hub.desk), tenants_(hub) {}

  http::awaitable<answer> list() {
    json::array all;
    const auto seen = hub_->signs->organisations();
    if (const auto directory = desk_->directory())
      for (const auto& one : directory->organisations()) {
        const auto found = seen.find(one->id);
        const auto judged =
            judge(*one, found == seen.end() ? nullptr : &found->second, hub_->time.now());
        all.push_back({{"number", one->id.to_string()},
                       {"name", one->name},
                       {"status", to_string(judged.status)},
                       {"paused", paused_of(found == seen.end() ? nullptr : &found->second)},
                       {"channels", one->channels.size()},
                       {"file", one->file}});
      }
    co_return json_answer(json::object{{"organisations", std::move(all)}});
  }

  http::awaitable<answer> show(request asked) {
    const auto who = find(asked.variables[0]);
    if (!who) co_return unknown(asked.variables[0]);
    auto work = [hub = hub_, who] { return read_levels(hub->store, who->id); };
    auto levels = co_await http::on_workers(hub_->workers, std::move(work));
    if (!levels) co_return problem_answer(503, levels.error().message);
    const auto seen = hub_->signs->organisations();
    const auto found = seen.find(who->id);
    auto judged = judge(*who, found == seen.end() ? nullptr : &found->second, hub_->time.now());
    json::array channels;
    for (const auto& channel : who->channels) channels.emplace_back(channel.name.to_string());
    json::object out{
        {"number", who->id.to_string()},      {"name", who->name},
        {"status", to_string(judged.status)}, {"file", who->file},
        {"keystore", who->keystore.path},     {"maskinportenClientId", who->maskinporten_client_id},
        {"channels", std::move(channels)},    {"queues", tell_levels(*levels)},
        {"health", std::move(judged.details)}};
    co_return json_answer(out);
  }

  http::awaitable<answer> channels(request asked) {
    const auto who = find(asked.variables[0]);
    if (!who) co_return unknown(asked.variables[0]);
    auto work = [hub = hub_, who]() -> result<json::object> {
      KP_TRY(auto all, tell_channels(hub->store, *who));
      json::object out;
      out["channels"] = std::move(all);
      return out;
    };
    auto told = co_await http::on_workers(hub_->workers, std::move(work));
    if (!told) co_return problem_answer(503, told.error().message);
    co_return json_answer(*told);
  }

  http::awaitable<answer> queues(request asked) {
    const auto who = find(asked.variables[0]);
    if (!who) co_return unknown(asked.variables[0]);
    auto work = [hub = hub_, who] { return tell_queues(hub->store, who->id, hub->time.now()); };
    auto told = co_await http::on_workers(hub_->workers, std::move(work));
    if (!told) co_return problem_answer(503, told.error().message);
    co_return json_answer(*told);
  }

  http::awaitable<answer> message(request asked) {
    const auto who = find(asked.variables[0]);
    if (!who) co_return unknown(asked.variables[0]);
    const auto id = message_id::parse(asked.variables[1]);
    if (!id)
      co_return problem_answer(400,
                               fmt::format("{} is no message id (a UUID).", asked.variables[1]));
    auto work = [hub = hub_, who, id = *id]() -> result<std::optional<json::object>> {
      KP_TRY(const auto name_of, read_channel_names(hub->store, who->id));
      return tell_story(hub->store, who->id, id, name_of, hub->time.now());
    };
    auto told = co_await http::on_workers(hub_->workers, std::move(work));
    if (!told) co_return problem_answer(503, told.error().message);
    if (!*told)
      co_return problem_answer(404,
                               fmt::format("{} knows no message {}.", who->name, id->to_string()));
    co_return json_answer(**told);
  }

 private:
  organisation_ptr find(const std::string& number) const { return tenants_.find(number); }
  static answer unknown(const std::string& number) { return tenant_access::unknown(number); }

  std::shared_ptr<actors::hub_context> hub_;
  std::shared_ptr<actors::gateway_desk> desk_;
  tenant_access tenants_;
};

}  // namespace

void add_organisations(routes& all, const actors::hub_parts& hub) {
  const auto here = std::make_shared<organisations_module>(hub);
  const auto get = [&all](std::string path, auto handle) {
    all.add({"GET", "/admin/organisations" + path, access::read, std::move(handle), 0});
  };
  get("", [here](request) { return here->list(); });
  get("/{}", [here](request asked) { return here->show(std::move(asked)); });
  get("/{}/channels", [here](request asked) { return here->channels(std::move(asked)); });
  get("/{}/queues", [here](request asked) { return here->queues(std::move(asked)); });
  get("/{}/messages/{}", [here](request asked) { return here->message(std::move(asked)); });
}

}  // namespace kp::admin
