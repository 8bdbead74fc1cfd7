#pragma once

#include "tools/simulation/world.hpp"

#include <memory>

// Business systems and operators, who repeat what was not answered and hold what they are told
// against the model. Each goes on by itself until `until`.

namespace kp::simulation {

// Writes letters from one channel, one after the other.
void begin_writer(world&, std::size_t organisation, std::size_t channel, unsigned letters);
// Peeks, pops and deletes, for as long as the world goes on.
void begin_reader(world&, std::size_t organisation, std::size_t channel);
// Asks for the statuses of letters that the channel has sent, and empties its status queue.
void begin_watcher(world&, std::size_t organisation, std::size_t channel);
// Subscribes to the events of a channel, and perhaps ends that again.
void begin_hook(world&, std::size_t organisation, std::size_t channel, unsigned number);
// Moves the inbound seat of an organisation to and fro while there is trouble.
void begin_operator(world&, std::size_t organisation);
// Looks into the store now and then.
void begin_inspector(world&);

// Creates and sends the receipt of a letter that was read.
void write_receipt(world&, std::size_t organisation, std::size_t channel, const letter& about);

// A later moment of the client's own.
inline void think(world& in, std::chrono::microseconds least, std::chrono::microseconds most,
                  std::function<void()> then) {
  in.on.after(in.on.chance.between(least, most), std::move(then));
}

}  // namespace kp::simulation
