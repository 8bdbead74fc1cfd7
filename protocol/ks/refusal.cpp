#include "protocol/ks/refusal.hpp"

#include "protocol/maskinporten/json.hpp"

namespace kp::ks {

error refusal(std::string_view what, const http::response& answer) {
  http::response shown;
  shown.status = answer.status;
  shown.headers = answer.headers;
  const auto value = json::parse(answer.body);
  if (!value)
    shown.body = answer.body;
  else
    for (const auto* member : {"message", "error", "errorCode"})
      if (const auto text = json::text(*value, member); text && shown.body.empty())
        shown.body = *text;
  return http::to_error(what, shown);
}

bool is_of_credentials(const http::response& answer) {
  return answer.status == 401 || answer.status == 403;
}

}  // namespace kp::ks
