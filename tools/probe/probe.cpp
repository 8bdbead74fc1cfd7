#include "tools/probe/probe.hpp"

#include "tools/probe/services.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <array>

namespace kp::probes {

namespace {

namespace asio = boost::asio;
using state = finding::state;

struct service_probe {
  service which;
  http::awaitable<void> (*ask)(desk&);
};
constexpr std::array service_probes{
    service_probe{service::dpo, ask_dpo}, service_probe{service::dpv, ask_dpv},
    service_probe{service::dpf, ask_dpf}, service_probe{service::dpe, ask_dpe},
    service_probe{service::dpi, ask_dpi}, service_probe{service::dpfio, ask_dpfio},
    service_probe{service::dph, ask_dph}};

http::awaitable<void> ask_all(desk& at) {
  const bool opened = open_key_stores(at);
  if (opened)
    co_await ask_registry(at);
  else
    for (const auto* part : {"Maskinporten", "Service Registry"})
      at.not_asked(part, "The key store is needed for it.");
  for (const auto& each : service_probes) {
    if (!at.who.enabled(each.which)) continue;
    if (opened)
      co_await each.ask(at);
    else
      at.not_asked(to_string(each.which), "The key store is needed for it.");
  }
}

http::awaitable<void> ask_and_stop(desk& at) {
  co_await ask_all(at);
  at.network.stop();  // what is pooled would keep it running
}

std::string_view name_of(state now) {
  switch (now) {
    case state::good:
      return "good";
    case state::missing:
      return "missing";
    case state::not_asked:
      return "not asked";
  }
  return "unknown";
}

}  // namespace

bool report::ready() const {
  return std::ranges::none_of(findings,
                              [](const finding& one) { return one.now == state::missing; });
}

report ask(const hub_settings& hub, const tenants::organisation& who,
           const environment& variables) {
  report said{who.id.to_string(), who.name, {}};
  asio::io_context here{1};
  asio::thread_pool workers{1};
  http::client_options options;
  options.ca_file = hub.ca_file;
  options.proxy = hub.proxy;
  options.user_agent = "kpctl/" KP_VERSION;
  auto client = http::client::make(here, workers, options);
  if (!client) {
    said.findings.push_back({"network", state::missing, client.error().message,
                             "Correct upstream.ca_file and upstream.proxy in hub.yaml."});
    return said;
  }
  {
    desk at(hub, who, variables, here, **client, workers, said);
    asio::co_spawn(here, ask_and_stop(at), asio::detached);
    here.run();
  }
  client->reset();
  return said;
}

boost::json::value to_json(const report& said) {
  boost::json::array all;
  for (const auto& one : said.findings) {
    boost::json::object told{{"part", one.part}, {"state", name_of(one.now)}, {"text", one.text}};
    if (!one.remedy.empty()) told["remedy"] = one.remedy;
    all.push_back(std::move(told));
  }
  boost::json::object out{
      {"organisation", said.number}, {"name", said.name}, {"ready", said.ready()}};
  out["findings"] = std::move(all);
  return out;
}

}  // namespace kp::probes
