#include "actors/operator_desk.hpp"

#include "actors/retrying_commit.hpp"
#include "config/log.hpp"
#include "storage/keys.hpp"
#include "storage/lease.hpp"
#include "storage/storage_error.hpp"

#include <fmt/format.h>
#include <boost/asio/post.hpp>

#include <set>

namespace kp::actors {

namespace {

constexpr std::size_t marks_at_once = 100;

std::string_view name_of(message_action what) {
  switch (what) {
    case message_action::retry:
      return "retry";
    case message_action::park:
      return "park";
    case message_action::unpark:
      return "unpark";
    case message_action::remove:
      return "delete";
  }
  return "other";
}

// What one order does to the store.
struct deed {
  storage::batch changes;
  std::size_t items = 0;
  bool known = false;
  std::set<service> services;  // whose outbox has something due
  std::vector<storage::blob_ref> freed;
};

class desk {
 public:
  desk(caf::event_based_actor* self, operator_desk_args args)
      : self_(self), args_(std::move(args)) {}

  void use(const settings_changed& now) { args_.context = now.context; }

  void pause(const pause_service& asked, const reply<service_paused>& answer) {
    const auto now_is = std::make_shared<storage::service_pause>();
    commit_decision(
        self_, args_.writer,
        [this, asked, now_is]() -> result<storage::batch> {
          const storage::service_pauses pauses(in().hub->store, in().id());
          KP_TRY(const auto before, pauses.find(asked.via));
          auto after = before.value_or(storage::service_pause{});
          after.sending = asked.sending.value_or(after.sending);
          after.receiving = asked.receiving.value_or(after.receiving);
          *now_is = after;
          storage::batch changes;
          if (before ? before->sending == after.sending && before->receiving == after.receiving
                     : !after.sending && !after.receiving)
            return changes;
          after.at = now();
          after.by = asked.by;
          after.reason = asked.reason;
          *now_is = after;
          pauses.put(changes, asked.via, after);
          return changes;
        },
        [this, asked, now_is, answer](result<void> done) {
          if (!done) return answer({{}, done.error()});
          self_->send(args_.organisation, pause_changed{asked.via, *now_is});
          log(log_level::warning, "an operator paused or resumed a service",
              {{"organisation", in().id().to_string()},
               {"service", to_string(asked.via)},
               {"sending", now_is->sending ? "paused" : "on"},
               {"receiving", now_is->receiving ? "paused" : "on"},
               {"by", asked.by},
               {"reason", asked.reason}});
          answer({*now_is, {}});
        });
  }

  void order(const order_message& asked, const reply<message_ordered>& answer) {
    const auto done_is = std::make_shared<deed>();
    commit_decision(
        self_, args_.writer,
        [this, asked, done_is]() -> result<storage::batch> {
          *done_is = {};
          KP_CHECK(decide(asked, *done_is));
          return std::move(done_is->changes);
        },
        [this, asked, done_is, answer](result<void> done) {
          if (!done) return answer({0, true, done.error()});
          if (!done_is->known) return answer({0, false, {}});
          for (const auto via : done_is->services)
            self_->send(args_.organisation, outbox_changed{via});
          release(done_is->freed);
          log(log_level::warning, "an operator stepped in for a message",
              {{"organisation", in().id().to_string()},
               {"message_id", asked.message.to_string()},
               {"what", name_of(asked.what)},
               {"by", asked.by},
               {"reason", asked.reason}});
          answer({done_is->items, true, {}});
        });
  }

 private:
  const organisation_context& in() const { return *args_.context; }
  time_point now() const { return in().hub->time.now(); }

  result<void> decide(const order_message& asked, deed& does) const {
    for (const auto via : all_services) {
      const auto outbox = in().outbox(via);
      const storage::parked_items parked(in().hub->store, in().id(), via);
      KP_TRY(const auto rows, outbox.of_message(asked.message));
      for (const auto row : rows) {
        KP_TRY(const auto item, outbox.find(row));
        if (!item) continue;
        does.known = true;
        KP_TRY(const auto mark, parked.find(row));
        KP_CHECK(change(asked, *item, mark.has_value(), outbox, parked, does));
      }
      if (asked.what == message_action::park && !rows.empty())
        KP_CHECK(parked.tidy(does.changes, marks_at_once));
    }
    if (asked.what == message_action::remove) KP_CHECK(end_message(asked, does));
    return {};
  }

