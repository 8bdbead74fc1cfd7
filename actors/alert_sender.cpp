#include "actors/alert_sender.hpp"

#include "actors/alert_letter.hpp"
#include "config/log.hpp"
#include "metrics/hub_meters.hpp"
#include "protocol/http/url.hpp"
#include "protocol/webhooks/push.hpp"
#include "storage/alerts.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace kp::actors {

namespace {

struct look_for_alerts {};

struct letter_done {
  std::size_t target = 0;
  bool taken = false;
  std::string why;
};

}  // namespace

}  // namespace kp::actors

KP_MESSAGE(kp::actors::look_for_alerts);
KP_MESSAGE(kp::actors::letter_done);

namespace kp::actors {

namespace {

constexpr std::chrono::seconds tick{10};
constexpr std::size_t most_in_letter = 100;
constexpr std::chrono::minutes first_pause{1};
constexpr std::chrono::minutes longest_pause{60};
constexpr std::size_t removed_at_once = 1000;
constexpr std::string_view by_mail = "mail";

class sender {
 public:
  sender(caf::event_based_actor* self, alert_sender_args args)
      : self_(self), args_(std::move(args)), kept_(args_.hub->store) {
    const auto& wanted = args_.hub->settings.alerts;
    for (const auto& each : wanted.webhooks) targets_.push_back({each.url, &each});
    if (!wanted.mail.server.empty()) targets_.push_back({std::string(by_mail), nullptr});
  }

  void look() {
    for (std::size_t i = 0; i < targets_.size(); ++i) serve(i);
    clear();
    self_->delayed_send(self_, tick, look_for_alerts{});
  }

  void done(const letter_done& one) {
    auto& to = targets_[one.target];
    to.flying = false;
    count(to, one.taken ? "taken" : "failed");
    if (one.taken) {
      if (to.failures > 0) say(log_level::info, to, "alerts are taken again", "");
      to.failures = 0;
      to.next = now() + settings().every;
      return note(to, to.until);
    }
    if (++to.failures == 1) say(log_level::error, to, "alerts are not taken", one.why);
    const auto doubled = first_pause * (1 << std::min(to.failures - 1, 10));
    to.next = now() + std::min<std::chrono::microseconds>(doubled, longest_pause);
  }

 private:
  struct target {
    std::string name;
    const alert_webhook* webhook;                        // nullptr: by mail
    std::optional<storage::sequence_number> progress{};  // as in the store
    bool flying = false;
    storage::sequence_number until = 0;  // the last alert of the letter under way
    time_point next{};
    int failures = 0;
  };

  const alert_settings& settings() const { return args_.hub->settings.alerts; }
  time_point now() const { return args_.hub->time.now(); }

  void serve(std::size_t index) {
    auto& to = targets_[index];
    if (to.flying || now() < to.next) return;
    if (!to.progress) {
      const auto stored = kept_.progress(to.name);
      if (!stored)
        return say(log_level::error, to, "alerts cannot be read", stored.error().message);
      to.progress = *stored;
    }
    auto found = kept_.after(*to.progress, most_in_letter);
    if (!found) return say(log_level::error, to, "alerts cannot be read", found.error().message);
    if (found->empty()) return;
    const auto last = found->back().sequence;
    const auto given_up = std::erase_if(
        *found, [&](const auto& each) { return now() - each.what.at > settings().give_up_after; });
    if (given_up > 0) count(to, "given up", given_up);
    if (found->empty()) return note(to, last);
    to.until = last;
    to.flying = true;
    send(index, *found);
  }

  void send(std::size_t index, const std::vector<storage::alerts::entry>& all) {
    auto& to = targets_[index];
    const auto tell = [me = caf::actor_cast<caf::actor_addr>(self_), index](bool taken,
                                                                            std::string why) {
      if (const auto actor = caf::actor_cast<caf::actor>(me))
        caf::anon_send(actor, letter_done{index, taken, std::move(why)});
    };
    if (!to.webhook) return mail(all, tell);
    webhook_push push;
    push.url = to.webhook->url;
    push.body = alert_body(all, now());
    std::vector<std::string> secrets;
    if (to.webhook->signing) {
      auto read = to.webhook->signing->read(process_environment());
      if (!read) return tell(false, read.error().message);
      secrets.push_back(*std::move(read));
    }
    push.headers = webhooks::push_headers(push.body, now(), secrets, std::to_string(to.until),
                                          static_cast<std::uint32_t>(to.failures) + 1);
    args_.hub->alerts->transport->post(
        std::move(push), [tell](webhook_outcome what) { tell(what.taken(), what.why()); });
  }

