#pragma once

#include "config/clock.hpp"

#include <chrono>
#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace kp::actors {

// Slows down who guesses credentials. Failures are counted per remote address and per user; each is
// forgotten after a while. The more there are, the longer the next refusal takes, and while an
// address waits for refusals it may try only few at a time. Nobody is locked out: somebody who
// guesses a user's password from elsewhere delays only his own refusals, and what proves itself
// without a guess being possible (API keys, tokens, certificates, remembered passwords) is not held
// up at all. For one thread.
class sign_in_guard {
 public:
  // Failures that cost nothing: people mistype.
  static constexpr double free_failures = 5;
  static constexpr std::chrono::seconds forget_one_after{30};
  static constexpr std::chrono::milliseconds first_delay{250};
  static constexpr std::chrono::milliseconds longest_delay{10'000};
  static constexpr std::size_t tries_when_slowed = 2;  // at a time, per address
  // Of each table; beyond it, who has been quiet longest is forgotten.
  static constexpr std::size_t most_entries = 10'000;

  explicit sign_in_guard(const clock& time) : time_(time) {}

  // Whether an address may have a password checked now; if so, leave() must follow.
  bool enter(std::string_view address);
  void leave(std::string_view address);
  // How long the refusal should be held back. Both texts may be of any length.
  std::chrono::milliseconds failed(std::string_view address, std::string_view user);

  std::size_t entries() const { return addresses_.size() + users_.size(); }

 private:
  struct entry {
    double failures = 0;
    time_point seen{};
    std::size_t trying = 0;
    std::list<std::string>::iterator place;
  };
  struct table {
    std::unordered_map<std::string, entry> entries;
    std::list<std::string> order;  // who has been quiet longest first
    std::size_t size() const { return entries.size(); }
    entry& touch(const std::string& key, time_point now);
  };

  static void forget(entry&, time_point now);
  static std::chrono::milliseconds delay_for(double failures);
  static std::string address_key(std::string_view address);
  static std::string user_key(std::string_view user);

  const clock& time_;
  table addresses_;
  table users_;
};

}  // namespace kp::actors
