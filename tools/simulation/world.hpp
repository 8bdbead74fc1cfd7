#pragma once

#include "tools/simulation/hub_life.hpp"

namespace kp::simulation {

// Everything: what outlives a hub, and the hub that runs, if one does.
class world {
 public:
  world(std::uint64_t seed, bool print);

  stage on;
  disk kept;
  model all;
  broker national{on, kept, all};
  subscribers told{on, all};
  std::unique_ptr<hub_life> hub;

  // Lets time pass until then, or until something has been found.
  void run_until(time_point end);
  void start_hub();
  // From now on hubs die, and parts of them stop, and disks fail, at moments of chance.
  void begin_crashes();

  // Asks a part of the hub; nothing comes when it does not run.
  template <class Answer, class Message>
  void ask(std::size_t organisation, const std::string& part, Message message,
           std::function<void(std::optional<Answer>)> then) {
    if (hub)
      return hub->ask<Answer>(hub->part(organisation, part), std::move(message), std::move(then));
    on.after(std::chrono::milliseconds(1), [then = std::move(then)] { then(std::nullopt); });
  }
  using answered = std::function<void(std::optional<actors::api_answer>)>;
  void call(std::size_t organisation, std::size_t channel, actors::api_call, answered then);
  static std::string seat(std::size_t channel);

 private:
  void step();
  void crash();
  void crash_later();
  void stop_part_later();
  void fail_disk_later();

  unsigned lives_ = 0;
  std::optional<std::uint64_t> turns_to_crash_;
};

}  // namespace kp::simulation
