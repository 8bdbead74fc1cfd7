#pragma once

#include "protocol/dph/answers.hpp"
#include "protocol/dph/parts.hpp"
#include "protocol/http/client.hpp"
#include "protocol/maskinporten/maskinporten.hpp"

// The NHN adapter (dph.md 2 to 4). Nothing outside this folder knows its HTTP.

namespace kp::dph {

inline constexpr std::string_view token_scope = "eformidling:dph";
// Digdir, which runs the adapter: with its certificate requests are sealed and answers signed.
inline constexpr const char* adapter_organisation = "991825827";

struct outgoing {
  std::string owner;    // nine digits: who owns the HER-id that sends
  std::string message;  // forretningsmelding, a compact JWE
  std::shared_ptr<const random_access_source> package = {};  // none with a receipt
  std::string boundary;  // of letters, digits and hyphens, and in neither part
};

// What came of asking for one message: its parts, or why the adapter gives it to nobody.
struct received {
  std::optional<message_parts> parts;
  std::optional<api_error> refusal;  // a 4xx about this message; nothing is said of authority
  bool gone = false;                 // the refusal says that there is no such message (any more)
};

// The adapter as the organisations see it that own HER-ids: `owner` is nine digits, and every call
// has a token of its own owner. A 401 evicts the token and is tried once more. What is asked is
// tried up to four times when the adapter answers 5xx; send() is tried once, since the adapter
// cannot tell a repetition (dph.md 4.1). Errors: transport errors, and http_errc::refused,
// unauthorized, rate_limited, unavailable with the adapter's words; a token that is not given is
// retryable. Lives on the network thread.
class adapter {
 public:
  static constexpr int attempts = 4;
  // Of one message with its attachments, sealed (dph.md 5.2).
  static constexpr std::uint64_t longest_answer = 80ull * 1024 * 1024;

  adapter(http::client& http, http::asio::thread_pool& workers, maskinporten::client& tokens,
          spool_factory& spools, std::string base_url);

  // The reference of what was sent; nullopt when the adapter accepted it and answered with
  // something else. With http_errc::timeout (a 504 too) or cut it may have been accepted.
  http::awaitable<result<std::optional<std::string>>> send(outgoing what);
  http::awaitable<result<std::vector<transport_status>>> statuses(std::string owner,
                                                                  std::string reference);
  // What waits for this HER-id and no other.
  http::awaitable<result<std::vector<incoming>>> list(std::string owner, std::int64_t her_id);
  // `request` is the sealed document_request().
  http::awaitable<result<received>> receive(std::string owner, std::string request);
  // NHN gives it to nobody any more. Success also when it has been read before (404).
  http::awaitable<result<void>> mark_read(std::string owner, std::string id, std::int64_t her_id);

 private:
  struct answered {
    http::response response;
    std::shared_ptr<spool> body;  // of a 2xx answer that was downloaded
  };
  // With token, repetitions and, when `download`, the body on a spool.
  http::awaitable<result<answered>> perform(std::string owner, http::request what, int tries,
                                            bool download = false);
  http::awaitable<result<answered>> once(const std::string& token, http::request what,
                                         bool download);

  http::client& http_;
  http::asio::thread_pool& workers_;
  maskinporten::client& tokens_;
  spool_factory& spools_;
  std::string base_url_;
};

}  // namespace kp::dph
