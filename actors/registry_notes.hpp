#pragma once

#include "actors/messages.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace kp::actors {

// What the registry desk of an organisation found out a moment ago: its channels read it here, so
// that most creates and sends need not ask. Any thread.
class registry_notes {
 public:
  // How long an answer about a receiver is used without asking; the registry's own cache holds
  // minutes.
  static constexpr std::chrono::seconds receiver_good_for{10};

  // False also when nothing is known.
  bool certificate_is_good(time_point now) const;
  void certificate_is_good_until(time_point);

  // nullptr when nothing is known. Who asked about which conversation is no part of the answer.
  std::shared_ptr<const receiver_answer> receiver(const registry::lookup&, time_point now) const;
  // Only answers that have found something, and freshly, are kept.
  void keep(const registry::lookup&, const receiver_answer&, time_point now);

  // The keys may be others now.
  void forget();

 private:
  static constexpr std::size_t max_receivers = 64;
  struct note {
    std::shared_ptr<const receiver_answer> answer;
    time_point until;
  };
  mutable std::mutex mutex_;
  time_point certificate_until_{};
  std::unordered_map<std::string, note> receivers_;
};

}  // namespace kp::actors
