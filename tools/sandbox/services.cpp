#include "tools/sandbox/services.hpp"

namespace kp::sandbox {

namespace {
constexpr auto svarut_certificate_life = std::chrono::hours(24 * 3650);
}

result<std::unique_ptr<services>> services::make(parts from) {
  KP_TRY(auto signing, kp::sandbox::registry::make_signing(from.ca, from.time->now()));
  KP_TRY(auto svarut_key, rsa_key::generate());
  KP_TRY(auto svarut_own,
         from.ca.issue_for(svarut_key, "Sandbox SvarUt", from.time->now() - std::chrono::hours(24),
                           from.time->now() + svarut_certificate_life));
  return std::unique_ptr<services>(new services(std::move(from), std::move(signing),
                                                std::move(svarut_key), std::move(svarut_own)));
}

const rsa_key* services::stray_key() {
  if (!stray_)
    if (auto made = rsa_key::generate()) stray_ = *std::move(made);
  return stray_ ? &*stray_ : nullptr;
}

services::services(parts from, kp::sandbox::registry::signing signing, rsa_key svarut_key,
                   certificate svarut_own)
    : time(from.time),
      random(from.random),
      ca(from.ca),
      authority(ca, time),
      tokens(known, ca, time, *random, issuer{from.audience, from.maskinporten_key}),
      exchange(tokens.self(),
               issuer{from.base_url + "/authentication/api/v1/openid/", from.altinn_key}, time,
               *random),
      transfers(from.transfers, time, *random),
      broker(transfers, tokens.self(), exchange.self(), time, *random, from.resource),
      ks(svarut_state(std::move(svarut_key), std::move(svarut_own), time), known, tokens.self(),
         time, *random),
      registry(known, ca, tokens.self(), time, from.resource, from.base_url, ks.state(),
               std::move(signing)),
      statuses(tokens.self(), time),
      queues(known, time, *random),
      bus(queues, time),
      bus_control(queues, bus, known, ca, time, *random),
      letters(time, *random),
      post(letters, exchange.self(), known, time),
      digital_post(ca, time, *random),
      dpi(digital_post, known, ca, tokens.self(), time),
      health(ca, time, *random),
      dph(health, known, ca, tokens.self(), time),
      fiks_accounts(time, *random),
      fiks(fiks_accounts, tokens.self(), time, *random),
      fiks_peers(fiks_accounts, known, ca, time, *random) {
  registry.sas_key = [this] { return queues.key(); };
  registry.serve_citizens(residents, digital_post);
  registry.serve_health(health);
  ks.serve_at(from.base_url);
  ca.publish_list_at(from.base_url + std::string(revocation_list_path));
}

}  // namespace kp::sandbox
