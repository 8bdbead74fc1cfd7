#pragma once

#include "protocol/altinn/exchange.hpp"
#include "protocol/dpv/answers.hpp"

namespace kp::dpv {

inline constexpr std::string_view scope = "eformidling:dpv";

// Altinn 3 Correspondence as one organisation uses it (dpv.md 3). A 401 evicts the token and is
// tried once more. Errors: transport errors, those of tokens, and refusal(). Lives on the network
// thread.
class correspondence {
 public:
  correspondence(http::client& http, altinn::token_exchange& tokens, std::string base_url);

  enum class outcome { accepted, known_before };
  struct uploaded {
    outcome what = outcome::accepted;
    std::string id;  // of what was accepted
  };
  // `known_before`: the idempotency key has been used (409). A timeout or cut after the body has
  // left means that it may have been accepted.
  http::awaitable<result<uploaded>> upload(std::shared_ptr<const random_access_source> form,
                                           std::string boundary);
  // nullopt: it has been purged (404, 410).
  http::awaitable<result<std::optional<overview>>> find(std::string id);
  // The ids of correspondences with this idempotency key; where the service refuses to be asked
  // like that, of those with the key as reference, which is the same (3.5).
  http::awaitable<result<std::vector<std::string>>> search(std::string resource, std::string key);

 private:
  http::awaitable<result<http::response>> perform(http::request asked);
  http::awaitable<result<http::response>> get(std::string url);

  http::client& http_;
  altinn::token_exchange& tokens_;
  std::string base_url_;
};

}  // namespace kp::dpv