  template <class Tell>
  void mail(const std::vector<storage::alerts::entry>& all, Tell tell) {
    mail::letter letter;
    letter.from = settings().mail.from;
    letter.to = settings().mail.to;
    letter.subject = alert_subject(all);
    letter.text = alert_text(all);
    letter.at = now();
    letter.id = args_.hub->random.uuid() + "@knutepunkt";
    args_.hub->alerts->mail(std::move(letter), [tell](result<void> sent) {
      tell(sent.has_value(), sent ? std::string() : sent.error().message);
    });
  }

  void note(target& to, storage::sequence_number until) {
    to.progress = until;
    storage::batch b;
    storage::alerts::put_progress(b, to.name, until);
    commit_quietly(std::move(b));
  }

  // What every place has got, or nobody will get any more.
  void clear() {
    storage::sequence_number until = UINT64_MAX;
    for (const auto& each : targets_) until = std::min(until, each.progress.value_or(0));
    if (targets_.empty() || until == 0 || until == cleared_) return;
    storage::batch b;
    const auto more = kept_.remove_until(b, until, removed_at_once);
    if (!more) return;
    if (!*more) cleared_ = until;
    if (!b.empty()) commit_quietly(std::move(b));
  }

  void commit_quietly(storage::batch b) {
    self_
        ->request(args_.writer, caf::infinite,
                  commit{std::make_shared<storage::batch>(std::move(b))})
        .then(
            [](const committed& answer) {
              if (answer.failure)
                log(log_level::error,
                    "what operators were told is not noted, and is told again "
                    "after a restart: " +
                        answer.failure->message);
            },
            [](const caf::error&) {});
  }

  void count(const target& to, const char* outcome, std::size_t many = 1) const {
    args_.hub->meters->alert_letters
        .with({{"target", to.webhook ? "webhook" : "mail"}, {"outcome", outcome}})
        .add(static_cast<double>(many));
  }

  // Without what may be a secret in path or query.
  void say(log_level level, const target& to, std::string_view what, std::string_view why) const {
    const auto url = to.webhook ? http::parse_url(to.name) : result<http::url_parts>(error{});
    const auto place = to.webhook ? (url ? url->origin() : "") : settings().mail.server;
    log(level, why.empty() ? std::string(what) : std::string(what) + ": " + std::string(why),
        {{"endpoint", place}});
  }

  caf::event_based_actor* self_;
  alert_sender_args args_;
  storage::alerts kept_;
  std::vector<target> targets_;
  storage::sequence_number cleared_ = 0;
};

}  // namespace

std::function<void(mail::letter, std::function<void(result<void>)>)> make_mailer(
    http::asio::thread_pool& workers, const alert_mail& settings, std::string ca_file) {
  return [&workers, settings, ca_file = std::move(ca_file)](
             mail::letter what, std::function<void(result<void>)> then) {
    http::asio::post(workers, [settings, ca_file, what = std::move(what), then = std::move(then)] {
      mail::server to;
      to.url = settings.server;
      to.user = settings.user;
      to.allow_unencrypted = settings.allow_unencrypted;
      to.ca_file = ca_file;
      if (settings.password) {
        auto read = settings.password->read(process_environment());
        if (!read) return then(read.error());
        to.password = *std::move(read);
      }
      then(mail::send(to, what));
    });
  };
}

caf::behavior alert_sender(caf::event_based_actor* self, alert_sender_args args) {
  auto state = std::make_shared<sender>(self, std::move(args));
  self->send(self, look_for_alerts{});
  return {
      [=](const look_for_alerts&) { state->look(); },
      [=](const letter_done& one) { state->done(one); },
  };
}

}  // namespace kp::actors
