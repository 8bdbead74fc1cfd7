#include "actors/channel_router.hpp"

#include "actors/dpo_arrival.hpp"
#include "actors/retrying_commit.hpp"
#include "config/log.hpp"
#include "storage/storage_error.hpp"

#include <boost/asio/post.hpp>

namespace kp::actors {

namespace {

std::string_view describe(arrival_fate fate) {
  switch (fate) {
    case arrival_fate::stored:
      return "message received";
    case arrival_fate::duplicate:
      return "message received before, passed over";
    case arrival_fate::status_registered:
      return "status received";
    case arrival_fate::status_unknown:
      return "status received for a message that this hub has not sent";
    case arrival_fate::expired:
      return "message received after its time";
  }
  return "received";
}

class router {
 public:
  router(caf::event_based_actor* self, channel_router_args args)
      : self_(self), args_(std::move(args)) {}

  routed route(const route_reference& asked) const {
    return {channel_of_reference(*args_.context, asked.via, asked.reference)};
  }

  void receive(const arrival& arrived, caf::response_promise promise) {
    reply<arrival_outcome> answer(
        std::move(promise),
        arrival_outcome{{}, transient(storage::storage_errc::io, "the channel router stopped")});
    const auto what = std::make_shared<arrival>(arrived);
    const auto decided = std::make_shared<arrival_decision>();
    commit_decision(
        self_, args_.writer,
        [context = args_.context, what, decided]() -> result<storage::batch> {
          KP_TRY(*decided, decide_arrival(*context, *what));
          return std::move(decided->changes);
        },
        [this, what, decided, answer](result<void> done) {
          if (!done || decided->fate != arrival_fate::stored) drop_content(*what);
          if (!done) return answer({{}, done.error()});
          report(*what, *decided);
          if (decided->outbox_grew) self_->send(args_.organisation, outbox_changed{what->via});
          if (decided->expiry_grew) self_->send(args_.organisation, expiry_changed{});
          answer({decided->fate, {}});
        });
  }

 private:
  void report(const arrival& what, const arrival_decision& decided) const {
    const auto& context = *args_.context;
    const auto* channel = decided.channel ? context.channel(*decided.channel) : nullptr;
    const auto level =
        decided.fate == arrival_fate::status_unknown ? log_level::warning : log_level::info;
    log(level, describe(decided.fate),
        {{"organisation", context.id().to_string()},
         {"channel", channel ? channel->name.to_string() : ""},
         {"service", to_string(what.via)},
         {"type", what.document->type()},
         {"message_id", what.document->message().value_or(message_id{}).to_string()},
         {"conversation_id", what.document->conversation().value_or(conversation_id{}).to_string()},
         {"transfer", what.transfer},
         {"sender", what.sender}});
  }

  // No record points to the content: its file can go at once.
  void drop_content(const arrival& what) const {
    if (!what.content) return;
    http::asio::post(args_.context->hub->workers, [context = args_.context, ref = *what.content] {
      context->hub->blobs.release(context->id(), ref);
    });
  }

  caf::event_based_actor* self_;
  channel_router_args args_;
};

}  // namespace

caf::behavior channel_router(caf::event_based_actor* self, channel_router_args args) {
  auto state = std::make_shared<router>(self, std::move(args));
  return {
      [=](const route_reference& asked) { return state->route(asked); },
      [=](const arrival& arrived) -> caf::result<arrival_outcome> {
        auto promise = self->make_response_promise();
        state->receive(arrived, promise);
        return promise;
      },
  };
}

}  // namespace kp::actors
