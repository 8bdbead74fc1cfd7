#pragma once

#include "tools/crash/plan.hpp"
#include "tools/simulation/marks.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

// What must be so, by the answers that clients have been given.

namespace kp::crash {

using simulation::foreign_mark;
using simulation::mark_of;

struct letter {
  letter_plan plan;
  std::string name;  // for people: round and number
  std::string mark, conversation, key;
  std::map<std::string, std::string> files;  // everything that is to arrive, by name
  std::shared_ptr<letter> about = {};        // of a receipt

  // By the lock of the model.
  std::string id;
  std::string arrived_as;                // its id at its receiver; SvarInn gives it another one
  bool created = false;                  // acknowledged
  std::atomic<bool> send_tried = false;  // from then on it may arrive
  bool sent = false;                     // acknowledged
  bool removed = false;                  // acknowledged
  std::atomic<unsigned> received = 0;    // times that its deletion from the inbox was acknowledged
  bool held = false;                     // by a reader that has peeked it
  bool read = false;                     // its receipt was sent, acknowledged
  bool receipted = false;                // its sender has taken the receipt that comes by itself
  std::atomic<unsigned> taken = 0;       // times that a counterpart took it out of its queue
  std::set<std::string> answers;         // statuses of what is incoming that its sender got
  std::vector<std::string> statuses;     // of the sender, as last seen
  std::size_t transfers_when_sent = 0;   // as first seen with SENDT
};

class findings {
 public:
  // What went wrong: in which step, what was to be, what was.
  void add(const std::string& step, const std::string& expected, const std::string& found);
  bool any() const { return count_ > 0; }
  std::size_t count() const { return count_; }

 private:
  std::mutex mutex_;
  std::atomic<std::size_t> count_{0};
};

struct model {
  std::mutex mutex;
  std::vector<std::shared_ptr<letter>> letters;   // for the main thread alone
  std::vector<std::shared_ptr<letter>> receipts;  // by the lock
  std::map<std::string, std::shared_ptr<letter>> by_id;
  // Shared while a reader of that channel peeks and notes what it was given.
  std::array<std::shared_mutex, channels.size()> peeking;

  // These take the lock. `id`: its own, or the one it arrived under.
  std::shared_ptr<letter> find(const std::string& id);
  void name(const std::shared_ptr<letter>&, const std::string& id);
  void name_arrival(const std::shared_ptr<letter>&, const std::string& id);
};

}  // namespace kp::crash
