#include "actors/organisation_adapters.hpp"

namespace kp::actors {

namespace {

constexpr std::chrono::seconds idle_deadline{10};

}  // namespace

organisation_adapters::organisation_adapters(caf::event_based_actor* self, nursery& children,
                                             std::function<service_adapter_args()> make_args)
    : self_(self), children_(children), make_args_(std::move(make_args)) {}

void organisation_adapters::open(const organisation_context& in) {
  pauses_.open(in);
}

void organisation_adapters::use(service_ports now, std::chrono::milliseconds first_poll) {
  ports_ = std::move(now);
  for (const auto& plug : service_plugs())
    if (ports_.contains(plug.via) && !adapters_.contains(plug.via)) start(plug, first_poll);
}

void organisation_adapters::start(const service_plug& plug, std::chrono::milliseconds first_poll) {
  // Started again when its service is not used, it begins with the port that it had and rests.
  const auto last_port = std::make_shared<std::shared_ptr<service_port>>();
  adapters_[plug.via] =
      children_.add(std::string(to_string(plug.via)) + " adapter",
                    [this, plug, first_poll, last_port, &system = self_->system()] {
                      const auto used = ports_.find(plug.via);
                      if (used != ports_.end()) *last_port = used->second;
                      auto args = make_args_();
                      args.port = *last_port;
                      args.first_poll = first_poll;
                      args.mode = mode_of(plug.via);
                      return plug.start(system, std::move(args));
                    });
}

working_mode organisation_adapters::mode_of(service via) const {
  return ports_.contains(via) ? pauses_.within(via, mode_) : working_mode::ending;
}

void organisation_adapters::work_in(working_mode mode) {
  mode_ = mode;
  for (const auto& [via, place] : adapters_) tell(via);
}

void organisation_adapters::pause(const pause_changed& change) {
  pauses_.set(change.via, change.now);
  if (adapters_.contains(change.via)) tell(change.via);
}

void organisation_adapters::tell(service via) const {
  if (const auto& adapter = children_[adapters_.at(via)])
    self_->send(adapter, work_as{mode_of(via)});
}

void organisation_adapters::nudge(const outbox_changed& nudge) const {
  const auto found = adapters_.find(nudge.via);
  if (found == adapters_.end()) return;
  if (const auto& adapter = children_[found->second]) self_->send(adapter, nudge);
}

void organisation_adapters::renew_all() {
  for (const auto& [via, place] : adapters_)
    if (const auto& adapter = children_[place]) self_->send_exit(adapter, caf::exit_reason::kill);
}

void organisation_adapters::ask_whether_idle(std::function<void(bool)> then) const {
  struct counted {
    std::size_t left;
    bool idle = true;
    std::function<void(bool)> then;
  };
  const auto all = std::make_shared<counted>(counted{adapters_.size(), true, std::move(then)});
  if (all->left == 0) return all->then(true);
  const auto said = [all](bool idle) {
    all->idle = all->idle && idle;
    if (--all->left == 0) all->then(all->idle);
  };
  for (const auto& [via, place] : adapters_) {
    const auto& adapter = children_[place];
    if (!adapter) {  // it is being started again
      said(false);
      continue;
    }
    self_->request(adapter, idle_deadline, are_you_idle{})
        .then([said](const idle_answer& answer) { said(answer.idle); },
              [said](const caf::error&) { said(false); });
  }
}

}  // namespace kp::actors
