#pragma once

#include "actors/channel_arkivmelding.hpp"

// POST and DELETE /api/messages/out/{messageId} (rest-api.md 6.4, 6.7).

namespace kp::actors {

// The checks of 6.4 after the certificate, on a message that may be sent. `summary` is of its
// arkivmelding.xml, when it has one.
judged<void> check_sendable(const storage::outgoing_message&,
                            const std::optional<arkivmelding::summary>& summary, time_point now);

// The arkivmelding.xml that must be read before the message can be judged.
std::optional<storage::blob_ref> arkivmelding_to_read(const storage::outgoing_message&,
                                                      time_point now);

// What has been read: the blob, so that a message changed meanwhile is noticed, and its summary.
struct arkivmelding_read_before {
  std::string blob;
  arkivmelding::summary summary;
};

// Judges the message and queues it, once however often it is asked for. A deadline that has passed
// is registered on the conversation. `found`, which needs no `sbd`, is the message as it was read a moment ago; the commit
// fails when it is another by then.
judged<decision> send_message(const channel_place&, std::string_view path, const message_id&,
                              const std::optional<arkivmelding_read_before>& read,
                              std::optional<storage::outgoing_message> found = {});

// Removes message and files, unless the message is being sent at this moment. The conversation
// stays.
judged<decision> remove_message(const channel_place&, std::string_view id);

}  // namespace kp::actors
