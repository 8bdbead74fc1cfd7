#include "actors/channel_seat.hpp"

#include "actors/channel_capabilities.hpp"
#include "actors/channel_conversations.hpp"
#include "actors/channel_health.hpp"
#include "actors/channel_outgoing.hpp"
#include "actors/channel_send.hpp"
#include "actors/channel_statuses.hpp"
#include "actors/channel_uploads.hpp"
#include "config/log.hpp"
#include "storage/storage_error.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace kp::actors {

namespace {

constexpr int max_attempts = 8;
// Small enough to read in passing; larger ones are read on a worker.
constexpr std::size_t small_arkivmelding = 32 * 1024;
constexpr std::size_t max_summaries = 256;
// How long after its end a peek lock is swept, as today's installations do at the latest.
constexpr std::chrono::seconds sweep_delay{5};

bool lost_a_race(const error& e) {
  return e.code == storage::storage_errc::precondition_failed ||
         e.code == storage::storage_errc::fenced;
}

}  // namespace

void log_bug(std::string_view what) {
  log(log_level::error, "a channel could not handle a message: " + std::string(what));
}

channel_seat::channel_seat(caf::event_based_actor* self, channel_args args)
    : self_(self), args_(std::move(args)), place_{args_.context, args_.number} {}

void channel_seat::use(const std::shared_ptr<organisation_context>& now) {
  args_.context = place_.context = now;
  peeks_->from = 0;  // messages of a channel that was taken over may have been moved to the front
  plan_sweep();
}

channel_seat::answer_to channel_seat::promise(std::string_view path,
                                              caf::response_promise to) const {
  return {std::move(to), unexpected(std::string(path))};
}

std::function<api_answer()> channel_seat::unexpected(std::string path) const {
  return [hub = args_.context->hub, path = std::move(path)] {
    return refusal(api::internal("The hub could not handle the request"), path, hub->time.now());
  };
}

api_answer channel_seat::refused(const api::problem& why, std::string_view path) const {
  return refusal(why, path, place_.now());
}

api_answer channel_seat::shown(const judged<api_answer>& answer, std::string_view path) const {
  return answer ? *answer : refused(answer.error(), path);
}

void channel_seat::call(const api_call& c, const answer_to& answer) {
  auto place = place_;
  place.view = c.view;
  const auto decided = [&](auto part, auto... more) {
    run(c.path, [=] { return part(place, more...); }, answer);
  };
  switch (c.what) {
    case endpoint::capabilities:
      return capabilities(c, answer);
    case endpoint::create:
      return create(c, answer);
    case endpoint::list_out:
      return answer(shown(list_outgoing(place_, c.query), c.path));
    case endpoint::find_out:
      return answer(shown(find_outgoing(place_, c.argument), c.path));
    case endpoint::send:
      return send(c, answer);
    case endpoint::remove_out:
      return decided(remove_message, c.argument);
    case endpoint::list_in:
      return answer(shown(list_incoming(place, c.query), c.path));
    case endpoint::peek:
      return run(
          c.path,
          [place, peeks = peeks_, query = c.query] { return peek_incoming(place, peeks, query); },
          [this, answer](api_answer found) {
            answer(std::move(found));
            plan_sweep();
          });
    case endpoint::pop:
      return decided(pop_incoming, c.path, c.argument);
    case endpoint::remove_in:
      return decided(remove_incoming, c.argument);
    case endpoint::list_statuses:
      return answer(shown(list_statuses(place, c.query), c.path));
    case endpoint::statuses_of_message:
      return answer(shown(statuses_of(place, c.argument, c.query), c.path));
    case endpoint::peek_status:
      return answer(shown(peek_status(place), c.path));
    case endpoint::remove_queued_status:
      return decided(remove_queued_status, c.argument);
    case endpoint::list_polled_conversations:
      return answer(shown(list_polled_conversations(place_, c.query), c.path));
    case endpoint::list_conversations:
      return answer(shown(list_conversations(place, c.query), c.path));
    case endpoint::find_conversation:
      return answer(shown(find_conversation(place_, c.argument), c.path));
    case endpoint::conversation_of_message:
      return answer(shown(conversation_of(place_, c.argument), c.path));
    case endpoint::remove_conversation:
      return decided(remove_conversation, c.argument);
    case endpoint::remove_conversation_of_message:
      return decided(remove_conversation_of, c.argument);
    case endpoint::list_subscriptions:
    case endpoint::find_subscription:
    case endpoint::create_subscription:
    case endpoint::update_subscription:
    case endpoint::remove_subscription:
    case endpoint::remove_subscriptions:
    case endpoint::list_dead_letters:
    case endpoint::replay_dead_letters:
    case endpoint::replay_dead_letter:
    case endpoint::remove_dead_letters:
    case endpoint::remove_dead_letter:
      return;  // never here: actors/channel.cpp passes them on
  }
}

