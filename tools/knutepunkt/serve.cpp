#include "tools/knutepunkt/serve.hpp"

#include "actors/hub_parts.hpp"
#include "actors/runtime.hpp"
#include "admin/listener.hpp"
#include "config/log.hpp"

#include <cstdlib>

namespace kp {

namespace {

log_level level_named(const std::string& name) {
  if (name == "debug") return log_level::debug;
  if (name == "warning") return log_level::warning;
  if (name == "error") return log_level::error;
  return log_level::info;
}

}  // namespace

int run_hub(const hub_settings& settings, tenants::loaded tenants) {
  const auto started = std::chrono::steady_clock::now();
  set_log_level(level_named(settings.log_level));
  for (const auto& problem : tenants.problems) log(log_level::error, to_string(problem));
  for (const auto& problem : tenants::check_against_hub(tenants, settings))
    log(log_level::warning, "a credential lets nobody in: " + to_string(problem));

  auto hub = actors::runtime::start(settings, tenants);
  if (!hub) {
    log(log_level::error, "not started: " + hub.error().message);
    return 1;
  }
  const auto parts = (*hub)->parts();
  std::unique_ptr<admin::listener> admin_listener;
  if (settings.admin.port != 0) {
    auto opened = admin::listener::open(parts);
    if (!opened) {
      log(log_level::error, "not started: " + opened.error().message);
      return 1;
    }
    admin_listener = *std::move(opened);
    log(log_level::info, "admin listener open",
        {{"address", settings.admin.address}, {"port", std::to_string(admin_listener->port())}});
  }
  (*hub)->stop_on_signals();
  const auto port = std::to_string((*hub)->port());
  log(log_level::info, "listening", {{"address", settings.api.address}, {"port", port}});
  (*hub)->when_ready([&] {
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - started);
    log(log_level::info, "ready",
        {{"address", settings.api.address},
         {"port", port},
         {"organisations", std::to_string(tenants.organisations.size())},
         {"milliseconds", std::to_string(took.count())}});
  });
  const int exit_code = (*hub)->run();
  log(log_level::info, "stopped");
  // Connections that were cut leave suspended coroutines behind; unwinding them would only delay
  // the end. Everything acknowledged is on disk.
  std::_Exit(exit_code);
}

}  // namespace kp
