#pragma once

#include "config/error.hpp"
#include "protocol/dph/dph_error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The adapter's JSON (dph.md 4).

namespace kp::dph {

enum class transport_state { unconfirmed, acknowledged, rejected };
enum class receipt_state { ok, rejected, error_in_part };  // OK_ERROR_IN_MESSAGE_PART

struct transport_status {
  transport_state transport = transport_state::unconfirmed;
  std::optional<receipt_state> receipt;  // apprecStatus
};
// States that nobody has told of yet are left out. Error: dph_errc::bad_answer, retryable.
result<std::vector<transport_status>> parse_statuses(std::string_view json);

struct incoming {
  std::string id;                         // at NHN; receipts refer to it
  std::int64_t receiver = 0, sender = 0;  // HER-ids
  std::string document;                   // businessDocumentId, of MsgHead or AppRec
  bool is_receipt = false;                // isAppRec
};
// Items without an id are left out. Error: dph_errc::bad_answer, retryable.
result<std::vector<incoming>> parse_incoming(std::string_view json);

// What the adapter says is wrong. A body that is no ApiError has the code X99.
struct api_error {
  std::string code = "X99";  // code list 8221
  std::string text;          // without person numbers
};
api_error parse_api_error(std::string_view body);

// Whether a code is about the message itself, and not about the adapter, its user or the unknown
// (dph.md 4.2, 12 D4).
bool is_about_content(std::string_view code);

// {"id":"…"}, the request for one message.
std::string document_request(std::string_view id);

std::optional<receipt_state> parse_receipt_state(std::string_view text);
std::string_view to_string(receipt_state);

}  // namespace kp::dph
