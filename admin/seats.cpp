#include "admin/seats.hpp"

#include "actors/seat_messages.hpp"
#include "admin/tenant_access.hpp"
#include "tenants/connected_services.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>

namespace kp::admin {

namespace {

namespace json = boost::json;

constexpr std::size_t max_order = 4096;  // bytes of a body

void tell_channel(json::object& into, std::string_view name,
                  const std::optional<channel_name>& channel) {
  into[name] = channel ? json::value(channel->to_string()) : json::value();
}

json::object tell(const actors::seat_view& seat) {
  json::object out{{"service", to_string(seat.via)}};
  tell_channel(out, "holder", seat.holder);
  tell_channel(out, "configured", seat.configured);
  out["external"] = seat.external;
  out["fence"] = seat.fence;
  if (seat.expires) out["expires"] = format_timestamp(*seat.expires);
  if (seat.chosen_at) {
    out["movedAt"] = format_timestamp(*seat.chosen_at);
    out["movedBy"] = seat.chosen_by;
  }
  return out;
}

class seats_module {
 public:
  explicit seats_module(const actors::hub_parts& hub) : tenants_(hub) {}

  http::awaitable<answer> show(request asked) {
    const auto who = tenants_.find(asked.variables[0]);
    if (!who) co_return tenant_access::unknown(asked.variables[0]);
    const actors::show_seats question;
    const auto told = co_await tenants_.ask<actors::seats_shown>(who->id, question);
    if (!told) co_return refusal(told.error());
    json::array all;
    for (const auto& seat : told->seats) all.push_back(tell(seat));
    json::object out{{"organisation", who->id.to_string()}};
    out["seats"] = std::move(all);
    co_return json_answer(out);
  }

  // POST names the channel, DELETE gives the seat back.
  http::awaitable<answer> move(request asked) {
    const auto who = tenants_.find(asked.variables[0]);
    if (!who) co_return tenant_access::unknown(asked.variables[0]);
    const auto via = parse_service(asked.variables[1]);
    if (!via || !tenants::has_seat(*via))
      co_return problem_answer(404,
                               fmt::format("There is no inbound seat of a service {}; {} lists "
                                           "those that there are.",
                                           asked.variables[1], list_of(*who)));
    const bool back = asked.method == "DELETE";
    const auto order = back ? read_order(asked.body, {"waiting_moves"})
                            : read_order(asked.body, {"channel", "waiting_moves"});
    if (!order) co_return problem_answer(400, order.error().message);
    const auto channel = text_of(*order, "channel");
    if (!channel) co_return problem_answer(400, channel.error().message);
    const auto waiting = flag_of(*order, "waiting_moves");
    if (!waiting) co_return problem_answer(400, waiting.error().message);
    actors::move_seat change;
    change.via = *via;
    change.by = asked.by();
    change.waiting_moves = *waiting;
    if (!back) {
      if (!*channel)
        co_return problem_answer(400, "Say in the body who is to receive: {\"channel\": \"…\"}.");
      const auto to = channel_name::parse(**channel);
      if (!to)
        co_return problem_answer(
            400, fmt::format("\"{}\" is no name of a channel: {}", **channel, to.error().message));
      change.to = *to;
    }
    const auto moved = co_await tenants_.ask<actors::seat_moved>(who->id, change);
    if (!moved) co_return refusal(moved.error());
    if (moved->failure) co_return refusal(*moved->failure);
    json::object out{{"organisation", who->id.to_string()}, {"service", to_string(*via)}};
    tell_channel(out, "from", moved->from);
    tell_channel(out, "to", moved->to);
    out["fence"] = moved->fence;
    co_return json_answer(out);
  }

 private:
  static std::string list_of(const tenants::organisation& who) {
    return "/admin/organisations/" + who.id.to_string() + "/seats";
  }

  tenant_access tenants_;
};

}  // namespace

void add_seats(routes& all, const actors::hub_parts& hub) {
  const auto here = std::make_shared<seats_module>(hub);
  const std::string path = "/admin/organisations/{}/seats";
  all.add({"GET", path, access::read,
           [here](request asked) { return here->show(std::move(asked)); }, 0});
  const auto move = [here](request asked) { return here->move(std::move(asked)); };
  all.add({"POST", path + "/{}", access::operate, move, max_order});
  all.add({"DELETE", path + "/{}", access::operate, move, max_order});
}

}  // namespace kp::admin
