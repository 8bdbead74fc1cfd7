#include "actors/receipt_poller.hpp"

#include "actors/dpi_letter.hpp"
#include "actors/mail.hpp"
#include "actors/reports.hpp"
#include "actors/retrying_commit.hpp"
#include "actors/vital_signs.hpp"
#include "config/crash_point.hpp"
#include "config/text.hpp"
#include "protocol/crypto/digest.hpp"
#include "protocol/http/http_error.hpp"
#include "storage/status_rules.hpp"

#include <algorithm>

namespace kp::actors {

namespace {

using std::chrono::microseconds;
using storage::status_name;

// Before SENDT is on record a receipt would take its place.
bool is_being_sent(const storage::conversation& c) {
  constexpr auto left_the_outbox =
      storage::status_bit(status_name::sendt) | storage::status_bit(status_name::feil) |
      storage::status_bit(status_name::levetid_utlopt) | storage::status_bit(status_name::mottatt) |
      storage::status_bit(status_name::levert);
  return (c.statuses & left_the_outbox) == 0;
}

}  // namespace

receipt_poller::receipt_poller(caf::event_based_actor* self, receipt_poller_args args)
    : self_(self), args_(std::move(args)), mode_(args_.mode), pace_(now()) {}

void receipt_poller::start() {
  look_in(args_.first_poll);
}

void receipt_poller::use(std::shared_ptr<organisation_context> context,
                         const std::shared_ptr<service_port>& port) {
  const auto before = in().settings->dpi;
  args_.context = std::move(context);
  if (auto next = std::dynamic_pointer_cast<dpi_port>(port)) args_.port = std::move(next);
  const auto& after = in().settings->dpi;
  const bool same_pace = before.poll_interval == after.poll_interval &&
                         before.quiet_poll_interval == after.quiet_poll_interval;
  if (!same_pace && !at_it_) look_in(usual_pause());
}

void receipt_poller::expect() {
  const auto before = usual_pause();
  pace_.stirred(now());
  const auto pause = usual_pause();
  if (pause < before && !at_it_ && failures_ == 0 && !rest_until_) look_in(pause);
}

void receipt_poller::work_in(working_mode mode) {
  const bool asked = asks();
  mode_ = mode;
  if (asks() && !asked && !at_it_) look_in(microseconds(0));
}

void receipt_poller::on_look(const receipts_look& tick) {
  if (!asks() || at_it_ || tick.epoch != epoch_) return;
  at_it_ = true;
  rest_until_.reset();
  asked_any_ = false;
  trouble_.reset();
  const auto channels = channels_to_ask();
  if (!channels) {
    trouble({}, channels.error());
    return end_round();
  }
  channels_.assign(channels->begin(), channels->end());
  begin_lines();
}

// Those that channels use now, and those that were used lately.
result<std::vector<std::string>> receipt_poller::channels_to_ask() {
  const storage::receipt_channels kept(in().hub->store, in().id());
  KP_TRY(const auto known, kept.all());
  std::vector<std::string> out;
  const auto add = [&](std::string name) {
    const auto same = [&](const std::string& other) { return equals_ignoring_case(other, name); };
    if (std::ranges::none_of(out, same)) out.push_back(std::move(name));
  };
  for (const auto& channel : in().settings->channels)
    if (channel.sends.contains(service::dpi)) {
      auto all = wire_channels(channel);
      if (all.empty()) add("");
      for (auto& each : all) add(std::move(each));
    }
  const auto used = out.size();
  for (const auto& each : known)
    if (each.last_used + keep_channel > now()) add(each.name);
  std::vector<storage::receipt_channel> now_used;
  for (std::size_t i = 0; i < used; ++i) {
    const auto before = std::ranges::find(known, out[i], &storage::receipt_channel::name);
    if (before == known.end() || before->last_used + note_channel <= now())
      now_used.push_back({out[i], now()});
  }
  if (!now_used.empty()) note_channels(now_used);
  return out;
}

void receipt_poller::note_channels(const std::vector<storage::receipt_channel>& used) {
  commit_decision(
      self_, args_.writer,
      [this, used]() -> result<storage::batch> {
        storage::batch changes;
        const storage::receipt_channels kept(in().hub->store, in().id());
        for (const auto& each : used) kept.put(changes, each);
        return changes;
      },
      [](result<void>) { /* the next round tries again */ });
}

std::uint64_t receipt_poller::wait(line which) {
  lines_.emplace(++step_, std::move(which));
  return step_;
}

std::optional<receipt_poller::line> receipt_poller::resume(std::uint64_t step) {
  auto found = lines_.extract(step);
  if (!found) return std::nullopt;
  return std::move(found.mapped());
}

void receipt_poller::begin_lines() {
  while (!channels_.empty() && lines_.size() < at_once && asks() && !rest_until_) {
    line next_one;
    next_one.channel = std::move(channels_.front());
    channels_.pop_front();
    ask(std::move(next_one));
  }
  if (lines_.empty()) end_round();
}

void receipt_poller::ask(line which) {
  which.todo.clear();
  which.settled = 0;
  std::optional<std::string> under;
  if (!which.channel.empty()) under = which.channel;
  std::optional<std::size_t> number;
  if (which.page > 0) number = which.page;
  args_.port->receipts(std::move(under), number,
                       [send = mail_to(self_), step = wait(std::move(which))](auto found) {
                         if (found) return send(receipts_listed{step, *std::move(found), {}});
                         send(receipts_listed{step, {}, found.error()});
                       });
}

void receipt_poller::on_listed(const receipts_listed& answer) {
  auto which = resume(answer.step);
  if (!which) return;
  if (answer.failure) {
    trouble(which->channel, *answer.failure);
    return begin_lines();
  }
  which->full = answer.all.size() >= dpi_port::page_size;
  which->todo.assign(answer.all.begin(), answer.all.end());
  next(*std::move(which));
}

void receipt_poller::next(line which) {
  if (which.todo.empty() || !asks()) return end_page(std::move(which));
  take(std::move(which));
}

void receipt_poller::take(line which) {
  const auto each = which.todo.front();
  if (!each.opened) {
    leave(which, each.opened.error().message);
    which.todo.pop_front();
    return next(std::move(which));
  }
  const auto& receipt = *each.opened;
  const auto about = find(receipt);
  if (!about) {
    trouble(which.channel, about.error());
    return begin_lines();
  }
  if (!*about) {
    // Without a channel it may be somebody else's; with one it is nobody's.
    if (which.channel.empty()) {
      leave(which, "a receipt of DPI is about no message here; it is left to whom it belongs to");
      which.todo.pop_front();
      return next(std::move(which));
    }
    say(log_level::warning, "a receipt of DPI is about no message here and is put aside", receipt);
    return settle(std::move(which), receipt.id);
  }
  if (is_being_sent(**about)) {  // its turn comes when the end of sending is on record
    which.todo.pop_front();
    return next(std::move(which));
  }
  commit_decision(
      self_, args_.writer,
      [this, each]() -> result<storage::batch> {
        KP_TRY(const auto now_about, find(*each.opened));
        if (!now_about) return storage::batch{};
        return decide(each, *now_about);
      },
      [this, step = wait(std::move(which)), receipt](result<void> done) {
        auto again = resume(step);
        if (!again) return;
        if (!done) {
          trouble(again->channel, done.error());
          return begin_lines();
        }
        crash_point("stored-before-confirm");
        say(log_level::info, "a receipt of DPI was registered", receipt);
        settle(*std::move(again), receipt.id);
      });
}

result<storage::batch> receipt_poller::decide(const polled_receipt& each,
                                              const storage::conversation& about) const {
  storage::batch changes;
  auto c = about;
  KP_TRY([[maybe_unused]] const auto grew,
         add_report(changes, in(), c, statuses_of(*each.opened, each.jws, now()), {}));
  return changes;
}

// The newest message over DPI of that conversation, in whichever channel.
result<std::optional<storage::conversation>> receipt_poller::find(const dpi::receipt& of) const {
  std::optional<storage::conversation> found;
  const auto id = conversation_id::parse(of.conversation);
  if (!id) return found;
  std::set<channel_number> places;
  for (const auto& [name, number] : in().numbers) places.insert(number);
  for (const auto& [was, now_is] : in().merged) places.insert(was);
  for (const auto place : places) {
    KP_TRY(const auto all, in().conversations.of_reference(place, *id));
    for (const auto& each : all)
      if (each.way == direction::outgoing && each.via == service::dpi &&
          (!found || found->id < each.id))
        found = each;
  }
  return found;
}

void receipt_poller::settle(line which, std::string receipt) {
  ++which.settled;
  pace_.stirred(now());
  args_.port->mark_read(
      std::move(receipt), [send = mail_to(self_), step = wait(std::move(which))](auto done) {
        send(receipt_read{step, done ? std::nullopt : std::optional(done.error())});
      });
}

void receipt_poller::on_read(const receipt_read& answer) {
  auto which = resume(answer.step);
  if (!which) return;
  if (answer.failure) {
    const bool final = !answer.failure->retryable &&
                       answer.failure->code != make_error_code(http::http_errc::unauthorized);
    if (!final) {
      trouble(which->channel, *answer.failure);
      return begin_lines();
    }
    leave(*which, "a receipt of DPI cannot be marked read: " + answer.failure->message);
    --which->settled;
  }
  which->todo.pop_front();
  next(*std::move(which));
}

// What comes back in every round is told of in the first one.
void receipt_poller::leave(const line& which, std::string_view why) {
  if (left_.size() >= most_left) left_.clear();
  if (!left_.insert(crypto::sha256(which.todo.front().jws)).second) return;
  log(log_level::warning, why,
      {{"organisation", in().id().to_string()},
       {"service", "DPI"},
       {"dpi_channel", which.channel}});
}

void receipt_poller::end_page(line which) {
  if (which.full && asks() && !rest_until_ && ++which.pages_asked < most_pages) {
    // What was settled has left the list, and the others have moved up into the same page. Where
    // corner 2 begins to count its pages nobody has written down.
    if (which.settled == 0) ++which.page;
    return ask(std::move(which));
  }
  asked_any_ = true;
  missed_.erase(which.channel);
  begin_lines();
}

// The channel waits for the next round. The first time in a row is told, then ever fewer.
void receipt_poller::trouble(const std::string& channel, const error& why) {
  trouble_ = why;
  const auto missed = ++missed_[channel];
  if ((missed & (missed - 1)) == 0)
    log(log_level::warning, "corner 2 of DPI cannot be asked for receipts",
        {{"organisation", in().id().to_string()},
         {"service", "DPI"},
         {"dpi_channel", channel},
         {"failures", std::to_string(missed)},
         {"detail", why.message}});
  if (why.retry_after)
    rest_until_ = now() + std::min<std::chrono::seconds>(*why.retry_after, longest_rest);
}

void receipt_poller::end_round() {
  at_it_ = false;
  channels_.clear();
  auto pause = usual_pause();
  if (trouble_)
    in().hub->signs->poll_failed(in().id(), service::dpi, now(), trouble_->message);
  else if (asked_any_)
    in().hub->signs->polled(in().id(), service::dpi, now());
  if (asked_any_)
    failures_ = 0;
  else if (trouble_)
    ++failures_;
  if (failures_ > 0) {
    const auto doubled = pause * (std::int64_t{1} << std::min<std::uint32_t>(failures_, 10));
    pause = std::max(pause, std::min<microseconds>(doubled, longest_pause));
  }
  if (rest_until_) pause = std::max<microseconds>(pause, *rest_until_ - now());
  look_in(with_jitter(pause, in().hub->random));
}

microseconds receipt_poller::usual_pause() const {
  const auto& dpi = in().settings->dpi;
  return pace_.pause(now(), dpi.poll_interval, dpi.quiet_poll_interval);
}

// Delayed messages cannot be called back: a newer epoch makes older ones void.
void receipt_poller::look_in(microseconds delay) {
  if (delay.count() <= 0) return self_->send(self_, receipts_look{++epoch_});
  self_->delayed_send(self_, delay, receipts_look{++epoch_});
}

void receipt_poller::say(log_level level, std::string_view what,
                         const dpi::receipt& receipt) const {
  log(level, what,
      {{"organisation", in().id().to_string()},
       {"service", "DPI"},
       {"conversation_id", receipt.conversation},
       {"receipt", receipt.id},
       {"sender", receipt.sender},
       {"signer", receipt.signer}});
}

}  // namespace kp::actors
