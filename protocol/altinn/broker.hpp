#pragma once

#include "protocol/altinn/exchange.hpp"

#include <functional>

// Altinn 3 Broker (dpo.md 3). Nothing outside this folder knows its JSON.

namespace kp::altinn {

// The endpoints with a rate limit of their own (dpo.md 3.7).
enum class broker_endpoint { initialize, upload, search, overview, download, confirm };
std::string_view to_string(broker_endpoint);

// Broker's error codes (dpo.md 3.6), kept in the message as "BRO-000NN".
struct initialize_request {
  std::string resource_id;
  std::string senders_reference;     // sendersFileTransferReference
  std::string sender, recipient;     // "0192:910077473"
  std::optional<std::string> checksum;
};

enum class recipient_status { initialized, download_started };

struct overview {
  std::string id;
  std::optional<std::string> senders_reference;
  std::string sender;
  std::string status;                // fileTransferStatus: Published, ...
  std::string status_text;
  std::optional<time_point> created;
  std::uint64_t size = 0;
  std::vector<std::pair<std::string, std::string>> recipients;  // recipient, current status
};

// Waits for its turn under the national rate limits; an error means that the turn did not come before
// the deadline.
using permit = std::function<http::awaitable<result<void>>(broker_endpoint)>;

// Told when Broker itself answers 429, with its Retry-After: the limits are the client's, so others
// who share it had better wait too.
using limit_reached =
    std::function<void(broker_endpoint, std::optional<std::chrono::seconds> retry_after)>;

// Broker as one system user sees it. A 401 evicts the token and is tried once more. Errors:
// transport errors and http_errc::refused / unauthorized / rate_limited / unavailable, with Broker's
// code and detail in the message. Lives on the network thread.
class broker {
 public:
  broker(http::client& http, token_exchange& tokens, maskinporten::system_user as,
         std::string base_url, permit may, limit_reached told = {});
  http::awaitable<result<std::string>> initialize(const initialize_request&);  // fileTransferId
  // A timeout or cut after the body has left means it may have been accepted.
  http::awaitable<result<void>> upload(std::string id, std::shared_ptr<const random_access_source>);
  http::awaitable<result<std::vector<std::string>>> search(std::string resource_id, recipient_status);
  http::awaitable<result<altinn::overview>> overview(std::string id);
  http::awaitable<result<void>> download(std::string id, std::shared_ptr<byte_sink> to,
                                         std::uint64_t max_bytes);
  // Success also when it has been confirmed before (400 code 10 after an AllConfirmedDownloaded).
  http::awaitable<result<void>> confirm(std::string id);

 private:
  struct call;
  http::awaitable<result<http::response>> perform(call what);

  http::client& http_;
  token_exchange& tokens_;
  maskinporten::system_user as_;
  std::string base_url_;
  permit may_;
  limit_reached told_;
};

}  // namespace kp::altinn
