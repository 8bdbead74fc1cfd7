#include "actors/gateway.hpp"

#include "actors/api_description.hpp"
#include "actors/bridge.hpp"
#include "actors/gateway_listeners.hpp"
#include "actors/gateway_transfer.hpp"
#include "actors/probes.hpp"
#include "actors/request_meters.hpp"
#include "actors/route.hpp"
#include "actors/sign_in.hpp"
#include "config/log.hpp"
#include "protocol/api/accept.hpp"
#include "protocol/api/page.hpp"
#include "protocol/api/upload.hpp"
#include "protocol/http/authorization.hpp"
#include "protocol/http/http_error.hpp"

#include <fmt/format.h>

#include <map>
#include <set>
#include <unordered_map>
#include <utility>

namespace kp::actors {

namespace {

constexpr std::size_t max_sbd_bytes = 2 * 1024 * 1024;
constexpr std::chrono::milliseconds answer_deadline{60'000};

// rest-api.md 1, "Security headers".
http::headers security_headers(bool encrypted) {
  http::headers all{{"X-Content-Type-Options", "nosniff"},
                    {"X-XSS-Protection", "0"},
                    {"Cache-Control", "no-cache, no-store, max-age=0, must-revalidate"},
                    {"Pragma", "no-cache"},
                    {"Expires", "0"},
                    {"X-Frame-Options", "DENY"},
                    {"Vary", "Origin"},
                    {"Vary", "Access-Control-Request-Method"},
                    {"Vary", "Access-Control-Request-Headers"}};
  if (encrypted) all.add("Strict-Transport-Security", "max-age=31536000 ; includeSubDomains");
  return all;
}

// A channel's actor, and how many requests are with it.
struct open_seat {
  seat_opened what;
  std::size_t requests = 0;
  bool closed = false;

  void tell_when_left() const {
    if (!closed || requests > 0) return;
    if (const auto owner = caf::actor_cast<caf::actor>(what.owner))
      caf::anon_send(owner, seat_left{what.channel, what.seat});
  }
};

class guest {
 public:
  explicit guest(std::shared_ptr<open_seat> at) : at_(std::move(at)) { ++at_->requests; }
  guest(const guest&) = delete;
  guest& operator=(const guest&) = delete;
  ~guest() {
    --at_->requests;
    at_->tell_when_left();
  }

 private:
  std::shared_ptr<open_seat> at_;
};

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

std::optional<std::string> text_of(const http::headers& headers, std::string_view name) {
  const auto found = headers.find(name);
  if (!found) return std::nullopt;
  return std::string(*found);
}

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
  caf::actor_system& system;
  std::unique_ptr<http::server> server;
  sign_in sign_ins;
  std::shared_ptr<quota_usage> usage;
  quotas limits;
  gateway_listeners listeners;
  std::shared_ptr<const tenants::directory> newest;
  request_meters meters;
  std::unordered_map<organisation_id, std::map<channel_name, std::shared_ptr<open_seat>>> seats;
  std::size_t seat_count = 0;
  std::set<organisation_id> draining;
  std::size_t seats_expected = 0;
  std::function<void()> all_seated;
  organisations with_data_key;
  std::size_t in_flight = 0;
  std::unordered_map<std::uint32_t, std::size_t> in_flight_of;  // per organisation, stays

  state(std::shared_ptr<hub_context> h, caf::actor_system& s, std::shared_ptr<quota_usage> u)
      : hub(std::move(h)),
        system(s),
        sign_ins(hub),
        usage(std::move(u)),
        limits(hub->time, hub->settings.quotas, usage),
        listeners(hub),
        meters(hub->meters) {}

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

  void tell_when_seated() {
    if (!all_seated || seat_count < seats_expected) return;
    const auto tell = std::exchange(all_seated, nullptr);
    tell();
  }

  std::shared_ptr<open_seat> find_seat(organisation_id organisation,
                                       const channel_name& channel) const {
    const auto its = seats.find(organisation);
    if (its == seats.end()) return nullptr;
    const auto seat = its->second.find(channel);
    return seat == its->second.end() ? nullptr : seat->second;
  }

  void open(const seat_opened& opened) {
    auto& seat = seats[opened.organisation][opened.channel];
    if (!seat) ++seat_count;
    // Requests with the one before end there.
    if (!seat || seat->what.seat != opened.seat)
      seat = std::make_shared<open_seat>(open_seat{opened, 0, false});
    tell_when_seated();
  }

  void close_what_is_not_in(const tenants::directory& directory, organisation_id organisation) {
    const auto its = seats.find(organisation);
    if (its == seats.end()) return;
    const auto owner = directory.find(organisation);
    std::erase_if(its->second, [&](const auto& each) {
      const auto* channel = owner ? owner->find(each.first) : nullptr;
      if (channel && !channel->external) return false;
      each.second->closed = true;
      each.second->tell_when_left();
      --seat_count;
      return true;
    });
    if (its->second.empty()) seats.erase(its);
  }

  http::server_response refuse(const api::problem& why, const http::request_head& head,
                               std::chrono::seconds again = std::chrono::seconds(1)) const {
    http::server_response response;
    response.status = why.status;
    response.headers.add("Content-Type", "application/json");
    if (why.status == 401) {
      if (const auto with = head.headers.find("X-Requested-With"); with == "XMLHttpRequest")
        return {401, {}, {}, nullptr};
      const auto given = http::read_authorization(head.headers);
      const bool bearer = std::holds_alternative<http::bearer_credentials>(given);
      response.headers.add("WWW-Authenticate",
                           bearer ? "Bearer error=\"invalid_token\"" : "Basic realm=\"Realm\"");
    }
    if (why.status == 429 || why.status == 503)
      response.headers.add("Retry-After", std::to_string(again.count()));
    response.body = api::pretty(api::to_json(why, head.path, hub->time.now()));
    return response;
  }

  http::server_response to_response(api_answer answer) const {
    return {answer.status, std::move(answer.headers), std::move(answer.body), nullptr};
  }

  http::server_response failed(const error& why, const http::request_head& head) const {
    log(log_level::warning, "request not answered: " + why.message, {{"path", head.path}});
    if (why.code == http::http_errc::cut)
      return refuse({400, "java.io.EOFException", "The request body ended early", {}, {}}, head);
    if (why.code == http::http_errc::too_large) return refuse(api::payload_too_large(), head);
    return refuse(api::try_later(503, "The hub cannot do this now: " + why.message), head);
  }

  http::awaitable<http::server_response> call(caf::actor seat, sign_in::seat who,
                                              const route::call& to, const http::request_head& head,
                                              http::request_body& body) {
    const auto organisation = who.owner->id;
    api_call request;
    request.what = to.what;
    request.path = head.path;
    request.argument = to.argument;
    request.query = head.query;
    request.view = who.view();
    request.content_type = text_of(head.headers, "Content-Type").value_or("");
    if (to.what == endpoint::create)
      request.idempotency_key = text_of(head.headers, "Idempotency-Key");
    if (to.takes_body) {
      auto text = co_await http::read_all(body, max_sbd_bytes);
      if (!text && text.error().code == http::http_errc::too_large)
        co_return refuse(api::document_too_large(max_sbd_bytes), head);
      if (!text) co_return failed(text.error(), head);
      request.body = *std::move(text);
    }
    auto answer =
        co_await ask<api_answer>(system, std::move(seat), std::move(request), answer_deadline);
    if (!answer) co_return failed(answer.error(), head);
    if (!answer->content) co_return to_response(*std::move(answer));
    auto content = co_await open_content(hub, organisation, *answer->content);
    if (!content) {
      log(log_level::error, "stored content not readable: " + content.error().message,
          {{"organisation", organisation.to_string()}, {"path", head.path}});
      co_return refuse(api::asic_read(to.argument), head);
    }
    http::server_response response;
    response.status = answer->status;
    response.headers = std::move(answer->headers);
    response.stream = *std::move(content);
    co_return response;
  }

  http::awaitable<http::server_response> upload(caf::actor seat, organisation_id organisation,
                                                const route::upload& to,
                                                const http::request_head& head,
                                                http::request_body& body) {
    upload_begin begin;
    begin.path = head.path;
    begin.message = to.message;
    begin.content_type = text_of(head.headers, "Content-Type");
    begin.content_disposition = text_of(head.headers, "Content-Disposition");
    begin.title = api::query::parse(head.query).find("title");
    begin.content_length = head.content_length;
    auto admitted = co_await ask<upload_admission>(system, seat, std::move(begin), answer_deadline);
    if (!admitted) co_return failed(admitted.error(), head);
    if (!admitted->ticket)
      co_return to_response(admitted->refusal.value_or(api_answer{500, {}, {}, {}}));

    const auto ticket = *admitted->ticket;
    const bool is_arkivmelding = ticket.filename == "arkivmelding.xml";
    auto outcome = co_await receive_upload(hub, organisation, body, head.content_length,
                                           ticket.max_bytes, is_arkivmelding, with_data_key);
    if (!outcome) co_return failed(outcome.error(), head);
    if (const auto* over = std::get_if<too_much>(&*outcome)) {
      upload_too_large say{head.path, ticket, head.content_length.value_or(over->at_least)};
      auto answer = co_await ask<api_answer>(system, seat, std::move(say), answer_deadline);
      if (!answer) co_return failed(answer.error(), head);
      co_return to_response(*std::move(answer));
    }
    auto& got = std::get<received>(*outcome);
    upload_end end{head.path, ticket, got.content, std::move(got.record),
                   std::move(got.arkivmelding)};
    auto answer = co_await ask<api_answer>(system, seat, std::move(end), answer_deadline);
    // Without an answer, or after a store error, nobody knows whether it was committed: the
    // collector finds out. A refusal was not.
    if (!answer) co_return failed(answer.error(), head);
    if (answer->status >= 400 && answer->status < 500) {
      std::vector<storage::blob_ref> refused;
      refused.push_back(got.content);
      drop(hub, organisation, std::move(refused));
    }
    co_return to_response(*std::move(answer));
  }

  http::awaitable<http::server_response> multipart(caf::actor seat, organisation_id organisation,
                                                   const http::request_head& head,
                                                   http::request_body& body) {
    const auto type = text_of(head.headers, "Content-Type").value_or("");
    auto boundary = api::multipart_parser::boundary_of(type);
    auto got =
        co_await receive_multipart(hub, organisation, body, boundary.value_or(""), head.path);
    if (!got) co_return failed(got.error(), head);
    if (got->refusal) co_return to_response(*std::move(got->refusal));
    got->message.idempotency_key = text_of(head.headers, "Idempotency-Key");
    auto answer = co_await ask<api_answer>(system, seat, std::move(got->message), answer_deadline);
    if (!answer) co_return failed(answer.error(), head);
    co_return to_response(*std::move(answer));
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
        co_return refuse(api::try_later(429, admitted.refusal->text), head,
                         admitted.refusal->retry_after);
    }
    const auto organisation = who.owner->id;
    const auto* peek = std::get_if<route::call>(&way.to);
    if (!peek)
      co_return co_await listeners.stream(organisation, who.channel->name, who.view(), head, body);
    gateway_listeners::look look = [this, seat = std::move(seat), who, peek, &head, &body] {
      return call(seat, who, *peek, head, body);
    };
    co_return co_await listeners.wait_for(organisation, who.channel->name, how.at_most, head, body,
                                          std::move(look));
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
      co_return refuse(api::try_later(slowed ? 429 : 503, who.error().message), head);
    }
    if (!*who) co_return refuse(api::unauthorized(), head);
    const auto& refusal = std::get_if<route::refusal>(&way.to);
    if (refusal) {
      auto response = refuse(refusal->why, head);
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
      co_return refuse(api::not_acceptable(), head);

    const auto organisation = (*who)->owner->id;
    const auto seat = find_seat(organisation, (*who)->channel->name);
    if (draining.contains(organisation) && brings_new(way))
      co_return refuse(
          api::try_later(503, "This organisation is being removed and takes no new messages"),
          head);
    if (!seat)
      co_return refuse(api::try_later(503, "The channel is being opened; try again"), head);
    const guest at_seat(seat);
    const auto patience = patience_of(way, head);
    if (!patience) co_return refuse(patience.error(), head);
    if (patience->listens)
      co_return co_await listen(seat->what.seat, **who, way, *patience, head, body);
    auto& mine = in_flight_of[organisation.number()];
    if (in_flight >= hub->settings.max_requests_in_flight)
      co_return refuse(api::try_later(503, "The hub is busy; try again"), head);
    if (mine >= hub->settings.max_requests_in_flight_per_organisation)
      co_return refuse(api::try_later(429, "Too many requests at once for this organisation"),
                       head);
    const counted here(in_flight, mine);
    const auto admitted = limits.admit(*(*who)->owner, *(*who)->channel, wish_of(way, head));
    if (admitted.refusal)
      co_return refuse(api::try_later(429, admitted.refusal->text), head,
                       admitted.refusal->retry_after);
    const auto handle_of_seat = seat->what.seat;
    if (const auto* to = std::get_if<route::call>(&way.to))
      co_return co_await call(handle_of_seat, **who, *to, head, body);
    if (const auto* to = std::get_if<route::upload>(&way.to))
      co_return co_await upload(handle_of_seat, organisation, *to, head, body);
    co_return co_await multipart(handle_of_seat, organisation, head, body);
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
  state_->sign_ins.replace(std::move(directory));
}

void gateway_desk::replace(const directory_changed& now) {
  replace(now.directory);
  state_->draining = now.draining;
  for (const auto id : now.changed) state_->close_what_is_not_in(*now.directory, id);
}

void gateway_desk::seat(const seat_opened& opened) {
  state_->open(opened);
}

void gateway_desk::when_seated(std::size_t count, std::function<void()> then) {
  state_->seats_expected = count;
  state_->all_seated = std::move(then);
  state_->tell_when_seated();
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
