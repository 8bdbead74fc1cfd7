#pragma once

#include "config/clock.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

// What must be so, by the answers that clients have been given.

namespace kp::simulation {

struct letter {
  std::string id, conversation, mark;
  std::size_t from = 0, channel = 0, to = 0;      // organisation and channel, organisation
  std::optional<std::string> about = {};          // of a receipt: the letter that it is for
  std::map<std::string, std::string> files = {};  // by name
  time_point expires{};

  bool created = false;         // acknowledged
  bool send_tried = false;      // from then on it may arrive
  bool sent = false;            // acknowledged
  bool remove_tried = false;    // from the outbox
  bool removed = false;         // acknowledged
  unsigned accepted = 0;        // by the national service
  bool refused = false;         // by the national service, for good
  bool status_refused = false;  // an answer about it was
  // The life of the hub and of its adapter that was told last that the national service has it.
  std::optional<std::pair<unsigned, std::uint64_t>> told = {};
  bool delete_tried = false;          // from the inbox
  unsigned deleted = 0;               // acknowledged
  std::vector<std::string> statuses;  // of the sender, as last seen
  time_point statuses_seen{};         // then

  // The receiver's peek lock, as far as it is known: nobody else may have it before `locked_until`.
  time_point locked_until{};
  std::uint64_t lock_fence = 0;
};

// How one file content is told from another when it has travelled.
std::string packed(const std::map<std::string, std::string>& files);

struct hook {
  std::string url;
  std::size_t organisation = 0, channel = 0;
  std::string id;  // of the subscription, when the answer came
  std::optional<time_point> made;
  bool remove_tried = false;
  // Of each message: the events that were taken, by their numbers in the feed.
  std::map<std::string, std::set<std::uint64_t>> taken;
  std::map<std::string, std::set<std::string>> statuses;
};

struct model {
  std::map<std::string, letter> letters;                  // by message id
  std::map<std::string, hook> hooks;                      // by url
  std::map<std::size_t, std::uint64_t> seat_fences;       // of organisations, as last said
  std::map<std::string, std::uint64_t> fences;            // of leases, by key, as last seen
  std::map<std::size_t, std::set<std::string>> unqueued;  // statuses that were taken off a queue

  letter* find(const std::string& id) {
    const auto found = letters.find(id);
    return found == letters.end() ? nullptr : &found->second;
  }
};

}  // namespace kp::simulation
