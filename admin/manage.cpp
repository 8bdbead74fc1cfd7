#include "admin/manage.hpp"

#include "actors/probes.hpp"
#include "admin/health.hpp"
#include "config/log.hpp"
#include "metrics/actuator.hpp"
#include "metrics/hub_meters.hpp"
#include "protocol/http/single_flight.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>

namespace kp::admin {

namespace {

namespace json = boost::json;

// Walking the queues of thousands of organisations is not free: scrapes that come closer together
// than this see the same levels.
constexpr std::chrono::seconds levels_live{10};

using levels_of_all = std::map<organisation_id, queue_levels>;

// What is asked of the store and the disk, off the network thread.
struct look {
  levels_of_all levels;
  std::optional<std::filesystem::space_info> disk;
};

using look_ptr = std::shared_ptr<const look>;

class manage : public std::enable_shared_from_this<manage> {
 public:
  explicit manage(const actors::hub_parts& hub) : hub_(hub.context), desk_(hub.desk) {}

  http::awaitable<answer> index() {
    const auto link = [](const std::string& path) { return json::object{{"href", path}}; };
    json::object links{{"self", link("/manage")},
                       {"health", link("/manage/health")},
                       {"info", link("/manage/info")},
                       {"metrics", link("/manage/metrics")},
                       {"prometheus", link("/manage/prometheus")}};
    co_return json_answer(json::object{{"_links", std::move(links)}}, 200, actors::actuator_type);
  }

  http::awaitable<answer> health() {
    auto seen = co_await look_around();
    if (!seen) co_return problem_answer(503, seen.error().message);
    auto work = [hub = hub_, seen = *std::move(seen), directory = desk_->directory()] {
      return judge_all(*hub, *seen, directory.get());
    };
    const auto judged = co_await http::on_workers(hub_->workers, std::move(work));
    co_return json_answer(judged.body, judged.status == health::down ? 503 : 200,
                          actors::actuator_type);
  }

  http::awaitable<answer> info() {
    const json::object build{{"artifact", "knutepunkt"},
                             {"group", "no.knutepunkt"},
                             {"name", "Knutepunkt"},
                             {"version", KP_VERSION}};
    co_return json_answer(json::object{{"build", build}}, 200, actors::actuator_type);
  }

  http::awaitable<answer> metric_names() {
    co_await refresh();
    co_return json_answer(metrics::names(hub_->meters->all), 200, actors::actuator_type);
  }

  http::awaitable<answer> metric(request asked) {
    metrics::labels tags;
    for (const auto& tag : asked.query.all("tag")) {
      const auto colon = tag.find(':');
      if (colon == std::string::npos)
        co_return problem_answer(
            400, "Each tag parameter must be in the form 'key:value' but was: " + tag);
      tags[tag.substr(0, colon)] = tag.substr(colon + 1);
    }
    co_await refresh();
    auto found = metrics::describe(hub_->meters->all, asked.variables[0], tags);
    if (!found)
      co_return problem_answer(404, fmt::format("There is no metric {} with these tags; "
                                                "/manage/metrics has the names.",
                                                asked.variables[0]));
    co_return json_answer(*found, 200, actors::actuator_type);
  }

  http::awaitable<answer> prometheus() {
    co_await refresh();
    answer out;
    out.headers.add("Content-Type", std::string(metrics::text_format));
    // Thousands of lines: put together elsewhere than on the network thread.
    auto work = [meters = hub_->meters] { return meters->all.text(); };
    out.body = co_await http::on_workers(hub_->workers, std::move(work));
    co_return out;
  }

 private:
  http::awaitable<result<look_ptr>> look_around() {
    const auto keep_alive = shared_from_this();
    if (last_ && hub_->time.now() - looked_at_ < levels_live) co_return last_;
    std::function<http::awaitable<result<look_ptr>>()> walk = [this] { return walk_now(); };
    co_return co_await walks_.run(0, std::move(walk));
  }

  http::awaitable<result<look_ptr>> walk_now() {
    std::vector<organisation_id> ids;
    if (const auto directory = desk_->directory())
      for (const auto& one : directory->organisations()) ids.push_back(one->id);
    auto work = [hub = hub_, ids = std::move(ids)]() -> result<look_ptr> {
      auto seen = std::make_shared<look>();
      KP_TRY(seen->levels, read_levels(hub->store, ids));
      std::error_code failed;
      const auto space = std::filesystem::space(hub->settings.storage_path, failed);
      if (!failed) seen->disk = space;
      return look_ptr(seen);
    };
    auto seen = co_await http::on_workers(hub_->workers, std::move(work));
    if (seen) {
      last_ = *seen;
      looked_at_ = hub_->time.now();
    }
    co_return seen;
  }

  // With thousands of organisations this takes a while, and so does setting gauges: for workers.
  static hub_health judge_all(const actors::hub_context& hub, const look& seen,
                              const tenants::directory* directory) {
    return judge(health_facts{*hub.signs, directory, hub.settings, seen.disk, seen.levels,
                              hub.tenants->now(), hub.time.now()});
  }

  // Sets the gauges that are not kept as things happen. Scrapes that come together share it.
  http::awaitable<void> refresh() {
    const auto keep_alive = shared_from_this();
    std::function<http::awaitable<result<bool>>()> set = [this] { return refresh_now(); };
    const auto done = co_await refreshes_.run(0, std::move(set));
    if (!done) log(log_level::warning, "metrics are not up to date: " + done.error().message);
  }