void channel_seat::run(std::string path, decider decide, answerer answer,
                       std::function<void()> refusing, int attempt) {
  auto decided = decide();
  if (!decided) {
    if (refusing) refusing();
    return answer(refused(decided.error(), path));
  }
  if (decided->changes.empty()) {
    if (refusing) refusing();
    return answer(std::move(decided->answer));
  }
  auto changes = std::make_shared<storage::batch>(std::move(decided->changes));
  auto waiting = std::make_shared<decision>(*std::move(decided));
  auto settled = [=, this, path = std::move(path), decide = std::move(decide),
                  answer = std::move(answer),
                  refusing = std::move(refusing)](const std::optional<error>& failure) {
    guarded([&] { committed_or_not(path, decide, answer, refusing, attempt, *waiting, failure); });
  };
  self_->request(args_.writer, caf::infinite, commit{std::move(changes)})
      .then([settled](const committed& done) { settled(done.failure); },
            [settled, this](const caf::error& why) {
              settled(transient(storage::storage_errc::io, self_->system().render(why)));
            });
}

void channel_seat::committed_or_not(std::string path, decider decide, answerer answer,
                                    std::function<void()> refusing, int attempt, decision& decided,
                                    const std::optional<error>& failure) {
  if (decided.settled) decided.settled(!failure);
  if (!failure) {
    after_commit(decided);
    if (!decided.again) return answer(std::move(decided.answer));
    return run(std::move(path), std::move(decide), std::move(answer), std::move(refusing));
  }
  if (!lost_a_race(*failure)) return answer(refused(problem_of(*failure), path));
  if (attempt < max_attempts)
    return run(std::move(path), std::move(decide), std::move(answer), std::move(refusing),
               attempt + 1);
  if (refusing) refusing();
  answer(refused(api::try_later(503, "Too much happens here at once. Please try again."), path));
}

void channel_seat::after_commit(const decision& d) {
  if (d.outbox) self_->send(args_.organisation, outbox_changed{*d.outbox});
  if (d.expiry) self_->send(args_.organisation, expiry_changed{});
  if (!d.released.empty()) release(d.released);
}

void channel_seat::release(std::vector<storage::blob_ref> blobs) {
  http::asio::post(
      args_.context->hub->workers,
      [hub = args_.context->hub, owner = args_.context->id(), blobs = std::move(blobs)] {
        for (const auto& blob : blobs) hub->blobs.release(owner, blob);
      });
}

void channel_seat::capabilities(const api_call& c, const answer_to& answer) {
  auto what = capabilities_lookup(c.argument, c.query);
  if (!what) return answer(refused(what.error(), c.path));
  self_->request(args_.registry, caf::infinite, find_receiver{*what})
      .then(
          [this, answer, what = *what, path = c.path](const receiver_answer& found) {
            guarded([&] { answer(shown(capabilities_of(what, found), path)); });
          },
          [this, answer, path = c.path](const caf::error& why) {
            guarded([&] { answer(refused(unanswered(why), path)); });
          });
}

void channel_seat::send(const api_call& c, const answer_to& answer) {
  const auto id = to_message_id(c.argument);
  const auto missing = [&] { answer(refused(api::message_not_found(c.argument), c.path)); };
  if (!id) return missing();
  const auto message = place_.organisation().messages.find_without_document(place_.number, *id);
  if (!message) return answer(refused(problem_of(message.error()), c.path));
  if (!*message) return missing();
  if ((*message)->queued) return answer(empty_answer());
  with_certificate(
      [this, answer, path = c.path](const api::problem& why) { answer(refused(why, path)); },
      [this, answer, path = c.path, found = **message] { send_judged(path, found, answer); });
}

void channel_seat::send_judged(const std::string& path, storage::outgoing_message message,
                               const answer_to& answer) {
  const auto content = arkivmelding_to_read(message, place_.now());
  // What was found is good for the first attempt: the commit notices when it has changed since.
  const auto id = message.message;
  auto found = std::make_shared<std::optional<storage::outgoing_message>>(std::move(message));
  const auto go = [this, path, id, answer,
                   found](const std::optional<arkivmelding_read_before>& read) {
    run(
        path,
        [this, path, id, read, found] {
          return send_message(place_, path, id, read, std::exchange(*found, std::nullopt));
        },
        answer);
  };
  if (!content) return go({});
  if (const auto* summary = remembered(content->id))
    return go(arkivmelding_read_before{content->id, *summary});
  const auto hub = args_.context->hub;
  read_elsewhere(
      [hub, owner = args_.context->id(), content = *content] {
        return read_arkivmelding(hub->blobs, owner, content);
      },
      [this, go, answer, path, blob = content->id](const judged<arkivmelding::summary>& summary) {
        if (!summary) return answer(refused(summary.error(), path));
        go(arkivmelding_read_before{blob, *summary});
      });
}

upload_admission channel_seat::begin_upload(const upload_begin& upload) const {
  upload_admission admission;
  if (auto ticket = judge_upload(place_, upload))
    admission.ticket = *std::move(ticket);
  else
    admission.refusal = refused(ticket.error(), upload.path);
  return admission;
}

