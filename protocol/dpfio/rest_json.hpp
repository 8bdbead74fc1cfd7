#pragma once

#include "protocol/dpfio/fiks_io.hpp"

// The JSON of FIKS IO (dpfio.md 5). For this folder alone.

namespace kp::dpfio {

std::string metadata_json(const outgoing&);
// The id in the answer to send; "" when there is none.
std::string accepted_id(std::string_view body);
// bad_answer, retryable, when it is no account.
result<account> parse_account(std::string_view body);

struct public_key {
  std::string pem;
  bool valid = false;
  std::string note;
};
result<public_key> parse_key(std::string_view body);

// Of an answer that is not 2xx, with the sentence of FIKS IO.
error refusal(std::string_view what, const http::response&);

}  // namespace kp::dpfio
