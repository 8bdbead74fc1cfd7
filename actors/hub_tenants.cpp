#include "actors/hub_tenants.hpp"

#include "actors/organisation.hpp"
#include "config/crash_point.hpp"
#include "config/log.hpp"
#include "metrics/hub_meters.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace kp::actors {

namespace {

// With one core of two left for everything else.
constexpr std::chrono::milliseconds first_poll_takes{10};

}  // namespace

hub_tenants::hub_tenants(caf::event_based_actor* self, const hub_args& args, caf::actor limiter,
                         caf::actor gateway)
    : self_(self),
      context_(args.context),
      writer_(args.writer),
      limiter_(std::move(limiter)),
      gateway_(std::move(gateway)),
      children_(self, "the hub", [meters = args.context->meters] { meters->actor_restarts.add(); }),
      directory_(args.directory) {}

void hub_tenants::start(
    const std::vector<std::shared_ptr<const tenants::organisation>>& organisations) {
  const auto count = static_cast<std::int64_t>(std::max<std::size_t>(organisations.size(), 1));
  std::int64_t at = 0;
  // Spread over one interval, so that the polls of many do not come at once; a first poll opens the
  // key store and signs for tokens, so thousands take longer.
  for (const auto& one : organisations) {
    const auto spread =
        std::max<std::chrono::milliseconds>(one->dpo.poll_interval, count * first_poll_takes);
    add(one, spread * at++ / count);
  }
  context_->tenants->runs(tenants_.size());
}

hub_tenants::tenant& hub_tenants::add(std::shared_ptr<const tenants::organisation> settings,
                                      std::chrono::milliseconds first_poll) {
  const auto id = settings->id;
  auto its = std::make_shared<organisation_args>();
  its->hub = context_;
  its->settings = std::move(settings);
  its->writer = writer_;
  its->limiter = limiter_;
  its->gateway = gateway_;
  its->hub_actor = caf::actor_cast<caf::actor_addr>(self_);
  its->first_poll = first_poll;
  auto& made = tenants_[id];
  made.args = its;
  made.child = children_.add("organisation " + id.to_string(), [&system = self_->system(), its] {
    return system.spawn(organisation, *its);
  });
  return made;
}

void hub_tenants::change(const tenants_changed& now) {
  jobs_.push_back({now.tenants, {}});
  next_job();
}

void hub_tenants::next_job() {
  if (busy_ || jobs_.empty()) return;
  busy_ = true;
  const auto doing = std::move(jobs_.front());
  jobs_.pop_front();
  changed_ = doing.others;
  waiting_ = 1;  // until all have been asked
  for (const auto& each : doing.tenants) {
    changed_.insert(each.organisation);
    if (each.now)
      apply(each.now);
    else
      remove(each.organisation);
  }
  context_->tenants->runs(tenants_.size());
  applied();
}

void hub_tenants::apply(const std::shared_ptr<const tenants::organisation>& settings) {
  const auto found = tenants_.find(settings->id);
  const bool is_new = found == tenants_.end();
  auto& one = is_new ? add(settings, std::chrono::milliseconds(0)) : found->second;
  if (is_new || one.now != phase::running) context_->tenants->back(settings->id);
  log(log_level::info,
      is_new                      ? "organisation added"
      : one.now != phase::running ? "organisation is back"
                                  : "organisation changed",
      {{"organisation", settings->id.to_string()}, {"file", settings->file}});
  one.args->settings = settings;
  one.now = phase::running;
  const auto& child = children_[one.child];
  if (!child) return;  // it is being started again, with these
  ++waiting_;
  self_->request(child, apply_deadline, apply_settings{settings})
      .then([this](const settings_applied&) { applied(); },
            [this, id = settings->id](const caf::error& why) {
              log(log_level::error,
                  "an organisation was slow to take its settings: " + self_->system().render(why),
                  {{"organisation", id.to_string()}});
              applied();
            });
}

void hub_tenants::remove(organisation_id id) {
  const auto found = tenants_.find(id);
  if (found == tenants_.end() || found->second.now != phase::running) return;
  const bool drains = context_->settings.on_removal == removal_policy::drain;
  found->second.now = drains ? phase::draining : phase::ending;
  context_->tenants->leaving(id, drains, now());
  crash_point("organisation-leaving");
  log(log_level::warning,
      drains ? "organisation drains, because its file is gone"
             : "organisation is parked, because its file is gone; its data stays",
      {{"organisation", id.to_string()}});
  if (drains) tell(id, true, now() + context_->settings.drain_for);
}

void hub_tenants::tell(organisation_id id, bool drain, time_point deadline) {
  if (const auto& child = children_[tenants_.at(id).child])
    self_->send(child, end_organisation{drain, deadline});
}

// Everybody is ready for the requests that the new directory will bring.
void hub_tenants::applied() {
  if (--waiting_ == 0) build();
}

void hub_tenants::build() {
  std::vector<std::shared_ptr<const tenants::organisation>> known;
  directory_changed next;
  for (const auto& [id, one] : tenants_) {
    if (one.now != phase::ending) known.push_back(one.args->settings);
    if (one.now == phase::draining) next.draining.insert(id);
  }
  next.changed.assign(changed_.begin(), changed_.end());
  http::asio::post(context_->workers, [known = std::move(known), next = std::move(next),
                                       before = directory_,
                                       to = caf::actor_cast<caf::actor_addr>(self_)]() mutable {
    next.directory = before ? std::make_shared<const tenants::directory>(std::move(known), *before)
                            : std::make_shared<const tenants::directory>(std::move(known));
    if (const auto hub = caf::actor_cast<caf::actor>(to))
      caf::anon_send(hub, directory_built{std::move(next)});
  });
}

void hub_tenants::publish(const directory_built& made) {
  directory_ = made.what.directory;
  self_->send(gateway_, made.what);
  for (const auto id : made.what.changed) {
    const auto found = tenants_.find(id);
    if (found != tenants_.end() && found->second.now == phase::ending)
      tell(id, false, now() + end_deadline);
  }
  busy_ = false;
  next_job();
}

caf::actor hub_tenants::find(organisation_id id) const {
  const auto found = tenants_.find(id);
  return found == tenants_.end() ? caf::actor() : children_[found->second.child];
}

void hub_tenants::ended(const organisation_ended& said) {
  const auto found = tenants_.find(said.organisation);
  if (found == tenants_.end()) return;
  auto& one = found->second;
  if (said.drained && one.now == phase::draining) {
    one.now = phase::ending;
    context_->tenants->leaving(said.organisation, false, now());
    log(log_level::info,
        said.in_time ? "organisation is drained and parked; its data stays"
                     : "organisation is parked with messages that were not sent in time; they stay",
        {{"organisation", said.organisation.to_string()}});
    jobs_.push_back({{}, {said.organisation}});
    return next_job();
  }
  if (said.drained || one.now != phase::ending) return;  // it is back
  if (!said.in_time)
    log(log_level::warning, "organisation was parked with work under way",
        {{"organisation", said.organisation.to_string()}});
  crash_point("organisation-left");
  children_.end(one.child);
  tenants_.erase(found);
  context_->tenants->runs(tenants_.size());
}

}  // namespace kp::actors
