#pragma once

#include "tools/sandbox/endpoint.hpp"
#include "tools/sandbox/http_types.hpp"

#include "config/error.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <vector>

namespace kp::sandbox {

inline constexpr std::size_t max_faults = 1'000;

enum class fault_kind {
  delay,            // delayMs, then as usual
  status,           // this status (retryAfter, body, contentType) instead of any effect
  cut,              // connection closed, no effect
  cut_after,        // effect, then connection closed without an answer
  truncate,         // half of the body, then closed
  reset_mid_body,   // half of the body (of the upload, or of the answer), then a TCP reset
  wrong_signature,  // token, JWT or registry answer signed by another key
  empty_body,
  malformed_json,  // half of the JSON, with a fitting Content-Length
  wrong_bytes,     // first byte of the body flipped
  malware,         // upload: accepted, and Failed once it is scanned
  null_field,      // member `field` of a JSON object answer becomes null
  remove_field,    // … is taken out
  remove_header,   // header `field` is taken out
};

struct fault {
  std::uint64_t id = 0;
  std::optional<endpoint> where;  // nullopt: every endpoint
  std::string organisation;       // empty: every organisation
  std::string transfer;           // empty: every transfer
  fault_kind kind = fault_kind::delay;
  std::uint64_t nth = 0, every = 0, count = 0;
  unsigned status = 500;
  std::optional<std::int64_t> retry_after;
  std::chrono::milliseconds delay{0};
  std::string body, content_type, field;
  std::uint64_t seen = 0, fired = 0;

  mishap as_mishap() const;
};

// What goes wrong on purpose. A fault counts the calls that fit it and strikes from the `nth`
// (default 1) on, `count` times (default once); or at every `every`th call, at most `count` times
// (default always).
class fault_list {
 public:
  // A fault as POST /control/faults takes it. Errors: sandbox_errc::invalid_request.
  result<std::uint64_t> add(const boost::json::object&);
  void clear() { faults_.clear(); }
  // The first that strikes this call; every fitting one counts it.
  std::optional<fault> strike(endpoint, std::string_view organisation, std::string_view transfer);
  boost::json::array describe() const;

 private:
  std::vector<fault> faults_;
  std::uint64_t next_id_ = 1;
};

// The answer of a status fault.
response canned_answer(const fault&);
// What a fault makes of a real answer.
response spoil(response, const fault&);

}  // namespace kp::sandbox
