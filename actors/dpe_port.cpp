#include "actors/dpe_port.hpp"

#include "actors/dpe_content.hpp"
#include "actors/dpe_letterbox.hpp"
#include "actors/measured_bus.hpp"
#include "actors/network_call.hpp"
#include "actors/service_secrets.hpp"
#include "config/crash_point.hpp"
#include "config/log.hpp"
#include "protocol/dpe/amqp_bus.hpp"
#include "protocol/dpe/queues.hpp"
#include "protocol/dpe/service_bus.hpp"
#include "protocol/http/http_error.hpp"

#include <fmt/format.h>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>

namespace kp::actors {

namespace {

namespace asio = http::asio;

// How long the service waits for a message in an empty queue. All organisations share the
// connections to the one host, so none keeps one for long.
constexpr std::chrono::seconds wait_for_message{1};

constexpr std::string_view not_given_back = "a lock was not given back, it runs out";

// A key store, a token or a key that cannot be had now is for an operator to cure: what waits for
// it is not given up.
error worth_a_retry(error why) {
  why.retryable = true;
  return why;
}

dpe::mode mode_of(const tenants::dpe_settings& settings) {
  switch (settings.mode) {
    case tenants::dpe_mode::innsyn:
      break;
    case tenants::dpe_mode::data:
      return dpe::mode::data;
    case tenants::dpe_mode::meeting:
      return dpe::mode::meeting;
  }
  return dpe::mode::innsyn;
}

// What the operations of one port share, on the network thread; alive until the last has ended.
struct line {
  line(std::shared_ptr<organisation_context> context_, std::shared_ptr<upstream> clients_)
      : context(std::move(context_)), clients(std::move(clients_)) {}

  std::shared_ptr<organisation_context> context;
  std::shared_ptr<upstream> clients;
  dpe_letterbox box;
  bool renewing = false;
  bool over = false;  // another port has taken the place of this one

  hub_context& hub() const { return *context->hub; }
  const tenants::dpe_settings& settings() const { return context->settings->dpe; }
  std::string queue() const {
    return dpe::own_queue(context->id().to_string(), mode_of(settings()));
  }

  bool by_amqp() const { return settings().transport == tenants::dpe_transport::amqp; }

  // After clients->ready().
  dpe::bus& bus() {
    if (!bus_) {
      const auto& national = hub().settings.national;
      tokens_.emplace(*hub().http, hub().workers, hub().time, hub().random,
                      maskinporten::client_settings{national.maskinporten_token_url,
                                                    national.maskinporten_audience,
                                                    context->settings->maskinporten_client_id,
                                                    {}},
                      std::make_shared<const crypto::keystore>(clients->keys()));
      keys_.emplace(
          *hub().http, hub().time, *tokens_, *hub().registry_keys,
          dpe::sas_key_settings{
              national.service_registry_url, kept_secret(*context, service::dpe),
              [in = context](const std::string& key) { keep_secret(in, service::dpe, key); }});
      bus_ = by_amqp() ? measure(std::make_unique<dpe::amqp_bus>(
                                     *hub().amqp, hub().workers, hub().time, hub().random, *keys_,
                                     dpe::amqp_bus_settings{hub().amqp->options().host,
                                                            national.service_bus_key_name}),
                                 hub())
                       : std::make_unique<dpe::service_bus>(
                             *hub().http, hub().time, *keys_,
                             dpe::service_bus_settings{national.service_bus_url,
                                                       national.service_bus_key_name});
    }
    return *bus_;
  }

