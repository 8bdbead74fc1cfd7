#pragma once

#include "config/ids.hpp"
#include "tools/simulation/dice.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

// What a run is going to do, from its seed alone: the same seed gives the same plan. How far the
// hub has come with it when it is killed differs from run to run.

namespace kp::crash {

struct organisation {
  const char* number;
  const char* name;
};
// The first three write to each other over DPO, the others over every other service.
inline constexpr std::array<organisation, 5> organisations{{{"910077473", "Bergvik"},
                                                            {"910075918", "Fjordnes"},
                                                            {"910076787", "Skogvik"},
                                                            {"974760673", "Havvik"},
                                                            {"983163327", "Lundvik"}}};
inline constexpr std::size_t over_dpo = 3;

struct channel {
  const char* name;
  const char* user;   // user:password
  std::size_t owner;  // index into organisations
  bool receives;
  bool queues_statuses = false;

  bool beside_dpo() const { return owner >= over_dpo; }
};
inline constexpr std::array<channel, 6> channels{
    {{"arkiv", "bergvik-arkiv:arkiv-pass", 0, true},
     {"barnevern", "bergvik-barnevern:barnevern-pass", 0, false, true},
     {"sak", "fjordnes-sak:sak-pass", 1, true},
     {"post", "skogvik-post:post-pass", 2, true},
     {"felles", "havvik-felles:felles-pass", 3, true},
     {"torg", "lundvik-torg:torg-pass", 4, true}}};

using simulation::dice;

struct letter_plan {
  service via = service::dpo;
  std::size_t from = 0;  // channel
  std::size_t to = 0;    // organisation; the sender's own where the receiver is no user of this hub
  bool incoming = false;  // comes from outside, to the channel `from`
  bool multipart = false;
  bool keyed = false;              // with an Idempotency-Key
  bool own_id = true;              // else the hub chooses it
  bool again = false;              // the create is repeated although it was answered; of what is
                                   // incoming: it comes twice
  bool removed = false;            // deleted instead of sent
  bool receipt = false;            // the receiver answers with one
  std::vector<std::size_t> sizes;  // of attachments, the first being brev.pdf
  std::uint64_t seed = 0;          // of ids and contents
};

struct kill_plan {
  // A place in the hub where it ends itself (config/crash_point.hpp) the nth time that it comes by;
  // empty: none. When it does not get there it is killed after the letters.
  std::string point;
  unsigned nth = 1;
  unsigned after_calls = 0;            // of the clients, since the round began
  std::chrono::microseconds pause{0};  // after that
  // When not zero the hub is killed again that long after it was started.
  std::chrono::milliseconds while_starting{0};
};

// What a national service does wrong (tools/sandbox/faults.hpp), a few times.
struct fault_plan {
  const char* endpoint = "";
  const char* kind = "";
  unsigned status = 0;  // of the kind "status"
  std::size_t organisation = 0;
};

struct round_plan {
  std::vector<letter_plan> letters;
  kill_plan kill;
  std::vector<fault_plan> faults;
};

// With `faults` also the national services fail now and then; what they fail at is tried again
// after 20 seconds or more, so that settling takes its time.
round_plan make_round(std::uint64_t seed, unsigned round, bool faults);
std::string to_text(const letter_plan&);
std::string to_text(const round_plan&);

}  // namespace kp::crash
