#pragma once

#include "protocol/dpe/sas_keys.hpp"
#include "tests/protocol/maskinporten/national_services.hpp"

#include <atomic>
#include <optional>

namespace kp::test {

inline const std::shared_ptr<EVP_PKEY>& registry_key() {
  static const std::shared_ptr<EVP_PKEY> made(EVP_RSA_gen(2048), EVP_PKEY_free);
  return made;
}

// The key of the Service Bus, from Maskinporten and a registry that answer well; what anybody else
// answers is the test's.
struct key_desk {
  explicit key_desk(national_services::script plays, std::optional<std::string> stored = {})
      : services([this, plays = std::move(plays)](const seen_request& seen) {
          if (seen.target == "/token") return answer(200, token_answer("mp", 120));
          if (seen.target == "/registry/jwk") {
            auto jwk = crypto::jwk_from_rsa_key(registry_key().get());
            jwk["kid"] = "one";
            return answer(200, boost::json::serialize(boost::json::object{
                                   {"keys", boost::json::array{std::move(jwk)}}}));
          }
          if (seen.target == "/registry/sastoken") {
            if (registry_status != 200) return answer(registry_status);
            return answer(
                200, *crypto::sign_jws({{"kid", "one"}}, key, crypto::private_key(registry_key())));
          }
          return plays(seen);
        }) {
    static const auto keystore = make_keystore();
    maskinporten::client_settings settings;
    settings.token_url = services.url("/token");
    settings.audience = "https://test.maskinporten.no/";
    settings.client_id = "MOVE_IP_910077473";
    maskinporten.emplace(services.client(), services.workers(), time, *random, settings, keystore);
    signed_by.emplace(services.client(), time, services.url("/registry/jwk"));
    keys.emplace(services.client(), time, *maskinporten, *signed_by,
                 dpe::sas_key_settings{services.url("/registry"), std::move(stored),
                                       [this](const std::string& k) { kept.push_back(k); }});
  }
  template <class T>
  T run(http::awaitable<T> coroutine) {
    return services.on().run(std::move(coroutine));
  }

  std::string key = "Rml4dHVyZUtleQ==";
  std::atomic<unsigned> registry_status = 200;
  std::vector<std::string> kept;
  manual_clock time{noon};
  std::shared_ptr<random_source> random = make_seeded_random(1);
  national_services services;
  std::optional<maskinporten::client> maskinporten;
  std::optional<registry::signing_keys> signed_by;
  std::optional<dpe::sas_keys> keys;
};

}  // namespace kp::test
