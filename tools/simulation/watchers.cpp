#include "actors/seat_messages.hpp"
#include "storage/keys.hpp"
#include "storage/lease.hpp"
#include "tools/simulation/checks.hpp"
#include "tools/simulation/clients.hpp"
#include "tools/simulation/marks.hpp"
#include "tools/simulation/town.hpp"

#include <boost/json.hpp>

namespace kp::simulation {

namespace {

using namespace std::chrono_literals;
using namespace kp::actors;
namespace json = boost::json;

std::vector<letter*> letters_of(world& in, std::size_t organisation, std::size_t channel) {
  std::vector<letter*> all;
  for (auto& [id, l] : in.all.letters)
    if (l.from == organisation && l.channel == channel && l.created) all.push_back(&l);
  return all;
}

void ask_statuses(world& in, letter* of) {
  in.call(of->from, of->channel,
          {endpoint::statuses_of_message, "/api/statuses/" + of->id, of->id, "size=50", {}, {}},
          [&in, of, asked = in.on.now()](const std::optional<api_answer>& answer) {
            if (!answer || answer->status >= 500) return;
            if (answer->status != 200)
              return in.on.finding("statuses of {}: {}", of->id, answer->status);
            std::vector<std::string> names;
            for (const auto& each : json::parse(answer->body).at("content").as_array())
              names.emplace_back(each.at("status").as_string());
            check_statuses(in.on, *of, names, asked);
          });
}

void peek_status(world& in, std::size_t organisation, std::size_t channel) {
  in.call(organisation, channel, {endpoint::peek_status, "/api/statuses/peek", {}, {}, {}, {}},
          [&in, organisation, channel](const std::optional<api_answer>& answer) {
            if (!answer || answer->status != 200) return;
            const auto id = json::serialize(json::parse(answer->body).at("id"));
            auto& gone = in.all.unqueued[organisation];
            if (gone.contains(id))
              in.on.finding("status {} of {} is queued after it was taken off", id, organisation);
            if (in.on.chance.chance(20)) return;
            in.call(organisation, channel,
                    {endpoint::remove_queued_status, "/api/statuses/" + id, id, {}, {}, {}},
                    [&in, organisation, id](const std::optional<api_answer>& removed) {
                      if (removed && removed->status == 200)
                        in.all.unqueued[organisation].insert(id);
                    });
          });
}

void end_hook(world& in, hook& h) {
  h.remove_tried = true;
  in.call(h.organisation, h.channel,
          {endpoint::remove_subscription, "/api/subscriptions/" + h.id, h.id, {}, {}, {}},
          [](const std::optional<api_answer>&) {});
}

void inspect(world& in) {
  for (std::size_t i = 0; i < organisations.size(); ++i) {
    check_fences(in, i);
    check_marks(in, i);
  }
}

}  // namespace

void begin_watcher(world& in, std::size_t organisation, std::size_t channel) {
  think(in, 2s, 60s, [&in, organisation, channel] {
    if (channels[channel].queues_statuses) peek_status(in, organisation, channel);
    if (const auto all = letters_of(in, organisation, channel); !all.empty())
      ask_statuses(in, all[in.on.chance.below(all.size())]);
    begin_watcher(in, organisation, channel);
  });
}

void begin_hook(world& in, std::size_t organisation, std::size_t channel, unsigned number) {
  think(in, 1s, 4min, [&in, organisation, channel, number] {
    const auto url = fmt::format("http://127.0.0.1:9800/{}/{}/{}", organisation, channel, number);
    auto& h = in.all.hooks[url];
    h.url = url;
    h.organisation = organisation;
    h.channel = channel;
    const json::object form{{"name", "hook " + std::to_string(number)},
                            {"pushEndpoint", url},
                            {"resource", "all"},
                            {"event", "all"},
                            {"secret", "a-secret-of-the-simulation"}};
    in.call(organisation, channel,
            {endpoint::create_subscription,
             "/api/subscriptions",
             {},
             {},
             json::serialize(form),
             "application/json"},
            [&in, &h](const std::optional<api_answer>& answer) {
              if (!answer || answer->status >= 500 || answer->status == 429) return;
              if (answer->status != 200)
                return in.on.finding("subscribe {}: {} {}", h.url, answer->status, answer->body);
              h.id = json::serialize(json::parse(answer->body).at("id"));
              h.made = in.on.now();
              if (in.on.chance.chance(25)) think(in, 1min, 20min, [&in, &h] { end_hook(in, h); });
            });
  });
}

void begin_operator(world& in, std::size_t organisation) {
  think(in, 10s, 8min, [&in, organisation] {
    if (!in.on.trouble.crashes) return;
    move_seat order;
    if (const auto to = in.on.chance.below(3); to < 2) order.to = name_of(to * 2);
    order.by = "operator";
    in.ask<seat_moved>(
        organisation, "router", order,
        [&in, organisation](const std::optional<seat_moved>& answer) {
          if (!answer || answer->failure) return;
          auto& last = in.all.seat_fences[organisation];
          in.on.say("the seat of {} has fence {}", organisation, answer->fence);
          if (answer->fence < last || (answer->fence == last && answer->from != answer->to))
            in.on.finding("the seat of {} has fence {} after {}", organisation, answer->fence,
                          last);
          last = std::max(last, answer->fence);
        });
    begin_operator(in, organisation);
  });
}

void begin_inspector(world& in) {
  think(in, 30s, 90s, [&in] {
    inspect(in);
    begin_inspector(in);
  });
}

}  // namespace kp::simulation
