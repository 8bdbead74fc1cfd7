#include "actors/router_seats.hpp"

#include "actors/retrying_commit.hpp"
#include "config/config_error.hpp"
#include "config/crash_point.hpp"
#include "config/log.hpp"
#include "protocol/sbd/document.hpp"
#include "storage/storage_error.hpp"
#include "tenants/connected_services.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::actors {

namespace {

using storage::inbound_seats;

constexpr std::uint32_t nobody = 0;  // no channel has this number

}  // namespace

router_seats::router_seats(caf::event_based_actor* self, channel_router_args args)
    : self_(self), args_(std::move(args)) {}

inbound_seats router_seats::seats(service via) const {
  return {in().hub->store, in().id(), via};
}

std::optional<channel_number> router_seats::configured(service via) const {
  const auto* channel = in().settings->receiver(via);
  if (!channel || channel->external) return std::nullopt;
  const auto found = in().numbers.find(channel->name);
  if (found == in().numbers.end()) return std::nullopt;
  return found->second;
}

std::optional<channel_name> router_seats::name_of(std::optional<channel_number> number) const {
  if (!number) return std::nullopt;
  const auto* channel = in().channel(*number);
  if (!channel) return std::nullopt;
  return channel->name;
}

// Who is to receive: by an operator's word as long as it is against the file and its channel is
// there, by the file otherwise.
result<router_seats::plan> router_seats::wanted(service via) const {
  const auto named = configured(via);
  KP_TRY(auto chosen, seats(via).choice());
  if (!chosen) return plan{named, {}};
  const auto* channel = in().channel(chosen->channel);
  if (!channel || channel->external || named == chosen->channel) return plan{named, {}};
  return plan{chosen->channel, std::move(chosen)};
}

void router_seats::start() {
  for (const auto via : all_services) {
    if (!in().settings->enabled(via) || !tenants::has_seat(via)) continue;
    if (const auto* named = in().settings->receiver(via); named && named->external)
      log(log_level::warning,
          "an installation elsewhere receives; its arrivals are left alone at the national service",
          {{"organisation", in().id().to_string()},
           {"channel", named->name.to_string()},
           {"service", to_string(via)}});
    // What the store says holds until the writer has answered: its commits come in order, so
    // nothing that is stored meanwhile can overtake this one.
    commit_decision(
        self_, args_.writer, [this, via] { return settle(via); },
        [this, via](result<void> done) { settled(via, done); });
  }
}

// The changes that make the store agree with what is wanted.
result<storage::batch> router_seats::settle(service via) {
  storage::batch changes;
  const auto its = seats(via);
  KP_TRY(const auto want, wanted(via));
  KP_TRY(const auto before, its.find());
  KP_TRY(const auto chosen, its.choice());
  if (chosen && !want.choice) its.forget_choice(changes);
  held_.erase(via);
  if (!want.to) return changes;
  if (before && before->channel == *want.to) {
    held_.insert_or_assign(via, *before);
    return changes;
  }
  held_.insert_or_assign(via, its.give(changes, before, *want.to, now()));
  if (before && in().settings->waiting_moves) its.follow(changes, before->channel);
  return changes;
}

void router_seats::settled(service via, const result<void>& done) {
  if (!done) {
    log(log_level::error, "who receives could not be settled: " + done.error().message,
        {{"organisation", in().id().to_string()}, {"service", to_string(via)}});
    held_.erase(via);
    return read_again(via);
  }
  if (const auto want = wanted(via); want && want->choice)
    log(log_level::warning, "the inbound seat was moved by an operator, against the configuration",
        {{"organisation", in().id().to_string()},
         {"service", to_string(via)},
         {"channel", name_of(want->to).value_or(*channel_name::parse("-")).to_string()},
         {"by", want->choice->by},
         {"detail",
          "Name this channel under `receives` in the organisation's file, or give the "
          "seat back."}});
  follow_in(via, std::chrono::microseconds(0));
}

