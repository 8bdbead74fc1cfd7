#include "config/text.hpp"
#include "protocol/rsocket/client.hpp"
#include "protocol/rsocket/composite_metadata.hpp"
#include "protocol/status_service/wire.hpp"

#include <algorithm>
#include <array>

namespace kp::status_service {

namespace {

constexpr std::string_view route = "log-fire";

// 5.4: what an application error says when it is about the token. Other handlers' failures may
// pass, except that there is no such handler.
constexpr std::array<std::string_view, 5> about_tokens{"denied", "expired", "jwt", "token",
                                                       "unauthorized"};
constexpr std::string_view about_route = "no handler";

verdict judge_application_error(const std::string& text) {
  const auto lower = to_lower(text);
  const auto says = [&](std::string_view word) { return lower.find(word) != std::string::npos; };
  if (std::ranges::any_of(about_tokens, says)) return verdict::unauthorized;
  return says(about_route) ? verdict::misconfigured : verdict::unavailable;
}

outcome judge(const error& why) {
  using rsocket::rsocket_errc;
  if (why.code == rsocket_errc::application)
    return {judge_application_error(why.message), why.message, {}};
  if (why.code == rsocket_errc::invalid || why.code == rsocket_errc::too_large)
    return {verdict::refused, why.message, {}};
  return judge_failure(why);
}

class rsocket_wire final : public wire {
 public:
  rsocket_wire(std::unique_ptr<rsocket::client> over, bool waits)
      : over_(std::move(over)), waits_(waits) {}

  http::awaitable<outcome> deliver(std::string document, std::string token) override {
    const auto metadata = rsocket::route_and_bearer(route, token);
    for (bool again = false;; again = true) {
      auto sending = waits_ ? over_->request(metadata, document) : over_->fire(metadata, document);
      const auto sent = co_await std::move(sending);
      if (sent) co_return outcome{verdict::taken, {}, {}};
      // Most often a connection that the other side had given up; a repetition does no harm.
      if (again || sent.error().code != rsocket::rsocket_errc::closed)
        co_return judge(sent.error());
    }
  }

 private:
  const std::unique_ptr<rsocket::client> over_;
  const bool waits_;
};

}  // namespace

std::unique_ptr<wire> make_rsocket_wire(std::unique_ptr<rsocket::client> over, bool waits) {
  return std::make_unique<rsocket_wire>(std::move(over), waits);
}

}  // namespace kp::status_service
