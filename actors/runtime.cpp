#include "actors/runtime.hpp"

#include "actors/alert_sender.hpp"
#include "actors/caf.hpp"
#include "actors/gateway.hpp"
#include "actors/hub.hpp"
#include "actors/hub_parts.hpp"
#include "actors/measured_client.hpp"
#include "actors/measured_store.hpp"
#include "actors/quota_usage.hpp"
#include "actors/report_intake.hpp"
#include "actors/report_port.hpp"
#include "actors/store_writer.hpp"
#include "actors/tenants_watcher.hpp"
#include "actors/webhook_transport.hpp"
#include "config/amqp_address.hpp"
#include "config/log.hpp"
#include "protocol/amqp/client.hpp"
#include "protocol/dpfio/broker.hpp"
#include "protocol/http/client.hpp"
#include "protocol/registry/registry.hpp"
#include "protocol/revocation/revocation_lists.hpp"
#include "storage/backup.hpp"
#include "storage/blobs.hpp"
#include "storage/master_key.hpp"
#include "storage/storage_error.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/signal_set.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <thread>

namespace kp::actors {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds commit_deadline{60};
constexpr std::chrono::seconds finish_requests{10};
constexpr std::chrono::seconds finish_everything{15};
constexpr std::chrono::hours forget_unreferenced_blobs_after{1};

// The committer for worker threads.
storage::committer commit_and_wait(caf::actor_system& system, caf::actor writer) {
  return [&system, writer = std::move(writer)](storage::batch changes) -> result<void> {
    caf::scoped_actor self{system};
    result<void> outcome;
    self->request(writer, commit_deadline,
                  commit{std::make_shared<storage::batch>(std::move(changes))})
        .receive(
            [&](const committed& done) {
              if (done.failure) outcome = result<void>(*done.failure);
            },
            [&](const caf::error&) {
              outcome = result<void>(
                  transient(storage::storage_errc::io, "the store writer did not answer"));
            });
    return outcome;
  };
}

// Ends the process when ending it in order takes too long. Everything acknowledged is on disk then:
// nothing is lost by leaving.
class watchdog {
 public:
  explicit watchdog(std::chrono::seconds patience)
      : thread_([this, patience] {
          std::unique_lock lock(mutex_);
          if (!over_.wait_for(lock, patience, [this] { return done_; })) std::_Exit(4);
        }) {}
  ~watchdog() {
    {
      const std::scoped_lock lock(mutex_);
      done_ = true;
    }
    over_.notify_all();
    thread_.join();
  }
  watchdog(const watchdog&) = delete;
  watchdog& operator=(const watchdog&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable over_;
  bool done_ = false;
  std::thread thread_;
};

struct tuned_config : caf::actor_system_config {
  tuned_config() { tune(*this, std::max<std::size_t>(2, std::thread::hardware_concurrency())); }
};

result<std::string> make_folder(const std::filesystem::path& path) {
  std::error_code failed;
  std::filesystem::create_directories(path, failed);
  if (failed)
    return permanent(storage::storage_errc::io,
                     "folder " + path.string() + " cannot be made: " + failed.message());
  return path.string();
}

}  // namespace

// Everything the hub stands on, in the order in which it is made; undone backwards.
struct runtime::state {
  explicit state(hub_settings s)
      : settings(std::move(s)),
        meters(metrics::make_hub_meters(settings.metrics_organisations)),
        workers(settings.io_workers) {}

  hub_settings settings;
  std::shared_ptr<metrics::hub_meters> meters;
  std::shared_ptr<vital_signs> signs = make_vital_signs();
  wall_clock time;
  std::shared_ptr<random_source> random = make_secure_random();
  std::shared_ptr<quota_usage> usage = std::make_shared<quota_usage>();
  std::unique_ptr<storage::engine> store;
  std::unique_ptr<storage::data_keys> keys;
  std::unique_ptr<storage::held_files> blobs;
  std::optional<storage::backup_source> backup;
  std::shared_ptr<spool_factory> spools;
  std::unique_ptr<dpfio::broker_io> fiks_broker;
  asio::io_context network{1};
  asio::thread_pool workers;
  std::unique_ptr<http::client> client;
  std::unique_ptr<amqp::client> amqp;
  std::unique_ptr<http::client> to_subscribers;
  std::shared_ptr<webhook_means> webhooks = std::make_shared<webhook_means>();
  std::unique_ptr<registry::signing_keys> registry_keys;
  std::unique_ptr<revocation::revocation_lists> revoked;
  std::shared_ptr<report_intake> reports;
  std::shared_ptr<status_tally> tally = std::make_shared<status_tally>();
  std::unique_ptr<http::client> to_operators;
  std::shared_ptr<alert_means> alerts;
  tuned_config config;
  caf::actor_system system{config};
  caf::actor writer;
  caf::actor top;
  std::unique_ptr<tenants_watcher> watcher;
  std::shared_ptr<gateway_desk> desk;
  std::shared_ptr<hub_context> context;
  asio::signal_set signals{network};
  std::uint16_t port = 0;
  std::size_t channels = 0;
  std::atomic<bool> stopping{false};
  std::atomic<int> exit_code{0};

