#pragma once

#include "protocol/altinn/exchange.hpp"
#include "protocol/dpv/answers.hpp"

#include <functional>

namespace kp::dpv {

inline constexpr std::string_view scope = "eformidling:dpv";

// The calls that are limited, each by itself.
enum class endpoint { upload, overview, search };
std::string_view to_string(endpoint);  // "correspondence upload", ...

// Waits for a turn among all who call the endpoint; an error means that it would come too late.
using permit = std::function<http::awaitable<result<void>>(endpoint)>;
// Told when the service itself answers 429, with its Retry-After: it sees one caller, Digdir's proxy,
// so everybody had better wait (dpv.md 2.2).
using limit_reached = std::function<void(endpoint, std::optional<std::chrono::seconds>)>;

// Altinn 3 Correspondence as one organisation uses it (dpv.md 3). A 401 evicts the token and is
// tried once more. Errors: transport errors, those of tokens, and refusal(). Lives on the network
// thread.
class correspondence {
 public:
  // Without `may` nobody waits for a turn.
  correspondence(http::client& http, altinn::token_exchange& tokens, std::string base_url,
                 permit may = {}, limit_reached told = {});

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
  http::awaitable<result<http::response>> perform(endpoint where, http::request asked);
  http::awaitable<result<http::response>> get(endpoint where, std::string url);

  http::client& http_;
  altinn::token_exchange& tokens_;
  std::string base_url_;
  permit may_;
  limit_reached told_;
};

}  // namespace kp::dpv
