#include "config/amqp_address.hpp"
#include "protocol/amqp/amqp_error.hpp"
#include "protocol/dpe/amqp_bus.hpp"
#include "protocol/dpe/dpe_error.hpp"
#include "protocol/dpe/queues.hpp"
#include "protocol/dpe/service_bus.hpp"
#include "protocol/http/http_error.hpp"
#include "tools/probe/services.hpp"

#include <fmt/format.h>

namespace kp::probes {

namespace {

constexpr std::string_view key_part = "DPE key";
constexpr std::string_view queue_part = "DPE queue";

dpe::mode mode_of(tenants::dpe_mode mode) {
  if (mode == tenants::dpe_mode::data) return dpe::mode::data;
  return mode == tenants::dpe_mode::meeting ? dpe::mode::meeting : dpe::mode::innsyn;
}

// A lock that nobody holds is not there. Both forms say so only to who may read the queue: 404 and
// not 410 over HTTP, whose clients' errors are final then (dpe.md 6.4); lock_lost over AMQP.
bool has_found_no_lock(const error& why) {
  if (why.code == amqp::amqp_errc::lock_lost) return true;
  return why.code == http::http_errc::refused && !why.retryable;
}

// Renews a lock that cannot be there: of all calls on a queue the one that takes, locks and
// counts nothing. Peeking would lock.
http::awaitable<void> ask_queue(desk& at, dpe::bus& bus, std::string url) {
  dpe::locked_message nothing;
  nothing.queue = dpe::own_queue(at.who.id.to_string(), mode_of(at.who.dpe.mode));
  nothing.message_id = at.random->uuid();
  nothing.lock_token = at.random->uuid();
  const auto queue = nothing.queue;
  const auto done = co_await bus.renew(std::move(nothing));
  if (done || has_found_no_lock(done.error())) {
    at.good(queue_part, fmt::format("The Service Bus lets it use the queue {}.", queue));
    co_return;
  }
  const auto& why = done.error();
  if (why.code == http::http_errc::unauthorized || why.code == amqp::amqp_errc::unauthorized)
    at.refused(
        queue_part, why, url,
        fmt::format("The key of the Service Registry is not accepted: see that `environment` "
                    "in hub.yaml is the right one, and that the policy is {}.",
                    at.hub.national.service_bus_key_name));
  else
    at.refused(queue_part, why, url,
               fmt::format("Have Digdir make the queue {}, and see that services.dpe.mode is the "
                           "role of this organisation.",
                           queue));
}

http::awaitable<void> ask_over_amqp(desk& at, dpe::sas_keys& keys) {
  const auto& national = at.hub.national;
  const auto address = parse_amqp_address(national.service_bus_amqp_url);
  if (!address) {
    at.missing(queue_part, fmt::format("\"{}\" is no address.", national.service_bus_amqp_url),
               "Give national.service_bus_amqp_url in hub.yaml, or choose `transport: rest`.");
    co_return;
  }
  amqp::client_options way;
  way.host = address->host;
  way.port = address->port;
  way.tls = address->tls;
  way.ca_file = at.hub.ca_file;
  way.proxy = at.hub.proxy;
  way.container = "kpctl-" + at.random->uuid();
  const auto client = amqp::client::make(at.network, std::move(way));
  if (!client) {
    at.refused(queue_part, client.error(), national.service_bus_amqp_url,
               "Correct upstream.ca_file and upstream.proxy in hub.yaml.");
    co_return;
  }
  dpe::amqp_bus_settings settings{address->host, national.service_bus_key_name};
  dpe::amqp_bus bus(**client, at.workers, at.time, *at.random, keys, std::move(settings));
  auto url = national.service_bus_amqp_url;
  co_await ask_queue(at, bus, std::move(url));
}

}  // namespace

http::awaitable<void> ask_dpe(desk& at) {
  const auto& national = at.hub.national;
  const auto tokens = at.tokens_of(std::nullopt);
  dpe::sas_key_settings from;
  from.registry_url = national.service_registry_url;
  dpe::sas_keys keys(at.http, at.time, *tokens, at.signers, std::move(from));
  const auto key = co_await keys.get();
  if (!key) {
    at.refused(key_part, key.error(), national.service_registry_url,
               fmt::format("See that the client {} has the scope eformidling:dpe, and have Digdir "
                           "register {} for DPE.",
                           at.who.maskinporten_client_id, at.who.id.to_string()));
    co_return;
  }
  at.good(key_part, "The Service Registry gives the key of the Service Bus.");
  if (at.who.dpe.transport == tenants::dpe_transport::amqp) {
    co_await ask_over_amqp(at, keys);
    co_return;
  }
  dpe::service_bus_settings settings{national.service_bus_url, national.service_bus_key_name};
  dpe::service_bus bus(at.http, at.time, keys, std::move(settings));
  auto url = national.service_bus_url;
  co_await ask_queue(at, bus, std::move(url));
}

}  // namespace kp::probes
