#include "actors/retrying_commit.hpp"

#include "storage/storage_error.hpp"

namespace kp::actors {

namespace {

struct attempt {
  caf::event_based_actor* self;
  caf::actor writer;
  std::function<result<storage::batch>()> decide;
  std::function<void(result<void>)> done;
};

void run(attempt what, std::size_t left) {
  auto changes = what.decide();
  if (!changes) return what.done(changes.error());
  if (changes->empty()) return what.done({});
  auto request = commit{std::make_shared<storage::batch>(*std::move(changes))};
  auto* self = what.self;
  const auto writer = what.writer;
  const auto shared = std::make_shared<attempt>(std::move(what));
  self->request(writer, caf::infinite, std::move(request))
      .then(
          [shared, left](const committed& answer) {
            if (!answer.failure) return shared->done({});
            const bool lost_race =
                answer.failure->code == make_error_code(storage::storage_errc::precondition_failed);
            if (lost_race && left > 1) return run(std::move(*shared), left - 1);
            shared->done(*answer.failure);
          },
          [shared](const caf::error&) {
            shared->done(transient(storage::storage_errc::io, "the store writer stopped"));
          });
}

}  // namespace

void commit_decision(caf::event_based_actor* self, const caf::actor& writer,
                     std::function<result<storage::batch>()> decide,
                     std::function<void(result<void>)> done) {
  run({self, writer, std::move(decide), std::move(done)}, max_decisions);
}

}  // namespace kp::actors
