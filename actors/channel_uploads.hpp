#pragma once

#include "actors/channel_arkivmelding.hpp"

// Files of outgoing messages: PUT /api/messages/out/{messageId} and the parts of a multipart
// request (rest-api.md 6.3, 6.5).

namespace kp::actors {

inline constexpr std::uint64_t multipart_file_limit = 5 * 1024 * 1024;  // 6.5, per file

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

// 6.5: each file small enough, every name once.
judged<void> judge_parts(const std::vector<multipart_file>&);
// The parts as files of a message of this service; their sum within its limit.
judged<std::vector<storage::stored_file>> files_of(const std::vector<multipart_file>&, service,
                                                   const std::optional<std::string>& main_document,
                                                   const channel_place&);

}  // namespace kp::actors
