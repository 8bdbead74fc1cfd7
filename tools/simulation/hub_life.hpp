#pragma once

#include "tools/simulation/broker.hpp"
#include "tools/simulation/house.hpp"
#include "tools/simulation/simulated_system.hpp"
#include "tools/simulation/subscribers.hpp"
#include "tools/simulation/town.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

namespace kp::simulation {

// A hub from its start to its death, in this thread. Destroying it is the death: from then on
// nothing of it reaches the disk, the national service or a client.
class hub_life {
 public:
  hub_life(stage&, disk&, broker&, subscribers&, unsigned number);
  ~hub_life();
  hub_life(const hub_life&) = delete;
  hub_life& operator=(const hub_life&) = delete;

  unsigned number() const { return number_; }
  // Null while it is being started again.
  caf::actor part(std::size_t organisation, const std::string& name) const {
    return parts_[organisation]->find(name);
  }
  // Stops one part of an organisation, as a bug in it would.
  void stop_some_part();
  void fail_disk() { store_.fail(); }
  bool disk_fails() const { return store_.fails(); }
  blobs_door& blobs() { return blobs_; }

  // Gives a turn to one of those who are ready; false when nobody is.
  bool turn();
  simulated_system& system() { return *system_; }

  // Asks a part; `then` gets nothing when no answer comes: the part or the hub died, or it took
  // too long.
  template <class Answer, class Message>
  void ask(const caf::actor& whom, Message message,
           std::function<void(std::optional<Answer>)> then);

 private:
  static constexpr std::chrono::seconds patience{60};

  void number_channels(std::size_t organisation, std::map<channel_name, channel_number>&);
  void give_up(std::uint64_t ticket);

  stage& stage_;
  unsigned number_;
  engine_door store_;
  blobs_door blobs_;
  std::shared_ptr<random_source> random_;
  std::shared_ptr<spool_factory> spools_ = make_memory_spools(1 << 20);
  boost::asio::io_context network_;
  boost::asio::thread_pool workers_{0};  // run by turn()
  std::shared_ptr<const int> alive_ = std::make_shared<const int>(0);
  std::unique_ptr<simulated_system> system_;
  std::shared_ptr<actors::hub_context> hub_;
  std::array<std::shared_ptr<house_parts>, organisations.size()> parts_;
  std::vector<caf::actor> houses_;
  std::map<std::uint64_t, std::function<void()>> unanswered_;  // what to say when no answer comes
  std::uint64_t asked_ = 0;
};

template <class Answer, class Message>
void hub_life::ask(const caf::actor& whom, Message message,
                   std::function<void(std::optional<Answer>)> then) {
  const auto ticket = ++asked_;
  unanswered_.emplace(ticket, [then] { then(std::nullopt); });
  stage_.after(patience, [this, ticket, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) give_up(ticket);
  });
  if (!whom) return;  // is being started again
  system_->actors().spawn([this, whom, ticket, message = std::move(message),
                           then = std::move(then)](caf::event_based_actor* self) {
    self->request(whom, caf::infinite, message)
        .then(
            [this, ticket, then](const Answer& answer) {
              if (unanswered_.erase(ticket) != 0) then(answer);
            },
            [this, ticket](const caf::error&) { give_up(ticket); });
  });
}

}  // namespace kp::simulation
