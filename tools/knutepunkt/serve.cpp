#include "tools/knutepunkt/serve.hpp"

#include "actors/caf.hpp"
#include "actors/gateway.hpp"
#include "actors/hub.hpp"
#include "actors/store_writer.hpp"
#include "config/log.hpp"
#include "protocol/http/client.hpp"
#include "protocol/registry/registry.hpp"
#include "storage/blobs.hpp"
#include "storage/storage_error.hpp"
#include "tools/knutepunkt/master_key.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/signal_set.hpp>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace kp {

namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds commit_deadline{60};
constexpr std::chrono::seconds finish_requests{10};
constexpr std::chrono::seconds finish_everything{15};
constexpr std::chrono::hours forget_unreferenced_blobs_after{1};

log_level level_named(const std::string& name) {
  if (name == "debug") return log_level::debug;
  if (name == "warning") return log_level::warning;
  if (name == "error") return log_level::error;
  return log_level::info;
}

// The committer for worker threads.
storage::committer commit_and_wait(caf::actor_system& system, caf::actor writer) {
  return [&system, writer = std::move(writer)](storage::batch changes) -> result<void> {
    caf::scoped_actor self{system};
    result<void> outcome;
    self->request(writer, commit_deadline,
                  actors::commit{std::make_shared<storage::batch>(std::move(changes))})
        .receive(
            [&](const actors::committed& done) {
              if (done.failure) outcome = result<void>(*done.failure);
            },
            [&](const caf::error&) {
              outcome = result<void>(
                  transient(storage::storage_errc::io, "the store writer did not answer"));
            });
    return outcome;
  };
}

// Everything the hub stands on, in the order in which it is made; undone backwards.
struct ground {
  explicit ground(hub_settings s) : settings(std::move(s)), workers(settings.io_workers) {}

  hub_settings settings;
  wall_clock time;
  std::shared_ptr<random_source> random = make_secure_random();
  std::unique_ptr<storage::engine> store;
  std::unique_ptr<storage::data_keys> keys;
  std::unique_ptr<storage::blobs> blobs;
  std::shared_ptr<spool_factory> spools;
  asio::io_context network{1};
  asio::thread_pool workers;
  std::unique_ptr<http::client> client;
  std::unique_ptr<registry::signing_keys> registry_keys;

  result<void> lay() {
    namespace fs = std::filesystem;
    std::error_code failed;
    const fs::path root = settings.storage_path;
    fs::create_directories(root, failed);
    if (failed)
      return permanent(storage::storage_errc::io,
                       "storage.path " + root.string() + ": " + failed.message());
    const auto engine_folder = root / "engine";
    const bool is_new = !fs::exists(engine_folder);
    KP_TRY(auto master_key, load_master_key(settings, is_new, *random));
    storage::rocksdb_options options;
    options.path = engine_folder.string();
    KP_TRY(store, storage::open_rocksdb_engine(options));
    keys = std::make_unique<storage::data_keys>(*store, std::move(master_key), random);
    KP_TRY(blobs, storage::blobs::open(*store, (root / "blobs").string(), *keys, random));
    const auto spool_folder = root / "spool";
    fs::create_directories(spool_folder, failed);
    if (failed)
      return permanent(storage::storage_errc::io, spool_folder.string() + ": " + failed.message());
    spools = storage::make_file_spools(spool_folder.string(), random);

    http::client_options outgoing;
    outgoing.ca_file = settings.ca_file;
    outgoing.proxy = settings.proxy;
    outgoing.user_agent = "Knutepunkt/" KP_VERSION;
    KP_TRY(client, http::client::make(network, workers, outgoing));
    registry_keys = std::make_unique<registry::signing_keys>(
        *client, time, settings.national.service_registry_key_url);
    return {};
  }
};

int fail(const error& why) {
  log(log_level::error, "not started: " + why.message);
  return 1;
}

}  // namespace

int run_hub(const hub_settings& settings, tenants::loaded tenants) {
  const auto started = std::chrono::steady_clock::now();
  set_log_level(level_named(settings.log_level));
  for (const auto& p : tenants.problems) log(log_level::error, to_string(p));

  ground base(settings);
  if (auto laid = base.lay(); !laid) return fail(laid.error());

  caf::actor_system_config config;
  actors::tune(config, std::max<std::size_t>(2, std::thread::hardware_concurrency()));
  caf::actor_system system{config};
  const auto writer = system.spawn<caf::detached>(actors::store_writer, base.store.get());
  auto context = std::make_shared<actors::hub_context>(actors::hub_context{
      settings, base.network, base.workers, base.time, *base.random, *base.store, *base.blobs,
      *base.spools, base.client.get(), base.registry_keys.get(), commit_and_wait(system, writer)});

  auto desk = std::make_shared<actors::gateway_desk>(context, system);
  const auto port = desk->listen();
  if (!port) {
    caf::anon_send_exit(writer, caf::exit_reason::user_shutdown);
    return fail(port.error());
  }
  desk->replace(std::make_shared<tenants::directory>(tenants.organisations));

  std::atomic<int> exit_code{0};
  auto stop = [&, stopping = false]() mutable {
    if (std::exchange(stopping, true)) return;
    auto last = [](actors::gateway_desk& front,
                   asio::io_context& network) -> http::awaitable<void> {
      co_await front.stop(finish_requests);
      network.stop();
    };
    asio::co_spawn(base.network, last(*desk, base.network), asio::detached);
  };
  auto give_up = [&](const std::string& why) {
    log(log_level::error, "a part of the hub that all lean on stopped: " + why);
    exit_code = 3;
    asio::post(base.network, [&] { stop(); });
  };
  asio::signal_set signals(base.network, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& cancelled, int) {
    if (!cancelled) stop();
  });

  const auto top = system.spawn(
      actors::hub, actors::hub_args{context, desk, writer, tenants.organisations, give_up});
  asio::post(base.workers, [&blobs = *base.blobs] {
    const auto removed = blobs.collect(forget_unreferenced_blobs_after);
    if (!removed)
      log(log_level::warning, "unreferenced content not collected: " + removed.error().message);
  });
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - started);
  log(log_level::info, "ready",
      {{"address", settings.api.address},
       {"port", std::to_string(*port)},
       {"organisations", std::to_string(tenants.organisations.size())},
       {"milliseconds", std::to_string(took.count())}});

  auto stay = asio::make_work_guard(base.network);
  base.network.run();

  // Everything acknowledged is on disk: should an actor not end in time, nothing is lost by
  // leaving.
  std::thread([] {
    std::this_thread::sleep_for(finish_everything);
    std::_Exit(4);
  }).detach();
  caf::anon_send_exit(top, caf::exit_reason::user_shutdown);
  base.workers.join();
  caf::anon_send_exit(writer, caf::exit_reason::user_shutdown);
  system.await_all_actors_done();
  log(log_level::info, "stopped");
  return exit_code;
}

}  // namespace kp