  result<void> change(const order_message& asked, const storage::outbox_item& item, bool is_parked,
                      const storage::outbox& outbox, const storage::parked_items& parked,
                      deed& does) const {
    const auto move_to = [&](time_point due) -> result<void> {
      ++does.items;
      return storage::reschedule(does.changes, in().hub->store, in().id(), item, due);
    };
    switch (asked.what) {
      case message_action::park:
        if (is_parked) return {};
        parked.put(does.changes, item.id, {now(), asked.by, asked.reason});
        return move_to(item.expires.value_or(storage::parked_for_good));
      case message_action::unpark:
        if (!is_parked) return {};
        [[fallthrough]];
      case message_action::retry:
        if (is_parked) parked.remove(does.changes, item.id);
        does.services.insert(item.via);
        return move_to(now());
      case message_action::remove:
        if (is_parked) parked.remove(does.changes, item.id);
        KP_CHECK(nobody_sends(item));
        outbox.remove_unclaimed(does.changes, item, {});
        ++does.items;
        return {};
    }
    return {};
  }

  result<void> nobody_sends(const storage::outbox_item& item) const {
    const auto key = storage::key_builder(in().id(), storage::record_kind::outbox_claim)
                         .u8(static_cast<std::uint8_t>(item.via))
                         .u64(item.id)
                         .str();
    KP_TRY(const auto claim, storage::read_lease(in().hub->store, key));
    if (claim && !claim->owner.empty())
      return transient(storage::storage_errc::fenced, "the item is being sent");
    return {};
  }

  // The channel that sent it, and its webhooks, hear of the end by the status.
  result<void> end_message(const order_message& asked, deed& does) const {
    KP_TRY(const auto owner, in().messages.owner(asked.message));
    if (!owner) return {};
    KP_TRY(const auto message, in().messages.find(*owner, asked.message));
    if (!message) return {};
    does.known = true;
    KP_TRY(auto conversation, in().conversations.find(direction::outgoing, asked.message));
    if (conversation) {
      const storage::status_change last{
          storage::status_name::feil,
          asked.reason.empty() ? std::string("Deleted by an operator of the hub")
                               : fmt::format("Deleted by an operator of the hub: {}", asked.reason),
          {},
          now()};
      const auto registered = storage::register_status(
          does.changes, in().conversations, in().statuses, *in().ids, *conversation, last);
      if (!registered) return registered.error();
    }
    in().messages.remove(does.changes, *message);
    for (const auto& file : message->files) {
      in().hub->blobs.remove(does.changes, in().id(), file.content);
      does.freed.push_back(file.content);
    }
    return {};
  }

  void release(const std::vector<storage::blob_ref>& freed) const {
    if (freed.empty()) return;
    http::asio::post(in().hub->workers, [context = args_.context, freed] {
      for (const auto& ref : freed) context->hub->blobs.release(context->id(), ref);
    });
  }

  caf::event_based_actor* self_;
  operator_desk_args args_;
};

error stopped() {
  return transient(storage::storage_errc::io, "the operator desk stopped; try again");
}

}  // namespace

caf::behavior operator_desk(caf::event_based_actor* self, operator_desk_args args) {
  auto here = std::make_shared<desk>(self, std::move(args));
  return {
      [=](const settings_changed& now) { here->use(now); },
      [=](const pause_service& asked) -> caf::result<service_paused> {
        auto promise = self->make_response_promise();
        here->pause(asked, {promise, service_paused{{}, stopped()}});
        return promise;
      },
      [=](const order_message& asked) -> caf::result<message_ordered> {
        auto promise = self->make_response_promise();
        here->order(asked, {promise, message_ordered{0, true, stopped()}});
        return promise;
      },
  };
}

}  // namespace kp::actors
