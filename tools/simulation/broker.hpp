#pragma once

#include "actors/dpo_transport.hpp"
#include "tools/simulation/disk.hpp"
#include "tools/simulation/model.hpp"

#include <memory>

namespace kp::simulation {

// One organisation of a hub that runs, as the national service knows it.
struct client_of_broker {
  std::size_t organisation = 0;
  unsigned life = 0;
  blobs_door* blobs = nullptr;             // while it lives
  const engine_door* store = nullptr;      // the same
  std::function<std::uint64_t()> adapter;  // the actor that asks now
  std::weak_ptr<const void> alive;         // as long as the hub is
};

// The national service for DPO. It outlives hubs, and does what the stage's troubles and chance
// make of it: requests and answers get lost, come late and in another order, parcels are doubled.
class broker {
 public:
  broker(stage&, disk&, model&);

  std::shared_ptr<actors::dpo_transport> transport(client_of_broker);

  // What has not been confirmed by its receiver, for people.
  std::vector<std::string> unconfirmed() const;

 private:
  class transport_impl;
  struct file {
    enum class state { initialized, started, confirmed } now = state::initialized;
    std::string id, sender, receiver, reference, sbd, message, type, content;
    time_point created{};
  };
  enum class fate { done, lost, answer_lost, refused, limited };

  fate draw(bool may_be_refused);
  std::chrono::microseconds delay();
  // `act` is what the service does of it; `tell` hears of it while the hub lives.
  template <class T>
  void perform(const client_of_broker&, std::string what, bool may_be_refused,
               std::function<result<T>()> act, std::function<void(result<T>)> tell);
  file* visible(const maskinporten::system_user& as, const std::string& id);
  void check_send(const client_of_broker&, const letter&);
  void accept(const actors::dpo_parcel&, const std::string& type, const std::string& content);
  void check_confirm(std::size_t organisation, const file&);

  stage& stage_;
  disk& disk_;
  model& model_;
  std::map<std::string, file> files_;
  std::uint64_t made_ = 0;
};

}  // namespace kp::simulation
