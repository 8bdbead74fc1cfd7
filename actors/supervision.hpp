#pragma once

#include "actors/caf.hpp"
#include "config/log.hpp"

#include <functional>
#include <string>
#include <vector>

namespace kp::actors {

struct restart_child {
  std::size_t index;
};

}  // namespace kp::actors

KP_MESSAGE(kp::actors::restart_child);

namespace kp::actors {

// The children of one actor: started in order, started again with back-off when they die, alone;
// the others never notice. The owner forwards down messages and restart_child to it:
//
//   self->set_down_handler([=](caf::down_msg& down) { children->on_down(down); });
//   ... [=](const restart_child& r) { children->restart(r); }
class nursery {
 public:
  static constexpr std::chrono::milliseconds first_delay{100};
  static constexpr std::chrono::milliseconds longest_delay{30'000};
  static constexpr std::chrono::seconds healthy_after{60};  // the back-off starts anew then

  using factory = std::function<caf::actor()>;

  // `what` is for the log: "channel arkiv of 910077473".
  // `died` hears of every child that stops without having been told to.
  nursery(caf::event_based_actor* self, std::string what, std::function<void()> died = {})
      : self_(self), what_(std::move(what)), died_(std::move(died)) {}
  // The children of an owner that has died end: it is started again with children of its own.
  ~nursery();
  nursery(const nursery&) = delete;
  nursery& operator=(const nursery&) = delete;

  // How many there will be, so that thousands of nurseries take no more room than they need.
  void expect(std::size_t count) { children_.reserve(count); }

  // Makes the child now. `started` runs at the first start and at each restart.
  std::size_t add(std::string name, factory make,
                  std::function<void(const caf::actor&)> started = {});
  const caf::actor& operator[](std::size_t index) const { return children_[index].handle; }

  // To each that runs.
  template <class Message>
  void tell_all(const Message& message) {
    for (const auto& c : children_)
      if (c.handle) self_->send(c.handle, message);
  }
  // Starts one child anew, at once when it has ended.
  void renew(std::size_t index);
  // Ends one child for good.
  void end(std::size_t index);

  void on_down(const caf::down_msg& down);
  void restart(const restart_child& which);
  // Ends all children and starts none again.
  void stop();

 private:
  struct child {
    std::string name;
    factory make;
    std::function<void(const caf::actor&)> started;
    caf::actor handle;
    std::uint32_t failures = 0;
    std::chrono::steady_clock::time_point since{};
    bool ended = false;
    bool renewed = false;
  };
  void launch(child& c);

  caf::event_based_actor* self_;
  std::string what_;
  std::function<void()> died_;
  std::vector<child> children_;
  bool stopped_ = false;
};

}  // namespace kp::actors
