#pragma once

#include "config/byte_io.hpp"
#include "protocol/crypto/certificate.hpp"
#include "protocol/http/client.hpp"
#include "protocol/ks/call.hpp"
#include "protocol/maskinporten/maskinporten.hpp"

#include <chrono>
#include <map>

namespace kp::dpfio {

inline constexpr std::string_view scope = "ks:fiks";  // of tokens (dpfio.md 5)

struct fiks_io_settings {
  std::string base_url;  // https://api.fiks.ks.no
  std::string integration_id;
  std::string integration_password;
};

// What is sent, beside the encrypted container (dpfio.md 5.1).
struct outgoing {
  std::string from, to;  // accounts
  std::string type;
  std::optional<std::string> reply_to;           // id at FIKS IO of the message that is answered
  std::optional<std::chrono::milliseconds> ttl;  // at least a second; absent: seven days
  std::map<std::string, std::string> headers;    // klientMeldingId, ...
};
struct accepted {
  // At FIKS IO. Empty when the message was accepted, but the answer could not be read to its end:
  // it must not be sent again for that.
  std::string id;
  std::string answer;  // as it came, cut
};

// An account of the catalogue (dpfio.md 5.2).
struct account {
  std::string id, name;
  std::string organisation;  // nine digits, or ""
  std::string organisation_name;
  bool valid_sender = false, valid_receiver = false;
  std::string note;  // why not
};
// Whose account for messages of a type is asked for.
struct wanted_account {
  std::string organisation;  // nine digits
  std::string type;
  int security_level = 3;
};

// FIKS IO by HTTPS: sending, the catalogue, and what was too large for the queue. A 401 evicts the
// token and is tried once more. Refused credentials are http_errc::unauthorized and retryable after
// a rest, since an operator may cure them; what else is refused with 4xx is permanent. `http`,
// `tokens` and `time` must outlive it. Lives on the network thread.
class fiks_io {
 public:
  static constexpr std::chrono::minutes remember_key{10};  // dpfio.md 5.2
  static constexpr std::size_t most_keys = 100;

  fiks_io(http::client& http, maskinporten::client& tokens, const clock& time,
          fiks_io_settings settings);

  // `data`: the encrypted container, or nullptr. `unique` names the part and its boundary; letters,
  // digits and hyphens. FIKS IO cannot be asked whether it has a message, so one whose answer was
  // lost is sent twice (dpfio.md 5.1).
  http::awaitable<result<accepted>> send(outgoing what,
                                         std::shared_ptr<const random_access_source> data,
                                         std::string unique);

  // Errors beside those above: unknown_account (permanent).
  http::awaitable<result<account>> find(std::string id);
  http::awaitable<result<account>> find(wanted_account whose);
  // The certificate to encrypt to, at most ten minutes old. Errors: no_key (retryable: its owner
  // may put one there), unknown_account.
  http::awaitable<result<crypto::certificate>> key(std::string account_id);

  // The encrypted container of a message that names it (dokumentlager-id), dpfio.md 5.3. A 404 is
  // http_errc::refused: it is there no more.
  http::awaitable<result<void>> download(std::string id, std::shared_ptr<byte_sink> to,
                                         std::uint64_t most);

 private:
  http::request request(std::string method, const std::string& path) const;
  http::awaitable<result<http::response>> perform(std::string what, http::request asked,
                                                  bool may_be_absent);
  http::awaitable<result<account>> account_at(std::string path);

  struct known_key {
    crypto::certificate certificate;
    time_point until;
  };
  http::client& http_;
  const clock& time_;
  std::string base_url_;
  ks::caller calls_;
  std::map<std::string, known_key> keys_;
};

// The token that both halves of FIKS IO are asked with.
maskinporten::token_request token_wanted();

}  // namespace kp::dpfio