  http::awaitable<result<bool>> refresh_now() {
    auto seen = co_await look_around();
    if (!seen) co_return seen.error();
    auto work = [this, seen = *std::move(seen), directory = desk_->directory()] {
      set_gauges(*seen, directory.get());
      return true;
    };
    co_return co_await http::on_workers(hub_->workers, std::move(work));
  }

  void set_gauges(const look& seen, const tenants::directory* directory) {
    const auto& meters = *hub_->meters;
    metrics::read_process(meters);
    if (directory)
      meters.organisation_count.set(static_cast<double>(directory->organisations().size()));
    const auto judged = judge_all(*hub_, seen, directory);
    meters.configuration_problems.set(static_cast<double>(judged.configuration_problems));
    meters.organisations_in_trouble.set(static_cast<double>(judged.organisations_in_trouble));
    set_levels(seen.levels);
    set_signs(directory);
  }

  // Gauges of one scrape: organisations that share a label are put together in `join`. Those of an
  // earlier scrape that nobody is behind any more go to zero.
  class gauge_set {
   public:
    gauge_set(metrics::gauge_family family, std::map<metrics::labels, double>& values)
        : family_(family), values_(values) {
      for (auto& [labels, value] : values_) value = 0;
    }
    ~gauge_set() {
      for (const auto& [labels, value] : values_) family_.with(labels).set(value);
    }
    gauge_set(const gauge_set&) = delete;
    gauge_set& operator=(const gauge_set&) = delete;
    void sum(const metrics::labels& labels, double value) { values_[labels] += value; }
    void highest(const metrics::labels& labels, double value) {
      values_[labels] = std::max(values_[labels], value);
    }
    void lowest(const metrics::labels& labels, double value) {
      auto& there = values_[labels];
      there = there == 0 ? value : std::min(there, value);
    }

   private:
    metrics::gauge_family family_;
    std::map<metrics::labels, double>& values_;
  };

  static double seconds(std::chrono::microseconds age) {
    return std::max(0.0, std::chrono::duration<double>(age).count());
  }

  void set_levels(const levels_of_all& levels) {
    auto& meters = *hub_->meters;
    const auto now = hub_->time.now();
    gauge_set items(meters.outbox_items, outbox_items_);
    gauge_set oldest(meters.outbox_oldest, outbox_oldest_);
    gauge_set waiting(meters.inbound_waiting, waiting_);
    gauge_set locked(meters.inbound_locked, locked_);
    for (const auto& [id, level] : levels) {
      const auto who = meters.organisations.of(id);
      waiting.sum({{"organisation", who}}, static_cast<double>(level.waiting));
      locked.sum({{"organisation", who}}, static_cast<double>(level.locked));
      for (const auto& [via, outbox] : level.outboxes) {
        const metrics::labels labels{{"organisation", who},
                                     {"service", std::string(kp::to_string(via))}};
        items.sum(labels, static_cast<double>(outbox.items));
        if (outbox.oldest) oldest.highest(labels, seconds(now - *outbox.oldest));
      }
    }
  }

  void set_signs(const tenants::directory* directory) {
    auto& meters = *hub_->meters;
    const auto now = hub_->time.now();
    gauge_set age(meters.poll_age, poll_age_);
    gauge_set expiry(meters.certificate_expiry, expiry_);
    for (const auto& [id, seen] : hub_->signs->organisations()) {
      if (!directory || !directory->find(id)) continue;  // gone since
      const auto who = meters.organisations.of(id);
      for (const auto& [via, last] : seen.polls)
        if (last.succeeded)
          age.highest({{"organisation", who}, {"service", std::string(kp::to_string(via))}},
                      seconds(now - *last.succeeded));
      if (seen.keys && seen.keys->problem.empty())
        expiry.lowest({{"organisation", who}}, seconds(seen.keys->not_after.time_since_epoch()));
    }
  }

  std::shared_ptr<actors::hub_context> hub_;
  std::shared_ptr<actors::gateway_desk> desk_;
  http::single_flight<int, look_ptr> walks_;
  http::single_flight<int, bool> refreshes_;
  look_ptr last_;  // nullptr before the first
  time_point looked_at_{};
  std::map<metrics::labels, double> outbox_items_, outbox_oldest_, waiting_, locked_, poll_age_,
      expiry_;
};

}  // namespace

void add_manage(routes& all, const actors::hub_parts& hub) {
  const auto here = std::make_shared<manage>(hub);
  const auto probe = [signs = hub.context->signs](request asked) -> http::awaitable<answer> {
    return
        [](std::shared_ptr<actors::vital_signs> seen, std::string path) -> http::awaitable<answer> {
          http::request_head head;
          head.method = "GET";
          head.path = std::move(path);
          co_return actors::answer_probe(head, *seen).value_or(answer{404, {}, {}, nullptr});
        }(signs, std::move(asked.path));
  };
  const auto get = [&all](std::string path, auto handle) {
    all.add({"GET", std::move(path), access::read, std::move(handle), 0});
  };
  get("/manage", [here](request) { return here->index(); });
  get("/manage/health", [here](request) { return here->health(); });
  get("/manage/health/liveness", probe);
  get("/manage/health/readiness", probe);
  get("/manage/info", [here](request) { return here->info(); });
  get("/manage/metrics", [here](request) { return here->metric_names(); });
  get("/manage/metrics/{}", [here](request asked) { return here->metric(std::move(asked)); });
  get("/manage/prometheus", [here](request) { return here->prometheus(); });
}

}  // namespace kp::admin
