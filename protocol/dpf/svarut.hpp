#pragma once

#include "config/byte_io.hpp"
#include "protocol/crypto/certificate.hpp"
#include "protocol/dpf/forsendelse.hpp"
#include "protocol/http/client.hpp"

#include <functional>
#include <span>

// KS SvarUt as one sending organisation sees it, over either of its wire forms (dpf.md 6 and 7).

namespace kp::dpf {

// Opens the plain bytes of a document; called once.
using open_document = std::function<result<std::unique_ptr<byte_source>>()>;

// A forsendelse on the wire, with every document encrypted.
struct packed {
  std::string content_type;
  std::shared_ptr<const random_access_source> body;
};

// Errors of all calls: transport errors; http_errc::refused for what repeating does not cure, also
// when the fault of SOAP says so; a retry after an hour where an operator must act; else retryable.
// Lives on the network thread, but for pack().
class svarut {
 public:
  virtual ~svarut() = default;

  // Encrypts each document to the certificate of SvarUt (dpf.md 5.6) and writes all of it to a
  // spool of `spools`. Blocks: for worker threads. `boundary` is random text.
  virtual result<packed> pack(const forsendelse&, std::span<const open_document>,
                              const crypto::certificate& svaruts_own, spool_factory& spools,
                              const std::string& boundary) const = 0;

  // The id that SvarUt knows it by. A timeout or cut means that it may have been accepted.
  virtual http::awaitable<result<std::string>> send(packed, std::string id) = 0;
  // What is unknown there, or somebody else's, is left out of the answer.
  virtual http::awaitable<result<std::vector<delivery_status>>> statuses(
      std::vector<std::string> ids) = 0;
  // The ids of what was sent with this reference; empty when nothing was.
  virtual http::awaitable<result<std::vector<std::string>>> find(
      std::string external_reference) = 0;
  // What may stand as the type of a forsendelse.
  virtual http::awaitable<result<std::vector<std::string>>> types() = 0;
};

// Whether the failure of send() leaves open if SvarUt has it (dpf.md 6.3, 7.3).
bool may_have_been_accepted(const error&);
// Whether SvarUt said that it has the id already.
bool is_duplicate(const error&);

// How long a body of that size may take to be sent and answered (dpf.md 6.1: SvarUt closes after 15
// minutes of silence).
http::deadlines send_deadlines(std::uint64_t bytes);
inline constexpr std::chrono::seconds call_deadline{60};

// Copies a document into `to`, encrypted (dpf.md 5.6).
result<void> write_encrypted(const open_document&, const crypto::certificate&, byte_sink& to);

}  // namespace kp::dpf