 private:
  std::optional<maskinporten::client> tokens_;
  std::optional<dpe::sas_keys> keys_;
  std::unique_ptr<dpe::bus> bus_;
};
using line_ptr = std::shared_ptr<line>;

http::awaitable<result<void>> ready(line_ptr on) {
  if (on->by_amqp() && !on->hub().amqp)
    co_return transient(http::http_errc::cancelled, "this hub does not speak AMQP");
  auto opened = co_await on->clients->ready();
  if (!opened) co_return worth_a_retry(opened.error());
  co_return result<void>{};
}

void say(const line& on, log_level level, std::string_view what, std::string_view transfer,
         std::string_view detail) {
  log(level, what,
      {{"organisation", on.context->id().to_string()},
       {"service", "DPE"},
       {"transfer", transfer},
       {"detail", detail}});
}

// ---- sending

// The first record of the registry that has the document type (service-registry.md 6.1).
http::awaitable<result<registry::service_record>> receiver_record(
    line_ptr on, std::shared_ptr<const dpe_parcel> parcel) {
  registry::lookup what;
  what.identifier = parcel->receiver_number;
  what.process = parcel->document.process();
  if (const auto conversation = parcel->document.conversation())
    what.conversation = conversation->to_string();
  auto answer = co_await on->clients->registry().find(std::move(what));
  if (!answer) {
    // Only a receiver that does not exist stays so.
    const auto& why = answer.error();
    if (why.code == make_error_code(registry::registry_errc::not_found)) co_return why;
    co_return worth_a_retry(why);
  }
  const auto type = parcel->document.header.identification.standard.value_or("");
  for (auto& record : answer->records)
    if (record.via == service::dpe &&
        std::ranges::find(record.document_types, type) != record.document_types.end())
      co_return std::move(record);
  co_return permanent(registry::registry_errc::not_found,
                      fmt::format("the Service Registry has no DPE record of {} for {}",
                                  parcel->receiver_number, type));
}

http::awaitable<result<sent_item>> send_parcel(line_ptr on,
                                               std::shared_ptr<const dpe_parcel> parcel) {
  KP_CO_CHECK(co_await ready(on));
  std::string service_code;
  std::optional<crypto::certificate> recipient;
  if (dpe::needs_service_code(parcel->document) || !parcel->files.empty()) {
    auto record = co_await receiver_record(on, parcel);
    if (!record) co_return record.error();
    service_code = record->endpoint_url;
    if (!parcel->files.empty()) {
      auto certificate = crypto::certificate::from_pem(record->pem_certificate.value_or(""));
      if (!certificate)
        co_return worth_a_retry(with_context(certificate.error(),
                                             "the receiver's certificate in the Service Registry"));
      recipient = *std::move(certificate);
    }
  }
  const dpe::queue_rule rule{mode_of(on->settings()), on->settings().receipt_queue};
  KP_CO_TRY(const auto queue, dpe::receiver_queue(parcel->document, rule, service_code));
  auto work = [on, parcel, recipient = std::move(recipient)] {
    return pack_dpe_parcel(*on->context, *parcel, on->clients->keys(), recipient);
  };
  auto body = co_await http::on_workers(on->hub().workers, std::move(work));
  if (!body) co_return body.error();
  auto posted = co_await on->bus().send(queue, *body);
  if (!posted) co_return posted.error();
  crash_point("sent-before-commit");
  co_return sent_item{};
}

// ---- receiving

// Renews what is held until nothing is, or nobody holds the port any more.
http::awaitable<void> keep_locks(std::weak_ptr<line> of, asio::io_context& network) {
  asio::steady_timer timer(network);
  for (;;) {
    timer.expires_after(dpe_letterbox::renew_every);
    boost::system::error_code stopped;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, stopped));
    const auto on = of.lock();
    if (!on || stopped) co_return;
    const auto over = on->box.let_go(dpe_letterbox::clock::now());
    for (const auto& lock : over) {
      const auto done = co_await on->bus().unlock(lock);
      say(*on, log_level::warning, "an arrival is left to the queue again", lock.message_id,
          done ? std::string() : done.error().message);
    }
    const auto locks = on->box.locks();
    for (const auto& lock : locks) {
      const auto done = co_await on->bus().renew(lock);
      if (done || done.error().retryable) continue;
      say(*on, log_level::warning, "the lock of an arrival is lost, it will come again",
          lock.message_id, done.error().message);
      on->box.drop(lock.message_id);
    }
    if (on->box.empty()) {
      on->renewing = false;
      co_return;
    }
  }
}

void hold(const line_ptr& on, dpe::locked_message lock, std::shared_ptr<spool> body) {
  on->box.put({std::move(lock), std::move(body), dpe_letterbox::clock::now(), false});
  if (on->renewing) return;
  on->renewing = true;
  asio::co_spawn(on->hub().network, keep_locks(on, on->hub().network), asio::detached);
}

// Whether it was given up before: then its lock is let run out, so that the broker sets it aside.
http::awaitable<result<bool>> was_given_up(line_ptr on, std::string id) {
  auto look = [on, id]() -> result<bool> {
    KP_TRY(const auto known, on->context->transfers(service::dpe).find(id));
    return known && known->state == storage::transfer_state::left_alone;
  };
  co_return co_await http::on_workers(on->hub().workers, std::move(look));
}

http::awaitable<result<std::vector<waiting>>> list_now(line_ptr on) {
  KP_CO_CHECK(co_await ready(on));
  for (std::size_t tried = 0; tried < dpe_letterbox::most && on->box.has_room(); ++tried) {
    auto make = [on] { return on->hub().spools.make(); };
    auto spool = co_await http::on_workers(on->hub().workers, std::move(make));
    if (!spool) co_return worth_a_retry(spool.error());
    auto sink = std::make_shared<spool_sink>(*spool);
    auto queue = on->queue();
    auto got = co_await on->bus().receive(std::move(queue), wait_for_message, std::move(sink),
                                          dpe::max_payload_bytes);
    if (!got && got.error().code == make_error_code(http::http_errc::too_large)) {
      say(*on, log_level::error, "an arrival is too large, left for the broker to set aside", "",
          got.error().message);
      continue;
    }
    if (!got && tried == 0) co_return worth_a_retry(got.error());
    if (!got || !*got) break;
    auto& lock = **got;
    auto given_up = co_await was_given_up(on, lock.message_id);
    if (!given_up) co_return worth_a_retry(given_up.error());
    if (on->over) {
      auto back = co_await on->bus().unlock(lock);
      if (!back) say(*on, log_level::info, not_given_back, lock.message_id, back.error().message);
      break;
    }
    if (!*given_up) {
      hold(on, std::move(lock), *spool);
    } else if (on->bus().can_set_aside()) {
      auto gone = co_await on->bus().set_aside(lock, "given up by Knutepunkt");
      if (!gone)
        say(*on, log_level::warning, "an arrival that was given up cannot be set aside",
            lock.message_id, gone.error().message);
    }
  }
  co_return on->box.list();
}

