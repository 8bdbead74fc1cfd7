#pragma once

#include "actors/context.hpp"
#include "actors/messages.hpp"
#include "protocol/http/server.hpp"

#include <unordered_set>
#include <variant>

// Bodies between the network and blobs, in pieces: memory does not grow with the content. Network
// thread; disk and cipher on workers.

namespace kp::actors {

struct received {
  storage::blob_ref content;
  std::shared_ptr<storage::batch> record;
  std::string arkivmelding;  // the content, when it was asked for
};

// The body went beyond what the message may still grow by.
struct too_much {
  std::uint64_t at_least = 0;
};

using reception = std::variant<received, too_much>;

using organisations = std::unordered_set<organisation_id>;

// Whether channels read a file of this name when it comes: arkivmelding.xml and dialogmelding.xml.
bool is_read_on_arrival(std::string_view filename);

// One upload into a blob. `keep_text` also keeps the content as text, up to
// arkivmelding::max_bytes. Errors: the body's (http_errc) and the blob's (storage_errc).
http::awaitable<result<reception>> receive_upload(std::shared_ptr<hub_context> hub,
                                                  organisation_id organisation,
                                                  http::request_body& body,
                                                  std::optional<std::uint64_t> content_length,
                                                  std::uint64_t max_bytes, bool keep_text,
                                                  organisations& with_data_key);

// A multipart body. `refusal` is what to answer when the request breaks a rule of rest-api.md 6.5;
// the blobs it made are gone then.
struct received_multipart {
  multipart_send message;
  std::optional<api_answer> refusal;
};
http::awaitable<result<received_multipart>> receive_multipart(std::shared_ptr<hub_context> hub,
                                                              organisation_id organisation,
                                                              http::request_body& body,
                                                              std::string boundary,
                                                              std::string path);

// A stored content as a response body.
http::awaitable<result<std::shared_ptr<http::response_body>>> open_content(
    std::shared_ptr<hub_context> hub, organisation_id organisation, storage::blob_ref content);

// Forgets blobs whose record was never committed.
void drop(const std::shared_ptr<hub_context>& hub, organisation_id organisation,
          std::vector<storage::blob_ref> blobs);

}  // namespace kp::actors
