#include "tools/sandbox/altinn_exchange.hpp"

#include "config/text.hpp"
#include "tools/sandbox/answers.hpp"

namespace kp::sandbox {

namespace {
constexpr std::chrono::seconds lifetime{1800};
}

response altinn_exchange::exchange(const request& call, const rsa_key* signer) const {
  const auto bearer = call.bearer();
  auto claims = bearer ? verified_claims(*bearer, maskinporten_, time_.now()) : std::nullopt;
  const auto consumer = claims ? iso6523_at(*claims, "consumer") : std::nullopt;
  if (!consumer) return empty_answer(401);
  for (const auto* dropped : {"aud", "iss", "client_amr", "sid"}) claims->erase(dropped);
  const auto now = epoch_seconds(time_.now());
  (*claims)["iss"] = self_.name;
  (*claims)["sid"] = random_.uuid();
  (*claims)["jti"] = random_.uuid();
  (*claims)["iat"] = now;
  (*claims)["nbf"] = now;
  (*claims)["exp"] = now + lifetime.count();
  (*claims)["urn:altinn:orgNumber"] = *consumer;
  (*claims)["urn:altinn:authenticatemethod"] = "maskinporten";
  (*claims)["urn:altinn:authlevel"] = 3;
  response out;
  out.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  out.body =
      make_jwt(signer ? *signer : self_.key, {{"kid", self_.key_id()}, {"typ", "JWT"}}, *claims);
  return out;
}

}  // namespace kp::sandbox
