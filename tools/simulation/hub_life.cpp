#include "tools/simulation/hub_life.hpp"

#include "actors/store_writer.hpp"
#include "actors/webhook_transport.hpp"
#include "storage/channel_numbers.hpp"
#include "tools/simulation/town.hpp"

#include <boost/asio/detail/scheduler.hpp>

namespace kp::simulation {

hub_life::hub_life(stage& on, disk& kept, broker& national, subscribers& told, unsigned number)
    : stage_(on),
      number_(number),
      store_(on, kept),
      blobs_(on, kept),
      random_(make_seeded_random(on.chance.next())),
      system_(std::make_unique<simulated_system>(on.time)) {
  hub_ = std::make_shared<actors::hub_context>(actors::hub_context{
      {}, network_, workers_, on.time, *random_, store_, blobs_, *spools_, nullptr, nullptr, {}});
  hub_->settings.webhooks.to_private = webhook_settings::private_targets::allow;
  hub_->webhooks = std::make_shared<actors::webhook_means>(
      actors::webhook_means{told.transport(alive_),
                            std::make_shared<storage::secret_box>(std::string(32, 'k'), random_)});
  const auto writer = system_->spawn(actors::store_writer, &store_, hub_->feed_bells);
  for (std::size_t i = 0; i < organisations.size(); ++i) {
    std::map<channel_name, channel_number> numbers;
    number_channels(i, numbers);
    auto context = std::make_shared<actors::organisation_context>(
        hub_, settings_of(i), std::move(numbers),
        std::make_shared<storage::row_ids>(store_, id_of(i)));
    parts_[i] = std::make_shared<house_parts>();
    client_of_broker whose;
    whose.organisation = i;
    whose.life = number_;
    whose.blobs = &blobs_;
    whose.store = &store_;
    whose.alive = alive_;
    whose.adapter = [parts = parts_[i]]() -> std::uint64_t {
      const auto it = parts->find("adapter");
      return it ? it.id() : 0;
    };
    houses_.push_back(system_->spawn(
        house, house_args{&stage_, context, national.transport(whose), writer, parts_[i]}));
  }
  stage_.say("hub {} starts", number_);
}

hub_life::~hub_life() {
  store_.close();
  blobs_.close();
  alive_.reset();
  stage_.say("hub {} dies", number_);
  for (auto& [ticket, say_so] : unanswered_)
    stage_.after(std::chrono::milliseconds(1), std::move(say_so));
  unanswered_.clear();
  for (auto& parts : parts_) parts->running.clear();
  houses_.clear();
  system_.reset();
}

void hub_life::number_channels(std::size_t organisation,
                               std::map<channel_name, channel_number>& numbers) {
  std::vector<storage::wanted_channel> wanted;
  for (const auto& each : settings_of(organisation)->channels) wanted.push_back({each.name, {}});
  storage::batch changes;
  const auto found = storage::number_channels(changes, store_, id_of(organisation), wanted).value();
  if (!changes.empty()) store_.commit({&changes, 1}).front().value();
  numbers = found.numbers;
}

void hub_life::stop_some_part() {
  const auto organisation = stage_.chance.below(parts_.size());
  const auto& running = parts_[organisation]->running;
  if (running.empty()) return;
  const auto which =
      std::next(running.begin(), static_cast<std::ptrdiff_t>(stage_.chance.below(running.size())));
  stage_.say("{} of {} stops", which->first, organisation);
  caf::anon_send_exit(which->second, caf::exit_reason::kill);
}

bool hub_life::turn() {
  namespace asio = boost::asio;
  boost::system::error_code ignored;
  auto done = asio::use_service<asio::detail::scheduler>(workers_).poll(ignored);
  network_.restart();
  done += network_.poll();
  const auto ready = system_->ready();
  if (ready == 0) return done > 0;
  system_->run_one(stage_.chance.below(ready));
  return true;
}

void hub_life::give_up(std::uint64_t ticket) {
  auto found = unanswered_.extract(ticket);
  if (!found.empty()) found.mapped()();
}

}  // namespace kp::simulation
