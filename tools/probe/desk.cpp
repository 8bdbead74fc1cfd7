#include "tools/probe/desk.hpp"

#include "protocol/amqp/amqp_error.hpp"
#include "protocol/dpfio/dpfio_error.hpp"
#include "protocol/http/http_error.hpp"

#include <fmt/format.h>

namespace kp::probes {

namespace {

using state = finding::state;

template <class... Codes>
bool is_one_of(const error& why, Codes... codes) {
  return ((why.code == make_error_code(codes)) || ...);
}

bool is_unreachable(const error& why) {
  using http::http_errc;
  return is_one_of(why, http_errc::resolve, http_errc::connect, http_errc::tls, http_errc::timeout,
                   http_errc::cut, amqp::amqp_errc::closed, amqp::amqp_errc::timeout,
                   dpfio::dpfio_errc::broker_lost);
}

bool is_outage(const error& why) {
  return is_one_of(why, http::http_errc::unavailable, http::http_errc::rate_limited,
                   amqp::amqp_errc::busy);
}

bool is_no_answer_of_it(const error& why) {
  return is_one_of(why, http::http_errc::bad_answer, http::http_errc::too_large,
                   amqp::amqp_errc::bad_answer);
}

std::string remedy_for(const error& why, const std::string& url, std::string otherwise) {
  if (is_unreachable(why))
    return fmt::format("See that this machine reaches {} (firewall, proxy, name lookup).", url);
  if (is_outage(why)) return "The service is in trouble; try again later.";
  if (is_no_answer_of_it(why))
    return fmt::format("What answers at {} is not the service; correct its address in hub.yaml.",
                       url);
  return otherwise;
}

}  // namespace

desk::desk(const hub_settings& settings, const tenants::organisation& organisation,
           const environment& values, http::asio::io_context& on, http::client& client,
           http::asio::thread_pool& pool, report& to)
    : hub(settings),
      who(organisation),
      variables(values),
      network(on),
      http(client),
      workers(pool),
      signers(client, time, settings.national.service_registry_key_url),
      into_(to) {}

void desk::good(std::string_view part, std::string text, std::string hint) {
  into_.findings.push_back({std::string(part), state::good, std::move(text), std::move(hint)});
}

void desk::missing(std::string_view part, std::string text, std::string remedy) {
  into_.findings.push_back({std::string(part), state::missing, std::move(text), std::move(remedy)});
}

void desk::not_asked(std::string_view part, std::string why) {
  into_.findings.push_back({std::string(part), state::not_asked, std::move(why), {}});
}

void desk::refused(std::string_view part, const error& why, const std::string& url,
                   std::string otherwise) {
  // Where the clients' errors end and what to do begins.
  constexpr std::string_view mark = " -- ";
  if (const auto at = why.message.find(mark); at != std::string::npos)
    return missing(part, why.message.substr(0, at), why.message.substr(at + mark.size()));
  missing(part, why.message, remedy_for(why, url, std::move(otherwise)));
}

const std::string& desk::client_of(const std::optional<std::string>& client_id) const {
  return client_id ? *client_id : who.maskinporten_client_id;
}

std::unique_ptr<maskinporten::client> desk::tokens_of(const std::optional<std::string>& client_id,
                                                      bool sends_own_consumer) const {
  maskinporten::client_settings settings;
  settings.token_url = hub.national.maskinporten_token_url;
  settings.audience = hub.national.maskinporten_audience;
  settings.client_id = client_of(client_id);
  settings.sends_own_consumer = sends_own_consumer;
  return std::make_unique<maskinporten::client>(http, workers, time, *random, std::move(settings),
                                                keys.front());
}

http::awaitable<bool> desk::has_token(std::string part, maskinporten::client& tokens,
                                      maskinporten::token_request wanted, std::string remedy) {
  const auto token = co_await tokens.get(wanted);
  if (!token) refused(part, token.error(), hub.national.maskinporten_token_url, std::move(remedy));
  co_return token.has_value();
}

std::optional<std::string> desk::read(std::string_view part, const secret& from) {
  auto value = from.read(variables);
  if (value) return *std::move(value);
  missing(part, value.error().message, "Set it, also for the user that runs the hub.");
  return std::nullopt;
}

std::string see_scope(std::string_view client_id, std::string_view scope) {
  return fmt::format("See that the client {} exists at Maskinporten with the scope {}.", client_id,
                     scope);
}

}  // namespace kp::probes
