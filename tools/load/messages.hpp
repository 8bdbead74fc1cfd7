#pragma once

#include <cstddef>
#include <cstdint>
#include "tools/load/connection.hpp"

#include <string>

namespace kp::load {

// The body of POST /api/messages/out: an arkivmelding to `receiver` (nine digits).
std::string create_body(const std::string& receiver, const std::string& main_document);

// An arkivmelding.xml of exactly `bytes` bytes, at least a thousand, that refers to
// `referenced_file` when that is not empty.
std::string arkivmelding_xml(std::size_t bytes, const std::string& referenced_file);

// The message id of an SBD; "" when it has none.
std::string message_id_of(const std::string& sbd);

// Create, upload one file, send: each acknowledged. `create` and `file` as above. Errors:
// load_errc::refused with the first answer that is not 200, over_quota when that is 429.
boost::asio::awaitable<result<void>> send_one(connection&, const std::string& create,
                                              const std::string& file);

// Header fields of a create, and of an upload. (g++ 12 cannot compile braced lists inside
// co_await.)
std::vector<connection::field> json_fields();
std::vector<connection::field> file_fields(const std::string& content_type,
                                           const std::string& filename);

}  // namespace kp::load
