#pragma once

#include "actors/channel_arkivmelding.hpp"
#include "protocol/sbd/document.hpp"

// Files of outgoing messages: PUT /api/messages/out/{messageId} and the parts of a multipart
// request (rest-api.md 6.3, 6.5).

namespace kp::actors {

// An outgoing message of this channel that still takes files and is sent on request; 404 for what
// does not exist, is another channel's, or is on its way already.
judged<storage::outgoing_message> find_open_message(const channel_place&, std::string_view id);

// Before the body: the checks of 6.3, in its order, on headers alone.
judged<upload_ticket> judge_upload(const channel_place&, const upload_begin&);

// The answer to a body that outgrew its ticket.
api::problem too_large(const channel_place&, const upload_ticket&, std::uint64_t content_length);

// After the body: file and blob record become part of the message. `summary` is of an
// arkivmelding.xml.
judged<decision> finish_upload(const channel_place&, const upload_end&,
                               const std::optional<arkivmelding::summary>& summary);

// 6.5: each file small enough, every name once. A file above the limit has no content, just its
// size.
judged<void> judge_parts(const std::vector<multipart_file>&);
// The parts as files of a message of this service, each judged as an upload of its own (6.3).
// `arkivmelding` is what reading a part of that name gave.
judged<std::vector<storage::stored_file>> files_of(
    const std::vector<multipart_file>&,
    const std::optional<judged<arkivmelding::summary>>& arkivmelding, const sbd::document&, service,
    const channel_place&);

}  // namespace kp::actors
