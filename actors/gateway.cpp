#include "actors/gateway.hpp"

#include "actors/api_description.hpp"
#include "actors/gateway_answers.hpp"
#include "actors/gateway_calls.hpp"
#include "actors/gateway_listeners.hpp"
#include "actors/gateway_seats.hpp"
#include "actors/probes.hpp"
#include "actors/request_meters.hpp"
#include "actors/route.hpp"
#include "actors/sign_in.hpp"
#include "config/log.hpp"
#include "metrics/hub_meters.hpp"
#include "protocol/api/accept.hpp"
#include "protocol/http/http_error.hpp"

#include <boost/asio/post.hpp>

#include <set>
#include <unordered_map>
#include <utility>

namespace kp::actors {

namespace {

// Whether a request brings something that is to be sent.
bool brings_new(const route& way) {
  if (std::holds_alternative<route::upload>(way.to)) return true;
  if (std::holds_alternative<route::multipart>(way.to)) return true;
  const auto* to = std::get_if<route::call>(&way.to);
  return to && (to->what == endpoint::create || to->what == endpoint::send);
}

// Counts a request in for as long as it lives.
class counted {
 public:
  counted(std::size_t& all, std::size_t& mine) : all_(&all), mine_(&mine) { ++*all_, ++*mine_; }
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;
  ~counted() { --*all_, --*mine_; }

 private:
  std::size_t* all_;
  std::size_t* mine_;
};

quota_request wish_of(const route& way, const http::request_head& head) {
  quota_request wish;
  const auto* call = std::get_if<route::call>(&way.to);
  const bool multipart = std::holds_alternative<route::multipart>(way.to);
  wish.creates = multipart || (call && call->what == endpoint::create);
  wish.uploads = multipart || std::holds_alternative<route::upload>(way.to);
  if (wish.uploads) wish.bytes = head.content_length.value_or(0);
  return wish;
}

// Whether a request waits for something to happen, and how long.
struct listening {
  bool listens = false;
  std::chrono::seconds at_most{};  // of a peek
};
std::expected<listening, api::problem> patience_of(const route& way,
                                                   const http::request_head& head) {
  if (std::holds_alternative<route::events>(way.to)) return listening{true, {}};
  const auto* call = std::get_if<route::call>(&way.to);
  if (!call || call->what != endpoint::peek) return listening{};
  const auto at_most = gateway_listeners::wait_of(head.query);
  if (!at_most) return std::unexpected(at_most.error());
  return listening{at_most->count() > 0, *at_most};
}

}  // namespace

struct gateway_desk::state {
  std::shared_ptr<hub_context> hub;
  std::unique_ptr<http::server> server;
  sign_in sign_ins;
  std::shared_ptr<quota_usage> usage;
  quotas limits;
  gateway_listeners listeners;
  std::shared_ptr<const tenants::directory> newest;
  request_meters meters;
  gateway_seats seats;
  gateway_calls calls;
  std::set<organisation_id> draining;
  std::size_t in_flight = 0;
  std::unordered_map<std::uint32_t, std::size_t> in_flight_of;  // per organisation, stays

  state(std::shared_ptr<hub_context> h, caf::actor_system& s, std::shared_ptr<quota_usage> u)
      : hub(std::move(h)),
        sign_ins(hub),
        usage(std::move(u)),
        limits(hub->time, hub->settings.quotas, usage),
        listeners(hub),
        meters(hub->meters),
        calls(hub, s) {
    limits.tell([meters = hub->meters](organisation_id whose, quota_kind which, bool refused) {
      meters->quota_excesses
          .with({{"organisation", meters->organisations.of(whose)},
                 {"quota", std::string(to_string(which))},
                 {"outcome", refused ? "refused" : "let_through"}})
          .add();
    });
  }

  http::server_response refused(const api::problem& why, const http::request_head& head,
                                std::chrono::seconds again = std::chrono::seconds(1)) const {
    return refuse(why, head, hub->time.now(), again);
  }