  result<void> open_store() {
    const std::filesystem::path root = settings.storage_path;
    KP_TRY([[maybe_unused]] const auto made, make_folder(root));
    const auto engine_folder = root / "engine";
    const bool is_new = !std::filesystem::exists(engine_folder);
    KP_TRY(auto master_key, storage::load_master_key(settings, is_new, *random));
    storage::rocksdb_options options;
    options.path = engine_folder.string();
    KP_TRY(auto opened, storage::open_rocksdb_engine(options));
    auto* const copied = dynamic_cast<storage::checkpointed*>(opened.get());
    store = measure(std::make_unique<quota_store>(std::move(opened), usage), meters, signs, tally);
    webhooks->secrets = std::make_shared<storage::secret_box>(master_key, random);
    keys = std::make_unique<storage::data_keys>(*store, std::move(master_key), random);
    const auto blobs_folder = (root / "blobs").string();
    KP_TRY(auto files, storage::blobs::open(*store, blobs_folder, *keys, random));
    blobs = std::make_unique<storage::held_files>(std::move(files));
    if (copied) backup.emplace(storage::backup_source{*copied, *blobs, blobs_folder});
    KP_TRY(const auto spool_folder, make_folder(root / "spool"));
    spools = storage::make_file_spools(spool_folder, random);
    fiks_broker = std::make_unique<dpfio::broker_io>(*spools);
    return {};
  }

  result<void> open_network() {
    http::client_options outgoing;
    outgoing.ca_file = settings.ca_file;
    outgoing.proxy = settings.proxy;
    outgoing.user_agent = "Knutepunkt/" KP_VERSION;
    KP_TRY(auto made, http::client::make(network, workers, outgoing));
    client = measure(std::move(made), settings.national, time, meters, signs);
    if (const auto bus = parse_amqp_address(settings.national.service_bus_amqp_url)) {
      amqp::client_options way;
      way.host = bus->host;
      way.port = bus->port;
      way.tls = bus->tls;
      way.ca_file = settings.ca_file;
      way.proxy = settings.proxy;
      way.container = "knutepunkt-" + random->uuid();
      KP_TRY(amqp, amqp::client::make(network, std::move(way)));
    }
    KP_TRY(to_subscribers,
           webhook_client(network, workers, settings.webhooks, settings.ca_file, settings.proxy));
    webhooks->transport = make_webhook_transport(network, *to_subscribers, settings.webhooks);
    registry_keys = std::make_unique<registry::signing_keys>(
        *client, time, settings.national.service_registry_key_url);
    revoked = std::make_unique<revocation::revocation_lists>(*client, workers, time);
    if (!settings.national.status_service_url.empty()) {
      status_service::wire_options way;
      way.url = settings.national.status_service_url;
      way.waits_for_answers = settings.status_service.waits_for_answers;
      way.ca_file = settings.ca_file;
      KP_TRY(auto made_way, status_service::make_wire(network, *client, way));
      reports = std::make_shared<report_intake>(
          time, settings.status_service.max_waiting,
          make_report_port(network, std::move(made_way), settings.status_service.scopes));
    }
    if (settings.alerts.tells_anybody()) KP_CHECK(open_way_to_operators());
    return {};
  }

  // Operators choose the places themselves, most often in their own network.
  result<void> open_way_to_operators() {
    auto to_anywhere = settings.webhooks;
    to_anywhere.to_private = webhook_settings::private_targets::allow;
    to_anywhere.https_only = false;
    KP_TRY(to_operators,
           webhook_client(network, workers, to_anywhere, settings.ca_file, settings.proxy));
    alerts = std::make_shared<alert_means>();
    alerts->transport = make_webhook_transport(network, *to_operators, to_anywhere);
    alerts->mail = make_mailer(workers, settings.alerts.mail, settings.ca_file);
    return {};
  }