api_answer channel_seat::refuse_upload(const upload_too_large& upload) const {
  return refused(too_large(place_, upload.ticket, upload.content_length), upload.path);
}

// The main document of a health message, as it is called by convention.
bool channel_seat::is_health_document(const upload_end& upload) const {
  if (upload.ticket.filename != health_filename || upload.arkivmelding.empty()) return false;
  const auto message =
      place_.organisation().messages.find_without_document(place_.number, upload.ticket.message);
  return message && *message && (*message)->via == service::dph;
}

void channel_seat::end_upload(const upload_end& upload, const answer_to& answer) {
  auto all = std::make_shared<const upload_end>(upload);
  const auto go = [this, all, answer](const std::optional<arkivmelding::summary>& summary) {
    run(all->path, [this, all, summary] { return finish_upload(place_, *all, summary); }, answer);
  };
  if (is_health_document(upload))
    return check_health_elsewhere(
        upload.arkivmelding, [this, go, all, answer](const judged<arkivmelding::summary>& checked) {
          if (!checked) return answer(refused(checked.error(), all->path));
          go({});
        });
  if (upload.ticket.filename != arkivmelding_filename) return go({});
  const auto then = [this, go, all, answer](const judged<arkivmelding::summary>& summary) {
    if (!summary) return answer(refused(summary.error(), all->path));
    remember(all->content.id, *summary);
    go(*summary);
  };
  if (all->arkivmelding.size() <= small_arkivmelding)
    return then(read_arkivmelding(all->arkivmelding));
  read_elsewhere([all] { return read_arkivmelding(all->arkivmelding); }, then);
}

void channel_seat::remember(const std::string& blob, const arkivmelding::summary& summary) {
  if (!summaries_.emplace(blob, summary).second) return;
  summary_order_.push_back(blob);
  if (summary_order_.size() <= max_summaries) return;
  summaries_.erase(summary_order_.front());
  summary_order_.pop_front();
}

const arkivmelding::summary* channel_seat::remembered(const std::string& blob) const {
  const auto found = summaries_.find(blob);
  return found == summaries_.end() ? nullptr : &found->second;
}

void channel_seat::with_certificate(const std::function<void(const api::problem&)>& refusing,
                                    std::function<void()> then) {
  if (args_.notes->certificate_is_good(place_.now())) return then();
  self_->request(args_.registry, caf::infinite, check_own_certificate{})
      .then(
          [refusing, then = std::move(then)](const certificate_verdict& verdict) {
            guarded([&] {
              if (verdict.refusal) return refusing(api::invalid_certificate(*verdict.refusal));
              then();
            });
          },
          [this, refusing](const caf::error& why) { guarded([&] { refusing(unanswered(why)); }); });
}

void channel_seat::read_elsewhere(std::function<judged<arkivmelding::summary>()> read,
                                  std::function<void(const judged<arkivmelding::summary>&)> then) {
  const auto ticket = next_ticket_++;
  reading_.emplace(ticket, std::move(then));
  http::asio::post(args_.context->hub->workers, [read = std::move(read), ticket,
                                                 to = caf::actor_cast<caf::actor_addr>(self_)] {
    arkivmelding_read done{ticket, api::internal("arkivmelding.xml could not be read")};
    guarded([&] { done.outcome = read(); });
    if (auto target = caf::actor_cast<caf::actor>(to)) caf::anon_send(target, std::move(done));
  });
}

void channel_seat::check_health_elsewhere(
    std::string xml, std::function<void(const judged<arkivmelding::summary>&)> then) {
  read_elsewhere(
      [xml = std::move(xml)]() -> judged<arkivmelding::summary> {
        KP_CHECK(check_health_document(xml));
        return arkivmelding::summary{};
      },
      std::move(then));
}

void channel_seat::resume(const arkivmelding_read& done) {
  const auto found = reading_.find(done.ticket);
  if (found == reading_.end()) return;
  const auto then = std::move(found->second);
  reading_.erase(found);
  then(done.outcome);
}

void channel_seat::sweep() {
  sweep_planned_ = false;
  run("", [this] { return sweep_overdue(place_); }, [this](const api_answer&) { plan_sweep(); });
}

void channel_seat::plan_sweep() {
  if (sweep_planned_) return;
  const auto next = place_.organisation().inbox.next_lock_expiry(place_.number);
  if (next && !*next) return;
  // What cannot be read now may be readable then.
  const auto due = next ? **next : place_.now();
  const auto wait = std::max(due - place_.now(), std::chrono::microseconds(0));
  sweep_planned_ = true;
  self_->delayed_send(self_, wait + sweep_delay, sweep_locks{});
}

api::problem channel_seat::unanswered(const caf::error& why) const {
  return problem_of(transient(storage::storage_errc::not_found,
                              "a part of the hub did not answer: " + self_->system().render(why)));
}

}  // namespace kp::actors
