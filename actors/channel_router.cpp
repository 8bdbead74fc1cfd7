#include "actors/channel_router.hpp"

#include "actors/arrivals.hpp"
#include "actors/retrying_commit.hpp"
#include "actors/router_seats.hpp"
#include "config/log.hpp"
#include "metrics/hub_meters.hpp"
#include "storage/storage_error.hpp"

#include <boost/asio/post.hpp>

namespace kp::actors {

namespace {

// How often an arrival is decided anew because the seat moved meanwhile.
constexpr std::size_t max_moves = 8;
// As a label.
const char* to_string(arrival_fate fate) {
  switch (fate) {
    case arrival_fate::stored:
      return "stored";
    case arrival_fate::duplicate:
      return "duplicate";
    case arrival_fate::status_registered:
      return "status";
    case arrival_fate::status_unknown:
      return "unknown_status";
    case arrival_fate::expired:
      return "expired";
  }
  return "other";
}

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

// Surely nothing was kept: the commit was not even tried. After any other store error nobody knows:
// a write whose sync failed may be there after a restart, and then its content has to be as well.
// The collector finds out.
bool is_refusal(const error& why) {
  using storage::storage_errc;
  return why.code == storage_errc::precondition_failed || why.code == storage_errc::fenced ||
         why.code == storage_errc::read_only;
}

class router {
 public:
  router(caf::event_based_actor* self, channel_router_args args)
      : seats(self, args), self_(self), args_(std::move(args)) {}

  routed route(const route_reference& asked) {
    const auto held = seats.holder(asked.via);
    const auto to = destination_of(*args_.context, asked.via, asked.reference,
                                   held ? std::optional(held->channel) : std::nullopt);
    switch (to.whose) {
      case destination::kind::own_reference:
        return {to.channel, 0};
      case destination::kind::seat:
        return {to.channel, held->held.fence};
      case destination::kind::external:
        ++counts_.external;
        meters().unknown_references.with(labels_of(asked.via)).add();
        break;
      case destination::kind::unknown:
        ++counts_.unknown_reference;
        meters().unknown_references.with(labels_of(asked.via)).add();
        break;
    }
    return {};
  }
  left_alone_counts counts() const { return counts_; }

  void use(const settings_changed& now) {
    args_.context = now.context;
    seats.use(now.context);
  }

  void receive(const arrival& arrived, caf::response_promise promise) {
    reply<arrival_outcome> answer(
        std::move(promise),
        arrival_outcome{{}, transient(storage::storage_errc::io, "the channel router stopped")});
    store(std::make_shared<arrival>(arrived), answer, max_moves);
  }

  router_seats seats;

 private:
  using arrival_ptr = std::shared_ptr<arrival>;

  void store(const arrival_ptr& what, const reply<arrival_outcome>& answer, std::size_t moves) {
    const auto decided = std::make_shared<arrival_decision>();
    commit_decision(
        self_, args_.writer,
        [this, what, decided]() -> result<storage::batch> {
          KP_TRY(*decided, decide_arrival(*args_.context, *what));
          // What belongs to the holder of the seat is stored in its name only while it holds it.
          if (what->fence != 0 && !decided->changes.empty())
            KP_CHECK(seats.guard(decided->changes, what->via, what->fence));
          return std::move(decided->changes);
        },
        [this, what, decided, answer, moves](result<void> done) {
          if (!done && done.error().code == make_error_code(storage::storage_errc::fenced) &&
              moves > 0 && goes_to_new_holder(*what))
            return store(what, answer, moves - 1);
          if (done ? decided->fate != arrival_fate::stored : is_refusal(done.error()))
            drop_content(*what);
          if (!done) return answer({{}, done.error()});
          report(*what, *decided);
          if (decided->outbox_grew) self_->send(args_.organisation, outbox_changed{what->via});
          if (decided->expiry_grew) self_->send(args_.organisation, expiry_changed{});
          answer({decided->fate, {}});
        });
  }

  // The seat has moved since the arrival was asked for: it is the new holder's, or nobody's here.
  bool goes_to_new_holder(arrival& what) {
    seats.read_again(what.via);
    const auto held = seats.holder(what.via);
    if (!held) return false;
    what.channel = held->channel;
    what.fence = held->held.fence;
    return true;
  }

  metrics::hub_meters& meters() const { return *args_.context->hub->meters; }
  metrics::labels labels_of(service via) const {
    return {{"organisation", meters().organisations.of(args_.context->id())},
            {"service", std::string(to_string(via))}};
  }

  void report(const arrival& what, const arrival_decision& decided) {
    const auto& context = *args_.context;
    const auto* channel = decided.channel ? context.channel(*decided.channel) : nullptr;
    if (decided.fate == arrival_fate::status_unknown) ++counts_.unknown_message;
    auto labels = labels_of(what.via);
    labels.emplace("fate", to_string(decided.fate));
    meters().arrivals.with(labels).add();
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
  left_alone_counts counts_;
};

}  // namespace

caf::behavior channel_router(caf::event_based_actor* self, channel_router_args args) {
  auto state = std::make_shared<router>(self, std::move(args));
  state->seats.start();
  return {
      [=](const route_reference& asked) { return state->route(asked); },
      [=](const settings_changed& now) { state->use(now); },
      [=](const arrival& arrived) -> caf::result<arrival_outcome> {
        auto promise = self->make_response_promise();
        state->receive(arrived, promise);
        return promise;
      },
      [=](const move_seat& asked) -> caf::result<seat_moved> {
        auto promise = self->make_response_promise();
        state->seats.on_move(
            asked,
            {promise,
             seat_moved{
                 {}, {}, 0, transient(storage::storage_errc::io, "the channel router stopped")}});
        return promise;
      },
      [=](const move_followers& tick) { state->seats.on_followers(tick); },
      [=](const show_seats&) { return state->seats.show(); },
      [=](const count_left_alone&) { return state->counts(); },
  };
}

}  // namespace kp::actors
