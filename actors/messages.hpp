#pragma once

#include "actors/caf.hpp"
#include "config/clock.hpp"
#include "protocol/http/headers.hpp"
#include "protocol/registry/registry.hpp"
#include "protocol/sbd/document.hpp"
#include "storage/engine.hpp"
#include "storage/records.hpp"
#include "tenants/credential.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

// What actors say to each other. Every message is a named struct; `-> x` is its answer.

namespace kp::actors {

// ---- store writer -------------------------------------------------------------------------------
struct commit {  // -> committed, when the batch is durable or refused
  std::shared_ptr<storage::batch> changes;
};
struct committed {
  std::optional<kp::error> failure;  // storage_errc
};

// ---- gateway to channel -------------------------------------------------------------------------
enum class endpoint {
  capabilities,                    // GET    /api/capabilities/{receiver}
  create,                          // POST   /api/messages/out
  list_out,                        // GET    /api/messages/out
  find_out,                        // GET    /api/messages/out/{messageId}
  send,                            // POST   /api/messages/out/{messageId}
  remove_out,                      // DELETE /api/messages/out/{messageId}
  list_in,                         // GET    /api/messages/in
  peek,                            // GET    /api/messages/in/peek
  pop,                             // GET    /api/messages/in/pop/{messageId}
  remove_in,                       // DELETE /api/messages/in/{messageId}
  list_statuses,                   // GET    /api/statuses
  statuses_of_message,             // GET    /api/statuses/{messageId}
  peek_status,                     // GET    /api/statuses/peek
  remove_queued_status,            // DELETE /api/statuses/{id}
  list_conversations,              // GET    /api/conversations
  list_polled_conversations,       // GET    /api/conversations/queue
  find_conversation,               // GET    /api/conversations/{id}
  conversation_of_message,         // GET    /api/conversations/messageId/{messageId}
  remove_conversation,             // DELETE /api/conversations/{id}
  remove_conversation_of_message,  // DELETE /api/conversations/messageId/{messageId}
  // Answered by the webhook dispatcher (actors/webhook_messages.hpp):
  list_subscriptions,    // GET    /api/subscriptions
  find_subscription,     // GET    /api/subscriptions/{id}
  create_subscription,   // POST   /api/subscriptions
  update_subscription,   // PUT    /api/subscriptions/{id}
  remove_subscription,   // DELETE /api/subscriptions/{id}
  remove_subscriptions,  // DELETE /api/subscriptions
  list_dead_letters,     // GET    /api/subscriptions/{id}/dead-letters
  replay_dead_letters,   // POST   /api/subscriptions/{id}/dead-letters/replay
  replay_dead_letter,    // POST   /api/subscriptions/{id}/dead-letters/{letter}/replay
  remove_dead_letters,   // DELETE /api/subscriptions/{id}/dead-letters
  remove_dead_letter,    // DELETE /api/subscriptions/{id}/dead-letters/{letter}
};

struct api_call {  // -> api_answer
  endpoint what;
  std::string path;      // as the client sees it, for error bodies
  std::string argument;  // the path variable, decoded; "" when there is none; two as "a/b"
  std::string query;     // undecoded, without '?'
  std::string body;
  std::string content_type;
  std::shared_ptr<const tenants::inbox_view> view = {};  // what of the inbox it is shown; null: all
  std::optional<std::string> idempotency_key = {};  // header field of a create
};
struct api_answer {
  unsigned status = 200;
  http::headers headers;  // Content-Type when there is a body
  std::string body;
  std::optional<storage::blob_ref> content;  // pop: stream this instead of body
};

// An upload: the channel judges it first, then the gateway streams the body into a blob, then the
// channel commits it.
struct upload_begin {  // -> upload_admission
  std::string path;
  std::string message;  // {messageId} as sent
  std::optional<std::string> content_type;
  std::optional<std::string> content_disposition;
  std::optional<std::string> title;  // query parameter
  std::optional<std::uint64_t> content_length;
};
struct upload_ticket {
  message_id message;
  std::string filename;
  std::optional<std::string> title;
  std::string mime_type;
  std::uint64_t max_bytes = 0;  // what the message may still grow by
};
struct upload_admission {
  std::optional<upload_ticket> ticket;
  std::optional<api_answer> refusal;  // when there is no ticket
};
struct upload_end {  // -> api_answer; after a 4xx the gateway drops the blob
  std::string path;
  upload_ticket ticket;
  storage::blob_ref content;
  std::shared_ptr<storage::batch> blob_record;  // from blobs::writer::complete
  std::string arkivmelding;                     // the content, when the file is arkivmelding.xml
};
// More came than max_bytes: the answer to give (MaxFileSizeExceededException).
struct upload_too_large {  // -> api_answer
  std::string path;
  upload_ticket ticket;
  std::uint64_t content_length = 0;
};

struct multipart_file {
  std::string filename;
  std::optional<std::string> title;
  std::string content_type;
  storage::blob_ref content;
  std::string arkivmelding;
};
struct multipart_send {  // -> api_answer; the channel drops the blobs of what it refuses
  std::string path;
  std::optional<std::string> sbd;
  std::vector<multipart_file> files;
  std::shared_ptr<storage::batch> blob_records;
  std::optional<std::string> idempotency_key = {};  // header field
};

// ---- channel to registry desk -------------------------------------------------------------------
struct find_receiver {  // -> receiver_answer
  registry::lookup what;
};
struct receiver_answer {
  std::optional<registry::answer> found;
  std::optional<kp::error> failure;
};
struct check_own_certificate {};  // -> certificate_verdict
struct certificate_verdict {
  std::optional<std::string> refusal;  // why, when the certificate may not be used now
};

// ---- nudges, to the organisation, which passes them on ------------------------------------------
struct outbox_changed {  // something new is due for this service
  service via;
};
struct expiry_changed {};  // a conversation with an expiry has been added

// ---- adapter to channel router ------------------------------------------------------------------
struct route_reference {  // -> routed
  service via;
  std::optional<std::string> reference;  // sendersFileTransferReference
};
struct routed {
  std::optional<channel_number>
      channel;  // nullopt: belongs to an installation elsewhere, leave it alone
  // Of the inbound seat (storage/inbound_seats.hpp) when the channel is the one that holds it.
  std::uint64_t fence = 0;
};
struct arrival {  // -> arrival_outcome, when durable
  service via;
  channel_number channel{};  // what route_reference said
  std::uint64_t fence = 0;   // the same
  std::string transfer;      // id at the national service
  std::string sender;        // as the national service says it
  std::shared_ptr<const sbd::document> document;
  std::string sbd;  // as it arrived
  storage::content_state state = storage::content_state::none;
  std::optional<storage::blob_ref> content;
  std::string content_problem;  // why it is unreadable
  std::shared_ptr<storage::batch> blob_record;
};
enum class arrival_fate { stored, duplicate, status_registered, status_unknown, expired };
struct arrival_outcome {
  std::optional<arrival_fate> fate;
  std::optional<kp::error> failure;  // not stored: do not confirm
};

// ---- upstream limiter ---------------------------------------------------------------------------
struct acquire {                 // -> acquired, when it is its turn
  std::string client;            // Maskinporten client id
  std::string endpoint;          // "search", "upload", ...
  organisation_id organisation;  // turns go round the organisations
};
struct acquired {
  std::optional<kp::error> failure;  // the queue is full, or the wait would be too long
};
struct back_off {  // the national service said 429: nothing for this bucket until then
  std::string client;
  std::string endpoint;
  std::chrono::seconds how_long;
};

}  // namespace kp::actors

KP_MESSAGE(kp::actors::commit);
KP_MESSAGE(kp::actors::committed);
KP_MESSAGE(kp::actors::api_call);
KP_MESSAGE(kp::actors::api_answer);
KP_MESSAGE(kp::actors::upload_begin);
KP_MESSAGE(kp::actors::upload_admission);
KP_MESSAGE(kp::actors::upload_end);
KP_MESSAGE(kp::actors::upload_too_large);
KP_MESSAGE(kp::actors::multipart_send);
KP_MESSAGE(kp::actors::find_receiver);
KP_MESSAGE(kp::actors::receiver_answer);
KP_MESSAGE(kp::actors::check_own_certificate);
KP_MESSAGE(kp::actors::certificate_verdict);
KP_MESSAGE(kp::actors::outbox_changed);
KP_MESSAGE(kp::actors::expiry_changed);
KP_MESSAGE(kp::actors::route_reference);
KP_MESSAGE(kp::actors::routed);
KP_MESSAGE(kp::actors::arrival);
KP_MESSAGE(kp::actors::arrival_outcome);
KP_MESSAGE(kp::actors::acquire);
KP_MESSAGE(kp::actors::acquired);
KP_MESSAGE(kp::actors::back_off);
