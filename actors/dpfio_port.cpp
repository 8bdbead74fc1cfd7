#include "actors/dpfio_port.hpp"

#include "actors/arrived_content.hpp"
#include "actors/dpfio_content.hpp"
#include "actors/dpfio_letter.hpp"
#include "actors/dpfio_line.hpp"
#include "actors/dpfio_parking.hpp"
#include "actors/network_call.hpp"
#include "config/crash_point.hpp"
#include "config/log.hpp"
#include "protocol/dpfio/dpfio_error.hpp"
#include "protocol/http/http_error.hpp"
#include "tenants/changes.hpp"

#include <fmt/format.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>

namespace kp::actors {

namespace {

using storage::status_name;

constexpr std::chrono::seconds between_looks{10};  // beside the bell, at what is tried again
constexpr std::chrono::hours between_sweeps{24};
// For so long the catalogue is asked whose an account is; then the fallback is the sender.
constexpr std::chrono::minutes longest_wait_for_sender{10};

// What the operations of one port share, on the network thread; alive until the last has ended.
struct line_use {
  std::shared_ptr<organisation_context> context;
  std::shared_ptr<upstream> clients;
  std::shared_ptr<dpfio_line> line;
  std::shared_ptr<time_point> swept = std::make_shared<time_point>();

  hub_context& hub() const { return *context->hub; }
};

error worth_a_retry(error why) {
  why.retryable = true;
  return why;
}

// What of FIKS IO's answers is final; everything else (disk, tokens, the way) is not.
error judged(error why) {
  const bool final = !why.retryable && why.code != make_error_code(http::http_errc::unauthorized);
  const bool theirs = why.code == make_error_code(dpfio::dpfio_errc::unknown_account) ||
                      why.code == make_error_code(dpfio::dpfio_errc::not_a_receiver) ||
                      why.code == make_error_code(http::http_errc::refused);
  return final && !theirs ? worth_a_retry(std::move(why)) : why;
}

http::awaitable<void> sweep(line_use on) {
  const auto now = on.hub().time.now();
  if (now - *on.swept < between_sweeps) co_return;
  *on.swept = now;
  auto work = [on] { return forget_old_notes(*on.context); };
  auto done = co_await http::on_workers(on.hub().workers, std::move(work));
  if (!done)
    log(log_level::warning, "old notes of FIKS IO are not forgotten: " + done.error().message,
        {{"organisation", on.context->id().to_string()}});
}

// ---- sending

http::awaitable<result<dpfio::account>> receiver_of(line_use on,
                                                    std::shared_ptr<const dpfio_letter> letter) {
  std::optional<result<dpfio::account>> found;
  if (letter->what.to.empty()) {
    dpfio::wanted_account whose;
    whose.organisation = letter->organisation;
    whose.type = letter->what.type;
    whose.security_level = letter->security_level;
    found.emplace(co_await on.line->fiks().find(std::move(whose)));
  } else {
    auto id = letter->what.to;
    found.emplace(co_await on.line->fiks().find(std::move(id)));
  }
  if (!*found) co_return judged(found->error());
  if (!(*found)->valid_receiver)
    co_return permanent(dpfio::dpfio_errc::not_a_receiver,
                        fmt::format("account {} of FIKS IO takes no messages{}{}", (*found)->id,
                                    (*found)->note.empty() ? "" : ": ", (*found)->note));
  co_return **std::move(found);
}

http::awaitable<result<sent_item>> send_now(line_use on, sending what) {
  auto opened = co_await on.line->ready(on.clients);
  if (!opened) co_return worth_a_retry(opened.error());
  if (!what.message)
    co_return permanent(dpfio::dpfio_errc::bad_delivery, "FIKS IO sends messages alone");
  co_await sweep(on);
  const auto asked = std::make_shared<const sending>(std::move(what));
  auto read = [on, asked] { return make_dpfio_letter(*on.context, asked->item, *asked->message); };
  auto made = co_await http::on_workers(on.hub().workers, std::move(read));
  if (!made) co_return made.error();
  auto letter = std::make_shared<dpfio_letter>(*std::move(made));
  auto receiver = co_await receiver_of(on, letter);
  if (!receiver) co_return receiver.error();
  letter->what.to = receiver->id;
  auto key = co_await on.line->fiks().key(receiver->id);
  if (!key) co_return worth_a_retry(key.error());
  auto work = [on, letter, to = *key] {
    return pack_dpfio_letter(*on.context, *letter, on.clients->keys(), to);
  };
  auto packed = co_await http::on_workers(on.hub().workers, std::move(work));
  if (!packed) co_return packed.error();
  auto outgoing = letter->what;
  auto unique = on.hub().random.uuid();
  auto sent = co_await on.line->fiks().send(std::move(outgoing), *packed, std::move(unique));
  if (!sent) co_return judged(sent.error());
  if (!sent->id.empty()) {
    auto keep = [on, letter, id = sent->id] { return note_sent(*on.context, *letter, id); };
    auto noted = co_await http::on_workers(on.hub().workers, std::move(keep));
    // What FIKS IO tells of it later will be a message like others.
    if (!noted)
      log(log_level::warning, "the id of a message at FIKS IO is not on record",
          {{"organisation", on.context->id().to_string()},
           {"message_id", letter->message.to_string()},
           {"detail", noted.error().message}});
  }
  crash_point("sent-before-commit");
  const auto now = on.hub().time.now();
  sent_item out;
  out.external_id = sent->id;
  storage::status_change taken{status_name::mottatt, {}, {}, now};
  if (!sent->answer.empty()) taken.raw_receipt = sent->answer;
  out.statuses.push_back(std::move(taken));
  out.statuses.push_back({status_name::levert, {}, {}, now});
  co_return out;
}

// ---- receiving

http::awaitable<result<std::vector<waiting>>> list_now(line_use on) {
  co_await sweep(on);
  auto trouble = on.line->trouble();
  if (trouble) co_return worth_a_retry(*trouble);
  co_return on.line->box().list();
}

// Whose the sender's account is; "" when FIKS IO does not tell.
http::awaitable<result<std::string>> organisation_of(line_use on, std::string account,
                                                     dpfio_letterbox::clock::time_point since) {
  if (!on.context->settings->dpfio.sender_from_catalogue) co_return std::string();
  auto found = co_await on.line->fiks().find(account);
  if (found) co_return found->organisation;
  const auto waited = dpfio_letterbox::clock::now() - since;
  if (!found.error().retryable || waited > longest_wait_for_sender) co_return std::string();
  co_return worth_a_retry(found.error());
}

http::awaitable<result<std::shared_ptr<fetched>>> park(line_use on, dpfio_letterbox::held what,
                                                       std::string reason) {
  const auto kept = std::make_shared<const dpfio_letterbox::held>(std::move(what));
  auto work = [on, kept, reason] { return park_delivery(*on.context, *kept, reason); };
  auto parked = co_await http::on_workers(on.hub().workers, std::move(work));
  if (!parked) co_return not_fetched(fetch_verdict::failed, parked.error());
  auto error = permanent(dpfio::dpfio_errc::bad_delivery, std::move(reason));
  co_return not_fetched(fetch_verdict::discard, std::move(error));
}

// Tried again soon when it is in trouble, and then like every arrival: what waits for it is held,
// and takes the place of others.
http::awaitable<result<std::shared_ptr<spool>>> from_dokumentlager(line_use on, std::string id) {
  constexpr std::array pauses{std::chrono::seconds(1), std::chrono::seconds(5)};
  for (std::size_t tried = 0;; ++tried) {
    auto make = [on] { return on.hub().spools.make(); };
    auto spool = co_await http::on_workers(on.hub().workers, std::move(make));
    if (!spool) co_return worth_a_retry(spool.error());
    auto sink = std::make_shared<spool_sink>(*spool);
    auto which = id;
    auto got =
        co_await on.line->fiks().download(std::move(which), std::move(sink), max_content_bytes);
    if (got) co_return *std::move(spool);
    const auto& why = got.error();
    const bool soon = why.retryable && !why.retry_after && tried < pauses.size();
    if (!soon) co_return why;
    http::asio::steady_timer timer(on.hub().network, pauses[tried]);
    boost::system::error_code stopped;
    co_await timer.async_wait(http::asio::redirect_error(http::asio::use_awaitable, stopped));
    if (stopped) co_return why;
  }
}

http::awaitable<result<std::shared_ptr<fetched>>> fetch_now(line_use on, std::string id) {
  auto opened = co_await on.line->ready(on.clients);
  if (!opened) co_return worth_a_retry(opened.error());
  const auto* found = on.line->box().find(id);
  if (!found)
    co_return transient(dpfio::dpfio_errc::broker_lost, "the delivery is not held any more");
  const auto held = *found;
  if (!held.what) {
    auto reason = held.what.error().message;
    co_return co_await park(on, held, std::move(reason));
  }
  const auto from = std::make_shared<const dpfio::received>(*held.what);
  if (dpfio::notice_of(from->type) != dpfio::notice::none) {
    auto look = [on, from]() -> std::shared_ptr<fetched> {
      return open_dpfio_notice(*on.context, *from);
    };
    auto notice = co_await http::on_workers(on.hub().workers, std::move(look));
    if (notice) co_return notice;
  }
  std::shared_ptr<const random_access_source> cms = held.raw.body;
  std::string missing;
  if (from->document) {
    auto document = *from->document;
    auto got = co_await from_dokumentlager(on, std::move(document));
    if (got)
      cms = *got;
    else if (got.error().retryable)
      co_return worth_a_retry(got.error());
    else
      missing = "The content is not in Dokumentlager: " + got.error().message;
  }
  auto sender = co_await organisation_of(on, from->sender, held.since);
  if (!sender) co_return sender.error();
  auto open = [on, from, sender = *sender, cms, missing]() -> std::shared_ptr<fetched> {
    return open_dpfio_message(*on.context, *from, sender, cms, on.clients->decryption_keys(),
                              missing);
  };
  co_return co_await http::on_workers(on.hub().workers, std::move(open));
}

http::awaitable<result<void>> confirm_now(line_use on, std::string id, taken how) {
  auto opened = co_await on.line->ready(on.clients);
  if (!opened) co_return worth_a_retry(opened.error());
  if (how == taken::unusable) {
    // It must not keep its place among those that are held, nor be handed back.
    const auto* found = on.line->box().find(id);
    if (!found) co_return result<void>{};
    const auto held = *found;
    auto parked = co_await park(on, held, "it cannot be stored, see the log");
    if (!parked) co_return parked.error();
    if ((*parked)->verdict == fetch_verdict::failed) co_return (*parked)->failure;
  }
  co_return co_await on.line->acknowledge(std::move(id));
}

class network_port final : public dpfio_port {
 public:
  network_port(std::shared_ptr<organisation_context> context, std::shared_ptr<upstream> clients) {
    auto& kept = clients->fiks_io();
    if (!kept) kept = std::make_shared<dpfio_line>(context->hub, context->settings);
    on_ = {std::move(context), std::move(clients), kept};
    rules_.receives = !tenants::receiving_accounts(*on_.context->settings).empty();
    rules_.poll_interval = between_looks;
  }