  result<void> start_actors(const tenants::loaded& tenants) {
    const auto feed_bells = std::make_shared<bells>();
    writer = system.spawn<caf::detached>(store_writer, store.get(), feed_bells);
    context = std::make_shared<hub_context>(hub_context{
        settings, network, workers, time, *random, *store, *blobs, *spools, client.get(),
        registry_keys.get(), commit_and_wait(system, writer), feed_bells, webhooks, meters, signs});
    context->reports = reports;
    context->tally = tally;
    context->alerts = alerts;
    context->fiks_broker = fiks_broker.get();
    context->amqp = amqp.get();
    context->revoked = revoked.get();
    // The first in the folder are those with labels of their own, run after run.
    for (const auto& one : tenants.organisations) meters->organisations.of(one->id);
    desk = std::make_shared<gateway_desk>(context, system, usage);
    KP_TRY(port, desk->listen());
    auto directory = std::make_shared<const tenants::directory>(tenants.organisations);
    desk->replace(directory);
    for (const auto& one : tenants.organisations)
      channels += static_cast<std::size_t>(
          std::ranges::count(one->channels, false, &tenants::channel_settings::external));
    auto give_up = [this](const std::string& why) {
      log(log_level::error, "a part of the hub that all lean on stopped: " + why);
      exit_code = 3;
      stop();
    };
    top = system.spawn(hub,
                       hub_args{context, desk, writer, tenants.organisations, directory, give_up});
    watcher =
        std::make_unique<tenants_watcher>(settings.tenants_folder, tenants, top, context->tenants);
    return {};
  }

  void stop() {
    if (stopping.exchange(true)) return;
    signs->become(vital_signs::phase::stopping);
    asio::post(network, [this] {
      auto last = [](std::shared_ptr<gateway_desk> front,
                     asio::io_context& here) -> http::awaitable<void> {
        co_await front->stop(finish_requests);
        here.stop();
      };
      asio::co_spawn(network, last(desk, network), asio::detached);
    });
  }

  void end_actors() {
    const watchdog patience(finish_everything);
    watcher.reset();
    if (top) caf::anon_send_exit(top, caf::exit_reason::user_shutdown);
    workers.join();
    if (writer) caf::anon_send_exit(writer, caf::exit_reason::user_shutdown);
    top = nullptr;
    writer = nullptr;
    system.await_all_actors_done();
  }
};

runtime::runtime() = default;

runtime::~runtime() {
  if (state_) state_->end_actors();
}

result<std::unique_ptr<runtime>> runtime::start(const hub_settings& settings,
                                                const tenants::loaded& tenants) {
  std::unique_ptr<runtime> made(new runtime);
  made->state_ = std::make_unique<state>(settings);
  auto& s = *made->state_;
  KP_CHECK(s.open_store());
  KP_CHECK(s.open_network());
  KP_CHECK(s.start_actors(tenants));
  asio::post(s.workers, [&blobs = *s.blobs] {
    const auto removed = blobs.collect(forget_unreferenced_blobs_after);
    if (!removed)
      log(log_level::warning, "unreferenced content not collected: " + removed.error().message);
  });
  return made;
}

std::uint16_t runtime::port() const {
  return state_->port;
}

void runtime::when_ready(std::function<void()> then) {
  asio::post(state_->network, [desk = state_->desk, count = state_->channels, signs = state_->signs,
                               then = std::move(then)] {
    desk->when_seated(count, [signs, then] {
      signs->become(vital_signs::phase::ready);
      then();
    });
  });
}

hub_parts runtime::parts() const {
  return {state_->context, state_->desk, &state_->system, state_->top,
          state_->backup ? &*state_->backup : nullptr};
}

int runtime::run() {
  auto stay = asio::make_work_guard(state_->network);
  state_->network.run();
  state_->end_actors();
  return state_->exit_code;
}

void runtime::stop() {
  state_->stop();
}

void runtime::stop_on_signals() {
  auto& s = *state_;
  boost::system::error_code failed;
  s.signals.add(SIGINT, failed);
  s.signals.add(SIGTERM, failed);
  s.signals.async_wait([&s](const boost::system::error_code& cancelled, int) {
    if (!cancelled) s.stop();
  });
}

}  // namespace kp::actors