  // What organisations with a quota on it have stored already is counted in the background.
  void count_stored(const tenants::directory& directory) {
    for (const auto id : limits.follow(directory))
      http::asio::post(hub->workers, [here = hub, its = usage, id] {
        if (const auto counted = its->rebuild(here->store, id); !counted)
          log(log_level::error,
              "what is stored could not be counted, so its quota does not hold: " +
                  counted.error().message,
              {{"organisation", id.to_string()}});
      });
  }

  // An event stream or a peek that waits: counted by the listeners, for what it costs is to be
  // there.
  http::awaitable<http::server_response> listen(caf::actor seat, sign_in::seat who,
                                                const route& way, listening how,
                                                const http::request_head& head,
                                                http::request_body& body) {
    {
      const auto admitted = limits.admit(*who.owner, *who.channel, wish_of(way, head));
      if (admitted.refusal)
        co_return refused(api::try_later(429, admitted.refusal->text), head,
                          admitted.refusal->retry_after);
    }
    const auto* peek = std::get_if<route::call>(&way.to);
    if (!peek) co_return co_await listeners.stream(std::move(who), head, body);
    gateway_listeners::look look = [this, seat = std::move(seat), who, peek, &head, &body] {
      return calls.call(seat, who, *peek, head, body);
    };
    co_return co_await listeners.wait_for(std::move(who), how.at_most, head, body, std::move(look));
  }

  http::awaitable<http::server_response> handle(const http::request_head& head,
                                                http::request_body& body,
                                                request_meters::visit& visit) {
    const auto content_type = text_of(head.headers, "Content-Type").value_or("");
    const auto way = find_route(head.method, head.path, content_type);
    visit.place = way.place;
    if (std::holds_alternative<route::description>(way.to)) co_return describe_api(head);
    auto who = co_await sign_ins.authenticate(head, way.scope);
    if (!who) {
      const bool slowed = who.error().code == http::http_errc::rate_limited;
      co_return refused(api::try_later(slowed ? 429 : 503, who.error().message), head);
    }
    if (!*who) co_return refused(api::unauthorized(), head);
    const auto& refusal = std::get_if<route::refusal>(&way.to);
    if (refusal) {
      auto response = refused(refusal->why, head);
      if (!refusal->allow.empty()) response.headers.add("Allow", refusal->allow);
      co_return response;
    }
    if (const auto* options = std::get_if<route::options>(&way.to)) {
      http::server_response allowed;
      allowed.headers.add("Allow", options->allow);
      co_return allowed;
    }
    const auto accept = text_of(head.headers, "Accept").value_or("");
    if (answers_json(way) && !api::accepts_json(accept))
      co_return refused(api::not_acceptable(), head);

    const auto organisation = (*who)->owner->id;
    const auto seat = seats.find(organisation, (*who)->channel->name);
    if (draining.contains(organisation) && brings_new(way))
      co_return refused(
          api::try_later(503, "This organisation is being removed and takes no new messages"),
          head);
    if (!seat)
      co_return refused(api::try_later(503, "The channel is being opened; try again"), head);
    const guest at_seat(seat);
    if (!co_await calls.wake(seat))
      co_return refused(api::try_later(503, "The channel is being opened; try again"), head);
    const auto patience = patience_of(way, head);
    if (!patience) co_return refused(patience.error(), head);
    if (patience->listens)
      co_return co_await listen(seat->what.seat, **who, way, *patience, head, body);
    auto& mine = in_flight_of[organisation.number()];
    if (in_flight >= hub->settings.max_requests_in_flight)
      co_return refused(api::try_later(503, "The hub is busy; try again"), head);
    if (mine >= hub->settings.max_requests_in_flight_per_organisation)
      co_return refused(api::try_later(429, "Too many requests at once for this organisation"),
                        head);
    const counted here(in_flight, mine);
    const auto admitted = limits.admit(*(*who)->owner, *(*who)->channel, wish_of(way, head));
    if (admitted.refusal)
      co_return refused(api::try_later(429, admitted.refusal->text), head,
                        admitted.refusal->retry_after);
    const auto handle_of_seat = seat->what.seat;
    if (const auto* to = std::get_if<route::call>(&way.to))
      co_return co_await calls.call(handle_of_seat, **who, *to, head, body);
    if (const auto* to = std::get_if<route::upload>(&way.to))
      co_return co_await calls.upload(handle_of_seat, organisation, *to, head, body);
    co_return co_await calls.multipart(handle_of_seat, organisation, head, body);
  }

