#include "actors/dpi_port.hpp"

#include "actors/dpi_letter.hpp"
#include "actors/network_call.hpp"
#include "actors/signer_judge.hpp"
#include "config/crash_point.hpp"
#include "config/log.hpp"
#include "protocol/dpi/print_certificate.hpp"
#include "protocol/http/http_error.hpp"

#include <fmt/format.h>

namespace kp::actors {

namespace {

using http::http_errc;

// Clients of one organisation; made at first use, on the network thread, where they live.
struct dpi_clients {
  dpi_clients(const organisation_context& in, const upstream& of)
      : tokens(*in.hub->http, in.hub->workers, in.hub->time, in.hub->random, settings_of(in),
               std::make_shared<crypto::keystore>(of.keys())),
        corner2(*in.hub->http, tokens, in.hub->settings.national.dpi_url),
        printers(*in.hub->http, in.hub->time, in.hub->settings.national.print_certificate_url) {}

  static maskinporten::client_settings settings_of(const organisation_context& in) {
    const auto& national = in.hub->settings.national;
    maskinporten::client_settings out;
    out.token_url = national.maskinporten_token_url;
    out.audience = national.maskinporten_audience;
    out.client_id =
        in.settings->dpi.maskinporten_client_id.value_or(in.settings->maskinporten_client_id);
    out.sends_own_consumer = in.settings->dpi.sends_own_consumer;
    return out;
  }

  maskinporten::client tokens;
  dpi::corner2 corner2;
  dpi::print_certificates printers;
};

// What one operation needs, alive until it has ended.
struct line {
  std::shared_ptr<organisation_context> context;
  std::shared_ptr<upstream> clients;
  std::shared_ptr<std::unique_ptr<dpi_clients>> own =
      std::make_shared<std::unique_ptr<dpi_clients>>();

