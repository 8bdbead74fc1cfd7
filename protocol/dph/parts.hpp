#pragma once

#include "config/byte_io.hpp"
#include "protocol/dph/dph_error.hpp"

#include <memory>
#include <string>
#include <string_view>

// The multipart/mixed answer that carries a message (dph.md 4).

namespace kp::dph {

struct message_parts {
  std::string message;             // forretningsmelding: a compact JWE
  std::shared_ptr<spool> package;  // dokumentpakke; null when there is none
};
// Parts of other names are passed over. Errors: dph_errc::bad_answer, retryable: the answer may
// have been cut; those of the spools and of `body`. Worker threads only.
result<message_parts> read_parts(std::string_view content_type, byte_source& body,
                                 spool_factory& spools);

}  // namespace kp::dph
