#include "admin/health.hpp"

#include "actors/probes.hpp"
#include "protocol/dph/messages.hpp"
#include "tenants/health_addresses.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include <algorithm>
#include <set>
#include <vector>

namespace kp::admin {

namespace {

namespace json = boost::json;
using actors::vital_signs;

// Lists in the answer are cut here; the counts are whole.
constexpr std::size_t most_listed = 100;

json::object component(health status, json::object details = {}) {
  json::object out{{"status", to_string(status)}};
  if (!details.empty()) out["details"] = std::move(details);
  return out;
}

void tell(json::object& into, const vital_signs::outcome& last) {
  if (last.succeeded) into["lastSuccess"] = format_timestamp(*last.succeeded);
  if (last.failed) into["lastFailure"] = format_timestamp(*last.failed);
  if (last.failed && !last.good()) into["failure"] = last.failure;
}

health judge_keys(const vital_signs::keystore& keys, time_point now, json::object& into) {
  if (!keys.problem.empty()) {
    into["problem"] = keys.problem;
    return health::down;
  }
  into["certificateExpires"] = format_timestamp(keys.not_after);
  if (keys.not_after <= now) {
    into["problem"] = "the certificate has expired; order a new one and put it into the key store";
    return health::down;
  }
  if (keys.not_after - now < certificate_warning) {
    into["problem"] = "the certificate expires soon; order a new one";
    return health::degraded;
  }
  return health::up;
}

health judge_poll(const vital_signs::outcome& last, time_point now, json::object& into) {
  tell(into, last);
  if (last.good()) return health::up;
  return last.succeeded && now - *last.succeeded < poll_patience ? health::up : health::degraded;
}

// {"<name>": {"status": ...}} of all; `worst` becomes as bad as the worst of them.
template <class Key, class Name>
json::object judge_polls(const std::map<Key, vital_signs::outcome>& all, time_point now,
                         health& worst, Name name_of) {
  json::object polls;
  for (const auto& [key, last] : all) {
    json::object poll;
    const auto status = judge_poll(last, now, poll);
    worst = std::max(worst, status);
    poll["status"] = to_string(status);
    polls[name_of(key)] = std::move(poll);
  }
  return polls;
}

// "her-id:8093"; what a channel has given up since is nobody's trouble.
std::set<std::string> own_addresses(const tenants::organisation& who) {
  std::set<std::string> all;
  for (const auto& each : tenants::own_her_ids(who)) all.insert(dph::her_id(each.number));
  return all;
}

// By service and name; empty when nothing is known.
json::object tell_credentials(const vital_signs::organisation& seen, health& status) {
  json::object all;
  for (const auto& [via, known] : seen.credentials) {
    json::object its;
    for (const auto& [name, last] : known) {
      const auto how = last.good() ? health::up : health::degraded;
      status = std::max(status, how);
      json::object one{{"status", to_string(how)}};
      tell(one, last);
      its[name] = std::move(one);
    }
    all[kp::to_string(via)] = std::move(its);
  }
  return all;
}

json::object tell(const vital_signs::pause& pause) {
  json::object out{{"sending", pause.sending ? "paused" : "on"},
                   {"receiving", pause.receiving ? "paused" : "on"},
                   {"since", format_timestamp(pause.at)},
                   {"by", pause.by}};
  if (!pause.reason.empty()) out["reason"] = pause.reason;
  return out;
}

json::object store_component(const vital_signs& signs) {
  const auto failure = signs.store_failure();
  if (!failure) return component(health::up, {{"store", "RocksDB"}});
  return component(health::down, {{"error", *failure}});
}

json::object disk_component(const health_facts& facts, health& status) {
  json::object details{{"path", facts.settings.storage_path}, {"threshold", least_disk_space}};
  if (facts.disk) {
    details["total"] = facts.disk->capacity;
    details["free"] = facts.disk->available;
    details["exists"] = true;
    status = facts.disk->available < least_disk_space ? health::down : health::up;
  } else {
    details["exists"] = false;
    status = health::down;
  }
  return component(status, std::move(details));
}

json::object queue_component(const health_facts& facts) {
  std::uint64_t outgoing = 0, incoming = 0;
  for (const auto& [id, levels] : facts.levels) {
    outgoing += levels.outgoing();
    incoming += levels.waiting + levels.locked;
  }
  return component(health::up, {{"outgoing", outgoing}, {"incoming", incoming}});
}

json::object upstream_component(const vital_signs& signs) {
  auto status = health::up;
  json::object services;
  for (const auto& [call, last] : signs.calls()) {
    json::object one{{"status", to_string(last.good() ? health::up : health::degraded)}};
    tell(one, last);
    if (!last.good()) status = health::degraded;
    if (!services.contains(call.first)) services[call.first] = json::object{};
    services[call.first].as_object()[call.second] = std::move(one);
  }
  return component(status, std::move(services));
}

json::object configuration_component(const tenants::tenants_state::snapshot& state,
                                     std::size_t& count) {
  json::array problems, left, leaving;
  const auto list = [](json::array& into, std::string line) {
    if (into.size() < most_listed) into.emplace_back(std::move(line));
  };
  for (const auto& file : state.broken)
    for (const auto& one : file.problems) {
      ++count;
      list(problems, to_string(one) + (file.running ? fmt::format(" Until then {} runs as the file "
                                                                  "was before.",
                                                                  file.running->to_string())
                                                    : ""));
    }
  for (const auto& one : state.left)
    list(left, fmt::format("{}: channel {} is configured no more, with {} outgoing and {} incoming "
                           "messages",
                           one.organisation.to_string(), one.channel.to_string(), one.outgoing,
                           one.incoming));
  for (const auto& one : state.leaving)
    list(leaving, fmt::format("{}: {} since {}", one.organisation.to_string(),
                              one.draining ? "sends what it has accepted" : "parked",
                              format_timestamp(one.since)));
  json::object details;
  const bool well = count == 0 && left.empty() && !state.watch_problem;
  if (count > 0) details["count"] = count;
  if (!problems.empty()) details["problems"] = std::move(problems);
  if (!left.empty()) details["leftChannels"] = std::move(left);
  if (!leaving.empty()) details["leaving"] = std::move(leaving);
  if (state.watch_problem) details["watch"] = *state.watch_problem;
  return component(well ? health::up : health::degraded, std::move(details));
}

json::object listener_component(const hub_settings& settings) {
  const auto at = [](const std::string& address, std::uint16_t port, bool tls) {
    return json::object{{"address", address}, {"port", port}, {"tls", tls}};
  };
  return component(
      health::up,
      {{"api", at(settings.api.address, settings.api.port, !settings.api.key_file.empty())},
       {"admin",
        at(settings.admin.address, settings.admin.port, !settings.admin.key_file.empty())}});
}

struct judged_organisation {
  organisation_id id;
  organisation_health health;
};

json::object organisations_component(const health_facts& facts, std::size_t& troubled) {
  std::vector<judged_organisation> all;
  const auto seen = facts.signs.organisations();
  if (facts.directory)
    for (const auto& one : facts.directory->organisations()) {
      const auto found = seen.find(one->id);
      all.push_back(
          {one->id, judge(*one, found == seen.end() ? nullptr : &found->second, facts.now)});
    }
  // Who is in trouble comes first, and so is in the list.
  std::ranges::sort(all, [](const auto& a, const auto& b) {
    return a.health.status != b.health.status ? a.health.status > b.health.status : a.id < b.id;
  });

  json::object listed;
  for (auto& one : all) {
    if (one.health.status != health::up) ++troubled;
    if (listed.size() < most_listed)
      listed[one.id.to_string()] = component(one.health.status, std::move(one.health.details));
  }
  return component(
      troubled == 0 ? health::up : health::degraded,
      {{"total", all.size()}, {"inTrouble", troubled}, {"organisations", std::move(listed)}});
}

}  // namespace

std::string_view to_string(health status) {
  switch (status) {
    case health::up:
      return "UP";
    case health::degraded:
      return "DEGRADED";
    case health::down:
      return "DOWN";
  }
  return "UNKNOWN";
}

organisation_health judge(const tenants::organisation& who, const vital_signs::organisation* seen,
                          time_point now) {
  organisation_health out;
  out.details["name"] = who.name;
  if (!seen) return out;
  if (seen->keys) {
    json::object keys;
    const auto status = judge_keys(*seen->keys, now, keys);
    out.status = std::max(out.status, status);
    keys["status"] = to_string(status);
    out.details["keystore"] = std::move(keys);
  }
  auto polls =
      judge_polls(seen->polls, now, out.status, [](service via) { return kp::to_string(via); });
  if (!polls.empty()) out.details["polls"] = std::move(polls);
  auto her_ids = seen->her_ids;
  std::erase_if(her_ids,
                [own = own_addresses(who)](const auto& one) { return !own.contains(one.first); });
  auto asked = judge_polls(her_ids, now, out.status, [](const std::string& id) { return id; });
  if (!asked.empty()) out.details["herIds"] = std::move(asked);
  if (auto credentials = tell_credentials(*seen, out.status); !credentials.empty())
    out.details["credentials"] = std::move(credentials);
  json::object paused;
  for (const auto& [via, pause] : seen->pauses) paused[kp::to_string(via)] = tell(pause);
  if (!paused.empty()) {
    out.details["paused"] = std::move(paused);
    out.status = std::max(out.status, health::degraded);  // so that nobody forgets it
  }
  return out;
}

hub_health judge(const health_facts& facts) {
  hub_health out;
  auto disk = health::up;
  json::object parts;
  parts["configuration"] = configuration_component(facts.tenants, out.configuration_problems);
  parts["db"] = store_component(facts.signs);
  parts["diskSpace"] = disk_component(facts, disk);
  parts["listeners"] = listener_component(facts.settings);
  parts["livenessState"] = component(health::up);
  parts["nextMoveQueue"] = queue_component(facts);
  parts["organisations"] = organisations_component(facts, out.organisations_in_trouble);
  parts["ping"] = component(health::up);
  const bool ready = facts.signs.now() == vital_signs::phase::ready;
  parts["readinessState"] = component(ready ? health::up : health::down);
  parts["upstream"] = upstream_component(facts.signs);
  // What is DEGRADED is so inside its part: the hub as a whole works, or does not.
  out.status = actors::is_up(facts.signs) && disk == health::up ? health::up : health::down;
  out.body["status"] = to_string(out.status);
  out.body["components"] = std::move(parts);
  out.body["groups"] = json::array{"liveness", "readiness"};
  return out;
}

}  // namespace kp::admin
