#include "actors/store_writer.hpp"

#include "storage/feed.hpp"

#include <set>

namespace kp::actors {

namespace {

constexpr std::size_t max_group = 1024;
constexpr std::size_t max_group_bytes = 4u << 20;

struct flush {};

// What waits for the next sync. Kept apart from the behaviour, which only feeds it.
class group {
 public:
  group(storage::engine& store, std::shared_ptr<bells> feed_bells)
      : store_(store), bells_(std::move(feed_bells)) {}

  void add(const commit& request, caf::response_promise promise) {
    bytes_ += request.changes->byte_size();
    // The batch is moved out: its sender has handed it over with the message.
    batches_.push_back(std::move(*request.changes));
    promises_.push_back(std::move(promise));
  }
  bool empty() const { return batches_.empty(); }
  bool full() const { return batches_.size() >= max_group || bytes_ >= max_group_bytes; }

  void write() {
    auto batches = std::move(batches_);
    auto promises = std::move(promises_);
    batches_.clear();
    promises_.clear();
    bytes_ = 0;
    const auto outcomes = store_.commit(batches);
    for (std::size_t i = 0; i < promises.size(); ++i) {
      committed answer;
      if (!outcomes[i]) answer.failure = outcomes[i].error();
      promises[i].deliver(std::move(answer));
    }
    if (bells_->heard()) ring(batches, outcomes);
  }

 private:
  void ring(const std::vector<storage::batch>& batches, const std::vector<result<void>>& outcomes) {
    std::set<bells::place> places;  // each once, whatever the group held
    for (std::size_t i = 0; i < batches.size(); ++i) {
      if (!outcomes[i]) continue;
      for (const auto& each : batches[i].appended())
        if (const auto place = storage::feed_of_prefix(each.key_prefix)) places.insert(*place);
    }
    for (const auto& place : places) bells_->ring(place);
  }

  storage::engine& store_;
  std::shared_ptr<bells> bells_;
  std::vector<storage::batch> batches_;
  std::vector<caf::response_promise> promises_;
  std::size_t bytes_ = 0;
};

}  // namespace

}  // namespace kp::actors

KP_MESSAGE(kp::actors::flush);

namespace kp::actors {

caf::behavior store_writer(caf::event_based_actor* self, storage::engine* store,
                           std::shared_ptr<bells> feed_bells) {
  auto waiting = std::make_shared<group>(*store, std::move(feed_bells));
  auto flushing = std::make_shared<bool>(false);
  return {
      [=](const commit& request) -> caf::result<committed> {
        auto promise = self->make_response_promise();
        waiting->add(request, promise);
        if (waiting->full()) waiting->write();
        if (!*flushing && !waiting->empty()) {
          *flushing = true;
          // Lands behind everything that is in the mailbox by now: that becomes one group.
          self->send(self, flush{});
        }
        return promise;
      },
      [=](const flush&) {
        *flushing = false;
        if (!waiting->empty()) waiting->write();
      },
  };
}

}  // namespace kp::actors
