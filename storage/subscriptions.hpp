#pragma once

#include "storage/codec.hpp"
#include "storage/repositories.hpp"

#include <string>
#include <vector>

// Webhooks: who wants to be told what, how far each has been told, and what could not be told.

namespace kp::storage {

struct signing_secret {
  std::string sealed;               // storage/secret_box.hpp
  std::optional<time_point> until;  // signs until then; none: the present one
};

struct subscription {
  row_id id = 0;
  channel_number channel{};
  std::string name, push_endpoint, resource, event;
  std::optional<std::string> filter;
  std::vector<signing_secret> secrets;  // the present one first
  // What its maker is shown of the inbox, and so what it is told of; empty: everything. In order.
  std::vector<service> inbox_services = {};
  std::vector<std::string> inbox_processes = {};
};

// How far a subscription has got in its channel's feed.
struct delivery_progress {
  std::uint64_t sequence = 0;        // everything up to here is delivered, parked, dead or unwanted
  std::optional<time_point> paused;  // since when nothing is delivered
  std::string why_paused;
};

// An event that a subscriber has not taken: parked for another attempt, or a dead letter.
struct webhook_delivery {
  std::uint64_t sequence = 0;  // in the channel's feed
  time_point at{};             // of the status
  message_id message;
  conversation_id conversation;
  kp::direction way = kp::direction::outgoing;
  service via = service::unknown;
  status_name name = status_name::opprettet;
  std::optional<std::string> description;
  std::uint32_t attempts = 0;  // failed ones
  time_point since{};          // when its lifetime began
  time_point due{};            // parked: next attempt, not before; dead: when it was given up
  std::string last_error;      // without secrets
};

std::string encode(const subscription&);
std::string encode(const delivery_progress&);
std::string encode(const webhook_delivery&);
template <>
result<subscription> decode(std::string_view bytes);
template <>
result<delivery_progress> decode(std::string_view bytes);
template <>
result<webhook_delivery> decode(std::string_view bytes);

// The subscriptions of one organisation. One actor alone writes them.
class subscriptions {
 public:
  subscriptions(const engine& store, organisation_id organisation);

  result<std::optional<subscription>> find(channel_number, row_id) const;
  result<page<subscription>> list(channel_number, const page_request&,
                                  const filter<subscription>&) const;
  result<std::vector<subscription>> all() const;
  // Neither a subscription nor anything that one has left behind.
  result<bool> empty() const;
  void put(batch&, const subscription&) const;
  // What was parked or dead stays behind and is removed with clear().
  void remove(batch&, const subscription&) const;
  // Holds a commit back when the subscription has been removed.
  void require(batch&, const subscription&) const;

  result<delivery_progress> progress(row_id) const;  // default: at the beginning
  void put_progress(batch&, row_id, const delivery_progress&) const;

  void park(batch&, row_id, const webhook_delivery&) const;  // or changes what is parked
  void unpark(batch&, row_id, std::uint64_t sequence) const;
  result<std::vector<webhook_delivery>> parked(row_id) const;  // by sequence

  void bury(batch&, row_id, const webhook_delivery&) const;
  void unbury(batch&, row_id, std::uint64_t sequence) const;
  result<std::optional<webhook_delivery>> dead_letter(row_id, std::uint64_t sequence) const;
  result<page<webhook_delivery>> dead_letters(row_id, const page_request&,
                                              const filter<webhook_delivery>&) const;
  // By sequence, from `first` on, at most `limit`.
  result<std::vector<webhook_delivery>> dead_letters_from(row_id, std::uint64_t first,
                                                          std::size_t limit) const;

  // Removes up to `limit` records that were left behind by subscriptions that are no more; true
  // when there may be more.
  result<bool> clear(batch&, std::size_t limit) const;

 private:
  const engine& store_;
  organisation_id organisation_;
};

}  // namespace kp::storage