http::awaitable<result<std::shared_ptr<fetched>>> fetch_now(line_ptr on, std::string id) {
  KP_CO_CHECK(co_await ready(on));
  auto* found = on->box.find(id);
  if (!found) co_return transient(http::http_errc::cancelled, "the arrival is not locked any more");
  found->asked_for = true;
  auto open = [on, id, body = found->body] {
    return open_dpe_payload(*on->context, id, body, on->clients->decryption_keys());
  };
  auto opened = co_await http::on_workers(on->hub().workers, std::move(open));
  if (opened->verdict != fetch_verdict::unusable) co_return opened;
  // Where we may set it aside ourselves, it stays locked until it is given up (dpe.md 6.5, 11).
  if (!on->bus().can_set_aside()) {
    on->box.drop(id);
    co_return opened;
  }
  found = on->box.find(id);
  if (found) found->trouble = opened->failure.message;
  if (is_no_message(opened->failure)) opened->verdict = fetch_verdict::discard;
  co_return opened;
}

http::awaitable<result<void>> confirm_now(line_ptr on, std::string id, taken how) {
  KP_CO_CHECK(co_await ready(on));
  const auto* found = on->box.find(id);
  if (how == taken::unusable && !on->bus().can_set_aside()) {
    on->box.drop(id);
    co_return result<void>{};
  }
  if (!found)
    co_return transient(http::http_errc::cancelled,
                        "the arrival is not locked any more; confirmed when it comes again");
  const auto lock = found->lock;
  result<void> completed;
  if (how == taken::stored) {
    completed = co_await on->bus().complete(lock);
  } else {
    const auto reason = found->trouble;
    completed = co_await on->bus().set_aside(lock, reason);
    if (completed)
      say(*on, log_level::error, "an arrival is set aside among the dead letters of its queue", id,
          reason);
  }
  if (completed) on->box.drop(id);
  if (completed || completed.error().retryable) co_return completed;
  on->box.drop(id);
  co_return worth_a_retry(completed.error());  // the lock is lost; it comes again
}

// Who takes the place of a port, over the same queue, is not to wait for its locks to run out.
http::awaitable<void> give_back(line_ptr on) {
  on->over = true;
  const auto locks = on->box.locks();
  for (const auto& lock : locks) {
    on->box.drop(lock.message_id);
    const auto done = co_await on->bus().unlock(lock);
    if (!done) say(*on, log_level::info, not_given_back, lock.message_id, done.error().message);
  }
}

class dpe_port final : public service_port {
 public:
  dpe_port(std::shared_ptr<organisation_context> context, std::shared_ptr<upstream> clients)
      : on_(std::make_shared<line>(std::move(context), std::move(clients))) {
    const auto& owner = *on_->context->settings;
    const auto* reader = owner.receiver(service::dpe);
    rules_.receives = owner.dpe.enabled && reader && !reader->external;
    rules_.poll_interval = owner.dpe.poll_interval;
    rules_.quiet_poll_interval = owner.dpe.quiet_poll_interval;
  }

  ~dpe_port() override { dpe_port::stop_receiving(); }

  service which() const override { return service::dpe; }
  port_rules rules() const override { return rules_; }

  void send(sending what, done<result<sent_item>> then) override {
    auto parcel = make_dpe_parcel(what, on_->hub().time.now());
    if (!parcel) return then(parcel.error());
    run_on_network(on_->hub(),
                   send_parcel(on_, std::make_shared<const dpe_parcel>(*std::move(parcel))),
                   std::move(then));
  }
  void list(done<result<std::vector<waiting>>> then) override {
    run_on_network(on_->hub(), list_now(on_), std::move(then));
  }
  void fetch(waiting which, done<std::shared_ptr<fetched>> then) override {
    done<result<std::shared_ptr<fetched>>> judge = [then = std::move(then)](auto what) {
      if (what && *what) return then(*std::move(what));
      auto failed = std::make_shared<fetched>();
      failed->failure =
          what ? transient(http::http_errc::bad_answer, "nothing was fetched") : what.error();
      then(std::move(failed));
    };
    run_on_network(on_->hub(), fetch_now(on_, which.id), std::move(judge));
  }
  void confirm(waiting which, taken how, done<result<void>> then) override {
    run_on_network(on_->hub(), confirm_now(on_, which.id, how), std::move(then));
  }
  void stop_receiving() override {
    asio::co_spawn(on_->hub().network, give_back(on_), asio::detached);
  }

 private:
  line_ptr on_;
  port_rules rules_;
};

}  // namespace

std::shared_ptr<service_port> make_dpe_port(std::shared_ptr<organisation_context> context,
                                            std::shared_ptr<upstream> clients) {
  return std::make_shared<dpe_port>(std::move(context), std::move(clients));
}

}  // namespace kp::actors