  hub_context& hub() const { return *context->hub; }
  dpi_clients& dpi() const {
    if (!*own) *own = std::make_unique<dpi_clients>(*context, *clients);
    return **own;
  }
};

// A key store or token that cannot be had now is for an operator to cure: what waits for it is not
// given up.
error worth_a_retry(error why) {
  why.retryable = true;
  return why;
}

// Only what corner 2 itself refuses is final.
error judged(error why) {
  return why.message.starts_with("DPI ") ? why : worth_a_retry(std::move(why));
}

http::awaitable<result<void>> ready(line on) {
  auto opened = co_await on.clients->ready();
  if (!opened) co_return worth_a_retry(opened.error());
  co_return result<void>{};
}

http::awaitable<result<dpi_addressee>> find_addressee(line on,
                                                      std::shared_ptr<const dpi_letter> letter) {
  std::optional<registry::answer> answer;
  if (letter->lookup) {
    auto found = co_await on.clients->registry().find(*letter->lookup);
    const bool unknown =
        !found && found.error().code == make_error_code(registry::registry_errc::not_found);
    if (!found && !unknown) co_return worth_a_retry(found.error());
    // A printed letter has its address; the registry only adds to it.
    if (!found && !letter->print) co_return found.error();
    if (found) answer = *std::move(found);
  }
  KP_CO_TRY(auto to, address_letter(*on.context, *letter, answer));
  if (!letter->print) co_return to;
  auto printer = co_await on.dpi().printers.get();
  if (!printer) co_return worth_a_retry(printer.error());
  to.to.organisation = printer->organisation;
  to.certificate = printer->certificate;
  co_return to;
}

// Corner 2 has it: an attempt whose answer was lost, or an earlier life of this hub, brought it.
http::awaitable<bool> has_arrived(line on, std::string message) {
  const auto said = co_await on.dpi().corner2.statuses(message);
  const bool has = said && !said->empty();
  if (has)
    log(log_level::warning, "the answer to a shipment was lost, but corner 2 has it",
        {{"organisation", on.context->id().to_string()},
         {"service", "DPI"},
         {"message_id", message}});
  co_return has;
}

// Document and token of one attempt. A token is refused once at most; then a new one is signed in.
http::awaitable<result<void>> hand_over(line on, std::shared_ptr<const dpi_letter> letter,
                                        std::shared_ptr<const dpi_addressee> to,
                                        dpi::package packed) {
  auto& corner2 = on.dpi().corner2;
  const auto needed = dpi::corner2::time_for(packed.cms->size());
  for (bool again = false;; again = true) {
    auto token = co_await corner2.sending_token(letter->from.sender, on.hub().time, needed);
    if (!token) co_return worth_a_retry(token.error());
    auto make = [on, letter, to, digest = packed.digest, value = *token]() -> result<std::string> {
      const dpi::proof of{digest, value};
      KP_TRY(const auto message, dpi::make_business_message(letter->document, letter->from, to->to,
                                                            of, on.hub().time.now()));
      return dpi::sign(message, on.clients->keys());
    };
    auto jws = co_await http::on_workers(on.hub().workers, std::move(make));
    if (!jws) co_return jws.error();
    dpi::shipment what;
    what.jws = *std::move(jws);
    what.package = packed.cms;
    what.channel = letter->channel;
    what.token = *token;
    what.boundary = "kp-" + on.hub().random.uuid();
    auto sent = co_await corner2.send(std::move(what));
    if (sent) co_return sent;
    if (sent.error().code != make_error_code(http_errc::unauthorized) || again)
      co_return judged(sent.error());
    corner2.forget_sending_token(letter->from.sender);
  }
}

// The answer was lost; or the message id is refused because corner 2 has seen it before.
bool may_have_arrived(const error& why) {
  for (const auto code :
       {http_errc::timeout, http_errc::cut, http_errc::unavailable, http_errc::refused})
    if (why.code == make_error_code(code)) return true;
  return false;
}

http::awaitable<result<sent_item>> send_now(line on, sending what) {
  KP_CO_CHECK(co_await ready(on));
  if (!what.message)
    co_return permanent(dpi::dpi_errc::invalid_document, "DPI sends messages alone");
  auto made = make_letter(*what.context, what.item, *what.message);
  if (!made) co_return made.error();
  sent_item out;
  out.external_id = what.item.message.to_string();
  out.follow = true;
  if (what.item.attempts > 0) {
    const bool arrived = co_await has_arrived(on, out.external_id);
    if (arrived) co_return out;
  }
  const auto letter = std::make_shared<const dpi_letter>(*std::move(made));
  auto addressee = co_await find_addressee(on, letter);
  if (!addressee) co_return addressee.error();
  const auto to = std::make_shared<const dpi_addressee>(*std::move(addressee));
  auto work = [on, letter, to] {
    return pack_letter(*on.context, *letter, *to, on.clients->keys());
  };
  auto packed = co_await http::on_workers(on.hub().workers, std::move(work));
  if (!packed) co_return packed.error();
  auto sent = co_await hand_over(on, letter, to, *std::move(packed));
  if (!sent) {
    const auto why = sent.error();
    bool arrived = false;
    if (may_have_arrived(why)) arrived = co_await has_arrived(on, out.external_id);
    if (!arrived) co_return why;
  }
  crash_point("sent-before-commit");
  co_return out;
}

http::awaitable<result<std::vector<progress>>> follow_now(line on,
                                                          std::vector<storage::tracked> which) {
  KP_CO_CHECK(co_await ready(on));
  std::vector<progress> out;
  for (const auto& each : which) {
    auto id = each.message.to_string();
    auto said = co_await on.dpi().corner2.statuses(std::move(id));
    if (said) {
      out.push_back(progress_of(each.message, *said, on.hub().time.now()));
    } else {
      progress failed{each.message};
      failed.failure = said.error();
      out.push_back(std::move(failed));
    }
  }
  co_return out;
}

result<std::vector<polled_receipt>> open_all(const std::vector<std::string>& found,
                                             signer_judge& judge) {
  std::vector<polled_receipt> out;
  if (found.empty()) return out;
  KP_CHECK(judge.load());
  const dpi::certificate_check trusts = [&](const crypto::certificate& leaf) {
    return judge.judge(leaf);
  };
  for (const auto& jws : found) out.push_back({jws, dpi::open_receipt(jws, trusts)});
  return out;
}

http::awaitable<result<std::vector<polled_receipt>>> receipts_now(line on, dpi::inbox_page page) {
  KP_CO_CHECK(co_await ready(on));
  auto found = co_await on.dpi().corner2.inbox(std::move(page));
  if (!found) co_return found.error();
  auto work = [all = *std::move(found)](signer_judge& judge) { return open_all(all, judge); };
  co_return co_await with_signer_judge(on.hub(), std::move(work));
}

http::awaitable<result<void>> read_now(line on, std::string receipt) {
  KP_CO_CHECK(co_await ready(on));
  co_return co_await on.dpi().corner2.mark_read(std::move(receipt));
}

class network_port final : public dpi_port {
 public:
  explicit network_port(line on) : on_(std::move(on)) {}

  port_rules rules() const override {
    port_rules out;
    out.follows = true;
    return out;
  }
  void send(sending what, done<result<sent_item>> then) override {
    run_on_network(on_.hub(), send_now(on_, std::move(what)), std::move(then));
  }
  void follow(std::vector<storage::tracked> which,
              done<result<std::vector<progress>>> then) override {
    run_on_network(on_.hub(), follow_now(on_, std::move(which)), std::move(then));
  }
  void receipts(std::optional<std::string> channel, std::optional<std::size_t> page,
                done<result<std::vector<polled_receipt>>> then) override {
    dpi::inbox_page asked;
    asked.channel = std::move(channel);
    asked.size = page_size;
    asked.number = page;
    run_on_network(on_.hub(), receipts_now(on_, std::move(asked)), std::move(then));
  }
  void mark_read(std::string receipt, done<result<void>> then) override {
    run_on_network(on_.hub(), read_now(on_, std::move(receipt)), std::move(then));
  }

 private:
  line on_;
};

}  // namespace

std::shared_ptr<dpi_port> make_dpi_port(std::shared_ptr<organisation_context> context,
                                        std::shared_ptr<upstream> clients) {
  return std::make_shared<network_port>(line{std::move(context), std::move(clients)});
}

}  // namespace kp::actors