void router_seats::read_again(service via) {
  const auto want = wanted(via);
  const auto found = seats(via).find();
  if (!want || !found) return;
  held_.erase(via);
  if (*found && want->to == (*found)->channel) held_.insert_or_assign(via, **found);
}

std::optional<inbound_seats::holder> router_seats::holder(service via) const {
  const auto found = held_.find(via);
  if (found == held_.end()) return std::nullopt;
  return found->second;
}

result<void> router_seats::guard(storage::batch& b, service via, std::uint64_t fence) const {
  KP_TRY(const auto current, seats(via).find());
  if (!current) return permanent(storage::storage_errc::fenced, "nobody holds the inbound seat");
  return seats(via).guard(b, *current, fence, now());
}

std::string router_seats::refusal(service via, const channel_name& to) const {
  const auto name = to_string(via);
  const auto& number = in().id().to_string();
  if (!in().settings->enabled(via))
    return fmt::format("organisation {} has not enabled {}", number, name);
  const auto* channel = in().settings->find(to);
  if (!channel) return fmt::format("organisation {} has no channel \"{}\"", number, to.to_string());
  if (channel->external)
    return fmt::format("channel \"{}\" of {} is an installation elsewhere; its seat is not here",
                       to.to_string(), number);
  return {};
}

void router_seats::on_move(const move_seat& asked, reply<seat_moved> answer) {
  const auto via = asked.via;
  std::optional<channel_number> target = configured(via);
  if (asked.to) {
    if (auto why = refusal(via, *asked.to); !why.empty())
      return answer({{}, {}, 0, permanent(config_errc::invalid_value, std::move(why))});
    target = in().numbers.at(*asked.to);
  }
  if (!target)
    return answer({{},
                   {},
                   0,
                   permanent(config_errc::invalid_value,
                             fmt::format("the file of organisation {} names no channel here that "
                                         "receives {}; say which one is to receive",
                                         in().id().to_string(), to_string(via)))});
  const auto outcome = std::make_shared<seat_moved>();
  const auto next = std::make_shared<std::optional<inbound_seats::holder>>();
  commit_decision(
      self_, args_.writer,
      [this, via, to = *target, by = asked.by,
       follows = asked.waiting_moves.value_or(in().settings->waiting_moves), outcome,
       next]() -> result<storage::batch> {
        storage::batch changes;
        const auto its = seats(via);
        KP_TRY(const auto before, its.find());
        KP_TRY(const auto chosen, its.choice());
        outcome->from = before ? name_of(before->channel) : std::nullopt;
        outcome->to = name_of(to);
        const auto named = configured(via);
        if (named == to) {
          if (chosen) its.forget_choice(changes);
        } else if (!chosen || chosen->channel != to) {
          its.choose(changes, {to, named.value_or(channel_number{nobody}), now(), by});
        }
        if (before && before->channel == to) {
          *next = before;
        } else {
          *next = its.give(changes, before, to, now());
          if (before && follows) its.follow(changes, before->channel);
          // What had been on its way out of the new holder stays there.
          its.settled(changes, to);
        }
        outcome->fence = (*next)->held.fence;
        crash_point("seat-moving");
        return changes;
      },
      [this, via, by = asked.by, outcome, next, answer](result<void> done) {
        if (!done) return answer({{}, {}, 0, done.error()});
        crash_point("seat-moved");
        held_.insert_or_assign(via, **next);
        const auto shown = [](const std::optional<channel_name>& name) {
          return name ? name->to_string() : std::string();
        };
        log(log_level::info, "inbound seat moved",
            {{"organisation", in().id().to_string()},
             {"service", to_string(via)},
             {"from", shown(outcome->from)},
             {"channel", shown(outcome->to)},
             {"fence", std::to_string(outcome->fence)},
             {"by", by}});
        answer(*outcome);
        follow_in(via, std::chrono::microseconds(0));
      });
}

