#include "protocol/ks/call.hpp"

namespace kp::ks {

http::awaitable<result<http::response>> caller::send(std::string named, http::request asked) {
  return download(std::move(named), std::move(asked), nullptr, 0);
}

http::awaitable<result<http::response>> caller::download(std::string named, http::request asked,
                                                         std::shared_ptr<byte_sink> to,
                                                         std::uint64_t most) {
  for (bool again = false;; again = true) {
    auto token = co_await tokens_.get(how_.token);
    if (!token) co_return how_.without_token(token.error());
    auto attempt = asked;
    attempt.headers.add("Authorization", "Bearer " + token->value);
    attempt.headers.add("IntegrasjonId", how_.integration_id);
    attempt.headers.add("IntegrasjonPassord", how_.integration_password);
    result<http::response> answer = http::response{};
    if (to)
      answer = co_await http_.download(std::move(attempt), to, most);
    else
      answer = co_await http_.send(std::move(attempt));
    if (!answer) co_return with_context(answer.error(), named);
    if (answer->status != 401 || again) co_return answer;
    tokens_.forget(how_.token);
  }
}

}  // namespace kp::ks
