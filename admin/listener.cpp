#include "admin/listener.hpp"

#include "actors/probes.hpp"
#include "admin/backups.hpp"
#include "admin/credentials.hpp"
#include "admin/manage.hpp"
#include "admin/messages.hpp"
#include "admin/organisations.hpp"
#include "admin/parked.hpp"
#include "admin/seats.hpp"
#include "admin/services.hpp"
#include "admin/statistics.hpp"
#include "admin/webhooks.hpp"
#include "config/log.hpp"
#include "metrics/hub_meters.hpp"

#include <fmt/format.h>

namespace kp::admin {

namespace {

constexpr std::size_t max_connections = 128;
constexpr std::size_t most_logged = 400;  // of the body of a change

bool may(access needs, const std::optional<admin_credential>& user) {
  if (needs == access::anybody) return true;
  if (!user) return false;
  return needs == access::read || user->role == admin_role::operate;
}

answer sign_in_please() {
  auto out = problem_answer(401, "Give the credentials of a user in hub.yaml, admin.credentials.");
  out.headers.add("WWW-Authenticate", "Basic realm=\"Knutepunkt admin\"");
  return out;
}

}  // namespace

struct listener::state {
  explicit state(const actors::hub_parts& parts)
      : hub(parts.context),
        users(hub->settings.admin.credentials, hub->workers),
        sign_in_failures(hub->meters->sign_in_failures.with({{"listener", "admin"}})) {
    add_manage(all, parts);
    add_organisations(all, parts);
    add_messages(all, parts);
    add_seats(all, parts);
    add_services(all, parts);
    add_parked(all, parts);
    add_webhooks(all, parts);
    add_statistics(all, parts);
    add_backups(all, parts);
  }

  std::shared_ptr<actors::hub_context> hub;
  credentials users;
  metrics::counter sign_in_failures;
  routes all;
  std::unique_ptr<http::server> server;

  void report_refused(const http::request_head& head) const {
    sign_in_failures.add();
    log(log_level::warning, "admin sign-in refused",
        {{"address", head.remote_address},
         {"path", head.path},
         {"user_agent", head.headers.find("User-Agent").value_or("")}});
  }

  // Every change that is asked for, by whom and how it ended.
  static void report_change(const http::request_head& head, const admin_credential& user,
                            std::string_view body, unsigned status) {
    log(status < 400 ? log_level::info : log_level::warning,
        status < 400 ? "an operator changed something" : "a change by an operator was refused",
        {{"user", user.user},
         {"address", head.remote_address},
         {"method", head.method},
         {"path", head.path},
         {"query", head.query},
         {"body", body.substr(0, most_logged)},
         {"status", std::to_string(status)}});
  }

  http::awaitable<answer> handle(const http::request_head& head, http::request_body& body) {
    auto who = co_await users.find(head.headers);
    if (!who) co_return problem_answer(503, who.error().message);
    if (!*who && head.headers.find("Authorization")) {
      report_refused(head);
      co_return sign_in_please();
    }
    if (!*who) {
      // Without credentials: whether it is up, and nothing else.
      if (auto probe = actors::answer_probe(head, *hub->signs)) co_return *std::move(probe);
      co_return sign_in_please();
    }

    auto way = all.find(head.method, head.path);
    if (!way.to && way.allow.empty())
      co_return problem_answer(404, fmt::format("There is nothing at {}.", head.path));
    if (!way.to) {
      auto out = problem_answer(405, fmt::format("{} is not for {}.", head.method, head.path));
      out.headers.add("Allow", way.allow);
      co_return out;
    }
    const bool changes = way.to->needs == access::operate;
    if (!may(way.to->needs, *who)) {
      if (changes && *who) report_change(head, **who, {}, 403);
      co_return problem_answer(
          403, fmt::format("{} {} needs the role operate.", head.method, head.path));
    }
    request asked;
    asked.method = head.method;
    asked.path = head.path;
    asked.variables = std::move(way.variables);
    asked.query = api::query::parse(head.query);
    asked.user = *std::move(who);
    asked.address = head.remote_address;
    auto text = co_await http::read_all(body, way.to->max_body);
    if (!text) co_return problem_answer(413, "The body is larger than this takes.");
    asked.body = *std::move(text);
    if (!changes) co_return co_await way.to->handle(std::move(asked));
    const auto user = *asked.user;
    const auto order = asked.body;
    auto done = co_await way.to->handle(std::move(asked));
    report_change(head, user, order, done.status);
    co_return done;
  }
};

listener::listener() = default;
listener::~listener() = default;

result<std::unique_ptr<listener>> listener::open(const actors::hub_parts& hub) {
  std::unique_ptr<listener> made(new listener);
  made->state_ = std::make_shared<state>(hub);
  const auto& settings = hub.context->settings.admin;
  http::server_options options;
  options.address = settings.address;
  options.port = settings.port;
  options.certificate_file = settings.certificate_file;
  options.key_file = settings.key_file;
  options.max_connections = max_connections;
  options.headers_on_every_answer = {{"X-Content-Type-Options", "nosniff"},
                                     {"Cache-Control", "no-store"}};
  auto handler = [me = std::weak_ptr<state>(made->state_)](
                     const http::request_head& head,
                     http::request_body& body) -> http::awaitable<http::server_response> {
    return [](std::shared_ptr<state> here, const http::request_head& h,
              http::request_body& b) -> http::awaitable<http::server_response> {
      if (!here) co_return http::server_response{503, {}, {}, nullptr};
      co_return co_await here->handle(h, b);
    }(me.lock(), head, body);
  };
  auto opened = http::server::listen(hub.context->network, std::move(options), std::move(handler));
  if (!opened) return with_context(opened.error(), "admin listener");
  made->state_->server = *std::move(opened);
  return made;
}

std::uint16_t listener::port() const {
  return state_->server->port();
}

}  // namespace kp::admin