seats_shown router_seats::show() const {
  seats_shown all;
  for (const auto via : all_services) {
    if (!in().settings->enabled(via) || !tenants::has_seat(via)) continue;
    seat_view seen;
    seen.via = via;
    if (const auto* named = in().settings->receiver(via)) {
      seen.configured = named->name;
      seen.external = named->external;
    }
    if (const auto held = holder(via)) seen.holder = name_of(held->channel);
    if (const auto found = seats(via).find(); found && *found) {
      seen.fence = (*found)->held.fence;
      seen.expires = (*found)->held.expires;
    }
    if (const auto want = wanted(via); want && want->choice) {
      seen.chosen_at = want->choice->at;
      seen.chosen_by = want->choice->by;
    }
    all.seats.push_back(std::move(seen));
  }
  return all;
}

void router_seats::follow_in(service via, std::chrono::microseconds delay) {
  const move_followers tick{via, ++epochs_[via]};
  if (delay.count() <= 0) return self_->send(self_, tick);
  self_->delayed_send(self_, delay, tick);
}

void router_seats::on_followers(const move_followers& tick) {
  const auto via = tick.via;
  if (tick.epoch != epochs_[via]) return;
  const auto moved = std::make_shared<std::size_t>(0);
  const auto next = std::make_shared<std::optional<time_point>>();
  commit_decision(
      self_, args_.writer, [this, via, moved, next] { return follow(via, *moved, *next); },
      [this, tick, moved, next](result<void> done) {
        if (tick.epoch != epochs_[tick.via]) return;
        if (!done) {
          log(log_level::warning, "waiting messages do not follow their seat yet",
              {{"organisation", in().id().to_string()}, {"detail", done.error().message}});
          read_again(tick.via);
          return follow_in(tick.via, look_again);
        }
        if (*moved > 0) {
          crash_point("messages-following-seat");
          return follow_in(tick.via, next_portion);
        }
        if (*next)
          follow_in(tick.via, std::max<std::chrono::microseconds>(**next - now(), look_again));
      });
}

// A receipt that arrived for a message of the old holder is the old holder's.
bool router_seats::stays(const storage::inbound_message& m) const {
  const auto document = sbd::parse(m.sbd, now());
  if (!document || sbd::canonical_type(document->type()) != "arkivmelding_kvittering") return false;
  const auto* related = document->business_message.if_contains("relatedToMessageId");
  if (!related || !related->is_string()) return false;
  const auto message = message_id::parse(std::string_view(related->get_string()));
  if (!message) return false;
  const auto about = in().conversations.find(direction::outgoing, *message);
  return about && *about && (*about)->channel == m.channel;
}

// One portion of what follows. `next`: when to look again though nothing moved, because messages
// are locked that may come free.
result<storage::batch> router_seats::follow(service via, std::size_t& moved,
                                            std::optional<time_point>& next) const {
  storage::batch changes;
  moved = 0;
  next.reset();
  const auto to = holder(via);
  if (!to) return changes;
  const auto its = seats(via);
  KP_TRY(const auto followers, its.followers());
  for (const auto from : followers) {
    if (from == to->channel) {
      its.settled(changes, from);
      continue;
    }
    const auto goes = [&](const storage::inbound_message& m) { return m.via == via && !stays(m); };
    KP_TRY(const auto went,
           in().inbox.move_waiting(changes, from, to->channel, *in().ids, followers_at_once, goes));
    for (const auto& message : went) {
      KP_TRY(const auto conversation,
             in().conversations.find(direction::incoming, message.message));
      if (!conversation || conversation->channel != from) continue;
      KP_TRY(const auto statuses, in().statuses.of_conversation(*conversation));
      in().conversations.move(changes, *conversation, to->channel);
      KP_CHECK(in().statuses.move(changes, *conversation, statuses, to->channel));
    }
    moved += went.size();
    if (!went.empty()) break;
    KP_TRY(const auto locked_until, in().inbox.next_lock_expiry(from));
    if (!locked_until) {
      its.settled(changes, from);
    } else {
      const auto free_at = *locked_until + std::chrono::seconds(10);
      next = next ? std::min(*next, free_at) : free_at;
    }
  }
  // In the name of the holder: not after the seat has moved on.
  if (moved > 0) KP_CHECK(guard(changes, via, to->held.fence));
  return changes;
}

}  // namespace kp::actors
