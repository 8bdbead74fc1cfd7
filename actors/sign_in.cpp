#include "actors/sign_in.hpp"

#include "config/log.hpp"
#include "config/text.hpp"
#include "protocol/http/http_error.hpp"

#include <fmt/format.h>

#include <utility>

namespace kp::actors {

namespace {

// A sign-in that is not remembered costs scrypt, 16 MiB and some 50 ms; more at a time are turned
// away.
constexpr std::size_t max_password_checks = 16;

}  // namespace

struct sign_in::credentials {
  std::string user;
  std::string password;
};

std::optional<sign_in::credentials> sign_in::basic_credentials(const http::headers& headers) {
  const auto field = headers.find("Authorization");
  if (!field || field->size() < 6 || !equals_ignoring_case(field->substr(0, 6), "Basic "))
    return std::nullopt;
  const auto decoded = from_base64(field->substr(6));
  if (!decoded) return std::nullopt;
  const auto colon = decoded->find(':');
  if (colon == std::string::npos) return std::nullopt;
  return credentials{decoded->substr(0, colon), decoded->substr(colon + 1)};
}

// Tells sign-ins apart; a colon is in no user name, a slash in no scope.
std::string sign_in::key_of(const credentials& given, const scope& within) {
  return fmt::format("{}/{}/{}:{}", within.organisation ? within.organisation->to_string() : "",
                     within.channel ? within.channel->to_string() : "", given.user, given.password);
}

void sign_in::replace(std::shared_ptr<const tenants::directory> directory) {
  directory_ = std::move(directory);
}

http::awaitable<result<std::optional<sign_in::seat>>> sign_in::check_password(credentials given,
                                                                              scope within) {
  if (password_checks_ >= max_password_checks)
    co_return transient(http::http_errc::unavailable, "too many sign-ins at once");
  ++password_checks_;
  auto work = [asked = directory_, given = std::move(given), within = std::move(within)] {
    return asked->authenticate(given.user, given.password, within);
  };
  auto found = co_await http::on_workers(hub_->workers, std::move(work));
  --password_checks_;
  co_return found;
}

http::awaitable<result<std::optional<sign_in::seat>>> sign_in::authenticate(
    const http::request_head& head, const scope& within) {
  const auto given = basic_credentials(head.headers);
  if (!given || !directory_) co_return std::optional<seat>{};
  if (auto known = directory_->known(given->user, given->password, within)) co_return known;
  // All connections of a client that has just come sign in at once: one check serves them.
  std::function<http::awaitable<result<std::optional<seat>>>()> check =
      [this, given = *given, within] { return check_password(given, within); };
  auto outcome = co_await checks_.run(key_of(*given, within), std::move(check));
  if (!outcome) co_return outcome.error();
  const auto found = *std::move(outcome);
  if (!found) {
    const auto agent = head.headers.find("User-Agent").value_or("");
    log(log_level::warning, "sign-in refused",
        {{"user", given->user},
         {"address", head.remote_address},
         {"user_agent", std::string(agent)}});
  }
  co_return found;
}

}  // namespace kp::actors
