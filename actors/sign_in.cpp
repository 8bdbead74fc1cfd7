#include "actors/sign_in.hpp"

#include "config/log.hpp"
#include "config/text.hpp"
#include "protocol/http/authorization.hpp"
#include "protocol/http/http_error.hpp"
#include "protocol/jwt/verifier.hpp"
#include "tenants/api_key.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>

#include <fmt/format.h>

#include <utility>

namespace kp::actors {

namespace {

// A sign-in that is not remembered costs scrypt, 16 MiB and some 50 ms; more at a time are turned
// away.
constexpr std::size_t max_password_checks = 16;
constexpr std::size_t longest_logged = 200;

// What strangers wrote, for the log: bounded, without control characters.
std::string logged(std::string_view text) {
  std::string out(text.substr(0, longest_logged));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  if (is_utf8(out)) return out;
  for (char& c : out)
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  return out;
}

// Tells sign-ins apart; a colon is in no user name, a slash in no scope and no address.
std::string key_of(const http::basic_credentials& given, const tenants::directory::scope& within,
                   std::string_view address) {
  return fmt::format("{}/{}/{}/{}:{}", address,
                     within.organisation ? within.organisation->to_string() : "",
                     within.channel ? within.channel->to_string() : "", given.user, given.password);
}

// An address that may have a password checked, for as long as it lives.
class admitted {
 public:
  admitted(sign_in_guard& by, const std::string& address) : by_(by), address_(address) {}
  admitted(const admitted&) = delete;
  admitted& operator=(const admitted&) = delete;
  ~admitted() { by_.leave(address_); }

 private:
  sign_in_guard& by_;
  const std::string& address_;
};

}  // namespace

sign_in::sign_in(std::shared_ptr<hub_context> hub) : hub_(std::move(hub)), guard_(hub_->time) {
  const auto& trusted = hub_->settings.token_issuers;
  if (hub_->http && !trusted.empty())
    tokens_ = std::make_unique<jwt::verifier>(*hub_->http, hub_->time, trusted);
}

sign_in::~sign_in() = default;

void sign_in::replace(std::shared_ptr<const tenants::directory> directory) {
  directory_ = std::move(directory);
}

http::awaitable<sign_in::found> sign_in::authenticate(const http::request_head& head,
                                                      const scope& within) {
  if (!directory_) co_return std::optional<seat>{};
  origin from{head.remote_address, logged(head.headers.find("User-Agent").value_or(""))};
  const auto given = http::read_authorization(head.headers);
  if (const auto* basic = std::get_if<http::basic_credentials>(&given))
    co_return co_await by_password(*basic, within, std::move(from));
  if (const auto* bearer = std::get_if<http::bearer_credentials>(&given)) {
    const auto id = tenants::api_key_id(bearer->token);
    if (!id) co_return co_await by_token(bearer->token, within, std::move(from));
    auto holder = directory_->with_api_key(bearer->token, within);
    if (holder) co_return holder;
    refusal no;
    no.who = no.user = std::string(*id);
    no.why = "no such API key here";
    co_return co_await refused(std::move(no), std::move(from));
  }
  refusal no;
  if (std::holds_alternative<http::bad_credentials>(given)) {
    no.why = "the Authorization field is not understood";
    co_return co_await refused(std::move(no), std::move(from));
  }
  if (!head.client) co_return std::optional<seat>{};
  auto holder = directory_->with_certificate(head.client->sha256, head.client->subject, within);
  if (holder) co_return holder;
  no.who = logged(head.client->subject);
  no.user = head.client->sha256;
  no.why = "no such client certificate here";
  co_return co_await refused(std::move(no), std::move(from));
}

http::awaitable<sign_in::found> sign_in::by_password(http::basic_credentials given, scope within,
                                                     origin from) {
  if (auto known = directory_->known(given.user, given.password, within)) co_return known;
  // All connections of a client that has just come sign in at once: one check serves them.
  auto key = key_of(given, within, from.address);
  std::function<http::awaitable<found>()> check =
      [this, given = std::move(given), within = std::move(within), from = std::move(from)] {
        return check_password(given, within, from);
      };
  co_return co_await checks_.run(std::move(key), std::move(check));
}

http::awaitable<sign_in::found> sign_in::check_password(http::basic_credentials given, scope within,
                                                        origin from) {
  if (password_checks_ >= max_password_checks)
    co_return transient(http::http_errc::unavailable, "too many sign-ins at once");
  if (!guard_.enter(from.address))
    co_return transient(http::http_errc::rate_limited,
                        "Too many sign-ins from this address have failed");
  // Also while the refusal is held back: that is what makes guessing slow.
  const admitted here(guard_, from.address);
  ++password_checks_;
  std::string user = given.user;
  auto work = [asked = directory_, given = std::move(given), within = std::move(within)] {
    return asked->authenticate(given.user, given.password, within);
  };
  auto holder = co_await http::on_workers(hub_->workers, std::move(work));
  --password_checks_;
  if (holder) co_return holder;
  refusal no;
  no.who = logged(user);
  no.user = std::move(user);
  no.why = "unknown user or wrong password";
  co_return co_await refused(std::move(no), from);
}

http::awaitable<sign_in::found> sign_in::by_token(std::string token, scope within, origin from) {
  refusal no;
  if (!tokens_) {
    no.why = "the hub trusts no token issuer";
    co_return co_await refused(std::move(no), std::move(from));
  }
  auto verified = co_await tokens_->verify(std::move(token));
  if (!verified) {
    if (verified.error().retryable) co_return verified.error();
    no.why = verified.error().message;
    co_return co_await refused(std::move(no), std::move(from));
  }
  const auto& holder = verified->holder;
  const tenants::directory::token_holder asks{verified->issuer, holder.scopes, holder.consumer,
                                              holder.client_id};
  auto seats = directory_->with_token(asks, within);
  if (seats.size() == 1) co_return std::optional<seat>(std::move(seats.front()));
  no.who = logged(holder.consumer + " " + holder.client_id);
  no.why = seats.empty() ? "the token fits no channel here"
                         : "the token fits several channels; name one in the path, "
                           "/organisation/channel/api/";
  co_return co_await refused(std::move(no), std::move(from));
}

http::awaitable<sign_in::found> sign_in::refused(refusal what, origin from) {
  const auto delay = guard_.failed(from.address, what.user);
  log(log_level::warning, "sign-in refused",
      {{"user", what.who},
       {"address", from.address},
       {"user_agent", from.agent},
       {"reason", what.why}});
  if (delay.count() > 0) {
    http::asio::steady_timer timer(co_await http::asio::this_coro::executor, delay);
    co_await timer.async_wait(http::asio::as_tuple(http::asio::use_awaitable));
  }
  co_return std::optional<seat>{};
}

}  // namespace kp::actors
