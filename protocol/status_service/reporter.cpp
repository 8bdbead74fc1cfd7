#include "protocol/status_service/reporter.hpp"

namespace kp::status_service {

http::awaitable<outcome> report(wire& to, maskinporten::client& tokens,
                                std::vector<std::string> scopes, std::string document) {
  maskinporten::token_request wanted;
  wanted.scopes = std::move(scopes);
  for (bool again = false;; again = true) {
    const auto token = co_await tokens.get(wanted);
    if (!token)
      co_return judge_failure(with_context(token.error(), "a token for the status service"));
    auto made = co_await to.deliver(document, token->value);
    if (made.what != verdict::unauthorized) co_return made;
    tokens.forget(wanted);
    if (again) co_return made;
  }
}

}  // namespace kp::status_service