  http::awaitable<http::server_response> serve(const http::request_head& head,
                                               http::request_body& body) {
    if (auto probe = answer_probe(head, *hub->signs)) co_return *std::move(probe);
    request_meters::visit visit(meters);
    auto response = co_await handle(head, body, visit);
    meters.answered(visit, response.status);
    if (response.status == 401 && head.headers.find("Authorization")) meters.sign_in_failed();
    co_return response;
  }
};

gateway_desk::gateway_desk(std::shared_ptr<hub_context> hub, caf::actor_system& system,
                           std::shared_ptr<quota_usage> usage)
    : state_(std::make_unique<state>(std::move(hub), system, std::move(usage))) {}

gateway_desk::~gateway_desk() = default;

result<std::uint16_t> gateway_desk::listen() {
  const auto& settings = state_->hub->settings;
  http::server_options options;
  options.address = settings.api.address;
  options.port = settings.api.port;
  options.certificate_file = settings.api.certificate_file;
  options.key_file = settings.api.key_file;
  options.client_ca_file = settings.api.client_ca_file;
  options.max_connections_per_address = settings.max_connections_per_address;
  options.max_connections = settings.max_connections;
  options.headers_on_every_answer = security_headers(!options.certificate_file.empty());
  auto handler = [me = weak_from_this()](
                     const http::request_head& head,
                     http::request_body& body) -> http::awaitable<http::server_response> {
    return [](std::shared_ptr<gateway_desk> desk, const http::request_head& h,
              http::request_body& b) -> http::awaitable<http::server_response> {
      if (!desk) co_return http::server_response{503, {}, {}, nullptr};
      co_return co_await desk->state_->serve(h, b);
    }(me.lock(), head, body);
  };
  KP_TRY(state_->server,
         http::server::listen(state_->hub->network, std::move(options), std::move(handler)));
  return state_->server->port();
}

void gateway_desk::replace(std::shared_ptr<const tenants::directory> directory) {
  state_->count_stored(*directory);
  state_->newest = directory;
  state_->listeners.follow(directory);
  state_->sign_ins.replace(std::move(directory));
}

void gateway_desk::replace(const directory_changed& now) {
  replace(now.directory);
  state_->draining = now.draining;
  for (const auto id : now.changed) state_->seats.close_what_is_not_in(*now.directory, id);
}

void gateway_desk::seat(const seat_opened& opened) {
  state_->seats.open(opened);
}

void gateway_desk::when_seated(std::size_t count, std::function<void()> then) {
  state_->seats.when_open(count, std::move(then));
}

http::awaitable<void> gateway_desk::stop(std::chrono::milliseconds deadline) {
  state_->listeners.stop();
  if (state_->server) co_await state_->server->stop(deadline);
  state_->seats.clear();
}

const quotas::excesses& gateway_desk::quotas_exceeded() const {
  return state_->limits.exceeded();
}

std::shared_ptr<const tenants::directory> gateway_desk::directory() const {
  return state_->newest;
}

std::size_t gateway_desk::in_flight() const {
  return state_->in_flight;
}

caf::behavior gateway(caf::event_based_actor*, std::shared_ptr<hub_context> hub,
                      std::shared_ptr<gateway_desk> desk) {
  return {
      [=](const seat_opened& opened) {
        http::asio::post(hub->network, [desk, opened] { desk->seat(opened); });
      },
      [=](const directory_changed& now) {
        http::asio::post(hub->network, [desk, now] { desk->replace(now); });
      },
  };
}

}  // namespace kp::actors