  port_rules rules() const override { return rules_; }

  void send(sending what, done<result<sent_item>> then) override {
    run_on_network(on_.hub(), send_now(on_, std::move(what)), std::move(then));
  }
  void list(done<result<std::vector<waiting>>> then) override {
    run_on_network(on_.hub(), list_now(on_), std::move(then));
  }
  void fetch(waiting which, done<std::shared_ptr<fetched>> then) override {
    done<result<std::shared_ptr<fetched>>> judge = [then = std::move(then)](auto what) {
      if (what && *what) return then(*std::move(what));
      auto failed = std::make_shared<fetched>();
      failed->failure =
          what ? transient(http::http_errc::bad_answer, "nothing was fetched") : what.error();
      then(std::move(failed));
    };
    run_on_network(on_.hub(), fetch_now(on_, which.id), std::move(judge));
  }
  void confirm(waiting which, taken how, done<result<void>> then) override {
    run_on_network(on_.hub(), confirm_now(on_, which.id, how), std::move(then));
  }
  void receive(bool on) override {
    if (!on || !rules_.receives)
      receiving_.reset();
    else if (!receiving_)
      receiving_ = on_.line->receive(on_.clients);
  }
  void when_arrived(std::function<void()> ring) override {
    on_.line->when_arrived(std::move(ring));
  }

 private:
  line_use on_;
  port_rules rules_;
  std::shared_ptr<void> receiving_;
};

}  // namespace

std::shared_ptr<dpfio_port> make_dpfio_port(std::shared_ptr<organisation_context> context,
                                            std::shared_ptr<upstream> clients) {
  return std::make_shared<network_port>(std::move(context), std::move(clients));
}

}  // namespace kp::actors
