#pragma once

#include "actors/context.hpp"
#include "actors/organisation.hpp"
#include "actors/supervision.hpp"

#include <map>
#include <set>

namespace kp::actors {

// The channels of one organisation, a part of its actor. A channel's actor is made when somebody
// first asks for it, or when the store holds a lock there whose end must be seen to: of the
// channels of thousands of organisations most are at rest.
class organisation_channels {
 public:
  // How to make a channel's actor, and to make it again; whom it needs runs from now on.
  using how_to_make = std::function<nursery::factory(channel_number)>;

  organisation_channels(caf::event_based_actor* self, nursery& children, caf::actor gateway,
                        how_to_make how);

  // Tells the gateway of every channel that the settings serve here.
  void follow(std::shared_ptr<const organisation_context> now);
  // The actor of a channel; null when it is not served here.
  caf::actor open(const channel_name&);
  // The gateway has let go of a seat: its actor ends unless it has a seat under another name.
  void left(const seat_left&);
  // The same while the whole organisation ends, and the actors with it.
  void left_for_good(const seat_left& gone) { at_gateway_.erase(gone.channel); }
  bool served(const channel_name&) const;  // here, and not at an installation elsewhere
  bool works(channel_number number) const { return running_.contains(number); }
  bool known_to_gateway() const { return !at_gateway_.empty(); }

  // To the channel, if it runs.
  template <class Message>
  void tell(channel_number number, const Message& message) const {
    const auto found = running_.find(number);
    if (found == running_.end()) return;
    if (const auto& child = children_[found->second]) self_->send(child, message);
  }
  // Who holds the handle of an actor that was started again is started again too.
  void start_anew() const;

 private:
  void announce(const channel_name&, const caf::actor&);
  bool has_locks(channel_number) const;
  caf::actor make(channel_number);
  std::optional<channel_name> name_of(channel_number) const;

  caf::event_based_actor* self_;
  nursery& children_;
  caf::actor gateway_;
  how_to_make how_to_make_;
  std::shared_ptr<const organisation_context> context_;
  std::map<channel_number, std::size_t> running_;  // -> of children_
  std::set<channel_name> at_gateway_;              // seats that it holds
};

}  // namespace kp::actors
