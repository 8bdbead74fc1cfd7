#pragma once

#include "config/clock.hpp"
#include "config/token_issuer.hpp"
#include "protocol/http/client.hpp"

#include <openssl/types.h>

#include <memory>
#include <string>
#include <vector>

namespace kp::jwt {

// How long keys are used before they are asked for again, in the background.
inline constexpr std::chrono::minutes keys_stay{10};
// A token with an unknown key makes the keys be asked for anew, but not more often than this.
inline constexpr std::chrono::seconds between_fetches{30};
// Old keys serve while the issuer cannot be reached, but no longer than this.
inline constexpr std::chrono::hours keys_outlive_errors{24};

// One key of an issuer. Without `algorithm` any that fits it may be used.
struct issuer_key {
  std::string kid;
  std::string algorithm;
  std::shared_ptr<EVP_PKEY> key;
};

// The keys (JWKS, RFC 7517) that an issuer publishes, fetched when they are needed. Lives on the
// network thread; `http` and `time` outlive it.
class issuer_keys {
 public:
  issuer_keys(http::client& http, const clock& time, token_issuer by);

  // Those of this `kid`, or all when it is empty; perhaps none. no_keys (transient) when there are
  // none to be had.
  http::awaitable<result<std::vector<issuer_key>>> find(std::string kid);

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace kp::jwt
