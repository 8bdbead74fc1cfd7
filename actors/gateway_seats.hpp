#pragma once

#include "actors/organisation.hpp"
#include "tenants/directory.hpp"

#include <functional>
#include <map>
#include <memory>
#include <unordered_map>

// Who sits where, as the gateway has been told. On the network thread.

namespace kp::actors {

// A channel's actor, if it has been made, and how many requests are with it.
struct open_seat {
  seat_opened what;
  std::size_t requests = 0;
  bool closed = false;

  // Its owner hears seat_left when it is closed and the last request has ended.
  void tell_when_left() const;
};

// A request that is with a channel, for as long as it lives.
class guest {
 public:
  explicit guest(std::shared_ptr<open_seat> at) : at_(std::move(at)) { ++at_->requests; }
  guest(const guest&) = delete;
  guest& operator=(const guest&) = delete;
  ~guest() {
    --at_->requests;
    at_->tell_when_left();
  }

 private:
  std::shared_ptr<open_seat> at_;
};

class gateway_seats {
 public:
  void open(const seat_opened&);
  // nullptr: there is none (yet).
  std::shared_ptr<open_seat> find(organisation_id, const channel_name&) const;
  // Closes those of an organisation whose channels the hub no longer serves.
  void close_what_is_not_in(const tenants::directory&, organisation_id);
  void clear() { seats_.clear(); }
  // Calls `then` once, when `count` different seats have been opened; at once for none.
  void when_open(std::size_t count, std::function<void()> then);

 private:
  void tell_when_open();

  std::unordered_map<organisation_id, std::map<channel_name, std::shared_ptr<open_seat>>> seats_;
  std::size_t count_ = 0;
  std::size_t expected_ = 0;
  std::function<void()> all_open_;
};

}  // namespace kp::actors
